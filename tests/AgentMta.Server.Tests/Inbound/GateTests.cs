using System.Net;
using System.Text.Json;
using AgentMta.Server.Inbound;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

public sealed class GateTests
{
    [Fact]
    public async Task The_gates_stand_in_the_order_of_the_table()
    {
        await using var server = await OpenAsync();

        Assert.Equal(
            ["loop", "virus", "dmarc_reject", "dmarc_quarantine", "dns", "lists", "thread_only", "unauthenticated", "rate", "spam"],
            server.Services.Gates.Names);
    }

    [Theory]
    [InlineData(50, 0, 250)]
    [InlineData(51, 0, 554)]
    [InlineData(0, 3, 250)]
    [InlineData(0, 4, 554)]
    public async Task Mail_that_runs_in_a_circle_is_refused(int foreign, int own, int code)
    {
        await using var server = await OpenAsync();
        var hops = string.Concat(Enumerable.Repeat("Received: from a by mx.agentmta.test.example with SMTP; Mon, 05 Jan 2026 10:00:00 +0000\n", foreign))
            + string.Concat(Enumerable.Repeat("Received: from a (b [192.0.2.1])\n\tby MX.agentmta.test with ESMTP; Mon, 05 Jan 2026 10:00:00 +0000\n", own));

        var reply = await server.AcceptAsync(hops + Mail());

        Assert.Equal(code, reply.Code);
        if (code == 554)
            Assert.Equal("5.4.6", reply.EnhancedStatus);
    }

    [Theory]
    [InlineData("strict.test", true, 250, "")]
    [InlineData("strict.test", false, 550, "5.7.26")]
    [InlineData("careful.test", true, 250, "")]
    [InlineData("careful.test", false, 250, "spam,unauthenticated")]
    [InlineData("sender.test", false, 250, "unauthenticated")]
    [InlineData("other.test", true, 250, "")]
    [InlineData("other.test", false, 250, "unauthenticated")]
    [InlineData("broken.test", true, 451, "4.7.24")]
    public async Task Authentication_decides_by_the_author_domain(string domain, bool good, int code, string outcome)
    {
        await using var server = await OpenAsync(WithoutScore);

        var reply = await server.AcceptAsync(Mail(from: $"ann@{domain}"), $"ann@{domain}", good ? Good : Bad);

        Assert.Equal(code, reply.Code);
        if (code == 250)
            Assert.Equal(outcome, string.Join(',', Assert.Single(await server.MessagesAsync()).Labels.Except(["received", "unread"])));
        else
            Assert.Equal(outcome, reply.EnhancedStatus);
    }

