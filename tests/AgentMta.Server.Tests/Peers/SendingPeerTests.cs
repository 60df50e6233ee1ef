using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Peers;

/// <summary>Exim and OpenSMTPD as the mail servers of a correspondent, with TLS.</summary>
public sealed class SendingPeerTests
{
    private const string Agent = "agent@agentmta.test";

    [RequiresPeerFact("exim")]
    public Task Exim_hands_over_inside_tls() => HandsOverAsync(UnpackedServer.EximAsync);

    [RequiresPeerFact("opensmtpd")]
    public Task OpenSmtpd_hands_over_inside_tls() => HandsOverAsync(UnpackedServer.OpenSmtpdAsync);

    private static async Task HandsOverAsync(Func<string, int, Task<UnpackedServer>> start)
    {
        var zone = Path.GetTempFileName();
        await File.WriteAllTextAsync(zone, "$TTL 60\nperson.test. IN TXT \"v=spf1 ip4:127.0.0.1 -all\"\nperson.test. IN MX 10 mx.person.test.\nmx.person.test. IN A 127.0.0.1\n_dmarc.person.test. IN TXT \"v=DMARC1; p=reject\"\n");
        await using var server = await ServerProcess.StartAsync("--zone", zone);
        await using var peer = await start("person.test", server.Smtp.Port);
        using var api = server.Client();

        // Several in one go, with what desynchronises: a line that is a dot, lines that begin with one, a long body.
        var body = "A dot on its own:\n.\n..two\n.end\n" + string.Concat(Enumerable.Range(0, 2000).Select(i => $"line {i} of a longer message\n"));
        for (var i = 0; i < 3; i++)
        {
            await PlainSmtp.SendAsync(new IPEndPoint(IPAddress.Loopback, peer.Port), "laptop.person.test", "ann@person.test", Agent,
                $"From: Ann <ann@person.test>\nTo: {Agent}\nSubject: Number {i}\nMessage-ID: <peer-{i}@person.test>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\n{body}");
        }

        var inbox = $"/v0/inboxes/{Uri.EscapeDataString(Agent)}/messages";
        await Eventually.GetAsync(async () => (await api.GetFromJsonAsync<JsonElement>(inbox)).GetProperty("count").GetInt32() == 3 ? "all" : null, () => peer.Log + server.Output);
        for (var i = 0; i < 3; i++)
        {
            var path = $"{inbox}/{Uri.EscapeDataString($"<peer-{i}@person.test>")}";
            var message = await api.GetFromJsonAsync<JsonElement>(path);
            Assert.Equal(body.TrimEnd('\n'), message.GetProperty("text").GetString()!.ReplaceLineEndings("\n").TrimEnd('\n'));
            Assert.Equal("pass", message.GetProperty("authentication_results").GetProperty("dmarc").GetProperty("result").GetString());
            Assert.StartsWith("TLS", (await api.GetFromJsonAsync<JsonElement>(path + "/trace")).GetProperty("session").GetProperty("tls").GetString(), StringComparison.Ordinal);
        }
    }
}
