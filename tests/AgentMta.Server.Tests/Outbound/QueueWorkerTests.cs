using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Outbound;

public sealed class QueueWorkerTests
{
    [Fact]
    public async Task A_submission_reaches_the_mx_signed_and_ends_as_delivered()
    {
        await using var bench = await OutboundBench.OpenAsync();
        await bench.StartAsync();
        var sent = await bench.SendAsync(["Ann <ann@example.net>"]);
        Assert.Null(sent.Fault);
        await bench.HappensAsync(EventTypes.Delivered);
        var taken = Assert.Single(bench.Remote.Messages);
        Assert.StartsWith("MAIL FROM:<b+", taken.Mail, StringComparison.Ordinal);
        Assert.Equal(["ann@example.net"], taken.Recipients);
        Assert.Contains("Subject: Hello\r\n", taken.Text, StringComparison.Ordinal);
        Assert.Contains($"Message-ID: {sent.MessageId}\r\n", taken.Text, StringComparison.Ordinal);
        Assert.Equal([EventTypes.Queued, EventTypes.Sent, EventTypes.Delivered], await bench.EventsAsync());
        Assert.Equal(["[\"sent\",\"delivered\"]"], await bench.Store.RowsAsync("SELECT labels FROM messages"));
        Assert.Equal(["delivered|1|127.0.0.1"], await bench.Store.RowsAsync("SELECT d.state, d.attempts, a.remote_address FROM deliveries d JOIN attempts a ON a.delivery_id = d.delivery_id"));
        Assert.Equal(2, taken.Text.Split("DKIM-Signature:").Length - 1);
    }

    [Fact]
    public async Task Several_recipients_of_a_domain_share_a_transaction()
    {
        await using var bench = await OutboundBench.OpenAsync();
        await bench.SendAsync(["ann@example.net", "bob@example.net", "cid@example.net"]);
        await bench.StartAsync();
        await bench.HappensAsync(EventTypes.Delivered);
        Assert.Equal(["ann@example.net", "bob@example.net", "cid@example.net"], Assert.Single(bench.Remote.Messages).Recipients);
    }

    [Fact]
    public async Task Each_recipient_gets_the_verdict_that_the_remote_gave_it()
    {
        await using var bench = await OutboundBench.OpenAsync();
        bench.Remote.Reply = line => line.Contains("gone@", StringComparison.Ordinal) ? "550 5.1.1 no such user" : line.Contains("later@", StringComparison.Ordinal) ? "450 4.2.1 try later" : null;
        await bench.SendAsync(["ann@example.net", "gone@example.net", "later@example.net"]);
        await bench.StartAsync();
        await bench.HappensAsync(EventTypes.Bounced);
        Assert.Equal(
            ["ann@example.net|delivered|2.0.0", "gone@example.net|bounced|5.1.1", "later@example.net|deferred|4.2.1"],
            await bench.Store.RowsAsync("SELECT recipient, state, last_status FROM deliveries ORDER BY recipient"));
        Assert.Equal(["workspace|gone@example.net|bounce"], await bench.Store.RowsAsync("SELECT scope, address, reason FROM suppressions"));
        Assert.Equal([EventTypes.Queued, EventTypes.Sent, EventTypes.Delivered, EventTypes.Deferred, EventTypes.Bounced], await bench.EventsAsync());
    }

    [Theory]
    [InlineData("552 5.2.2 mailbox full", "Transient", "mailbox_full")]
    [InlineData("552 Requested mail action aborted: exceeded storage allocation", "Transient", "mailbox_full")]
    [InlineData("550 5.7.1 rate limit exceeded", "Transient", "policy")]
    [InlineData("552 5.3.4 message too big", "Permanent", "content")]
    [InlineData("550 5.7.1 blocked", "Permanent", "policy")]
    [InlineData("550 5.1.1 no such user", "Permanent", "recipient")]
    public async Task A_refusal_is_classed_as_a_report_of_it_would_be(string refusal, string type, string subType)
    {
        await using var bench = await OutboundBench.OpenAsync();
        bench.Remote.Reply = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? refusal : null;
        await bench.SendAsync(["ann@example.net"]);
        await bench.StartAsync();
        await bench.HappensAsync(EventTypes.Bounced);
        Assert.Equal(
            [$"{type}|{subType}"],
            await bench.Store.RowsAsync("SELECT json_extract(facts, '$.type'), json_extract(facts, '$.sub_type') FROM events WHERE event_type = 'message.bounced'"));
        Assert.Equal(subType == "recipient" ? 1 : 0, await bench.Store.CountAsync("SELECT COUNT(*) FROM suppressions"));
    }