    [Theory]
    [InlineData("strict.test", true, "\"policy\":\"reject\",\"disposition\":\"none\"")]
    [InlineData("sender.test", false, "\"policy\":\"none\",\"disposition\":\"none\"")]
    [InlineData("other.test", true, "\"policy\":\"\",\"disposition\":\"none\"")]
    public async Task The_verdict_shows_the_policy_that_the_domain_publishes_and_what_it_comes_to(string domain, bool good, string evidence)
    {
        await using var server = await OpenAsync(WithoutScore);

        await server.AcceptAsync(Mail(from: $"ann@{domain}"), $"ann@{domain}", good ? Good : Bad);

        Assert.Contains(evidence, Assert.Single(await server.MessagesAsync()).Verdicts, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("careful.test", "agent@agentmta.test:stored+spam+unauthenticated:<")]
    [InlineData("sender.test", "agent@agentmta.test:stored+unauthenticated")]
    public async Task The_log_says_by_which_labels_a_copy_is_hidden(string author, string shown)
    {
        using var log = new LineLog();
        await using var server = await OpenAsync(log: log);

        await server.AcceptAsync(Mail(from: $"ann@{author}"), $"ann@{author}", Bad);

        Assert.Contains(" 250 2.0.0 " + shown, Assert.Single(log.With("Message tx")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postmaster@agentmta.test", "strict.test", "dmarc_reject")]
    [InlineData("abuse@agentmta.test", "strict.test", "dmarc_reject")]
    [InlineData("postmaster@agentmta.test", "careful.test", "dmarc_quarantine")]
    public async Task Postmaster_takes_mail_that_fails_dmarc_and_labels_it_as_what_nobody_answers_for(string recipient, string author, string gate)
    {
        // smtp.md: always accepted, free of posture, lists and spam. Who cannot send as his own domain says has nobody else to tell; but so may a forger.
        await using var server = await OpenAsync();

        var reply = await server.AcceptAsync(Mail(from: $"ann@{author}"), $"ann@{author}", Bad, recipient);

        Assert.Equal(250, reply.Code);
        var message = Assert.Single(await server.MessagesAsync("postmaster@agentmta.test"));
        Assert.Equal(["received", "unread", "unauthenticated"], message.Labels);
        var verdict = JsonDocument.Parse(message.Verdicts).RootElement.GetProperty("gates").EnumerateArray().Single(v => v.GetProperty("gate").GetString() == gate);
        Assert.Equal(("label", "unauthenticated"), (verdict.GetProperty("outcome").GetString(), verdict.GetProperty("label").GetString()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_setting_makes_postmaster_refuse_what_fails_dmarc(bool refuse)
    {
        var mode = refuse ? GateMode.Refuse : GateMode.Label;
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { DmarcReject = mode, Unauthenticated = mode } });

        Assert.Equal(250, (await server.AcceptAsync(Mail(from: "ann@strict.test"), "ann@strict.test", Bad, "postmaster")).Code);
        Assert.Equal(["received", "unread", "unauthenticated"], Assert.Single(await server.MessagesAsync("postmaster@agentmta.test")).Labels);
    }

    [Theory]
    [InlineData("strict.test", true)]
    [InlineData("sender.test", false)] // p=none asks for nothing
    [InlineData("other.test", false)] // no policy
    public async Task Postmaster_labels_nothing_where_no_policy_speaks_against_it(string author, bool good)
    {
        await using var server = await OpenAsync();

        await server.AcceptAsync(Mail(from: $"ann@{author}"), $"ann@{author}", good ? Good : Bad, "postmaster");

        Assert.Equal(["received", "unread"], Assert.Single(await server.MessagesAsync("postmaster@agentmta.test")).Labels);
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(false, "unauthenticated")]
    public async Task Only_who_answers_for_the_author_spares_postmasters_mail_the_label(bool authenticates, string labels)
    {
        await using var server = await OpenAsync();
        var copy = Assert.Single(await server.Receiver.JudgeAsync(server.Incoming(Mail(from: "ann@strict.test"), "ann@strict.test", Bad, "postmaster"), default)).Copy;
        copy.Excuse = new DmarcExcuse(authenticates ? "trusted_sealer" : "mailing_list", "lists.test", authenticates);

        Assert.Equal(labels, string.Join(',', (await server.Services.Gates.JudgeAsync(copy, default)).Labels));
    }

    [Fact]
    public async Task A_setting_makes_p_reject_a_quarantine()
    {
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { DmarcReject = GateMode.Label } });

        Assert.Equal(250, (await server.AcceptAsync(Mail(from: "ann@strict.test"), "ann@strict.test", Bad)).Code);
        Assert.Contains("spam", Assert.Single(await server.MessagesAsync()).Labels);
        Assert.Single(await server.Store.RowsAsync("SELECT 1 FROM events WHERE event_type = 'message.received.spam'"));
    }

    [Fact]
    public async Task Settings_make_labels_refusals()
    {
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { Lists = GateMode.Refuse, Unauthenticated = GateMode.Refuse } });
        await server.Store.AddListEntryAsync("receive", "block", "other.test");

        var blocked = await server.AcceptAsync(Mail(from: "ann@other.test"), "ann@other.test");
        var unknown = await server.AcceptAsync(Mail(), client: Bad);

        Assert.Equal((550, "5.7.1"), (blocked.Code, blocked.EnhancedStatus));
        Assert.Equal((550, "5.7.1"), (unknown.Code, unknown.EnhancedStatus));
    }

    [Fact]
    public async Task A_block_list_labels_and_an_allow_list_closes_the_inbox_to_others()
    {
        await using var server = await OpenAsync();
        await server.Store.AddInboxAsync("closed@agentmta.test");
        await server.Store.AddListEntryAsync("receive", "block", "ann@sender.test");
        await server.Store.AddListEntryAsync("receive", "allow", "other.test", "closed@agentmta.test");

        await server.AcceptAsync(Mail(id: "<1@x>"));
        await server.AcceptAsync(Mail(id: "<2@x>", from: "bob@other.test"), "bob@other.test", recipients: [TestStore.Agent, "closed@agentmta.test"]);
        await server.AcceptAsync(Mail(id: "<3@x>", from: "eve@strict.test"), "eve@strict.test", recipients: ["closed@agentmta.test"]);

        Assert.Equal([true, false], (await server.MessagesAsync()).Select(m => m.Labels.Contains("blocked")));
        Assert.Equal([false, true], (await server.MessagesAsync("closed@agentmta.test")).Select(m => m.Labels.Contains("blocked")));
    }

    [Fact]
    public async Task A_changed_list_counts_for_the_next_message()
    {
        await using var server = await OpenAsync();
        await server.AcceptAsync(Mail(id: "<1@x>"));
        await server.Store.AddListEntryAsync("receive", "block", "sender.test");
        await server.AcceptAsync(Mail(id: "<2@x>"));

        Assert.Equal([false, true], (await server.MessagesAsync()).Select(m => m.Labels.Contains("blocked")));
    }

    [Fact]
    public async Task An_allow_list_saves_from_p_reject_but_not_from_the_label()
    {
        await using var server = await OpenAsync(WithoutScore);
        await server.Store.AddListEntryAsync("receive", "allow", "strict.test");

        Assert.Equal(250, (await server.AcceptAsync(Mail(from: "ann@strict.test"), "ann@strict.test", Bad)).Code);
        Assert.Equal(["received", "unread", "unauthenticated"], Assert.Single(await server.MessagesAsync()).Labels);
    }

    [Fact]
    public async Task A_mailing_list_known_from_aligned_mail_saves_from_p_reject_but_not_from_the_label()
    {
        await using var server = await OpenAsync();
        const string list = "List-Id: Friends <friends.lists.test>\n";

        var before = await server.AcceptAsync(Mail(from: "ann@strict.test", headers: list), "bounces@lists.test");
        await server.AcceptAsync(Mail(id: "<1@x>", from: "admin@lists.test", headers: list), "bounces@lists.test");
        var after = await server.AcceptAsync(Mail(id: "<2@x>", from: "ann@strict.test", headers: list), "bounces@lists.test");
        var forged = await server.AcceptAsync(Mail(id: "<3@x>", from: "ann@strict.test", headers: list), "bounces@lists.test", Bad);

        Assert.Equal((550, 250, 550), (before.Code, after.Code, forged.Code));
        Assert.Equal([false, true], (await server.MessagesAsync()).Select(m => m.Labels.Contains("unauthenticated")));
    }

    [Fact]
    public async Task Postmaster_takes_mail_that_others_label_or_refuse_but_no_loops()
    {
        await using var server = await OpenAsync();
        await server.Store.AddListEntryAsync("receive", "block", "sender.test");

        Assert.Equal(250, (await server.AcceptAsync(Mail(id: "<1@x>"), client: Bad, recipients: ["abuse@agentmta.test"])).Code);
        Assert.Equal(["received", "unread"], Assert.Single(await server.MessagesAsync("postmaster@agentmta.test")).Labels);
        var hops = string.Concat(Enumerable.Repeat("Received: from a by b; Mon, 05 Jan 2026 10:00:00 +0000\n", 60));
        Assert.Equal(554, (await server.AcceptAsync(hops + Mail(), recipients: ["postmaster"])).Code);
    }

    [Fact]
    public async Task Senders_are_slowed_down_and_known_ones_make_no_first_contact()
    {
        var time = new ManualTimeProvider();
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { SenderPerMinute = 3, FirstContactsPerHour = 1 } }, time);
        await server.Store.AddInboxAsync("second@agentmta.test");

