using System.Collections.Frozen;
using System.Text;

namespace AgentMta.Protocol.Html;

/// <summary>
/// Bounds what a page may cost before a tree is built from it. Mail is hostile: nesting, unclosed formatting elements and the adoption agency of
/// HTML 13.2.6.4.7 can multiply a small page into a huge tree. A page within the bounds passes unchanged but for elements that mail never shows.
/// Behind the bound on tags it is read as text: in one element, where each block begins a line, so that what follows costs no more than its characters.
/// </summary>
internal sealed class HtmlBounds
{
    public const int MaxCharacters = 5 * 1024 * 1024;
    public const int MaxDepth = 200;
    public const int MaxTags = 100_000;
    private const int MaxAttributes = 64;
    private const int MaxFormatting = 48;
    private const string TextElement = "<pre>";

    // Without them the tree builder has no foreign content, no scripts and no select mode, whose tokens differ from what is scanned here.
    private static readonly FrozenSet<string> Dropped = Set("svg math plaintext select option optgroup frameset frame");
    private static readonly FrozenSet<string> DroppedWhole = Set("script noembed noframes iframe xmp");
    private static readonly FrozenSet<string> RawText = Set("style title textarea");
    private static readonly FrozenSet<string> Void = Set("area base basefont bgsound br col embed hr img image input keygen link meta param source track wbr");
    // Closed by what follows (HTML 13.1.2.4), so that many of them in a row are not depth.
    private static readonly FrozenSet<string> Implied = Set("html head body li dt dd tr tbody thead tfoot colgroup rp rt rb rtc");
    private static readonly FrozenSet<string> Formatting = Set("a b big code em font i nobr s small strike strong tt u");
    private static readonly FrozenSet<string> ClosesParagraph = Set(
        "address article aside blockquote center details dialog dir div dl dd dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li main menu nav ol p pre section summary table ul");
    private static readonly FrozenSet<string> Scopes = Set("table td th caption object marquee applet template button");
    private static readonly FrozenSet<string> Markers = Set("td th caption object marquee applet template");

    // The names that the rules speak of, found without making a string of each tag's.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Names =
        new[] { Dropped, DroppedWhole, RawText, Void, Implied, Formatting, ClosesParagraph, Scopes, Markers }.SelectMany(n => n).ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private readonly string _html;
    private readonly HtmlBudget _budget;
    private readonly int _end;
    private readonly int _maxReconstructed;
    private readonly StringBuilder _kept = new();
    private readonly List<string> _open = [];
    private readonly List<string?> _formatting = [];
    private readonly Dictionary<string, int> _openCount = [];
    private readonly Dictionary<string, int> _droppedCount = [];
    private int _copied;
    private int _reconstructed;
    private bool _tooMuchOpen;
    private bool _textOnly;

    private HtmlBounds(string html, HtmlBudget budget)
    {
        _html = html;
        _budget = budget;
        _end = budget.TakeCharacters(html.Length);
        _maxReconstructed = 20_000 + (_end / 64);
    }

    /// <summary>The page within the bounds, and what had to be left out.</summary>
    public static (string Html, HtmlLoss Loss) Apply(string html, HtmlBudget budget)
    {
        var bounds = new HtmlBounds(html, budget);
        bounds.Scan();
        return (bounds.Finish(), bounds._end < html.Length ? HtmlLoss.End : bounds._textOnly ? HtmlLoss.Layout : HtmlLoss.None);
    }

    private static FrozenSet<string> Set(string names) => names.Split(' ').ToFrozenSet(StringComparer.Ordinal);

    private void Scan()
    {
        var at = 0;
        while (at < _end)
        {
            var open = _html.IndexOf('<', at, _end - at);
            if (open < 0 || open + 1 >= _end)
                return;
            var next = _html[open + 1];
            if (next == '!' && string.CompareOrdinal(_html, open, "<!--", 0, 4) == 0)
                at = Comment(open, CommentEnd(open + 4));
            else if (next is '!' or '?' || (next == '/' && open + 2 < _end && !char.IsAsciiLetter(_html[open + 2])))
                at = Comment(open, AfterNext('>', open + 1));
            else if (char.IsAsciiLetter(next) || (next == '/' && open + 2 < _end))
                at = Tag(open, next == '/');
            else
                at = Stray(open);
        }
    }

    private string Finish()
    {
        if (_copied == 0 && _end == _html.Length && _kept.Length == 0)
            return _html;
        return _kept.Append(_html, _copied, Math.Max(0, _end - _copied)).ToString();
    }

