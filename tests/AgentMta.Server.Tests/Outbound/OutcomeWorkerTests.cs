using System.Text;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Outbound;

public sealed class OutcomeWorkerTests
{
    [Fact]
    public async Task A_bounce_that_comes_back_ends_its_delivery_and_suppresses_the_recipient()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var key = await SentKeyAsync(bench, "ann@example.net", "bob@example.net");
        await ReportAsync(bench, key, Dsn("bob@example.net", "failed", "5.1.1", "smtp; 550 5.1.1 user unknown"));
        Assert.Equal(["ann@example.net|queued", "bob@example.net|bounced"], await bench.Store.RowsAsync("SELECT recipient, state FROM deliveries ORDER BY recipient"));
        Assert.Equal(["workspace|bob@example.net|bounce"], await bench.Store.RowsAsync("SELECT scope, address, reason FROM suppressions"));
        Assert.Equal(EventTypes.Bounced, (await bench.EventsAsync())[^1]);
        Assert.Equal(0, await Worker(bench).RunOnceAsync(default));
    }

    [Fact]
    public async Task A_bounce_for_policy_suppresses_nobody()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var key = await SentKeyAsync(bench, "ann@example.net");
        await ReportAsync(bench, key, Dsn("ann@example.net", "failed", "5.7.1", "smtp; 550 5.7.1 blocked using zen.spamhaus.org"));
        Assert.Equal(["bounced"], await bench.Store.RowsAsync("SELECT state FROM deliveries"));
        Assert.Empty(await bench.Store.RowsAsync("SELECT address FROM suppressions"));
    }

    [Fact]
    public async Task A_delay_report_ends_nothing()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var key = await SentKeyAsync(bench, "ann@example.net");
        await ReportAsync(bench, key, Dsn("ann@example.net", "delayed", "4.4.1", "smtp; 421 connection timed out"));
        Assert.Equal(["queued"], await bench.Store.RowsAsync("SELECT state FROM deliveries"));
        Assert.Equal(EventTypes.Delayed, (await bench.EventsAsync())[^1]);
    }

    [Fact]
    public async Task A_report_about_a_stranger_changes_nothing()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var key = await SentKeyAsync(bench, "ann@example.net", "bob@example.net");
        await ReportAsync(bench, key, Dsn("eve@example.org", "failed", "5.1.1", "smtp; 550 5.1.1 user unknown"));
        Assert.Equal(2, await bench.Store.CountAsync("SELECT COUNT(*) FROM deliveries WHERE state = 'queued'"));
        Assert.Empty(await bench.Store.RowsAsync("SELECT address FROM suppressions"));
    }

    [Fact]
    public async Task A_complaint_suppresses_for_the_domain()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var key = await SentKeyAsync(bench, "ann@example.net");
        await ReportAsync(bench, key, Arf);
        Assert.Equal(["setup|agentmta.test|ann@example.net|complaint"], await bench.Store.RowsAsync("SELECT scope, scope_key, address, reason FROM suppressions"));
        Assert.Contains(EventTypes.Complained, await bench.EventsAsync());
        Assert.Equal((403, "message_rejected"), ((await bench.SendAsync(["ann@example.net"])).Fault!.Status, "message_rejected"));
    }

    [Fact]
    public async Task An_opt_out_takes_effect_at_once_and_once()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.SendAsync(["ann@example.net"]);
        var delivery = Assert.Single(await bench.Store.RowsAsync("SELECT delivery_id FROM deliveries"));
        var optOut = new OptOut(bench.Store.Database, bench.Store.Directory, bench.Tokens);
        var token = bench.Tokens.Token(TokenKind.Unsubscribe, delivery, TestStore.Domain);
        Assert.Null(await optOut.RequestAsync(TestStore.Domain, token[..^1] + (token[^1] == '0' ? '1' : '0'), OptOut.OneClick, default));
        Assert.False((await optOut.FindAsync(TestStore.Domain, token, default))!.IsDone);
        Assert.True((await optOut.RequestAsync(TestStore.Domain, token, OptOut.OneClick, default))!.IsDone);
        Assert.True((await optOut.RequestAsync(TestStore.Domain, token, OptOut.OneClick, default))!.IsDone);
        Assert.Single(await bench.EventsAsync(), EventTypes.Unsubscribed);
        Assert.Equal(["use_case|ann@example.net|unsubscribe"], await bench.Store.RowsAsync("SELECT scope, address, reason FROM suppressions"));
        Assert.Equal("message_rejected", (await bench.SendAsync(["ann@example.net"])).Fault!.Code);
    }

    [Fact]
    public async Task An_opt_out_by_mail_suppresses_in_the_scope_of_the_use_case()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.SendAsync(["ann@example.net"]);
        var delivery = Assert.Single(await bench.Store.RowsAsync("SELECT delivery_id FROM deliveries"));
        var inbox = await bench.Store.Directory.InboxAsync(TestStore.Agent, default);
        await bench.Store.Database.WriteAsync(s =>
        {
            s.Execute("UPDATE use_cases SET unsubscribe_scope = 'setup'");
            ReportStore.InsertUnsubscribe(s, inbox!, delivery, null);
        });
        Assert.Equal(1, await Worker(bench).RunOnceAsync(default));
        Assert.Equal(["setup|agentmta.test|ann@example.net"], await bench.Store.RowsAsync("SELECT scope, scope_key, address FROM suppressions"));
    }

    private const string Arf =
        "From: fbl@example.net\r\nTo: f@agentmta.test\r\nSubject: complaint\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n" +
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is a complaint.\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: t/1\r\nVersion: 1\r\nOriginal-Rcpt-To: <ann@example.net>\r\n\r\n" +
        "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: agent@agentmta.test\r\nSubject: Hello\r\n\r\nx\r\n--b--\r\n";

    private static string Dsn(string recipient, string action, string status, string diagnostic) =>
        "From: MAILER-DAEMON@example.net\r\nTo: b@agentmta.test\r\nSubject: Report\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
        $"--b\r\nContent-Type: text/plain\r\n\r\nReport.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: {diagnostic}\r\n\r\n--b--\r\n";

    private static OutcomeWorker Worker(OutboundBench bench) =>
        new(bench.Store.Database, new OutcomeStore(bench.Store.Database), bench.Raws, bench.Tokens, bench.Store.Time, NullLogger<OutcomeWorker>.Instance);

    private static async Task<string> SentKeyAsync(OutboundBench bench, params string[] to)
    {
        await bench.SendAsync(to);
        return Assert.Single(await bench.Store.RowsAsync("SELECT message_key FROM messages"));
    }

    private static async Task ReportAsync(OutboundBench bench, string key, string report)
    {
        var inbox = await bench.Store.Directory.InboxAsync(TestStore.Agent, default);
        await bench.Store.Database.WriteAsync(session =>
        {
            var raw = Ids.New(session.Time);
            MessageStore.InsertRaw(session, new NewRaw(bench.Store.WorkspaceId, raw, new RawContent(Encoding.UTF8.GetBytes(report)), null, null, null, null));
            ReportStore.InsertReport(session, inbox!, raw, key, new ReportFacts("dsn", [], null, null, null, null, null));
        });
        Assert.Equal(1, await Worker(bench).RunOnceAsync(default));
    }
}
