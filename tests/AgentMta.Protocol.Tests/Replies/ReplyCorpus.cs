using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentMta.Protocol.Replies;

namespace AgentMta.Protocol.Tests.Replies;

/// <summary>Judges the third-party reply cases as the corpus's README says; the corpus lies beside the project and is never part of it.</summary>
internal static partial class ReplyCorpus
{
    public static string? Folder()
    {
        if (Environment.GetEnvironmentVariable("AGENTMTA_CORPORA") is { Length: > 0 } named)
            return Directory.Exists(Path.Combine(named, "replies")) ? Path.Combine(named, "replies") : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AgentMta.sln")))
            {
                var beside = Path.Combine(folder.FullName, "..", "shared", "corpora", "replies");
                return Directory.Exists(beside) ? beside : null;
            }
        }

        return null;
    }

    /// <summary>Name and fault (null for none) of each case.</summary>
    public static IEnumerable<(string Name, string? Fault)> Judge(string folder, Func<string, string?> plainTextOfMessage)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")));
        foreach (var item in manifest.RootElement.GetProperty("cases").EnumerateArray())
        {
            var path = Path.Combine(folder, item.GetProperty("file").GetString()!);
            var format = item.GetProperty("format").GetString();
            var body = format == "eml" ? plainTextOfMessage(path) : File.ReadAllText(path, Encoding.UTF8);
            if (body is null)
                continue;
            var html = format == "html" ? VisibleReply.FromHtml(body) : "";
            var text = format == "html" ? AgentMta.Protocol.Html.HtmlText.Extract(html).Text : VisibleReply.FromText(body);
            yield return (item.GetProperty("name").GetString()!, Fault(item, text, html));
        }
    }

    private static string? Fault(JsonElement item, string text, string html)
    {
        var got = Squash(text);
        var policy = item.GetProperty("signature_policy").GetString();
        if (item.TryGetProperty("expected_html", out var wanted))
        {
            var want = Words(wanted.GetString()!);
            var mine = Words(html);
            if (Space().Replace(want, "") == Space().Replace(mine, "") || (policy != "stripped" && IsSignatureApart(want, mine)))
                return null;
            return $"html '{mine.Trim()}' instead of '{want.Trim()}'";
        }

        if (item.TryGetProperty("expected", out var expected))
        {
            var want = expected.GetString()!;
            if (got == Squash(want) || (policy != "stripped" && IsSignatureApart(want, text)) || (policy != "kept" && IsSignatureApart(text, want)))
                return null;
            return $"'{got}' instead of '{Squash(want)}'";
        }

        foreach (var lacks in Strings(item, "contains").Where(s => !got.Contains(Squash(s), StringComparison.Ordinal)))
            return $"lacks '{lacks}': '{got}'";
        foreach (var keeps in Strings(item, "not_contains").Where(s => got.Contains(Squash(s), StringComparison.Ordinal)))
            return $"keeps '{keeps}'";
        foreach (var starts in Strings(item, "starts_with").Where(s => !got.StartsWith(Squash(s), StringComparison.Ordinal)))
            return $"starts '{got[..Math.Min(60, got.Length)]}' instead of '{starts}'";
        return null;
    }

    private static IEnumerable<string> Strings(JsonElement item, string key)
    {
        if (!item.TryGetProperty(key, out var value))
            return [];
        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(v => v.GetString()!) : [value.GetString()!];
    }

    private static string Squash(string text) =>
        Space().Replace(text.Normalize().Replace('\u00A0', ' ').Replace("\uFEFF", "", StringComparison.Ordinal).Replace("\u200B", "", StringComparison.Ordinal), " ").Trim();

    private static bool IsSignatureApart(string whole, string part)
    {
        var lines = whole.Split('\n').Select(Squash).ToArray();
        var wanted = Squash(part);
        for (var i = 1; i < lines.Length; i++)
        {
            var rest = lines[i..].Where(l => l.Length > 0).ToArray();
            if (rest.Length > 0 && wanted.Length > 0 && Squash(string.Join(' ', lines[..i])) == wanted)
                return Signature().IsMatch(rest[0]) && rest.Length <= 15 && string.Join(' ', rest).Length <= 400 && !rest.Any(l => l[0] == '>');
        }

        return false;
    }

    private static string Words(string html)
    {
        var source = Space().Replace(Unseen().Replace(html, " "), " ");
        return System.Net.WebUtility.HtmlDecode(AnyTag().Replace(BlockTag().Replace(source, "\n"), ""));
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"<!--.*?-->|<(script|style|head)\b.*?</\1>", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Unseen();

    [GeneratedRegex(@"</?(?:br|div|p|tr|li|ul|ol|table|blockquote|h\d|hr|pre)\b[^>]*>", RegexOptions.IgnoreCase)]
    private static partial Regex BlockTag();

    [GeneratedRegex("<[^>]+>")]
    private static partial Regex AnyTag();

    [GeneratedRegex(
        @"^(?:[-_=*—–]{1,80}$|[-—–]\s?\w.{0,40}$|(?:sent (?:from|with|via)|get outlook|gesendet|von meinem|envoy|obtenez|enviad|inviat|verzonden|verstuurd|skickat|sendt|lähetetty|wysłan|отправлен|надісла|trimis)\b.{0,80}$|" +
        "(?:(?:many )?thanks|thank you|cheers|(?:best|kind|warm)(?:est)?\\b|regards|sincerely|yours|grüße|viele grüße|mit freundlichen|lg|mfg|cordialement|bien à|saludos|un saludo|atentamente|abraços|atenciosamente|cordiali|" +
        "met vriendelijke|groet|venlig|med venlig|venligste|hilsen|med vänlig|mvh|с уважением|pozdrawiam).{0,40}$)", RegexOptions.IgnoreCase)]
    private static partial Regex Signature();
}
