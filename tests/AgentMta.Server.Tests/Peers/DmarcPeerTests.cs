using System.Text.Json;
using System.Text.Json.Nodes;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Server.Cli;
using AgentMta.Server.Resolver;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Peers;

/// <summary>
/// Our DMARC against authheaders (Debian python3-authheaders) on random policies: RFC 7489 only, because its tree walk is that of an early
/// draft (five names, no psd=n). It reads valid records alone, so only such are generated; and its suffix list has no default rule, so every
/// domain here is under a listed suffix.
/// </summary>
public sealed class DmarcPeerTests
{
    private const int Checks = 800;

    private const string Script =
        """
        import authheaders
        from authres import SPFAuthenticationResult
        from authres import DKIMAuthenticationResult
        import authheaders.dmarc_lookup as lookup
        from publicsuffix2 import PublicSuffixList
        LIST = PublicSuffixList(open(lookup.get_suffix_list_file_name()))
        authheaders.get_org_domain = lookup.get_org_domain = lambda d: LIST.get_public_suffix(d)
        ZONE = {}

        def answer(q):
            if "zone" in q:
                ZONE.clear()
                ZONE.update({k: v[0]["TXT"] for k, v in q["zone"].items()})
            spf = SPFAuthenticationResult(result="pass", smtp_mailfrom="u@" + q["spf"]) if q["spf"] else None
            dkim = DKIMAuthenticationResult(result="pass", header_d=q["dkim"], header_i="@" + q["dkim"]) if q["dkim"] else None
            result, comment, domain, policy = authheaders.dmarc_per_from(q["from"], spf, dkim, dnsfunc=lambda name: ZONE.get(name))
            return {"result": result, "policy": policy}
        """;

    private static readonly string[] Domains =
    [
        "example.com", "a.example.com", "b.a.example.com", "c.example.com", "example.co.uk", "mail.example.co.uk", "deep.er.mail.example.co.uk", "other.co.uk", "example.org", "x.example.org", "nothing.net", "sub.nothing.net",
        "city.kobe.jp", "a.city.kobe.jp", "b.c.kobe.jp", "x.b.c.kobe.jp",
    ];

    [RequiresProgramFact(PythonPeer.Python, "/usr/lib/python3/dist-packages/authheaders", PublicSuffixFile.DefaultPath)]
    public async Task Our_results_agree_with_authheaders_on_random_policies()
    {
        var suffixes = PublicSuffixList.Parse(await File.ReadAllTextAsync(PublicSuffixFile.DefaultPath));
        var random = new Random(7489);
        var questions = new List<JsonObject>();
        var zones = new List<JsonZone>();
        for (var i = 0; i < Checks; i++)
        {
            var question = new JsonObject { ["from"] = Pick(random), ["spf"] = random.Next(2) == 0 ? Pick(random) : null, ["dkim"] = random.Next(2) == 0 ? Pick(random) : null };
            if (i % 20 == 0)
            {
                question["zone"] = Zone(random);
                using var document = JsonDocument.Parse(question["zone"]!.ToJsonString());
                zones.Add(JsonZone.Parse(document.RootElement));
            }

            questions.Add(question);
        }

        var answers = await PythonPeer.AskAsync(Script, questions);
        var disagreements = new List<string>();
        var kinds = new HashSet<DmarcStatus>();
        for (var i = 0; i < Checks; i++)
        {
            var request = new DmarcRequest([Text(i, "from")!], List(Text(i, "dkim")), List(Text(i, "spf")), DmarcSpec.Rfc7489);
            var ours = await DmarcEvaluator.EvaluateAsync(request, zones[i / 20], suffixes, CancellationToken.None);
            kinds.Add(ours.Status);
            // RFC 7489 6.3: sp never applies to the domain that publishes it; authheaders 0.15.2 applies it there too.
            var spOfItself = ours is { Record.Sp: not null } && ours.PolicyDomain == ours.AuthorDomain;
            var theirs = answers[i].TryGetProperty("result", out var result) ? $"{result.GetString()} {(spOfItself ? ours.Policy.ToString() : answers[i].GetProperty("policy").GetString())}" : answers[i].ToString();
            var mine = $"{ours.Status} {ours.Policy}";
            if (!mine.Equals(theirs, StringComparison.OrdinalIgnoreCase))
                disagreements.Add($"{questions[i].ToJsonString()}: {mine} ({ours.Reason}; {ours.Record?.Text}), authheaders {theirs}");
        }

        Assert.True(disagreements.Count == 0, string.Join(Environment.NewLine, disagreements.Take(20)));
        Assert.True(kinds.SetEquals([DmarcStatus.None, DmarcStatus.Pass, DmarcStatus.Fail]));

        string? Text(int i, string name) => (string?)questions[i][name];
    }

    private static string Pick(Random random) => Domains[random.Next(Domains.Length)];

    private static List<string> List(string? domain) => domain is null ? [] : [domain];

    private static JsonObject Zone(Random random)
    {
        string[] policies = ["none", "quarantine", "reject"];
        var zone = new JsonObject();
        foreach (var domain in Domains.Where(d => !d.Contains("nothing", StringComparison.Ordinal) && random.Next(2) == 0))
        {
            var record = $"v=DMARC1; p={policies[random.Next(3)]}";
            if (random.Next(2) == 0)
                record += $"; sp={policies[random.Next(3)]}";
            if (random.Next(3) == 0)
                record += ";adkim=" + (random.Next(2) == 0 ? "s" : "r");
            if (random.Next(3) == 0)
                record += " ; aspf=" + (random.Next(2) == 0 ? "s" : "r");
            if (random.Next(3) == 0)
                record += "; rua=mailto:d@example.com";
            zone["_dmarc." + domain] = new JsonArray(new JsonObject { ["TXT"] = random.Next(15) == 0 ? "v=spf1 -all" : record });
        }

        return zone;
    }
}
