using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>Use cases and suppressions over real HTTP.</summary>
public sealed class UseCaseTests : IAsyncLifetime
{
    private const string UseCases = "/v0/use-cases";
    private ApiBench _server = null!;

    public async Task InitializeAsync() => _server = await StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_use_case_makes_its_inbox_and_takes_it_along()
    {
        var made = Good(await _server.PostAsync(UseCases, new { sender = "News@AgentMTA.test", email_type = "marketing", unsubscribe_scope = "setup", entity_name = "Acme", name = "Newsletter" }));
        Assert.Equal(("news@agentmta.test", "news@agentmta.test"), (made.GetProperty("sender").GetString(), made.GetProperty("inbox_id").GetString()));
        Assert.True(made.GetProperty("unsubscribable").GetBoolean());
        Assert.False(made.GetProperty("is_default").GetBoolean());
        var path = $"{UseCases}/{made.GetProperty("use_case_id").GetString()}";
        var inbox = Good(await _server.GetAsync("/v0/inboxes/news%40agentmta.test"));
        Assert.Equal(made.GetProperty("use_case_id").GetString(), inbox.GetProperty("use_case_id").GetString());
        Assert.Equal("Acme", inbox.GetProperty("display_name").GetString());
        var changed = Good(await _server.PatchAsync(path, """{"name":null,"accepts_cold_inbound":false}"""));
        Assert.False(changed.TryGetProperty("name", out _));
        Assert.Equal("Acme", changed.GetProperty("entity_name").GetString());
        Assert.False(changed.GetProperty("accepts_cold_inbound").GetBoolean());
        Assert.Contains(Good(await _server.GetAsync(UseCases)).GetProperty("use_cases").EnumerateArray(), u => u.GetProperty("sender").GetString() == "news@agentmta.test");
        Assert.Equal(204, (await _server.DeleteAsync(path)).Code);
        Assert.Equal(404, (await _server.GetAsync(path)).Code);
        Assert.Equal(404, (await _server.GetAsync("/v0/inboxes/news%40agentmta.test")).Code);
    }

    [Theory]
    [InlineData("""{}""", 400, "sender")]
    [InlineData("""{"sender":"nobody"}""", 400, "sender")]
    [InlineData("""{"sender":"b+x@agentmta.test"}""", 400, "username")]
    [InlineData("""{"sender":"a@agentmta.test","email_type":"spam"}""", 400, "email_type")]
    [InlineData("""{"sender":"a@agentmta.test","unsubscribe_scope":"world"}""", 400, "unsubscribe_scope")]
    [InlineData("""{"sender":"a@agentmta.test","email_type":"marketing","unsubscribable":false}""", 400, "unsubscribable")]
    public async Task A_use_case_that_cannot_be_is_refused_with_the_field(string body, int status, string field)
    {
        var answer = await _server.PostAsync(UseCases, body);
        Assert.Equal((status, field), (answer.Code, answer.Field));
        Assert.Equal(404, (await _server.GetAsync("/v0/inboxes/a%40agentmta.test")).Code);
    }

    [Fact]
    public async Task A_foreign_domain_is_422_and_an_address_with_a_posture_is_taken()
    {
        Assert.Equal((422, "unprocessable"), (await _server.PostAsync(UseCases, new { sender = "a@elsewhere.example" })) is var foreign ? (foreign.Code, foreign.Fault) : default);
        // An inbox made directly has the default posture, which may be decided on once.
        Good(await _server.PostAsync("/v0/inboxes", new { username = "plain" }));
        var decided = Good(await _server.PostAsync(UseCases, new { sender = "plain@agentmta.test", accepts_cold_inbound = false }));
        Assert.False(decided.GetProperty("accepts_cold_inbound").GetBoolean());
        var again = await _server.PostAsync(UseCases, new { sender = "plain@agentmta.test" });
        Assert.Equal((403, "already_exists"), (again.Code, again.Fault));
        var moved = await _server.PatchAsync($"{UseCases}/{decided.GetProperty("use_case_id").GetString()}", new { sender = "other@agentmta.test" });
        Assert.Equal((400, "sender"), (moved.Code, moved.Field));
    }

