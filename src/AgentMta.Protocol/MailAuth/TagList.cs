using System.Buffers;

namespace AgentMta.Protocol.MailAuth;

/// <summary>A tag=value list (RFC 6376 3.2), as signatures, key records and seals have it; values are ranges of the text.</summary>
internal sealed class TagList
{
    /// <summary>Real lists have a dozen; the bound keeps the search for doubles cheap.</summary>
    private const int MaxTags = 100;

    /// <summary>What <see cref="IsSpace"/> takes.</summary>
    public static readonly SearchValues<byte> Space = SearchValues.Create(" \t\r\n"u8);

    private readonly ReadOnlyMemory<byte> _text;
    private readonly List<Tag> _tags = new(12);

    private TagList(ReadOnlyMemory<byte> text) => _text = text;

    /// <summary>Reads the whole list, or tells in <paramref name="error"/> what breaks the syntax.</summary>
    public static TagList? Parse(ReadOnlyMemory<byte> text, out string? error)
    {
        var list = new TagList(text);
        error = list.Read();
        return error is null ? list : null;
    }

    /// <summary>The value without white space around it; empty where the tag is absent.</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        foreach (var tag in _tags)
        {
            if (NameOf(tag).SequenceEqual(name))
            {
                value = _text.Span[tag.ValueStart..tag.ValueEnd];
                return true;
            }
        }

        value = default;
        return false;
    }

    public bool Has(ReadOnlySpan<byte> name) => TryGet(name, out _);

    /// <summary>The offsets from behind the "=" to the ";" or the end: what is taken out of b= before hashing (RFC 6376 3.7).</summary>
    public (int Start, int End) WholeValue(ReadOnlySpan<byte> name)
    {
        foreach (var tag in _tags)
        {
            if (!NameOf(tag).SequenceEqual(name))
                continue;
            var nameEnd = tag.NameStart + tag.NameLength;
            var semicolon = _text.Span[tag.ValueEnd..].IndexOf((byte)';');
            return (nameEnd + _text.Span[nameEnd..].IndexOf((byte)'=') + 1, semicolon < 0 ? _text.Length : tag.ValueEnd + semicolon);
        }

        return default;
    }

    private ReadOnlySpan<byte> NameOf(Tag tag) => _text.Span.Slice(tag.NameStart, tag.NameLength);

    private string? Read()
    {
        var span = _text.Span;
        var position = 0;
        while (position < span.Length)
        {
            var semicolon = span[position..].IndexOf((byte)';');
            var end = semicolon < 0 ? span.Length : position + semicolon;
            var (start, stop) = Trim(span, position, end);
            if (start == stop)
            {
                // One ";" may end the list; an empty tag anywhere else is no tag-spec.
                return semicolon < 0 && _tags.Count > 0 ? null : "an empty tag in the list";
            }

            var equals = span[start..stop].IndexOf((byte)'=');
            if (equals < 0)
                return "a tag without \"=\"";
            equals += start;
            var (_, nameEnd) = Trim(span, start, equals);
            var (valueStart, valueEnd) = Trim(span, equals + 1, end);
            var tag = new Tag(start, nameEnd - start, valueStart, valueEnd);
            if (!IsName(NameOf(tag)))
                return "a tag name that is not letters and digits";
            if (Has(NameOf(tag)))
                return "a tag that occurs twice";
            if (_tags.Count == MaxTags)
                return $"more than {MaxTags} tags";
            _tags.Add(tag);
            position = end + 1;
        }

        return _tags.Count == 0 ? "no tag at all" : null;
    }

    // RFC 6376 3.2: tag-name = ALPHA *ALNUMPUNC
    private static bool IsName(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || !char.IsAsciiLetter((char)name[0]))
            return false;
        foreach (var b in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b != '_')
                return false;
        }

        return true;
    }

    private static (int Start, int End) Trim(ReadOnlySpan<byte> span, int start, int end)
    {
        while (start < end && IsSpace(span[start]))
            start++;
        while (end > start && IsSpace(span[end - 1]))
            end--;
        return (start, end);
    }

    public static bool IsSpace(byte b) => b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    private readonly record struct Tag(int NameStart, int NameLength, int ValueStart, int ValueEnd);
}
