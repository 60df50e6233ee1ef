using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace AgentMta.Protocol.Dns;

/// <summary>A bounded cursor over one message, which names need whole because their compression points back into it.</summary>
internal ref struct DnsWireReader(ReadOnlySpan<byte> message, int position)
{
    // A name has at most 127 labels, and a sane one takes a pointer for few of them.
    private const int MaxPointers = 64;

    // Compression lets 64 KiB of pointers stand for megabytes of text; no honest message comes near this many characters.
    private const int MaxNameText = 256 * 1024;

    // Most owners are a pointer to the question; its text is made once.
    private const int QuestionOffset = 12;

    private readonly ReadOnlySpan<byte> _message = message;
    private string? _questionName;
    private int _textLeft = MaxNameText;

    public int Position { get; private set; } = position;

    public readonly int Remaining => _message.Length - Position;

    public void Skip(int count) => Position += count;

    public bool TryReadByte(out byte value)
    {
        value = 0;
        if (Remaining < 1)
            return false;
        value = _message[Position++];
        return true;
    }

    public bool TryReadUInt16(out ushort value)
    {
        value = 0;
        if (Remaining < 2)
            return false;
        value = BinaryPrimitives.ReadUInt16BigEndian(_message[Position..]);
        Position += 2;
        return true;
    }

    public bool TryReadUInt32(out uint value)
    {
        value = 0;
        if (Remaining < 4)
            return false;
        value = BinaryPrimitives.ReadUInt32BigEndian(_message[Position..]);
        Position += 4;
        return true;
    }

    public bool TryReadBytes(int count, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (count < 0 || Remaining < count)
            return false;
        bytes = _message.Slice(Position, count);
        Position += count;
        return true;
    }

    /// <summary>RFC 1035 4.1.4: labels, then the root or a pointer. A pointer must lead before the labels it stands behind, so that none can loop.</summary>
    public bool TryReadName(bool lowerCase, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (lowerCase && _questionName is not null && Remaining >= 2 && _message[Position] == 0xC0 && _message[Position + 1] == QuestionOffset)
        {
            Position += 2;
            name = _questionName;
            return true;
        }

        var start = Position;
        Span<char> text = stackalloc char[DnsName.MaxTextLength];
        int length = 0, octets = 1, pointers = 0, at = Position, segment = Position, resume = -1;
        while (true)
        {
            if (at >= _message.Length)
                return false;
            int head = _message[at];
            if (head == 0)
            {
                if ((_textLeft -= length) < 0)
                    return false;
                Position = resume < 0 ? at + 1 : resume;
                name = new string(text[..length]);
                if (start == QuestionOffset)
                    _questionName = name.ToLowerInvariant();
                return true;
            }

            if (head >= 0xC0)
            {
                if (at + 1 >= _message.Length || ++pointers > MaxPointers)
                    return false;
                var target = ((head & 0x3F) << 8) | _message[at + 1];
                if (target >= segment || target < QuestionOffset)
                    return false;
                if (resume < 0)
                    resume = at + 2;
                at = segment = target;
                continue;
            }

            // RFC 6891 5: the label types 01 and 10 are not in use.
            octets += head + 1;
            if (head > DnsName.MaxLabelLength || octets > DnsName.MaxWireLength || at + head >= _message.Length)
                return false;
            if (length > 0)
                text[length++] = '.';
            foreach (var octet in _message.Slice(at + 1, head))
                length += DnsName.WriteOctet(octet, lowerCase, text[length..]);
            at += head + 1;
        }
    }
}
