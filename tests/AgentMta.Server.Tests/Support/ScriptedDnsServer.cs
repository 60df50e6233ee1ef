using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Tests.Support;

/// <summary>A DNS server on loopback, UDP and TCP on one port, that does what a test tells it with each query.</summary>
internal sealed class ScriptedDnsServer : IAsyncDisposable
{
    private readonly Func<ScriptedQuery, Task> _script;
    private readonly Socket _udp;
    private readonly Socket? _tcp;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<ScriptedQuery> _queries = new();
    private readonly List<Task> _loops = [];

    public ScriptedDnsServer(Func<ScriptedQuery, Task> script, bool tcp = true)
    {
        _script = script;
        (_udp, _tcp) = Bind(tcp);
        EndPoint = (IPEndPoint)_udp.LocalEndPoint!;
        _loops.Add(Task.Run(ServeUdpAsync));
        if (_tcp is not null)
            _loops.Add(Task.Run(ServeTcpAsync));
    }

    public IPEndPoint EndPoint { get; }

    public string Address => EndPoint.ToString();

    public IReadOnlyList<ScriptedQuery> Queries => [.. _queries];

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _udp.Dispose();
        _tcp?.Dispose();
        await Task.WhenAll(_loops);
    }

    private static (Socket Udp, Socket? Tcp) Bind(bool withTcp)
    {
        while (true)
        {
            var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            udp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            if (!withTcp)
                return (udp, null);
            var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                tcp.Bind(udp.LocalEndPoint!);
                tcp.Listen();
                return (udp, tcp);
            }
            catch (SocketException)
            {
                // The port is taken for TCP; the next will do.
                udp.Dispose();
                tcp.Dispose();
            }
        }
    }

    private async Task ServeUdpAsync()
    {
        var buffer = new byte[4096];
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var received = await _udp.ReceiveFromAsync(buffer.AsMemory(), SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stopping.Token);
                if (!DnsMessageReader.TryRead(buffer.AsSpan(0, received.ReceivedBytes), out var message))
                    continue;
                Start(new ScriptedQuery(message, false, async bytes => await _udp.SendToAsync(bytes, SocketFlags.None, received.RemoteEndPoint), (IPEndPoint)received.RemoteEndPoint));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // A client that went away, or the end.
            }
        }
    }

    private async Task ServeTcpAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                using var connection = await _tcp!.AcceptAsync(_stopping.Token);
                using var stream = new NetworkStream(connection);
                var length = new byte[2];
                await stream.ReadExactlyAsync(length, _stopping.Token);
                var bytes = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(bytes, _stopping.Token);
                Assert.True(DnsMessageReader.TryRead(bytes, out var message));
                var query = new ScriptedQuery(message, true, async answer => await stream.WriteAsync(Prefixed(answer), _stopping.Token), (IPEndPoint)connection.RemoteEndPoint!);
                _queries.Enqueue(query);
                await _script(query);
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // A client that went away, or the end.
            }
        }
    }

    private void Start(ScriptedQuery query)
    {
        _queries.Enqueue(query);
        _ = Task.Run(() => _script(query));
    }

    private static byte[] Prefixed(byte[] message) => [(byte)(message.Length >> 8), (byte)message.Length, .. message];
}

/// <summary>One query that arrived, and the ways to answer it.</summary>
internal sealed record ScriptedQuery(DnsMessage Message, bool Tcp, Func<byte[], Task> SendAsync, IPEndPoint From)
{
    public string Name => Message.Question!.Name.ToLowerInvariant();

    public DnsRecordType Type => Message.Question!.Type;

    /// <summary>What an honest recursive server sends.</summary>
    public DnsMessage Honest(params DnsRecord[] answers) => new()
    {
        Id = Message.Id, IsResponse = true, RecursionDesired = true, RecursionAvailable = true, Question = Message.Question, Answers = answers, Extension = Message.Extension,
    };

    public Task ReplyAsync(params DnsRecord[] answers) => ReplyAsync(Honest(answers));

    public Task ReplyAsync(DnsMessage message) => SendAsync(Wire(message));

    /// <summary>Sends from a socket of its own, so from a port that was not asked.</summary>
    public async Task ReplyFromElsewhereAsync(DnsMessage message)
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await other.SendToAsync(Wire(message), SocketFlags.None, From);
    }

    public static byte[] Wire(DnsMessage message)
    {
        var bytes = new byte[ushort.MaxValue];
        Assert.True(DnsMessageWriter.TryWrite(message, bytes, out var written));
        return bytes[..written];
    }
}
