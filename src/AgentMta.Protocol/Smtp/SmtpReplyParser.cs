using System.Buffers;
using System.Text;

namespace AgentMta.Protocol.Smtp;

/// <summary>Reads the replies of a remote server (RFC 5321 4.2), however long, malformed or hostile they are.</summary>
public static class SmtpReplyParser
{
    /// <summary>Octets and lines past which a reply is malformed (an EHLO reply of real servers has under 2 KiB and 30 lines).</summary>
    public const int MaxOctets = 64 * 1024;
    public const int MaxLines = 256;

    /// <summary>What a reply that is none becomes: code 0, so that it is neither positive, transient nor permanent.</summary>
    public static SmtpReply Malformed { get; } = new(0, null, "not an SMTP reply");

    /// <summary>
    /// Takes one whole reply off the front of the buffer. False: more octets are needed and the buffer is unchanged. What is not SMTP, or is
    /// too long, gives <see cref="Malformed"/>; the connection is then out of step and must be closed.
    /// </summary>
    public static bool TryParse(ref ReadOnlySequence<byte> buffer, out SmtpReply reply)
    {
        reply = Malformed;
        var reader = new SequenceReader<byte>(buffer);
        var text = new StringBuilder();
        var code = 0;
        string? status = null;
        for (var lines = 0; lines < MaxLines && reader.Consumed < MaxOctets; lines++)
        {
            if (!reader.TryReadTo(out ReadOnlySequence<byte> sequence, (byte)'\n'))
                return reader.Length >= MaxOctets && Consume(ref buffer, buffer.End);
            if (sequence.Length > MaxOctets)
                return Consume(ref buffer, buffer.End);
            var line = (sequence.IsSingleSegment ? sequence.FirstSpan : sequence.ToArray()).TrimEnd((byte)'\r');
            if (!TryLine(line, out var lineCode, out var last, out var rest) || (lines > 0 && lineCode != code))
                return Consume(ref buffer, buffer.End);
            code = lineCode;
            var lineStatus = Status(code, rest, out var length);
            if (lines == 0)
                status = lineStatus;
            if (lineStatus is not null && lineStatus == status)
                rest = rest[length..].TrimStart((byte)' ');
            if (lines > 0)
                text.Append('\n');
            Append(text, rest);
            if (!last)
                continue;
            reply = new SmtpReply(code, status, text.ToString());
            return Consume(ref buffer, reader.Position);
        }

        return Consume(ref buffer, buffer.End);
    }

    private static bool Consume(ref ReadOnlySequence<byte> buffer, SequencePosition to)
    {
        buffer = buffer.Slice(to);
        return true;
    }

    // Reply-line = Reply-code [ SP textstring ] / Reply-code "-" [ textstring ]
    private static bool TryLine(ReadOnlySpan<byte> line, out int code, out bool last, out ReadOnlySpan<byte> rest)
    {
        code = 0;
        last = true;
        rest = default;
        if (line.Length < 3 || line[0] is < (byte)'2' or > (byte)'5' || !IsDigit(line[1]) || !IsDigit(line[2]))
            return false;
        code = ((line[0] - '0') * 100) + ((line[1] - '0') * 10) + (line[2] - '0');
        if (line.Length == 3)
            return true;
        last = line[3] != '-';
        rest = line[4..];
        return line[3] is (byte)' ' or (byte)'-';
    }

    // RFC 3463 2: class "." subject "." detail, the class that of the code (RFC 2034 4)
    private static string? Status(int code, ReadOnlySpan<byte> text, out int length)
    {
        length = 0;
        var end = text.IndexOf((byte)' ');
        var word = end < 0 ? text : text[..end];
        if (word.Length is < 5 or > 9 || word[0] != '0' + (code / 100) || code / 100 == 3 || word[1] != '.')
            return null;
        var dot = word[2..].IndexOf((byte)'.');
        if (!IsNumber(dot < 0 ? default : word[2..(2 + dot)]) || !IsNumber(word[(3 + dot)..]))
            return null;
        length = word.Length;
        return Encoding.ASCII.GetString(word);
    }

    private static bool IsNumber(ReadOnlySpan<byte> text) => text.Length is >= 1 and <= 3 && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    private static bool IsDigit(byte octet) => octet is >= (byte)'0' and <= (byte)'9';

    // Text goes into logs, events and DSNs: controls are replaced, octets beyond ASCII read as UTF-8.
    private static void Append(StringBuilder text, ReadOnlySpan<byte> line)
    {
        foreach (var c in Encoding.UTF8.GetString(line))
            text.Append(char.IsControl(c) ? '?' : c);
    }
}
