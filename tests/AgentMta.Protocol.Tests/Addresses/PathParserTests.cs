using AgentMta.Protocol.Addresses;

namespace AgentMta.Protocol.Tests.Addresses;

public sealed class PathParserTests
{
    [Theory]
    [InlineData("<a@x.test>", "a@x.test")]
    [InlineData("<a@X.Test> SIZE=1", "a@x.test")]
    [InlineData("<A.B+c@x.test>", "A.B+c@x.test")]
    [InlineData("<\"a b\"@x.test>", "\"a b\"@x.test")]
    [InlineData("<\"a>b\"@x.test>", "\"a>b\"@x.test")]
    [InlineData("<\"abc\"@x.test>", "abc@x.test")]
    [InlineData("<@a.test,@b.test:c@x.test>", "c@x.test")]
    [InlineData("<a@[192.0.2.1]>", "a@[192.0.2.1]")]
    [InlineData("<a@[IPv6:2001:DB8::1]>", "a@[IPv6:2001:db8::1]")]
    [InlineData("<a@bücher.test>", "a@xn--bcher-kva.test")]
    [InlineData("<jürgen@BÜCHER.test>", "jürgen@xn--bcher-kva.test")]
    [InlineData("<a@faß.test>", "a@xn--fa-hia.test")]
    [InlineData("<a@localhost>", "a@localhost")]
    public void Good_paths_are_normalised(string text, string expected)
    {
        Assert.Equal(PathFault.None, PathParser.Parse(text, smtpUtf8: true, out var mailbox, out var consumed));
        Assert.Equal(expected, mailbox!.Address);
        Assert.Equal('>', text[consumed - 1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a@x.test")]
    [InlineData("<a@x.test")]
    [InlineData("<a>")]
    [InlineData("<@x.test>")]
    [InlineData("<a@>")]
    [InlineData("<.a@x.test>")]
    [InlineData("<a.@x.test>")]
    [InlineData("<a..b@x.test>")]
    [InlineData("<a b@x.test>")]
    [InlineData("<a@b@x.test>")]
    [InlineData("<a@x..test>")]
    [InlineData("<a@-x.test>")]
    [InlineData("<a@x.test.>")]
    [InlineData("<a@[192.0.2.256]>")]
    [InlineData("<a@[IPv6:zz]>")]
    [InlineData("<a@[IPv6:fe80::1%25eth0]>")]
    [InlineData("<a@[300]>")]
    [InlineData("<\"\"@x.test>")]
    [InlineData("<\"a\"b@x.test>")]
    [InlineData("<a\r@x.test>")]
    [InlineData("<a\0@x.test>")]
    [InlineData("<a@x\u0000.test>")]
    [InlineData("<@a.test c@x.test>")]
    [InlineData("<a@x.test\u202e>")]
    public void Bad_paths_are_refused(string text) =>
        Assert.NotEqual(PathFault.None, PathParser.Parse(text, smtpUtf8: true, out _, out _));

    [Fact]
    public void The_null_path_has_no_mailbox()
    {
        Assert.Equal(PathFault.None, PathParser.Parse("<> BODY=8BITMIME", smtpUtf8: false, out var mailbox, out var consumed));
        Assert.Null(mailbox);
        Assert.Equal(2, consumed);
    }

    [Fact]
    public void Non_ascii_needs_smtputf8() =>
        Assert.Equal(PathFault.NeedsSmtpUtf8, PathParser.Parse("<jürgen@x.test>", smtpUtf8: false, out _, out _));

    [Fact]
    public void Lengths_are_limited()
    {
        Assert.Equal(PathFault.None, PathParser.Parse($"<{new string('a', 64)}@x.test>", true, out _, out _));
        Assert.Equal(PathFault.TooLong, PathParser.Parse($"<{new string('a', 65)}@x.test>", true, out _, out _));
        Assert.Equal(PathFault.TooLong, PathParser.Parse($"<{new string('ü', 33)}@x.test>", true, out _, out _));
        var domain = string.Join('.', Enumerable.Repeat(new string('b', 61), 4));
        Assert.Equal(PathFault.None, PathParser.Parse($"<aaaaaa@{domain}>", true, out var longest, out _));
        Assert.Equal(254, longest!.Address.Length);
        Assert.Equal(PathFault.TooLong, PathParser.Parse($"<aaaaaaa@{domain}>", true, out _, out _));
    }

    [Theory]
    [InlineData("Example.COM.", "example.com")]
    [InlineData("bücher.example", "xn--bcher-kva.example")]
    [InlineData("BÜCHER.example", "xn--bcher-kva.example")]
    [InlineData("例え。テスト", "xn--r8jz45g.xn--zckzah")]
    [InlineData("_dmarc.x.test", "_dmarc.x.test")]
    [InlineData("", null)]
    [InlineData(".", null)]
    [InlineData("a..b", null)]
    [InlineData("a b", null)]
    public void Domains_have_one_normal_form(string domain, string? expected) => Assert.Equal(expected, DomainName.Normalise(domain));

    [Fact]
    public void A_sub_address_has_a_base() => Assert.Equal("bob", Mailbox.Parse("bob+tag@x.test")!.BaseLocalPart);
}