    // Where tags are left out, what stands around them must not become one.
    private int Stray(int open)
    {
        if (_textOnly)
            Replace(open, open + 1, "&lt;");
        return open + 1;
    }

    // A comment is a node of the tree too.
    private int Comment(int open, int end)
    {
        if (!_textOnly && !_budget.TakeTag())
            ReadAsText(open);
        if (_textOnly)
            Replace(open, end, "");
        return end;
    }

    private int AfterNext(char c, int from)
    {
        var found = _html.IndexOf(c, from, _end - from);
        return found < 0 ? _end : found + 1;
    }

    // HTML 13.2.5.43 and following: "<!-->" and "<!--->" are whole comments, "--!>" ends one.
    private int CommentEnd(int from)
    {
        if (from < _end && _html[from] == '>')
            return from + 1;
        if (from + 1 < _end && _html[from] == '-' && _html[from + 1] == '>')
            return from + 2;
        for (var at = from; at < _end;)
        {
            var dashes = _html.IndexOf("--", at, _end - at, StringComparison.Ordinal);
            if (dashes < 0)
                return _end;
            var after = dashes + 2;
            if (after < _end && _html[after] == '>')
                return after + 1;
            if (after + 1 < _end && _html[after] == '!' && _html[after + 1] == '>')
                return after + 2;
            at = dashes + 1;
        }

        return _end;
    }

    private int Tag(int open, bool isEnd)
    {
        var nameStart = open + (isEnd ? 2 : 1);
        var at = nameStart;
        while (at < _end && _html[at] is not (' ' or '\t' or '\n' or '\r' or '\f' or '/' or '>'))
            at++;
        var name = Name(nameStart, at);
        var end = AttributesEnd(at, out var cut, out var attributes);
        if (!_textOnly && (_tooMuchOpen || !_budget.TakeTag(Math.Min(attributes, MaxAttributes))))
            ReadAsText(open);
        if (DroppedWhole.Contains(name) || (_textOnly && name is "style" or "title"))
        {
            var after = isEnd ? end : RawTextEnd(name, end, true);
            Replace(open, after, "");
            return after;
        }

        if (name == "isindex" || name == "image")
            Replace(open, end, "");
        else if (_textOnly)
            Replace(open, end, name is "br" or "tr" || ClosesParagraph.Contains(name) ? "\n" : name is "td" or "th" ? " " : "");
        else if (Dropped.Contains(name))
            Replace(open, end, " ");
        else if (isEnd ? !EndTag(name) : !StartTag(name))
            Replace(open, end, ClosesParagraph.Contains(name) ? "<br>" : "");
        else if (cut > 0)
            Replace(cut, end, ">");
        return !isEnd && !_textOnly && RawText.Contains(name) ? RawTextEnd(name, end, false) : end;
    }

    private string Name(int start, int end)
    {
        if (end - start > 32)
            return "long-name";
        Span<char> lower = stackalloc char[32];
        var length = _html.AsSpan(start, end - start).ToLowerInvariant(lower);
        return Names.TryGetValue(lower[..length], out var known) ? known : new string(lower[..length]);
    }

    // From here on there are no further elements; what is open stays so, and hides what it hid.
    private void ReadAsText(int from)
    {
        _textOnly = true;
        _budget.Exceed();
        Replace(from, from, TextElement);
    }

    // HTML 13.2.5.32 to 13.2.5.39: a quote means something only after an equals sign.
    private int AttributesEnd(int at, out int cut, out int count)
    {
        cut = 0;
        count = 0;
        while (at < _end)
        {
            var c = _html[at];
            if (c == '>')
                return at + 1;
            if (IsSpace(c) || c == '/')
            {
                at++;
                continue;
            }

            if (++count == MaxAttributes)
                cut = at;
            at++;
            while (at < _end && !IsSpace(_html[at]) && _html[at] is not ('/' or '>' or '='))
                at++;
            while (at < _end && IsSpace(_html[at]))
                at++;
            if (at >= _end || _html[at] != '=')
                continue;
            at++;
            while (at < _end && IsSpace(_html[at]))
                at++;
            if (at < _end && _html[at] is '"' or '\'')
                at = AfterNext(_html[at], at + 1);
            else
                while (at < _end && !IsSpace(_html[at]) && _html[at] != '>')
                    at++;
        }

        return _end;
    }

