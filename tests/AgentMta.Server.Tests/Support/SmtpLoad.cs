using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AgentMta.Server.Tests.Support;

/// <summary>Sends numbered messages over several sessions until the server is gone or the count is reached, and keeps which of them got their 250.</summary>
internal sealed class SmtpLoad(IPEndPoint server, string recipient, string mark)
{
    private int _next;

    /// <summary>Message-IDs (without brackets) whose end of data was answered with 250.</summary>
    public ConcurrentDictionary<string, bool> Accepted { get; } = new(StringComparer.Ordinal);

    /// <summary>Message-IDs that were sent, whatever became of them.</summary>
    public ConcurrentDictionary<string, bool> Sent { get; } = new(StringComparer.Ordinal);

    /// <summary>Runs the sessions; ends when all messages are sent or every session broke.</summary>
    public Task RunAsync(int sessions, int messages, int largeEvery = 50) => Task.WhenAll(Enumerable.Range(0, sessions).Select(_ => SessionAsync(messages, largeEvery)));

    private async Task SessionAsync(int messages, int largeEvery)
    {
        try
        {
            while (Volatile.Read(ref _next) < messages)
            {
                using var client = new TcpClient { NoDelay = true };
                await client.ConnectAsync(server);
                using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
                await ReplyAsync(reader);
                await CommandAsync(client, reader, "EHLO sender.test\r\n");
                // The server takes 100 messages a connection.
                for (var i = 0; i < 100; i++)
                {
                    var number = Interlocked.Increment(ref _next);
                    if (number > messages || !await MessageAsync(client, reader, number, number % largeEvery == 0))
                        return;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or EndOfStreamException)
        {
            // The server was killed: that is the point.
        }
    }

    private async Task<bool> MessageAsync(TcpClient client, StreamReader reader, int number, bool large)
    {
        var id = $"{mark}-{number}@sender.test";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"MAIL FROM:<load@sender.test>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"));
        await ReplyAsync(reader);
        await ReplyAsync(reader);
        if (!(await ReplyAsync(reader)).StartsWith("354", StringComparison.Ordinal))
            return false;
        var text = new StringBuilder($"From: load@sender.test\r\nTo: {recipient}\r\nSubject: {mark} {number}\r\nMessage-ID: <{id}>\r\n\r\n");
        for (var line = 0; line < (large ? 2000 : 20); line++)
            text.Append("Line ").Append(line).Append(" of a message that must not get lost.\r\n");
        Sent[id] = true;
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text.Append(".\r\n").ToString()));
        if (!(await ReplyAsync(reader)).StartsWith("250", StringComparison.Ordinal))
            return false;
        Accepted[id] = true;
        return true;
    }

    private static async Task CommandAsync(TcpClient client, StreamReader reader, string command)
    {
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(command));
        await ReplyAsync(reader);
    }

    private static async Task<string> ReplyAsync(StreamReader reader)
    {
        while (true)
        {
            var line = await reader.ReadLineAsync() ?? throw new EndOfStreamException();
            if (line.Length < 4 || line[3] == ' ')
                return line;
        }
    }
}
