using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.Tests.Dns;

public sealed class ZoneOverlayTests
{
    private static readonly ZoneOverlay Overlay = new(ZoneFileParser.Parse("""
        $ORIGIN zone.test.
        $TTL 300
        @ SOA ns h 1 1 1 1 60
        @ MX 10 mail
        mail A 192.0.2.1
        mail A 192.0.2.2
        mail AAAA 2001:db8::1
        alias 30 CNAME mail
        far CNAME mx.elsewhere.test.
        loop1 CNAME loop2
        loop2 CNAME loop1
        dangling CNAME nothing
        deep.empty TXT here
        *.wild TXT any
        *.wild MX 5 mail
        real.wild A 192.0.2.3
        below.real.wild A 192.0.2.4
        $ORIGIN list.example.com.
        one TXT listed
        """u8).Records);

    [Theory]
    [InlineData("zone.test", DnsRecordType.MX, DnsStatus.Ok, 1, 300, "zone.test")]
    [InlineData("Mail.Zone.Test.", DnsRecordType.A, DnsStatus.Ok, 2, 300, "mail.zone.test")]
    [InlineData("alias.zone.test", DnsRecordType.A, DnsStatus.Ok, 2, 30, "mail.zone.test")]
    [InlineData("alias.zone.test", DnsRecordType.CNAME, DnsStatus.Ok, 1, 30, "alias.zone.test")]
    [InlineData("alias.zone.test", DnsRecordType.TXT, DnsStatus.NoData, 0, 30, "mail.zone.test")]
    [InlineData("mail.zone.test", DnsRecordType.TXT, DnsStatus.NoData, 0, 60, "mail.zone.test")]
    [InlineData("none.zone.test", DnsRecordType.A, DnsStatus.NameError, 0, 60, "none.zone.test")]
    [InlineData("dangling.zone.test", DnsRecordType.A, DnsStatus.NameError, 0, 60, "nothing.zone.test")]
    [InlineData("empty.zone.test", DnsRecordType.A, DnsStatus.NoData, 0, 60, "empty.zone.test")]
    [InlineData("x.wild.zone.test", DnsRecordType.TXT, DnsStatus.Ok, 1, 300, "x.wild.zone.test")]
    [InlineData("x.y.wild.zone.test", DnsRecordType.MX, DnsStatus.Ok, 1, 300, "x.y.wild.zone.test")]
    [InlineData("x.wild.zone.test", DnsRecordType.A, DnsStatus.NoData, 0, 60, "x.wild.zone.test")]
    [InlineData("wild.zone.test", DnsRecordType.TXT, DnsStatus.NoData, 0, 60, "wild.zone.test")]
    [InlineData("real.wild.zone.test", DnsRecordType.TXT, DnsStatus.NoData, 0, 60, "real.wild.zone.test")]
    [InlineData("x.real.wild.zone.test", DnsRecordType.TXT, DnsStatus.NameError, 0, 60, "x.real.wild.zone.test")]
    [InlineData("one.list.example.com", DnsRecordType.TXT, DnsStatus.Ok, 1, 300, "one.list.example.com")]
    [InlineData("one.list.example.com", DnsRecordType.A, DnsStatus.NoData, 0, 0, "one.list.example.com")]
    public void Names_that_are_covered_are_answered(string name, DnsRecordType type, DnsStatus status, int records, uint ttl, string canonical)
    {
        var result = Overlay.Find(name, type);
        Assert.True(result.Covered);
        Assert.Null(result.AskNext);
        Assert.Equal((status, records, ttl, canonical), (result.Answer.Status, result.Answer.Records.Count, result.Answer.Ttl, result.Answer.CanonicalName));
        Assert.All(result.Answer.Records, r => Assert.Equal((canonical, type), (r.Name, r.Type)));
    }

    [Theory]
    [InlineData("two.list.example.com", DnsStatus.NameError)]
    [InlineData("list.example.com", DnsStatus.NoData)]
    [InlineData("com", DnsStatus.NoData)]
    [InlineData("test", DnsStatus.NoData)]
    [InlineData("other.test", DnsStatus.NameError)]
    [InlineData("a..b", DnsStatus.NameError)]
    public async Task Names_beside_a_list_are_left_to_others_and_do_not_exist_in_a_closed_world(string name, DnsStatus status)
    {
        Assert.False(Overlay.Find(name, DnsRecordType.A).Covered);
        Assert.Equal(status, (await Overlay.LookupAsync(name, DnsRecordType.A, default)).Status);
    }

    [Fact]
    public async Task An_alias_that_leads_out_is_left_to_others_with_its_ttl()
    {
        var result = Overlay.Find("far.zone.test", DnsRecordType.A);
        Assert.Equal((true, "mx.elsewhere.test", 300u), (result.Covered, result.AskNext, result.Answer.Ttl));
        Assert.Equal(DnsStatus.NameError, (await Overlay.LookupAsync("far.zone.test", DnsRecordType.A, default)).Status);
    }

    [Fact]
    public void A_loop_of_aliases_is_a_failure() => Assert.Equal(DnsStatus.ServerFailure, Overlay.Find("loop1.zone.test", DnsRecordType.A).Answer.Status);

    [Fact]
    public void A_source_is_replaced_whole_and_leaves_the_others()
    {
        var overlay = new ZoneOverlay([new TxtRecord("a.test", 60, "fixed")]);
        overlay.Replace("domains", [new TxtRecord("b.test", 60, "first"), new TxtRecord("c.test", 60, "first")]);
        overlay.Replace("domains", [new TxtRecord("b.test", 60, "second"), new TxtRecord("A.Test.", 60, "more")]);
        Assert.Equal("second", ((TxtRecord)overlay.Find("b.test", DnsRecordType.TXT).Answer.Records.Single()).Text);
        Assert.Equal(["fixed", "more"], overlay.Find("a.test", DnsRecordType.TXT).Answer.Records.Cast<TxtRecord>().Select(r => r.Text).Order());
        Assert.False(overlay.Find("c.test", DnsRecordType.TXT).Covered);
        overlay.Replace("domains", []);
        Assert.False(overlay.Find("b.test", DnsRecordType.TXT).Covered);
    }

    [Fact]
    public void The_AD_bit_is_what_the_overlay_was_made_with()
    {
        DnsRecord[] records = [new TxtRecord("a.test", 60, "x")];
        Assert.True(new ZoneOverlay(records).Find("a.test", DnsRecordType.TXT).Answer.Authenticated);
        Assert.False(new ZoneOverlay(records, authenticated: false).Find("a.test", DnsRecordType.TXT).Answer.Authenticated);
    }
}
