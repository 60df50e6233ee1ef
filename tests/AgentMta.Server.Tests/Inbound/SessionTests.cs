using System.Text;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

public sealed class SessionTests
{
    [Fact]
    public async Task A_message_comes_in_byte_for_byte()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        var ehlo = await client.SayAsync("EHLO mail.sender.test");
        Assert.Equal(250, ehlo.Code);
        Assert.Equal(
            ["localhost", "SIZE 26214400", "8BITMIME", "SMTPUTF8", "PIPELINING", "CHUNKING", "ENHANCEDSTATUSCODES", "LIMITS RCPTMAX=100 MAILMAX=100", "STARTTLS"],
            ehlo.Text.Split('\n'));
        Assert.Equal("2.1.0", (await client.SayAsync("MAIL FROM:<a@sender.test> SIZE=100 BODY=8BITMIME")).EnhancedStatus);
        Assert.Equal("2.1.5", (await client.SayAsync("RCPT TO:<agent@agentmta.test>")).EnhancedStatus);
        Assert.Equal(354, (await client.SayAsync("DATA")).Code);
        var reply = await client.SayAsync("Subject: x\r\n\r\n..one\r\n...two\r\nthree\r\n.");
        Assert.Equal(250, reply.Code);
        Assert.Equal(221, (await client.SayAsync("QUIT")).Code);
        await client.AssertClosedAsync();

        var message = Assert.Single(server.Messages);
        Assert.Equal("Subject: x\r\n\r\n.one\r\n..two\r\nthree\r\n", Encoding.ASCII.GetString(message.Octets));
        Assert.Equal("a@sender.test", message.Envelope.ReversePath);
        Assert.Equal(["agent@agentmta.test"], message.Envelope.Recipients.Select(r => r.Address));
        Assert.True(message.Envelope.EightBit);
        Assert.Equal(("mail.sender.test", true, DoorRole.Mx), (message.Envelope.Session.Helo, message.Envelope.Session.Extended, message.Envelope.Session.Role));
        var record = await server.RecordAsync();
        Assert.Equal(("quit", 1, 0), (record.Outcome, record.MessagesAccepted, record.RefusedCount));
    }
}
