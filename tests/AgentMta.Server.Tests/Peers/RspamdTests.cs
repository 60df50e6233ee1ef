using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Peers;

/// <summary>The spam gate before Debian's rspamd, sound, dead and dying. One daemon for all: its first start takes seconds, the next ones find its caches.</summary>
public sealed class RspamdTests(RspamdTests.Daemon daemon) : IClassFixture<RspamdTests.Daemon>
{
    private const string Rspamd = "rspamd";
    private const string Reject = "X-Test-Action: reject\n";

    [RequiresProgramFact(Rspamd)]
    public async Task Its_verdict_counts_and_is_explained()
    {
        var rspamd = await daemon.UpAsync();
        await using var server = await OpenAsync(rspamd);

        var refused = await server.AcceptAsync(Mail(id: "<1@sender.test>", body: ScannerDaemon.Gtube + "\n"));
        var clean = await server.AcceptAsync(Mail(id: "<2@sender.test>"));

        Assert.Equal("550 5.7.1", $"{refused.Code} {refused.EnhancedStatus}");
        Assert.StartsWith("Gtube pattern", refused.Text, StringComparison.Ordinal);
        Assert.Equal(250, clean.Code);
        var kept = Assert.Single(await server.MessagesAsync());
        Assert.Equal(["received", "unread"], kept.Labels);
        // What was told of the client was understood: its confirmed name, and that the envelope's sender is the author's.
        Assert.Contains("\"scanner\":\"rspamd\"", kept.Verdicts, StringComparison.Ordinal);
        Assert.Contains("FROM_EQ_ENVFROM", kept.Verdicts, StringComparison.Ordinal);
        Assert.DoesNotContain("HFILTER_HOSTNAME_UNKNOWN", kept.Verdicts, StringComparison.Ordinal);
        Assert.DoesNotContain("RDNS_NONE", kept.Verdicts, StringComparison.Ordinal);
    }

    [RequiresProgramFact(Rspamd)]
    public async Task Each_of_its_actions_has_its_reply_and_none_holds_mail_up_for_ever()
    {
        var rspamd = await daemon.UpAsync();
        await using var server = await OpenAsync(rspamd);
        var n = 0;
        foreach (var (action, code, labels) in new[]
        {
            ("no action", 250, ""), ("greylist", 250, ""), ("add header", 250, "spam"), ("rewrite subject", 250, "spam"), ("soft reject", 451, ""), ("reject", 550, ""),
        })
        {
            var id = $"<{++n}@sender.test>";
            var reply = await server.AcceptAsync(Mail(id: id, headers: $"X-Test-Action: {action}\n"));

            Assert.Equal((action, code), (action, reply.Code));
            if (code != 250)
                Assert.StartsWith("The test asked for it [", reply.Text, StringComparison.Ordinal);
            else
                Assert.Equal((action, labels), (action, string.Join(',', (await server.MessagesAsync()).Single(m => m.MessageId == id).Labels.Except(["received", "unread"]))));
        }
    }

    [RequiresProgramFact(Rspamd)]
    public async Task A_dead_rspamd_leaves_the_built_in_score_or_holds_mail_off_and_one_that_is_back_is_asked_again()
    {
        var rspamd = await daemon.UpAsync();
        await using var lenient = await OpenAsync(rspamd);
        await using var strict = await OpenAsync(rspamd, ScannerDown.Defer);
        Assert.Equal(250, (await strict.AcceptAsync(Mail(id: "<1@sender.test>"))).Code); // the connection is kept, and then gone
        await rspamd.KillAsync();

        Assert.Equal(250, (await lenient.AcceptAsync(Mail(id: "<2@sender.test>", headers: Reject))).Code);
        var held = await strict.AcceptAsync(Mail(id: "<3@sender.test>"));
        await rspamd.StartAgainAsync();
        var back = await strict.AcceptAsync(Mail(id: "<4@sender.test>", headers: Reject));

        Assert.Contains("built-in", Assert.Single(await lenient.MessagesAsync()).Verdicts, StringComparison.Ordinal);
        Assert.Equal("451 4.7.1", $"{held.Code} {held.EnhancedStatus}");
        Assert.Equal(550, back.Code);
    }

    [RequiresProgramFact(Rspamd)]
    public async Task An_rspamd_that_hangs_costs_its_time_and_one_that_is_killed_meanwhile_nothing()
    {
        var rspamd = await daemon.UpAsync();
        await using var hasty = await OpenAsync(rspamd, timeout: TimeSpan.FromMilliseconds(300));
        await using var patient = await OpenAsync(rspamd, ScannerDown.Defer, TimeSpan.FromSeconds(60));
        await rspamd.FreezeAsync();

        Assert.Equal(250, (await hasty.AcceptAsync(Mail())).Code);
        var accept = patient.AcceptAsync(Mail());
        await rspamd.ConnectedAsync();
        await rspamd.KillAsync();
        var reply = await accept.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Contains("built-in", Assert.Single(await hasty.MessagesAsync()).Verdicts, StringComparison.Ordinal);
        Assert.Equal("451 4.7.1", $"{reply.Code} {reply.EnhancedStatus}");
    }

    /// <summary>Starts it when the first test asks, and again after a test that killed it.</summary>
    public sealed class Daemon : IAsyncLifetime
    {
        private ScannerDaemon? _rspamd;

        public Task InitializeAsync() => Task.CompletedTask;

        public async Task DisposeAsync()
        {
            if (_rspamd is not null)
                await _rspamd.DisposeAsync();
        }

        internal async Task<ScannerDaemon> UpAsync()
        {
            _rspamd ??= await ScannerDaemon.RspamdAsync();
            if (_rspamd.HasEnded)
                await _rspamd.StartAgainAsync();
            return _rspamd;
        }
    }

    private static Task<TestReceiver> OpenAsync(ScannerDaemon rspamd, ScannerDown down = ScannerDown.Accept, TimeSpan? timeout = null) => TestReceiver.OpenAsync(
        o => o with { Gates = o.Gates with { Rspamd = $"http://{rspamd.Address}/", SpamScannerDown = down, ScannerTimeout = timeout ?? TimeSpan.FromSeconds(60) } });
}
