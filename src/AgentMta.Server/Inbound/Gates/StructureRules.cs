using System.Buffers;
using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Mime;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Points for how a message is made: missing fields, damage, misleading names, dangerous attachments.</summary>
internal static class StructureRules
{
    private const int ShoutingLetters = 10;

    // Zero-width and bidirectional controls: they make text look like another.
    private static readonly SearchValues<char> Misleading = SearchValues.Create("\u200b\u200c\u200d\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069");

    private static readonly SearchValues<char> AfterAddress = SearchValues.Create(" >\"'),;");

    private static readonly HashSet<string> Programs = new(StringComparer.OrdinalIgnoreCase)
    {
        ".exe", ".scr", ".com", ".pif", ".bat", ".cmd", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".wsh", ".hta", ".lnk", ".jar", ".msi", ".ps1", ".reg", ".cpl", ".iso", ".img", ".vhd", ".one", ".xll",
    };

    private static readonly HashSet<string> Pages = new(StringComparer.OrdinalIgnoreCase) { ".htm", ".html", ".xhtml", ".shtml", ".svg", ".mht" };

    /// <summary>Adds what header and structure tell.</summary>
    public static void Add(SpamTally tally, Arrival arrival)
    {
        var content = arrival.Content;
        var headers = arrival.Headers;
        tally.AddIf(content.From.Count == 0, "no_author", 2, "there is no From address");
        tally.AddIf(content.From.Count > 1, "several_authors", 1.5, "there are several From addresses");
        tally.AddIf(!headers.Contains("Date"), "no_date", 1, "there is no date");
        tally.AddIf(
            content.Date is { } date && (date > arrival.Message.ReceivedAt.AddDays(2) || date < arrival.Message.ReceivedAt.AddDays(-30)), "date_far_off", 1, "the date is far off");
        tally.AddIf(!headers.Contains("Message-ID"), "no_message_id", 0.5, "there is no Message-ID");
        tally.AddIf(content.Defects.HasFlag(MimeDefects.OverlongMessageId), "overlong_message_id", 0.5, $"its Message-ID has more than {MessageIdParser.MaxLength} octets and is taken for none");
        tally.AddIf(content.Subject.Length == 0, "no_subject", 0.5, "there is no subject");
        tally.AddIf(IsShouted(content.Subject), "shouted_subject", 1, "the subject is all capitals");
        tally.AddIf(content.Defects.HasFlag(MimeDefects.RepeatedHeader), "repeated_header", 1, "a field that may come once comes twice");
        tally.AddIf(arrival.Message.Raw.Bytes.Span.Contains((byte)0), "nul_octets", 1, "it holds NUL octets");
        tally.AddIf((content.Defects & (MimeDefects.BadBase64 | MimeDefects.MissingEndBoundary | MimeDefects.BoundaryNeverSeen)) != 0, "damaged_mime", 0.5, "its structure is damaged");
        tally.AddIf(
            content.Subject.AsSpan().ContainsAny(Misleading) || content.From.Any(f => f.DisplayName.AsSpan().ContainsAny(Misleading)), "hidden_characters", 1.5,
            "invisible characters stand in subject or name");
        tally.AddIf(content.From is [var author, ..] && ShowsAnother(author), "name_shows_another_address", 2, "the name shows another address than the author's");
        tally.AddIf(
            content.From is [var from, ..] && !headers.Contains("List-Id") && content.ReplyTo is [var answer, ..] && !SameDomain(from.Domain, answer.Domain), "answers_elsewhere", 0.5,
            "answers go to another domain");
        tally.AddIf(!arrival.Mime.Root.IsMultipart && content.Html is not null, "html_only", 0.5, "it is HTML alone");
        tally.AddIf(content.Defects.HasFlag(MimeDefects.HtmlBeyondBounds), "html_beyond_bounds", 0, "its HTML is larger than what is looked at here");
        foreach (var attachment in content.Attachments)
        {
            var extension = Path.GetExtension(attachment.FileName);
            tally.AddIf(Programs.Contains(extension), "program_attached", 4, $"a program is attached ({extension})");
            tally.AddIf(Pages.Contains(extension), "page_attached", 1.5, $"a page is attached ({extension})");
        }
    }

    private static bool IsShouted(string subject)
    {
        var letters = subject.Count(char.IsLetter);
        return letters >= ShoutingLetters && subject.Count(char.IsUpper) == letters;
    }

    // "support@bank.example" <x@elsewhere.example>
    private static bool ShowsAnother(MailAddress author)
    {
        var at = author.DisplayName.IndexOf('@', StringComparison.Ordinal);
        if (at < 1 || at == author.DisplayName.Length - 1)
            return false;
        var shown = author.DisplayName[(at + 1)..].TrimStart();
        var end = shown.AsSpan().IndexOfAny(AfterAddress);
        return !SameDomain(end < 0 ? shown : shown[..end], author.Domain);
    }

    private static bool SameDomain(string a, string b) =>
        a.Equals(b, StringComparison.OrdinalIgnoreCase) || a.EndsWith("." + b, StringComparison.OrdinalIgnoreCase) || b.EndsWith("." + a, StringComparison.OrdinalIgnoreCase);
}
