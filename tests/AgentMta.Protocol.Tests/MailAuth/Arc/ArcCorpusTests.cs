using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.Tests.MailAuth.Dkim;
using AgentMta.Protocol.Tests.Support;

namespace AgentMta.Protocol.Tests.MailAuth.Arc;

public sealed partial class ArcCorpusTests
{
    [CorpusFact("arc")]
    public async Task Every_chain_of_the_validation_suite_gets_the_expected_result()
    {
        using var suite = await LoadAsync("arc-validation-tests.json");
        var faults = new List<string>();
        var count = 0;
        foreach (var scenario in suite.RootElement.EnumerateArray())
        {
            var zone = DkimCorpusTests.Zone(scenario.GetProperty("txt-records"));
            foreach (var test in scenario.GetProperty("tests").EnumerateObject())
            {
                count++;
                var wanted = Text(test.Value, "cv").ToLowerInvariant();
                var result = await ArcVerifier.VerifyAsync(Message(test.Value), zone, DateTimeOffset.UtcNow, CancellationToken.None);
                var got = result.Status.ToString().ToLowerInvariant();
                if (wanted.Length == 0 ? got == "pass" : got != wanted)
                    faults.Add($"{test.Name}: {got} ({result.Reason}) instead of {wanted}");
            }
        }

        Assert.True(count > 0);
        Assert.Empty(faults);
    }

    [CorpusFact("arc")]
    public async Task Every_whole_message_gets_the_expected_result()
    {
        using var manifest = await LoadAsync("messages.json");
        foreach (var item in manifest.RootElement.GetProperty("cases").EnumerateArray())
        {
            var message = await File.ReadAllBytesAsync(Path.Combine(Corpus.Folder("arc"), Text(item, "file")));
            var result = await ArcVerifier.VerifyAsync(message, DkimCorpusTests.Zone(item.GetProperty("dns")), DateTimeOffset.UtcNow, CancellationToken.None);
            Assert.Equal(Text(item, "expected_cv"), result.Status.ToString().ToLowerInvariant());
        }
    }

    [CorpusFact("arc")]
    public async Task Seals_are_made_as_the_signing_suite_prescribes()
    {
        using var suite = await LoadAsync("arc-sign-tests.json");
        var faults = new List<string>();
        var count = 0;
        foreach (var scenario in suite.RootElement.EnumerateArray())
        {
            using var key = DkimKey.FromPem(Text(scenario, "privatekey"));
            var signer = new DkimSigningKey(Text(scenario, "domain"), Text(scenario, "sel"), key);
            var zone = DkimCorpusTests.Zone(scenario.GetProperty("txt-records"));
            foreach (var test in scenario.GetProperty("tests").EnumerateObject())
            {
                count++;
                var message = Message(test.Value);
                var now = DateTimeOffset.FromUnixTimeSeconds(test.Value.GetProperty("t").GetInt64());
                var chain = await ArcVerifier.VerifyAsync(message, zone, now, CancellationToken.None);
                var options = new ArcSealOptions { SignedHeaders = Text(test.Value, "sig-headers").Split(':') };
                var made = Encoding.ASCII.GetString(ArcSealer.Seal(message, null, Text(test.Value, "srv-id"), chain, signer, now, options));
                foreach (var (name, key2) in new[] { ("ARC-Seal", "AS"), ("ARC-Message-Signature", "AMS"), ("ARC-Authentication-Results", "AAR") })
                {
                    if (!Parts(Text(test.Value, key2)).SetEquals(Parts(FieldOf(made, name))))
                        faults.Add($"{test.Name}: {name}\n{FieldOf(made, name)}\ninstead of\n{Text(test.Value, key2)}\nchain {chain.Status} {chain.Reason}");
                }
            }
        }

        Assert.True(count > 0);
        Assert.Empty(faults);
    }

    private static string FieldOf(string fields, string name) =>
        Regex.Match(fields, $@"(?m)^{name}:((?:.*\n)(?:[ \t].*\n)*)", RegexOptions.NonBacktracking).Groups[1].Value;

    private static HashSet<string> Parts(string field) => [.. Space().Replace(field, "").Split(';', StringSplitOptions.RemoveEmptyEntries)];

    private static byte[] Message(JsonElement test) => Encoding.UTF8.GetBytes(Text(test, "message").ReplaceLineEndings("\r\n"));

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static async Task<JsonDocument> LoadAsync(string file) => JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Corpus.Folder("arc"), file)));

    [GeneratedRegex(@"\s")]
    private static partial Regex Space();
}
