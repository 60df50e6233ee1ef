using System.Buffers;

namespace AgentMta.Protocol.Mime;

/// <summary>Text in the making, first in room that its user lends from the stack, then in a pooled array: most pieces of a header never need a builder on the heap.</summary>
internal ref struct TextBuffer(Span<char> room)
{
    private Span<char> _room = room;
    private char[]? _rented;

    /// <summary>Characters so far; less takes the last ones away.</summary>
    public int Length { readonly get; set; }

    public readonly ReadOnlySpan<char> Text => _room[..Length];

    public readonly char this[int index] => _room[index];

    public void Append(char c)
    {
        if (Length == _room.Length)
            Grow(1);
        _room[Length++] = c;
    }

    public void Append(scoped ReadOnlySpan<char> text)
    {
        if (text.Length > _room.Length - Length)
            Grow(text.Length);
        text.CopyTo(_room[Length..]);
        Length += text.Length;
    }

    public void Clear() => Length = 0;

    public override readonly string ToString() => new(Text);

    /// <summary>Gives the array back; the buffer is not used any more.</summary>
    public void Free()
    {
        if (_rented is not null)
            ArrayPool<char>.Shared.Return(_rented);
        _rented = null;
    }

    private void Grow(int more)
    {
        var larger = ArrayPool<char>.Shared.Rent(Math.Max(Length + more, _room.Length * 2));
        Text.CopyTo(larger);
        Free();
        _room = _rented = larger;
    }
}
