using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace AgentMta.Server.Tests.Store;

/// <summary>A page of a list costs the same whatever there is: an index serves its order, and filters that no index knows look at a bounded number of rows.</summary>
public sealed class ListCostTests
{
    // A third of it is more than a page looks at.
    private const int Small = 3 * (ListScan.Most + 1000);
    private const int Large = 3 * Small;
    private const string Other = "other@agentmta.test";

    [Fact]
    public async Task No_list_looks_through_a_table_or_sorts_and_each_costs_the_same_in_a_store_three_times_as_large()
    {
        await using var store = await TestStore.OpenAsync();
        await store.AddInboxAsync(Other);
        await FillAsync(store, 0, Small);
        var small = await CostsAsync(store);
        await FillAsync(store, Small, Large);
        var large = await CostsAsync(store);

        Assert.True(small.Count > 60, $"{small.Count} statements were seen");
        Assert.Equal(small.Keys.Order(StringComparer.Ordinal), large.Keys.Order(StringComparer.Ordinal));
        // One address and one use case are one entry: there is nothing to sort.
        var faults = large.Where(s => s.Value.Faults.Count > 0 && !(s.Key.Contains("s.address = ", StringComparison.Ordinal) && s.Key.Contains("s.scope_key = (", StringComparison.Ordinal))).Select(s => $"{s.Key}: {string.Join("; ", s.Value.Faults)}")
            .Concat(large.Where(s => s.Value.Steps > (small[s.Key].Steps * 5 / 4) + 100).Select(s => $"{s.Key}: {small[s.Key].Steps} steps, then {s.Value.Steps}")).ToList();
        Assert.True(faults.Count == 0, string.Join("\n\n", faults));
    }

    [Fact]
    public async Task A_page_whose_filters_leave_nothing_is_short_and_goes_on()
    {
        await using var store = await TestStore.OpenAsync();
        await FillAsync(store, 0, Small);
        await store.Database.WriteAsync(session => session.Execute("UPDATE messages SET subject = 'needle' WHERE timestamp = (SELECT MIN(timestamp) FROM messages WHERE inbox_id = @p1)", TestStore.Agent));
        var messages = new MessageStore(store.Database);
        var scope = new Scope(store.WorkspaceId, store.PodId, TestStore.Agent);
        var filter = new MessageFilter { Subject = ["needle"] };
        var first = await messages.ListAsync(scope, TestStore.Agent, filter, null, 10, default);
        Assert.Empty(first.Rows);
        var second = await messages.ListAsync(scope, TestStore.Agent, filter, (long.Parse(first.Next![0], System.Globalization.CultureInfo.InvariantCulture), first.Next[1]), 10, default);
        Assert.Equal("needle", Assert.Single(second.Rows).Subject);
        Assert.Null(second.Next);
        // As many pages as rows, and none twice, where the page is the smallest.
        var seen = new List<string>();
        (long, string)? at = null;
        for (var pages = 0; pages < 50; pages++)
        {
            var page = await messages.ListAsync(scope, TestStore.Agent, new MessageFilter { Text = "subject 7" }, at, 1, default);
            seen.AddRange(page.Rows.Select(m => m.MessageKey));
            if (page.Next is null)
                break;
            at = (long.Parse(page.Next[0], System.Globalization.CultureInfo.InvariantCulture), page.Next[1]);
        }

        Assert.Equal(50, seen.Distinct().Count());
    }

