using System.Text;
using AgentMta.Protocol.Smtp;
using AgentMta.Protocol.Tests.Support;
using AgentMta.Server.Inbound;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

/// <summary>Random command streams and octets against the whole door, with what must hold whatever is sent.</summary>
public sealed class SessionFuzzTests
{
    private static readonly string[] Pieces =
    [
        "EHLO x.test\r\n", "HELO x\r\n", "MAIL FROM:<a@sender.test>\r\n", "MAIL FROM:<> SIZE=5 BODY=8BITMIME\r\n", "RCPT TO:<agent@agentmta.test>\r\n", "RCPT TO:<unknown@x.test>\r\n",
        "DATA\r\n", "BDAT 5\r\n", "BDAT 0 LAST\r\n", "BDAT 7 LAST\r\nabcd\r\n\n", "BDAT x\r\n", "RSET\r\n", "NOOP\r\n", "VRFY a\r\n", "HELP\r\n", "EXPN x\r\n", "AUTH PLAIN\r\n", "STARTTLS\r\n",
        ".\r\n", "\r\n.\r\n", "\n.\n", "\r.\r", "\r\n.\n", "Subject: x\r\n\r\n", "text", "\0", "\r\n", "\n", "\r", "..\r\n", "\u00ff\u00fe", "\x16\x03\x01", "GET / HTTP/1.1\r\n", "QUIT\r\n",
        new('x', 3000), "MAIL FROM:<\u00f6@x.test> SMTPUTF8\r\n",
    ];

    // Sequences that a lucky draw would rarely find.
    private static readonly string[] Openings = ["", "EHLO x.test\r\n", "EHLO x.test\r\n|MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\n", "EHLO x.test\r\n|MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\nDATA\r\n|"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task No_stream_breaks_the_session(int seed)
    {
        var random = FuzzRounds.Random(seed);
        var log = new ErrorLog();
        await using var server = await SmtpTestServer.StartAsync(new InboundOptions { RefusalBudget = 1000, UnknownRecipientBudget = 1000, MaxMessageSize = 4000 }, logger: log);
        for (var round = 0; round < FuzzRounds.Of(60); round++)
        {
            var taken = server.Messages.Count;
            await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
            var replies = await TalkAsync(client, random);
            var record = await server.RecordAsync();
            var stored = server.Messages.Count - taken;
            // 250 for a message and the message itself come in pairs.
            Assert.Equal(stored, replies.Count(r => r.Code == 250 && r.Text.StartsWith("Stored", StringComparison.Ordinal)));
            Assert.Equal((stored, stored), (record.MessagesAccepted, server.Messages.Skip(taken).Select(m => m.Envelope.TransactionId).Distinct().Count()));
            Assert.NotEqual("error", record.Outcome);
            Assert.DoesNotContain(SmtpReplyParser.Malformed, replies);
        }

        Assert.Empty(log.Errors);
        foreach (var message in server.Messages)
        {
            Assert.NotEmpty(message.Envelope.Recipients);
            Assert.False(Encoding.Latin1.GetString(message.Octets).Replace("\r\n", "", StringComparison.Ordinal).AsSpan().ContainsAny('\r', '\n'));
        }
    }

    private static async Task<List<SmtpReply>> TalkAsync(RawSmtpClient client, Random random)
    {
        var replies = new List<SmtpReply>();
        try
        {
            foreach (var group in Openings[random.Next(Openings.Length)].Split('|'))
            {
                if (group.Length == 0)
                    continue;
                await client.SendAsync(group);
                for (var i = 0; i < group.Split("\r\n").Length - 1; i++)
                    replies.Add(await client.ReplyAsync());
            }

            for (var i = random.Next(1, 12); i > 0; i--)
            {
                var piece = Pieces[random.Next(Pieces.Length)];
                await client.SendAsync(random.Next(4) == 0 ? piece[..random.Next(piece.Length)] : piece);
                if (random.Next(3) == 0)
                    await Task.Yield();
            }

            client.HalfClose();
        }
        catch (IOException)
        {
            // The server had enough of it; what it said is still to be read.
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The same, seen by the half-close.
        }

        replies.AddRange(await client.RestAsync());
        return replies;
    }
}
