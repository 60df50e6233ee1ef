using System.Net.Http.Json;
using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Peers;

/// <summary>Each feature of the doors, spoken by swaks against the real program.</summary>
public sealed class SwaksTests : IAsyncLifetime
{
    private const string Agent = "agent@agentmta.test";
    private const string Swaks = "swaks";

    private readonly int _implicitTls = PostfixServer.FreePort();
    private ServerProcess _server = null!;

    public async Task InitializeAsync()
    {
        var configuration = Path.GetTempFileName();
        await File.WriteAllTextAsync(configuration, $$"""{ "Submissions": "127.0.0.1:{{_implicitTls}}", "Inbound": { "MaxMessageSize": 20000 } }""");
        _server = await ServerProcess.StartAsync("--config", configuration);
        File.Delete(configuration);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [RequiresProgramFact(Swaks)]
    public async Task A_message_comes_in_over_starttls()
    {
        var done = await InAsync("--tls");
        Assert.Equal(0, done.ExitCode);
        Assert.Contains("=== TLS started with cipher TLSv1.3", done.Output, StringComparison.Ordinal);
        using var api = _server.Client();
        var list = await api.GetFromJsonAsync<JsonElement>("/v0/inboxes/agent%40agentmta.test/messages");
        var path = $"/v0/inboxes/agent%40agentmta.test/messages/{Uri.EscapeDataString(list.GetProperty("messages")[0].GetProperty("message_id").GetString()!)}/trace";
        Assert.StartsWith("TLS", (await api.GetFromJsonAsync<JsonElement>(path)).GetProperty("session").GetProperty("tls").GetString(), StringComparison.Ordinal);
    }

    [RequiresProgramFact(Swaks)]
    public async Task Commands_are_pipelined()
    {
        var done = await InAsync("--pipeline");
        Assert.True(done.ExitCode == 0, done.Output);
        Assert.Contains("PIPELINING", done.Output, StringComparison.Ordinal);
        Assert.Contains("Stored as", done.Output, StringComparison.Ordinal);
    }

    [RequiresProgramFact(Swaks)]
    public async Task Auth_plain_and_login_work_inside_tls_and_a_wrong_key_does_not()
    {
        foreach (var mechanism in new[] { "PLAIN", "LOGIN" })
        {
            var done = await OutAsync(_server.Submission.ToString(), _server.ApiKey, "--tls", "--auth", mechanism);
            Assert.True(done.ExitCode == 0, done.Output);
            Assert.Contains("235 2.7.0", done.Output, StringComparison.Ordinal);
        }

        var refused = await OutAsync(_server.Submission.ToString(), "wrong", "--tls", "--auth", "PLAIN");
        Assert.Equal(28, refused.ExitCode); // swaks: authentication failed
        Assert.Contains("535 5.7.8", refused.Output, StringComparison.Ordinal);
    }

    [RequiresProgramFact(Swaks)]
    public async Task Submission_inside_tls_from_the_first_octet_works()
    {
        var done = await OutAsync($"127.0.0.1:{_implicitTls}", _server.ApiKey, "--tls-on-connect", "--auth", "PLAIN");
        Assert.True(done.ExitCode == 0, done.Output);
        Assert.Contains("=== TLS started", done.Output, StringComparison.Ordinal);
    }

    [RequiresProgramFact(Swaks)]
    public async Task Auth_is_not_offered_to_other_servers()
    {
        var done = await InAsync("--tls", "--auth", "PLAIN", "--auth-user", Agent, "--auth-password", _server.ApiKey);
        Assert.NotEqual(0, done.ExitCode);
        Assert.DoesNotContain("AUTH ", string.Join('\n', done.Output.Split('\n').Where(l => l.Contains("250", StringComparison.Ordinal))), StringComparison.Ordinal);
    }

    [RequiresProgramFact(Swaks)]
    public async Task A_message_beyond_size_is_refused()
    {
        var done = await InAsync("--body", new string('x', 60) + string.Concat(Enumerable.Repeat("\\n" + new string('y', 70), 400)));
        Assert.NotEqual(0, done.ExitCode);
        Assert.Contains("SIZE 20000", done.Output, StringComparison.Ordinal);
        Assert.Contains("552 5.3.4", done.Output, StringComparison.Ordinal);
    }

    [RequiresProgramFact(Swaks)]
    public async Task Unknown_recipients_and_foreign_domains_are_refused_at_rcpt()
    {
        var unknown = await RunAsync("--server", _server.Smtp.ToString(), "--from", "ann@sender.test", "--to", "nobody@agentmta.test");
        Assert.Equal(24, unknown.ExitCode); // swaks: no recipient accepted
        Assert.Contains("550 5.1.1", unknown.Output, StringComparison.Ordinal);
        var relay = await RunAsync("--server", _server.Smtp.ToString(), "--from", "ann@sender.test", "--to", "victim@elsewhere.test");
        Assert.Equal(24, relay.ExitCode);
        Assert.Contains("550 5.7.1", relay.Output, StringComparison.Ordinal);
        var anonymous = await RunAsync("--server", _server.Submission.ToString(), "--tls", "--from", "ann@sender.test", "--to", "victim@elsewhere.test");
        Assert.Contains("530 5.7.0", anonymous.Output, StringComparison.Ordinal);
    }

    private Task<ShellResult> InAsync(params string[] arguments) => RunAsync(["--server", _server.Smtp.ToString(), "--from", "ann@sender.test", "--to", Agent, .. arguments]);

    private static Task<ShellResult> OutAsync(string server, string key, params string[] arguments) =>
        RunAsync(["--server", server, "--from", Agent, "--to", "postmaster@agentmta.test", "--auth-user", Agent, "--auth-password", key, .. arguments]);

    private static Task<ShellResult> RunAsync(params string[] arguments) => Shell.RunAsync(null, Swaks, ["--helo", "sender.test", "--timeout", "30", .. arguments]);
}