    private int RawTextEnd(string name, int from, bool andTag)
    {
        for (var at = from; at < _end;)
        {
            var close = _html.IndexOf("</", at, _end - at, StringComparison.Ordinal);
            if (close < 0)
                return _end;
            var after = close + 2 + name.Length;
            if (after < _end && string.Compare(_html, close + 2, name, 0, name.Length, StringComparison.OrdinalIgnoreCase) == 0 && (IsSpace(_html[after]) || _html[after] is '/' or '>'))
                return andTag ? AttributesEnd(after, out _, out _) : close;
            at = close + 2;
        }

        return _end;
    }

    private bool StartTag(string name)
    {
        var isBlock = ClosesParagraph.Contains(name);
        if (isBlock)
            CloseWithin("p");
        if (name is "td" or "th" or "tr" or "tbody" or "tfoot" or "thead")
            CloseCell();
        if (isBlock || Scopes.Contains(name))
            Charge();
        if (Void.Contains(name) || Implied.Contains(name))
            return true;
        var isFormatting = Formatting.Contains(name);
        if (_open.Count >= MaxDepth || (isFormatting && FormattingSinceMarker() >= MaxFormatting))
        {
            _droppedCount[name] = _droppedCount.GetValueOrDefault(name) + 1;
            return false;
        }

        _open.Add(name);
        _openCount[name] = _openCount.GetValueOrDefault(name) + 1;
        if (isFormatting)
            _formatting.Add(name);
        else if (Markers.Contains(name))
            _formatting.Add(null);
        return true;
    }

    private bool EndTag(string name)
    {
        if (_droppedCount.TryGetValue(name, out var dropped) && dropped > 0)
        {
            _droppedCount[name] = dropped - 1;
            return false;
        }

        if (Formatting.Contains(name))
        {
            var at = _formatting.LastIndexOf(name);
            if (at >= 0 && at >= _formatting.LastIndexOf(null))
                _formatting.RemoveAt(at);
            RemoveOpen(name);
            Charge();
            return true;
        }

        if (ClosesParagraph.Contains(name) || Scopes.Contains(name))
            Charge();
        if (_openCount.GetValueOrDefault(name) == 0)
            return true;
        if (name is "table" or "template")
            PopTo(_open.LastIndexOf(name));
        else
            CloseWithin(name, ClosesParagraph.Contains(name) || Scopes.Contains(name));
        return true;
    }

    /// <summary>Closes the innermost `name`, unless a scope (or for an inline name any block) lies in between.</summary>
    private void CloseWithin(string name, bool throughBlocks = true)
    {
        if (_openCount.GetValueOrDefault(name) == 0)
            return;
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            if (_open[i] == name)
            {
                PopTo(i);
                return;
            }

            if (Scopes.Contains(_open[i]) || (!throughBlocks && ClosesParagraph.Contains(_open[i])))
                return;
        }
    }

    private void CloseCell()
    {
        for (var i = _open.Count - 1; i >= 0 && _open[i] is not ("table" or "template"); i--)
        {
            if (_open[i] is "td" or "th" or "caption")
            {
                PopTo(i);
                return;
            }
        }
    }

    private void RemoveOpen(string name)
    {
        if (_openCount.GetValueOrDefault(name) == 0)
            return;
        for (var i = _open.Count - 1; i >= 0 && !Scopes.Contains(_open[i]); i--)
        {
            if (_open[i] != name)
                continue;
            _open.RemoveAt(i);
            _openCount[name]--;
            return;
        }
    }

    private void PopTo(int index)
    {
        while (_open.Count > index)
        {
            var name = _open[^1];
            _open.RemoveAt(_open.Count - 1);
            _openCount[name]--;
            if (!Markers.Contains(name))
                continue;
            var marker = _formatting.LastIndexOf(null);
            if (marker >= 0)
                _formatting.RemoveRange(marker, _formatting.Count - marker);
        }
    }

    private int FormattingSinceMarker() => _formatting.Count - 1 - _formatting.LastIndexOf(null);

    /// <summary>Each block may make the tree builder open all open formatting elements again (HTML 13.2.4.3).</summary>
    private void Charge()
    {
        _reconstructed += FormattingSinceMarker();
        if (_reconstructed > _maxReconstructed)
            _tooMuchOpen = true;
    }

    private void Replace(int from, int to, string with)
    {
        _kept.Append(_html, _copied, from - _copied).Append(with);
        _copied = to;
    }

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\n' or '\r' or '\f';
}
