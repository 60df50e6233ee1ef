using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using AgentMta.Server.Hosting;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Api;

/// <summary>The websocket and the webhook resource against the whole server on free loopback ports.</summary>
public sealed class WebSocketTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agentmta-ws-").FullName;
    private ServerHost? _host;
    private string _key = "";

    private IPEndPoint Http => _host!.Bound.Http[0];

    public async Task InitializeAsync()
    {
        var options = new ServerOptions
        {
            Data = Path.Combine(_folder, "data"), Smtp = "127.0.0.1:0", Submission = "127.0.0.1:0", Http = "127.0.0.1:0", LogLevel = Microsoft.Extensions.Logging.LogLevel.Error,
            PermittedNetworks = [IPNetwork.Parse("127.0.0.0/8")],
        };
        _host = await ServerHost.StartAsync(options, CancellationToken.None);
        _key = (await File.ReadAllTextAsync(Path.Combine(_host.Data, "api-key"))).Trim();
    }

    public async Task DisposeAsync()
    {
        await _host!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?api_key=am_wrong")]
    public async Task Without_a_key_the_upgrade_is_refused_with_401(string query)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://{Http}/v0{query}"), CancellationToken.None));
        Assert.Equal(HttpStatusCode.Unauthorized, socket.HttpStatusCode);
    }

    [Fact]
    public async Task A_plain_request_is_told_to_upgrade()
    {
        using var client = Client();
        Assert.Equal(HttpStatusCode.UpgradeRequired, (await client.GetAsync("/v0")).StatusCode);
    }

    [Fact]
    public async Task A_subscription_is_echoed_then_replaced_and_events_follow_with_their_cursor()
    {
        using var socket = await ConnectAsync();
        await SendAsync(socket, """{"type":"subscribe","event_types":["message.sent"]}""");
        Assert.Equal("message.sent", (await ReadAsync(socket, "subscribed")).GetProperty("event_types")[0].GetString());
        await SendAsync(socket, """{"type":"subscribe","event_types":["inbox.created"]}""");
        var cursor = (await ReadAsync(socket, "subscribed")).GetProperty("cursor").GetInt64();
        await CreateInboxAsync("one");
        var got = await ReadAsync(socket, "event");
        Assert.Equal("inbox.created", got.GetProperty("event_type").GetString());
        Assert.True(got.GetProperty("cursor").GetInt64() > cursor);
        Assert.StartsWith("one@", got.GetProperty("change").GetProperty("inbox_id").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_feed_goes_on_behind_the_cursor_it_is_given()
    {
        using var first = await ConnectAsync();
        await SendAsync(first, """{"type":"subscribe"}""");
        var cursor = (await ReadAsync(first, "subscribed")).GetProperty("cursor").GetInt64();
        await first.CloseAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        await CreateInboxAsync("missed");
        using var second = await ConnectAsync();
        await SendAsync(second, $$"""{"type":"subscribe","event_types":["inbox.created"],"after":{{cursor}}}""");
        await ReadAsync(second, "subscribed");
        Assert.StartsWith("missed@", (await ReadAsync(second, "event")).GetProperty("change").GetProperty("inbox_id").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"type":"unsubscribe"}""")]
    [InlineData("""{"type":"subscribe","event_types":["no.such"]}""")]
    [InlineData("""{"type":"subscribe","inbox_ids":["nobody@agentmta.test"]}""")]
    [InlineData("""{"type":"subscribe","after":"yesterday"}""")]
    public async Task A_wrong_frame_is_answered_with_an_error_and_the_socket_stays(string frame)
    {
        using var socket = await ConnectAsync();
        await SendAsync(socket, frame);
        Assert.NotEmpty((await ReadAsync(socket, "error")).GetProperty("message").GetString()!);
        await SendAsync(socket, """{"type":"subscribe"}""");
        await ReadAsync(socket, "subscribed");
    }

    [Fact]
    public async Task The_filtered_variants_need_the_permission_to_read_their_label()
    {
        using var socket = await ConnectAsync(await RestrictedKeyAsync());
        await SendAsync(socket, """{"type":"subscribe","event_types":["message.received.spam"]}""");
        Assert.Contains("label_spam_read", (await ReadAsync(socket, "error")).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stops_says_1012()
    {
        using var socket = await ConnectAsync();
        await SendAsync(socket, """{"type":"subscribe"}""");
        await ReadAsync(socket, "subscribed");
        var end = socket.ReceiveAsync(new byte[100], CancellationToken.None);
        var stop = _host!.DisposeAsync().AsTask();
        Assert.Equal(WebSocketMessageType.Close, (await end).MessageType);
        Assert.Equal(1012, (int)socket.CloseStatus!);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        await stop;
    }

    [Fact]
    public async Task A_webhook_is_made_once_delivers_and_never_shows_its_headers()
    {
        await using var endpoint = await ScriptedEndpoint.StartAsync();
        using var client = Client();
        var wanted = new { url = endpoint.Url, event_types = new[] { "inbox.created" }, client_id = "mine", headers = new Dictionary<string, string> { ["X-Token"] = "t0p" } };
        var made = await PostAsync(client, "/v0/webhooks", wanted);
        Assert.Equal(made.GetProperty("webhook_id").GetString(), (await PostAsync(client, "/v0/webhooks", wanted)).GetProperty("webhook_id").GetString());
        var path = "/v0/webhooks/" + made.GetProperty("webhook_id").GetString();
        Assert.DoesNotContain("t0p", await client.GetStringAsync(path), StringComparison.Ordinal);
        Assert.Equal("""{"header_names":["X-Token"]}""", await client.GetStringAsync(path + "/headers"));
        await CreateInboxAsync("hooked");
        await Eventually.TrueAsync(() => endpoint.Hooks.Count == 1);
        var hook = endpoint.Hooks.Single();
        Assert.Equal("t0p", hook.Headers["x-token"]);
        Assert.StartsWith("hooked@", JsonDocument.Parse(hook.Body).RootElement.GetProperty("change").GetProperty("inbox_id").GetString(), StringComparison.Ordinal);

        var rotated = await PostAsync(client, path + "/rotate-secret", new { overlap_seconds = 60 });
        Assert.NotEqual(made.GetProperty("secret").GetString(), rotated.GetProperty("secret").GetString());
        var replayed = await PostAsync(client, path + "/replay", new { event_ids = new[] { hook.Id } });
        Assert.Equal(1, replayed.GetProperty("replayed").GetInt32());
        await Eventually.TrueAsync(() => endpoint.Hooks.Count == 2);
        Assert.Equal(2, endpoint.Hooks.Last().Headers["svix-signature"].Split(' ').Length);
        Assert.Equal(hook.Id, endpoint.Hooks.Last().Id);
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(path)).StatusCode);
    }

    [Theory]
    [InlineData("""{"url":"https://example.com/x"}""", "event_types")]
    [InlineData("""{"url":"https://example.com/x","event_types":[]}""", "event_types")]
    [InlineData("""{"url":"https://example.com/x","event_types":["webhook.created"]}""", "event_types")]
    [InlineData("""{"url":"ftp://example.com/x","event_types":["message.sent"]}""", "url")]
    [InlineData("""{"url":"https://u:p@example.com/x","event_types":["message.sent"]}""", "url")]
    [InlineData("""{"url":"http://10.0.0.1/x","event_types":["message.sent"]}""", "url")]
    [InlineData("""{"url":"http://0x0a000001/x","event_types":["message.sent"]}""", "url")]
    [InlineData("""{"url":"https://example.com/x","event_types":["message.sent"],"headers":{"svix-id":"1"}}""", "headers")]
    [InlineData("""{"url":"https://example.com/x","event_types":["message.sent"],"headers":{"a b":"1"}}""", "headers")]
    [InlineData("""{"url":"https://example.com/x","event_types":["message.sent"],"headers":{"X":"a\r\nb"}}""", "headers")]
    [InlineData("""{"url":"https://example.com/x","event_types":["message.sent"],"pod_ids":["nope"]}""", "pod_ids")]
    public async Task A_wrong_webhook_is_refused_with_the_field(string body, string field)
    {
        using var client = Client();
        var answer = await client.PostAsync("/v0/webhooks", new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(field, error.GetProperty("errors")[0].GetProperty("path")[0].GetString());
    }

    [Fact]
    public async Task A_restricted_key_cannot_subscribe_to_spam()
    {
        using var client = Client(await RestrictedKeyAsync());
        var answer = await client.PostAsJsonAsync("/v0/webhooks", new { url = "https://example.com/x", event_types = new[] { "message.received.spam" } });
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private static Task SendAsync(ClientWebSocket socket, string frame) => socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, true, CancellationToken.None);

    private static async Task<JsonElement> ReadAsync(ClientWebSocket socket, string type)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var buffer = new byte[64 * 1024];
        var part = await socket.ReceiveAsync(buffer, limit.Token);
        var frame = JsonElement.Parse(buffer.AsSpan(0, part.Count));
        Assert.Equal(type, frame.GetProperty("type").GetString());
        return frame;
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string path, object body)
    {
        var answer = await client.PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    private async Task<ClientWebSocket> ConnectAsync(string? key = null)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{Http}/v0?api_key={key ?? _key}"), CancellationToken.None);
        return socket;
    }

    private async Task CreateInboxAsync(string name)
    {
        using var client = Client();
        await PostAsync(client, "/v0/inboxes", new { username = name });
    }

    private HttpClient Client(string? key = null)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://{Http}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key ?? _key);
        return client;
    }

    // Written beside the running server: keys have no part in these tests.
    private async Task<string> RestrictedKeyAsync()
    {
        await using var database = AgentMta.Server.Store.Sqlite.SqliteDatabase.Visit(
            Path.Combine(_host!.Data, "agentmta.db"), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<AgentMta.Server.Store.Sqlite.SqliteDatabase>.Instance);
        var workspace = (await new WorkspaceStore(database).AllAsync(CancellationToken.None))[0].WorkspaceId;
        return (await database.WriteAsync(session => ApiKeyStore.Create(session, new Scope(workspace), "restricted", ["webhook_create", "message_read"]))).Secret;
    }
}
