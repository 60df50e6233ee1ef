using AgentMta.Protocol.Html;
using AgentMta.Protocol.Tests.Support;

namespace AgentMta.Protocol.Tests.Html;

public sealed class HostileHtmlTests
{
    private static readonly string[] Pieces =
    [
        "<div>", "</div>", "<b>", "</b>", "<p>", "<table>", "<td>", "</table>", "<a href=x>", "</a>", "<style>", "</style>", "p{color:red}", "<!--", "-->", "<script>", "</script>",
        "<p style='", "display:none", "font-size:", "0'>", "\"", "'", ">", "<", "&", "&#", "&#x110000;", "\0", "\u200B", "\uD83D", "<li>", "<ul>", "<blockquote>", "x", " ", "\n",
        "<svg>", "<template>", "<textarea>", "<title>", "<select>", "<frameset>", "<body bgcolor=", "#", "@media all{", "}", "{", "<img alt=", "<br>", "<h1>", "<form>", "<nobr>", "<button>",
    ];

    [Theory]
    [InlineData("<div>")]
    [InlineData("<b><p>")]
    [InlineData("<font><p>x")]
    [InlineData("<b><i><u><s><div></b></i></u></s>")]
    [InlineData("<table><tr><td>")]
    [InlineData("<table>x<br>")]
    [InlineData("<ul><li>")]
    [InlineData("<blockquote>x")]
    [InlineData("<span><div></span>")]
    [InlineData("<style>@media all{")]
    [InlineData("<!--")]
    [InlineData("<template>")]
    public void Nesting_and_unclosed_elements_cost_linear_time(string piece)
    {
        var html = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));
        HtmlText.Extract(html);
        HtmlSanitizer.Sanitize(html);
    }

    [Theory]
    [InlineData("<b><i><a><p>\r\n")]
    [InlineData("<font><p>x")]
    [InlineData("<td>x")]
    [InlineData("x<br>")]
    [InlineData("<!---->")]
    [InlineData("<?>")]
    [InlineData("<p a b c d e f g h i j k l m n o>")]
    [InlineData("<style>x</style>")]
    [InlineData("<textarea><div>")]
    [InlineData("<title><b>x</title>")]
    public void The_tree_of_a_page_stays_small_whatever_the_page_repeats(string piece)
    {
        var html = string.Concat(Enumerable.Repeat(piece, HtmlBounds.MaxCharacters / piece.Length));

        using var document = HtmlTree.Parse(html, out _);

        var (nodes, attributes, open) = (0, 0, new Stack<AngleSharp.Dom.INode>([document]));
        while (open.TryPop(out var node))
        {
            nodes++;
            attributes += (node as AngleSharp.Dom.IElement)?.Attributes.Length ?? 0;
            foreach (var child in node.ChildNodes)
                open.Push(child);
        }

        Assert.InRange(nodes, 1, 350_000);
        Assert.InRange(attributes, 0, 500_000);
    }

    [Fact]
    public void Text_behind_too_many_tags_is_read_without_its_layout_and_says_so()
    {
        var result = HtmlText.Extract(string.Concat(Enumerable.Repeat("<i>x</i> ", 200_000)) + "<p>one</p><style>p{}</style><p>two <b>words</b></p>");

        Assert.Contains("one\n", result.Text, StringComparison.Ordinal);
        Assert.Contains("two words", result.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("p{}", result.Text, StringComparison.Ordinal);
        Assert.EndsWith("[The layout of the rest of this message is left out: it has too many tags.]", result.Text, StringComparison.Ordinal);
        Assert.Contains(result.Hidden, h => h.Where == "not looked through");
    }

    [Fact]
    public void Text_in_dropped_depth_is_still_read()
    {
        var html = string.Concat(Enumerable.Repeat("<div>", 5000)) + "deep" + string.Concat(Enumerable.Repeat("</div>", 5000)) + "<p>after</p>";
        Assert.Equal(["deep", "after"], HtmlText.Extract(html).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_page_beyond_the_size_is_cut_and_says_so()
    {
        var result = HtmlText.Extract("<p>start</p>" + new string('x', HtmlBounds.MaxCharacters));
        Assert.StartsWith("start", result.Text, StringComparison.Ordinal);
        Assert.EndsWith("[The rest of this message is left out: it is too long.]", result.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Hidden_text_is_bounded()
    {
        var hidden = HtmlText.Extract(string.Concat(Enumerable.Repeat("<p hidden>x y z</p>a", 20_000))).Hidden;
        Assert.True(hidden.Count <= HiddenTextList.MaxEntries && hidden.Sum(h => h.Text.Length) <= HiddenTextList.MaxCharacters);
    }

    [Fact]
    public void Random_markup_never_throws()
    {
        var random = FuzzRounds.Random(4);
        for (var i = 0; i < FuzzRounds.Of(500); i++)
        {
            var html = string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            HtmlText.Extract(html);
            var safe = HtmlSanitizer.Sanitize(html);
            Assert.DoesNotContain("<script", safe, StringComparison.OrdinalIgnoreCase);
        }
    }
}
