using AgentMta.Protocol.Html;
using AngleSharp.Dom;

namespace AgentMta.Protocol.Replies;

/// <summary>Cuts history and signature out of a page: its lines are judged as text is, then the page is written again without the nodes of the cut ones and what holds nothing else.</summary>
internal static class HtmlReply
{
    public static string Visible(string html, bool isForward)
    {
        if (isForward)
            return html;
        using var document = HtmlTree.Parse(html, out _);
        if (document.Body is not { } body)
            return html;
        var page = HtmlLines.Of(body);
        var visible = ReplyReader.Visible(page.Lines, false);
        HideEnds(page.Lines, visible);
        var cut = false;
        for (var i = 0; i < visible.Length; i++)
            cut |= !visible[i] && !page.Lines[i].IsBlank;
        return cut ? HtmlCopy.Without(body, Removed(page, visible), page.Split) : html;
    }

    /// <summary>Blank lines before the first and after the last words go.</summary>
    private static void HideEnds(List<ReplyLine> lines, bool[] visible)
    {
        for (var i = 0; i < visible.Length && (!visible[i] || lines[i].IsBlank); i++)
            visible[i] = false;
        for (var i = visible.Length - 1; i >= 0 && (!visible[i] || lines[i].IsBlank); i--)
            visible[i] = false;
    }

    private static HashSet<INode> Removed(HtmlLines page, bool[] visible)
    {
        var removed = new HashSet<INode>();
        for (var i = 0; i < visible.Length; i++)
        {
            if (!visible[i])
                removed.UnionWith(page.Nodes[i]);
        }

        return removed;
    }
}
