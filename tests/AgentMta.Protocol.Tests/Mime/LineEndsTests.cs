using System.Text;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Tests.Mime;

public sealed class LineEndsTests
{
    [Theory]
    [InlineData("a\r\nb\n", "a\nb\n")]
    [InlineData("a\rb\r", "a\nb\n")]
    [InlineData("\r\r\n\0\r\0\n", "\n\n\n\n")]
    [InlineData("grün\r\n", "grün\n")]
    [InlineData("", "")]
    public void Lines_end_with_LF_and_NUL_is_gone(string sent, string expected)
    {
        // The first is read as it stands, the second by way of the charset's decoder.
        Assert.Equal(expected, LineEnds.Decode(Encoding.UTF8.GetBytes(sent), "utf-8", out _));
        Assert.Equal(expected, LineEnds.Decode(Encoding.Latin1.GetBytes(sent), "iso-8859-1", out _));
    }

    [Fact]
    public void Long_text_is_the_same()
    {
        var text = string.Concat(Enumerable.Repeat("0123456789abcdef\r\n", 5000));
        Assert.Equal(text.Replace("\r", "", StringComparison.Ordinal), LineEnds.Decode(Encoding.UTF8.GetBytes(text), "utf-8", out _));
    }
}
