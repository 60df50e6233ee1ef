using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using AgentMta.Server.Inbound;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

/// <summary>Nothing but CRLF "." CRLF ends a message, whatever comes in whatever packets; two readers of one stream must never disagree.</summary>
public sealed class SmugglingTests
{
    private const string Smuggled = "MAIL FROM:<evil@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nDATA\r\nsmuggled";

    public static TheoryData<string, string> Variants => new()
    {
        { "LF . LF", "\n.\n" },
        { "LF . CR", "\n.\r" },
        { "LF . CRLF", "\n.\r\n" },
        { "CR . CR", "\r.\r" },
        { "CR . LF", "\r.\n" },
        { "CR . CRLF", "\r.\r\n" },
        { "CRLF . LF", "\r\n.\n" },
        { "CRLF . CR", "\r\n.\r" },
        { "CR CRLF . CRLF", "\r\r\n.\r\r\n" },
        { "CRLF . CR CRLF", "\r\n.\r\r\n" },
        { "LF CR . LF CR", "\n\r.\n\r" },
        { "LF LF . LF LF", "\n\n.\n\n" },
        { "CR CR . CR CR", "\r\r.\r\r" },
        { "NUL before the dot", "\r\n\0.\r\n" },
        { "NUL behind the dot", "\r\n.\0\r\n" },
        { "NUL within the line end", "\r\n.\r\0\n" },
        { "NUL around LFs", "\n\0.\0\n" },
        { "space behind the dot", "\r\n. \r\n" },
        { "two dots", "\r\n..\r\n" },
        { "dot and octet 0x85", "\r\n.\u0085" },
        { "vertical tab for a line end", "\v.\v" },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task No_variant_of_the_end_ends_the_data(string name, string variant)
    {
        Assert.NotEmpty(name);
        var bare = IsBare(variant);
        await using var server = await SmtpTestServer.StartAsync();
        var whole = "Subject: x\r\n\r\nbefore" + variant + Smuggled;
        await ExpectAsync(server, whole, bare, split: int.MaxValue);
        await ExpectAsync(server, whole, bare, split: 1);
        Assert.DoesNotContain(server.Messages, m => m.Envelope.ReversePath.StartsWith("evil", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task A_repaired_message_holds_no_bare_octet_and_ends_where_it_should(string name, string variant)
    {
        Assert.NotEmpty(name);
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { RepairLineEndsOf = [IPNetwork.Parse("127.0.0.0/8")] });
        await ExpectAsync(server, "Subject: x\r\n\r\nbefore" + variant + Smuggled, refused: false, split: int.MaxValue);
        var message = Encoding.Latin1.GetString(Assert.Single(server.Messages).Octets);
        Assert.False(IsBare(message));
        Assert.EndsWith("smuggled\r\n", message, StringComparison.Ordinal);
    }

    [SmtpVectorsFact]
    public async Task The_published_vectors_do_not_end_the_data()
    {
        var root = SmtpVectorsFactAttribute.Corpora()!;
        using var vectors = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(root, "smtp", "vectors.json")));
        await using var server = await SmtpTestServer.StartAsync();
        foreach (var vector in vectors.RootElement.GetProperty("end_of_data").EnumerateArray())
        {
            var octets = Encoding.Latin1.GetString(Convert.FromHexString(vector.GetProperty("bytes_hex").GetString()!));
            await ExpectAsync(server, "Subject: x\r\n\r\nbefore" + octets + Smuggled, refused: true, split: int.MaxValue);
        }

        Assert.Empty(server.Messages);
    }

    [SmtpVectorsFact]
    public async Task The_published_dialogues_get_their_replies()
    {
        var root = SmtpVectorsFactAttribute.Corpora()!;
        using var vectors = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(root, "smtp", "vectors.json")));
        await using var server = await SmtpTestServer.StartAsync();
        var faults = new List<string>();
        foreach (var dialogue in vectors.RootElement.GetProperty("dialogues").EnumerateArray())
        {
            await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
            var sent = dialogue.GetProperty("send").EnumerateArray().Select(s => s.GetString()!).ToList();
            var expected = dialogue.GetProperty("expect_code").EnumerateArray().Select(s => int.Parse(s.GetString()!, CultureInfo.InvariantCulture)).ToList();
            for (var i = 0; i < sent.Count; i++)
            {
                var reply = await client.SayAsync(sent[i]);
                if (reply.Code != expected[i])
                    faults.Add($"{dialogue.GetProperty("name")}: '{sent[i]}' got {reply}, not {expected[i]}");
            }
        }

        Assert.Empty(faults);
    }

    [Fact]
    public async Task Quit_right_behind_the_end_of_data_is_legal()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await DataAsync(server);
        await client.SendAsync("one\r\n.\r\nMAIL FROM:<b@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nQUIT\r\n");
        Assert.Equal([250, 250, 250, 221], (await client.RestAsync()).Select(r => r.Code));
    }

    [Theory]
    [InlineData("\r\n.\r\n")]
    [InlineData("\n.\n")]
    [InlineData("\r\nQUIT\r\n")]
    public async Task The_octets_of_a_chunk_are_never_commands_or_an_end(string content)
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        var body = "Subject: x\r\n\r\nbefore" + content + "after\r\n";
        var cut = body.IndexOf(content, StringComparison.Ordinal) + 2;
        await client.SendAsync($"MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nBDAT {cut}\r\n{body[..cut]}BDAT {body.Length - cut} LAST\r\n{body[cut..]}QUIT\r\n");
        var replies = (await client.RestAsync()).Select(r => r.Code).ToList();
        var bare = IsBare(body);
        Assert.Equal([250, 250, 250, bare ? 550 : 250, 221], replies);
        if (!bare)
            Assert.Equal(body, Encoding.Latin1.GetString(Assert.Single(server.Messages).Octets));
    }

    private static async Task ExpectAsync(SmtpTestServer server, string data, bool refused, int split)
    {
        await using var client = await DataAsync(server);
        var all = data + "\r\n.\r\nNOOP\r\n";
        for (var i = 0; i < all.Length; i += Math.Min(split, all.Length))
            await client.SendAsync(all.Substring(i, Math.Min(split, all.Length - i)));
        var reply = await client.ReplyAsync();
        Assert.Equal(refused ? (550, "5.6.11") : (250, "2.0.0"), (reply.Code, reply.EnhancedStatus));
        Assert.Equal("250 2.0.0 Ok", (await client.ReplyAsync()).ToString()); // one reply for one end of data, and in step
        Assert.Equal(221, (await client.SayAsync("QUIT")).Code);
    }

    private static async Task<RawSmtpClient> DataAsync(SmtpTestServer server)
    {
        var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        await client.SayAsync("MAIL FROM:<a@sender.test>");
        await client.SayAsync("RCPT TO:<agent@agentmta.test>");
        Assert.Equal(354, (await client.SayAsync("DATA")).Code);
        return client;
    }

    private static bool IsBare(string text) => text.Replace("\r\n", "", StringComparison.Ordinal).AsSpan().ContainsAny('\r', '\n');
}
