using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Tests.Store;

/// <summary>What every engine of the store must do; an engine is a thin subclass.</summary>
public abstract class StoreContract : IAsyncLifetime
{
    private protected Database Database { get; private set; } = null!;

    private protected Scope First { get; private set; } = null!;

    private protected Scope Second { get; private set; } = null!;

    private protected abstract Database Open(TimeProvider time);

    public async Task InitializeAsync()
    {
        Database = Open(TimeProvider.System);
        First = await AddWorkspaceAsync("first.test");
        Second = await AddWorkspaceAsync("second.test");
    }

    public virtual async Task DisposeAsync() => await Database.DisposeAsync();

    [Fact]
    public async Task A_failing_piece_takes_only_its_own_changes_back()
    {
        var writes = Enumerable.Range(0, 100).Select(i => Database.WriteAsync(session =>
        {
            Append(session, First, $"t{i}");
            if (i % 10 == 3)
                throw new InvalidOperationException($"piece {i}");
        })).ToList();

        for (var i = 0; i < writes.Count; i++)
        {
            var write = writes[i];
            if (i % 10 == 3)
                Assert.Equal($"piece {i}", (await Assert.ThrowsAsync<InvalidOperationException>(() => write)).Message);
            else
                await write;
        }

        var stored = (await EventsAsync(First)).Select(e => e.ThreadId).OfType<string>().ToHashSet();
        Assert.Equal(90, stored.Count);
        Assert.DoesNotContain("t13", stored);
    }

