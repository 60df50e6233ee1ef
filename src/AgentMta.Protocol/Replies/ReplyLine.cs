namespace AgentMta.Protocol.Replies;

/// <summary>What the HTML tells of a line beyond its words.</summary>
[Flags]
internal enum LineMark
{
    None = 0,

    /// <summary>In what a mail program marks as the introduction of a quotation.</summary>
    Attribution = 1,

    /// <summary>In what a mail program marks as a signature.</summary>
    Signature = 2,

    /// <summary>The first line of what a mail program marks as the message answered to; all after it is history.</summary>
    History = 4,
}

/// <summary>One line of a body: its quotation depth, and its words without the quotation marks.</summary>
internal sealed class ReplyLine
{
    private const int MaxDepth = 100;

    public required string Text { get; init; }
    public required string Content { get; init; }
    public int Depth { get; init; }
    public LineMark Mark { get; init; }

    /// <summary>Whether the quotation marks are the author's characters, and not elements: then a line may be a false positive, or a long line's rest may lack the mark.</summary>
    public bool IsMarkedByCharacter { get; init; }

    public bool IsBlank => Content.Length == 0 && Depth == 0;

    public static ReplyLine FromText(string text)
    {
        var at = 0;
        var depth = 0;
        while (at < text.Length && text[at] is '>' or ' ' or '\t' or '\u00A0' or '＞')
        {
            if (text[at] is '>' or '＞')
                depth = Math.Min(depth + 1, MaxDepth);
            else if (depth == 0 && at > 3)
                break;
            at++;
        }

        return new ReplyLine { Text = text, Content = text[at..].Trim().Trim('\u200E', '\u200F', '\u202A', '\u202C', '\uFEFF'), Depth = depth, IsMarkedByCharacter = true };
    }
}
