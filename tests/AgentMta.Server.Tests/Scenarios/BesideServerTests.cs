using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>Commands on the data folder alone, as README.md has them, see the server as it runs: its name, its smart host, its DNS and its ports.</summary>
public sealed class BesideServerTests : IAsyncLifetime
{
    private const string Domain = "example.com";
    private const string Api = "/v0/domains/" + Domain;

    private readonly string _zone = Path.GetTempFileName();
    private ServerProcess _server = null!;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(_zone, "$TTL 60\n");
        _server = await ServerProcess.StartAsync("--domain", Domain, "--zone", _zone, "--relay", "192.0.2.25:587");
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        File.Delete(_zone);
    }

    [Fact]
    public async Task The_records_that_a_command_prints_are_those_that_the_server_asks_for()
    {
        using var api = _server.Client();
        var asked = (await api.GetFromJsonAsync<JsonElement>(Api)).GetProperty("records").EnumerateArray().Select(Record).ToList();

        var shown = await RunAsync(0, "domain", "show", Domain, "--json");
        var printed = JsonSerializer.Deserialize<JsonElement>(shown.StandardOutput).GetProperty("records").EnumerateArray().Select(Record).ToList();

        Assert.Equal(asked, printed);
        Assert.Contains($"{Domain} MX mx.{Domain}", printed);
        Assert.Contains($"{Domain} TXT v=spf1 mx ip4:192.0.2.25 -all", printed);

        // Where a command is told what the server was told, that is no disagreement.
        await RunAsync(0, "domain", "show", Domain, "--domain", "Example.COM", "--relay", "192.0.2.25:587", "--zone", _zone);

        // The name stays that of the folder's server while it is down.
        Assert.Equal(0, await _server.StopAsync());
        Assert.Contains($"MX 10 mx.{Domain}", (await RunAsync(0, "domain", "show", Domain)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_verified_a_command_verifies_too_and_mail_goes_on()
    {
        using (var api = _server.Client())
            await File.WriteAllTextAsync(_zone, await api.GetStringAsync(Api + "/zone-file"));
        await _server.KillAsync();
        await _server.StartAgainAsync();
        using var again = _server.Client();
        Assert.True((await again.PostAsync(Api + "/verify", null)).IsSuccessStatusCode);
        Assert.Equal("VERIFIED", await StatusAsync(again));

        foreach (var zone in new string[][] { [], ["--zone", _zone] })
        {
            await RunAsync(0, ["domain", "verify", Domain, .. zone]);
            Assert.Equal("VERIFIED", await StatusAsync(again));
        }

        var sent = await again.PostAsJsonAsync($"/v0/inboxes/agent%40{Domain}/messages/send", new { to = "postmaster@" + Domain, subject = "Still", text = "Allowed." });
        Assert.True(sent.IsSuccessStatusCode, await sent.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("--domain", "other.test", "mx.other.test", "mx.example.com")]
    [InlineData("--relay", "192.0.2.77:25", "192.0.2.77:25", "192.0.2.25:587")]
    [InlineData("--resolver", "192.0.2.53:53", "192.0.2.53:53", "''")]
    [InlineData("--config", """{ "HostName": "mail.other.test" }""", "mail.other.test", "mx.example.com")]
    public async Task A_value_that_disagrees_with_the_server_is_refused_with_both_and_changes_nothing(string flag, string value, string given, string running)
    {
        using var file = new TemporaryFile(value);
        using var api = _server.Client();
        var before = await StatusAsync(api);
        foreach (var verb in new[] { "show", "verify" })
        {
            var refused = await RunAsync(78, "domain", verb, Domain, flag, flag == "--config" ? file.Path : value);
            Assert.Contains(given, refused.Output, StringComparison.Ordinal);
            Assert.Contains(running, refused.Output, StringComparison.Ordinal);
        }

        Assert.Equal(before, await StatusAsync(api));
    }

    [Fact]
    public async Task Health_and_send_find_the_server_at_the_port_that_it_really_has()
    {
        Assert.Contains("\"status\":\"ok\"", (await RunAsync(0, "health")).Output, StringComparison.Ordinal);
        // A name of one's own, until DNS is published: what counts here is that the server answered.
        var refused = await RunAsync(1, "send", "--from", $"agent@{Domain}", "--to", $"postmaster@{Domain}", "--text", "Hello");
        Assert.Contains("403", refused.Output, StringComparison.Ordinal);

        // A flag says whom to ask, and wins; who does not answer is named.
        var free = $"127.0.0.1:{PostfixServer.FreePort()}";
        Assert.Contains(free, (await RunAsync(69, "health", "--http", free)).Output, StringComparison.Ordinal);
        await _server.KillAsync();
        var down = await RunAsync(69, "health");
        Assert.Contains(_server.Http.ToString(), down.Output, StringComparison.Ordinal);
        Assert.Contains(_server.Data, down.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("example")]
    [InlineData("-.example")]
    public async Task A_name_that_is_no_mail_domain_is_refused_by_command_and_api_alike(string name)
    {
        var refused = await RunAsync(65, "domain", "add", name);
        Assert.Contains($"'{name}'", refused.Output, StringComparison.Ordinal);
        using var api = _server.Client();
        Assert.Equal(HttpStatusCode.BadRequest, (await api.PostAsJsonAsync("/v0/domains", new { domain = name })).StatusCode);
    }

    private static string Record(JsonElement record) => $"{record.GetProperty("name")} {record.GetProperty("type")} {record.GetProperty("value")}";

    private static async Task<string> StatusAsync(HttpClient api) => (await api.GetFromJsonAsync<JsonElement>(Api)).GetProperty("status").GetString()!;

    private async Task<ShellResult> RunAsync(int exitCode, params string[] arguments)
    {
        var done = await Shell.AgentMtaAsync([.. arguments, "--data", _server.Data]);
        Assert.True(done.ExitCode == exitCode, $"{done.ExitCode}: {done.Output}");
        return done;
    }
}
