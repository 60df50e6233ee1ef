using System.Text.RegularExpressions;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Inbound;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

/// <summary>What an operator with nothing but the log sees of mail that was refused.</summary>
public sealed class RefusalLinesTests
{
    [Fact]
    public async Task A_refused_recipient_leaves_a_line_with_what_the_client_got()
    {
        var log = new LineLog();
        await using var server = await SmtpTestServer.StartAsync(logger: log);
        server.CheckRecipient = (_, _, _, _, _) => ValueTask.FromResult<SmtpReply?>(new SmtpReply(550, "5.7.1", "We do not relay [r1x2]"));
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO client.test");
        await client.SayAsync("MAIL FROM:<ann@sender.test>");
        Assert.Equal(550, (await client.SayAsync("RCPT TO:<bob@elsewhere.test>")).Code);
        var session = Regex.Escape(Assert.Single(log.With(" RCPT "))[8..34]);
        Assert.Matches($@"^session {session} client 127\.0\.0\.1 from <ann@sender\.test> RCPT <bob@elsewhere\.test> refused: 550 5\.7\.1 We do not relay \[r1x2\]$", log.With(" RCPT ").Single());
        await client.SayAsync("QUIT");
        Assert.Equal((await server.RecordAsync()).SessionId, Regex.Unescape(session));
    }

    [Fact]
    public async Task A_refused_sender_leaves_a_line_too()
    {
        var log = new LineLog();
        await using var server = await SmtpTestServer.StartAsync(logger: log);
        server.CheckSender = (_, _, _) => ValueTask.FromResult<SmtpReply?>(new SmtpReply(550, "5.7.27", "The sender's domain takes no mail (null MX) [r1x2]"));
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO client.test");
        Assert.Equal(550, (await client.SayAsync("MAIL FROM:<ann@nomail.test>")).Code);
        Assert.EndsWith("client 127.0.0.1 MAIL <ann@nomail.test> refused: 550 5.7.27 The sender's domain takes no mail (null MX) [r1x2]", Assert.Single(log.With(" MAIL ")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_tries_a_dictionary_fills_no_log()
    {
        var log = new LineLog();
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { UnknownRecipientBudget = 3 }, logger: log);
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO client.test");
        await client.SayAsync("MAIL FROM:<ann@sender.test>");
        await client.SendAsync(string.Concat(Enumerable.Range(0, 200).Select(i => $"RCPT TO:<unknown{i}@agentmta.test>\r\n")));
        await server.RecordAsync();
        Assert.Equal(4, log.With(" RCPT ").Count());
        Assert.Contains("refused: 421 4.7.0 Too many unknown recipients", log.With(" RCPT ").Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_tries_to_relay_without_end_fills_no_log()
    {
        var log = new LineLog();
        await using var server = await SmtpTestServer.StartAsync(logger: log);
        server.CheckRecipient = (_, _, _, _, _) => ValueTask.FromResult<SmtpReply?>(new SmtpReply(550, "5.7.1", "We do not relay"));
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO client.test");
        await client.SayAsync("MAIL FROM:<ann@sender.test>");
        await client.SendAsync(string.Concat(Enumerable.Range(0, 200).Select(i => $"RCPT TO:<bob{i}@elsewhere.test>\r\n")));
        await server.RecordAsync();
        Assert.Equal(20, log.With(" RCPT ").Count());
    }

    [Fact]
    public async Task A_message_refused_at_the_end_leaves_the_words_and_the_id_that_the_client_got()
    {
        var log = new LineLog();
        await using var server = await TestReceiver.OpenAsync(log: log);
        var reply = await server.AcceptAsync(TestReceiver.Mail(from: "Ann <ann@strict.test>"), "ann@strict.test", TestReceiver.Bad);
        Assert.Equal("5.7.26", reply.EnhancedStatus);
        Assert.EndsWith($": 550 5.7.26 {reply.Text}", Assert.Single(log.With("Message tx1")), StringComparison.Ordinal);
        Assert.Matches(@"\[\w+\]$", reply.Text);
    }
}
