using System.Text;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Tests.Mime;

public sealed class CharsetDecoderTests
{
    [Theory]
    [InlineData("utf-8", "C3BC", "ü")]
    [InlineData("UTF8", "C3BC", "ü")]
    [InlineData("iso-8859-1", "FC93", "ü“")]
    [InlineData("latin1", "FC", "ü")]
    [InlineData("windows-1252", "80", "€")]
    [InlineData("iso-8859-15", "A4", "€")]
    [InlineData("iso-8859-2", "B1", "ą")]
    [InlineData("windows-1251", "CFF0", "Пр")]
    [InlineData("koi8-r", "F0D2", "Пр")]
    [InlineData("iso-2022-jp", "1B2442467C4B5C1B2842", "日本")]
    [InlineData("shift_jis", "93FA967B", "日本")]
    [InlineData("euc-jp", "C6FCCBDC", "日本")]
    [InlineData("gb2312", "C4E3BAC3", "你好")]
    [InlineData("gb18030", "8139EF30", "\u3401")]
    [InlineData("hz-gb-2312", "7E7B44633A437E7D", "你好")]
    [InlineData("big5", "A741A66E", "你好")]
    [InlineData("euc-kr", "BEC8B3E7", "안녕")]
    [InlineData("ks_c_5601-1987", "BEC8B3E7", "안녕")]
    [InlineData("iso-2022-kr", "1B2429430E3E4833670F", "안녕")]
    [InlineData("tis-620", "A1", "ก")]
    [InlineData("iso-8859-8-i", "E0", "א")]
    [InlineData("macintosh", "8A", "ä")]
    [InlineData("utf-16", "00E40062", "äb")]
    [InlineData("utf-16", "E4006200", "äb")]
    [InlineData("utf-16", "FFFEE400", "ä")]
    [InlineData("utf-16be", "00E4", "ä")]
    [InlineData("utf-16le", "E400", "ä")]
    [InlineData("utf-32", "000000E4", "ä")]
    [InlineData("utf-7", "2B4150772D", "ü")]
    [InlineData("utf-7", "2B2D", "+")]
    [InlineData("us-ascii", "C3BC", "ü")]
    [InlineData("us-ascii", "FC", "ü")]
    [InlineData("", "FC", "ü")]
    [InlineData("x-unknown", "C3BC", "ü")]
    [InlineData("no-such-charset", "FC", "ü")]
    [InlineData("utf-8", "FC", "ü")]
    [InlineData("utf-8", "C3BCFC", "ü\uFFFD")]
    [InlineData("utf-8", "EFBBBF61", "a")]
    [InlineData("us-ascii", "FEFF00E4", "ä")]
    [InlineData("\"utf-8\"", "C3BC", "ü")]
    [InlineData("cp1252", "80", "€")]
    [InlineData("charset=utf-8", "C3BC", "ü")]
    public void Names_and_misnomers_are_read(string charset, string hex, string expected) =>
        Assert.Equal(expected, CharsetDecoder.Decode(Convert.FromHexString(hex), charset, out _));

    [Fact]
    public void Whether_the_label_was_of_use_is_told()
    {
        CharsetDecoder.Decode([0xFC], "no-such-charset", out var unknown);
        CharsetDecoder.Decode([0xFC], "us-ascii", out var bad);
        CharsetDecoder.Decode([0xC3, 0xBC], "utf-8", out var good);
        Assert.Equal((MimeDefects.UnknownCharset, MimeDefects.BadCharset, MimeDefects.None), (unknown, bad, good));
    }

    [Fact]
    public void No_charset_yields_a_lone_surrogate()
    {
        var random = new Random(3);
        var bytes = new byte[2000];
        foreach (var name in (string[])["utf-8", "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-7", "gb18030", "iso-2022-jp", "iso-2022-kr", "hz-gb-2312", "big5", "euc-jp", "shift_jis", "euc-kr", "windows-1252", "koi8-u", "x-none", "cp037"])
        {
            for (var i = 0; i < 20; i++)
            {
                random.NextBytes(bytes);
                var text = CharsetDecoder.Decode(bytes, name, out _);
                Assert.Equal(text, string.Concat(text.EnumerateRunes().Select(r => r.ToString())));
            }
        }
    }
}
