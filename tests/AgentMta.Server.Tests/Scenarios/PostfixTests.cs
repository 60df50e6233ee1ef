using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentMta.Server.Tests.Peers;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>The main job with Postfix as the correspondent's mail server, both ways.</summary>
public sealed class PostfixTests
{
    private const string Agent = "agent@agentmta.test";
    private const string Ann = "ann@person.test";

    [RequiresProgramFact("postfix")]
    public async Task Postfix_puts_no_message_off_where_a_connection_has_had_all_its_messages()
    {
        var settings = Path.GetTempFileName();
        await File.WriteAllTextAsync(settings, """{ "Inbound": { "MaxMessagesPerConnection": 3 } }""");
        await using var server = await ServerProcess.StartAsync("--config", settings);
        // Over TLS Postfix keeps no connection unless told to.
        await using var postfix = await PostfixServer.StartAsync(
            "person.test", [], new Dictionary<string, int> { ["agentmta.test"] = server.Smtp.Port }, PostfixServer.FreePort(), "smtp_tls_security_level = none",
            "smtp_connection_cache_destinations = agentmta.test", "smtp_connection_cache_time_limit = 60s", "smtp_destination_concurrency_limit = 1", "smtp_destination_recipient_limit = 1");
        using var api = server.Client();

        for (var i = 0; i < 8; i++)
            await PlainSmtp.SendAsync(new IPEndPoint(IPAddress.Loopback, postfix.Port), "laptop.sender.test", "ann@sender.test", Agent, $"From: ann@sender.test\nTo: {Agent}\nSubject: {i}\nMessage-ID: <{i}@sender.test>\n\nHello agent.\n");

        var inbox = $"/v0/inboxes/{Uri.EscapeDataString(Agent)}/messages";
        await Eventually.GetAsync(async () => (await api.GetFromJsonAsync<JsonElement>(inbox)).GetProperty("count").GetInt32() == 8 ? "all" : null, () => postfix.Log + server.Output);
        await Eventually.TrueAsync(() => server.Output.Contains("3 messages accepted", StringComparison.Ordinal), () => postfix.Log + server.Output);
        Assert.DoesNotContain("status=deferred", postfix.Log, StringComparison.Ordinal);
    }

