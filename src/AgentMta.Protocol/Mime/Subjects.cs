using System.Collections.Frozen;

namespace AgentMta.Protocol.Mime;

/// <summary>What a subject is about once replies, forwards and list tags are taken off.</summary>
/// <param name="Base">Without prefixes, in the case it was written.</param>
/// <param name="ReplyDepth">How many replies the prefixes count; "Re[4]" counts four.</param>
/// <param name="IsForward">Whether a forward is among the prefixes.</param>
public readonly record struct BaseSubject(string Base, int ReplyDepth, bool IsForward)
{
    public bool IsReply => ReplyDepth > 0;
}

/// <summary>The base subject of RFC 5256 2.1, with the prefixes that the mail programs of the world put instead of "Re".</summary>
public static class Subjects
{
    private const int MaxDepth = 1000;

    private static readonly FrozenSet<string> Replies = new[]
    {
        "re", "aw", "antw", "antwort", "sv", "vs", "odp", "res", "rif", "r", "ref", "ynt", "bls", "vá", "válasz", "ang", "atb", "yan", "cev",
        "resp", "rép", "rep", "reply", "ответ", "отв", "відп", "відповідь", "отг", "απ", "σχετ", "رد", "回复", "回覆", "答复", "答覆", "回信",
        "返信", "답장", "회신", "השב", "תשובה", "ตอบ", "trả lời", "balas", "bal",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> Forwards = new[]
    {
        "fw", "fwd", "wg", "weitergeleitet", "tr", "rv", "enc", "vb", "vl", "vs fwd", "doorst", "pd", "i", "fs", "továbbítás", "továbbított", "iletme", "ilt", "vidarebefordrat",
        "videresendt", "välitetty", "пересл", "переслано", "fwd re", "hold", "trs", "πρθ", "إعادة توجيه", "转发", "轉寄", "转寄", "轉發", "転送", "전달", "הועבר", "ส่งต่อ", "tnw", "terusan",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static BaseSubject Base(string? subject)
    {
        var text = Collapse(subject ?? "");
        var depth = 0;
        var forward = false;
        while (true)
        {
            var before = text.Length;
            text = TrimTrailer(text, ref forward);
            text = TakePrefixes(text, ref depth, ref forward);
            text = Unwrap(text, ref forward);
            if (text.Length == before)
                return new BaseSubject(text.ToString(), Math.Min(depth, MaxDepth), forward);
        }
    }

    // subj-trailer = "(fwd)" / WSP
    private static ReadOnlySpan<char> TrimTrailer(ReadOnlySpan<char> text, scoped ref bool forward)
    {
        text = text.TrimEnd();
        while (text.EndsWith("(fwd)", StringComparison.OrdinalIgnoreCase))
        {
            forward = true;
            text = text[..^5].TrimEnd();
        }

        return text;
    }

    // subj-leader and subj-blob: list tags and prefixes before, between and after each other; a tag stays where nothing would follow.
    private static ReadOnlySpan<char> TakePrefixes(ReadOnlySpan<char> text, scoped ref int depth, scoped ref bool forward)
    {
        while (true)
        {
            text = text.TrimStart();
            if (TryPrefix(text, out var length, out var replies))
            {
                depth += replies;
                forward |= replies == 0;
                text = text[length..];
                continue;
            }

            if (text.IsEmpty || text[0] != '[' || text.StartsWith("[fwd:", StringComparison.OrdinalIgnoreCase))
                return text;
            var close = text.IndexOf(']');
            if (close < 0 || text[1..close].Contains('[') || text[(close + 1)..].Trim().IsEmpty)
                return text;
            text = text[(close + 1)..];
        }
    }

    // word ["[" digits "]" / "(" digits ")" / "^" digits / digits] *WSP [blob] ":"
    private static bool TryPrefix(ReadOnlySpan<char> text, out int length, out int replies)
    {
        length = replies = 0;
        var colon = text[..Math.Min(text.Length, 80)].IndexOfAny(':', '：');
        if (colon <= 0)
            return false;
        var word = text[..colon].TrimEnd();
        // "Re [list]: x": a tag between the word and the colon.
        if (word[^1] == ']' && word.IndexOf('[') is > 0 and var tag && !char.IsAsciiDigit(word[^2]))
            word = word[..tag].TrimEnd();
        var count = TakeCount(ref word);
        if (word.Length == 0)
            return false;
        if (Replies.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word))
            replies = count;
        else if (!Forwards.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word))
            return false;
        length = colon + 1;
        return true;
    }

    private static int TakeCount(ref ReadOnlySpan<char> word)
    {
        var end = word.Length;
        var digits = word.TrimEnd("])");
        var start = digits.Length;
        while (start > 0 && char.IsAsciiDigit(digits[start - 1]))
            start--;
        if (start == digits.Length || digits.Length - start > 3)
            return 1;
        var count = int.Parse(digits[start..], System.Globalization.CultureInfo.InvariantCulture);
        var opened = start > 0 && digits[start - 1] is '[' or '(' or '^' or '*';
        if (!opened && digits.Length != end)
            return 1;
        word = word[..(opened ? start - 1 : start)].TrimEnd();
        return Math.Max(1, count);
    }

    // subj-fwd = "[fwd:" text "]"
    private static ReadOnlySpan<char> Unwrap(ReadOnlySpan<char> text, scoped ref bool forward)
    {
        if (!text.StartsWith("[fwd:", StringComparison.OrdinalIgnoreCase) || !text.EndsWith("]"))
            return text;
        forward = true;
        return text[5..^1].Trim();
    }

    private static ReadOnlySpan<char> Collapse(string subject) =>
        IsCollapsed(subject) ? subject : string.Join(' ', subject.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static bool IsCollapsed(string subject)
    {
        var afterSpace = true;
        foreach (var c in subject)
        {
            if (char.IsWhiteSpace(c) && (c != ' ' || afterSpace))
                return false;
            afterSpace = c == ' ';
        }

        return subject.Length == 0 || !afterSpace;
    }
}
