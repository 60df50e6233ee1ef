using System.Buffers;

namespace AgentMta.Protocol.Mime;

/// <summary>Finds the fields of a header block and the start of the body behind it, whatever the block looks like.</summary>
internal static class HeaderScanner
{
    // A line that is no field is taken for the unfolded rest of the one before it only when a known field follows this soon.
    private const int LookAheadLines = 4;
    private const int LookAheadBytes = 4096;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    internal readonly record struct Field(int Offset, int NameLength, int Length);

    // RFC 5322 2.2: a name is printable US-ASCII without colon.
    private static readonly SearchValues<byte> NameBytes = SearchValues.Create(
        [.. Enumerable.Range(33, 94).Where(c => c != ':').Select(c => (byte)c)]);

    public static HeaderList Scan(ReadOnlyMemory<byte> source, int start, int maxBytes, byte newline, BoundaryStack? boundaries)
    {
        var raw = source.Span;
        var fields = new FieldBuffer();
        var defects = MimeDefects.None;
        var limit = (int)Math.Min(raw.Length, (long)start + maxBytes);
        // A byte order mark before the first field is an editor's, not the message's.
        var first = start == 0 && raw.StartsWith(ByteOrderMark) ? ByteOrderMark.Length : start;
        var at = first;
        var body = -1;
        while (at < limit)
        {
            var next = raw[at..].IndexOf(newline);
            next = next < 0 ? raw.Length : at + next + 1;
            var line = raw[at..next];
            if (IsEmpty(line))
            {
                body = next;
                break;
            }

            if (boundaries is not null && boundaries.Match(line) is not null)
            {
                defects |= MimeDefects.MissingHeaderEnd;
                body = at;
                break;
            }

            if (next > limit)
                break;
            var nameLength = NameLength(line);
            if (nameLength > 0)
                fields.Add(new Field(at, nameLength, next - at));
            else if (line[0] is (byte)' ' or (byte)'\t' && fields.Count > 0)
                fields.Extend(next);
            else if (at == first && (line.StartsWith("From "u8) || line.StartsWith(">From "u8)))
                defects |= MimeDefects.MboxLine;
            else if (fields.Count > 0 && FieldFollows(raw[next..limit], newline))
            {
                defects |= MimeDefects.UnfoldedHeader;
                fields.Extend(next);
            }
            else
            {
                defects |= MimeDefects.MissingHeaderEnd;
                body = at;
                break;
            }

            at = next;
        }

        if (body < 0)
        {
            body = Math.Min(at, raw.Length);
            if (body < raw.Length)
                defects |= MimeDefects.TooMuchHeader;
        }

        return new HeaderList(source, fields.Take(), start, body, defects);
    }

    private static bool IsEmpty(ReadOnlySpan<byte> line) => line.Length <= 2 && line.TrimEnd("\r\n"u8).IsEmpty;

    // RFC 5322 4.5: white space before the colon is obsolete, not an error.
    private static int NameLength(ReadOnlySpan<byte> line)
    {
        var length = line.IndexOfAnyExcept(NameBytes);
        if (length <= 0)
            return 0;
        var rest = line[length..].TrimStart(" \t"u8);
        return !rest.IsEmpty && rest[0] == ':' ? length : 0;
    }

    private static bool FieldFollows(ReadOnlySpan<byte> rest, byte newline)
    {
        rest = rest[..Math.Min(rest.Length, LookAheadBytes)];
        for (var i = 0; i < LookAheadLines && !rest.IsEmpty; i++)
        {
            var next = rest.IndexOf(newline);
            var line = next < 0 ? rest : rest[..(next + 1)];
            if (IsEmpty(line))
                return false;
            if (NameLength(line) is > 0 and var length)
                return IsKnown(line[..length]);
            rest = rest[line.Length..];
        }

        return false;
    }

    private static bool IsKnown(ReadOnlySpan<byte> name)
    {
        Span<char> text = stackalloc char[64];
        name = name[..Math.Min(name.Length, text.Length)];
        System.Text.Encoding.ASCII.GetChars(name, text);
        ReadOnlySpan<char> known = text[..name.Length];
        return known.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
            || known.StartsWith("X-", StringComparison.OrdinalIgnoreCase)
            || known.StartsWith("List-", StringComparison.OrdinalIgnoreCase)
            || KnownNames.GetAlternateLookup<ReadOnlySpan<char>>().Contains(known);
    }

    private static readonly HashSet<string> KnownNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "From", "To", "Cc", "Bcc", "Subject", "Date", "Sender", "Reply-To", "Message-ID", "In-Reply-To", "References", "Received",
        "MIME-Version", "Return-Path", "DKIM-Signature", "Authentication-Results", "Delivered-To", "User-Agent", "Importance", "Priority",
        "Thread-Topic", "Thread-Index", "Organization", "Precedence", "Auto-Submitted",
    };

    private ref struct FieldBuffer
    {
        private Field[]? _rented;

        public int Count { get; private set; }

        public void Add(Field field)
        {
            if (_rented is null || Count == _rented.Length)
            {
                var larger = ArrayPool<Field>.Shared.Rent(Math.Max(64, Count * 2));
                if (_rented is not null)
                {
                    _rented.AsSpan(0, Count).CopyTo(larger);
                    ArrayPool<Field>.Shared.Return(_rented);
                }

                _rented = larger;
            }

            _rented[Count++] = field;
        }

        public readonly void Extend(int end)
        {
            ref var last = ref _rented![Count - 1];
            last = last with { Length = end - last.Offset };
        }

        public Field[] Take()
        {
            if (_rented is null)
                return [];
            var fields = _rented.AsSpan(0, Count).ToArray();
            ArrayPool<Field>.Shared.Return(_rented);
            _rented = null;
            return fields;
        }
    }
}
