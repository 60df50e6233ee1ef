namespace AgentMta.Protocol.Mime;

/// <summary>Walks the raw bytes once and notes where each part's header and body lie.</summary>
internal sealed class MimeParser(ReadOnlyMemory<byte> source, MimeLimits limits)
{
    private const int GuessWindow = 64 * 1024;

    private readonly BoundaryStack _boundaries = new();
    private byte _newline = (byte)'\n';
    private int _headerBudget = limits.MaxHeaderBytes;
    private int _parts;
    private MimeDefects _defects;

    /// <summary>The delimiter that ended a part: <see cref="Level"/> -1 stands for the end of the message.</summary>
    private readonly record struct End(int Level, bool Closes, int LineStart, int LineEnd);

    public MimeMessage Parse()
    {
        var raw = source.Span;
        if (raw.IndexOf((byte)'\n') < 0 && raw.Contains((byte)'\r'))
        {
            _newline = (byte)'\r';
            _defects |= MimeDefects.BareCarriageReturns;
        }

        var root = ParsePart(null, 0, depth: 0, PartDefault.Text, out _);
        return new MimeMessage(source, root, _parts, _defects | root.Headers.Defects);
    }

    // A part's header, then
    //   no multipart:  everything up to the next delimiter of any open multipart
    //   a multipart:   preamble, delimiter, part, delimiter, part ... closing delimiter, epilogue
    // Each call returns the delimiter that ended its part, which may belong to an outer multipart.
    private MimePart ParsePart(MimePart? parent, int start, int depth, PartDefault byDefault, out End end)
    {
        _parts++;
        var headers = HeaderScanner.Scan(source, start, _headerBudget, _newline, _boundaries);
        _headerBudget -= Math.Min(_headerBudget, headers.BodyOffset - start);
        _defects |= headers.Defects;
        var part = new MimePart(source, parent, headers, byDefault);
        var boundary = Descends(part, depth, headers.BodyOffset);
        if (boundary is null)
        {
            end = NextDelimiter(headers.BodyOffset);
            part.SetBody(headers.BodyOffset, ContentEnd(headers.BodyOffset, end.LineStart));
            return part;
        }

        part.MarkMultipart();
        var level = _boundaries.Count;
        _boundaries.Push(boundary);
        end = NextDelimiter(headers.BodyOffset);
        if (end.Level != level && Guess(headers.BodyOffset, end.LineStart) is { } seen)
        {
            _defects |= MimeDefects.BoundaryNeverSeen;
            _boundaries.Pop();
            _boundaries.Push(seen);
            end = NextDelimiter(headers.BodyOffset);
        }

        var childDefault = part.ContentType.IsType("multipart", "digest") ? PartDefault.Message : PartDefault.Text;
        while (end.Level == level && !end.Closes)
        {
            if (_parts >= limits.MaxParts || _headerBudget == 0)
            {
                _defects |= _headerBudget == 0 ? MimeDefects.TooMuchHeader : MimeDefects.TooManyParts;
                part.Add(Rest(part, end.LineEnd));
                end = new End(-1, true, source.Length, source.Length);
                break;
            }

            part.Add(ParsePart(part, end.LineEnd, depth + 1, childDefault, out end));
        }

        _boundaries.Pop();
        if (end.Level == level)
            end = NextDelimiter(end.LineEnd);
        else
            _defects |= part.Children.Count == 0 ? MimeDefects.BoundaryNeverSeen : MimeDefects.MissingEndBoundary;
        part.SetBody(headers.BodyOffset, ContentEnd(headers.BodyOffset, end.LineStart));
        return part;
    }

    private byte[]? Descends(MimePart part, int depth, int bodyStart)
    {
        if (!part.StartsWithType("multipart/"u8))
            return null;
        // RFC 2046 5.1.1: a boundary never ends in white space.
        var boundary = part.ContentType.Parameter("boundary")?.TrimEnd();
        if (string.IsNullOrEmpty(boundary))
        {
            _defects |= MimeDefects.MissingBoundary;
            return depth < limits.MaxDepth ? Guess(bodyStart, source.Length) : null;
        }

        if (depth < limits.MaxDepth)
            return HeaderText.ToBytes(boundary);
        _defects |= MimeDefects.TooDeep;
        return null;
    }

    // A gateway that rewrites or drops the header leaves the body as it was: a line of "--" and a word, right before a part's header.
    private byte[]? Guess(int from, int to)
    {
        var body = source.Span[from..Math.Min(to, (int)Math.Min(from + (long)GuessWindow, source.Length))];
        while (!body.IsEmpty)
        {
            var length = body.IndexOf(_newline) + 1;
            if (length == 0)
                return null;
            var line = body[..length].TrimEnd(" \t\r\n"u8);
            body = body[length..];
            if (!line.StartsWith("--"u8))
                continue;
            if (_boundaries.Match(line) is not null)
                return null;
            if (line.Length is > 4 and < 200 && body.Length > 8 && System.Text.Ascii.EqualsIgnoreCase(body[..8], "Content-"u8))
                return line[2..].ToArray();
        }

        return null;
    }

    private MimePart Rest(MimePart parent, int start)
    {
        _parts++;
        var part = new MimePart(source, parent, new HeaderList(source, [], start, start, MimeDefects.None), PartDefault.Opaque);
        part.SetBody(start, source.Length);
        return part;
    }

    private End NextDelimiter(int from)
    {
        var raw = source.Span;
        if (_boundaries.Count == 0)
            return new End(-1, true, raw.Length, raw.Length);
        ReadOnlySpan<byte> lead = [_newline, (byte)'-', (byte)'-'];
        var at = from;
        while (at < raw.Length)
        {
            if (raw[at] == '-')
            {
                var length = raw[at..].IndexOf(_newline);
                var lineEnd = length < 0 ? raw.Length : at + length + 1;
                if (_boundaries.Match(raw[at..lineEnd]) is { } found)
                    return new End(found.Level, found.Closes, at, lineEnd);
                at = length < 0 ? raw.Length : lineEnd - 1;
            }

            var next = raw[at..].IndexOf(lead);
            if (next < 0)
                break;
            at += next + 1;
        }

        return new End(-1, true, raw.Length, raw.Length);
    }

    // RFC 2046 5.1.1: the line end before a delimiter belongs to the delimiter.
    private int ContentEnd(int bodyStart, int lineStart)
    {
        var raw = source.Span;
        if (lineStart >= raw.Length)
            return raw.Length;
        var end = lineStart;
        if (end > bodyStart && raw[end - 1] == _newline)
        {
            end--;
            if (_newline == '\n' && end > bodyStart && raw[end - 1] == '\r')
                end--;
        }

        return Math.Max(end, bodyStart);
    }
}
