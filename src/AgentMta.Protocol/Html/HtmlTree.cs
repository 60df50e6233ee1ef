using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;

namespace AgentMta.Protocol.Html;

/// <summary>The one place that builds a tree from mail's HTML: bounded first, scripting off, nothing loaded.</summary>
internal static class HtmlTree
{
    public static IHtmlDocument Parse(string html, out HtmlLoss loss) => Parse(html, new HtmlBudget(), out loss);

    public static IHtmlDocument Parse(string html, HtmlBudget budget, out HtmlLoss loss)
    {
        (var bounded, loss) = HtmlBounds.Apply(html.Contains('\0', StringComparison.Ordinal) ? html.Replace("\0", "", StringComparison.Ordinal) : html, budget);
        return new HtmlParser(new HtmlParserOptions { IsScripting = false }).ParseDocument(bounded);
    }
}
