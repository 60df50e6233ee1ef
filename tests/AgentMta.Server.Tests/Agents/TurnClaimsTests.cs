using AgentMta.Server.Agents;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Agents;

public sealed class TurnClaimsTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Messages_are_handed_out_oldest_first_and_each_once()
    {
        var (server, _, claims) = await OpenAsync(3);
        await using var _1 = server;
        Assert.Equal(["<1@x>"], await IdsAsync(claims, server, 1));
        Assert.Equal(["<2@x>", "<3@x>"], await IdsAsync(claims, server, 10));
        Assert.Empty(await IdsAsync(claims, server, 10));
        Assert.Equal(["turn.claimed|3"], await server.Store.RowsAsync("SELECT event_type, COUNT(*) FROM events WHERE event_type LIKE 'turn.%' GROUP BY event_type"));
    }

    [Fact]
    public async Task What_nobody_acks_in_time_goes_to_the_next_with_a_higher_attempt_and_the_first_has_lost_it()
    {
        var (server, time, claims) = await OpenAsync(1);
        await using var _1 = server;
        var first = Assert.Single(await ClaimAsync(claims, server));
        time.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.Empty(await ClaimAsync(claims, server));
        time.Advance(TimeSpan.FromSeconds(1));
        var second = Assert.Single(await ClaimAsync(claims, server));
        Assert.Equal((1, 2), (first.Token.Attempt, second.Token.Attempt));
        Assert.Null(await AckAsync(claims, server, first));
        Assert.Null(await claims.ReleaseAsync(first.Message, first.Token, TimeSpan.Zero, null, default));
        Assert.Null(await claims.RenewAsync(first.Message, first.Token, Lease, default));
        Assert.Equal(TurnState.Done, (await AckAsync(claims, server, second))!.State);
    }

    [Fact]
    public async Task A_lease_that_ran_out_but_was_not_taken_since_still_acks()
    {
        var (server, time, claims) = await OpenAsync(1);
        await using var _1 = server;
        var turn = Assert.Single(await ClaimAsync(claims, server));
        time.Advance(Lease * 3);
        Assert.NotNull(await AckAsync(claims, server, turn));
        Assert.Empty(await ClaimAsync(claims, server));
    }

    [Fact]
    public async Task An_ack_ends_the_turn_takes_unread_away_and_may_be_said_again()
    {
        var (server, time, claims) = await OpenAsync(1);
        await using var _1 = server;
        var turn = Assert.Single(await ClaimAsync(claims, server));
        Assert.NotNull(await claims.AckAsync(server.Store.Scope, turn.Message, turn.Token, ["answered"], [Labels.Unread], default));
        Assert.Equal(["answered", "received"], Assert.Single(await server.MessagesAsync()).Labels.Order());
        // Marked as unread by a person: the turn stays done, and a late second ack does not undo that.
        await server.Store.Database.WriteAsync(session => MessageStore.ChangeLabels(session, server.Store.Scope, TestStore.Agent, "<1@x>", [Labels.Unread], []));
        Assert.NotNull(await claims.AckAsync(server.Store.Scope, turn.Message, turn.Token, ["answered"], [Labels.Unread], default));
        Assert.Contains(Labels.Unread, Assert.Single(await server.MessagesAsync()).Labels);
        time.Advance(Lease * 3);
        Assert.Empty(await ClaimAsync(claims, server));
        Assert.Single(await server.Store.RowsAsync("SELECT 1 FROM events WHERE event_type = 'turn.done'"));
        Assert.Null(await claims.ReleaseAsync(turn.Message, turn.Token, TimeSpan.Zero, null, default));
    }

    [Fact]
    public async Task What_is_given_back_waits_for_its_delay_and_its_old_lease_is_over()
    {
        var (server, time, claims) = await OpenAsync(1);
        await using var _1 = server;
        var turn = Assert.Single(await ClaimAsync(claims, server));
        for (var again = 0; again < 2; again++)
            Assert.Equal(TurnState.Waiting, (await claims.ReleaseAsync(turn.Message, turn.Token, TimeSpan.FromMinutes(1), "model is down", default))!.State);
        Assert.Null(await AckAsync(claims, server, turn));
        Assert.Empty(await ClaimAsync(claims, server));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, Assert.Single(await ClaimAsync(claims, server)).Token.Attempt);
        Assert.Single(await server.Store.RowsAsync("SELECT 1 FROM events WHERE event_type = 'turn.released'"));
    }

    [Fact]
    public async Task A_renewed_lease_ends_later()
    {
        var (server, time, claims) = await OpenAsync(1);
        await using var _1 = server;
        var turn = Assert.Single(await ClaimAsync(claims, server));
        time.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.Equal(time.GetUtcNow() + Lease, (await claims.RenewAsync(turn.Message, turn.Token, Lease, default))!.LeaseUntil);
        time.Advance(Lease - TimeSpan.FromSeconds(1));
        Assert.Empty(await ClaimAsync(claims, server));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Single(await ClaimAsync(claims, server));
    }

    [Fact]
    public async Task Hidden_read_and_sent_messages_are_nobodys_turn_until_they_are_unread_and_shown()
    {
        var (server, _, claims) = await OpenAsync(2);
        await using var _1 = server;
        await server.SendAsync(TestStore.Agent, ["ann@sender.test"], "<out@x>");
        await LabelAsync(server, "<out@x>", add: Labels.Unread);
        await LabelAsync(server, "<1@x>", add: Labels.Trash);
        await LabelAsync(server, "<2@x>", remove: Labels.Unread);
        Assert.Empty(await IdsAsync(claims, server, 10));
        await LabelAsync(server, "<1@x>", remove: Labels.Trash);
        await LabelAsync(server, "<2@x>", add: Labels.Unread);
        Assert.Equal(["<1@x>", "<2@x>"], await IdsAsync(claims, server, 10));
    }

    [Theory]
    [InlineData(Labels.Trash, true)]
    [InlineData(Labels.Spam, true)]
    [InlineData(Labels.Archived, true)]
    [InlineData(Labels.Unread, false)]
    public async Task What_was_stepped_over_for_hours_is_found_when_it_is_opened(string label, bool isHiding)
    {
        var (server, time, claims) = await OpenAsync(2);
        await using var _1 = server;
        await LabelAsync(server, "<1@x>", add: isHiding ? label : null, remove: isHiding ? null : label);
        Assert.Equal(["<2@x>"], await IdsAsync(claims, server, 10));
        for (var hour = 0; hour < 3; hour++)
        {
            time.Advance(TimeSpan.FromHours(1));
            await server.AcceptAsync(Mail(id: $"<later{hour}@x>"));
            Assert.Contains($"<later{hour}@x>", await IdsAsync(claims, server, 10));
        }

        await LabelAsync(server, "<1@x>", add: isHiding ? null : label, remove: isHiding ? label : null);
        Assert.Contains("<1@x>", await IdsAsync(claims, server, 10));
    }

    [Fact]
    public async Task Mail_to_oneself_that_was_long_under_way_is_claimed()
    {
        var (server, time, claims) = await OpenAsync(0);
        await using var _1 = server;
        var (id, key) = await server.SendAsync(TestStore.Agent, [TestStore.Agent]);
        Assert.Empty(await IdsAsync(claims, server, 10));
        time.Advance(TimeSpan.FromDays(1));
        Assert.Empty(await IdsAsync(claims, server, 10));
        var inbox = (await server.Store.Directory.InboxAsync(TestStore.Agent, default))!;
        Assert.True(await server.Store.Database.WriteAsync(session => MessageStore.MarkReceived(session, inbox, key, time.GetUtcNow())));
        Assert.Equal([id], await IdsAsync(claims, server, 10));
    }

    [Fact]
    public async Task A_claimed_message_comes_back_though_it_was_read_but_not_while_it_lies_in_the_trash()
    {
        var (server, time, claims) = await OpenAsync(1);
        await using var _1 = server;
        Assert.Single(await ClaimAsync(claims, server));
        await LabelAsync(server, "<1@x>", remove: Labels.Unread);
        await LabelAsync(server, "<1@x>", add: Labels.Trash);
        time.Advance(Lease);
        Assert.Empty(await ClaimAsync(claims, server));
        await LabelAsync(server, "<1@x>", remove: Labels.Trash);
        Assert.Single(await ClaimAsync(claims, server));
    }

    [Fact]
    public async Task Labels_choose_what_is_claimed_before_and_after_a_lease()
    {
        var (server, time, claims) = await OpenAsync(3);
        await using var _1 = server;
        await LabelAsync(server, "<2@x>", add: "invoice");
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal("<2@x>", Assert.Single(await ClaimAsync(claims, server, 10, labels: ["invoice"])).Message.MessageId);
            time.Advance(Lease);
        }
    }

    [Fact]
    public async Task A_deleted_message_takes_its_turn_with_it()
    {
        var (server, time, claims) = await OpenAsync(1);
        await using var _1 = server;
        var turn = Assert.Single(await ClaimAsync(claims, server));
        await server.Store.Database.WriteAsync(session => MessageStore.Delete(session, server.Store.Scope, TestStore.Agent, "<1@x>", []));
        Assert.Equal(0, await server.Store.CountAsync("SELECT COUNT(*) FROM turns"));
        Assert.Null(await AckAsync(claims, server, turn));
        time.Advance(Lease);
        Assert.Empty(await ClaimAsync(claims, server));
    }

    [Fact]
    public async Task A_claim_that_waits_gets_the_next_message_and_the_next_lease_that_ends()
    {
        var (server, time, claims) = await OpenAsync(0);
        await using var _1 = server;
        var waiting = ClaimAsync(claims, server, wait: TimeSpan.FromHours(1));
        await server.AcceptAsync(Mail(id: "<1@x>"));
        Assert.Equal("<1@x>", Assert.Single(await waiting.WaitAsync(TimeSpan.FromSeconds(30))).Message.MessageId);
        waiting = ClaimAsync(claims, server, wait: TimeSpan.FromHours(1));
        // The waiter's timer may not be set yet: the clock goes on until it was.
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            return waiting.IsCompleted;
        });
        Assert.Equal(2, Assert.Single(await waiting).Token.Attempt);
    }

    [Fact]
    public async Task What_happens_in_other_inboxes_and_workspaces_wakes_no_waiter_of_this_one()
    {
        var (server, time, _) = await OpenAsync(0);
        await using var _1 = server;
        await server.Store.AddInboxAsync("other@agentmta.test");
        var feed = new EventFeed(server.Store.Database, new EventStore(server.Store.Database));
        var watch = new InboxWatch(server.Store.Database, feed, server.Store.WorkspaceId, TestStore.Agent);
        await watch.StartAsync(default);
        await server.AcceptAsync(Mail(id: "<other@x>", to: "other@agentmta.test"), recipients: ["other@agentmta.test"]);
        var waiting = watch.WaitAsync(TimeSpan.FromHours(1), default);
        for (var i = 0; i < 20; i++)
            await server.AcceptAsync(Mail(id: $"<other{i}@x>", to: "other@agentmta.test"), recipients: ["other@agentmta.test"]);
        Assert.False(waiting.IsCompleted);
        await server.AcceptAsync(Mail(id: "<mine@x>"));
        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        // What came between the last look and the wait ends it at once; and a limit ends it without anything.
        await watch.StartAsync(default);
        await server.AcceptAsync(Mail(id: "<mine2@x>"));
        await watch.WaitAsync(TimeSpan.FromHours(1), default).WaitAsync(TimeSpan.FromSeconds(30));
        var limited = watch.WaitAsync(TimeSpan.FromMinutes(1), default);
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(30));
            return limited.IsCompleted;
        });
    }

    [Fact]
    public async Task A_claim_takes_no_more_octets_than_asked_for_unless_the_first_message_has_them()
    {
        var (server, _, claims) = await OpenAsync(3);
        await using var _1 = server;
        Assert.Single(await ClaimAsync(claims, server, 10, size: 1));
        Assert.Equal(2, (await ClaimAsync(claims, server, 10)).Count);
    }

    [Fact]
    public async Task A_claimer_that_is_gone_when_its_leases_are_written_keeps_none()
    {
        using var gone = new CancellationTokenSource();
        var time = new WatchedTime();
        await using var server = await TestReceiver.OpenAsync(time: time);
        await server.AcceptAsync(Mail(id: "<1@x>"));
        var claims = NewClaims(server.Store.Database);
        // The clock is read twice before the writer takes the leases, and by it for their end.
        var reads = 0;
        time.OnRead = () =>
        {
            if (++reads == 3)
                gone.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claims.ClaimAsync(server.Store.Scope, Wanted(1), TimeSpan.Zero, gone.Token));
        time.OnRead = null;
        Assert.Single(await server.Store.RowsAsync("SELECT 1 FROM events WHERE event_type = 'turn.released'"));
        Assert.Equal(2, Assert.Single(await ClaimAsync(claims, server)).Token.Attempt);
    }

    [Fact]
    public async Task Two_hundred_claimers_at_once_get_each_message_exactly_once()
    {
        var (server, _, claims) = await OpenAsync(500);
        await using var _1 = server;
        var got = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            var mine = new List<string>();
            while (await ClaimAsync(claims, server, 1 + (i % 3)) is { Count: > 0 } turns)
            {
                mine.AddRange(turns.Select(t => t.Message.MessageId));
                foreach (var turn in turns)
                    Assert.NotNull(await AckAsync(claims, server, turn));
            }

            return mine;
        })));
        var all = got.SelectMany(m => m).ToList();
        Assert.Equal(500, all.Count);
        Assert.Equal(500, all.Distinct().Count());
        Assert.Equal(["done|1|500"], await server.Store.RowsAsync("SELECT state, attempt, COUNT(*) FROM turns GROUP BY state, attempt"));
        Assert.Equal(500, await server.Store.CountAsync("SELECT COUNT(*) FROM events WHERE event_type = 'turn.done'"));
    }

    private static async Task<(TestReceiver Server, ManualTimeProvider Time, TurnClaims Claims)> OpenAsync(int messages)
    {
        var time = new ManualTimeProvider();
        var server = await TestReceiver.OpenAsync(time: time);
        foreach (var batch in Enumerable.Range(1, messages).Chunk(50))
        {
            // One after another where the order matters, together where there are many.
            if (messages <= 10)
            {
                foreach (var number in batch)
                {
                    time.Advance(TimeSpan.FromSeconds(1));
                    await server.AcceptAsync(Mail(id: $"<{number}@x>"));
                }
            }
            else
            {
                await server.Store.Database.WriteAsync(session =>
                {
                    foreach (var number in batch)
                        Insert(session, server, $"<{number}@x>");
                });
            }
        }

        return (server, time, NewClaims(server.Store.Database));
    }

    private static TurnClaims NewClaims(Database database) => new(database, new EventFeed(database, new EventStore(database)));

    private static void Insert(WriteSession session, TestReceiver server, string id)
    {
        var key = Ids.New(session.Time);
        var useCase = UseCaseStore.OfSender(session, server.Store.WorkspaceId, TestStore.Agent)!;
        MessageStore.InsertRaw(session, new NewRaw(server.Store.WorkspaceId, key, new RawContent("From: a@sender.test\r\n\r\nHello.\r\n"u8.ToArray()), null, null, null, null));
        MessageStore.Insert(session, new NewMessage
        {
            Aligned = true, WorkspaceId = server.Store.WorkspaceId, PodId = server.Store.PodId, InboxId = TestStore.Agent, UseCaseId = useCase.UseCaseId, MessageKey = key, RawId = key,
            MessageId = id, Direction = MessageDirection.In, Timestamp = session.Time.GetUtcNow(), From = "a@sender.test", Labels = [Labels.Received, Labels.Unread], Size = 40, ContentHash = [1],
            EventType = EventTypes.Received,
        });
    }

    private static TurnClaim Wanted(int limit, long size = long.MaxValue, IReadOnlyList<string>? labels = null) =>
        new(TestStore.Agent, labels ?? [], [.. Labels.Hiding, Labels.Archived], limit, size, Lease, "key");

    private static Task<List<ClaimedTurn>> ClaimAsync(TurnClaims claims, TestReceiver server, int limit = 1, TimeSpan wait = default, long size = long.MaxValue, IReadOnlyList<string>? labels = null) =>
        claims.ClaimAsync(server.Store.Scope, Wanted(limit, size, labels), wait, CancellationToken.None);

    private static async Task<List<string>> IdsAsync(TurnClaims claims, TestReceiver server, int limit) => [.. (await ClaimAsync(claims, server, limit)).Select(t => t.Message.MessageId)];

    private static Task<Turn?> AckAsync(TurnClaims claims, TestReceiver server, ClaimedTurn turn) =>
        claims.AckAsync(server.Store.Scope, turn.Message, turn.Token, [], [Labels.Unread], CancellationToken.None);

    private static Task<IReadOnlyList<string>?> LabelAsync(TestReceiver server, string id, string? add = null, string? remove = null) => server.Store.Database.WriteAsync(
        session => MessageStore.ChangeLabels(session, server.Store.Scope, TestStore.Agent, id, add is null ? [] : [add], remove is null ? [] : [remove]));

    private sealed class WatchedTime : TimeProvider
    {
        public Action? OnRead { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            OnRead?.Invoke();
            return base.GetUtcNow();
        }
    }
}