    [Fact]
    public async Task An_end_of_data_without_reply_is_tried_again_later()
    {
        await using var bench = await OutboundBench.OpenAsync();
        bench.Remote.Reply = line => line == "DATA-END" ? "" : null;
        await bench.SendAsync(["ann@example.net"]);
        await bench.StartAsync();
        await bench.HappensAsync(EventTypes.Deferred);
        Assert.Equal(["deferred|1|4.4.2"], await bench.Store.RowsAsync("SELECT state, attempts, last_status FROM deliveries"));
    }

    [Fact]
    public async Task A_message_whose_file_cannot_be_read_waits_and_holds_up_no_other()
    {
        await using var bench = await OutboundBench.OpenAsync(o => o with { SiteConnections = 1, SiteConnectionsLimit = 1 });
        await bench.SendAsync(["large@example.net"], s => s with { Text = new string('x', 200_000) });
        var file = bench.Spool.PathOf((await bench.Store.RowsAsync("SELECT file FROM raws"))[0]);
        File.Delete(file);
        Directory.CreateDirectory(file);
        await bench.SendAsync(["small@example.net"]);
        await bench.StartAsync();
        await bench.HappensAsync(EventTypes.Delivered);
        await bench.HappensAsync(EventTypes.Deferred);
        Assert.Equal(
            ["large@example.net|deferred|4.3.0|", "small@example.net|delivered|2.0.0|"],
            await bench.Store.RowsAsync("SELECT recipient, state, last_status, lease_owner FROM deliveries ORDER BY recipient"));
    }

    [Fact]
    public async Task A_domain_that_takes_no_mail_bounces_at_once()
    {
        await using var bench = await OutboundBench.OpenAsync();
        await bench.SendAsync(["ann@nomail.example.net"]);
        await bench.StartAsync();
        await bench.HappensAsync(EventTypes.Bounced);
        Assert.Equal(["bounced|5.1.10"], await bench.Store.RowsAsync("SELECT state, last_status FROM deliveries"));
    }

    [Fact]
    public async Task A_connection_is_used_again()
    {
        await using var bench = await OutboundBench.OpenAsync(o => o with { SiteConnections = 1, SiteConnectionsLimit = 1, IdleConnection = TimeSpan.FromSeconds(5) });
        await bench.StartAsync();
        for (var i = 1; i <= 5; i++)
        {
            await bench.SendAsync([$"ann{i}@example.net"]);
            await bench.Remote.TakenAsync(i);
        }

        Assert.Equal(1, bench.Remote.Connections);
    }

    [Fact]
    public async Task A_recipient_who_was_suppressed_while_the_mail_waited_gets_nothing()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.SendAsync(["ann@example.net", "eve@example.net"]);
        await bench.Suppressions.AddAsync(new Suppression(bench.Store.WorkspaceId, SuppressionScope.Workspace, "*", "eve@example.net", Suppression.Unsubscribe, null, null, default), default);
        await bench.StartAsync();
        await bench.HappensAsync(EventTypes.Delivered);
        Assert.Equal(["ann@example.net"], Assert.Single(bench.Remote.Messages).Recipients);
        Assert.Equal(["ann@example.net|delivered", "eve@example.net|dropped"], await bench.Store.RowsAsync("SELECT recipient, state FROM deliveries ORDER BY recipient"));
        Assert.Contains(EventTypes.Rejected, await bench.EventsAsync());
    }

    [RequiresProgramFact("smtp-sink")]
    public async Task Postfixs_sink_takes_hundreds_of_messages_each_once()
    {
        const int Count = 300;
        var port = FreePort();
        await using var bench = await OutboundBench.OpenAsync(o => o with { MxPort = port });
        using var sink = Process.Start(new ProcessStartInfo(RequiresProgramFactAttribute.Find("smtp-sink")!, ["-u", "nobody", "-c", $"127.0.0.1:{port}", "100"]) { RedirectStandardOutput = true })!;
        try
        {
            await Eventually.TrueAsync(() => IsOpen(port));
            await bench.StartAsync();
            await Task.WhenAll(Enumerable.Range(0, Count).Select(i => Task.Run(() => bench.SendAsync([$"ann{i}@example.net"]))));
            await Eventually.TrueAsync(async () => await bench.Store.CountAsync("SELECT COUNT(*) FROM deliveries WHERE state = 'delivered'") == Count, () => "delivered");
            Assert.Equal(Count, await bench.Store.CountAsync("SELECT COUNT(*) FROM attempts WHERE reply_code = 250"));
        }
        finally
        {
            sink.Kill();
        }
    }

    private static bool IsOpen(int port)
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return client.Connected;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
