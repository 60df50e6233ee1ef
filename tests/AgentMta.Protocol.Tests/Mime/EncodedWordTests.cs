using System.Text;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Tests.Mime;

public sealed class EncodedWordTests
{
    [Theory]
    [InlineData("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße")]
    [InlineData("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße")]
    [InlineData("=?utf-8?q?a?= =?utf-8?q?b?=", "ab")]
    [InlineData("=?utf-8?q?a?=  \t =?utf-8?q?b?= c", "ab c")]
    [InlineData("x =?utf-8?q?a?= y", "x a y")]
    [InlineData("=?iso-8859-1*en?Q?a=E4_b?=", "aä b")]
    [InlineData("=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü")]
    [InlineData("=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€")]
    [InlineData("=?utf-8?Q?no end", "no end")]
    [InlineData("=?utf-8?Q?one =?utf-8?Q?two?=", "onetwo")]
    [InlineData("=?x-what?Q?=C3=BC?=", "ü")]
    [InlineData("=?x-what?Q?=FC?=", "ü")]
    [InlineData("=?utf-8?X?a?=", "=?utf-8?X?a?=")]
    [InlineData("=?? =?", "=?? =?")]
    [InlineData("=?utf-8?Q?a=0D=0Ab=00c?=", "a  bc")]
    [InlineData("=?utf-8?Q?a b?=", "a b")]
    [InlineData("=?utf-8?B?YQ?=", "a")]
    [InlineData("=?utf-8?B?Y\u00fcQ==?=", "a")]
    [InlineData("pre=?utf-8?q?a?=post", "preapost")]
    [InlineData("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本")]
    [InlineData("=?gb2312?B?xOO6ww==?=", "你好")]
    [InlineData("=?ks_c_5601-1987?B?vsiz5w==?=", "안녕")]
    [InlineData("=?koi8-r?B?8NLJ18XU?=", "Привет")]
    [InlineData("=?utf-7?Q?+AOQ-?=", "ä")]
    [InlineData("=?utf-8?q??=", "")]
    public void Words_are_read_as_they_are_sent(string text, string expected) => Assert.Equal(expected, EncodedWordDecoder.Decode(text));

    [Fact]
    public void Text_without_words_is_the_same_object()
    {
        const string text = "nothing = to ? decode";
        Assert.Same(text, EncodedWordDecoder.Decode(text));
    }

    [Fact]
    public void Many_words_without_an_end_take_linear_time()
    {
        var text = string.Concat(Enumerable.Repeat("=?a?q?x", 100_000)) + "?=";
        Assert.NotEmpty(EncodedWordDecoder.Decode(text));
        Assert.NotEmpty(EncodedWordDecoder.Decode(string.Concat(Enumerable.Repeat("=?", 300_000))));
    }

    [Theory]
    [InlineData("plain words", "plain words")]
    [InlineData("=?not encoded", "=?utf-8?q?=3D=3Fnot_encoded?=")]
    [InlineData("Grüße", "=?utf-8?b?R3LDvMOfZQ==?=")]
    [InlineData("Grüße an alle Freunde", "=?utf-8?q?Gr=C3=BC=C3=9Fe_an_alle_Freunde?=")]
    public void Words_are_written_only_where_needed(string text, string expected) => Assert.Equal(expected, EncodedWordWriter.Text(text));

    [Fact]
    public void No_written_word_is_longer_than_75_and_none_splits_a_character()
    {
        var text = string.Concat(Enumerable.Repeat("日本語😀ü", 40));
        var words = EncodedWordWriter.Text(text).Split(' ');
        Assert.All(words, w => Assert.True(w.Length <= 75));
        Assert.All(words, w => Assert.DoesNotContain('\uFFFD', EncodedWordDecoder.Decode(w)));
        Assert.Equal(text, EncodedWordDecoder.Decode(string.Join(' ', words)));
    }

    [Fact]
    public void Raw_8_bit_values_are_utf8_or_the_habit_or_windows_1252()
    {
        Assert.Equal("ü", HeaderText.Decode("\u00fc"u8));
        Assert.Equal("ü", HeaderText.Decode([0xFC]));
        Assert.Equal("Э", HeaderText.Decode([0xFC], CharsetDecoder.Find("koi8-r")));
        Assert.Equal("日本", HeaderText.Decode(Encoding.ASCII.GetBytes("\u001b$BF|K\\\u001b(B")));
    }

    [Theory]
    [InlineData(" a\r\n b", "a b")]
    [InlineData("a\n\tb\r\n\t\tc\r\n", "a b c")]
    [InlineData("a\0b", "ab")]
    [InlineData("a\rb", "a b")]
    [InlineData("\t", "")]
    public void Unfolding_leaves_one_line(string raw, string expected) => Assert.Equal(expected, HeaderText.Unfold(Encoding.UTF8.GetBytes(raw)));
}
