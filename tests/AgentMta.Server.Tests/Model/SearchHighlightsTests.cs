using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Model;

public sealed class SearchHighlightsTests
{
    [Theory]
    [InlineData("order", "Your Order, and the ORDER of things", "Your **Order**, and the **ORDER** of things")]
    [InlineData("cafe", "Le Café", "Le **Café**")]
    [InlineData("\"late order\"", "late late order, order late", "late **late order**, order late")]
    [InlineData("東京", "会議は東京で", "会議は**東京**で")]
    [InlineData("a b", "a b c", "**a** **b** c")]
    [InlineData("ord", "order ord", "order **ord**")]
    public void Words_are_marked_where_they_stand(string query, string text, string expected) => Assert.Equal([expected], Of(query).Values([text], names: false)!);

    [Fact]
    public void The_beginning_of_a_name_is_enough_and_only_values_with_a_find_are_shown()
    {
        Assert.Equal(["**Anna** <**anna**@x.test>"], Of("ann").Values(["Bob <bob@x.test>", "Anna <anna@x.test>"], names: true)!);
        Assert.Null(Of("ann").Values(["Anna"], names: false));
        Assert.Null(Of("\"ann\"").Values(["Anna"], names: true));
    }

    [Fact]
    public void Fragments_show_what_is_around_on_one_line_and_are_few()
    {
        var text = string.Join('\n', Enumerable.Range(0, 400).Select(i => i % 100 == 50 ? $"here is the needle number {i}" : $"hay\tand more hay {i}"));
        var fragments = Of("needle").Fragments(text)!;
        Assert.Equal(3, fragments.Count);
        Assert.All(fragments, f =>
        {
            Assert.Contains("**needle**", f, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', f);
            Assert.InRange(f.Length, 50, 260);
            Assert.StartsWith("…", f, StringComparison.Ordinal);
        });
        Assert.Null(Of("absent").Fragments(text));
    }

    [Fact]
    public void A_fragment_never_cuts_a_pair_of_surrogates()
    {
        var text = string.Concat(Enumerable.Repeat("😀", 200)) + "needle" + string.Concat(Enumerable.Repeat("😀", 200));
        var fragment = Assert.Single(Of("needle").Fragments(text)!);
        Assert.Equal(fragment, new string(fragment.EnumerateRunes().SelectMany(r => r.ToString()).ToArray()));
        Assert.DoesNotContain('\ufffd', fragment);
    }

    private static SearchHighlights Of(string query) => new(SearchBench.Query(query));
}
