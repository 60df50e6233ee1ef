using System.Net;
using System.Text.Json;
using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Dmarc;

namespace AgentMta.Protocol.Tests.MailAuth.Dmarc;

public sealed class DmarcCorpusTests
{
    [CorpusFact("dmarc")]
    public async Task Every_case_without_a_message_gives_the_expected_outcome()
    {
        using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(CorpusFactAttribute.Folder("dmarc"), "manifest.json")));
        var faults = new List<string>();
        foreach (var test in manifest.RootElement.GetProperty("cases").EnumerateArray().Where(t => !t.TryGetProperty("message", out _)))
        {
            var spec = test.GetProperty("spec").GetString()!.Contains("9989", StringComparison.Ordinal) ? DmarcSpec.Rfc9989 : DmarcSpec.Rfc7489;
            var request = new DmarcRequest([MailDomain.OfAddress(test.GetProperty("header_from").GetString()) ?? ""], List(test, "dkim_pass_domains"), List(test, "spf_pass_domains"), spec);
            var result = await DmarcEvaluator.EvaluateAsync(request, CorpusZone.Typed(test.GetProperty("dns")), null, CancellationToken.None);
            var want = test.GetProperty("expected");
            Compare("result", result.Status.ToString());
            Compare("policy", result.Policy?.ToString());
            Compare("disposition", result.Disposition.ToString());
            Compare("policy_domain", result.OrganizationalDomain);
            if (want.TryGetProperty("spf_aligned", out var spf) && spf.GetBoolean() != result.IsAligned("spf"))
                faults.Add($"{test.GetProperty("name")}: spf alignment");
            if (want.TryGetProperty("dkim_aligned", out var dkim) && dkim.GetBoolean() != result.IsAligned("dkim"))
                faults.Add($"{test.GetProperty("name")}: dkim alignment");

            void Compare(string key, string? got)
            {
                if (want.TryGetProperty(key, out var value) && value.GetString() != got?.ToLowerInvariant())
                    faults.Add($"{test.GetProperty("name")}: {key} {got} instead of {value} ({result.Reason})");
            }
        }

        Assert.Empty(faults);
    }

    [CorpusFact("dmarc")]
    public async Task Every_case_with_a_message_gives_the_expected_outcome()
    {
        var folder = CorpusFactAttribute.Folder("dmarc");
        var suffixes = PublicSuffixList.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "..", "psl", "public_suffix_list.dat")));
        using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder, "manifest.json")));
        var faults = new List<string>();
        foreach (var test in manifest.RootElement.GetProperty("cases").EnumerateArray().Where(t => t.TryGetProperty("message", out _)))
        {
            using var zone = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder, test.GetProperty("dns_zone").GetString()!)));
            var request = new MailAuthRequest
            {
                Message = await File.ReadAllBytesAsync(Path.Combine(folder, test.GetProperty("message").GetString()!)),
                ClientAddress = IPAddress.Parse(test.GetProperty("client_ip").GetString()!),
                Helo = test.GetProperty("helo").GetString()!,
                MailFrom = test.GetProperty("mail_from").GetString()!,
                Now = DateTimeOffset.FromUnixTimeSeconds(1_795_000_000),
                DmarcSpec = DmarcSpec.Rfc7489,
                PublicSuffixes = suffixes,
            };
            var dmarc = (await MailAuthenticator.AuthenticateAsync(request, CorpusZone.Typed(zone.RootElement), CancellationToken.None)).Dmarc;
            foreach (var want in test.GetProperty("expected").EnumerateObject())
            {
                var got = want.Name switch { "result" => dmarc.Status.ToString(), "disposition" => dmarc.Disposition.ToString(), _ => want.Value.GetString()! };
                if (!got.Equals(want.Value.GetString(), StringComparison.OrdinalIgnoreCase))
                    faults.Add($"{test.GetProperty("name")}: {want.Name} {got} instead of {want.Value} ({dmarc.Reason})");
            }
        }

        Assert.Empty(faults);
    }

    [CorpusFact("psl")]
    public void Every_vector_of_the_public_suffix_list_gives_its_registrable_domain()
    {
        var folder = CorpusFactAttribute.Folder("psl");
        var list = PublicSuffixList.Parse(File.ReadAllText(Path.Combine(folder, "public_suffix_list.dat")));
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "vectors.json")));
        var faults = vectors.RootElement.GetProperty("cases").EnumerateArray()
            .Select(v => (Input: v.GetProperty("input").GetString()!, Want: v.GetProperty("registrable_domain").GetString()))
            .Where(v => list.RegistrableDomain(v.Input) != v.Want).Select(v => $"{v.Input}: {list.RegistrableDomain(v.Input)} instead of {v.Want}").ToList();
        Assert.Empty(faults);
    }

    private static List<string> List(JsonElement test, string name) => [.. test.GetProperty(name).EnumerateArray().Select(e => e.GetString()!)];
}
