namespace AgentMta.Protocol.Mime;

/// <summary>Decodes uuencode: the lines between "begin 644 name" and "end".</summary>
internal struct UuReader
{
    private bool _begun;
    private bool _ended;

    public int Read(ref ReadOnlySpan<byte> rest, Span<byte> output)
    {
        var written = 0;
        while (!rest.IsEmpty && output.Length - written >= 64 && !_ended)
        {
            var end = rest.IndexOf((byte)'\n');
            var line = (end < 0 ? rest : rest[..end]).TrimEnd("\r"u8);
            rest = end < 0 ? default : rest[(end + 1)..];
            if (!_begun)
                _begun = line.StartsWith("begin "u8);
            else if (line.IsEmpty || line is [(byte)'`' or (byte)' '] || line.SequenceEqual("end"u8))
                _ended = true;
            else
                written += Line(line, output[written..]);
        }

        if (_ended)
            rest = default;
        return written;
    }

    private static int Line(ReadOnlySpan<byte> line, Span<byte> output)
    {
        var length = Math.Min((line[0] - 32) & 63, 63);
        var digits = line[1..];
        for (var i = 0; i < length; i++)
        {
            var group = i / 3 * 4;
            var (first, shift) = (i % 3) switch
            {
                0 => (group, 2),
                1 => (group + 1, 4),
                _ => (group + 2, 6),
            };
            output[i] = (byte)((Digit(digits, first) << shift) | (Digit(digits, first + 1) >> (6 - shift)));
        }

        return length;
    }

    // Space and "`" are both zero; what is cut off at the end of a line was spaces.
    private static int Digit(ReadOnlySpan<byte> digits, int at) => at < digits.Length ? (digits[at] - 32) & 63 : 0;
}
