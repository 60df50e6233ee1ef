using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Peers;

/// <summary>The virus gate before Debian's clamd, sound, dead and dying.</summary>
public sealed class ClamdTests
{
    private const string Clamd = "clamd";

    private static string Infected => Mail(
        headers: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n",
        body: $"--b\nContent-Type: text/plain\n\nHello agent.\n--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n{Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(ScannerDaemon.Eicar))}\n--b--\n");

    [RequiresProgramFact(Clamd)]
    public async Task What_an_attachment_carries_is_refused_and_named_over_either_socket()
    {
        await using var clamd = await ScannerDaemon.ClamdAsync();
        foreach (var address in new[] { clamd.Address, "unix:" + clamd.UnixSocket })
        {
            await using var server = await OpenAsync(address);

            var infected = await server.AcceptAsync(Infected);
            var clean = await server.AcceptAsync(Mail(body: new string('x', 300_000) + "\n"));

            Assert.Equal("550 5.7.1", $"{infected.Code} {infected.EnhancedStatus}");
            Assert.StartsWith("The message carries Eicar-Test-Signature", infected.Text, StringComparison.Ordinal);
            Assert.Equal(250, clean.Code);
            Assert.Equal(["received", "unread"], Assert.Single(await server.MessagesAsync()).Labels);
        }
    }

    [RequiresProgramFact(Clamd)]
    public async Task Postmaster_takes_no_virus_either()
    {
        await using var clamd = await ScannerDaemon.ClamdAsync();
        await using var server = await OpenAsync(clamd.Address);

        Assert.Equal(550, (await server.AcceptAsync(Infected, recipients: ["postmaster@agentmta.test"])).Code);
    }

    [RequiresProgramFact(Clamd)]
    public async Task A_message_that_clamd_takes_in_no_size_is_kept_unscanned_or_refused_for_good()
    {
        await using var clamd = await ScannerDaemon.ClamdAsync();
        var large = Mail(body: string.Concat(Enumerable.Repeat(new string('x', 70) + "\n", 30_000)));
        foreach (var address in new[] { clamd.Address, "unix:" + clamd.UnixSocket })
        {
            await using var lenient = await OpenAsync(address);
            await using var strict = await OpenAsync(address, ScannerDown.Defer);

            Assert.Equal(250, (await lenient.AcceptAsync(large)).Code);
            var refused = await strict.AcceptAsync(large);

            var kept = Assert.Single(await lenient.MessagesAsync());
            Assert.Contains("unscanned", kept.Labels);
            Assert.Contains("size limit exceeded", kept.Verdicts, StringComparison.Ordinal);
            Assert.Equal("552 5.3.4", $"{refused.Code} {refused.EnhancedStatus}");
        }
    }

    [RequiresProgramFact(Clamd)]
    public async Task A_dead_clamd_lets_mail_in_with_a_label_or_holds_it_off_and_one_that_is_back_is_asked_again()
    {
        await using var clamd = await ScannerDaemon.ClamdAsync();
        await using var lenient = await OpenAsync(clamd.Address);
        await using var strict = await OpenAsync(clamd.Address, ScannerDown.Defer);
        await clamd.KillAsync();

        Assert.Equal(250, (await lenient.AcceptAsync(Infected)).Code);
        var held = await strict.AcceptAsync(Infected);
        await clamd.StartAgainAsync();
        var back = await strict.AcceptAsync(Infected);

        Assert.Contains("unscanned", Assert.Single(await lenient.MessagesAsync()).Labels);
        Assert.Equal("451 4.7.1", $"{held.Code} {held.EnhancedStatus}");
        Assert.Empty(await strict.MessagesAsync());
        Assert.Equal(550, back.Code);
    }

    [RequiresProgramFact(Clamd)]
    public async Task A_clamd_that_hangs_costs_its_time_and_no_more()
    {
        await using var clamd = await ScannerDaemon.ClamdAsync();
        await using var server = await OpenAsync(clamd.Address, timeout: TimeSpan.FromMilliseconds(300));
        await clamd.FreezeAsync();

        Assert.Equal(250, (await server.AcceptAsync(Mail())).Code);

        Assert.Contains("no answer within 0.3 s", Assert.Single(await server.MessagesAsync()).Verdicts, StringComparison.Ordinal);
    }

    [RequiresProgramFact(Clamd)]
    public async Task A_clamd_that_is_killed_while_it_scans_is_down_at_once()
    {
        await using var clamd = await ScannerDaemon.ClamdAsync();
        await using var server = await OpenAsync(clamd.Address, timeout: TimeSpan.FromSeconds(60));
        await clamd.FreezeAsync();
        var accept = server.AcceptAsync(Mail());
        await clamd.ConnectedAsync();

        await clamd.KillAsync();
        var reply = await accept.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(250, reply.Code);
        Assert.Contains("unscanned", Assert.Single(await server.MessagesAsync()).Labels);
    }

    private static Task<TestReceiver> OpenAsync(string address, ScannerDown down = ScannerDown.Accept, TimeSpan? timeout = null) => TestReceiver.OpenAsync(
        o => o with { Gates = o.Gates with { Clamd = address, VirusScannerDown = down, ScannerTimeout = timeout ?? TimeSpan.FromSeconds(60) } });
}
