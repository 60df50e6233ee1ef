namespace AgentMta.Protocol.Replies;

/// <summary>
/// Decides which lines of a body its author wrote. In one pass: what introduces or is a quotation, a headline or header block above older mail, a signature;
/// then what may go. When in doubt a line stays: an agent that reads a quotation twice errs less than one that never sees an answer.
/// </summary>
internal sealed class ReplyReader
{
    private const int MaxBareSignature = 25;

    private enum Part : byte
    {
        Body,
        Blank,
        Attribution,
        Quote,
        Signature,
        History,
    }

    private readonly IReadOnlyList<ReplyLine> _lines;
    private readonly Part[] _parts;

    private ReplyReader(IReadOnlyList<ReplyLine> lines)
    {
        _lines = lines;
        _parts = new Part[lines.Count];
    }

    /// <summary>For each line whether it is part of the visible reply.</summary>
    public static bool[] Visible(IReadOnlyList<ReplyLine> lines, bool isForward)
    {
        if (isForward)
            return All(lines.Count);
        var reader = new ReplyReader(lines);
        if (!reader.Classify())
            return All(lines.Count);
        return reader.Decide();
    }

    private static bool[] All(int count)
    {
        var all = new bool[count];
        Array.Fill(all, true);
        return all;
    }

    /// <summary>Names each line's part; false where the message is to be left whole (a forward, a bounce).</summary>
    private bool Classify()
    {
        var hasBody = false;
        var inFence = false;
        var isFirst = true;
        for (var i = 0; i < _lines.Count;)
        {
            var line = _lines[i];
            if (line.Depth == 0 && line.Content.StartsWith("```", StringComparison.Ordinal))
                inFence = !inFence && HasFenceAfter(i);
            if (line.IsBlank)
                _parts[i++] = Part.Blank;
            else if (inFence)
                i = Body(i, ref hasBody);
            else if (IsWholeMessage(i, isFirst))
                return false;
            else if ((line.Mark & LineMark.History) != 0 || SignatureReader.IsOriginalMessage(line.Content) || HeaderBlockReader.StartsAt(_lines, i))
                return hasBody ? History(i) : line.Depth > 0 && History(i);
            else if ((line.Mark & LineMark.Attribution) != 0)
                _parts[i++] = Part.Attribution;
            else if (AttributionReader.Length(_lines, i) is > 0 and var length)
                i = Attribution(i, length);
            else if (line.Depth > 0)
                i = Quote(i);
            else if ((line.Mark & LineMark.Signature) != 0)
                _parts[i++] = Part.Signature;
            else if (SignatureReader.IsSentFrom(_lines, i))
                i = SentFrom(i, hasBody);
            else if (SignatureReader.IsDelimiter(line.Text) || IsListFooter(i))
                i = Signature(i, ref hasBody);
            else
                i = Body(i, ref hasBody);
            isFirst &= i == 0 || _parts[i - 1] == Part.Blank;
        }

        return true;
    }

    private bool IsWholeMessage(int i, bool isFirst)
    {
        var line = _lines[i];
        if (SignatureReader.IsForward(line.Content) || (line.Depth == 0 && SignatureReader.IsBounceSign(line.Content)))
            return true;
        // A forward pasted with its subject first.
        return isFirst && line.Depth == 0 && SignatureReader.HasForwardPrefix(line.Content) && i + 1 < _lines.Count && HeaderBlockReader.Label(_lines[i + 1].Content, out _) is not null;
    }

    /// <summary>The footer of a mailing list: a rule, the name of the list, its addresses.</summary>
    private bool IsListFooter(int i) =>
        _lines[i].Content.Length >= 8 && SignatureReader.IsRule(_lines[i].Content) && i + 1 < _lines.Count && _lines[i + 1].Content.Length < 120 &&
        (_lines[i + 1].Content.Contains("mailing list", StringComparison.OrdinalIgnoreCase) || _lines[i + 1].Content.Contains("mailinglist", StringComparison.OrdinalIgnoreCase));

