using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.Tests.MailAuth.Spf;

public sealed class SpfVerifierTests
{
    private const string Client = "192.0.2.10";
    private readonly ZoneMap _zone = new();

    [Theory]
    [InlineData("v=spf1 ip4:192.0.2.0/24 -all", SpfStatus.Pass)]
    [InlineData("v=spf1 ip4:192.0.3.0/24 -all", SpfStatus.Fail)]
    [InlineData("v=spf1 ip4:192.0.3.0/24 ~all", SpfStatus.SoftFail)]
    [InlineData("v=spf1 ip4:192.0.3.0/24 ?all", SpfStatus.Neutral)]
    [InlineData("v=spf1 ip4:192.0.3.0/24", SpfStatus.Neutral)]
    [InlineData("v=spf1 -ip4:192.0.2.10 +all", SpfStatus.Fail)]
    [InlineData("v=spf1 ip6:::/0 -all", SpfStatus.Fail)]
    [InlineData("v=spf1 ip4:0.0.0.0/0", SpfStatus.Pass)]
    [InlineData("v=spf1 foo -all", SpfStatus.PermError)]
    [InlineData("v=spf1 +all bad:term", SpfStatus.PermError)]
    [InlineData("v=spf2 -all", SpfStatus.None)]
    public async Task The_first_directive_that_matches_decides(string record, SpfStatus expected) =>
        Assert.Equal(expected, (await CheckAsync(record)).Status);

    [Fact]
    public async Task Two_records_are_a_permanent_error()
    {
        _zone.Txt("a.test", "v=spf1 -all", "v=spf1 +all", "other");
        Assert.Equal(SpfStatus.PermError, (await CheckAsync()).Status);
    }

    [Theory]
    [InlineData(DnsStatus.Timeout)]
    [InlineData(DnsStatus.ServerFailure)]
    public async Task A_failed_look_up_is_a_temporary_error(DnsStatus failure)
    {
        _zone.Fails("a.test", DnsRecordType.TXT, failure);
        Assert.Equal(SpfStatus.TempError, (await CheckAsync()).Status);
        _zone.Txt("b.test", "v=spf1 a:x.test -all").Fails("x.test", DnsRecordType.A, failure);
        Assert.Equal(SpfStatus.TempError, (await CheckAsync(from: "u@b.test")).Status);
    }

    [Theory]
    [InlineData("", "host")]
    [InlineData("", "[192.0.2.10]")]
    [InlineData("", "")]
    [InlineData("u@toplevel", "h.test")]
    [InlineData("u@", "h.test")]
    [InlineData("u@a..test", "h.test")]
    [InlineData("u@[192.0.2.10]", "h.test")]
    public async Task Without_a_domain_of_two_labels_there_is_nothing_to_check(string from, string helo)
    {
        Assert.Equal(SpfStatus.None, (await CheckAsync(from: from, helo: helo)).Status);
        Assert.Empty(_zone.Asked);
    }

    [Fact]
    public async Task A_label_of_64_octets_is_not_looked_up()
    {
        Assert.Equal(SpfStatus.None, (await CheckAsync(from: "u@" + new string('a', 64) + ".test")).Status);
        Assert.Empty(_zone.Asked);
    }

    [Fact]
    public async Task The_null_reverse_path_stands_for_postmaster_at_the_helo_name()
    {
        _zone.Txt("h.test", "v=spf1 exists:%{l}.%{o}.ok.test -all").Address("postmaster.h.test.ok.test", "127.0.0.2");
        var result = await CheckAsync(from: "", helo: "h.test");
        Assert.Equal((SpfStatus.Pass, "postmaster@h.test", SpfIdentity.MailFrom), (result.Status, result.Sender, result.Identity));
    }

    [Fact]
    public async Task The_helo_identity_ignores_the_reverse_path()
    {
        _zone.Txt("h.test", "v=spf1 +all").Txt("a.test", "v=spf1 -all");
        var result = await SpfVerifier.VerifyAsync(new SpfRequest(IPAddress.Parse(Client), "h.test", "u@a.test", SpfIdentity.Helo), _zone, default);
        Assert.Equal((SpfStatus.Pass, "h.test"), (result.Status, result.Domain));
    }

    [Fact]
    public async Task An_ipv4_mapped_client_is_an_ipv4_client()
    {
        _zone.Txt("a.test", "v=spf1 ip4:192.0.2.10 -all");
        var result = await SpfVerifier.VerifyAsync(new SpfRequest(IPAddress.Parse("::ffff:192.0.2.10"), "h.test", "u@a.test"), _zone, default);
        Assert.Equal(SpfStatus.Pass, result.Status);
    }

    [Fact]
    public async Task Ten_terms_with_look_ups_are_allowed_and_eleven_are_not()
    {
        _zone.Address("x.test", "198.51.100.1").Txt("a.test", "v=spf1" + string.Concat(Enumerable.Repeat(" a:x.test", 10)) + " -all")
            .Txt("b.test", "v=spf1" + string.Concat(Enumerable.Repeat(" a:x.test", 11)) + " -all");
        var ten = await CheckAsync();
        Assert.Equal((SpfStatus.Fail, 10), (ten.Status, ten.Lookups));
        Assert.Equal(SpfStatus.PermError, (await CheckAsync(from: "u@b.test")).Status);
    }

    [Fact]
    public async Task Limits_count_across_includes_and_redirects()
    {
        for (var i = 0; i < 12; i++)
            _zone.Txt($"i{i}.test", $"v=spf1 include:i{i + 1}.test ?all");
        Assert.Equal(SpfStatus.PermError, (await CheckAsync(from: "u@i0.test")).Status);
        Assert.True(_zone.Asked.Count <= 12);
        _zone.Txt("loop.test", "v=spf1 redirect=loop.test");
        Assert.Equal(SpfStatus.PermError, (await CheckAsync(from: "u@loop.test")).Status);
    }

