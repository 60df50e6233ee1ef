using System.Text.Json;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.Tests.Support;

namespace AgentMta.Protocol.Tests.MailAuth.Dkim;

public sealed class DkimCorpusTests
{
    [CorpusFact("dkim")]
    public async Task Every_signature_of_the_corpus_gets_the_expected_result()
    {
        var folder = Corpus.Folder("dkim");
        using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder, "manifest.json")));
        var faults = new List<string>();
        var count = 0;
        foreach (var item in manifest.RootElement.GetProperty("cases").EnumerateArray())
        {
            count++;
            var message = await File.ReadAllBytesAsync(Path.Combine(folder, item.GetProperty("file").GetString()!));
            var now = item.TryGetProperty("now", out var at) && at.ValueKind == JsonValueKind.Number ? DateTimeOffset.FromUnixTimeSeconds(at.GetInt64()) : DateTimeOffset.UtcNow;
            var results = await DkimVerifier.VerifyAsync(message, Zone(item.GetProperty("dns")), now, CancellationToken.None);
            var wanted = item.GetProperty("signatures").EnumerateArray().ToList();
            var same = results.Count == wanted.Count && results.Zip(wanted).All(p => Accepts(p.Second, p.First))
                && (item.GetProperty("expected").GetString() == "pass") == results.Any(r => r.Status == DkimStatus.Pass);
            if (!same)
                faults.Add($"{item.GetProperty("file")}: {string.Join(" | ", results.Select(r => $"{r.Status} ({r.Reason})"))} for {item.GetProperty("signatures")}");
        }

        Assert.True(count > 0);
        Assert.Empty(faults);
    }

    private static bool Accepts(JsonElement signature, DkimResult result)
    {
        var got = result.Status.ToString().ToLowerInvariant();
        var accepted = signature.GetProperty("accept").EnumerateArray().Select(a => a.GetString()).Append(signature.GetProperty("expected").GetString());
        return accepted.Contains(got) || (signature.GetProperty("a").GetString() == "rsa-sha1" && result.Status is DkimStatus.Policy or DkimStatus.PermError);
    }

    internal static NameTable Zone(JsonElement dns)
    {
        var zone = new NameTable();
        foreach (var entry in dns.EnumerateObject())
        {
            if (entry.Value.ValueKind == JsonValueKind.Object)
                zone.Status(entry.Name, entry.Value.GetProperty("error").GetString() == "TIMEOUT" ? DnsStatus.Timeout : DnsStatus.ServerFailure);
            else if (entry.Value.ValueKind == JsonValueKind.String)
                zone.Text(entry.Name, entry.Value.GetString()!);
        }

        return zone;
    }
}
