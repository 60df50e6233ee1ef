using AgentMta.Server.Api;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>What keys of a workspace, pod and inbox may see and do, over real HTTP (promise 6).</summary>
public sealed class KeyScopeTests : IAsyncLifetime
{
    private ApiBench _server = null!;
    private string _pod = "";
    private string _tenant = "";
    private HttpClient _podKey = null!;
    private HttpClient _inboxKey = null!;

    public async Task InitializeAsync()
    {
        _server = await StartAsync();
        _pod = Good(await _server.PostAsync("/v0/pods", new { name = "tenant" })).GetProperty("pod_id").GetString()!;
        _tenant = Good(await _server.PostAsync($"/v0/pods/{_pod}/inboxes", new { username = "tenant" })).GetProperty("inbox_id").GetString()!;
        _podKey = await KeyAsync($"/v0/pods/{_pod}/api-keys");
        _inboxKey = await KeyAsync(Inbox + "/api-keys");
        await _server.ReceiveAsync("<1@sender.test>", "Secret");
        await _server.ReceiveAsync("<2@sender.test>", "Tenant's", to: _tenant);
    }

    public async Task DisposeAsync()
    {
        _podKey.Dispose();
        _inboxKey.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_key_of_a_pod_sees_its_pod_alone()
    {
        Assert.Equal(_tenant, Assert.Single(Good(await _server.GetAsync("/v0/inboxes", _podKey)).GetProperty("inboxes").EnumerateArray()).GetProperty("inbox_id").GetString());
        Assert.Equal(("pod", _pod), (Good(await _server.GetAsync("/v0/auth/me", _podKey)).GetProperty("scope_type").GetString(), Good(await _server.GetAsync("/v0/auth/me", _podKey)).GetProperty("scope_id").GetString()));
        var thread = Assert.Single(Good(await _server.GetAsync("/v0/threads", _podKey)).GetProperty("threads").EnumerateArray());
        Assert.Equal(_tenant, thread.GetProperty("inbox_id").GetString());
        Assert.All(Good(await _server.GetAsync("/v0/events?limit=100", _podKey)).GetProperty("events").EnumerateArray(), e => Assert.Equal(_pod, e.GetProperty("pod_id").GetString()));
        foreach (var hidden in new[] { Inbox, Inbox + "/messages", Message("<1@sender.test>"), Message("<1@sender.test>") + "/raw", Message("<1@sender.test>") + "/trace", Inbox + "/turns", Inbox + "/drafts", Inbox + "/events", Inbox + "/lists/receive/block" })
            Assert.Equal((hidden, 404), (hidden, (await _server.GetAsync(hidden, _podKey)).Code));
        Assert.Equal(404, (await _server.PostAsync(Inbox + "/messages/claim", null, _podKey)).Code);
        Assert.Equal(404, (await _server.PostAsync(Inbox + "/messages/send", new { to = "a@sender.test", text = "x" }, _podKey)).Code);
        Assert.Equal(404, (await _server.DeleteAsync(Inbox, _podKey)).Code);
        Assert.Equal(403, (await _server.PostAsync("/v0/pods", new { name = "another" }, _podKey)).Code);
        Assert.Equal(403, (await _server.PostAsync("/v0/lists/receive/block", new { entry = "x.example" }, _podKey)).Code);
        Assert.Equal(403, (await _server.PostAsync("/v0/suppressions", new { address = "x@x.example" }, _podKey)).Code);
    }

    [Fact]
    public async Task A_key_of_an_inbox_sees_its_inbox_alone_and_no_pod_routes()
    {
        Assert.Equal(Agent, Assert.Single(Good(await _server.GetAsync("/v0/inboxes", _inboxKey)).GetProperty("inboxes").EnumerateArray()).GetProperty("inbox_id").GetString());
        Assert.Equal(404, (await _server.GetAsync($"/v0/inboxes/{Uri.EscapeDataString(_tenant)}/messages", _inboxKey)).Code);
        var pod = await _server.GetAsync($"/v0/pods/{_pod}/inboxes", _inboxKey);
        Assert.Equal((403, "forbidden"), (pod.Code, pod.Fault));
        Assert.Equal(403, (await _server.GetAsync($"/v0/pods/{Good(await _server.GetAsync(Inbox)).GetProperty("pod_id").GetString()}/inboxes/agent%40agentmta.test", _inboxKey)).Code);
        Assert.Equal(403, (await _server.PostAsync("/v0/inboxes", new { username = "more" }, _inboxKey)).Code);
        Assert.Equal(403, (await _server.PostAsync("/v0/domains", new { domain = "more.example" }, _inboxKey)).Code);
        Good(await _server.PostAsync(Inbox + "/messages/claim", null, _inboxKey));
    }

    [Fact]
    public async Task A_pod_is_found_by_the_client_id_it_was_made_under_on_each_of_its_routes()
    {
        var pod = Good(await _server.PostAsync("/v0/pods", new { name = "named", client_id = "my-pod" }));
        Assert.Equal(pod.GetProperty("pod_id").GetString(), Good(await _server.PostAsync("/v0/pods", new { name = "again", client_id = "my-pod" })).GetProperty("pod_id").GetString());
        var inbox = Good(await _server.PostAsync("/v0/pods/my-pod/inboxes", new { username = "in-named" }));
        Assert.Equal(pod.GetProperty("pod_id").GetString(), inbox.GetProperty("pod_id").GetString());
        Good(await _server.GetAsync("/v0/pods/my-pod/inboxes/in-named%40agentmta.test"));
        Assert.Equal(404, (await _server.GetAsync("/v0/pods/my-pod/inboxes/agent%40agentmta.test")).Code);
        Assert.Equal(409, (await _server.DeleteAsync("/v0/pods/my-pod")).Code);
    }

    [Theory]
    [InlineData("GET", "/messages", "message_read")]
    [InlineData("GET", "/unread-count", "message_read")]
    [InlineData("GET", "/threads", "message_read")]
    [InlineData("POST", "/messages/send", "message_send")]
    [InlineData("PATCH", "/messages/%3C1%40sender.test%3E", "message_update")]
    [InlineData("DELETE", "/messages/%3C1%40sender.test%3E", "message_delete")]
    [InlineData("GET", "/drafts", "draft_read")]
    [InlineData("POST", "/drafts", "draft_create")]
    [InlineData("GET", "/webhooks", "webhook_read")]
    [InlineData("GET", "/lists/send/block", "list_entry_read")]
    [InlineData("POST", "/lists/send/block", "list_entry_create")]
    [InlineData("GET", "/metrics/usage", "metrics_read")]
    [InlineData("GET", "/api-keys", "api_key_read")]
    public async Task A_restricted_key_may_do_what_is_listed_and_nothing_else(string method, string path, string permission)
    {
        using var without = await KeyAsync(Inbox + "/api-keys", [.. Permissions.All.Where(p => p != permission)]);
        var refused = await _server.CallAsync(new HttpMethod(method), Inbox + path, null, without);
        Assert.Equal((403, "missing_permission"), (refused.Code, refused.Fault));
        Assert.Contains(permission, refused.Text("message"), StringComparison.Ordinal);
        using var with = await KeyAsync(Inbox + "/api-keys", permission);
        Assert.NotEqual(403, (await _server.CallAsync(new HttpMethod(method), Inbox + path, null, with)).Code);
    }

    [Fact]
    public async Task What_a_label_hides_from_a_key_it_can_neither_read_quote_nor_follow()
    {
        Good(await _server.PatchAsync(Message("<1@sender.test>"), new { add_labels = "spam" }));
        using var blind = await KeyAsync(Inbox + "/api-keys", [.. Permissions.All.Where(p => p is not ("label_spam_read" or "domain_read"))]);
        var one = Message("<1@sender.test>");
        foreach (var path in new[] { one, one + "/raw", one + "/trace", one + "/deliveries" })
            Assert.Equal((path, 404), (path, (await _server.GetAsync(path, blind)).Code));
        foreach (var (path, body) in new (string, object)[]
        {
            (one + "/reply", new { text = "x" }), (one + "/reply-all", new { text = "x" }), (one + "/forward", new { to = Agent }),
            (Inbox + "/drafts", new { forward_of = "<1@sender.test>" }), (Inbox + "/drafts", new { in_reply_to = "<1@sender.test>" }),
        })
        {
            Assert.Equal((path, 404), (path, (await _server.PostAsync(path, body, blind)).Code));
        }

        Assert.Equal(0, Good(await _server.GetAsync(Inbox + "/messages?include_spam=true", blind)).GetProperty("count").GetInt32());
        Assert.Equal(0, Good(await _server.PostAsync(Inbox + "/messages/batch-get", new { message_ids = new[] { "<1@sender.test>" } }, blind)).GetProperty("count").GetInt32());
        Assert.DoesNotContain("domain.", Good(await _server.GetAsync("/v0/events?limit=100", blind)).ToString(), StringComparison.Ordinal);
        Assert.Equal(200, (await _server.GetAsync(one)).Code);
    }

    [Fact]
    public async Task A_key_is_shown_once_ends_at_once_and_never_grants_more_than_it_has()
    {
        var made = Good(await _server.PostAsync(Inbox + "/api-keys", new { name = "mine", permissions = new { message_read = true, api_key_create = true, api_key_read = true } }));
        var (id, secret) = (made.GetProperty("api_key_id").GetString()!, made.GetProperty("api_key").GetString()!);
        using var client = _server.NewClient(secret);
        Good(await _server.GetAsync(Inbox + "/messages", client));
        var shown = Good(await _server.GetAsync("/v0/api-keys/" + id));
        Assert.False(shown.TryGetProperty("api_key", out _));
        Assert.StartsWith(shown.GetProperty("prefix").GetString()!, secret, StringComparison.Ordinal);
        await Eventually.TrueAsync(async () => Good(await _server.GetAsync("/v0/api-keys/" + id)).TryGetProperty("used_at", out _));
        foreach (var path in new[] { Path.Combine(_server.Data, "agentmta.db"), Path.Combine(_server.Data, "agentmta.db-wal") })
            Assert.Equal(-1, (await BytesAsync(path)).AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(secret)));

        var escalated = await _server.PostAsync(Inbox + "/api-keys", new { permissions = new { message_send = true } }, client);
        Assert.Equal((403, "permission_escalation"), (escalated.Code, escalated.Fault));
        // Without a list, a new key has what its maker has.
        using var child = await KeyAsync(Inbox + "/api-keys", client: client);
        Assert.Equal(403, (await _server.PostAsync(Inbox + "/messages/send", new { to = "a@sender.test" }, child)).Code);
        Assert.Equal(204, (await _server.DeleteAsync("/v0/api-keys/" + id)).Code);
        var ended = await _server.GetAsync(Inbox + "/messages", client);
        Assert.Equal((401, "unknown_api_key"), (ended.Code, ended.Fault));
        Assert.Equal("Bearer", ended.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task An_expired_key_says_so()
    {
        Assert.Equal(400, (await _server.PostAsync("/v0/api-keys", new { expires_at = DateTimeOffset.UtcNow.AddMinutes(-1) })).Code);
        var made = Good(await _server.PostAsync("/v0/api-keys", new { expires_at = DateTimeOffset.UtcNow.AddHours(1) }));
        using var client = _server.NewClient(made.GetProperty("api_key").GetString()!);
        Good(await _server.GetAsync("/v0/auth/me", client));
        // Stands for the hour that passes.
        await using (var database = SqliteDatabase.Visit(Path.Combine(_server.Data, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance))
            await database.WriteAsync(session => session.Execute("UPDATE api_keys SET expires_at = 1 WHERE api_key_id = @p1", made.GetProperty("api_key_id").GetString()));
        var ended = await _server.GetAsync("/v0/auth/me", client);
        Assert.Equal((401, "api_key_expired"), (ended.Code, ended.Fault));
    }

    private static async Task<byte[]> BytesAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var bytes = new MemoryStream();
        await file.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    private async Task<HttpClient> KeyAsync(string path, string[]? permissions = null, HttpClient? client = null) => _server.NewClient(
        Good(await _server.PostAsync(path, permissions is null ? new { } : new { permissions = permissions.ToDictionary(p => p, _ => true) }, client)).GetProperty("api_key").GetString()!);

    private Task<HttpClient> KeyAsync(string path, string permission) => KeyAsync(path, [permission]);
}
