using System.Text.Json;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Reports;
using AgentMta.Protocol.Tests.Replies;

namespace AgentMta.Protocol.Tests.Reports;

/// <summary>Judges the third-party bounces as the corpus's README says: kind, recipients, hard or soft.</summary>
public sealed class BounceCorpusTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private const double Floor = 95;

    [SkippableCorpusFact]
    public void Bounces_of_the_corpus_are_read()
    {
        var folder = Path.Combine(ReplyCorpus.Folder()!, "..", "bounces");
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")));
        var cases = manifest.RootElement.GetProperty("cases").EnumerateArray().ToList();
        var faults = new List<string>();
        foreach (var item in cases)
        {
            var report = ReportReader.Read(MimeMessage.Parse(File.ReadAllBytes(Path.Combine(folder, item.GetProperty("file").GetString()!))));
            if (Fault(item, report) is { } fault)
                faults.Add($"{item.GetProperty("name").GetString()}: {fault}");
        }

        var score = 100.0 * (cases.Count - faults.Count) / cases.Count;
        output.WriteLine($"{cases.Count - faults.Count} of {cases.Count}: {score:0.0} %");
        Assert.True(score >= Floor, string.Join('\n', faults));
    }

    private static string? Fault(JsonElement item, MailReport? report)
    {
        var kind = report?.Kind;
        var isBounce = kind is ReportKind.Dsn or ReportKind.Bounce;
        switch (item.GetProperty("kind").GetString())
        {
            case "not-bounce":
                return kind == ReportKind.Arf || (isBounce && !item.GetProperty("has_delivery_status").GetBoolean()) ? $"taken for {kind}" : null;
            case "autoreply":
                return kind == ReportKind.AutoReply ? null : $"kind {kind}";
            case "arf":
                return kind == ReportKind.Arf ? null : $"kind {kind}";
            case "delivered":
                return report is not null && report.Recipients.Any(r => r.Class is not null) ? "a success taken for a failure" : null;
        }

        if (kind == ReportKind.Arf && Text(item, "reason") == "feedback")
            return null;
        if (!isBounce)
            return $"kind {kind}";
        var named = report!.Recipients.Select(r => r.Address.ToLowerInvariant()).ToHashSet();
        var wanted = Strings(item, "recipients").Select(r => r.ToLowerInvariant()).ToList();
        if (!item.TryGetProperty("dsn", out _) && wanted.Except(named).Any())
            return $"{string.Join(' ', named)} lacks {string.Join(' ', wanted.Except(named))}";
        if (Text(item, "class") is not ("hard" or "soft") and not null)
            return null;
        var right = new HashSet<BounceClass>();
        if (Text(item, "class") is not { } wantedClass)
            return null;
        right.Add(wantedClass == "hard" ? BounceClass.Hard : BounceClass.Soft);
        if (item.TryGetProperty("dsn", out var dsn) && dsn.GetProperty("recipients").EnumerateArray().Any(r => Text(r, "status")?.StartsWith('4') == true))
            right.Add(BounceClass.Soft);
        var classes = report.Recipients.Select(r => r.Class).OfType<BounceClass>().ToHashSet();
        return classes.Overlaps(right) && classes.IsSubsetOf(right) ? null : $"class {string.Join(' ', classes)} instead of {wantedClass}";
    }

    private static string? Text(JsonElement item, string name) => item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static IEnumerable<string> Strings(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(v => v.GetString()!) : [];
}
