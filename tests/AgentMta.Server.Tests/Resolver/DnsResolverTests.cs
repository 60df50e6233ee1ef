using System.Diagnostics.Metrics;
using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Resolver;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Resolver;

public sealed class DnsResolverTests : ResolverTestBase
{
    [Fact]
    public async Task A_query_asks_for_recursion_and_AD_with_1232_octets_in_mixed_case()
    {
        var server = Honest();
        var resolver = Resolver(server);
        for (var i = 0; i < 8; i++)
            await AskAsync(resolver, $"a-long-name-with-letters-{i}.example.com");
        var queries = server.Queries.Select(q => q.Message).ToList();
        Assert.All(queries, q => Assert.True(q is { RecursionDesired: true, AuthenticData: true, Extension: { PayloadSize: 1232, DnssecOk: false } }));
        Assert.Contains(queries, q => q.Question!.Name.Any(char.IsAsciiLetterUpper));
        Assert.True(queries.Select(q => q.Id).Distinct().Count() > 1);
        Assert.True(server.Queries.Select(q => q.From.Port).Distinct().Count() > 1);
    }

    [Fact]
    public async Task An_answer_is_kept_for_its_ttl_and_tells_what_is_left()
    {
        var server = Honest();
        var resolver = Resolver(server);
        Assert.Equal(300u, (await AskAsync(resolver)).Ttl);
        Time.Advance(100);
        var cached = await AskAsync(resolver, "A.Example.COM.");
        Assert.Equal((DnsStatus.Ok, 200u, 1), (cached.Status, cached.Ttl, server.Queries.Count));
        Time.Advance(200);
        Assert.Equal(300u, (await AskAsync(resolver)).Ttl);
        Assert.Equal(2, server.Queries.Count);
    }

    [Fact]
    public async Task A_name_error_is_kept_for_every_type_and_no_data_for_one()
    {
        var server = Server(q => q.ReplyAsync(q.Honest() with
        {
            ResponseCode = q.Name.StartsWith("none", StringComparison.Ordinal) ? DnsResponseCode.NameError : DnsResponseCode.NoError, Authority = [Soa],
        }));
        var resolver = Resolver(server);
        Assert.Equal((DnsStatus.NameError, 300u), ((await AskAsync(resolver, "none.example.com")).Status, (await AskAsync(resolver, "none.example.com")).Ttl));
        Assert.Equal(DnsStatus.NameError, (await AskAsync(resolver, "none.example.com", DnsRecordType.MX)).Status);
        Assert.Single(server.Queries);
        await AskAsync(resolver, "empty.example.com");
        await AskAsync(resolver, "empty.example.com");
        Assert.Equal(DnsStatus.NoData, (await AskAsync(resolver, "empty.example.com", DnsRecordType.MX)).Status);
        Assert.Equal(3, server.Queries.Count);
        Time.Advance(301);
        await AskAsync(resolver, "none.example.com");
        Assert.Equal(4, server.Queries.Count);
    }

    [Fact]
    public async Task A_negative_answer_without_SOA_is_not_kept()
    {
        var server = Server(q => q.ReplyAsync());
        var resolver = Resolver(server);
        await AskAsync(resolver);
        Assert.Equal(DnsStatus.NoData, (await AskAsync(resolver)).Status);
        Assert.Equal(2, server.Queries.Count);
    }

    [Fact]
    public async Task A_failure_is_kept_for_seconds_only()
    {
        var server = Server(q => q.ReplyAsync(q.Honest() with { ResponseCode = DnsResponseCode.ServerFailure }));
        var resolver = Resolver(server);
        await AskAsync(resolver);
        Assert.Equal(DnsStatus.ServerFailure, (await AskAsync(resolver)).Status);
        Assert.Single(server.Queries);
        Time.Advance(6);
        await AskAsync(resolver);
        Assert.Equal(2, server.Queries.Count);
    }

