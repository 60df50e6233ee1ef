namespace AgentMta.Protocol.Mime;

/// <summary>Decodes quoted-printable (RFC 2045 6.7) line by line; an "=" that means nothing stays as it is.</summary>
internal struct QuotedPrintableReader
{
    // Octets of the current line that are still to be decoded, the white space before its end left out; -1 before a line.
    private int _content;

    public QuotedPrintableReader() => _content = -1;

    public int Read(ref ReadOnlySpan<byte> rest, Span<byte> output, ref MimeDefects defects)
    {
        var written = 0;
        while (!rest.IsEmpty && written < output.Length)
        {
            if (_content < 0)
                _content = LineContent(rest);
            if (_content == 0)
            {
                if (!EndLine(ref rest, output, ref written))
                    break;
                continue;
            }

            var run = rest[..Math.Min(_content, output.Length - written)];
            var equals = run.IndexOf((byte)'=');
            var plain = equals < 0 ? run.Length : equals;
            run[..plain].CopyTo(output[written..]);
            written += plain;
            Pass(ref rest, plain);
            if (equals >= 0)
                Escape(ref rest, output, ref written, ref defects);
        }

        return written;
    }

    // RFC 2045 6.7 rule 3: white space at the end of a line was added on the way.
    private static int LineContent(ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf((byte)'\n');
        return (end < 0 ? rest : rest[..end]).TrimEnd(" \t\r"u8).Length;
    }

    private bool EndLine(ref ReadOnlySpan<byte> rest, Span<byte> output, ref int written)
    {
        var end = rest.IndexOf((byte)'\n');
        if (end < 0)
        {
            rest = default;
        }
        else if (output.Length - written < 2)
        {
            return false;
        }
        else
        {
            if (end > 0 && rest[end - 1] == '\r')
                output[written++] = (byte)'\r';
            output[written++] = (byte)'\n';
            rest = rest[(end + 1)..];
        }

        _content = -1;
        return true;
    }

    private void Escape(ref ReadOnlySpan<byte> rest, Span<byte> output, ref int written, ref MimeDefects defects)
    {
        // Rule 5: "=" at the end of the line, white space behind it or not, joins the next one.
        if (_content == 1)
        {
            var end = rest.IndexOf((byte)'\n');
            rest = end < 0 ? default : rest[(end + 1)..];
            _content = -1;
            return;
        }

        if (rest[1] == '\r')
        {
            Pass(ref rest, 2);
            return;
        }

        if (_content >= 3 && Hex(rest[1]) is >= 0 and var high && Hex(rest[2]) is >= 0 and var low)
        {
            output[written++] = (byte)((high << 4) | low);
            Pass(ref rest, 3);
            return;
        }

        defects |= MimeDefects.BadQuotedPrintable;
        output[written++] = (byte)'=';
        Pass(ref rest, 1);
    }

    private void Pass(ref ReadOnlySpan<byte> rest, int count)
    {
        rest = rest[count..];
        _content -= count;
    }

    private static int Hex(byte octet) => octet switch
    {
        >= (byte)'0' and <= (byte)'9' => octet - '0',
        >= (byte)'A' and <= (byte)'F' => octet - 'A' + 10,
        >= (byte)'a' and <= (byte)'f' => octet - 'a' + 10,
        _ => -1,
    };
}