    [Fact]
    public async Task A_closed_use_case_takes_no_cold_mail_at_the_door()
    {
        Good(await _server.PostAsync(UseCases, new { sender = "closed@agentmta.test", accepts_cold_inbound = false }));
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => _server.ReceiveAsync("<cold@sender.test>", to: "closed@agentmta.test"));
        Assert.Contains("5.7.1", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "workspace")]
    [InlineData("use_case", "use_case")]
    [InlineData("setup", "setup")]
    public async Task A_suppressed_address_gets_nothing_within_its_scope_until_it_is_let_go(string? scope, string shown)
    {
        var key = scope switch
        {
            "use_case" => Good(await _server.GetAsync(Inbox)).GetProperty("use_case_id").GetString(),
            "setup" => "agentmta.test",
            _ => null,
        };
        var made = Good(await _server.PostAsync("/v0/suppressions", new { address = "Ann@Sender.test", scope, scope_key = key, reason = "asked us" }));
        Assert.Equal(("ann@sender.test", shown), (made.GetProperty("address").GetString(), made.GetProperty("scope").GetString()));
        Assert.Equal(409, (await _server.PostAsync("/v0/suppressions", new { address = "ann@sender.test", scope, scope_key = key })).Code);
        var refused = await _server.PostAsync(Inbox + "/messages/send", new { to = new[] { "ann@sender.test", "bob@sender.test" }, text = "x" });
        Assert.Equal((403, "message_rejected"), (refused.Code, refused.Fault));
        Assert.Contains("ann@sender.test", refused.Text("message"), StringComparison.Ordinal);
        var other = Uri.EscapeDataString(Good(await _server.PostAsync("/v0/inboxes")).GetProperty("inbox_id").GetString()!);
        Assert.Equal(scope == "use_case" ? 200 : 403, (await _server.PostAsync($"/v0/inboxes/{other}/messages/send", new { to = "ann@sender.test", text = "x" })).Code);
        Assert.Equal(1, Good(await _server.GetAsync("/v0/suppressions?address=ann%40sender.test")).GetProperty("count").GetInt32());
        Assert.Equal(204, (await _server.DeleteAsync("/v0/suppressions/ANN%40sender.test")).Code);
        Assert.Equal(404, (await _server.DeleteAsync("/v0/suppressions/ann%40sender.test")).Code);
        Good(await _server.PostAsync(Inbox + "/messages/send", new { to = "ann@sender.test", text = "x" }));
    }

    [Theory]
    [InlineData("""{}""", 400)]
    [InlineData("""{"address":"nobody"}""", 400)]
    [InlineData("""{"address":"a@b.example","scope":"world"}""", 400)]
    [InlineData("""{"address":"a@b.example","scope":"use_case"}""", 404)]
    [InlineData("""{"address":"a@b.example","scope":"setup","scope_key":"elsewhere.example"}""", 404)]
    public async Task A_suppression_that_means_nothing_is_refused(string body, int status) => Assert.Equal(status, (await _server.PostAsync("/v0/suppressions", body)).Code);

    [Fact]
    public async Task Suppressions_are_listed_in_pages_newest_first()
    {
        for (var i = 0; i < 5; i++)
            Good(await _server.PostAsync("/v0/suppressions", new { address = $"a{i}@b.example" }));
        var seen = new List<string>();
        for (string? token = ""; token is not null;)
        {
            var page = Good(await _server.GetAsync("/v0/suppressions?limit=2" + (token.Length > 0 ? "&page_token=" + token : "")));
            seen.AddRange(page.GetProperty("suppressions").EnumerateArray().Select(s => s.GetProperty("address").GetString()!));
            token = page.TryGetProperty("next_page_token", out var next) ? next.GetString() : null;
        }

        Assert.Equal(Enumerable.Range(0, 5).Reverse().Select(i => $"a{i}@b.example"), seen);
    }
}
