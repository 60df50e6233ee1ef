using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.Tests.MailAuth.Spf;

public sealed class SpfRecordParserTests
{
    [Theory]
    [InlineData("v=spf1", true)]
    [InlineData("V=SPF1 -all", true)]
    [InlineData("v=spf1  ", true)]
    [InlineData("v=spf10", false)]
    [InlineData("v=spf1\t-all", false)]
    [InlineData(" v=spf1 -all", false)]
    [InlineData("spf2.0/pra -all", false)]
    public void The_version_section_is_exact(string text, bool expected) => Assert.Equal(expected, SpfRecordParser.IsSpf(text));

    [Theory]
    [InlineData("a")]
    [InlineData("A:EXAMPLE.com")]
    [InlineData("a:example.com/24")]
    [InlineData("a:example.com//64")]
    [InlineData("a:example.com/24//64")]
    [InlineData("a/0//0")]
    [InlineData("a:foo:bar/baz.example.com")]
    [InlineData("mx/32")]
    [InlineData("ptr")]
    [InlineData("ptr:example.com")]
    [InlineData("ip4:192.0.2.0/24")]
    [InlineData("ip6:2001:db8::/32")]
    [InlineData("ip6:::ffff:192.0.2.1")]
    [InlineData("include:_spf.%{d2}")]
    [InlineData("exists:%{ir}.%{l1r+-/}._spf.%{d}")]
    [InlineData("exists:foo.example.%{d}")]
    [InlineData("-all")]
    [InlineData("~all")]
    [InlineData("?all")]
    [InlineData("+all")]
    [InlineData("redirect=_spf.example.com")]
    [InlineData("exp=explain.example.com.")]
    [InlineData("unknown=%{s}-anything")]
    [InlineData("un-known_1.x=")]
    [InlineData("a:xn--zckzah.xn--zckzah")]
    [InlineData("a:example.c-m")]
    public void Right_terms_are_read(string term) => Assert.NotNull(SpfRecordParser.Parse("v=spf1 " + term, out _));

    [Theory]
    [InlineData("all:example.com")]
    [InlineData("all/8")]
    [InlineData("a:")]
    [InlineData("a:example")]
    [InlineData("a:example.123")]
    [InlineData("a:example.-com")]
    [InlineData("a:example.com-")]
    [InlineData("a:example.com..")]
    [InlineData("a:example.com/33")]
    [InlineData("a:example.com/024")]
    [InlineData("a:example.com/")]
    [InlineData("a:example.com//129")]
    [InlineData("a:example.com/24/64")]
    [InlineData("mx:example.com/a")]
    [InlineData("include")]
    [InlineData("include:")]
    [InlineData("include:example.com/24")]
    [InlineData("exists")]
    [InlineData("ptr/24")]
    [InlineData("ip4")]
    [InlineData("ip4:")]
    [InlineData("ip4:192.0.2")]
    [InlineData("ip4:192.0.2.1.1")]
    [InlineData("ip4:192.0.2.256")]
    [InlineData("ip4:192.0.02.1")]
    [InlineData("ip4:192.0.2.1/33")]
    [InlineData("ip4:192.0.2.1/")]
    [InlineData("ip4:192.0.2.1//32")]
    [InlineData("ip4:2001:db8::1")]
    [InlineData("ip6:192.0.2.1")]
    [InlineData("ip6:2001:db8::1%eth0")]
    [InlineData("ip6:[2001:db8::1]")]
    [InlineData("ip6:2001:db8::1/129")]
    [InlineData("redirect=")]
    [InlineData("redirect=example")]
    [InlineData("redirect=a.example redirect=b.example")]
    [InlineData("exp=")]
    [InlineData("exp=a.example exp=a.example")]
    [InlineData("unknown")]
    [InlineData("1unknown=x")]
    [InlineData("=x")]
    [InlineData("unknown=%x")]
    [InlineData("exists:%{z}.example.com")]
    [InlineData("exists:%{c}.example.com")]
    [InlineData("exists:%{d0}.example.com")]
    [InlineData("exists:%{d2x}.example.com")]
    [InlineData("exists:%{d.example.com")]
    [InlineData("exists:%")]
    [InlineData("exists:foo%(d).example.com")]
    [InlineData("a:example.com\tmx")]
    [InlineData("a:exämple.com")]
    [InlineData("--all")]
    [InlineData("-")]
    public void Wrong_terms_spoil_the_record(string term)
    {
        Assert.Null(SpfRecordParser.Parse("v=spf1 " + term + " -all", out var fault));
        Assert.NotNull(fault);
    }

    [Fact]
    public void Prefix_lengths_of_both_families_are_kept()
    {
        var directive = Assert.Single(SpfRecordParser.Parse("v=spf1 ~mx:example.com/20//48", out _)!.Directives);
        Assert.Equal((SpfStatus.SoftFail, SpfMechanism.Mx, "example.com", 20, 48), (directive.Qualifier, directive.Mechanism, directive.DomainSpec, directive.Prefix4, directive.Prefix6));
    }
}
