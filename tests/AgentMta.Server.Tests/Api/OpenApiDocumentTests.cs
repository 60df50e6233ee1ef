using System.Text.Json;
using System.Text.RegularExpressions;
using AgentMta.Server.Api;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Api;

/// <summary>That /openapi.json and docs/api.md say all that the source can do; tests/sdk holds what is served against the document.</summary>
public sealed partial class OpenApiDocumentTests
{
    private static readonly string Source = Path.Combine(Repository.Root, "src", "AgentMta.Server");

    [Fact]
    public void Every_error_code_of_the_source_is_explained_with_its_status()
    {
        var thrown = Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories).Where(f => !f.EndsWith("ErrorCodes.cs", StringComparison.Ordinal)).SelectMany(f => Thrown().Matches(File.ReadAllText(f)))
            .Select(m => (Status: int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), Code: m.Groups[2].Value)).ToHashSet();
        Assert.True(thrown.Count > 20, $"{thrown.Count} codes were found");
        var known = ErrorCodes.All.Select(e => (e.Status, e.Code)).ToHashSet();
        Assert.Equal(known.Count, ErrorCodes.All.Count);
        Assert.Empty(thrown.Except(known));
    }

    [Fact]
    public void Every_error_code_is_in_the_table_of_the_documentation_with_its_cause_and_help()
    {
        var documentation = File.ReadAllText(Path.Combine(Repository.Root, "docs", "api.md"));
        var missing = ErrorCodes.All.Select(Row).Where(row => !documentation.Contains(row, StringComparison.Ordinal)).ToList();
        Assert.True(missing.Count == 0, "docs/api.md lacks these rows:\n" + string.Join('\n', missing));

        static string Row(ErrorCode e) => $"| {e.Status} | `{e.Code}` | {e.Cause} | {e.Help} |";
    }

    [Fact]
    public async Task Every_field_and_parameter_of_the_document_says_what_it_is_and_every_word_is_used()
    {
        await using var server = await ServerProcess.StartAsync();
        using var client = server.Client();
        using var document = JsonDocument.Parse(await client.GetStringAsync("/openapi.json"));
        var silent = new List<string>();
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var schema in document.RootElement.GetProperty("components").GetProperty("schemas").EnumerateObject())
        {
            foreach (var field in schema.Value.TryGetProperty("properties", out var fields) ? fields.EnumerateObject().ToList() : [])
            {
                named.UnionWith([field.Name, $"{schema.Name}.{field.Name}"]);
                if (!Says(field.Value))
                    silent.Add($"{schema.Name}.{field.Name}");
            }
        }

        foreach (var operation in document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject()))
        {
            foreach (var parameter in operation.Value.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().ToList() : [])
            {
                if (!Says(parameter) && !Says(parameter.GetProperty("schema")))
                    silent.Add($"{operation.Value.GetProperty("operationId")} ?{parameter.GetProperty("name")}");
            }
        }

        Assert.True(silent.Count == 0, "OpenApiTerms has no word for: " + string.Join(", ", silent));
        // Facts stand within other schemas, and parameters under "?name".
        var unused = OpenApiTerms.Keys.Where(k => !k.StartsWith('?') && !k.Contains("Facts.", StringComparison.Ordinal)).Except(named).ToList();
        Assert.True(unused.Count == 0, "OpenApiTerms has words for nothing: " + string.Join(", ", unused));
    }

    private static bool Says(JsonElement node) => node.TryGetProperty("description", out var text) && text.GetString() is { Length: > 0 };

    // new ApiException(404, "not_found", new SubmitFault(403, …, Refused(413, …, and the 401s of the Authenticator.
    [GeneratedRegex("(?:ApiException|SubmitFault|Refused)\\(\\s*(\\d{3}), (?:[^\"\n]*\\? )?\"([a-z_]+)\"")]
    private static partial Regex Thrown();
}
