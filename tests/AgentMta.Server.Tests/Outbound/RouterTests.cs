using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;

namespace AgentMta.Server.Tests.Outbound;

public sealed class RouterTests
{
    private const string Policy = "version: STSv1\nmode: enforce\nmx: mx1.sts.test\nmx: *.mail.sts.test\nmax_age: 86400\n";

    private static readonly OutboundOptions Options = new() { HostName = "mail.own.test" };

    private readonly ZoneOverlay _zone = new(
    [
        new MxRecord("two.test", 60, 20, "b.two.test"), new MxRecord("two.test", 60, 10, "a.two.test"),
        new MxRecord("null.test", 60, 0, ""), new AddressRecord("implicit.test", 60, IPAddress.Loopback),
        new MxRecord("own.test", 60, 10, "mail.own.test"), new MxRecord("own.test", 60, 20, "backup.test"),
        new MxRecord("backed.test", 60, 5, "front.test"), new MxRecord("backed.test", 60, 10, "Mail.Own.test"),
        new MxRecord("sts.test", 60, 10, "evil.test"), new MxRecord("sts.test", 60, 20, "mx1.sts.test"), new MxRecord("sts.test", 60, 20, "x.mail.sts.test"),
        new TxtRecord("_mta-sts.sts.test", 60, "v=STSv1; id=1;"),
    ]);

    [Theory]
    [InlineData("two.test", "a.two.test b.two.test")]
    [InlineData("implicit.test", "implicit.test")]
    [InlineData("backed.test", "front.test")]
    [InlineData("[192.0.2.1]", "192.0.2.1")]
    [InlineData("[IPv6:2001:db8::1]", "2001:db8::1")]
    public async Task Hosts_are_found_in_the_order_of_their_preference(string destination, string hosts) =>
        Assert.Equal(hosts, string.Join(' ', (await FindAsync(destination)).Route!.Hosts.Select(h => h.Name)));

    [Theory]
    [InlineData("null.test", 556, "5.1.10")]
    [InlineData("own.test", 554, "5.4.6")]
    [InlineData("missing.two.test", 550, "5.1.2")]
    [InlineData("[x]", 553, "5.1.2")]
    public async Task A_destination_that_takes_no_mail_is_refused_for_good(string destination, int code, string status)
    {
        var fault = (await FindAsync(destination)).Fault!;
        Assert.Equal((code, status), (fault.Code, fault.EnhancedStatus));
    }

    [Fact]
    public async Task An_enforced_policy_leaves_only_its_hosts_and_verifies_them()
    {
        var route = (await FindAsync("sts.test")).Route!;
        Assert.Equal(["mx1.sts.test", "x.mail.sts.test"], route.Hosts.Select(h => h.Name).Order());
        Assert.Equal(TlsLevel.Verified, route.Tls!.Level);
    }

    [Fact]
    public async Task A_policy_that_names_no_host_of_the_mx_defers() =>
        Assert.Equal("4.7.5", (await FindAsync("sts.test", Policy.Replace("mx1.sts", "other.sts", StringComparison.Ordinal).Replace("*.mail", "*.other", StringComparison.Ordinal))).Fault!.EnhancedStatus);

    [Fact]
    public async Task A_policy_that_only_tests_changes_nothing() =>
        Assert.Null((await FindAsync("sts.test", Policy.Replace("enforce", "testing", StringComparison.Ordinal))).Route!.Tls);

    [Fact]
    public async Task A_known_policy_holds_while_dns_says_nothing_clear_and_the_web_is_silent()
    {
        var files = new Queue<string?>([Policy, null, null]);
        var router = Make((_, _) => Task.FromResult(files.Dequeue()));
        Assert.NotNull((await router.FindAsync("sts.test", default)).Route!.Tls);
        _zone.Replace("more", [new TxtRecord("_mta-sts.sts.test", 60, "v=STSv1; id=2;")]);
        Assert.Equal(TlsLevel.Verified, (await router.FindAsync("sts.test", default)).Route!.Tls?.Level);
    }

    [Fact]
    public async Task A_smart_host_takes_everything()
    {
        var router = new Router(_zone, new StsPolicies(_zone, (_, _) => Task.FromResult<string?>(null), TimeProvider.System), Options with { Relay = new RelayOptions("relay.test", 587) }, () => 0);
        Assert.Equal(("relay.test", 587), ((await router.FindAsync("null.test", default)).Route!.Hosts[0].Name, (await router.FindAsync("x.test", default)).Route!.Port));
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    public void Private_networks_are_never_dialled_unless_a_setting_names_them(string address, bool allowed)
    {
        Assert.Equal(allowed, new DestinationRules(_ => false).Allows(IPAddress.Parse(address)));
        Assert.True(new DestinationRules(_ => true).Allows(IPAddress.Parse(address)));
    }

    private Router Make(FetchStsPolicy fetch) => new(_zone, new StsPolicies(_zone, fetch, TimeProvider.System), Options, () => 0.5);

    private ValueTask<RouteResult> FindAsync(string destination, string? policy = Policy) => Make((_, _) => Task.FromResult(policy)).FindAsync(destination, default);
}