    // Every list with its filters, at every scope; the rows of the agent's inbox, of another one and of another pod grow alike.
    private static async Task RunAsync(TestStore store)
    {
        var scopes = new[] { new Scope(store.WorkspaceId), new Scope(store.WorkspaceId, store.PodId), new Scope(store.WorkspaceId, store.PodId, TestStore.Agent) };
        var (database, none) = (store.Database, CancellationToken.None);
        var (middle, position) = (Clock.FromMicros(100_000_000), (100_000_000L, "m"));
        var messages = new MessageStore(database);
        string[] plain = [Labels.Archived, .. Labels.Hiding];
        foreach (var filter in new MessageFilter[]
        {
            new(), new() { Without = plain }, new() { Without = Labels.Hiding }, new() { Without = [.. plain, Labels.Unread] }, new() { Labels = [Labels.Unread], Without = plain },
            new() { Labels = [Labels.Unread, "todo"] }, new() { Before = middle, After = Clock.FromMicros(10) }, new() { Ascending = true }, new() { Without = plain, Ascending = true, After = middle },
            new() { From = ["nobody"] }, new() { To = ["nobody"] }, new() { Subject = ["none"], Without = plain }, new() { Text = "none" }, new() { VerifiedOnly = true },
        })
        {
            await messages.ListAsync(scopes[0], TestStore.Agent, filter, null, 50, none);
            await messages.ListAsync(scopes[2], TestStore.Agent, filter, position, 50, none);
        }

        foreach (var scope in scopes)
        {
            await messages.OfThreadAsync(scope, "t7", [Labels.Spam], null, 50, none);
            var threads = new ThreadReader(database);
            foreach (var filter in new ThreadFilter[]
            {
                new(), new() { Without = Labels.Hiding }, new() { Labels = ["todo"] }, new() { Before = middle, Ascending = true }, new() { After = middle }, new() { Senders = ["nobody"], Recipients = ["x"], Subject = ["y"] },
            })
            {
                await threads.ListAsync(scope, filter, null, 50, none);
                await threads.ListAsync(scope, filter, position, 50, none);
            }

            var drafts = new DraftStore(database);
            await drafts.ListAsync(scope, [], null, null, null, 50, false, none);
            await drafts.ListAsync(scope, ["todo"], middle, Clock.FromMicros(1), position, 50, true, none);
            var suppressions = new SuppressionStore(database);
            await suppressions.ListAsync(scope, null, null, 50, none);
            await suppressions.ListAsync(scope, "a7@x.test", ["100000000", "a", "use_case", "u"], 50, none);
            var deliveries = new DeliveryStore(database);
            await deliveries.ListAsync(scope, null, null, 50, none);
            await deliveries.ListAsync(scope, "one.test", "d1", 50, none);
            await deliveries.OfMessageAsync(scope, TestStore.Agent, "<7@x.test>", none);
            var inboxes = new InboxStore(database);
            await inboxes.ListAsync(scope, null, 50, false, none);
            await inboxes.ListAsync(scope, position, 50, true, none);
            await inboxes.SearchAsync(scope, "nobody", null, 50, none);
            await new DomainStore(database).ListAsync(scope, null, 50, false, none);
            await new DomainStore(database).ListAsync(scope, position, 50, true, none);
            await new UseCaseStore(database).ListAsync(scope, null, 50, none);
            await new UseCaseStore(database).ListAsync(scope, "u5", 50, none);
            var keys = new ApiKeyStore(database, TimeProvider.System);
            await keys.ListAsync(scope, null, 50, false, none);
            await keys.ListAsync(scope, "k5", 50, true, none);
            await new WebhookStore(database, store.Keys).ListAsync(scope, null, 50, false, none);
            await new WebhookStore(database, store.Keys).ListAsync(scope, position, 50, true, none);
            await new WorkspaceStore(database).ListPodsAsync(scope, null, 50, false, none);
            var events = new EventStore(database);
            await events.LogAsync(scope, 5, 50, none);
            await events.OfInboxAsync(scope, TestStore.Agent, [EventTypes.LabelAdded], null, 50, false, none);
            await events.OfInboxAsync(scope, TestStore.Agent, [EventTypes.LabelAdded], 5, 50, true, none);
        }

        // Not a list, but asked for each reference of each message that comes in; most ids belong to mail that came in too.
        await new CorrespondentStore(database).AskAsync(new LocalInbox(store.WorkspaceId, store.PodId, TestStore.Agent, "u", "agentmta.test", true, default, default), null, ["<7@x.test>", "<none@x.test>"], none);
        await new ListStore(database).PageAsync(new ListKey(store.WorkspaceId, "", "", "receive", "block"), "a", 50, none);
    }

