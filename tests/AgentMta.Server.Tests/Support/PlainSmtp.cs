using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AgentMta.Server.Tests.Support;

/// <summary>Hands one message to a server over SMTP, as plainly as can be.</summary>
internal static class PlainSmtp
{
    /// <summary>Returns the reply to the end of data; throws where an earlier command is refused.</summary>
    public static async Task<string> SendAsync(IPEndPoint server, string helo, string from, string to, string message)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server);
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        await ExpectAsync(reader, '2');
        foreach (var (command, expected) in new[] { ($"EHLO {helo}", '2'), ($"MAIL FROM:<{from}>", '2'), ($"RCPT TO:<{to}>", '2'), ("DATA", '3') })
        {
            await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"));
            await ExpectAsync(reader, expected);
        }

        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(message.ReplaceLineEndings("\r\n").Replace("\r\n.", "\r\n..", StringComparison.Ordinal) + "\r\n.\r\n"));
        return await ReadAsync(reader);
    }

    private static async Task ExpectAsync(StreamReader reader, char kind)
    {
        var reply = await ReadAsync(reader);
        if (reply[0] != kind)
            throw new InvalidOperationException(reply);
    }

    private static async Task<string> ReadAsync(StreamReader reader)
    {
        while (true)
        {
            var line = await reader.ReadLineAsync() ?? throw new EndOfStreamException("the server closed the connection");
            if (line.Length < 4 || line[3] != '-')
                return line;
        }
    }
}