    [Fact]
    public async Task The_same_question_asked_at_once_is_one_query()
    {
        var gate = new TaskCompletionSource();
        var server = Server(async q => { await gate.Task; await q.ReplyAsync(A(q.Name)); });
        var resolver = Resolver(server);
        using var impatient = new CancellationTokenSource();
        var leaver = resolver.LookupAsync("a.example.com", DnsRecordType.A, impatient.Token).AsTask();
        var asked = Enumerable.Range(0, 20).Select(_ => AskAsync(resolver)).ToList();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
        gate.SetResult();
        Assert.All(await Task.WhenAll(asked), a => Assert.Equal(DnsStatus.Ok, a.Status));
        Assert.Single(server.Queries);
    }

    [Fact]
    public async Task The_overlay_is_asked_first_and_its_aliases_may_lead_out()
    {
        var server = Honest();
        var resolver = Resolver(server);
        resolver.Overlay.Replace("domains", [new TxtRecord("own.example", 60, "here"), Cname("alias.own.example", "a.example.com", 60)]);
        Assert.Equal(DnsStatus.Ok, (await AskAsync(resolver, "own.example", DnsRecordType.TXT)).Status);
        Assert.Equal(DnsStatus.NoData, (await AskAsync(resolver, "own.example")).Status);
        Assert.Empty(server.Queries);
        var answer = await AskAsync(resolver, "alias.own.example");
        Assert.Equal((DnsStatus.Ok, 60u, "a.example.com", false), (answer.Status, answer.Ttl, answer.CanonicalName, answer.Authenticated));
        resolver.Overlay.Replace("domains", []);
        Assert.Equal(DnsStatus.Ok, (await AskAsync(resolver, "alias.own.example")).Status);
        Assert.Equal("alias.own.example", server.Queries[^1].Name);
    }

    [Fact]
    public async Task An_alias_on_the_network_may_lead_to_the_overlay()
    {
        var server = Server(q => q.ReplyAsync(Cname(q.Name, "mx.own.example")));
        var resolver = Resolver(server);
        resolver.Overlay.Replace("domains", [A("mx.own.example", 60, "192.0.2.9")]);
        Assert.Equal(A("mx.own.example", 60, "192.0.2.9"), (await AskAsync(resolver)).Records.Single());
    }

    [Theory]
    [InlineData("mail.agent.test")]
    [InlineData("test")]
    [InlineData("LOCALHOST")]
    [InlineData("x.invalid.")]
    [InlineData("1.0.0.127.in-addr.arpa")]
    [InlineData("9.0.0.10.IN-ADDR.ARPA.")]
    [InlineData("1.2.31.172.in-addr.arpa")]
    [InlineData("1.1.168.192.in-addr.arpa")]
    [InlineData("1.2.254.169.in-addr.arpa")]
    [InlineData("1.0.64.100.in-addr.arpa")]
    [InlineData("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa")]
    [InlineData("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa")]
    [InlineData("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa")]
    public async Task Closed_names_go_to_configured_servers_only(string name)
    {
        var server = Honest();
        Assert.Equal(DnsStatus.Ok, (await AskAsync(Resolver(server), name)).Status);

        // Nobody listens on that address; a query would end as a time-out, not as a name error.
        using var file = new TemporaryFile("nameserver 127.255.255.254\n");
        using var system = new DnsResolver(new ResolverOptions { ResolvConf = file.Path, Attempts = 1 }, Time, NullLogger<DnsResolver>.Instance);
        Assert.Equal(DnsStatus.NameError, (await AskAsync(system, name)).Status);
        Assert.Equal(DnsStatus.Timeout, (await AskAsync(system)).Status);
        system.Overlay.Replace("built-in", [A("mail.agent.test")]);
        Assert.Equal(DnsStatus.Ok, (await AskAsync(system, "mail.agent.test")).Status);
    }

