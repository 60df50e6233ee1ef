using System.Collections;

namespace AgentMta.Protocol.Mime;

/// <summary>The header fields of a message or a part, in their order, as an index of twelve octets a field over the raw bytes.</summary>
public sealed class HeaderList : IReadOnlyList<HeaderField>
{
    private readonly ReadOnlyMemory<byte> _source;
    private readonly HeaderScanner.Field[] _fields;

    internal HeaderList(ReadOnlyMemory<byte> source, HeaderScanner.Field[] fields, int offset, int bodyOffset, MimeDefects defects)
    {
        _source = source;
        _fields = fields;
        Offset = offset;
        BodyOffset = bodyOffset;
        Defects = defects;
    }

    public int Count => _fields.Length;

    /// <summary>Where the header begins in the memory that was parsed.</summary>
    public int Offset { get; }

    /// <summary>Where the body begins, behind the empty line.</summary>
    public int BodyOffset { get; }

    public MimeDefects Defects { get; }

    public HeaderField this[int index]
    {
        get
        {
            var field = _fields[index];
            return new HeaderField(_source, field.Offset, field.NameLength, field.Length);
        }
    }

    /// <summary>Reads the header at the start of <paramref name="message"/>, up to the empty line; the body is not looked at.</summary>
    public static HeaderList Parse(ReadOnlyMemory<byte> message, int maxHeaderBytes = 1 << 20) =>
        HeaderScanner.Scan(message, 0, maxHeaderBytes, (byte)'\n', null);

    public bool Contains(string name) => IndexOf(name, 0) >= 0;

    public HeaderField? First(string name)
    {
        var index = IndexOf(name, 0);
        return index < 0 ? null : this[index];
    }

    public HeaderField? Last(string name)
    {
        for (var i = _fields.Length - 1; i >= 0; i--)
        {
            if (this[i].Is(name))
                return this[i];
        }

        return null;
    }

    public HeaderMatches All(string name) => new(this, name);

    /// <summary>True where more than one field has the name.</summary>
    public bool IsRepeated(string name) => IndexOf(name, 0) is >= 0 and var first && IndexOf(name, first + 1) >= 0;

    /// <summary>The decoded value of the first field of that name, or null.</summary>
    public string? Value(string name) => First(name)?.Value;

    public IEnumerator<HeaderField> GetEnumerator()
    {
        for (var i = 0; i < _fields.Length; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal int IndexOf(string name, int from)
    {
        var source = _source.Span;
        for (var i = from; i < _fields.Length; i++)
        {
            ref readonly var field = ref _fields[i];
            if (field.NameLength == name.Length && System.Text.Ascii.EqualsIgnoreCase(source.Slice(field.Offset, field.NameLength), name))
                return i;
        }

        return -1;
    }
}
