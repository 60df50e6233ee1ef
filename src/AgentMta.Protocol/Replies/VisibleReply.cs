namespace AgentMta.Protocol.Replies;

/// <summary>What the author of a reply wrote: without quoted history and without signature; answers between quotations and forwards stay.</summary>
public static class VisibleReply
{
    private const int MaxCharacters = 5 * 1024 * 1024;

    /// <summary>
    /// The visible reply of a plain text. `subject`, where given, tells a forward, which is left whole.
    /// Takes time linear in the text; a text beyond 5 Mi characters is cut there.
    /// </summary>
    public static string FromText(string text, string? subject = null)
    {
        if (text.Length > MaxCharacters)
            text = text[..MaxCharacters];
        var lines = Lines(text);
        var visible = ReplyReader.Visible(lines, subject is not null && SignatureReader.HasForwardPrefix(subject));
        var kept = new System.Text.StringBuilder(text.Length);
        var gap = false;
        for (var i = 0; i < lines.Count; i++)
        {
            if (!visible[i])
            {
                gap = true;
                continue;
            }

            // What was cut between two paragraphs leaves one blank line.
            if (gap && kept.Length > 0 && !lines[i].IsBlank && kept[^1] == '\n' && (kept.Length < 2 || kept[^2] != '\n'))
                kept.Append('\n');
            gap = false;
            kept.Append(lines[i].Text).Append('\n');
        }

        return TrimBlankLines(kept.ToString());
    }

    /// <summary>The visible reply of an HTML body, as HTML. Bounded like <see cref="Html.HtmlText.Extract"/>.</summary>
    public static string FromHtml(string html, string? subject = null) => HtmlReply.Visible(html, subject is not null && SignatureReader.HasForwardPrefix(subject));

    private static List<ReplyLine> Lines(string text)
    {
        var lines = new List<ReplyLine>();
        foreach (var range in text.AsSpan().Split('\n'))
        {
            var line = text[range].TrimEnd('\r');
            var glued = AttributionReader.GluedAt(line);
            if (glued > 0)
            {
                lines.Add(ReplyLine.FromText(line[..glued].TrimEnd()));
                line = line[glued..].TrimStart();
                // A quotation that follows on the same line is a line of its own.
                var wrote = line.IndexOf("wrote:", StringComparison.Ordinal) + 6;
                lines.Add(ReplyLine.FromText(line[..wrote]));
                line = line[wrote..].TrimStart();
                if (line.Length == 0)
                    continue;
            }

            lines.Add(ReplyLine.FromText(line));
        }

        return lines;
    }

    /// <summary>Blank lines go from both ends; the first line keeps its indentation.</summary>
    private static string TrimBlankLines(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length && char.IsWhiteSpace(text[i]); i++)
        {
            if (text[i] == '\n')
                start = i + 1;
        }

        return text[start..].TrimEnd();
    }
}
