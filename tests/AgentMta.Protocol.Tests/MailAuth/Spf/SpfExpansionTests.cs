using System.Net;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.Tests.MailAuth.Spf;

public sealed class SpfExpansionTests
{
    private static readonly SpfRequest Request = new(IPAddress.Parse("192.0.2.3"), "mx.example.org", "strong-bad@email.example.com", ReceiverName: "mail.test", Now: DateTimeOffset.FromUnixTimeSeconds(1700000000));

    // The examples of RFC 7208 7.4.
    [Theory]
    [InlineData("%{s}", "strong-bad@email.example.com")]
    [InlineData("%{o}", "email.example.com")]
    [InlineData("%{d}", "email.example.com")]
    [InlineData("%{d4}", "email.example.com")]
    [InlineData("%{d3}", "email.example.com")]
    [InlineData("%{d2}", "example.com")]
    [InlineData("%{d1}", "com")]
    [InlineData("%{dr}", "com.example.email")]
    [InlineData("%{d2r}", "example.email")]
    [InlineData("%{l}", "strong-bad")]
    [InlineData("%{l-}", "strong.bad")]
    [InlineData("%{lr}", "strong-bad")]
    [InlineData("%{lr-}", "bad.strong")]
    [InlineData("%{l1r-}", "strong")]
    [InlineData("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com")]
    [InlineData("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com")]
    [InlineData("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com")]
    [InlineData("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com")]
    [InlineData("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net")]
    [InlineData("%{D999999999999}", "email.example.com")]
    [InlineData("%%%_%-.test", "% %20.test")]
    [InlineData("%{h}.%{p}.", "mx.example.org.unknown")]
    public void Domain_specs_expand_as_the_RFC_shows(string spec, string expected) =>
        Assert.Equal(expected, Expansion().Domain(spec, "email.example.com", "unknown"));

    [Theory]
    [InlineData("%{c} %{r} %{t}", "192.0.2.3 mail.test 1700000000")]
    [InlineData("%{S}", "strong-bad%40email.example.com")]
    [InlineData("See http://%{d}/why.html?s=%{S}&i=%{I}", "See http://email.example.com/why.html?s=strong-bad%40email.example.com&i=192.0.2.3")]
    [InlineData("%{x}", null)]
    [InlineData("%", null)]
    [InlineData("tab\there", null)]
    public void Explanations_expand_or_are_left_out(string text, string? expected) =>
        Assert.Equal(expected, Expansion().Explanation(text, "email.example.com", "unknown"));

    [Fact]
    public void IPv6_expands_to_nibbles()
    {
        var request = Request with { ClientAddress = IPAddress.Parse("2001:db8::cb01") };
        var expansion = new SpfExpansion(request, new SpfClient(request.ClientAddress), "a", "b.test");
        Assert.Equal("1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.test", expansion.Domain("%{ir}.%{v}.test", "b.test", "").ToLowerInvariant());
    }

    [Fact]
    public void A_name_of_more_than_253_characters_loses_labels_on_the_left()
    {
        var name = Expansion().Domain("%{d}." + string.Join('.', Enumerable.Repeat("abcdefghi", 25)) + ".test", "email.example.com", "");
        Assert.True(name.Length <= 253);
        Assert.EndsWith("abcdefghi.test", name, StringComparison.Ordinal);
        Assert.StartsWith("abcdefghi.", name, StringComparison.Ordinal);
    }

    [Fact]
    public void Endless_macros_take_bounded_memory()
    {
        var name = Expansion().Domain(string.Concat(Enumerable.Repeat("%{s}", 10_000)) + ".test", "email.example.com", "");
        Assert.True(name.Length <= 253);
    }

    private static SpfExpansion Expansion() => new(Request, new SpfClient(Request.ClientAddress), "strong-bad", "email.example.com");
}
