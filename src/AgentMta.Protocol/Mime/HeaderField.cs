namespace AgentMta.Protocol.Mime;

/// <summary>One header field as a range of the raw message; its text is made only when asked for.</summary>
public readonly struct HeaderField
{
    private readonly ReadOnlyMemory<byte> _source;
    private readonly int _nameLength;

    internal HeaderField(ReadOnlyMemory<byte> source, int offset, int nameLength, int length)
    {
        _source = source;
        _nameLength = nameLength;
        Offset = offset;
        Length = length;
    }

    /// <summary>Offset of the name's first octet in the memory that was parsed.</summary>
    public int Offset { get; }

    /// <summary>Length of the field with its line ends.</summary>
    public int Length { get; }

    public string Name => System.Text.Encoding.ASCII.GetString(NameBytes);

    public ReadOnlySpan<byte> NameBytes => _source.Span.Slice(Offset, _nameLength);

    /// <summary>The field as received, name, folding and line ends included.</summary>
    public ReadOnlyMemory<byte> Raw => _source.Slice(Offset, Length);

    /// <summary>The octets behind the colon, folding and line ends included.</summary>
    public ReadOnlyMemory<byte> RawValue
    {
        get
        {
            var raw = Raw;
            var colon = raw.Span[_nameLength..].IndexOf((byte)':');
            return colon < 0 ? default : raw[(_nameLength + colon + 1)..];
        }
    }

    /// <summary>Unfolded, encoded words left as they are.</summary>
    public string Text => HeaderText.Unfold(RawValue.Span);

    /// <summary>Unfolded, with encoded words decoded and control characters taken out.</summary>
    public string Value => HeaderText.Decode(RawValue.Span);

    public bool Is(string name) => System.Text.Ascii.EqualsIgnoreCase(NameBytes, name);
}
