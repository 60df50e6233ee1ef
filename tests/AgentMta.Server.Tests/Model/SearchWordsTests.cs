using AgentMta.Server.Model;

namespace AgentMta.Server.Tests.Model;

public sealed class SearchWordsTests
{
    // A change here needs a new script in Store/Schema/Search: the index was filled with the words of before.
    [Theory]
    [InlineData("Hello, World! 42", "hello world 42")]
    [InlineData("Café MÜNCHEN straße Łódź smørrebrød", "cafe munchen strasse lodz smorrebrod")]
    [InlineData("Ἀθῆναι Ёлка ИЙ", "αθηναι елка ии")]
    [InlineData("ΟΔΟΣ οδος", "οδοσ οδοσ")]
    [InlineData("anna.smith+tag@example.com", "anna smith tag example com")]
    [InlineData("ＦＵＬＬ ｗｉｄｔｈ １２", "full width 12")]
    [InlineData("東京都 2024年", "東 京 都 2024 年")]
    [InlineData("カタカナ がぎ", "カ タ カ ナ か\u3099 き\u3099")]
    [InlineData("회의를", "회 의 를")]
    [InlineData("ที่นี่", "ที่ นี่")]
    [InlineData("مُحَمَّد שָׁלוֹם", "محمد שלום")]
    [InlineData("हिन्दी की", "हिन्दी की")]
    [InlineData("don't naïve\u2019s", "don t naive s")]
    [InlineData("party 🎉🎉 x", "party 🎉 🎉 x")]
    [InlineData("½ ﬁn", "12 fin")]
    [InlineData("e\u0301tude \u304b\u3099 ｶﾞ", "etude \u304b\u3099 \u30ab\u3099")]
    [InlineData("\u1112\u116c\u110b\u1174", "회 의")]
    [InlineData("İstanbul ISTANBUL ıstanbul", "istanbul istanbul istanbul")]
    [InlineData("\ud800broken\udc00 \ufffd ok", "broken ok")]
    [InlineData(" .,;!\t\r\n\0 ", "")]
    public void Words_are_folded_alike_whoever_writes_them(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', SearchWords.Of(text).Select(w => w.Token)));

    [Fact]
    public void A_word_knows_where_it_stands()
    {
        const string Text = "Dear Café, 東京!";
        Assert.Equal(["Dear", "Café", "東", "京"], SearchWords.Of(Text).Select(w => Text.Substring(w.Start, w.Length)));
    }

    [Fact]
    public void Of_a_very_long_word_the_beginning_counts()
    {
        var word = Assert.Single(SearchWords.Of(new string('A', 10_000)));
        Assert.Equal(new string('a', SearchWords.MaximumLength), word.Token);
        Assert.Equal(10_000, word.Length);
        Assert.All(SearchWords.Of(string.Concat(Enumerable.Repeat("𝒜é", 500))), w => Assert.True(w.Token.Length <= SearchWords.MaximumLength));
    }

    [Fact]
    public void Not_more_words_are_cut_than_asked_for() => Assert.Equal(3, SearchWords.Of("a b c d e", 3).Count);

    [Theory]
    [InlineData("order 4711", "order|4711")]
    [InlineData("order-4711", "order 4711")]
    [InlineData("\"late order\" anna@x.test", "late order!|anna x test")]
    [InlineData("\"not closed", "not closed!")]
    [InlineData("a AND b NOT c OR d NEAR(e)", "a|and|b|not|c|or|d|near e")]
    [InlineData("same same SAME", "same")]
    [InlineData("subject:x* ^y {z} -w", "subject x|y|z|w")]
    [InlineData("“curly quotes”", "curly quotes!")]
    public void A_query_is_read_into_terms(string text, string expected)
    {
        var (query, fault) = SearchQuery.Read(text);
        Assert.Null(fault);
        Assert.Equal(expected, string.Join('|', query!.Terms.Select(t => string.Join(' ', t.Words) + (t.Exact ? "!" : ""))));
    }

    [Theory]
    [InlineData("", "no word")]
    [InlineData("*** \"\" ()", "no word")]
    public void A_query_without_a_word_is_told_so(string text, string fault) => Assert.Contains(fault, SearchQuery.Read(text).Fault, StringComparison.Ordinal);

    [Fact]
    public void A_query_is_bounded_in_length_and_words()
    {
        Assert.Contains("at most 500", SearchQuery.Read(new string('x', 501)).Fault, StringComparison.Ordinal);
        Assert.Contains("40 words; at most 32", SearchQuery.Read(string.Join(' ', Enumerable.Range(0, 40))).Fault, StringComparison.Ordinal);
        Assert.Contains("at most 32", SearchQuery.Read(new string('東', 33)).Fault, StringComparison.Ordinal);
        Assert.Equal(32, SearchQuery.Read(string.Join(' ', Enumerable.Range(0, 32))).Query!.Terms.Count);
    }
}
