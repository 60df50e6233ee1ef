using System.Collections.Frozen;
using System.Text;
using AngleSharp.Dom;

namespace AgentMta.Protocol.Replies;

/// <summary>The lines of a page as a person sees them, each with the nodes that it is made of, so that the rules for text also serve HTML.</summary>
internal sealed class HtmlLines
{
    private const int MaxLineText = 4000;

    private static readonly FrozenSet<string> Skipped = Set("head script style title template object");
    private static readonly FrozenSet<string> Blocks = Set("address article aside blockquote body center dd details div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul");
    private static readonly FrozenSet<string> Paragraphs = Set("p blockquote table ul ol pre hr h1 h2 h3");

    private readonly StringBuilder _text = new();
    private readonly List<INode> _nodes = [];
    private LineMark _marks;
    private LineMark _pendingHistory;
    private int _quoteDepth;
    private int _lineDepth;
    private bool _hasPicture;

    public List<ReplyLine> Lines { get; } = [];

    /// <summary>The nodes of each line: texts, breaks, pictures, rules.</summary>
    public List<INode[]> Nodes { get; } = [];

    /// <summary>For a text of several lines, the nodes that stand for it.</summary>
    public Dictionary<INode, INode[]> Split { get; } = [];

    public static HtmlLines Of(IElement body)
    {
        var lines = new HtmlLines();
        lines.Walk(body);
        lines.EndLine(force: false);
        return lines;
    }

    private static FrozenSet<string> Set(string names) => names.Split(' ').ToFrozenSet(StringComparer.Ordinal);

    private sealed class Frame(IElement element, LineMark marks, bool isQuote, bool isPre)
    {
        private int _next;

        public IElement Element { get; } = element;
        public LineMark Marks { get; } = marks;
        public bool IsQuote { get; } = isQuote;
        public bool IsPre { get; } = isPre;

        public INode? Next() => _next < Element.ChildNodes.Length ? Element.ChildNodes[_next++] : null;
    }

    private void Walk(IElement body)
    {
        var stack = new Stack<Frame>();
        stack.Push(new Frame(body, LineMark.None, false, false));
        while (stack.TryPeek(out var frame))
        {
            switch (frame.Next())
            {
                case null:
                    stack.Pop();
                    Close(frame);
                    break;
                case IText text when frame.IsPre && text.Data.Contains('\n', StringComparison.Ordinal):
                    SplitText(text, frame.Marks);
                    break;
                case IText text:
                    Take(text, text.Data, frame.Marks);
                    break;
                case IElement element when !Skipped.Contains(element.LocalName):
                    Open(element, frame, stack);
                    break;
            }
        }
    }

    private void Open(IElement element, Frame parent, Stack<Frame> stack)
    {
        var own = HtmlReplyMarks.Of(element);
        switch (element.LocalName)
        {
            case "br":
                _nodes.Add(element);
                EndLine(force: true);
                return;
            case "img":
                _hasPicture = true;
                _lineDepth = _quoteDepth;
                _nodes.Add(element);
                return;
            case "td" or "th":
                _text.Append(' ');
                break;
        }

        if (Blocks.Contains(element.LocalName))
            EndLine(force: false);
        _pendingHistory |= own & LineMark.History;
        if (element.LocalName == "hr")
        {
            _nodes.Add(element);
            _text.Append("----------");
            _lineDepth = _quoteDepth;
            EndLine(force: true);
            return;
        }

        if (Paragraphs.Contains(element.LocalName))
            Blank();
        var isQuote = HtmlReplyMarks.IsQuote(element);
        _quoteDepth += isQuote ? 1 : 0;
        var isPre = parent.IsPre || element.LocalName == "pre" || element.GetAttribute("style")?.Contains("pre-wrap", StringComparison.OrdinalIgnoreCase) == true;
        stack.Push(new Frame(element, parent.Marks | (own & ~LineMark.History), isQuote, isPre));
    }

    private void Close(Frame frame)
    {
        if (Blocks.Contains(frame.Element.LocalName))
            EndLine(force: false);
        if (Paragraphs.Contains(frame.Element.LocalName))
            Blank();
        _quoteDepth -= frame.IsQuote ? 1 : 0;
    }

    /// <summary>
    /// A text of several lines becomes a text node a line. They stay out of the tree: to put one in searches its parent's list, which is quadratic over a long text,
    /// and the walk would come upon them once more.
    /// </summary>
    private void SplitText(IText text, LineMark marks)
    {
        var lines = text.Data.Split('\n');
        var nodes = new INode[lines.Length];
        for (var i = 0; i < lines.Length; i++)
        {
            var isLast = i == lines.Length - 1;
            var node = text.Owner!.CreateTextNode(isLast ? lines[i] : lines[i] + "\n");
            nodes[i] = node;
            Take(node, lines[i], marks);
            if (!isLast)
                EndLine(force: true);
        }

        Split.Add(text, nodes);
    }

    private void Take(IText node, string data, LineMark marks)
    {
        _nodes.Add(node);
        if (string.IsNullOrWhiteSpace(data))
        {
            _text.Append(' ');
            return;
        }

        if (_text.Length < MaxLineText)
            _text.Append(data.Length <= MaxLineText ? data : data.AsSpan(0, MaxLineText));
        _marks |= marks | _pendingHistory;
        _pendingHistory = LineMark.None;
        _lineDepth = _quoteDepth;
    }

    private void EndLine(bool force)
    {
        var text = Squash();
        if (text.Length == 0 && !_hasPicture && !force)
        {
            // White space between blocks is no line; its nodes go with the line before.
            if (_nodes.Count > 0 && Nodes.Count > 0 && _text.Length == 0)
                Nodes[^1] = [.. Nodes[^1], .. _nodes];
        }
        else
        {
            var line = ReplyLine.FromText(text.Length == 0 && _hasPicture ? "[image]" : text);
            Lines.Add(new ReplyLine { Text = line.Text, Content = line.Content, Depth = text.Length == 0 && !_hasPicture ? 0 : line.Depth + _lineDepth, Mark = _marks, IsMarkedByCharacter = line.Depth > 0 });
            Nodes.Add([.. _nodes]);
        }

        _nodes.Clear();
        _text.Clear();
        _marks = LineMark.None;
        _hasPicture = false;
    }

    private void Blank()
    {
        if (Lines.Count == 0 || Lines[^1].IsBlank)
            return;
        Lines.Add(ReplyLine.FromText(""));
        Nodes.Add([]);
    }

    private string Squash()
    {
        var squashed = new StringBuilder(_text.Length);
        foreach (var chunk in _text.GetChunks())
        {
            foreach (var c in chunk.Span)
            {
                if (!char.IsWhiteSpace(c))
                    squashed.Append(c);
                else if (squashed.Length > 0 && squashed[^1] != ' ')
                    squashed.Append(' ');
            }
        }

        // The delimiter's own space counts.
        var text = squashed.ToString();
        return text is "-- " ? text : text.TrimEnd();
    }
}
