using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>Greylisting switched by the API, seen at the door of the real program.</summary>
public sealed class GreylistTests : IAsyncLifetime
{
    private ServerProcess _server = null!;

    public async Task InitializeAsync()
    {
        var configuration = Path.GetTempFileName();
        await File.WriteAllTextAsync(configuration, """{ "Receiver": { "Gates": { "ExemptLoopback": false, "Greylist": { "Delay": "00:00:00" } } } }""");
        _server = await ServerProcess.StartAsync("--config", configuration);
        File.Delete(configuration);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_use_case_that_asks_for_it_lets_a_stranger_in_at_the_second_try()
    {
        using var api = _server.Client();
        var made = await (await api.PostAsJsonAsync("/v0/use-cases", new { sender = "grey@agentmta.test", greylist = true })).Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(made.GetProperty("greylist").GetBoolean());

        Assert.Equal("451 4.7.1", await RcptAsync("ann@sender.test"));
        Assert.Equal("250 2.1.5", await RcptAsync("ann@sender.test"));

        var changed = await PatchAsync(api, made, """{"greylist":false}""");
        Assert.False((await changed.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("greylist").GetBoolean());
        Assert.Equal("250 2.1.5", await RcptAsync("bob@sender.test"));

        changed = await PatchAsync(api, made, """{"greylist":true,"name":"support"}""");
        Assert.True((await changed.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("greylist").GetBoolean());
        await PatchAsync(api, made, """{"name":"sales"}""");
        Assert.Equal("451 4.7.1", await RcptAsync("carl@sender.test"));

        // null: what the setting says, which is off here.
        changed = await PatchAsync(api, made, """{"greylist":null}""");
        Assert.False((await changed.Content.ReadFromJsonAsync<JsonElement>()).TryGetProperty("greylist", out var left) && left.ValueKind != JsonValueKind.Null);
        Assert.Equal("250 2.1.5", await RcptAsync("dora@sender.test"));

        Assert.Equal(HttpStatusCode.BadRequest, (await PatchAsync(api, made, """{"greylist":"yes"}""")).StatusCode);
        var events = await api.GetFromJsonAsync<JsonElement>("/v0/events");
        Assert.Equal(4, events.GetProperty("events").EnumerateArray().Count(e => e.GetProperty("event_type").GetString() == "use_case.updated"));
    }

    private static Task<HttpResponseMessage> PatchAsync(HttpClient api, JsonElement useCase, string body) =>
        api.PatchAsync($"/v0/use-cases/{useCase.GetProperty("use_case_id").GetString()}", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));

    private async Task<string> RcptAsync(string sender)
    {
        await using var client = await RawSmtpClient.GreetedAsync(_server.Smtp);
        await client.SayAsync("EHLO mail.sender.test");
        await client.SayAsync($"MAIL FROM:<{sender}>");
        var reply = await client.SayAsync("RCPT TO:<grey@agentmta.test>");
        return $"{reply.Code} {reply.EnhancedStatus}";
    }
}
