using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Resolver;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Resolver;

/// <summary>A resolver in front of scripted servers, and the words its tests are written in.</summary>
public abstract class ResolverTestBase : IAsyncLifetime
{
    private readonly List<ScriptedDnsServer> _servers = [];
    private readonly List<DnsResolver> _resolvers = [];

    internal static readonly SoaRecord Soa = new("example.com", 900, "ns.example.com", "h.example.com", 1, 1, 1, 1, 300);

    internal HandTime Time { get; } = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _resolvers.ForEach(r => r.Dispose());
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    internal ScriptedDnsServer Server(Func<ScriptedQuery, Task> script, bool tcp = true)
    {
        var server = new ScriptedDnsServer(script, tcp);
        _servers.Add(server);
        return server;
    }

    /// <summary>Answers every address question with 192.0.2.1 for 300 s.</summary>
    internal ScriptedDnsServer Honest() => Server(q => q.ReplyAsync(A(q.Name)));

    internal ScriptedDnsServer Silent() => Server(_ => Task.CompletedTask);

    internal DnsResolver Resolver(params ScriptedDnsServer[] servers) => Resolver(new ResolverOptions(), servers);

    internal DnsResolver Resolver(ResolverOptions options, params ScriptedDnsServer[] servers)
    {
        var resolver = new DnsResolver(
            options with { Servers = [.. servers.Select(s => s.Address)], Timeout = options.Timeout ?? TimeSpan.FromSeconds(5) },
            Time,
            NullLogger<DnsResolver>.Instance);
        _resolvers.Add(resolver);
        return resolver;
    }

    /// <summary>Short patience, for tests in which a server stays silent.</summary>
    internal static ResolverOptions Impatient => new() { Timeout = TimeSpan.FromMilliseconds(150), Attempts = 2 };

    internal static Task<DnsAnswer> AskAsync(IDnsLookup resolver, string name = "a.example.com", DnsRecordType type = DnsRecordType.A) =>
        resolver.LookupAsync(name, type, CancellationToken.None).AsTask();

    internal static AddressRecord A(string name, uint ttl = 300, string address = "192.0.2.1") => new(name, ttl, IPAddress.Parse(address));

    internal static NameRecord Cname(string name, string target, uint ttl = 300) => new(name, DnsRecordType.CNAME, ttl, target);
}
