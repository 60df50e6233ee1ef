using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using AgentMta.Server.Tests.Inbound;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Peers;

/// <summary>The matrix of <see cref="SmugglingTests"/> through a real sender: whatever Postfix makes of an odd end of data, we take exactly the messages that it sent.</summary>
public sealed partial class PostfixSmugglingTests
{
    [RequiresProgramFact("postfix")]
    public async Task Postfix_and_we_agree_where_each_message_ends()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var postfix = await PostfixServer.StartAsync("relay.test", ["x"], new Dictionary<string, int> { ["agentmta.test"] = server.Mx.Port, ["sender.test"] = 1 }, PostfixServer.FreePort());
        var queued = 0;
        foreach (var variant in SmugglingTests.Variants.Select(v => (string)v[1]))
            queued += await SendAsync(postfix, "Subject: x\r\n\r\nbefore" + variant + "MAIL FROM:<evil@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nDATA\r\nsmuggled");

        Assert.InRange(queued, 1, 1000);
        var outcomes = await OutcomesAsync(postfix, queued);
        Assert.Equal(outcomes.Count(o => o == "sent"), server.Messages.Count);
        Assert.All(outcomes, o => Assert.Contains(o, new[] { "sent", "bounced" })); // none is stuck: a refusal is a reply that Postfix understood
        foreach (var message in server.Messages)
            Assert.False(Encoding.Latin1.GetString(message.Octets).Replace("\r\n", "", StringComparison.Ordinal).AsSpan().ContainsAny('\r', '\n'));
        Assert.Equal(server.Messages.Count, server.Messages.Select(m => m.Envelope.TransactionId).Distinct().Count());
    }

    // How many messages Postfix took from one dialogue: it may see two where the variant is one of its own ends of data.
    private static async Task<int> SendAsync(PostfixServer postfix, string data)
    {
        await using var client = await RawSmtpClient.GreetedAsync(new IPEndPoint(IPAddress.Loopback, postfix.Port));
        await client.SayAsync("EHLO x.test");
        await client.SayAsync("MAIL FROM:<a@sender.test>");
        await client.SayAsync("RCPT TO:<agent@agentmta.test>");
        Assert.Equal(354, (await client.SayAsync("DATA")).Code);
        try
        {
            await client.SendAsync(data + "\r\n.\r\nQUIT\r\n");
        }
        catch (IOException)
        {
            // Postfix forbids some of it and hangs up.
        }

        return (await client.RestAsync()).Count(r => r.Text.Contains("queued as", StringComparison.Ordinal));
    }

    private static async Task<List<string>> OutcomesAsync(PostfixServer postfix, int queued)
    {
        for (var tries = 0; tries < 600; tries++)
        {
            var outcomes = Outcome().Matches(postfix.Log).Select(m => m.Groups[1].Value).ToList();
            if (outcomes.Count >= queued)
                return outcomes;
            await Task.Delay(50);
        }

        throw new TimeoutException("Postfix did not finish:\n" + postfix.Log);
    }

    [GeneratedRegex(@"to=<agent@agentmta\.test>.* status=(\w+)")]
    private static partial Regex Outcome();
}
