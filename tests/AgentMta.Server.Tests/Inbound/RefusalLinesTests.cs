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

    [Theory]
    [InlineData("Subject: x\r\n\r\nbare\nline\r\n.\r\n", 25, "550 5.6.11 The message holds a bare CR or LF (RFC 5321 2.3.8)")]
    [InlineData("Subject: x\r\n\r\n0123456789012345678901234567890123456789\r\n.\r\n", 56, "552 5.3.4 The message is larger than SIZE allows")]
    public async Task A_message_that_no_receiver_saw_leaves_a_line_and_stands_in_the_sessions_evidence(string data, int octets, string reply)
    {
        var log = new LineLog();
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { MaxMessageSize = 50 }, logger: log);
        await using var client = await EnvelopeAsync(server.Mx);
        Assert.Equal(354, (await client.SayAsync("DATA")).Code);
        await client.SendAsync(data);
        Assert.Equal(reply, (await client.ReplyAsync()).ToString());
        await client.SayAsync("QUIT");

        var record = await server.RecordAsync();
        Assert.Equal($"session {record.SessionId} client 127.0.0.1 from <ann@sender.test> DATA for 1, {octets} octets refused: {reply}", Assert.Single(log.With(" DATA ")));
        Assert.Equal(("DATA", reply), (Assert.Single(record.Refused).Command, record.Refused[0].Reply.ToString())); // agentmta trace SESSION
        Assert.Empty(server.Messages);
    }

    [Fact]
    public async Task A_chunk_that_is_too_large_leaves_the_same_line()
    {
        var log = new LineLog();
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { MaxMessageSize = 50 }, logger: log);
        await using var client = await EnvelopeAsync(server.Mx);
        Assert.Equal(552, (await client.SayAsync("BDAT 60\r\n" + new string('x', 58))).Code);
        Assert.EndsWith(" from <ann@sender.test> DATA for 1, 60 octets refused: 552 5.3.4 The message is larger than SIZE allows", Assert.Single(log.With(" DATA ")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_submission_refused_at_its_end_leaves_the_line_that_the_receiver_leaves_on_port_25()
    {
        var log = new LineLog();
        await using var server = await SmtpTestServer.StartAsync(logger: log);
        server.Accept = (_, _) => Task.FromResult(new SmtpReply(550, "5.7.1", "From must be\r\nthe inbox that logged in"));
        await using var client = await RawSmtpClient.GreetedAsync(server.Submission);
        await client.SayAsync("EHLO client.test");
        await client.SayAsync("AUTH PLAIN AGFnZW50QGFnZW50bXRhLnRlc3QAczNjcmV0");
        await client.SayAsync("MAIL FROM:<agent@agentmta.test>");
        await client.SayAsync("RCPT TO:<bob@elsewhere.test>");
        await client.SayAsync("DATA");
        Assert.Equal(550, (await client.SayAsync("Subject: x\r\n\r\n.")).Code);
        Assert.EndsWith(" from <agent@agentmta.test> DATA for 1, 14 octets refused: 550 5.7.1 From must be  the inbox that logged in", Assert.Single(log.With(" DATA ")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_receiver_refused_has_its_line_from_there_alone()
    {
        var log = new LineLog();
        await using var server = await SmtpTestServer.StartAsync(logger: log);
        server.Accept = (_, _) => Task.FromResult(new SmtpReply(550, "5.7.26", "DMARC fails"));
        await using var client = await EnvelopeAsync(server.Mx);
        await client.SayAsync("DATA");
        Assert.Equal(550, (await client.SayAsync("Subject: x\r\n\r\n.")).Code);
        Assert.Empty(log.With(" DATA "));
    }

    [Fact]
    public async Task Who_sends_what_is_refused_without_end_fills_no_log()
    {
        var log = new LineLog();
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { RefusalBudget = 30 }, logger: log);
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO client.test");
        for (var i = 0; i < 30; i++)
        {
            await client.SayAsync("MAIL FROM:<ann@sender.test>");
            await client.SayAsync("RCPT TO:<agent@agentmta.test>");
            await client.SayAsync("DATA");
            Assert.Equal(550, (await client.SayAsync("bare\nline\r\n.")).Code);
        }

        Assert.Equal(20, log.With(" DATA ").Count());
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

    private static async Task<RawSmtpClient> EnvelopeAsync(System.Net.IPEndPoint endpoint)
    {
        var client = await RawSmtpClient.GreetedAsync(endpoint);
        await client.SayAsync("EHLO client.test");
        await client.SayAsync("MAIL FROM:<ann@sender.test>");
        Assert.Equal(250, (await client.SayAsync("RCPT TO:<agent@agentmta.test>")).Code);
        return client;
    }
}