        Assert.Equal(250, (await server.AcceptAsync(Mail(id: "<1@x>"))).Code);
        Assert.Equal(250, (await server.AcceptAsync(Mail(id: "<2@x>"))).Code);
        var second = await server.AcceptAsync(Mail(id: "<3@x>"), recipients: ["second@agentmta.test"]);
        Assert.Equal((451, "4.7.1"), (second.Code, second.EnhancedStatus));
        Assert.Equal(250, (await server.AcceptAsync(Mail(id: "<4@x>"))).Code);
        Assert.Equal(451, (await server.AcceptAsync(Mail(id: "<5@x>"))).Code);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(250, (await server.AcceptAsync(Mail(id: "<6@x>"), recipients: ["second@agentmta.test"])).Code);
    }

    [Fact]
    public async Task Who_only_claims_an_address_does_not_use_up_its_first_contacts()
    {
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { FirstContactsPerHour = 1 } });
        await server.Store.AddInboxAsync("second@agentmta.test");

        await server.AcceptAsync(Mail(id: "<1@x>"), client: Bad, recipients: ["second@agentmta.test"]);

        Assert.Equal(250, (await server.AcceptAsync(Mail(id: "<2@x>"))).Code);
    }

    [Fact]
    public async Task Who_only_claims_an_address_does_not_use_up_its_rate()
    {
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { SenderPerMinute = 2 } });

        for (var i = 0; i < 2; i++)
            Assert.Equal(250, (await server.AcceptAsync(Mail(id: $"<{i}@x>"), client: Bad)).Code);
        Assert.Equal(451, (await server.AcceptAsync(Mail(id: "<2@x>"), client: Bad)).Code);

        Assert.Equal(250, (await server.AcceptAsync(Mail(id: "<3@x>"))).Code);
    }

    [Fact]
    public async Task One_refused_copy_is_recorded_and_the_others_are_kept()
    {
        await using var server = await OpenAsync();
        await server.Store.AddInboxAsync("thread@agentmta.test", cold: false);

        var reply = await server.AcceptAsync(Mail(id: "<1@x>"), recipients: [TestStore.Agent, "thread@agentmta.test"]);

        Assert.Equal(250, reply.Code);
        Assert.Single(await server.MessagesAsync());
        Assert.Empty(await server.MessagesAsync("thread@agentmta.test"));
        var refusal = Assert.Single(await RefusalsAsync(server));
        Assert.Equal(("thread@agentmta.test", "data", 550), (refusal.InboxId, refusal.Stage, refusal.Code));
        Assert.Contains("thread_only", refusal.Verdicts, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deferral_of_one_copy_defers_the_message()
    {
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { FirstContactsPerHour = 1 } });
        await server.Store.AddInboxAsync("second@agentmta.test");

        var reply = await server.AcceptAsync(Mail(id: "<1@x>"), recipients: [TestStore.Agent, "second@agentmta.test"]);

        Assert.Equal(451, reply.Code);
        Assert.Empty(await server.MessagesAsync());
    }

    [Fact]
    public async Task Gates_that_take_too_long_defer()
    {
        var time = new ManualTimeProvider();
        await using var server = await OpenAsync(o => o with { GateTime = TimeSpan.FromSeconds(60) }, time);
        var slow = new SlowDns(time);

        var reply = await new Receiver(server.Services with { Dns = slow }).AcceptAsync(server.Incoming(Mail()), CancellationToken.None);

        Assert.Equal(451, reply.Code);
        Assert.Empty(await server.MessagesAsync());
    }

    [Fact]
    public void Buckets_refill_and_forget_the_key_unused_for_longest()
    {
        var time = new ManualTimeProvider();
        var buckets = new TokenBuckets(2, time);

        Assert.True(buckets.TryTake("a", 1, TimeSpan.FromMinutes(1)));
        Assert.False(buckets.TryTake("a", 1, TimeSpan.FromMinutes(1)));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(buckets.TryTake("a", 1, TimeSpan.FromMinutes(1)));
        Assert.True(buckets.TryTake("b", 1, TimeSpan.FromMinutes(1)));
        Assert.True(buckets.TryTake("c", 1, TimeSpan.FromMinutes(1)));
        Assert.True(buckets.TryTake("a", 1, TimeSpan.FromMinutes(1)));
    }

    [Theory]
    [InlineData("192.0.2.77", "192.0.2.0/24")]
    [InlineData("::ffff:192.0.2.77", "192.0.2.0/24")]
    [InlineData("2001:db8:1:2::3", "2001:db8:1::/48")]
    public void Networks_are_24_and_48_bits(string client, string network) => Assert.Equal(network, RateGate.Network(IPAddress.Parse(client)));

    private static ReceiverOptions WithoutScore(ReceiverOptions options) => options with { Gates = options.Gates with { SpamLabelScore = 0, SpamRefuseScore = 0 } };

    private static async Task<List<AgentMta.Server.Model.Refusal>> RefusalsAsync(TestReceiver server)
    {
        await server.Refusals.DisposeAsync();
        return await server.Refusals.ListAsync(server.Store.Scope, null, 10, CancellationToken.None);
    }

    /// <summary>Does not answer within 61 seconds, which pass at once, nor later.</summary>
    private sealed class SlowDns(ManualTimeProvider time) : AgentMta.Protocol.Dns.IDnsLookup
    {
        public async ValueTask<AgentMta.Protocol.Dns.DnsAnswer> LookupAsync(string name, AgentMta.Protocol.Dns.DnsRecordType type, CancellationToken cancellationToken)
        {
            time.Advance(TimeSpan.FromSeconds(61));
            return await new TaskCompletionSource<AgentMta.Protocol.Dns.DnsAnswer>().Task.WaitAsync(cancellationToken);
        }
    }
}