    [Fact]
    public async Task Cursors_are_without_gaps_in_each_workspace_whatever_fails()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            try
            {
                await Database.WriteAsync(session =>
                {
                    Append(session, i % 2 == 0 ? First : Second, "t");
                    if (i % 7 == 0)
                        throw new InvalidOperationException();
                });
            }
            catch (InvalidOperationException)
            {
                // Expected of every seventh.
            }
        }));

        foreach (var scope in new[] { First, Second })
        {
            var cursors = (await EventsAsync(scope)).Select(e => e.Cursor).ToList();
            Assert.Equal(Enumerable.Range(1, cursors.Count).Select(i => (long)i), cursors);
        }
    }

    [Fact]
    public async Task Readers_see_nothing_of_an_open_transaction_and_all_of_a_completed_one()
    {
        var before = (await EventsAsync(First)).Count;
        var during = -1;
        await Database.WriteAsync(session =>
        {
            Append(session, First, "t");
            during = Database.ReadAsync(s => (int)s.Scalar<long>("SELECT COUNT(*) FROM events WHERE workspace_id = @p1", First.WorkspaceId)).AsTask().GetAwaiter().GetResult();
        });

        Assert.Equal(before, during);
        Assert.Equal(before + 1, (await EventsAsync(First)).Count);
    }

    [Fact]
    public async Task A_query_sees_one_moment()
    {
        var counts = await Database.ReadAsync(session =>
        {
            var first = session.Scalar<long>("SELECT COUNT(*) FROM events");
            Database.WriteAsync(s => Append(s, First, "t")).GetAwaiter().GetResult();
            return (first, session.Scalar<long>("SELECT COUNT(*) FROM events"));
        });

        Assert.Equal(counts.first, counts.Item2);
    }

    [Fact]
    public async Task Values_come_back_as_they_were_written()
    {
        var large = new string('ü', 5000);
        await Database.WriteAsync(session =>
        {
            session.Execute("CREATE TABLE kinds (id INTEGER PRIMARY KEY, a TEXT, b TEXT NOT NULL, c TEXT, d BIGINT, e BLOB, f BLOB, g BIGINT)");
            // Values out of order, one of them twice.
            session.Execute(
                "INSERT INTO kinds (id, g, f, e, d, c, b, a) VALUES (@p1, @p8, @p7, @p6, @p5, @p4, @p3, @p2)",
                1, null, "", large, long.MinValue, new byte[] { 0, 255 }, Array.Empty<byte>(), true);
            session.Execute("INSERT INTO kinds (id, a, b, d) VALUES (@p1, @p2, @p2, @p1)", 2, "twice\0nul");
        });

        var first = await Database.ReadAsync(s => s.First(
            "SELECT a IS NULL, b, c, d, e, f, g FROM kinds WHERE id = 1",
            r => new { Null = r.GetInt64(0), Empty = r.GetString(1), Large = r.GetString(2), Least = r.GetInt64(3), Octets = (byte[])r.GetValue(4), None = (byte[])r.GetValue(5), Flag = r.GetInt64(6) }));
        Assert.Equal((1, "", large, long.MinValue, 1), (first!.Null, first.Empty, first.Large, first.Least, first.Flag));
        Assert.Equal([0, 255], first.Octets);
        Assert.Empty(first.None);
        Assert.Equal(2, await Database.ReadAsync(s => s.Scalar<long>("SELECT d FROM kinds WHERE id = 2 AND a = b")));
    }

    [Fact]
    public async Task Numbers_are_those_of_the_first_row()
    {
        const string sql = "SELECT @p1 + 1, @p1 * 10000000000 WHERE @p1 > @p2";
        var read = (StoreSession session, int value) =>
        {
            Span<long> numbers = [-1, -1];
            return (session.Numbers(sql, numbers, value, 0), numbers[0], numbers[1]);
        };

        Assert.Equal((true, 6, 50_000_000_000), await Database.WriteAsync(session => read(session, 5)));
        Assert.Equal((false, -1, -1), await Database.WriteAsync(session => read(session, 0)));
        Assert.Equal((true, 8, 70_000_000_000), await Database.ReadAsync(session => read(session, 7)));
        Assert.Equal((false, -1, -1), await Database.ReadAsync(session => read(session, 0)));
    }

    [Theory]
    [InlineData("""{"größe":"ü"}""")]
    [InlineData("")]
    public async Task Json_is_stored_as_text_whichever_way_it_is_bound(string json)
    {
        await Database.WriteAsync(session => EventStore.Append(session, First.WorkspaceId, new NewEvent(EventTypes.Received, First.PodId, Facts: json)));
        var kinds = (StoreSession session) => session.First(
            "SELECT typeof(facts), facts, facts = @p2, typeof(@p2) FROM events WHERE workspace_id = @p1 ORDER BY cursor DESC LIMIT 1",
            row => $"{row.GetString(0)} {row.GetString(1)} {row.GetInt64(2)} {row.GetString(3)}", First.WorkspaceId, (JsonText)json);

        Assert.Equal($"text {json} 1 text", await Database.WriteAsync(kinds));
        Assert.Equal($"text {json} 1 text", await Database.ReadAsync(kinds));
    }

    [Fact]
    public async Task A_broken_rule_of_the_schema_fails_the_change_and_nothing_else()
    {
        await Database.WriteAsync(session => session.Execute("CREATE TABLE rules (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"));

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => Database.WriteAsync(session => session.Execute("INSERT INTO rules (id, name) VALUES (@p1, @p2)", 1, null)));
        var changed = await Database.WriteAsync(session => session.Execute("INSERT INTO rules (id, name) VALUES (@p1, @p2)", 1, "one") + session.Execute("UPDATE rules SET name = @p1 WHERE id = @p2", "two", 7));

        Assert.Equal(1, changed);
        Assert.Equal("one", await Database.ReadAsync(s => s.Scalar<string>("SELECT name FROM rules")));
    }

    [Fact]
    public async Task An_arrival_wakes_no_worker_and_another_event_does()
    {
        var chores = Database.Chores.Next;
        await Database.WriteAsync(session => EventStore.Append(session, First.WorkspaceId, new NewEvent(EventTypes.Received)));
        Assert.False(chores.IsCompleted);

        await Database.WriteAsync(session => EventStore.Append(session, First.WorkspaceId, new NewEvent(EventTypes.Queued)));
        await chores.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task The_signal_comes_with_events_and_only_with_them()
    {
        var next = Database.Changes.Next;
        await Database.WriteAsync(session => session.Execute("UPDATE inboxes SET display_name = 'x' WHERE workspace_id = @p1", First.WorkspaceId));
        Assert.False(next.IsCompleted);

        await Database.WriteAsync(session => Append(session, First, "t"));
        await next.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Settings_change_the_version_before_their_task_completes_and_mail_does_not()
    {
        var version = Database.SettingsVersion;
        await Database.WriteAsync(session => Append(session, First, "t"));
        Assert.Equal(version, Database.SettingsVersion);

        await Database.WriteAsync(session => EventStore.Append(session, First.WorkspaceId, new NewEvent(EventTypes.ListEntryAdded)));
        Assert.True(Database.SettingsVersion > version);
    }

    [Fact]
    public async Task Messages_of_an_inbox_are_numbered_upwards_without_gaps()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => InsertAsync(First, "inbox@first.test", $"<{i}@x>")));

        var numbers = await Database.ReadAsync(s => s.Query("SELECT uid FROM messages WHERE inbox_id = 'inbox@first.test' ORDER BY uid", r => r.GetInt64(0)));
        Assert.Equal(Enumerable.Range(1, 50).Select(i => (long)i), numbers);
    }

    [Fact]
    public async Task A_second_workspace_sees_nothing_of_the_first()
    {
        await InsertAsync(First, "inbox@first.test", "<1@x>");

        Assert.NotNull(await new MessageStore(Database).RawAsync(First, "inbox@first.test", "<1@x>", default));
        Assert.Null(await new MessageStore(Database).RawAsync(Second, "inbox@first.test", "<1@x>", default));
        Assert.NotNull(await new InboxStore(Database).GetAsync(First, "inbox@first.test", default));
        Assert.Null(await new InboxStore(Database).GetAsync(Second, "inbox@first.test", default));
        Assert.Null(await new DomainStore(Database).GetAsync(Second, "first.test", default));
        Assert.DoesNotContain(await new InboxStore(Database).ListAsync(Second, null, 100, true, default), i => i.InboxId.EndsWith("first.test", StringComparison.Ordinal));
        Assert.DoesNotContain(await EventsAsync(Second), e => e.InboxId?.EndsWith("first.test", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_scope_of_one_inbox_or_another_pod_sees_only_that()
    {
        await InsertAsync(First, "inbox@first.test", "<1@x>");
        var messages = new MessageStore(Database);

        Assert.Null(await messages.RawAsync(First.ToInbox("postmaster@first.test"), "inbox@first.test", "<1@x>", default));
        Assert.NotNull(await messages.RawAsync(First.ToInbox("inbox@first.test"), "inbox@first.test", "<1@x>", default));
        Assert.Null(await messages.RawAsync(new Scope(First.WorkspaceId, "another"), "inbox@first.test", "<1@x>", default));
        Assert.Null(await messages.RawAsync(First.ToInbox("inbox@first.test").ToInbox("postmaster@first.test"), "inbox@first.test", "<1@x>", default));
    }

    [Fact]
    public async Task A_message_for_an_inbox_that_is_gone_leaves_no_row()
    {
        await Assert.ThrowsAsync<InboxGoneException>(() => InsertAsync(First, "nobody@first.test", "<1@x>"));

        Assert.Equal(0, await Database.ReadAsync(s => s.Scalar<long>("SELECT COUNT(*) FROM raws")));
    }

    [Fact]
    public async Task A_closed_store_refuses()
    {
        await Database.DisposeAsync();

        await Assert.ThrowsAsync<StoreException>(() => Database.WriteAsync(session => Append(session, First, "t")));
    }

    private protected Task InsertAsync(Scope scope, string inboxId, string messageId, int octets = 100) => Database.WriteAsync(session =>
    {
        var key = Ids.New(TimeProvider.System);
        MessageStore.InsertRaw(session, new NewRaw(scope.WorkspaceId, key, new RawContent(new byte[octets]), null, null, null, null));
        MessageStore.Insert(session, new NewMessage
        {
            Aligned = true,
            WorkspaceId = scope.WorkspaceId, PodId = scope.PodId!, InboxId = inboxId, UseCaseId = "u", MessageKey = key, RawId = key, MessageId = messageId,
            Direction = MessageDirection.In, Timestamp = TimeProvider.System.GetUtcNow(), From = "a@x.test", Labels = [Labels.Received], Size = octets, ContentHash = [1],
            EventType = EventTypes.Received,
        });
    });

    private static void Append(WriteSession session, Scope scope, string thread) =>
        EventStore.Append(session, scope.WorkspaceId, new NewEvent(EventTypes.Received, scope.PodId, ThreadId: thread));

    private ValueTask<List<StoredEvent>> EventsAsync(Scope scope) => new EventStore(Database).AfterAsync(scope, 0, 1000, default);

    private Task<Scope> AddWorkspaceAsync(string domain) => Database.WriteAsync(session =>
    {
        var workspace = WorkspaceStore.Create(session, domain);
        var now = session.Time.GetUtcNow();
        DomainStore.Insert(session, new Domain(
            workspace.WorkspaceId, domain, workspace.DefaultPodId, null, DomainStatus.Verified, null, true, false, false, null, "t", null, now, now, now, now));
        InboxStore.Create(session, workspace.WorkspaceId, workspace.DefaultPodId, "postmaster@" + domain, null);
        InboxStore.Create(session, workspace.WorkspaceId, workspace.DefaultPodId, "inbox@" + domain, null);
        return new Scope(workspace.WorkspaceId, workspace.DefaultPodId);
    });
}