    private bool HasFenceAfter(int i)
    {
        // Within a bound: an unclosed fence guards nothing.
        for (var j = i + 1; j < _lines.Count && j < i + 400; j++)
        {
            if (_lines[j].Content.StartsWith("```", StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private int Body(int i, ref bool hasBody)
    {
        _parts[i] = Part.Body;
        hasBody = true;
        return i + 1;
    }

    /// <summary>All from here on is older mail, unless a bounce lies in it that nobody commented.</summary>
    private bool History(int from)
    {
        if (_parts.AsSpan(0, from).IndexOf(Part.Attribution) < 0)
        {
            for (var i = from; i < _lines.Count && i < from + 60; i++)
            {
                if (_lines[i].Depth == 0 && SignatureReader.IsBounceSign(_lines[i].Content) && (_lines[from].Mark & LineMark.History) == 0)
                    return false;
            }
        }

        _parts.AsSpan(from).Fill(Part.History);
        return true;
    }

    private int Attribution(int from, int length)
    {
        _parts.AsSpan(from, length).Fill(Part.Attribution);
        var next = from + length;
        var i = next;
        while (i < _lines.Count && _lines[i].IsBlank)
            i++;
        if (i < _lines.Count && (_lines[i].Depth > _lines[from].Depth || _lines[i].Depth > 0))
            return next;
        // A quotation without marks: all below is history, unless the author wrote nothing above, and so below.
        if (_parts.AsSpan(0, from).IndexOf(Part.Body) < 0 || i == _lines.Count)
            return next;
        _parts.AsSpan(next).Fill(Part.History);
        return _lines.Count;
    }

    /// <summary>A run of quoted lines with the blank ones within, and the rests of long lines that lost their mark.</summary>
    private int Quote(int from)
    {
        var i = from;
        while (i < _lines.Count)
        {
            if (_lines[i].Depth > 0)
            {
                _parts[i++] = Part.Quote;
                continue;
            }

            var next = i;
            while (next < _lines.Count && _lines[next].IsBlank)
                next++;
            var onlyBlank = next > i;
            if (!onlyBlank && _lines[i].IsMarkedByCharacter && IsRestOfLine(i))
                next = i + 1;
            if (next == i || next >= _lines.Count || _lines[next].Depth == 0)
                return i;
            _parts.AsSpan(i, next - i).Fill(onlyBlank ? Part.Blank : Part.Quote);
            i = next;
        }

        return i;
    }

    private bool IsRestOfLine(int i) => _lines[i].Content.Length < 200 && (_lines[i - 1].Text.Length > 30 || _lines[i - 1].Depth > 0) && i + 1 < _lines.Count && _lines[i + 1].Depth > 0;

    private int SentFrom(int i, bool hasBody)
    {
        _parts[i] = Part.Signature;
        if (!hasBody)
            return i + 1;
        // The phone's line ends what the author wrote; what a program put below it is older mail.
        for (var j = i + 1; j < _lines.Count; j++)
        {
            if (SignatureReader.IsForward(_lines[j].Content))
                return i + 1;
        }

        _parts.AsSpan(i).Fill(Part.History);
        return _lines.Count;
    }

    private int Signature(int from, ref bool hasBody)
    {
        var end = from + 1;
        while (end < _lines.Count && _lines[end].Depth == 0 && end - from <= MaxBareSignature + 1)
        {
            if (end > from + 1 && !_lines[end].IsBlank && (AttributionReader.Length(_lines, end) > 0 || HeaderBlockReader.StartsAt(_lines, end) || SignatureReader.IsOriginalMessage(_lines[end].Content) || SignatureReader.IsForward(_lines[end].Content)))
                break;
            end++;
        }

        // RFC 3676 4.3: with its space the delimiter is certain, else a long text below it is no signature.
        if (end - from > MaxBareSignature && _lines[from].Text != "-- ")
            return Body(from, ref hasBody);
        if (end - from > MaxBareSignature)
            end = from + 1;
        while (end < _lines.Count && _lines[from].Text == "-- " && _lines[end].Depth == 0 && end - from > MaxBareSignature)
            end++;
        _parts.AsSpan(from, end - from).Fill(Part.Signature);
        return end;
    }

    private bool[] Decide()
    {
        Disclaimers();
        var keepQuotes = KeepsQuotes();
        var visible = new bool[_lines.Count];
        // Between a program's introduction and the last answer a quotation is what is answered; below it nobody answers it.
        var lastAnswer = _parts.AsSpan().IndexOf(Part.Attribution) < 0 ? visible.Length : _parts.AsSpan().LastIndexOf(Part.Body);
        // What is quoted above the first introduction, after the author's own words, is the author's citation.
        var ownUntil = Math.Max(0, _parts.AsSpan().IndexOf(Part.Attribution));
        var ownFrom = _parts.AsSpan().IndexOf(Part.Body) is >= 0 and var body ? body : visible.Length;
        for (var i = 0; i < visible.Length; i++)
            visible[i] = _parts[i] is Part.Body or Part.Blank || (_parts[i] == Part.Quote && ((keepQuotes && i < lastAnswer) || (i > ownFrom && i < ownUntil)));
        DropRules(visible);
        return visible;
    }

    /// <summary>Whether the author answers between the quotations, or quotes without a program's introduction, so that they are part of the answer.</summary>
    private bool KeepsQuotes()
    {
        int runs = 0, lines = 0, bodiesAfter = 0;
        var hasAttribution = false;
        var bodyBefore = false;
        for (var i = 0; i < _parts.Length; i++)
        {
            hasAttribution |= _parts[i] == Part.Attribution;
            if (_parts[i] == Part.Quote)
            {
                lines++;
                var j = i - 1;
                while (j >= 0 && _parts[j] == Part.Blank)
                    j--;
                runs += j < 0 || _parts[j] != Part.Quote ? 1 : 0;
                bodiesAfter = 0;
            }
            else if (_parts[i] == Part.Body)
            {
                bodyBefore |= runs == 0;
                bodiesAfter += runs > 0 ? 1 : 0;
            }
        }

        if (runs == 0)
            return false;
        if (runs > 1)
            return !hasAttribution || bodiesAfter > 0 || HasBodyBetweenQuotes();
        if (hasAttribution || _parts.AsSpan().IndexOf(Part.History) >= 0)
            return false;
        // One quotation that nothing introduces: an example with words after it, or all there is. A single marked line is the author's.
        return (bodiesAfter > 0 && _lines[_parts.AsSpan().IndexOf(Part.Quote)].IsMarkedByCharacter) || !(bodyBefore || bodiesAfter > 0) || (lines == 1 && _lines[_parts.AsSpan().IndexOf(Part.Quote)].IsMarkedByCharacter);
    }

    private bool HasBodyBetweenQuotes()
    {
        var first = _parts.AsSpan().IndexOf(Part.Quote);
        var last = _parts.AsSpan().LastIndexOf(Part.Quote);
        return _parts.AsSpan(first, last - first).IndexOf(Part.Body) >= 0;
    }

    /// <summary>Legal text at the end, or before the quotation, is nobody's answer.</summary>
    private void Disclaimers()
    {
        for (var i = 0; i < _parts.Length; i++)
        {
            if (_parts[i] != Part.Body || (i > 0 && _parts[i - 1] == Part.Body && !SignatureReader.IsRule(_lines[i - 1].Content)) || !SignatureReader.IsDisclaimer(_lines[i].Content))
                continue;
            if (_parts.AsSpan(0, i).IndexOf(Part.Body) < 0)
                continue;
            while (i < _parts.Length && _parts[i] is Part.Body or Part.Blank)
                _parts[i++] = Part.Signature;
        }
    }

    /// <summary>Lines drawn above what was cut go with it.</summary>
    private void DropRules(bool[] visible)
    {
        for (var i = 1; i < visible.Length; i++)
        {
            if (_parts[i] is not (Part.History or Part.Attribution or Part.Signature) || visible[i])
                continue;
            for (var j = i - 1; j >= 0 && (_parts[j] == Part.Blank || (_parts[j] == Part.Body && SignatureReader.IsRule(_lines[j].Content))); j--)
                visible[j] = false;
        }
    }
}