    [RequiresProgramFact("postfix", DkimPy.Python, DkimPy.Module, DkimPy.Sodium)]
    public async Task A_person_behind_postfix_and_an_agent_hold_a_conversation_in_one_thread()
    {
        var postfixPort = PostfixServer.FreePort();
        var zone = Path.GetTempFileName();
        await File.WriteAllTextAsync(zone, """
            $TTL 60
            person.test. IN MX 10 mx.person.test.
            person.test. IN TXT "v=spf1 ip4:127.0.0.1 -all"
            _dmarc.person.test. IN TXT "v=DMARC1; p=reject"
            mx.person.test. IN A 127.0.0.1
            """ + "\n");
        await using var server = await ServerProcess.StartAsync("--zone", zone, "--mx-port", postfixPort.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await using var postfix = await PostfixServer.StartAsync("person.test", ["ann"], new Dictionary<string, int> { ["agentmta.test"] = server.Smtp.Port }, postfixPort);
        using var api = server.Client();
        var inbox = $"/v0/inboxes/{Uri.EscapeDataString(Agent)}";

        // In: Ann's client hands a message to Postfix, Postfix relays it to our MX.
        await PlainSmtp.SendAsync(new IPEndPoint(IPAddress.Loopback, postfixPort), "laptop.person.test", Ann, Agent,
            $"From: Ann <{Ann}>\nTo: {Agent}\nSubject: Order 7\nMessage-ID: <order-7@person.test>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\nWhere is my order?\n.A line that begins with a dot.\n");
        var first = await Eventually.GetAsync(() => FindAsync(api, inbox, "order-7@person.test"), () => postfix.Log + server.Output);
        var got = await api.GetFromJsonAsync<JsonElement>($"{inbox}/messages/{Uri.EscapeDataString("<order-7@person.test>")}");
        Assert.Contains("Where is my order?", got.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains("\n.A line that begins with a dot.", got.GetProperty("text").GetString()!.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("pass", got.GetProperty("authentication_results").GetRawText(), StringComparison.Ordinal);
        var thread = first["thread_id"]!.GetValue<string>();

        // Out: the agent answers; our queue relays to Postfix, which delivers to Ann's maildir.
        var reply = await api.PostAsJsonAsync($"{inbox}/messages/{Uri.EscapeDataString("<order-7@person.test>")}/reply", new { text = "It left yesterday.", html = "<p>It left <b>yesterday</b>.</p>" });
        var answer = await reply.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(reply.IsSuccessStatusCode, answer.ToString());
        Assert.Equal(thread, answer.GetProperty("thread_id").GetString());
        var file = await Eventually.GetAsync(() => Task.FromResult(Directory.Exists(postfix.Mailbox(Ann)) ? Directory.EnumerateFiles(postfix.Mailbox(Ann)).FirstOrDefault() : null), () => postfix.Log + server.Output);
        var delivered = await File.ReadAllTextAsync(file);
        Assert.Contains("In-Reply-To: <order-7@person.test>", delivered, StringComparison.Ordinal);
        Assert.Contains("References: <order-7@person.test>", delivered, StringComparison.Ordinal);
        Assert.Contains("Subject: Re: Order 7", delivered, StringComparison.Ordinal);
        Assert.Equal([true, true], await VerifyAsync(api, delivered));

        // And back: Ann's answer names the agent's message alone; it is a proven reply in the same thread.
        var agentId = answer.GetProperty("message_id").GetString()!;
        await PlainSmtp.SendAsync(new IPEndPoint(IPAddress.Loopback, postfixPort), "laptop.person.test", Ann, Agent,
            $"From: Ann <{Ann}>\nTo: {Agent}\nSubject: Re: Order 7\nMessage-ID: <thanks@person.test>\nIn-Reply-To: {agentId}\nReferences: {agentId}\n\nThank you!\n");
        var last = await Eventually.GetAsync(() => FindAsync(api, inbox, "thanks@person.test"), () => postfix.Log + server.Output);
        Assert.Equal(thread, last["thread_id"]!.GetValue<string>());

        var events = (await api.GetFromJsonAsync<JsonElement>("/v0/events?after=0&limit=100")).GetProperty("events").EnumerateArray().Select(e => e.GetProperty("event_type").GetString()).ToList();
        Assert.Contains("message.sent", events);
        Assert.Contains("message.delivered", events);
        Assert.Equal(2, events.Count(e => e == "message.received"));
        File.Delete(zone);
    }

    private static async Task<JsonNode?> FindAsync(HttpClient api, string inbox, string messageId)
    {
        var list = await api.GetFromJsonAsync<JsonNode>($"{inbox}/messages");
        return list?["messages"]?.AsArray().FirstOrDefault(m => m?["message_id"]?.GetValue<string>() == $"<{messageId}>");
    }

    /// <summary>What python3-dkim says of each signature, with the keys that the domain's records publish.</summary>
    private static async Task<List<bool>> VerifyAsync(HttpClient api, string delivered)
    {
        var zone = new JsonObject();
        foreach (var record in (await api.GetFromJsonAsync<JsonElement>("/v0/domains/agentmta.test")).GetProperty("records").EnumerateArray())
        {
            if (record.GetProperty("name").GetString()!.Contains("._domainkey.", StringComparison.Ordinal))
                zone[record.GetProperty("name").GetString()!] = record.GetProperty("value").GetString();
        }

        // Postfix's local delivery writes LF; on the wire and in the signature it was CRLF.
        var message = delivered.ReplaceLineEndings("\r\n");
        var answers = await DkimPy.AskAsync([new JsonObject { ["op"] = "verify", ["count"] = 2, ["zone"] = zone, ["message"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(message)) }]);
        return [.. answers[0].GetProperty("results").EnumerateArray().Select(r => r.GetBoolean())];
    }
}
