using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Joins the soft lines of format=flowed (RFC 3676), so that an agent reads paragraphs.</summary>
internal static class FlowedText
{
    // CJK radicals: the scripts from here on are written without spaces, surrogates (ideographs, emoji) included.
    private const char FirstUnspaced = '\u2E80';

    /// <param name="text">Lines ended by LF or CRLF.</param>
    /// <param name="deleteSpace">DelSp=yes: the space before a soft line end is not part of the text.</param>
    public static string Join(string text, bool deleteSpace)
    {
        var joined = new StringBuilder(text.Length);
        var open = false;
        var openDepth = 0;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf('\n');
            var line = (end < 0 ? rest : rest[..end]).TrimEnd('\r');
            rest = end < 0 ? default : rest[(end + 1)..];
            var depth = line.IndexOfAnyExcept('>');
            depth = depth < 0 ? line.Length : depth;
            var content = line[depth..];
            // RFC 3676 4.4: one stuffed space comes off.
            if (content.StartsWith(" "))
                content = content[1..];
            var isSignature = content.SequenceEqual("-- ");
            // RFC 3676 4.5: a paragraph ends where the quote depth changes, and before a signature.
            if (open && (depth != openDepth || isSignature))
            {
                joined.Append('\n');
                open = false;
            }

            if (!open && depth > 0)
                joined.Append('>', depth).Append(content.IsEmpty ? "" : " ");
            open = content.EndsWith(" ") && !isSignature;
            openDepth = depth;
            joined.Append(open && deleteSpace && IsExtra(content, rest) ? content[..^1] : content);
            if (!open && end >= 0)
                joined.Append('\n');
        }

        return joined.ToString();
    }

    // RFC 3676 4.1: DelSp is for scripts without spaces, for cut URLs, and where the space of the text itself stands before the
    // one to be deleted. Programs set it on text in Latin letters too and write one space only: there it is the space between two words.
    private static bool IsExtra(ReadOnlySpan<char> line, ReadOnlySpan<char> next)
    {
        var text = line[..^1];
        if (text.IsEmpty || text[^1] == ' ')
            return true;
        var first = next.TrimStart("> ");
        if (text[^1] >= FirstUnspaced || !first.IsEmpty && first[0] >= FirstUnspaced)
            return true;
        var word = text[(text.LastIndexOf(' ') + 1)..];
        return word.Contains("://", StringComparison.Ordinal);
    }
}
