using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>A client that guessed too often, seen and forgiven by the operator.</summary>
public sealed class AuthFailureTests
{
    [Fact]
    public async Task Failed_authentications_are_shown_to_the_operator_and_lifted()
    {
        var configuration = Path.GetTempFileName();
        await File.WriteAllTextAsync(configuration, """
            { "Inbound": { "ExemptLoopback": false, "TarpitDelay": "00:00:00", "AuthFailuresPerMinute": { "Address": 1000, "Network": 1000, "Range": 1000 }, "AuthFailuresPerDay": { "Address": 2, "Network": 90, "Range": 270 } } }
            """);
        await using var server = await ServerProcess.StartAsync("--config", configuration);
        File.Delete(configuration);
        using var api = server.Client();

        foreach (var code in new[] { 535, 535, 421 })
            Assert.Equal(code, await GuessAsync(server));

        var list = (await api.GetFromJsonAsync<JsonElement>("/v0/auth-failures")).GetProperty("networks").EnumerateArray().Select(n => n.GetRawText()).ToList();
        Assert.Contains("""{"network":"127.0.0.1/32","this_minute":2,"today":2,"blocked":true}""", InAnyMinute(list));
        Assert.Equal(3, list.Count);
        Assert.Equal(HttpStatusCode.BadRequest, (await api.DeleteAsync("/v0/auth-failures/nonsense")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await api.DeleteAsync("/v0/auth-failures/127.0.0.1")).StatusCode);
        Assert.Equal(535, await GuessAsync(server));

        // A key of one inbox is a tenant's.
        var made = await (await api.PostAsJsonAsync("/v0/inboxes/agent%40agentmta.test/api-keys", new { name = "tenant" })).Content.ReadFromJsonAsync<JsonElement>();
        using var tenant = server.Client();
        tenant.DefaultRequestHeaders.Authorization = new("Bearer", made.GetProperty("api_key").GetString());
        Assert.Equal(HttpStatusCode.Forbidden, (await tenant.GetAsync("/v0/auth-failures")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await tenant.DeleteAsync("/v0/auth-failures/127.0.0.1")).StatusCode);
    }

    // The minute may turn between the guesses and the look at them.
    private static List<string> InAnyMinute(List<string> list) => [.. list.Select(n => System.Text.RegularExpressions.Regex.Replace(n, "\"this_minute\":[0-2]", "\"this_minute\":2"))];

    private static async Task<int> GuessAsync(ServerProcess server)
    {
        await using var client = await RawSmtpClient.GreetedAsync(server.Submission);
        await client.SayAsync("EHLO guess.test");
        return (await client.SayAsync("AUTH PLAIN " + Convert.ToBase64String("\0agent@agentmta.test\0wrong"u8))).Code;
    }
}
