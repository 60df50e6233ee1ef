using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>Whatever id a person holds in hand leads to what happened and why, by API and by command, beside the running server.</summary>
public sealed partial class TraceTests
{
    private const string Agent = "agent@agentmta.test";
    private const string Mail = "From: Ann <ann@sender.test>\nTo: agent@agentmta.test\nSubject: Trace me\nMessage-ID: <trace@sender.test>\n\nHello.\n";

    [Fact]
    public async Task A_message_is_found_by_its_ids_and_tells_session_authentication_gates_and_deliveries()
    {
        await using var server = await ServerProcess.StartAsync();
        using var api = server.Client();
        var reply = await PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", Agent, Mail);
        var transaction = StoredAs().Match(reply).Groups[1].Value;
        Assert.NotEmpty(transaction);
        var path = $"/v0/inboxes/{Uri.EscapeDataString(Agent)}/messages/{Uri.EscapeDataString("<trace@sender.test>")}";

        var verdict = (await api.GetFromJsonAsync<JsonElement>(path)).GetProperty("authentication_results");
        Assert.Equal("pass", verdict.GetProperty("spf").GetProperty("result").GetString());
        Assert.Equal("mailfrom", verdict.GetProperty("spf").GetProperty("identity").GetString());
        var lookup = verdict.GetProperty("dns").GetProperty("lookups")[0];
        Assert.True(lookup.TryGetProperty("ttl", out _) && lookup.TryGetProperty("authenticated", out _) && lookup.TryGetProperty("time_ms", out _), lookup.ToString());
        Assert.Equal(JsonValueKind.Array, verdict.GetProperty("for_pass").ValueKind);

        var trace = await api.GetFromJsonAsync<JsonElement>(path + "/trace");
        Assert.Equal(transaction, trace.GetProperty("session").GetProperty("transaction_id").GetString());
        Assert.Equal("loop", trace.GetProperty("gates")[0].GetProperty("gate").GetString());
        Assert.Contains("SPF        pass for sender.test", trace.GetProperty("text").GetString(), StringComparison.Ordinal);

        var session = trace.GetProperty("session").GetProperty("session_id").GetString()!;
        foreach (var id in new[] { "trace@sender.test", "<trace@sender.test>", transaction, session })
        {
            var shown = await Shell.AgentMtaAsync("trace", id, "--data", server.Data);
            Assert.True(shown.ExitCode == 0, id + "\n" + shown.Output);
            foreach (var part in new[] { "<trace@sender.test>", session, "DMARC", "thread_only", "Thread " })
                Assert.Contains(part, shown.Output, StringComparison.Ordinal);
        }

        var programs = JsonSerializer.Deserialize<JsonElement>((await Shell.AgentMtaAsync("trace", transaction, "--json", "--data", server.Data)).StandardOutput);
        Assert.Equal("pass", programs.GetProperty("authentication").GetProperty("spf").GetProperty("result").GetString());

        // Outbound: a delivery id leads to its message, with each attempt.
        var sent = await (await api.PostAsJsonAsync(path + "/reply", new { text = "Seen.", to = Agent })).Content.ReadFromJsonAsync<JsonElement>();
        var deliveries = await Eventually.GetAsync(
            async () =>
            {
                var list = await api.GetFromJsonAsync<JsonElement>($"/v0/inboxes/{Uri.EscapeDataString(Agent)}/messages/{Uri.EscapeDataString(sent.GetProperty("message_id").GetString()!)}/deliveries");
                return list.GetProperty("deliveries") is var all && all.GetArrayLength() > 0 && all[0].GetProperty("state").GetString() == "delivered" ? all[0].GetProperty("delivery_id").GetString() : null;
            },
            () => sent + server.Output);
        var delivered = await Shell.AgentMtaAsync("trace", deliveries, "--data", server.Data);
        Assert.Contains("delivered", delivered.Output, StringComparison.Ordinal);
        Assert.Contains("Delivery   " + deliveries, delivered.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_no_id_finds_by_address_or_domain_what_came_went_and_was_refused()
    {
        await using var server = await ServerProcess.StartAsync("--relay", "127.0.0.1:1");
        using var api = server.Client();
        await PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", Agent, Mail);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => PlainSmtp.SendAsync(server.Smtp, "sender.test", "bob@sender.test", "nobody@agentmta.test", Mail));
        var sent = await api.PostAsJsonAsync($"/v0/inboxes/{Uri.EscapeDataString(Agent)}/messages/send", new { to = "carl@elsewhere.test", subject = "x", text = "x" });
        Assert.True(sent.IsSuccessStatusCode, await sent.Content.ReadAsStringAsync());
        async Task<string> FindAsync(string text, string wanted) => await Eventually.GetAsync(
            async () => await Shell.AgentMtaAsync("trace", text, "--data", server.Data) is { ExitCode: 0 } found && found.Output.Contains(wanted, StringComparison.Ordinal) ? found.Output : null, () => server.Output);

        var came = await FindAsync("ANN@sender.test", "received <trace@sender.test>");
        Assert.Contains("labels received, unread", came, StringComparison.Ordinal);
        Assert.DoesNotContain("bob@", came, StringComparison.Ordinal);

        var turnedAway = await FindAsync("bob@sender.test", "refusal " + Bracketed().Match(refused.Message).Groups[1].Value);
        Assert.Contains("<bob@sender.test> to <nobody@agentmta.test>\n    550 5.1.1", turnedAway, StringComparison.Ordinal);

        // A domain, which a shell's response files must not get in the way of.
        var waits = await FindAsync("@elsewhere.test", ": deferred, next try ");
        Assert.Matches(@"delivery \w+  to carl@elsewhere\.test from agent@agentmta\.test: deferred, next try \S+ \S+, 1 attempts\n    .*: no connection: Connection refused", waits);
        Assert.Contains("outgoing <", waits, StringComparison.Ordinal);

        var programs = (await Shell.AgentMtaAsync("trace", "carl@elsewhere.test", "--json", "--data", server.Data)).StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["message", "delivery"], programs.Select(line => JsonSerializer.Deserialize<JsonElement>(line).EnumerateObject().Single().Name));
        Assert.Equal(66, (await Shell.AgentMtaAsync("trace", "dora@sender.test", "--data", server.Data)).ExitCode);
    }

    [Fact]
    public async Task Without_any_refusal_the_list_says_so_to_people_and_nothing_to_programs()
    {
        await using var server = await ServerProcess.StartAsync();
        var told = await Shell.AgentMtaAsync("trace", "--data", server.Data);
        Assert.True(told.ExitCode == 0, told.Output);
        Assert.Contains("Nothing was refused", told.Output, StringComparison.Ordinal);
        var programs = await Shell.AgentMtaAsync("trace", "--json", "--data", server.Data);
        Assert.Equal((0, ""), (programs.ExitCode, programs.Output));
    }

    [Fact]
    public async Task The_id_in_a_250_leads_somewhere_also_for_what_came_twice_and_for_reports()
    {
        await using var server = await ServerProcess.StartAsync();
        using var api = server.Client();
        var first = StoredAs().Match(await PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", Agent, Mail)).Groups[1].Value;
        var again = await PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", Agent, Mail);
        var second = StoredAs().Match(again).Groups[1].Value;
        var twice = await Eventually.GetAsync(
            async () => await Shell.AgentMtaAsync("trace", second, "--data", server.Data) is { ExitCode: 0 } found ? found.Output : null, () => server.Output);
        Assert.Contains("Duplicate  ", twice, StringComparison.Ordinal);
        Assert.Contains("it came as " + first, twice, StringComparison.Ordinal);

        // A letter to ourselves shows the reverse-path that a report goes to.
        var sent = await (await api.PostAsJsonAsync($"/v0/inboxes/{Uri.EscapeDataString(Agent)}/messages/send", new { to = "postmaster@agentmta.test", subject = "x", text = "x" })).Content.ReadFromJsonAsync<JsonElement>();
        var raw = await Eventually.GetAsync(
            async () => await api.GetAsync($"/v0/inboxes/postmaster%40agentmta.test/messages/{Uri.EscapeDataString(sent.GetProperty("message_id").GetString()!)}/trace") is { IsSuccessStatusCode: true } found
                ? await found.Content.ReadFromJsonAsync<JsonElement>() is var trace ? trace.GetProperty("session").GetProperty("reverse_path").GetString() : null : null,
            () => server.Output);
        const string Report = "From: MAILER-DAEMON@sender.test\nSubject: Undelivered\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n\nNo.\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.sender.test\n\nFinal-Recipient: rfc822; postmaster@agentmta.test\nAction: failed\nStatus: 5.1.1\n\n--x--\n";
        var taken = await PlainSmtp.SendAsync(server.Smtp, "sender.test", "", raw!, Report);
        var id = TakenAs().Match(taken).Groups[1].Value;
        Assert.True(id.Length > 0, taken);

        var shown = await Shell.AgentMtaAsync("trace", id, "--data", server.Data);
        Assert.True(shown.ExitCode == 0, shown.Output);
        foreach (var part in new[] { "Report     " + id, "dsn", Agent, "postmaster@agentmta.test", "5.1.1", sent.GetProperty("message_id").GetString()!, "Session " })
            Assert.Contains(part, shown.Output, StringComparison.Ordinal);
        // The ids of the log lead there as well.
        var session = SessionOf().Match(shown.Output).Groups[1].Value;
        Assert.Contains("Report     " + id, (await Shell.AgentMtaAsync("trace", session, "--data", server.Data)).Output, StringComparison.Ordinal);
        var programs = JsonSerializer.Deserialize<JsonElement>((await Shell.AgentMtaAsync("trace", id, "--json", "--data", server.Data)).StandardOutput);
        Assert.Equal("dsn", programs.GetProperty("report").GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Refusals_are_listed_to_their_workspace_and_sessions_to_the_operator_alone()
    {
        await using var server = await ServerProcess.StartAsync();
        using var api = server.Client();
        var unknown = await Assert.ThrowsAsync<InvalidOperationException>(() => PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", "nobody@agentmta.test", Mail));
        var relay = await Assert.ThrowsAsync<InvalidOperationException>(() => PlainSmtp.SendAsync(server.Smtp, "sender.test", "ann@sender.test", "victim@elsewhere.test", Mail));
        var id = Bracketed().Match(unknown.Message).Groups[1].Value;
        var relayId = Bracketed().Match(relay.Message).Groups[1].Value;
        Assert.NotEmpty(id);

        var listed = await Eventually.GetAsync(
            async () => await api.GetFromJsonAsync<JsonElement>("/v0/refusals") is var list && list.GetProperty("count").GetInt32() > 0 ? list.GetRawText() : null, () => server.Output);
        var refusal = Assert.Single(JsonSerializer.Deserialize<JsonElement>(listed).GetProperty("refusals").EnumerateArray());
        Assert.Equal(id, refusal.GetProperty("refusal_id").GetString());
        Assert.Equal("nobody@agentmta.test", refusal.GetProperty("recipient").GetString());
        foreach (var (filter, count) in new[] { ("stage=rcpt", 1), ("stage=data", 0), ("from=ann%40", 1), ("to=somebody", 0), ("code=550", 1), ("client_address=192.0.2.1", 0), ("before=2001-01-01T00:00:00Z", 0) })
            Assert.Equal(count, (await api.GetFromJsonAsync<JsonElement>("/v0/refusals?" + filter)).GetProperty("count").GetInt32());
        Assert.Equal(id, (await api.GetFromJsonAsync<JsonElement>("/v0/refusals/" + id)).GetProperty("refusal_id").GetString());
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await api.GetAsync("/v0/refusals/" + relayId)).StatusCode);

        // The session's own row comes when it has ended.
        var session = refusal.GetProperty("session_id").GetString()!;
        var shown = await Eventually.GetAsync(
            async () => await Shell.AgentMtaAsync("trace", session, "--data", server.Data) is { ExitCode: 0 } told && told.Output.Contains("RCPT", StringComparison.Ordinal) ? told.Output : null, () => server.Output);
        Assert.Contains(id, shown, StringComparison.Ordinal);
        Assert.Contains("1 refused", shown, StringComparison.Ordinal);
        var stranger = await Shell.AgentMtaAsync("trace", $"[{relayId}]", "--data", server.Data);
        Assert.Contains("victim@elsewhere.test", stranger.Output, StringComparison.Ordinal);
        var nothing = await Shell.AgentMtaAsync("trace", "nosuchid", "--data", server.Data);
        Assert.Equal(66, nothing.ExitCode);
    }

    [GeneratedRegex("Taken as report ([0-9a-z]+)")]
    private static partial Regex TakenAs();

    [GeneratedRegex("Session    ([0-9a-z]+), transaction")]
    private static partial Regex SessionOf();

    [GeneratedRegex("Stored as ([0-9a-z]+)")]
    private static partial Regex StoredAs();

    [GeneratedRegex(@"\[([0-9a-z]+)\]")]
    private static partial Regex Bracketed();
}
