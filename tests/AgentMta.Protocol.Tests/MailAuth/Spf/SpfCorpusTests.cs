using System.Net;
using System.Text.Json;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.Tests.MailAuth.Spf;

public sealed class SpfCorpusTests
{
    [CorpusFact("spf")]
    public async Task Every_case_of_the_corpus_gives_an_accepted_result()
    {
        var faults = new List<string>();
        var count = 0;
        foreach (var file in Directory.EnumerateFiles(CorpusFactAttribute.Folder("spf"), "*.json").Order(StringComparer.Ordinal))
        {
            using var scenario = JsonDocument.Parse(await File.ReadAllBytesAsync(file));
            var zone = CorpusZone.Spf(scenario.RootElement.GetProperty("zonedata"));
            foreach (var test in scenario.RootElement.GetProperty("tests").EnumerateObject())
            {
                count++;
                var request = new SpfRequest(IPAddress.Parse(Text(test.Value, "host")), Text(test.Value, "helo"), Text(test.Value, "mailfrom"));
                var result = await SpfVerifier.VerifyAsync(request, zone, CancellationToken.None);
                var expected = test.Value.GetProperty("result");
                string[] accepted = expected.ValueKind == JsonValueKind.Array
                    ? [.. expected.EnumerateArray().Select(e => e.GetString()!)] : [expected.GetString()!];
                if (!accepted.Contains(result.Status.ToString().ToLowerInvariant()))
                    faults.Add($"{Path.GetFileName(file)} {test.Name}: {result.Status} ({result.Reason}) instead of {string.Join('/', accepted)}");
                else if (Text(test.Value, "explanation") is { Length: > 0 } text && result.Status == SpfStatus.Fail && result.Explanation != (text == "DEFAULT" ? null : text))
                    faults.Add($"{Path.GetFileName(file)} {test.Name}: explanation '{result.Explanation}' instead of '{text}'");
            }
        }

        Assert.Empty(faults);
        Assert.True(count > 0);
    }

    private static string Text(JsonElement test, string name) =>
        test.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
