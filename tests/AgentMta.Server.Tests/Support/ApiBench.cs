using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentMta.Server.Hosting;

namespace AgentMta.Server.Tests.Support;

/// <summary>An answer of the API: status, headers and the JSON of its body (undefined where it has none).</summary>
internal sealed record ApiAnswer(HttpStatusCode Status, HttpResponseHeaders Headers, JsonElement Body)
{
    public int Code => (int)Status;

    /// <summary>The stable code of an error.</summary>
    public string? Fault => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("code", out var code) ? code.GetString() : null;

    /// <summary>The first field that a 400 names.</summary>
    public string? Field => Body.GetProperty("errors")[0].GetProperty("path") is var path && path.GetArrayLength() > 0 ? path[0].ToString() : "";

    public string Text(string name) => Body.GetProperty(name).GetString()!;
}

/// <summary>The whole server in this process on free loopback ports, spoken to over real HTTP and SMTP.</summary>
internal sealed class ApiBench : IAsyncDisposable
{
    public const string Agent = "agent@agentmta.test";
    public const string Inbox = "/v0/inboxes/agent%40agentmta.test";

    private readonly string _folder = Directory.CreateTempSubdirectory("agentmta-api-").FullName;
    private readonly ServerOptions _options;
    private ServerHost? _host;

    private ApiBench(Action<ServerOptions>? change)
    {
        _options = new ServerOptions
        {
            Data = Path.Combine(_folder, "data"), Smtp = "127.0.0.1:0", Submission = "127.0.0.1:0", Http = "127.0.0.1:0", LogLevel = Microsoft.Extensions.Logging.LogLevel.Error,
            PermittedNetworks = [IPNetwork.Parse("127.0.0.0/8")],
        };
        change?.Invoke(_options);
    }

    public string Key { get; private set; } = "";

    public string Data => _host!.Data;

    public IPEndPoint Http => _host!.Bound.Http[0];

    public HttpClient Client { get; private set; } = new();

    public static async Task<ApiBench> StartAsync(Action<ServerOptions>? change = null)
    {
        var bench = new ApiBench(change);
        await bench.StartAgainAsync();
        return bench;
    }

    /// <summary>Stops the server in order, if it runs, and starts it on the same data.</summary>
    public async Task StartAgainAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        _host = await ServerHost.StartAsync(_options, CancellationToken.None);
        Key = (await File.ReadAllTextAsync(Path.Combine(_host.Data, "api-key"))).Trim();
        Client.Dispose();
        Client = NewClient(Key);
    }

    /// <summary>A client with another key.</summary>
    public HttpClient NewClient(string key)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://{Http}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>Calls and returns whatever comes.</summary>
    public async Task<ApiAnswer> CallAsync(HttpMethod method, string path, object? body = null, HttpClient? client = null, (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : body is string text ? new StringContent(text, Encoding.UTF8, "application/json") : JsonContent.Create(body) };
        if (header is { } field)
            request.Headers.TryAddWithoutValidation(field.Name, field.Value);
        using var answer = await (client ?? Client).SendAsync(request);
        var content = await answer.Content.ReadAsStringAsync();
        return new ApiAnswer(answer.StatusCode, answer.Headers, content.Length == 0 ? default : JsonElement.Parse(content));
    }

    public Task<ApiAnswer> GetAsync(string path, HttpClient? client = null) => CallAsync(HttpMethod.Get, path, null, client);

    public Task<ApiAnswer> PostAsync(string path, object? body = null, HttpClient? client = null) => CallAsync(HttpMethod.Post, path, body, client);

    public Task<ApiAnswer> PatchAsync(string path, object? body = null, HttpClient? client = null) => CallAsync(HttpMethod.Patch, path, body, client);

    public Task<ApiAnswer> DeleteAsync(string path, HttpClient? client = null) => CallAsync(HttpMethod.Delete, path, null, client);

    /// <summary>The body of an answer that has to be 2xx.</summary>
    public static JsonElement Good(ApiAnswer answer)
    {
        Assert.True(answer.Code is >= 200 and < 300, $"{answer.Code} {answer.Body}");
        return answer.Body;
    }

    /// <summary>Mail from outside, as sender.test sends it (its SPF record names loopback).</summary>
    public async Task ReceiveAsync(string id, string subject = "Hello", string from = "Ann <ann@sender.test>", string to = Agent, string text = "Hello agent.\n", string headers = "")
    {
        var mail = $"From: {from}\nTo: {to}\nSubject: {subject}\nDate: Mon, 05 Jan 2026 10:00:00 +0000\nMessage-ID: {id}\n{headers}\n{text}";
        var reply = await PlainSmtp.SendAsync(_host!.Bound.Smtp[0], "sender.test", "ann@sender.test", to, mail);
        Assert.StartsWith("250", reply, StringComparison.Ordinal);
    }

    /// <summary>The path of a message of an inbox.</summary>
    public static string Message(string id, string inbox = Inbox) => $"{inbox}/messages/{Uri.EscapeDataString(id)}";

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_host is not null)
            await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