    [Fact]
    public async Task Two_void_look_ups_are_allowed_and_three_are_not()
    {
        _zone.Empty("nodata.test").Txt("a.test", "v=spf1 a:nx1.test a:nodata.test ip4:192.0.2.10 -all").Txt("b.test", "v=spf1 a:nx1.test mx:nx2.test exists:nx3.test +all");
        var two = await CheckAsync();
        Assert.Equal((SpfStatus.Pass, 2), (two.Status, two.VoidLookups));
        Assert.Equal(SpfStatus.PermError, (await CheckAsync(from: "u@b.test")).Status);
    }

    [Fact]
    public async Task More_than_ten_exchangers_are_a_permanent_error_and_the_null_exchanger_matches_nothing()
    {
        _zone.Txt("a.test", "v=spf1 mx -all").Mx("a.test", [.. Enumerable.Range(0, 11).Select(i => $"m{i}.test")]);
        Assert.Equal(SpfStatus.PermError, (await CheckAsync()).Status);
        _zone.Txt("b.test", "v=spf1 mx -all").Mx("b.test", "");
        Assert.Equal(SpfStatus.Fail, (await CheckAsync(from: "u@b.test")).Status);
    }

    [Fact]
    public async Task Only_ten_reverse_names_are_asked_for_and_errors_leave_names_out()
    {
        _zone.Txt("a.test", "v=spf1 ptr:good.test -all").Ptr("10.2.0.192.in-addr.arpa", [.. Enumerable.Range(0, 12).Select(i => $"n{i}.test"), "x.good.test"]);
        for (var i = 0; i < 12; i++)
            _zone.Fails($"n{i}.test", DnsRecordType.A);
        _zone.Address("x.good.test", Client);
        Assert.Equal(SpfStatus.Fail, (await CheckAsync()).Status);
        Assert.Equal(12, _zone.Asked.Count);
        _zone.Txt("b.test", "v=spf1 ptr:x.good.test -all");
        var other = await SpfVerifier.VerifyAsync(new SpfRequest(IPAddress.Parse("192.0.2.11"), "h.test", "u@b.test"), _zone.Ptr("11.2.0.192.in-addr.arpa", "x.good.test"), default);
        Assert.Equal(SpfStatus.Fail, other.Status);
    }

    [Fact]
    public async Task Include_and_redirect_need_a_record_at_their_target()
    {
        _zone.Txt("a.test", "v=spf1 include:none.test +all").Txt("b.test", "v=spf1 redirect=none.test").Txt("c.test", "v=spf1 include:d.test ~all").Txt("d.test", "v=spf1 -all");
        Assert.Equal(SpfStatus.PermError, (await CheckAsync()).Status);
        Assert.Equal(SpfStatus.PermError, (await CheckAsync(from: "u@b.test")).Status);
        Assert.Equal(SpfStatus.SoftFail, (await CheckAsync(from: "u@c.test")).Status);
    }

    [Fact]
    public async Task Exists_asks_for_A_even_for_an_IPv6_client()
    {
        _zone.Txt("a.test", "v=spf1 exists:%{ir}.%{v}.x.test -all").Address("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.x.test", "127.0.0.2");
        var result = await SpfVerifier.VerifyAsync(new SpfRequest(IPAddress.Parse("2001:db8::1"), "h.test", "u@a.test"), _zone, default);
        Assert.Equal(SpfStatus.Pass, result.Status);
    }

    [Fact]
    public async Task An_internationalised_sender_is_checked_by_its_A_labels()
    {
        _zone.Txt("xn--bcher-kva.test", "v=spf1 +all");
        Assert.Equal((SpfStatus.Pass, "xn--bcher-kva.test"), ((await CheckAsync(from: "u@BÜCHER.test")).Status, (await CheckAsync(from: "u@bücher.test")).Domain));
    }

    [Fact]
    public async Task A_local_part_beyond_ascii_matches_no_term_that_uses_it()
    {
        _zone.Txt("a.test", "v=spf1 exists:%{l}.ok.test exists:%{s}.ok.test ?exists:%{d}.ok.test -all").Address("a.test.ok.test", "127.0.0.2");
        Assert.Equal(SpfStatus.Neutral, (await CheckAsync(from: "ü@a.test")).Status);
    }

    [Fact]
    public async Task The_explanation_belongs_to_the_record_that_failed_and_must_be_printable()
    {
        _zone.Txt("a.test", "v=spf1 redirect=b.test exp=wrong.test").Txt("b.test", "v=spf1 -all exp=why.%{d}").Txt("why.b.test", "%{i} may not send as %{s} to %{r}")
            .Txt("c.test", "v=spf1 -all exp=two.test").Txt("two.test", "one", "two").Txt("d.test", "v=spf1 -all exp=raw.test").Txt("raw.test", "a\u00e4b");
        Assert.Equal("192.0.2.10 may not send as u@a.test to mx.test", (await CheckAsync()).Explanation);
        Assert.Null((await CheckAsync(from: "u@c.test")).Explanation);
        Assert.Null((await CheckAsync(from: "u@d.test")).Explanation);
    }

    private async Task<SpfResult> CheckAsync(string? record = null, string from = "u@a.test", string helo = "h.test")
    {
        if (record is not null)
            _zone.Txt("a.test", record);
        return await SpfVerifier.VerifyAsync(new SpfRequest(IPAddress.Parse(Client), helo, from, ReceiverName: "mx.test"), _zone, CancellationToken.None);
    }
}
