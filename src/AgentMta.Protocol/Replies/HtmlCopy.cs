using System.Collections.Frozen;
using System.Text;
using AngleSharp.Dom;

namespace AgentMta.Protocol.Replies;

/// <summary>Writes a page without some of its nodes. The tree is left alone: taking a node out of it searches its parent's list, which is quadratic over a long page.</summary>
internal static class HtmlCopy
{
    private static readonly FrozenSet<string> Void = "area base basefont bgsound br col embed hr img input keygen link meta param source track wbr".Split(' ').ToFrozenSet(StringComparer.Ordinal);
    private static readonly FrozenSet<string> Raw = "style script xmp iframe noembed noframes plaintext".Split(' ').ToFrozenSet(StringComparer.Ordinal);
    private static readonly FrozenSet<string> Nothing = "style script o:p wbr".Split(' ').ToFrozenSet(StringComparer.Ordinal);

    private sealed class Frame(INode node, IReadOnlyDictionary<INode, INode[]> split)
    {
        private int _next;
        private INode[]? _parts;
        private int _nextPart;

        public INode Node { get; } = node;
        public bool LostSomething { get; set; }
        public bool HoldsSomething { get; set; }

        /// <summary>The next child; of a text that was split, the next of its parts.</summary>
        public INode? Next()
        {
            if (_nextPart < _parts?.Length)
                return _parts[_nextPart++];
            if (_next >= Node.ChildNodes.Length)
                return null;
            var child = Node.ChildNodes[_next++];
            if (!split.TryGetValue(child, out _parts))
                return child;
            _nextPart = 1;
            return _parts[0];
        }
    }

    /// <summary>The content of the element without `removed`, and without elements that hold nothing else; `split` has the nodes that stand for a text.</summary>
    public static string Without(IElement root, HashSet<INode> removed, IReadOnlyDictionary<INode, INode[]> split)
    {
        AddEmptied(root, removed, split);
        var html = new StringBuilder();
        var stack = new Stack<Frame>();
        stack.Push(new Frame(root, split));
        while (stack.TryPeek(out var frame))
        {
            switch (frame.Next())
            {
                case null:
                    stack.Pop();
                    if (stack.Count > 0)
                        html.Append("</").Append(((IElement)frame.Node).LocalName).Append('>');
                    break;
                case { } gone when removed.Contains(gone):
                    break;
                case IText text:
                    if (Raw.Contains(((frame.Node as IElement)?.LocalName) ?? ""))
                        html.Append(text.Data);
                    else
                        Escape(html, text.Data, isAttribute: false);
                    break;
                case IComment comment:
                    html.Append("<!--").Append(comment.Data).Append("-->");
                    break;
                case IElement element:
                    Open(html, element);
                    if (!Void.Contains(element.LocalName))
                        stack.Push(new Frame(element, split));
                    break;
            }
        }

        return html.ToString();
    }

    /// <summary>One walk, inner elements first.</summary>
    private static void AddEmptied(IElement root, HashSet<INode> removed, IReadOnlyDictionary<INode, INode[]> split)
    {
        var stack = new Stack<Frame>();
        stack.Push(new Frame(root, split));
        while (stack.TryPeek(out var frame))
        {
            var child = frame.Next();
            if (child is null)
            {
                stack.Pop();
                if (!stack.TryPeek(out var parent))
                    return;
                var isCell = frame.Node is IElement { LocalName: "td" or "th" };
                if (frame.LostSomething && !frame.HoldsSomething && !isCell)
                    removed.Add(frame.Node);
                else
                    parent.HoldsSomething |= frame.HoldsSomething || isCell;
                parent.LostSomething |= frame.LostSomething;
            }
            else if (removed.Contains(child))
            {
                frame.LostSomething = true;
            }
            else if (child is IElement element)
            {
                if (Void.Contains(element.LocalName))
                    frame.HoldsSomething |= !Nothing.Contains(element.LocalName);
                else if (!Nothing.Contains(element.LocalName))
                    stack.Push(new Frame(element, split));
            }
            else if (child is IText text)
            {
                frame.HoldsSomething |= !string.IsNullOrWhiteSpace(text.Data);
            }
        }
    }

    private static void Open(StringBuilder html, IElement element)
    {
        html.Append('<').Append(element.LocalName);
        foreach (var attribute in element.Attributes)
        {
            html.Append(' ').Append(attribute.Name).Append("=\"");
            Escape(html, attribute.Value, isAttribute: true);
            html.Append('"');
        }

        html.Append('>');
        // The parser drops the first line break of these.
        if (element.LocalName is "pre" or "textarea" or "listing" && element.FirstChild is IText { Data: ['\n', ..] })
            html.Append('\n');
    }

    // HTML 13.3: what a text or an attribute escapes.
    private static void Escape(StringBuilder html, string text, bool isAttribute)
    {
        foreach (var c in text)
        {
            _ = c switch
            {
                '&' => html.Append("&amp;"),
                '\u00A0' => html.Append("&nbsp;"),
                '"' when isAttribute => html.Append("&quot;"),
                '<' => html.Append("&lt;"),
                '>' => html.Append("&gt;"),
                _ => html.Append(c),
            };
        }
    }
}
