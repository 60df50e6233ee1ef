using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Tests.Support;

namespace AgentMta.Protocol.Tests.Mime;

/// <summary>The messages of the corpus against what two other parsers agree on.</summary>
public sealed class MimeCorpusTests
{
    [CorpusFact("mime")]
    public void Every_message_says_what_the_references_say()
    {
        var faults = new List<string>();
        var files = Directory.EnumerateFiles(Corpus.Folder("mime"), "*.eml").Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(file, ".json")));
            var raw = File.ReadAllBytes(file);
            faults.AddRange(Faults(expected.RootElement, raw, MessageContent.Read(MimeMessage.Parse(raw))).Select(f => $"{Path.GetFileName(file)}: {f}"));
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [CorpusFact("mime/robust")]
    public void What_the_references_disagree_on_is_read_nonetheless()
    {
        var files = Directory.EnumerateFiles(Corpus.Folder("mime/robust"), "*.eml").ToList();
        Assert.NotEmpty(files);
        Assert.All(files, f => Assert.NotNull(MessageContent.Read(MimeMessage.Parse(File.ReadAllBytes(f)))));
    }

    private static IEnumerable<string> Faults(JsonElement expected, byte[] raw, MessageContent content)
    {
        if (Wanted(expected, "subject") is { } subject && Squash(subject) != Squash(content.Subject))
            yield return $"subject '{content.Subject}'";
        if (Wanted(expected, "message_id") is { } id && Squash(id) != (content.MessageId ?? ""))
            yield return $"message id '{content.MessageId}'";
        if (Wanted(expected, "date") is { Length: > 0 } date && DateTimeOffset.Parse(date, System.Globalization.CultureInfo.InvariantCulture) != content.Date)
            yield return $"date {content.Date} instead of {date}";
        foreach (var (name, addresses) in new[] { ("from", content.From), ("to", content.To), ("cc", content.Cc) })
        {
            if (!expected.TryGetProperty(name, out var list))
                continue;
            var wanted = list.EnumerateArray().Select(a => $"{Squash(a.GetProperty("name").GetString())} <{a.GetProperty("address").GetString()}>".ToLowerInvariant());
            var found = addresses.Select(a => $"{Squash(a.DisplayName)} <{a.Address}>".ToLowerInvariant());
            if (!wanted.SequenceEqual(found))
                yield return $"{name} {string.Join(", ", found)}";
        }

        foreach (var part in Parts(expected, "text").Where(p => !Holds(content.Text, p)))
            yield return "text lacks " + part.GetProperty("excerpt").GetString();
        foreach (var part in Parts(expected, "html").Where(p => !Holds(content.Html ?? "", p)))
            yield return "html lacks " + part.GetProperty("excerpt").GetString();

        var left = content.Attachments.ToList();
        foreach (var wanted in expected.GetProperty("attachments").EnumerateArray().OrderBy(w => w.TryGetProperty("optional", out _)))
        {
            var found = left.Find(a => Fits(wanted, a, raw));
            if (found is not null)
                left.Remove(found);
            else if (!wanted.TryGetProperty("optional", out _))
                yield return "attachment missing: " + wanted;
        }

        foreach (var attachment in left)
            yield return "attachment too many: " + attachment.FileName;
    }

    private static bool Fits(JsonElement wanted, AttachmentInfo found, byte[] raw)
    {
        var name = wanted.GetProperty("filename").GetString();
        return wanted.GetProperty("content_type").GetString() == found.ContentType
            && wanted.GetProperty("inline").GetBoolean() == found.Inline
            && wanted.GetProperty("is_message_rfc822").GetBoolean() == found.IsMessage
            && (wanted.GetProperty("eol").GetString() != "exact" || wanted.TryGetProperty("sha256_note", out _) || wanted.GetProperty("sha256").GetString() == Convert.ToHexStringLower(found.Sha256(raw)))
            && (name is null || wanted.TryGetProperty("filename_ambiguous", out _) || found.FileName == FileNames.Neutralise(name) || found.FileName == FileNames.Replace(name));
    }

    private static string? Wanted(JsonElement expected, string key) =>
        expected.TryGetProperty(key, out var value) ? value.ValueKind == JsonValueKind.Null ? "" : value.GetString() : null;

    private static IEnumerable<JsonElement> Parts(JsonElement expected, string key) => expected.GetProperty(key).EnumerateArray()
        .Where(p => !p.TryGetProperty("ambiguous", out _) && p.GetProperty("chars").GetInt32() > 0 && p.TryGetProperty("ws_sha256", out _));

    private static bool Holds(string text, JsonElement part)
    {
        var body = Squash(text);
        var runes = part.GetProperty("chars").GetInt32();
        var excerpt = part.GetProperty("excerpt").GetString()!;
        var start = excerpt[..Math.Min(excerpt.Length, 40)];
        for (var at = body.IndexOf(start, StringComparison.Ordinal); at >= 0; at = body.IndexOf(start, at + 1, StringComparison.Ordinal))
        {
            var piece = string.Concat(body[at..].EnumerateRunes().Take(runes).Select(r => r.ToString()));
            if (Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(piece))) == part.GetProperty("ws_sha256").GetString())
                return true;
        }

        return false;
    }

    private static string Squash(string? text)
    {
        var squashed = new StringBuilder();
        foreach (var c in text ?? "")
        {
            if (c is '\ufeff' or '\u200b')
                continue;
            if (!char.IsWhiteSpace(c) && c is not (>= '\x1c' and <= '\x1f'))
                squashed.Append(c);
            else if (squashed.Length > 0 && squashed[^1] != ' ')
                squashed.Append(' ');
        }

        return squashed.ToString().TrimEnd();
    }
}
