using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>What a scraper reads of the real program, and who is let in.</summary>
public sealed partial class MetricsTests
{
    private const string Agent = "agent@agentmta.test";
    private const string Mail = "From: Ann <ann@sender.test>\nTo: agent@agentmta.test\nSubject: Count me\nMessage-ID: <count@sender.test>\n\nHello.\n";

    [Fact]
    public async Task What_happens_to_mail_moves_the_values_and_the_page_of_the_docs_has_each_of_them()
    {
        // A smart host and an endpoint that nobody listens at.
        var nobody = FreePort();
        await using var server = await StartAsync($$"""{ "Relay": "127.0.0.1:{{nobody}}", "PermittedNetworks": ["127.0.0.0/8"], "Receiver": { "Gates": { "Clamd": "127.0.0.1:{{nobody}}" } } }""");
        using var api = server.Client();
        var before = await ScrapeAsync(server);
        Assert.Equal((0, 0, 1), (before["agentmta_inbound_messages_total"], before["agentmta_outbound_queue_deliveries"], before["agentmta_store_writable"]));
        // What an alarm asks for is there before it happens.
        Assert.Contains(before.Families["agentmta_inbound_messages_total"].Samples, s => s.Labels.Any(l => l.Value == "deferred"));

        var hook = await api.PostAsJsonAsync("/v0/webhooks", new { url = $"http://127.0.0.1:{nobody}/hook", event_types = new[] { "message.received" } });
        Assert.True(hook.IsSuccessStatusCode, await hook.Content.ReadAsStringAsync());
        await PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", Agent, Mail);
        await Assert.ThrowsAsync<InvalidOperationException>(() => PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", "nobody@agentmta.test", Mail));
        var sent = await api.PostAsJsonAsync($"/v0/inboxes/{Uri.EscapeDataString(Agent)}/messages/send", new { to = "x@elsewhere.test", subject = "x", text = "x" });
        Assert.True(sent.IsSuccessStatusCode, await sent.Content.ReadAsStringAsync());

        // The gauges of the store are as of ten seconds ago at most, so that the counters tell when to look.
        var after = await Eventually.GetAsync(
            async () => await ScrapeAsync(server) is var now && now["agentmta_outbound_queue_deliveries", "state=deferred"] == 1 && now["agentmta_webhooks_waiting"] == 1 ? now : null, () => server.Output);

        Assert.Equal((1, 1), (after["agentmta_inbound_messages_total", "role=mx", "outcome=accepted"], after["agentmta_inbound_commands_refused_total", "code=550", "status=5.1.1"]));
        Assert.Equal((1, 1), (after["agentmta_inbound_reply_duration_seconds_count", "role=mx"], after["agentmta_receiver_copies_total", "outcome=stored"]));
        Assert.True(after["agentmta_inbound_received_bytes_total", "role=mx"] > 100);
        Assert.Equal((2, 0), (after["agentmta_inbound_connections_total", "role=mx"], after["agentmta_inbound_connections_open"]));
        Assert.Equal((1, 1), (after["agentmta_receiver_scans_total", "scanner=clamd", "outcome=down"], after["agentmta_receiver_gate_verdicts_total", "gate=virus", "outcome=labelled"]));
        Assert.Equal((1, 1), (after["agentmta_outbound_submitted_total", "via=api"], after["agentmta_outbound_attempts_total", "outcome=deferred"]));
        Assert.True(after["agentmta_outbound_queue_oldest_age_seconds", "state=deferred"] > 0);
        Assert.True(after["agentmta_webhooks_attempts_total", "outcome=failed"] >= 1 && after["agentmta_webhooks_failing"] == 1); // the second try is due after 5 s
        Assert.True(after["agentmta_tls_certificate_expiry_timestamp_seconds"] > DateTimeOffset.UtcNow.AddDays(30).ToUnixTimeSeconds());
        Assert.True(after["agentmta_disk_free_bytes"] > 0 && after["agentmta_store_file_size_bytes", "file=database"] > 0 && after["process_open_fds"] > 10 && after["process_cpu_seconds_total"] > 0);

        // No tenant's address, domain or id in any label.
        Assert.All(after.Families.Values.SelectMany(f => f.Samples).SelectMany(s => s.Labels), l => Assert.DoesNotMatch("@|elsewhere|sender|01[0-9a-z]{24}", l.Value));

        var page = PageRow().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"))).ToDictionary(m => m.Groups[1].Value, m => (Kind: m.Groups[2].Value, Labels: m.Groups[3].Value.Trim()));
        Assert.Equal(after.Families.Keys.Order(StringComparer.Ordinal), page.Keys.Order(StringComparer.Ordinal));
        foreach (var family in after.Families.Values)
        {
            Assert.Equal((family.Name, family.Kind), (family.Name, page[family.Name].Kind));
            if (family.Samples.Count > 0)
                Assert.Equal($"{family.Name}: {page[family.Name].Labels}", $"{family.Name}: {string.Join(", ", family.Samples[0].Labels.Select(l => l.Key))}");
        }

        // Alarms that ask for what is not there would never go off.
        foreach (Match used in UsedName().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"))))
            Assert.True(after.Families.ContainsKey(used.Value), used.Value);
    }

    [Fact]
    public async Task A_strangers_address_is_refused_and_told_which_setting_lets_it_in()
    {
        await using var server = await StartAsync("""{ "Metrics": { "Networks": ["127.0.0.2"] } }""");

        var stranger = await AskAsync(server, from: IPAddress.Loopback);
        var scraper = await AskAsync(server, from: IPAddress.Parse("127.0.0.2"));
        var proxied = await AskAsync(server, from: IPAddress.Parse("127.0.0.2"), headers => headers.Add("X-Forwarded-For", "192.0.2.1"));

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.OK, HttpStatusCode.Forbidden), (stranger.Status, scraper.Status, proxied.Status));
        Assert.Contains("Metrics:Networks", stranger.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("agentmta_", stranger.Text + proxied.Text, StringComparison.Ordinal);
        Assert.Contains("proxy", proxied.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_public_url_loopback_may_be_its_proxy_and_only_the_token_counts()
    {
        await using (var open = await StartAsync("""{ "PublicUrl": "https://mail.example.com" }"""))
        {
            var refused = await AskAsync(open);
            Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
            Assert.Contains("Metrics:Token", refused.Text, StringComparison.Ordinal);
        }

        await using var server = await StartAsync("""{ "PublicUrl": "https://mail.example.com", "Metrics": { "Token": "0123456789abcdef" } }""");
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(server)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(server, headers: h => h.Authorization = new AuthenticationHeaderValue("Bearer", "0123456789abcdeF"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(server, headers: h => h.Authorization = new AuthenticationHeaderValue("Bearer", server.ApiKey))).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, headers: h => h.Authorization = new AuthenticationHeaderValue("Bearer", "0123456789abcdef"))).Status);
    }

    [Fact]
    public async Task A_full_disk_is_seen_while_mail_is_deferred()
    {
        await using var server = await StartAsync($$"""{ "FreeSpaceFloor": {{long.MaxValue / 2}} }""");
        await Assert.ThrowsAsync<InvalidOperationException>(() => PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", Agent, Mail));

        var read = await ScrapeAsync(server);

        Assert.True(read["agentmta_disk_free_bytes"] < read["agentmta_disk_free_floor_bytes"]);
        Assert.Equal(1, read["agentmta_inbound_commands_refused_total", "code=421", "status=4.3.1"]);
    }

    private static async Task<Exposition> ScrapeAsync(ServerProcess server)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Http}") };
        using var response = await http.GetAsync("/metrics");
        Assert.Equal((HttpStatusCode.OK, "text/plain; version=0.0.4; charset=utf-8"), (response.StatusCode, response.Content.Headers.ContentType!.ToString()));
        return Exposition.Read(await response.Content.ReadAsByteArrayAsync());
    }

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(ServerProcess server, IPAddress? from = null, Action<HttpRequestHeaders>? headers = null)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint((from ?? IPAddress.Loopback).MapToIPv6(), 0));
                await socket.ConnectAsync(server.Http.Address.MapToIPv6(), server.Http.Port, token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new HttpClient(handler) { BaseAddress = new Uri($"http://{server.Http}") };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        headers?.Invoke(request.Headers);
        using var response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<ServerProcess> StartAsync(string configuration)
    {
        using var file = new TemporaryFile(configuration);
        return await ServerProcess.StartAsync("--config", file.Path);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"^\| `(\w+)` \| (\w+) \|([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex PageRow();

    [GeneratedRegex(@"\b(agentmta|process|dotnet)_\w+")]
    private static partial Regex UsedName();
}
