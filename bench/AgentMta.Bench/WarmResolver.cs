using System.Net;
using System.Net.Sockets;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Resolver;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Bench;

/// <summary>
/// The server's own resolver, which learns a zone from a name server on loopback when each name is first asked for and answers from its cache
/// after that, as it does for the tenth message of a sender.
/// </summary>
internal sealed class WarmResolver : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly DnsResolver _resolver;
    private readonly ZoneOverlay _zone;
    private readonly Task _server;
    private int _queries;

    public WarmResolver(string zone)
    {
        var parsed = ZoneFileParser.Parse(System.Text.Encoding.ASCII.GetBytes(zone));
        if (parsed.Errors.Count > 0)
            throw new InvalidDataException(parsed.Errors[0].ToString());
        _zone = new ZoneOverlay(parsed.Records);
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _server = Task.Run(ServeAsync);
        _resolver = new DnsResolver(new ResolverOptions { Servers = [_socket.LocalEndPoint!.ToString()!] }, TimeProvider.System, NullLogger<DnsResolver>.Instance);
    }

    /// <summary>Queries that left the resolver; a warm cache sends none.</summary>
    public int Queries => Volatile.Read(ref _queries);

    /// <summary>One message's allowance over the cache, as the server gives it to each message.</summary>
    public DnsBudget ForMessage() => new(_resolver, TimeProvider.System);

    public void Dispose()
    {
        _socket.Dispose();
        _server.GetAwaiter().GetResult();
        _resolver.Dispose();
    }

    private async Task ServeAsync()
    {
        var buffer = new byte[4096];
        while (true)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0)).ConfigureAwait(false);
                if (!DnsMessageReader.TryRead(buffer.AsSpan(0, received.ReceivedBytes), out var query) || query.Question is not { } question)
                    continue;
                Interlocked.Increment(ref _queries);
                var answer = _zone.Find(question.Name, question.Type).Answer;
                var reply = new DnsMessage
                {
                    Id = query.Id,
                    IsResponse = true,
                    RecursionAvailable = true,
                    Question = question,
                    ResponseCode = answer.Status == DnsStatus.NameError ? DnsResponseCode.NameError : DnsResponseCode.NoError,
                    Answers = answer.Records,
                    // RFC 2308 5: how long the absence of a name may be kept.
                    Authority = answer.Records.Count > 0 ? [] : [new SoaRecord("test", 3600, "ns.test", "hostmaster.test", 1, 3600, 600, 86400, 3600)],
                };
                if (DnsMessageWriter.TryWrite(reply, buffer, out var length))
                    await _socket.SendToAsync(buffer.AsMemory(0, length), SocketFlags.None, received.RemoteEndPoint).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
