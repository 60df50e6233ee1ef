using System.Buffers.Binary;

namespace AgentMta.Protocol.Dns;

/// <summary>A cursor that fills one message; once something does not fit or cannot be written, <see cref="Failed"/> stays set.</summary>
internal ref struct DnsWireWriter(Span<byte> destination)
{
    private const int MaxPointerTarget = 0x3FFF;

    private readonly Span<byte> _destination = destination;
    private Dictionary<string, int>? _names;

    public int Position { get; private set; }

    public bool Failed { get; private set; }

    public void WriteByte(byte value)
    {
        if (Take(1, out var room))
            room[0] = value;
    }

    public void WriteUInt16(int value)
    {
        if (Take(2, out var room))
            BinaryPrimitives.WriteUInt16BigEndian(room, (ushort)value);
    }

    public void WriteUInt32(uint value)
    {
        if (Take(4, out var room))
            BinaryPrimitives.WriteUInt32BigEndian(room, value);
    }

    public void WriteBytes(scoped ReadOnlySpan<byte> bytes)
    {
        if (Take(bytes.Length, out var room))
            bytes.CopyTo(room);
    }

    /// <summary>Characters as Latin-1 octets.</summary>
    public void WriteText(scoped ReadOnlySpan<char> text)
    {
        if (!Take(text.Length, out var room))
            return;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] > 0xFF)
                Failed = true;
            room[i] = (byte)text[i];
        }
    }

    /// <summary>Leaves two octets for a length and tells where; <see cref="EndLength"/> fills them.</summary>
    public int BeginLength()
    {
        WriteUInt16(0);
        return Position;
    }

    public void EndLength(int start)
    {
        if (!Failed)
            BinaryPrimitives.WriteUInt16BigEndian(_destination[(start - 2)..], (ushort)(Position - start));
    }

    /// <summary>RFC 1035 4.1.4: suffixes written before become pointers where <paramref name="compress"/> allows it.</summary>
    public void WriteName(string name, bool compress, bool remember = true)
    {
        Span<byte> wire = stackalloc byte[DnsName.MaxWireLength];
        if (!DnsName.TryWriteLabels(name, wire, out var length))
        {
            Failed = true;
            return;
        }

        var at = 0;
        while (wire[at] != 0)
        {
            if (compress && remember)
            {
                var suffix = DnsName.FromLabels(wire[at..length], lowerCase: true);
                _names ??= new Dictionary<string, int>(StringComparer.Ordinal);
                if (_names.TryGetValue(suffix, out var target))
                {
                    WriteUInt16(0xC000 | target);
                    return;
                }

                if (Position <= MaxPointerTarget)
                    _names.Add(suffix, Position);
            }

            WriteBytes(wire.Slice(at, wire[at] + 1));
            at += wire[at] + 1;
        }

        WriteByte(0);
    }

    private bool Take(int count, out Span<byte> room)
    {
        room = default;
        if (Failed || _destination.Length - Position < count)
        {
            Failed = true;
            return false;
        }

        room = _destination.Slice(Position, count);
        Position += count;
        return true;
    }
}
