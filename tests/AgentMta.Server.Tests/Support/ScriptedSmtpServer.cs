using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace AgentMta.Server.Tests.Support;

/// <summary>A message as a remote server got it.</summary>
internal sealed record ScriptedMessage(string Mail, IReadOnlyList<string> Recipients, byte[] Data, bool Tls)
{
    public string Text => Encoding.UTF8.GetString(Data);
}

/// <summary>A remote mail server on a loopback port that says what a test wants it to say.</summary>
internal sealed class ScriptedSmtpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _sessions = [];
    private readonly Task _accepting;
    private int _connections;

    public ScriptedSmtpServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Words of the EHLO reply.</summary>
    public List<string> Extensions { get; } = ["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 26214400"];

    /// <summary>The reply to a command line ("DATA-END" stands for the end of data, "BANNER" for the greeting); null for the usual one, "" closes the connection.</summary>
    public Func<string, string?> Reply { get; set; } = _ => null;

    /// <summary>Offers STARTTLS with it.</summary>
    public X509Certificate2? Certificate { get; set; }

    public ConcurrentQueue<ScriptedMessage> Messages { get; } = new();

    public ConcurrentQueue<string> Commands { get; } = new();

    public int Connections => _connections;

    /// <summary>Waits until so many messages came.</summary>
    public Task TakenAsync(int count) => Eventually.TrueAsync(() => Messages.Count >= count, () => $"{Messages.Count} of {count} messages; commands:\n{string.Join('\n', Commands)}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await Task.WhenAll(_sessions.Append(_accepting)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            Interlocked.Increment(ref _connections);
            _sessions.Add(Task.Run(() => TalkAsync(client)));
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        using var owned = client;
        Stream stream = client.GetStream();
        string? mail = null;
        var recipients = new List<string>();
        try
        {
            if (!await SayAsync(stream, "BANNER", "220 scripted.test ESMTP"))
                return;
            while (await ReadLineAsync(stream) is { } bytes)
            {
                var line = Encoding.UTF8.GetString(bytes);
                Commands.Enqueue(line);
                var verb = line.Split(' ')[0].ToUpperInvariant();
                switch (verb)
                {
                    case "EHLO":
                        var words = Extensions.Concat(Certificate is not null && stream is not SslStream ? ["STARTTLS"] : []).ToList();
                        if (!await SayAsync(stream, line, words.Count == 0 ? "250 scripted.test" : "250-scripted.test\r\n" + string.Join("\r\n", words.Select((w, i) => i == words.Count - 1 ? $"250 {w}" : $"250-{w}"))))
                            return;
                        break;
                    case "STARTTLS":
                        if (!await SayAsync(stream, line, "220 go"))
                            return;
                        var tls = new SslStream(stream);
                        await tls.AuthenticateAsServerAsync(Certificate!);
                        stream = tls;
                        break;
                    case "MAIL":
                        (mail, recipients) = (line, []);
                        if (!await SayAsync(stream, line, "250 2.1.0 ok"))
                            return;
                        break;
                    case "RCPT":
                        var reply = Reply(line) ?? "250 2.1.5 ok";
                        if (reply.StartsWith('2'))
                            recipients.Add(line[(line.IndexOf('<') + 1)..line.IndexOf('>')]);
                        if (!await WriteAsync(stream, reply))
                            return;
                        break;
                    case "DATA" when recipients.Count == 0:
                        if (!await SayAsync(stream, line, "503 5.5.1 no recipients"))
                            return;
                        break;
                    case "DATA":
                        var go = Reply(line) ?? "354 go";
                        if (!await WriteAsync(stream, go))
                            return;
                        if (!go.StartsWith('3'))
                            break;
                        // A sender that died inside the data has not sent a message.
                        if (await ReadDataAsync(stream) is not { } data)
                            return;
                        var end = Reply("DATA-END") ?? "250 2.0.0 taken";
                        if (end.StartsWith('2'))
                            Messages.Enqueue(new ScriptedMessage(mail!, [.. recipients], data, stream is SslStream));
                        if (!await WriteAsync(stream, end))
                            return;
                        break;
                    case "QUIT":
                        await SayAsync(stream, line, "221 bye");
                        return;
                    default:
                        if (!await SayAsync(stream, line, verb is "RSET" or "NOOP" ? "250 ok" : "502 5.5.1 what?"))
                            return;
                        break;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // The peer left, or the test ends.
        }
    }

    private Task<bool> SayAsync(Stream stream, string command, string usual) => WriteAsync(stream, Reply(command) ?? usual);

    private async Task<bool> WriteAsync(Stream stream, string reply)
    {
        if (reply.Length == 0)
            return false;
        await stream.WriteAsync(Encoding.UTF8.GetBytes(reply + "\r\n"), _stop.Token);
        return !reply.StartsWith("421", StringComparison.Ordinal);
    }

    private async Task<byte[]?> ReadDataAsync(Stream stream)
    {
        using var data = new MemoryStream();
        while (await ReadLineAsync(stream) is { } line)
        {
            if (line.AsSpan().SequenceEqual("."u8))
                return data.ToArray();
            data.Write(line.AsSpan(line.Length > 0 && line[0] == '.' ? 1 : 0));
            data.Write("\r\n"u8);
        }

        return null;
    }

    private async Task<byte[]?> ReadLineAsync(Stream stream)
    {
        using var line = new MemoryStream();
        var one = new byte[1];
        while (await stream.ReadAsync(one, _stop.Token) == 1)
        {
            if (one[0] == '\n')
            {
                var bytes = line.ToArray();
                return bytes.Length > 0 && bytes[^1] == '\r' ? bytes[..^1] : throw new IOException("a bare LF came in");
            }

            line.WriteByte(one[0]);
        }

        return null;
    }
}
