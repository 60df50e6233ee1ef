using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Outbound;

/// <summary>The socket under an SMTP conversation: lines out, replies in, each with its time limit; TLS when asked for.</summary>
internal sealed class SmtpWire : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private Stream _stream;
    private PipeReader _reader;

    private SmtpWire(Socket socket, TimeProvider time)
    {
        _socket = socket;
        _time = time;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = PipeReader.Create(_stream);
    }

    /// <summary>The TLS layer once it is up.</summary>
    public SslStream? Tls { get; private set; }

    /// <summary>Connects; throws <see cref="SmtpFault"/>.</summary>
    public static async Task<SmtpWire> ConnectAsync(IPAddress address, int port, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await Within(timeout, time, token => socket.ConnectAsync(new IPEndPoint(address, port), token).AsTask(), "4.4.1", "no connection", cancellationToken).ConfigureAwait(false);
            return new SmtpWire(socket, time);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends octets.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> octets, TimeSpan timeout, CancellationToken cancellationToken) =>
        Within(timeout, _time, token => _stream.WriteAsync(octets, token).AsTask(), "4.4.2", "connection lost while sending", cancellationToken);

    /// <summary>Sends command lines in one write.</summary>
    public Task WriteLinesAsync(IEnumerable<string> lines, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            // A command is one line whatever its parts hold: no injection through an address or a parameter.
            if (line.AsSpan().ContainsAny('\r', '\n'))
                throw new SmtpFault("5.5.2", "a command with a line end in it was not sent");
            text.Append(line).Append("\r\n");
        }

        return WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), timeout, cancellationToken);
    }

    /// <summary>The next reply; throws <see cref="SmtpFault"/> where none comes.</summary>
    public async Task<SmtpReply> ReadReplyAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        SmtpReply? reply = null;
        await Within(timeout, _time, async token => reply = await ReadAsync(token).ConfigureAwait(false), "4.4.2", "connection lost while waiting for a reply", cancellationToken).ConfigureAwait(false);
        return reply!;
    }

    /// <summary>Whether the peer has sent something, or closed, while nothing was asked: an idle connection is then not fit for use.</summary>
    public bool IsStale => _socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Negotiates TLS; octets that came in front of it are refused (RFC 3207 4.2, and the injection of CVE-2011-0411).</summary>
    public async Task StartTlsAsync(SslClientAuthenticationOptions options, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_reader.TryRead(out var early))
        {
            var waiting = early.Buffer.Length > 0;
            _reader.AdvanceTo(early.Buffer.Start);
            if (waiting)
                throw new SmtpFault("4.7.5", "plain text was injected in front of the TLS handshake");
        }

        var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
        try
        {
            await Within(timeout, _time, token => tls.AuthenticateAsClientAsync(options, token), "4.7.5", "TLS handshake failed", cancellationToken).ConfigureAwait(false);
        }
        catch (SmtpFault fault)
        {
            throw new SmtpFault("4.7.5", fault.Message, tlsFailed: true, inner: fault.InnerException);
        }

        Tls = tls;
        _stream = tls;
        _reader = PipeReader.Create(tls);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _reader.CompleteAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
    }

    private async Task<SmtpReply> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = read.Buffer;
            if (SmtpReplyParser.TryParse(ref buffer, out var reply))
            {
                _reader.AdvanceTo(buffer.Start);
                return reply.Code == 0 ? throw new SmtpFault("4.5.0", "the remote server does not speak SMTP") : reply;
            }

            _reader.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                throw new SmtpFault("4.4.2", "the remote server closed the connection");
        }
    }

    private static async Task Within(TimeSpan timeout, TimeProvider time, Func<CancellationToken, Task> action, string status, string what, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await action(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SmtpFault(status, $"{what}: no answer within {timeout.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is IOException or SocketException or System.Security.Authentication.AuthenticationException or InvalidOperationException)
        {
            throw new SmtpFault(status, $"{what}: {(e.InnerException ?? e).Message}", inner: e);
        }
    }
}
