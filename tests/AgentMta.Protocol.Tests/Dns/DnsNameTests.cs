using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.Tests.Dns;

public sealed class DnsNameTests
{
    private static readonly string Label63 = new('a', 63);

    [Theory]
    [InlineData("example.test", "example.test")]
    [InlineData("EXAMPLE.Test.", "example.test")]
    [InlineData("", "")]
    [InlineData(".", "")]
    [InlineData("*.example.test", "*.example.test")]
    [InlineData("_dmarc.example.test", "_dmarc.example.test")]
    [InlineData(@"\097b.test", "ab.test")]
    [InlineData(@"\e\xample.test", "example.test")]
    [InlineData(@"a\.b.test", @"a\.b.test")]
    [InlineData(@"a\046b.test", @"a\.b.test")]
    [InlineData(@"a\\.test", @"a\\.test")]
    [InlineData("a b.test", @"a\032b.test")]
    [InlineData(@"a\200.test", @"a\200.test")]
    public void A_name_has_one_text_form(string name, string expected)
    {
        Assert.True(DnsName.TryNormalize(name, out var normalized));
        Assert.Equal(expected, normalized);
        Assert.True(DnsName.TryNormalize(normalized, out var again));
        Assert.Equal(expected, again);
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".test")]
    [InlineData("a..test")]
    [InlineData("a.test..")]
    [InlineData(@"a\")]
    [InlineData(@"a\25.test")]
    [InlineData(@"a\256.test")]
    [InlineData("grün.test")]
    [InlineData("例え.test")]
    public void What_no_wire_could_carry_is_not_a_name(string name) => Assert.False(DnsName.TryNormalize(name, out _));

    [Fact]
    public void Labels_end_at_63_octets_and_names_at_255()
    {
        Assert.True(DnsName.TryNormalize(Label63 + ".test", out _));
        Assert.False(DnsName.TryNormalize(Label63 + "a.test", out _));
        Assert.False(DnsName.TryNormalize(Label63 + "A.test", out _));

        // 3 × 64 + 62 + 1 = 255 octets with the root.
        var longest = string.Join('.', Label63, Label63, Label63, new string('b', 61));
        Assert.True(DnsName.TryNormalize(longest, out _));
        Assert.True(DnsName.TryNormalize(longest.ToUpperInvariant() + ".", out _));
        Assert.False(DnsName.TryNormalize(longest + "b", out _));
        Assert.False(DnsName.TryNormalize(longest.ToUpperInvariant() + "b", out _));
    }

    [Theory]
    [InlineData("a.b.test", "b.test", true)]
    [InlineData("b.test", "b.test", true)]
    [InlineData("b.test", "", true)]
    [InlineData("ab.test", "b.test", false)]
    [InlineData("test", "b.test", false)]
    [InlineData(@"a\.b.test", "b.test", false)]
    [InlineData(@"a\\.b.test", "b.test", true)]
    [InlineData("A.B.Test", "b.tesT", true)]
    public void A_name_lies_under_another_at_label_boundaries_only(string name, string ancestor, bool expected) =>
        Assert.Equal(expected, DnsName.IsAtOrBelow(name, ancestor));

    [Fact]
    public void The_parent_is_one_label_shorter_and_an_escaped_dot_is_no_boundary()
    {
        Assert.Equal("b.test", DnsName.Parent(@"a\.x.b.test"));
        Assert.Equal("", DnsName.Parent("test"));
        Assert.Null(DnsName.Parent(""));
    }
}
