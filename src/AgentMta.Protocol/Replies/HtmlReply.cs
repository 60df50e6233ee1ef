using AgentMta.Protocol.Html;
using AngleSharp.Dom;

namespace AgentMta.Protocol.Replies;

/// <summary>Cuts history and signature out of a page: its lines are judged as text is, then the nodes of the cut ones and what holds nothing else are removed.</summary>
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
        if (!cut)
            return html;
        Remove(page, visible);
        return body.InnerHtml;
    }

    /// <summary>Blank lines before the first and after the last words go.</summary>
    private static void HideEnds(List<ReplyLine> lines, bool[] visible)
    {
        for (var i = 0; i < visible.Length && (!visible[i] || lines[i].IsBlank); i++)
            visible[i] = false;
        for (var i = visible.Length - 1; i >= 0 && (!visible[i] || lines[i].IsBlank); i--)
            visible[i] = false;
    }

    private static void Remove(HtmlLines page, bool[] visible)
    {
        var candidates = new HashSet<INode>();
        for (var i = 0; i < visible.Length; i++)
        {
            if (visible[i])
                continue;
            foreach (var node in page.Nodes[i])
            {
                if (node.Parent is { } parent)
                {
                    candidates.Add(parent);
                    Clear(node);
                }
            }
        }

        Prune(candidates);
    }

    // Emptied and not removed: removing a node searches its parent's list, which is quadratic over a long page.
    private static void Clear(INode node)
    {
        if (node is IText text)
            text.Data = "";
        else
            node.Parent!.RemoveChild(node);
    }

    /// <summary>Removes elements that the cut left without words or pictures, from the inside out.</summary>
    private static void Prune(HashSet<INode> candidates)
    {
        var queue = new Queue<INode>(candidates);
        while (queue.TryDequeue(out var node))
        {
            if (node is not IElement element || element.LocalName is "body" or "td" or "th" || node.Parent is not { } parent || HasContent(element))
                continue;
            parent.RemoveChild(node);
            if (candidates.Add(parent) || parent is IElement)
                queue.Enqueue(parent);
        }
    }

    private static bool HasContent(IElement element)
    {
        foreach (var child in element.ChildNodes)
        {
            if (child is IElement inner ? inner.LocalName is not ("style" or "script" or "o:p" or "wbr") : child is IText text && !string.IsNullOrWhiteSpace(text.Data))
                return true;
        }

        return false;
    }
}
