using System.Security.Cryptography;
using System.Text;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Outbound;

public sealed class SubmitterTests
{
    private static readonly byte[] Hash = SHA256.HashData("one"u8);

    [Fact]
    public async Task A_subject_that_no_row_would_keep_whole_is_refused()
    {
        await using var bench = await OutboundBench.OpenAsync();
        Assert.Null((await bench.SendAsync(["ann@example.net"], s => s with { Subject = new string('s', 1000) })).Fault);
        Assert.Equal(400, (await bench.SendAsync(["ann@example.net"], s => s with { Subject = new string('s', 1001) })).Fault!.Status);
    }

    [Fact]
    public async Task A_message_without_recipient_is_refused()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        Assert.Equal((422, "unprocessable"), Fault(await bench.SendAsync([])));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("ann@example.net\r\nBcc: eve@example.net")]
    [InlineData("ann@exa mple.net")]
    public async Task An_address_that_is_none_is_refused(string address)
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        Assert.Equal((400, "validation_error"), Fault(await bench.SendAsync([address])));
    }

    [Theory]
    [InlineData("From", "eve@example.net")]
    [InlineData("DKIM-Signature", "v=1")]
    [InlineData("X-Fine\r\nBcc", "eve@example.net")]
    [InlineData("X-Fine", "one\r\nBcc: eve@example.net")]
    public async Task A_header_that_says_more_than_it_may_is_refused(string name, string value)
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var result = await bench.SendAsync(["ann@example.net"], s => s with { Headers = new Dictionary<string, string> { [name] = value } });
        Assert.Equal((400, "validation_error"), Fault(result));
    }

    [Fact]
    public async Task A_subject_with_a_line_end_adds_no_field()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        Assert.Null((await bench.SendAsync(["ann@example.net"], s => s with { Subject = "Hello\r\nBcc: eve@example.net" })).Fault);
        Assert.DoesNotContain("\nBcc:", await RawAsync(bench), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bcc_is_on_the_senders_copy_alone()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.SendAsync(["ann@example.net"], s => s with { Bcc = ["eve@example.net"] });
        Assert.DoesNotContain("eve@", await RawAsync(bench), StringComparison.Ordinal);
        Assert.Equal(["[\"eve@example.net\"]"], await bench.Store.RowsAsync("SELECT bcc_addrs FROM messages"));
        Assert.Equal(["ann@example.net", "eve@example.net"], await bench.Store.RowsAsync("SELECT recipient FROM deliveries ORDER BY recipient"));
    }

    [Fact]
    public async Task A_suppressed_recipient_refuses_the_whole_send_by_name()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.Suppressions.AddAsync(new Suppression(bench.Store.WorkspaceId, SuppressionScope.Setup, TestStore.Domain, "eve@example.net", Suppression.Manual, null, null, default), default);
        var result = await bench.SendAsync(["ann@example.net", "Eve@Example.net"]);
        Assert.Equal((403, "message_rejected"), Fault(result));
        Assert.Contains("eve@example.net", result.Fault!.Message, StringComparison.Ordinal);
        Assert.Equal(0, await bench.Store.CountAsync("SELECT COUNT(*) FROM deliveries"));
    }

    [Fact]
    public async Task Send_lists_decide_by_name()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.Store.AddListEntryAsync("send", "block", "example.org");
        Assert.Null((await bench.SendAsync(["ann@example.net"])).Fault);
        Assert.Contains("bob@example.org", (await bench.SendAsync(["bob@example.org"])).Fault!.Message, StringComparison.Ordinal);
        await bench.Store.AddListEntryAsync("send", "allow", "ann@example.net");
        Assert.Null((await bench.SendAsync(["ann@example.net"])).Fault);
        Assert.Equal((403, "message_rejected"), Fault(await bench.SendAsync(["cid@example.net"])));
    }

    [Fact]
    public async Task A_domain_that_is_not_verified_sends_nothing()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.Store.Database.WriteAsync(s => DomainStore.SaveCheck(s, bench.Store.WorkspaceId, TestStore.Domain, DomainStatus.Failed, "gone", "[]"));
        Assert.Equal((403, "domain_not_verified"), Fault(await bench.SendAsync(["ann@example.net"])));
    }

    [Fact]
    public async Task Another_workspaces_inbox_is_not_found()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var other = await bench.Store.AddWorkspaceAsync("other", "other.test");
        var result = await bench.SendAsync(["ann@example.net"], s => s with { Credential = new Credential(new Scope(other.WorkspaceId), "key") });
        Assert.Equal((404, "not_found"), Fault(result));
    }

    [Fact]
    public async Task An_idempotency_key_sends_once_and_conflicts_with_other_content()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var first = await bench.SendAsync(["ann@example.net"], s => s with { IdempotencyKey = "k", RequestHash = Hash });
        var again = await bench.SendAsync(["ann@example.net"], s => s with { IdempotencyKey = "k", RequestHash = Hash });
        Assert.Equal((first.MessageId, first.ThreadId), (again.MessageId, again.ThreadId));
        Assert.Equal(1, await bench.Store.CountAsync("SELECT COUNT(*) FROM messages"));
        Assert.Equal((409, "conflict"), Fault(await bench.SendAsync(["ann@example.net"], s => s with { IdempotencyKey = "k", RequestHash = SHA256.HashData("two"u8) })));
    }

    [Fact]
    public async Task Requests_at_once_under_one_key_send_once()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => bench.SendAsync(["ann@example.net"], s => s with { IdempotencyKey = "k", RequestHash = Hash }))));
        Assert.Equal(1, await bench.Store.CountAsync("SELECT COUNT(*) FROM messages"));
        Assert.Single(results.Where(r => r.Fault is null).Select(r => r.MessageId).Distinct());
        Assert.All(results.Where(r => r.Fault is not null), r => Assert.Equal((409, "conflict"), Fault(r)));
    }

    [Fact]
    public async Task A_reply_carries_the_chain_of_the_thread_and_the_subject()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var first = await bench.SendAsync(["ann@example.net"]);
        var second = await bench.SendAsync([], s => s with { Kind = SubmissionKind.Reply, TargetMessageId = first.MessageId, To = null, Subject = null });
        var third = await bench.SendAsync([], s => s with { Kind = SubmissionKind.Reply, TargetMessageId = second.MessageId, To = null, Subject = null });
        Assert.Null(third.Fault);
        Assert.Equal(first.ThreadId, third.ThreadId);
        var raw = await RawAsync(bench);
        Assert.Contains("Subject: Re: Hello\r\n", raw, StringComparison.Ordinal);
        Assert.Contains($"In-Reply-To: {second.MessageId}\r\n", raw.Replace("\r\n ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains($"References: {first.MessageId} {second.MessageId}\r\n", raw.Replace("\r\n ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(["ann@example.net", "ann@example.net", "ann@example.net"], await bench.Store.RowsAsync("SELECT recipient FROM deliveries"));
    }

    [Fact]
    public async Task A_reply_to_a_message_of_another_inbox_is_not_found()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.Store.AddInboxAsync("other@agentmta.test");
        var sent = await bench.SendAsync(["ann@example.net"]);
        var result = await bench.SendAsync([], s => s with { InboxId = "other@agentmta.test", Kind = SubmissionKind.Reply, TargetMessageId = sent.MessageId });
        Assert.Equal((404, "not_found"), Fault(result));
    }

    [Fact]
    public async Task A_forward_brings_the_original_and_its_files_to_new_recipients()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var sent = await bench.SendAsync(["ann@example.net"], s => s with { Attachments = [new SubmittedAttachment("data"u8.ToArray(), "a.bin", "application/x-test", false, null)] });
        var forward = await bench.SendAsync(["bob@example.net"], s => s with { Kind = SubmissionKind.Forward, TargetMessageId = sent.MessageId, Subject = null, Text = "See below." });
        Assert.Null(forward.Fault);
        var raw = await RawAsync(bench);
        Assert.Contains("Subject: Fwd: Hello\r\n", raw, StringComparison.Ordinal);
        Assert.Contains("See below.", raw, StringComparison.Ordinal);
        Assert.Contains("Good morning.", raw, StringComparison.Ordinal);
        Assert.Contains("ZGF0YQ==", raw, StringComparison.Ordinal);
        Assert.Equal(1, await bench.Store.CountAsync("SELECT COUNT(*) FROM deliveries WHERE recipient = 'bob@example.net'"));
    }

    [Fact]
    public async Task A_large_forward_waits_for_a_slot_and_a_small_one_does_not()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        var large = await bench.SendAsync(["ann@example.net"], s => s with { Html = $"<p>{new string('x', 100_000)}</p>" });
        var small = await bench.SendAsync(["ann@example.net"]);
        Task<SubmitResult> waits;
        using (await bench.Slots.EnterAsync("another", default))
        {
            waits = ForwardAsync(large);
            await Eventually.TrueAsync(() => bench.Slots.Waiting == 1, () => $"{bench.Slots.Waiting} wait");
            Assert.Null((await ForwardAsync(small)).Fault);
            Assert.False(waits.IsCompleted);
        }

        Assert.Null((await waits).Fault);
        // It was given back, with faults too.
        Assert.Equal(400, (await ForwardAsync(large, "nobody")).Fault!.Status);
        Assert.Null((await ForwardAsync(large)).Fault);

        Task<SubmitResult> ForwardAsync(SubmitResult sent, string to = "bob@example.net") =>
            bench.SendAsync([to], s => s with { Kind = SubmissionKind.Forward, TargetMessageId = sent.MessageId, Subject = null });
    }

    [Fact]
    public async Task A_large_message_lies_in_a_file_that_its_delivery_reads()
    {
        await using var bench = await OutboundBench.OpenAsync(keys: false);
        await bench.StartAsync();
        var content = RandomNumberGenerator.GetBytes(300_000);
        await bench.SendAsync(["ann@example.net"], s => s with { Attachments = [new SubmittedAttachment(content, "a.bin", null, false, null)] });
        await bench.HappensAsync(EventTypes.Delivered);
        Assert.Equal(1, await bench.Store.CountAsync("SELECT COUNT(*) FROM raws WHERE file IS NOT NULL AND content IS NULL"));
        Assert.True(Assert.Single(bench.Remote.Messages).Data.Length > 400_000);
    }

    [Fact]
    public async Task Replies_to_automatic_mail_in_a_thread_have_an_end()
    {
        await using var bench = await OutboundBench.OpenAsync(o => o with { AutomaticRepliesPerThread = 2 }, keys: false);
        var sent = await bench.SendAsync(["ann@example.net"], s => s with { Headers = new Dictionary<string, string> { ["Auto-Submitted"] = "auto-generated" } });
        Submission Reply(Submission s) => s with { Kind = SubmissionKind.Reply, TargetMessageId = sent.MessageId, To = null };
        Assert.Equal((403, "message_rejected"), Fault(await bench.SendAsync([], s => Reply(s) with { Headers = new Dictionary<string, string> { ["Auto-Submitted"] = "auto-replied" } })));
        Assert.Null((await bench.SendAsync([], Reply)).Fault);
        Assert.Equal((403, "message_rejected"), Fault(await bench.SendAsync([], Reply)));
    }

    private static (int, string) Fault(SubmitResult result) => (result.Fault!.Status, result.Fault.Code);

    private static async Task<string> RawAsync(OutboundBench bench)
    {
        var id = Assert.Single(await bench.Store.RowsAsync("SELECT raw_id FROM messages ORDER BY uid DESC LIMIT 1"));
        using var raw = await bench.Raws.ReadAsync(bench.Store.WorkspaceId, id, default);
        return Encoding.UTF8.GetString(raw!.Bytes.Span);
    }
}