    // Rows from one number up to another; of three, one lies in the agent's inbox, one in another and one in another pod. Webhooks and inboxes of the real kind are few, and made here
    // as well so that their lists are measured.
    private static Task FillAsync(TestStore store, int from, int to) => store.Database.WriteAsync(session =>
    {
        foreach (var statement in Rows.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var sql = statement.Replace("$n", "WITH RECURSIVE n(i) AS (SELECT @p1 + 1 UNION ALL SELECT i + 1 FROM n WHERE i < @p2)", StringComparison.Ordinal)
                .Replace("$inbox", $"CASE i % 3 WHEN 0 THEN '{TestStore.Agent}' WHEN 1 THEN '{Other}' ELSE 'third@agentmta.test' END", StringComparison.Ordinal)
                .Replace("$pod", "CASE i % 3 WHEN 2 THEN 'pod2' ELSE @p4 END", StringComparison.Ordinal).Replace("$ws", "@p3", StringComparison.Ordinal);
            session.Execute(sql + " -- @p1 @p2 @p3 @p4", from, to, store.WorkspaceId, store.PodId);
        }

        session.Execute("UPDATE workspaces SET event_cursor = event_cursor + @p2 WHERE workspace_id = @p1", store.WorkspaceId, to - from);
    });

    private const string Rows = """
        INSERT INTO messages (workspace_id, message_key, pod_id, inbox_id, thread_id, raw_id, message_id, direction, uid, modseq, timestamp, from_addr, to_addrs, subject, preview, labels, size,
          content_hash, created_at, updated_at) $n SELECT $ws, 'm' || i, $pod, $inbox, 't' || (i % 10), 'r' || i, '<' || i || '@x.test>', 'in', i, i, i * 100000, 's@x.test', '[]', 'subject ' || i, 'p',
          CASE WHEN i % 9 = 0 THEN '["unread","archived"]' ELSE '["unread","received"]' END, 1, x'00', i, i FROM n;
        INSERT INTO message_ids (workspace_id, inbox_id, message_id, message_key, thread_id, use_case_id, direction, created_at)
          $n SELECT $ws, $inbox, '<' || i || '@x.test>', 'm' || i, 't', 'u', CASE WHEN i % 2 = 0 THEN 'in' ELSE 'out' END, i FROM n;
        INSERT INTO message_labels (workspace_id, inbox_id, label, timestamp, message_key) $n SELECT $ws, $inbox, 'unread', i * 100000, 'm' || i FROM n;
        INSERT INTO threads (workspace_id, thread_id, pod_id, inbox_id, subject, last_message_id, message_count, size, senders, recipients, labels, timestamp, created_at, updated_at)
          $n SELECT $ws, 't' || i, $pod, $inbox, 'subject', '<1>', 1, 1, '["s@x.test"]', '[]', CASE WHEN i % 9 = 0 THEN '{"spam":1}' ELSE '{"unread":1}' END, i * 100000, i, i FROM n;
        INSERT INTO drafts (workspace_id, draft_id, pod_id, inbox_id, labels, content, created_at, updated_at) $n SELECT $ws, 'd' || i, $pod, $inbox, '[]', '{}', i, i * 100000 FROM n;
        INSERT INTO suppressions (workspace_id, scope, scope_key, address, reason, created_at) $n SELECT $ws, 'use_case', CASE i % 3 WHEN 0 THEN (SELECT use_case_id FROM inboxes WHERE inbox_id = 'agent@agentmta.test') ELSE 'u' || i END,
          'a' || i || '@x.test', 'bounce', i * 100000 FROM n;
        INSERT INTO deliveries (workspace_id, delivery_id, pod_id, inbox_id, use_case_id, message_key, message_id, thread_id, raw_id, reverse_path, recipient, destination, state, next_attempt_at,
          expires_at, created_at, updated_at) $n SELECT $ws, 'd' || i, $pod, $inbox, 'u', 'm' || i, '<' || i || '@x.test>', 't', 'r', '', 'a@one.test', CASE i % 2 WHEN 0 THEN 'one.test' ELSE 'two.test' END,
          CASE WHEN i % 7 = 0 THEN 'delivered' ELSE 'queued' END, i, i, i, i FROM n;
        INSERT INTO inboxes (workspace_id, inbox_id, pod_id, use_case_id, uidvalidity, created_at, updated_at) $n SELECT $ws, 'i' || i || '@agentmta.test', $pod, 'u', 1, i * 100000, i FROM n;
        INSERT INTO domains (workspace_id, domain, pod_id, status, verification_token, created_at, updated_at) $n SELECT $ws, 'd' || i || '.test', $pod, 'PENDING', 't', i * 100000, i FROM n;
        INSERT INTO use_cases (workspace_id, use_case_id, pod_id, sender, email_type, unsubscribable, accepts_cold_inbound, unsubscribe_scope, is_default, created_at, updated_at)
          $n SELECT $ws, 'u' || i, $pod, 's' || i || '@x.test', 'transactional', 0, 1, 'use_case', 0, i, i FROM n;
        INSERT INTO api_keys (workspace_id, api_key_id, pod_id, inbox_id, name, prefix, secret_hash, revoked_at, created_at, updated_at)
          $n SELECT $ws, 'k' || i, $pod, $inbox, 'n', 'p', CAST(i AS BLOB), CASE WHEN i % 2 = 0 THEN 1 END, i, i FROM n;
        INSERT INTO pods (workspace_id, pod_id, name, created_at, updated_at) $n SELECT $ws, 'pod-' || i, 'n', i * 100000, i FROM n;
        INSERT INTO lists (workspace_id, pod_id, inbox_id, direction, list_type, entry, entry_type, created_at) $n SELECT $ws, '', '', 'receive', 'block', 'a' || i || '@x.test', 'email', i FROM n;
        INSERT INTO events (workspace_id, cursor, event_id, pod_id, inbox_id, event_type, created_at)
          $n SELECT $ws, (SELECT event_cursor FROM workspaces WHERE workspace_id = $ws) + i - @p1, 'e' || i, $pod, $inbox, 'message.received', i FROM n
        """;

