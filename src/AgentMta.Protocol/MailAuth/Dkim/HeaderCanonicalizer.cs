using System.Text;

namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>Writes header fields into a digest as RFC 6376 3.4.1 and 3.4.2 want them, and picks them by h= as 5.4.2 wants it.</summary>
internal static class HeaderCanonicalizer
{
    private const int MaxOnStack = 256;

    // Names in h= from which on one that was looked for is remembered; ordinary signatures have fewer.
    private const int ManyNames = 64;

    /// <summary>One whole field with its line end.</summary>
    public static void Append(CanonicalDigest digest, ReadOnlySpan<byte> field, int nameLength, int valueStart, DkimCanonicalization how) =>
        Append(digest, field, nameLength, valueStart, how, 0, 0, lineEnd: true);

    /// <summary>The signature's own field: <paramref name="cutStart"/> to <paramref name="cutEnd"/> (the value of b=) and the last line end are left out (RFC 6376 3.7).</summary>
    public static void AppendSignature(CanonicalDigest digest, ReadOnlySpan<byte> field, int nameLength, int valueStart, DkimCanonicalization how, int cutStart, int cutEnd) =>
        Append(digest, field, nameLength, valueStart, how, cutStart, cutEnd, lineEnd: false);

    /// <summary>The fields that h= names: of equal names the lowest first; a name without a field left adds nothing. <paramref name="own"/> is the signature's index, never part of it.</summary>
    public static void AppendSelected(CanonicalDigest digest, MessageHeader header, List<string> names, DkimCanonicalization how, int own)
    {
        var message = header.Message.Span;
        // How many fields of each name are taken, kept at the place where the name's run begins.
        var count = header.Fields.Count;
        Span<int> taken = count <= MaxOnStack ? stackalloc int[count] : new int[count];
        var known = names.Count > ManyNames ? new Dictionary<string, ArraySegment<int>>(StringComparer.OrdinalIgnoreCase) : null;
        foreach (var name in names)
        {
            if (known is null || !known.TryGetValue(name, out var run))
            {
                run = header.FromBottom(name);
                known?.Add(name, run);
            }

            if (run.Count == 0)
                continue;
            ref var at = ref taken[run.Offset];
            if (at < run.Count && run[at] == own)
                at++;
            if (at == run.Count)
                continue;
            var field = header.Fields[run[at++]];
            Append(digest, message[field.Start..field.End], field.NameLength, field.ValueStart - field.Start, how);
        }
    }

    private static void Append(CanonicalDigest digest, ReadOnlySpan<byte> field, int nameLength, int valueStart, DkimCanonicalization how, int cutStart, int cutEnd, bool lineEnd)
    {
        if (how == DkimCanonicalization.Relaxed)
            AppendRelaxed(digest, field, nameLength, valueStart, cutStart, cutEnd);
        else
            AppendSimple(digest, field, cutStart, cutEnd);
        if (lineEnd)
            digest.Append("\r\n"u8);
    }

    private static void AppendRelaxed(CanonicalDigest digest, ReadOnlySpan<byte> field, int nameLength, int valueStart, int cutStart, int cutEnd)
    {
        var room = digest.Reserve(field.Length);
        Ascii.ToLower(field[..nameLength], room, out var count);
        room[count++] = (byte)':';
        var empty = count;
        var space = false;
        for (var i = valueStart; i < field.Length; i++)
        {
            if (i == cutStart && cutEnd > cutStart)
            {
                i = cutEnd - 1;
                continue;
            }

            var b = field[i];
            if (b is (byte)' ' or (byte)'\t')
            {
                space = true;
            }
            else if (b > '\r' || !IsLineEnd(field, i))
            {
                if (space && count > empty)
                    room[count++] = (byte)' ';
                space = false;
                room[count++] = b;
            }
        }

        digest.Advance(count);
    }

    private static bool IsLineEnd(ReadOnlySpan<byte> field, int i) => field[i] == '\n' || (field[i] == '\r' && i + 1 < field.Length && field[i + 1] == '\n');

    // RFC 6376 3.4.1: as it is; a bare LF counts as the CRLF that it was in transit.
    private static void AppendSimple(CanonicalDigest digest, ReadOnlySpan<byte> field, int cutStart, int cutEnd)
    {
        if (cutEnd > cutStart)
        {
            AppendLines(digest, field[..cutStart]);
            field = field[cutEnd..];
        }

        AppendLines(digest, WithoutLineEnd(field));
    }

    private static void AppendLines(CanonicalDigest digest, ReadOnlySpan<byte> lines)
    {
        while (true)
        {
            var lineEnd = lines.IndexOf((byte)'\n');
            if (lineEnd < 0)
                break;
            digest.Append(WithoutLineEnd(lines[..(lineEnd + 1)]));
            digest.Append("\r\n"u8);
            lines = lines[(lineEnd + 1)..];
        }

        digest.Append(lines);
    }

    private static ReadOnlySpan<byte> WithoutLineEnd(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty || line[^1] != '\n')
            return line;
        line = line[..^1];
        return !line.IsEmpty && line[^1] == '\r' ? line[..^1] : line;
    }
}