    [Theory]
    [InlineData("8.8.8.8.in-addr.arpa", false)]
    [InlineData("1.0.15.172.in-addr.arpa", false)]
    [InlineData("1.0.32.172.in-addr.arpa", false)]
    [InlineData("1.0.128.100.in-addr.arpa", false)]
    [InlineData("1.0.167.192.in-addr.arpa", false)]
    [InlineData("10.in-addr.arpa.example.com", false)]
    [InlineData("110.in-addr.arpa", false)]
    [InlineData("8.b.d.0.1.0.0.2.ip6.arpa", true)]
    [InlineData("8.8.b.d.0.1.0.0.2.ip6.arpa", true)]
    [InlineData("0.6.8.4.1.0.0.2.ip6.arpa", false)]
    [InlineData("1.c.f.ip6.arpa", false)]
    public void Only_reverse_zones_of_private_addresses_are_kept_in(string name, bool kept) => Assert.Equal(kept, PrivateReverseZones.Contain(name));

    [Fact]
    public async Task A_name_that_cannot_exist_is_not_asked_for()
    {
        var server = Honest();
        var resolver = Resolver(server);
        foreach (var name in new[] { "a..b", new string('a', 64) + ".example.com", "grün.example" })
            Assert.Equal(DnsStatus.NameError, (await AskAsync(resolver, name)).Status);
        Assert.Empty(server.Queries);
    }

    [Fact]
    public async Task A_zone_file_is_answered_and_a_bad_one_named_with_its_line()
    {
        using var good = new TemporaryFile("$ORIGIN a.test.\n@ 60 TXT hello\n");
        using var bad = new TemporaryFile("$ORIGIN a.test.\n@ 60 TEXT hello\n");
        var resolver = Resolver(new ResolverOptions { ZoneFiles = [good.Path] }, Silent());
        Assert.Equal(new TxtRecord("a.test", 60, "hello"), (await AskAsync(resolver, "a.test", DnsRecordType.TXT)).Records.Single());
        var error = Assert.Throws<InvalidDataException>(() => Resolver(new ResolverOptions { ZoneFiles = [bad.Path] }, Silent()));
        Assert.Contains("line 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_budget_over_a_slow_server_ends_in_time_and_keeps_the_evidence()
    {
        var budget = new DnsBudget(Resolver(Silent()), TimeProvider.System, TimeSpan.FromMilliseconds(40));
        Assert.Equal(DnsStatus.Timeout, (await AskAsync(budget)).Status);
        Assert.Equal(DnsStatus.Timeout, (await AskAsync(budget, "b.example.com")).Status);
        Assert.Equal(["a.example.com", "b.example.com"], budget.Evidence.Select(e => e.Name));
        Assert.InRange(budget.Evidence[0].Elapsed, TimeSpan.FromMilliseconds(30), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Look_ups_queries_and_failures_are_counted()
    {
        using var meter = new Meter("resolver-under-test");
        var counts = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter == meter)
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            lock (counts)
                counts[$"{instrument.Name} {tags[0].Value}"] = counts.GetValueOrDefault($"{instrument.Name} {tags[0].Value}") + value;
        });
        listener.Start();
        var refusing = Server(q => q.ReplyAsync(q.Honest() with { ResponseCode = DnsResponseCode.Refused }));
        var options = new ResolverOptions { Servers = [refusing.Address, Honest().Address] };
        using var resolver = new DnsResolver(options, Time, NullLogger<DnsResolver>.Instance, new ResolverMeter(meter));
        await AskAsync(resolver);
        await AskAsync(resolver);
        Assert.Equal(1, counts["agentmta.dns.lookups network"]);
        Assert.Equal(1, counts["agentmta.dns.lookups cache"]);
        Assert.Equal(2, counts["agentmta.dns.queries udp"]);
        Assert.Equal(1, counts["agentmta.dns.failures refused"]);
    }

    [Fact]
    public async Task A_resolver_that_stops_answers_who_still_waits()
    {
        var resolver = Resolver(Silent());
        var waiting = AskAsync(resolver);
        resolver.Dispose();
        Assert.Equal(DnsStatus.Timeout, (await waiting).Status);
    }
}
