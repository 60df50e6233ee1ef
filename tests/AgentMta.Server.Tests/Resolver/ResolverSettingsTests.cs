using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Resolver;
using Microsoft.Extensions.Logging.Abstractions;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Resolver;

public sealed class ResolverSettingsTests
{
    private readonly HandTime _time = new();

    [Fact]
    public void Resolv_conf_gives_servers_and_patience()
    {
        var conf = ResolvConf.Parse("""
            # a comment
            ; nameserver 192.0.2.9
            domain example.com
            search example.com example.net
            nameserver 192.0.2.1
            nameserver	2001:db8::1   
            nameserver nonsense
            nameserver 192.0.2.3
            nameserver 192.0.2.4
            options ndots:2 timeout:7 attempts:99 trust-ad
            options
            """);
        Assert.Equal(["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.3:53"], conf.Servers.Select(s => s.ToString()));
        Assert.Equal((TimeSpan.FromSeconds(7), 5), (conf.Timeout, conf.Attempts));
    }

    [Fact]
    public void Without_a_nameserver_the_one_on_this_machine_is_asked()
    {
        var conf = ResolvConf.Parse("options timeout:x attempts:\n");
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 53), Assert.Single(conf.Servers));
        Assert.Equal((null, null), (conf.Timeout, conf.Attempts));
    }

    [Fact]
    public void Resolv_conf_is_read_again_when_it_changes()
    {
        using var file = new TemporaryFile("nameserver 192.0.2.1\noptions timeout:2 attempts:4\n");
        var list = new ResolverServerList(new ResolverOptions { ResolvConf = file.Path }, _time, NullLogger.Instance);
        var before = list.Current;
        Assert.Equal((TimeSpan.FromSeconds(2), 4, false), (before.Timeout, before.Attempts, before.Configured));
        _time.Advance(31);
        Assert.Same(before, list.Current);
        File.WriteAllText(file.Path, "nameserver 192.0.2.2\n");
        File.SetLastWriteTimeUtc(file.Path, DateTime.UnixEpoch);
        Assert.Same(before, list.Current);
        _time.Advance(31);
        Assert.Equal("192.0.2.2:53", list.Current.Servers.Single().EndPoint.ToString());
    }

    [Fact]
    public void Settings_win_over_resolv_conf()
    {
        using var file = new TemporaryFile("nameserver 192.0.2.1\noptions timeout:2 attempts:4\n");
        var options = new ResolverOptions { ResolvConf = file.Path, Timeout = TimeSpan.FromSeconds(1), Attempts = 1 };
        var system = new ResolverServerList(options, _time, NullLogger.Instance).Current;
        Assert.Equal((TimeSpan.FromSeconds(1), 1), (system.Timeout, system.Attempts));
        var named = new ResolverServerList(options with { Servers = ["[::1]:5353", "192.0.2.7"] }, _time, NullLogger.Instance).Current;
        Assert.Equal(["[::1]:5353", "192.0.2.7:53"], named.Servers.Select(s => s.EndPoint.ToString()));
        Assert.True(named.Configured);
    }

    [Fact]
    public void The_AD_bit_is_believed_from_loopback_and_from_servers_marked_as_validating()
    {
        var options = new ResolverOptions { Servers = ["127.0.0.53", "::1", "192.0.2.1", "192.0.2.2:5353"], ValidatingServers = ["192.0.2.2"] };
        var servers = new ResolverServerList(options, _time, NullLogger.Instance).Current.Servers;
        Assert.Equal([true, true, false, true], servers.Select(s => s.Validates));
    }

    [Fact]
    public void Wrong_settings_are_named()
    {
        Assert.Null(ResolverOptions.ServerFault(["127.0.0.1:5353", "::1"]));
        Assert.Contains("dns.example", ResolverOptions.ServerFault(["127.0.0.1:5353", "dns.example"]), StringComparison.Ordinal);
        var wrong = new ResolverOptions
        {
            ValidatingServers = ["x"], Timeout = TimeSpan.Zero, Attempts = 0, LookupTimeout = TimeSpan.Zero, FailureTtl = TimeSpan.Zero, CacheBytes = -1,
        };
        Assert.Equal(6, AgentMta.Server.Hosting.ConfigurationCheck.Range(wrong).Count());
    }

    [Fact]
    public void The_cache_holds_its_bound_and_drops_what_was_not_used()
    {
        var cache = new AnswerCache(new ResolverOptions { CacheBytes = 50_000 }, _time);
        var first = new DnsKey("first.test", DnsRecordType.TXT);
        cache.Add(first, Text("first.test", "kept, because it is used"));
        for (var i = 0; i < 500; i++)
        {
            cache.Add(new DnsKey($"n{i}.test", DnsRecordType.TXT), Text($"n{i}.test", new string('x', 1000)));
            Assert.True(cache.TryGet(first, out _));
        }

        Assert.InRange(cache.Bytes, 40_000, 50_000);
        Assert.True(cache.TryGet(new DnsKey("n499.test", DnsRecordType.TXT), out _));
        Assert.False(cache.TryGet(new DnsKey("n0.test", DnsRecordType.TXT), out _));
        cache.Add(new DnsKey("huge.test", DnsRecordType.TXT), Text("huge.test", new string('x', 60_000)));
        Assert.False(cache.TryGet(new DnsKey("huge.test", DnsRecordType.TXT), out _));
    }

    [Fact]
    public void A_ttl_is_capped()
    {
        var cache = new AnswerCache(new ResolverOptions { MaxTtl = TimeSpan.FromHours(1), MaxNegativeTtl = TimeSpan.FromMinutes(1) }, _time);
        cache.Add(new DnsKey("a.test", DnsRecordType.TXT), Text("a.test", "x", int.MaxValue));
        cache.Add(new DnsKey("b.test", DnsRecordType.TXT), DnsAnswer.Empty(DnsStatus.NoData, "b.test", int.MaxValue));
        Assert.True(cache.TryGet(new DnsKey("a.test", DnsRecordType.TXT), out var answer));
        Assert.Equal(3600u, answer.Ttl);
        _time.Advance(61);
        Assert.False(cache.TryGet(new DnsKey("b.test", DnsRecordType.TXT), out _));
        _time.Advance(3540);
        Assert.False(cache.TryGet(new DnsKey("a.test", DnsRecordType.TXT), out _));
        Assert.Equal(0, cache.Bytes);
    }

    private static DnsAnswer Text(string name, string text, uint ttl = 300) => new(DnsStatus.Ok, [new TxtRecord(name, ttl, text)], false, ttl, name);
}
