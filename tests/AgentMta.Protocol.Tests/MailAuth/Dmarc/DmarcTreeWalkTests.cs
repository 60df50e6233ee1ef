using AgentMta.Protocol.MailAuth.Dmarc;

namespace AgentMta.Protocol.Tests.MailAuth.Dmarc;

public sealed class DmarcTreeWalkTests
{
    private readonly ZoneMap _zone = new();

    [Fact]
    public async Task A_long_name_costs_eight_look_ups()
    {
        await DmarcTreeWalk.DiscoverAsync("a.b.c.d.e.f.g.h.i.j.mail.example.com", _zone, default);
        Assert.Equal(
            [
                "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com TXT", "_dmarc.g.h.i.j.mail.example.com TXT", "_dmarc.h.i.j.mail.example.com TXT", "_dmarc.i.j.mail.example.com TXT",
                "_dmarc.j.mail.example.com TXT", "_dmarc.mail.example.com TXT", "_dmarc.example.com TXT", "_dmarc.com TXT",
            ],
            _zone.Asked);
        _zone.Asked.Clear();
        await DmarcTreeWalk.DiscoverAsync("a.b.c.d.e.f.g.h", _zone, default);
        Assert.Equal(8, _zone.Asked.Count);
        Assert.Equal("_dmarc.b.c.d.e.f.g.h TXT", _zone.Asked[1]);
    }

    // RFC 9989 4.10.2, its three examples and the rules they follow.
    [Theory]
    [InlineData("a.mail.example.com", "mail.example.com=;example.com=", "example.com", "example.com")]
    [InlineData("a.mail.example.com", "mail.example.com=psd=n;example.com=", "mail.example.com", "mail.example.com")]
    [InlineData("a.mail.example.com", "com=psd=y", "example.com", "com")]
    [InlineData("a.mail.example.com", "a.mail.example.com=;com=psd=y", "example.com", "a.mail.example.com")]
    [InlineData("a.mail.example.com", "example.com=;com=psd=y", "example.com", "example.com")]
    [InlineData("a.mail.example.com", "mail.example.com=;com=psd=y", "example.com", "com")]
    [InlineData("a.mail.example.com", "", "a.mail.example.com", null)]
    [InlineData("example", "example=psd=y", "example", "example")]
    [InlineData("bank.example", "bank.example=psd=y;example=", "bank.example", "bank.example")]
    public async Task Organisation_and_policy_follow_the_records_on_the_way(string author, string records, string organisation, string? policyDomain)
    {
        foreach (var record in records.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = record.IndexOf('=', StringComparison.Ordinal);
            _zone.Txt("_dmarc." + record[..equals], "v=DMARC1; p=reject; " + record[(equals + 1)..]);
        }

        var found = await DmarcTreeWalk.DiscoverAsync(author, _zone, default);
        Assert.Equal((organisation, policyDomain), (found.OrganizationalDomain, found.PolicyDomain));
    }

    [Fact]
    public async Task Several_records_of_a_parent_are_passed_over_and_several_of_the_author_end_it()
    {
        _zone.Txt("_dmarc.b.example.com", "v=DMARC1; p=none", "v=DMARC1; p=reject").Txt("_dmarc.example.com", "v=DMARC1; p=quarantine", "unrelated");
        Assert.Equal("example.com", (await DmarcTreeWalk.DiscoverAsync("a.b.example.com", _zone, default)).PolicyDomain);
        Assert.Null((await DmarcTreeWalk.DiscoverAsync("b.example.com", _zone, default)).Record);
    }

    [Fact]
    public async Task A_failure_behind_the_end_of_the_walk_does_not_matter()
    {
        _zone.Txt("_dmarc.example.com", "v=DMARC1; p=reject; psd=n").Fails("_dmarc.com");
        var found = await DmarcTreeWalk.DiscoverAsync("a.example.com", _zone, default);
        Assert.Equal(("example.com", false), (found.OrganizationalDomain, found.IsTemporary));
    }
}
