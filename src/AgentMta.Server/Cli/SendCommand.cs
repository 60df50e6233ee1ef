using System.CommandLine;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using AgentMta.Server.Hosting;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta send</c>: one message through the running server's API, as any client would.</summary>
internal static class SendCommand
{
    public static Command Create(ConfigurationFlags flags)
    {
        var from = new Option<string>("--from") { Description = "Inbox that sends", HelpName = "ADDRESS", Required = true };
        var to = new Option<string[]>("--to") { Description = "Recipient; may be given several times", HelpName = "ADDRESS", Required = true };
        var subject = new Option<string?>("--subject") { Description = "Subject" };
        var text = new Option<string?>("--text") { Description = "Text; without it standard input is read" };
        var html = new Option<string?>("--html") { Description = "HTML body" };
        var key = new Option<string?>("--key") { Description = "API key (default: AGENTMTA_KEY, then DATA/api-key)" };
        var command = new Command("send", "Send a message from an inbox") { from, to, subject, text, html, key };
        command.SetAction(p => CommandCall.RunAsync(p, flags, call => SendAsync(
            call, p.GetValue(from)!, p.GetValue(to)!, p.GetValue(subject), p.GetValue(text), p.GetValue(html), p.GetValue(key))));
        return command;
    }

    private static async Task<int> SendAsync(CommandCall call, string from, string[] to, string? subject, string? text, string? html, string? key)
    {
        var options = call.OptionsBesideServer();
        using var client = ServerClient.Open(options, key);
        text ??= html is null ? await Console.In.ReadToEndAsync().ConfigureAwait(false) : null;
        var body = new Dictionary<string, object?> { ["to"] = to, ["subject"] = subject, ["text"] = text, ["html"] = html };
        using var response = await ServerClient.AskAsync(
            options, () => client.PostAsJsonAsync($"v0/inboxes/{Uri.EscapeDataString(from)}/messages/send", body.Where(b => b.Value is not null).ToDictionary())).ConfigureAwait(false);
        var answer = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
        using var json = JsonDocument.Parse(answer.Length == 0 ? "{}" : answer);
        if (!response.IsSuccessStatusCode)
        {
            var fix = json.RootElement.TryGetProperty("fix", out var f) ? " " + f.GetString() : "";
            throw new CommandException(ExitCodes.Failed, $"{(int)response.StatusCode}: {(json.RootElement.TryGetProperty("message", out var m) ? m.GetString() : answer)}{fix}");
        }

        call.Print(json.RootElement.Clone(), $"Queued {json.RootElement.GetProperty("message_id").GetString()} in thread {json.RootElement.GetProperty("thread_id").GetString()}.");
        return ExitCodes.Ok;
    }
}

/// <summary>A client of the running server, found through the same options.</summary>
internal static class ServerClient
{
    /// <summary>A client with the given key, or AGENTMTA_KEY, or that of the data folder.</summary>
    public static HttpClient Open(ServerOptions options, string? key = null)
    {
        if (!ServerOptions.TryReadEndpoints(options.Http, out var endpoints) || endpoints.Count == 0)
            throw new CommandException(ExitCodes.Configuration, "Http: the server has no such listener, so it cannot be asked. Start it with --http ADDR:PORT.");
        var address = endpoints[0].Address;
        var host = address.Equals(System.Net.IPAddress.Any) ? "127.0.0.1" : address.Equals(System.Net.IPAddress.IPv6Any) ? "[::1]" : address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
        var client = new HttpClient { BaseAddress = new Uri($"http://{host}:{endpoints[0].Port}/"), Timeout = TimeSpan.FromSeconds(60) };
        key ??= Environment.GetEnvironmentVariable("AGENTMTA_KEY");
        var file = Path.Combine(options.Data, "api-key");
        if (key is null && File.Exists(file))
            key = File.ReadAllText(file).Trim();
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>Asks; a server that cannot be connected to is told by its folder and address.</summary>
    public static async Task<HttpResponseMessage> AskAsync(ServerOptions options, Func<Task<HttpResponseMessage>> ask)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            throw new CommandException(
                ExitCodes.Unavailable, $"The server of {Path.GetFullPath(options.Data)} does not answer: {e.Message}. Start it (agentmta serve), or name its folder with --data DIR or its address with --http ADDR:PORT.");
        }
    }
}