    private static async Task<Dictionary<string, (long Steps, List<string> Faults)>> CostsAsync(TestStore store)
    {
        await RunAsync(store);
        // Reads one after the other share one reader, which keeps its statements.
        var statements = await store.Database.ReadAsync(session => session.Statements
            .Select(c => (Sql: c.CommandText, Values: c.Parameters.Cast<SqliteParameter>().ToDictionary(p => p.ParameterName, p => p.Value))).ToList());
        using var connection = new SqliteConnection($"Data Source={Path.Combine(store.Folder, "agentmta.db")};Pooling=False");
        connection.Open();
        return statements.Where(s => s.Sql.Contains(" FROM ", StringComparison.Ordinal)).ToDictionary(s => s.Sql, s => (Steps(connection, s.Sql, s.Values), Faults(connection, s.Sql, s.Values)));
    }

    private static List<string> Faults(SqliteConnection connection, string sql, Dictionary<string, object?> values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value);
        using var plan = command.ExecuteReader();
        var faults = new List<string>();
        while (plan.Read())
        {
            var line = plan.GetString(3);
            // The index of the pod would have a page of one inbox look through all others of the pod.
            var isWide = sql.Contains(".inbox_id = @inbox", StringComparison.Ordinal) && line.Contains("_pod (", StringComparison.Ordinal);
            if (line.StartsWith("SCAN ", StringComparison.Ordinal) || line.Contains("TEMP B-TREE", StringComparison.Ordinal) || isWide)
                faults.Add(line);
        }

        return faults;
    }

    // Steps of SQLite's machine for all rows of the statement.
    private static long Steps(SqliteConnection connection, string sql, Dictionary<string, object?> values)
    {
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_prepare_v2(connection.Handle, sql, out var statement));
        using (statement)
        {
            foreach (var (name, value) in values)
            {
                var at = raw.sqlite3_bind_parameter_index(statement, name);
                if (at == 0)
                    continue;
                _ = value switch
                {
                    long number => raw.sqlite3_bind_int64(statement, at, number),
                    int number => raw.sqlite3_bind_int64(statement, at, number),
                    string text => raw.sqlite3_bind_text(statement, at, text),
                    _ => raw.sqlite3_bind_null(statement, at),
                };
            }

            while (raw.sqlite3_step(statement) == raw.SQLITE_ROW)
            {
            }

            return raw.sqlite3_stmt_status(statement, raw.SQLITE_STMTSTATUS_VM_STEP, 0);
        }
    }
}
