using System.Buffers;
using System.Buffers.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Decodes base64 in blocks without line ends by the framework's vector code, and digit by digit where that stumbles.</summary>
internal struct Base64Reader
{
    private const int BlockSize = 4096;

    // A group of four digits that was begun but not finished, in the digit-by-digit mode.
    private uint _held;
    private int _heldBits;

    public int Read(ref ReadOnlySpan<byte> rest, Span<byte> output, ref MimeDefects defects)
    {
        Span<byte> block = stackalloc byte[BlockSize];
        var length = Gather(ref rest, block[..Math.Min(BlockSize, output.Length / 3 * 4)]);
        var written = 0;
        var digits = block[..length];
        if (_heldBits == 0)
        {
            var whole = digits[..(length & ~3)];
            Base64.DecodeFromUtf8(whole, output, out var consumed, out written, isFinalBlock: false);
            digits = digits[consumed..];
        }

        return written + OneByOne(digits, output[written..], ref defects);
    }

    // Takes lines without their ends until the block is full.
    private static int Gather(ref ReadOnlySpan<byte> rest, scoped Span<byte> block)
    {
        var length = 0;
        while (length < block.Length && !rest.IsEmpty)
        {
            var space = block.Length - length;
            var window = rest[..Math.Min(rest.Length, space + 2)];
            var end = window.IndexOf((byte)'\n');
            var taken = end < 0 ? Math.Min(space, window.Length) : Math.Min(space, end);
            window[..taken].CopyTo(block[length..]);
            length += taken;
            var ended = end >= 0 && taken == end;
            if (ended && taken > 0 && block[length - 1] == '\r')
                length--;
            rest = rest[(taken + (ended ? 1 : 0))..];
        }

        return length;
    }

    // RFC 2045 6.8: other characters are passed over. "=" ends a group; another base64 text may follow it.
    private int OneByOne(ReadOnlySpan<byte> digits, Span<byte> output, ref MimeDefects defects)
    {
        var written = 0;
        foreach (var octet in digits)
        {
            var value = Base64Alphabet.Value(octet);
            if (value < 0)
            {
                if (octet == '=')
                    _heldBits = 0;
                else if (octet is not ((byte)'\r' or (byte)'\n' or (byte)' ' or (byte)'\t'))
                    defects |= MimeDefects.BadBase64;
                continue;
            }

            _held = (_held << 6) | (uint)value;
            _heldBits += 6;
            if (_heldBits < 8)
                continue;
            _heldBits -= 8;
            output[written++] = (byte)(_held >> _heldBits);
        }

        return written;
    }
}
