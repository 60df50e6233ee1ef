using AgentMta.Protocol.MailAuth.Dmarc;

namespace AgentMta.Protocol.Tests.MailAuth.Dmarc;

public sealed class PublicSuffixListTests
{
    private static readonly PublicSuffixList List = PublicSuffixList.Parse(
        """
        // a comment
        com
          uk
        co.uk   // a comment behind white space
        *.ck
        !www.ck
        jp
        *.kobe.jp
        !city.kobe.jp
        公司.cn
        cn
        blogspot.com

        a..broken
        """);

    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("A.B.Example.COM.", "example.com")]
    [InlineData("com", null)]
    [InlineData("co.uk", null)]
    [InlineData("x.y.co.uk", "y.co.uk")]
    [InlineData("parliament.uk", "parliament.uk")]
    [InlineData("ck", null)]
    [InlineData("anything.ck", null)]
    [InlineData("a.anything.ck", "a.anything.ck")]
    [InlineData("www.ck", "www.ck")]
    [InlineData("a.b.www.ck", "www.ck")]
    [InlineData("city.kobe.jp", "city.kobe.jp")]
    [InlineData("x.c.kobe.jp", "x.c.kobe.jp")]
    [InlineData("kobe.jp", "kobe.jp")]
    [InlineData("unlisted", null)]
    [InlineData("a.b.unlisted", "b.unlisted")]
    [InlineData("me.blogspot.com", "me.blogspot.com")]
    [InlineData("食狮.公司.cn", "食狮.公司.cn")]
    [InlineData("www.XN--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn")]
    [InlineData("公司.cn", null)]
    [InlineData("WWW.食狮。公司.cn", "xn--85x722f.xn--55qx5d.cn")]
    [InlineData("", null)]
    [InlineData(".", null)]
    [InlineData(".com", null)]
    [InlineData("a..com", null)]
    [InlineData("[192.0.2.1]", null)]
    public void The_registrable_domain_is_one_label_below_the_suffix(string name, string? expected) => Assert.Equal(expected, List.RegistrableDomain(name));

    [Fact]
    public void Lines_that_are_no_rules_are_passed_over() => Assert.Equal(11, List.Count);
}
