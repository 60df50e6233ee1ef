using System.Text.Json.Nodes;

namespace AgentMta.Server.Cli;

/// <summary>The demo's steps: each does the real thing, checks it and prints what truly happened.</summary>
internal sealed class DemoStory(DemoServer agent, DemoServer remote, CancellationToken cancellationToken)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    private readonly string _agentInbox = $"agent@{agent.Domain}";
    private readonly string _newsInbox = $"news@{agent.Domain}";
    private readonly string _person = $"ann@{remote.Domain}";
    private int _step;

    /// <summary>Runs all steps; throws <see cref="DemoException"/> at the first that is not as it must be.</summary>
    public async Task RunAsync()
    {
        await VerifyDomainsAsync().ConfigureAwait(false);
        var question = await PersonWritesAsync().ConfigureAwait(false);
        var answer = await AgentAnswersAsync(question).ConfigureAwait(false);
        await RemoteReceivesAsync(question, answer).ConfigureAwait(false);
        await EventsAsync().ConfigureAwait(false);
        var link = await NewsletterAsync().ConfigureAwait(false);
        await UnsubscribeAsync(link).ConfigureAwait(false);
        Tell("Every step was checked. Both servers stop now.");
    }

    /// <summary>A line of the story.</summary>
    public static void Tell(string line) => Console.Out.WriteLine(line);

    /// <summary>What was seen, indented.</summary>
    public static void Show(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            Console.Out.WriteLine("    " + line);
    }

    private async Task VerifyDomainsAsync()
    {
        Step($"Two mail servers: {agent.Domain} (the agent's) on {agent.Smtp}, {remote.Domain} (a person's) on {remote.Smtp}. Both verify their domains.");
        foreach (var server in new[] { agent, remote })
        {
            Check((await server.CallAsync(HttpMethod.Post, $"v0/domains/{server.Domain}/verify").ConfigureAwait(false)).Status < 300, "the verification could not be asked for");
            var domain = await WaitAsync(async () => (await server.CallAsync(HttpMethod.Get, $"v0/domains/{server.Domain}").ConfigureAwait(false)).Body, d => (string?)d["status"] == "VERIFIED").ConfigureAwait(false);
            Show(domain["records"]!.AsArray().Select(r => $"{r!["status"]}  {r["type"]} {r["name"]}"));
        }

        var made = await remote.CallAsync(HttpMethod.Post, "v0/inboxes", new { username = "ann", domain = remote.Domain, display_name = "Ann" }).ConfigureAwait(false);
        Check(made.Status < 300, made.Body.ToJsonString());
    }

    private async Task<JsonNode> PersonWritesAsync()
    {
        Step($"{_person} writes to {_agentInbox}: her server finds the MX and speaks SMTP.");
        var sent = await remote.CallAsync(HttpMethod.Post, $"v0/inboxes/{Uri.EscapeDataString(_person)}/messages/send", new { to = _agentInbox, subject = "Order 7", text = "Where is my order?" }).ConfigureAwait(false);
        Check(sent.Status < 300, sent.Body.ToJsonString());
        var id = (string)sent.Body["message_id"]!;
        await ShowDialogueAsync(remote, _person, id).ConfigureAwait(false);
        Step("The agent's server authenticated and gated it before it said 250:");
        var got = await MessageAsync(agent, _agentInbox, id).ConfigureAwait(false);
        var trace = await CheckVerdictsAsync(agent, _agentInbox, id).ConfigureAwait(false);
        Show(trace["gates"]!.AsArray().Select(g => $"gate {g!["gate"]}: {g["outcome"]} ({g["reason"]})"));
        Check(((string)got["text"]!).Contains("Where is my order?", StringComparison.Ordinal), "the text is not what Ann wrote");
        Show([$"thread {got["thread_id"]}, labels {got["labels"]!.ToJsonString()}"]);
        return got;
    }

    private async Task<JsonNode> AgentAnswersAsync(JsonNode question)
    {
        Step("The agent reads it over HTTPS and answers in the same thread:");
        var answer = await agent.CallAsync(HttpMethod.Post, Path(_agentInbox, (string)question["message_id"]!) + "/reply", new { text = "It left yesterday.", html = "<p>It left <b>yesterday</b>.</p>" }).ConfigureAwait(false);
        Check(answer.Status < 300, answer.Body.ToJsonString());
        Check((string)answer.Body["thread_id"]! == (string)question["thread_id"]!, "the answer is in another thread");
        Show([$"message {answer.Body["message_id"]} in thread {answer.Body["thread_id"]}"]);
        await ShowDialogueAsync(agent, _agentInbox, (string)answer.Body["message_id"]!).ConfigureAwait(false);
        return answer.Body;
    }

    private async Task RemoteReceivesAsync(JsonNode question, JsonNode answer)
    {
        Step("The signed answer as the other server got it, and its verification there:");
        var id = (string)answer["message_id"]!;
        await MessageAsync(remote, _person, id).ConfigureAwait(false);
        var raw = await remote.RawAsync(_person, id).ConfigureAwait(false);
        Show(raw.Split("\r\n").Take(60).Select(l => l.Length > 110 ? l[..107] + "..." : l));
        Check(raw.Contains("In-Reply-To: " + (string)question["message_id"]!, StringComparison.Ordinal), "In-Reply-To is missing");
        var trace = await CheckVerdictsAsync(remote, _person, id).ConfigureAwait(false);
        var signatures = trace["authentication"]!["dkim"]!.AsArray();
        Check(signatures.Count == 2 && signatures.All(s => (string?)s!["result"] == "pass"), "both signatures, RSA and Ed25519, must pass: " + signatures.ToJsonString());
        var (_, threads) = await remote.CallAsync(HttpMethod.Get, $"v0/inboxes/{Uri.EscapeDataString(_person)}/threads").ConfigureAwait(false);
        Check(threads["threads"]!.AsArray() is [{ } only] && (int)only["message_count"]! == 2, "question and answer are not one thread at Ann's");
    }

    private async Task EventsAsync()
    {
        Step("Each step left an event at the agent's server:");
        var events = await WaitAsync(
            async () => (await agent.CallAsync(HttpMethod.Get, "v0/events?after=0&limit=100").ConfigureAwait(false)).Body,
            e => e["events"]!.AsArray().Any(x => (string?)x!["event_type"] == "message.delivered")).ConfigureAwait(false);
        Show(events["events"]!.AsArray().Select(e => $"{e!["cursor"]}  {e["event_type"]}  {e["message_id"]}"));
        foreach (var type in new[] { "message.received", "message.sent", "message.delivered" })
            Check(events["events"]!.AsArray().Any(e => (string?)e!["event_type"] == type), $"there is no {type}");
    }

    private async Task<string> NewsletterAsync()
    {
        Step($"An unsubscribable use case, {_newsInbox}, writes to Ann with one-click headers (RFC 8058):");
        var made = await agent.CallAsync(HttpMethod.Post, "v0/use-cases", new { sender = _newsInbox, email_type = "marketing", unsubscribable = true, accepts_cold_inbound = false, name = "news", entity_name = "Shop" }).ConfigureAwait(false);
        Check(made.Status < 300, made.Body.ToJsonString());
        var sent = await SendNewsAsync("News of November").ConfigureAwait(false);
        Check(sent.Status < 300, sent.Body.ToJsonString());
        var id = (string)sent.Body["message_id"]!;
        await MessageAsync(remote, _person, id).ConfigureAwait(false);
        var raw = (await remote.RawAsync(_person, id).ConfigureAwait(false)).Replace("\r\n ", " ", StringComparison.Ordinal).Replace("\r\n\t", " ", StringComparison.Ordinal);
        var fields = raw.Split("\r\n").Where(l => l.StartsWith("List-Unsubscribe", StringComparison.Ordinal)).ToList();
        Show(fields);
        Check(fields.Contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "List-Unsubscribe-Post is missing");
        var link = fields.SelectMany(f => f.Split('<', '>')).FirstOrDefault(p => p.StartsWith("https://", StringComparison.Ordinal));
        Check(link is not null, "there is no https link");
        return link!;
    }

    private async Task UnsubscribeAsync(string link)
    {
        Step("Ann's mail program posts one click; the next send to her is refused:");
        var status = await agent.PostOneClickAsync(link).ConfigureAwait(false);
        Check(status == 200, $"the one-click POST got {status}");
        var suppressed = await WaitAsync(async () => (await agent.CallAsync(HttpMethod.Get, "v0/suppressions").ConfigureAwait(false)).Body, s => s["suppressions"]!.AsArray().Count > 0).ConfigureAwait(false);
        Show([suppressed["suppressions"]!.AsArray()[0]!.ToJsonString()]);
        var refused = await SendNewsAsync("News of December").ConfigureAwait(false);
        Check(refused.Status == 403, $"the second send got {refused.Status}: {refused.Body.ToJsonString()}");
        Show([$"{refused.Status} {refused.Body["code"]}: {refused.Body["message"]}"]);
        var other = await agent.CallAsync(HttpMethod.Get, $"v0/inboxes/{Uri.EscapeDataString(_newsInbox)}/messages").ConfigureAwait(false);
        Check(other.Body["messages"]!.AsArray().Count == 1, "a refused message was stored");
    }

    private Task<(int Status, JsonNode Body)> SendNewsAsync(string subject) =>
        agent.CallAsync(HttpMethod.Post, $"v0/inboxes/{Uri.EscapeDataString(_newsInbox)}/messages/send", new { to = _person, subject, text = "What is new at the shop." });

    private async Task ShowDialogueAsync(DemoServer server, string inbox, string id)
    {
        var deliveries = await WaitAsync(
            async () => (await server.CallAsync(HttpMethod.Get, Path(inbox, id) + "/deliveries").ConfigureAwait(false)).Body,
            d => d["deliveries"]!.AsArray().Any(x => (string?)x!["state"] is "delivered" or "bounced" or "deferred")).ConfigureAwait(false);
        var delivery = deliveries["deliveries"]!.AsArray()[0]!;
        var attempt = delivery["attempts"]!.AsArray()[^1]!;
        Show([$"{delivery["recipient"]}: {delivery["state"]} at {attempt["host"]} [{attempt["address"]}], {attempt["tls"] ?? "no TLS"}"]);
        Show(((string?)attempt["dialogue"] ?? "").Split('\n').Select(l => l.TrimEnd()));
        Check((string?)delivery["state"] == "delivered", "it was not delivered: " + attempt.ToJsonString());
    }

    private static async Task<JsonNode> CheckVerdictsAsync(DemoServer server, string inbox, string id)
    {
        var (_, trace) = await server.CallAsync(HttpMethod.Get, Path(inbox, id) + "/trace").ConfigureAwait(false);
        var results = trace["authentication"]!;
        var dkim = results["dkim"]!.AsArray().Select(d => $"{d!["result"]} {d["domain"]}/{d["selector"]}").ToList();
        Show([$"spf {results["spf"]!["result"]} ({results["spf"]!["domain"]}), dkim {string.Join(", ", dkim)}, dmarc {results["dmarc"]!["result"]} (policy {results["dmarc"]!["policy"]})"]);
        Check((string?)results["spf"]!["result"] == "pass" && (string?)results["dmarc"]!["result"] == "pass" && dkim.Exists(d => d.StartsWith("pass", StringComparison.Ordinal)), "SPF, DKIM and DMARC must pass: " + results.ToJsonString());
        return trace;
    }

    private Task<JsonNode> MessageAsync(DemoServer server, string inbox, string id) =>
        WaitAsync(async () => (await server.CallAsync(HttpMethod.Get, Path(inbox, id)).ConfigureAwait(false)).Body, m => m["message_id"] is not null);

    private async Task<JsonNode> WaitAsync(Func<Task<JsonNode>> ask, Func<JsonNode, bool> isThere)
    {
        while (true)
        {
            var answer = await ask().ConfigureAwait(false);
            if (isThere(answer))
                return answer;
            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string Path(string inbox, string id) => $"v0/inboxes/{Uri.EscapeDataString(inbox)}/messages/{Uri.EscapeDataString(id)}";

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
            throw new DemoException(otherwise);
    }

    private void Step(string line) => Console.Out.WriteLine($"\n{++_step}. {line}");
}
