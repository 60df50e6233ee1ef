using System.Text;
using AgentMta.Protocol.MailAuth;

namespace AgentMta.Protocol.Tests.MailAuth;

public sealed class TagValueTests
{
    [Theory]
    [InlineData("QUJD", "ABC")]
    [InlineData("Q U\r\n\tJD", "ABC")]
    [InlineData("QUI=", "AB")]
    [InlineData("QUI", "AB")]
    [InlineData("QQ==", "A")]
    [InlineData("QQ", "A")]
    [InlineData("QUJ_", null)]
    [InlineData("Q", null)]
    [InlineData("=", null)]
    [InlineData("QQ==QQ==", null)]
    [InlineData("", null)]
    [InlineData("  ", null)]
    public void Base64_may_have_white_space_and_need_not_be_padded(string text, string? value) =>
        Assert.Equal(value, TagValue.Base64(Encoding.ASCII.GetBytes(text)) is { } bytes ? Encoding.ASCII.GetString(bytes) : null);

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("0012", 12L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("99999999999999999999999999", long.MaxValue)]
    [InlineData("-1", null)]
    [InlineData("+1", null)]
    [InlineData("1 2", null)]
    [InlineData("", null)]
    public void Numbers_are_digits_and_do_not_wrap(string text, long? value) =>
        Assert.Equal(value, TagValue.TryNumber(Encoding.ASCII.GetBytes(text), 76, out var number) ? number : null);

    [Theory]
    [InlineData("Example.COM", 2, "example.com")]
    [InlineData("a_b.example.com", 2, "a_b.example.com")]
    [InlineData("bücher.example", 2, "xn--bcher-kva.example")]
    [InlineData("com", 2, null)]
    [InlineData("com", 1, "com")]
    [InlineData("example.com.", 2, null)]
    [InlineData(".example.com", 2, null)]
    [InlineData("a..b", 2, null)]
    [InlineData("exa mple.com", 2, null)]
    [InlineData("example.com\r\nX: y", 2, null)]
    [InlineData("", 1, null)]
    public void Names_are_labels_in_lower_case_with_u_labels_made_a_labels(string text, int labels, string? name) =>
        Assert.Equal(name, TagValue.Name(Encoding.UTF8.GetBytes(text), labels));

    [Fact]
    public void Labels_of_64_octets_and_names_of_254_are_none()
    {
        Assert.NotNull(TagValue.Name(Encoding.ASCII.GetBytes(new string('a', 63) + ".test"), 2));
        Assert.Null(TagValue.Name(Encoding.ASCII.GetBytes(new string('a', 64) + ".test"), 2));
        Assert.Null(TagValue.Name(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("a.", 126)) + "ab"), 2));
    }

    [Fact]
    public void Items_are_split_at_colons_without_white_space_or_empty_ones() =>
        Assert.Equal(["from", "To", "x"], TagValue.Items(" from :\r\n To::x:"u8));
}
