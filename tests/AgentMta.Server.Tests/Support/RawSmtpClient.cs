using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Tests.Support;

/// <summary>A client that sends exactly the octets it is given and reads replies: what a polite library would never send can be sent.</summary>
internal sealed class RawSmtpClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Socket _socket;
    private readonly GatheringStream _wire;
    private readonly SemaphoreSlim _sending = new(1);
    private Stream _stream;
    private byte[] _buffer = new byte[4096];
    private int _count;

    private RawSmtpClient(Socket socket)
    {
        _socket = socket;
        _stream = _wire = new GatheringStream(socket);
    }

    public SslStream? Tls { get; private set; }

    public static async Task<RawSmtpClient> ConnectAsync(IPEndPoint endpoint)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endpoint);
        return new RawSmtpClient(socket);
    }

    /// <summary>Connects and reads the banner.</summary>
    public static async Task<RawSmtpClient> GreetedAsync(IPEndPoint endpoint)
    {
        var client = await ConnectAsync(endpoint);
        Assert.Equal(220, (await client.ReplyAsync()).Code);
        return client;
    }

    /// <summary>Sends text as it is (Latin-1: a character an octet).</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends octets, one caller behind the other: inside TLS two writes at once are an error.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> octets)
    {
        await _sending.WaitAsync();
        try
        {
            await _stream.WriteAsync(octets).AsTask().WaitAsync(Patience);
            await _stream.FlushAsync();
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Sends each in a write (inside TLS a record) of its own, which arrive all at once.</summary>
    public async Task SendTogetherAsync(params string[] parts)
    {
        using (_wire.Gather())
        {
            foreach (var part in parts)
                await SendAsync(part);
        }
    }

    /// <summary>Goes away with a reset, as a client that crashed does.</summary>
    public void Reset() => _socket.Close(timeout: 0);

    /// <summary>Sends a line and reads the reply.</summary>
    public async Task<SmtpReply> SayAsync(string line)
    {
        await SendAsync(line + "\r\n");
        return await ReplyAsync();
    }

    /// <summary>The next reply; an IOException where the server closed instead.</summary>
    public async Task<SmtpReply> ReplyAsync() => await ReplyOrEndAsync() ?? throw new IOException("The server closed the connection");

    /// <summary>The next reply, or null where the server closed.</summary>
    public async Task<SmtpReply?> ReplyOrEndAsync()
    {
        while (true)
        {
            var sequence = new ReadOnlySequence<byte>(_buffer, 0, _count);
            if (SmtpReplyParser.TryParse(ref sequence, out var reply))
            {
                var rest = sequence.ToArray();
                rest.CopyTo(_buffer, 0);
                _count = rest.Length;
                return reply;
            }

            if (_count == _buffer.Length)
                Array.Resize(ref _buffer, _buffer.Length * 2);
            var read = await ReadSomeAsync();
            if (read == 0)
                return null;
            _count += read;
        }
    }

    /// <summary>The codes of the next replies.</summary>
    public async Task<List<int>> CodesAsync(int count)
    {
        var codes = new List<int>();
        for (var i = 0; i < count; i++)
            codes.Add((await ReplyAsync()).Code);
        return codes;
    }

    /// <summary>All replies until the server closes.</summary>
    public async Task<List<SmtpReply>> RestAsync()
    {
        var replies = new List<SmtpReply>();
        while (await ReplyOrEndAsync() is { } reply)
            replies.Add(reply);
        return replies;
    }

    /// <summary>Whether the server has closed and says nothing more.</summary>
    public async Task AssertClosedAsync() => Assert.Null(await ReplyOrEndAsync());

    public async Task StartTlsAsync(string name = "localhost", SslProtocols protocols = SslProtocols.None)
    {
        Assert.Equal(0, _count);
        Tls = new SslStream(_stream, leaveInnerStreamOpen: false, static (_, certificate, _, _) => certificate is not null);
        await Tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name, EnabledSslProtocols = protocols }).WaitAsync(Patience);
        _stream = Tls;
    }

    /// <summary>Ends what we send; the server's replies can still be read.</summary>
    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    public async ValueTask DisposeAsync() => await _stream.DisposeAsync();

    private async Task<int> ReadSomeAsync()
    {
        try
        {
            return await _stream.ReadAsync(_buffer.AsMemory(_count)).AsTask().WaitAsync(Patience);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>The socket's stream, which can hold back writes and send them as one.</summary>
    private sealed class GatheringStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        private MemoryStream? _held;

        public IDisposable Gather()
        {
            _held = new MemoryStream();
            return new Release(this);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            _held?.WriteAsync(buffer, cancellationToken) ?? base.WriteAsync(buffer, cancellationToken);

        private sealed class Release(GatheringStream stream) : IDisposable
        {
            public void Dispose()
            {
                var held = stream._held!.ToArray();
                stream._held = null;
                stream.Write(held);
            }
        }
    }
}
