using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

public sealed class ThreadingTests
{
    [Theory]
    [InlineData("1: ; 2: 1; 3: 1 2", 1)]
    [InlineData("3: 1 2; 2: 1; 1:", 1)]
    [InlineData("3: 2; 1: ; 2: 1", 1)] // the late parent shows that two threads are one
    [InlineData("4: 3; 6: 5; 5: 4; 3: 2; 2: 1; 1:", 1)]
    [InlineData("1: 9; 2: 9", 1)] // siblings of a parent that never comes
    [InlineData("1: 2; 2: 1", 1)]
    [InlineData("1: 1", 1)]
    [InlineData("1: ; 2:", 2)]
    [InlineData("1: ; 2: ; 3: 1 2", 2)] // forwarded into another thread: the nearest reference decides
    public async Task Messages_fall_into_threads_by_their_references(string messages, int threads)
    {
        await using var server = await OpenAsync();
        foreach (var message in messages.Split(';', StringSplitOptions.TrimEntries))
        {
            var (id, refs) = (message.Split(':')[0], message.Split(':')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
            Assert.Equal(250, (await server.AcceptAsync(Mail(id: $"<{id}@x.test>", subject: $"About {id}", headers: refs.Length == 0 ? null : $"References: {string.Join(' ', refs.Select(r => $"<{r}@x.test>"))}\n"))).Code);
        }

        var stored = await server.MessagesAsync();
        Assert.Equal(threads, stored.Select(m => m.ThreadId).Distinct().Count());
        Assert.Equal(threads, await server.Store.CountAsync("SELECT COUNT(*) FROM threads"));
        Assert.Equal(stored.Count, await server.Store.CountAsync("SELECT SUM(message_count) FROM threads"));
    }

    [Fact]
    public async Task A_joined_thread_keeps_both_names_counts_and_an_event()
    {
        await using var server = await OpenAsync();
        await server.AcceptAsync(Mail(id: "<3@x>", headers: "In-Reply-To: <2@x>\n"));
        await server.AcceptAsync(Mail(id: "<1@x>", from: "bob@sender.test"), "bob@sender.test");
        var names = (await server.MessagesAsync()).Select(m => m.ThreadId).ToHashSet();

        await server.AcceptAsync(Mail(id: "<2@x>", headers: "In-Reply-To: <1@x>\n"));
        await server.AcceptAsync(Mail(id: "<4@x>", headers: "In-Reply-To: <3@x>\n"));
        await server.AcceptAsync(Mail(id: "<5@x>", headers: "In-Reply-To: <1@x>\n"));

        var home = Assert.Single((await server.MessagesAsync()).Select(m => m.ThreadId).Distinct());
        Assert.Contains(home, names);
        Assert.Equal([string.Join('|', names.Except([home]).Append(home))], await server.Store.RowsAsync("SELECT thread_id, into_thread_id FROM thread_merges"));
        Assert.Single(await server.Store.RowsAsync("SELECT 1 FROM events WHERE event_type = 'thread.merged'"));
        Assert.Equal(["5|2"], await server.Store.RowsAsync("SELECT message_count, json_array_length(senders) FROM threads"));
        Assert.Equal("""{"received":5,"unread":5}""", Assert.Single(await server.Store.RowsAsync("SELECT labels FROM threads")));
    }

    [Theory]
    [InlineData("Re: Hello", "ann@sender.test", "", true)]
    [InlineData("AW: hello", "ann@sender.test", "References: <rewritten@relay.test>\n", true)]
    [InlineData("Hello", "ann@sender.test", "", false)]
    [InlineData("Re: Hello there", "ann@sender.test", "", false)]
    [InlineData("Re: Hello", "eve@sender.test", "", false)]
    [InlineData("Re: Hello", "ann@sender.test", "Cc: eve@sender.test\n", false)]
    public async Task The_subject_is_the_last_resort_and_needs_prefix_and_people(string subject, string author, string headers, bool same)
    {
        await using var server = await OpenAsync();
        await server.AcceptAsync(Mail(id: "<1@x>"));

        await server.AcceptAsync(Mail(id: "<2@x>", from: author, subject: subject, headers: headers), author);

        Assert.Equal(same ? 1 : 2, (await server.MessagesAsync()).Select(m => m.ThreadId).Distinct().Count());
    }

    [Fact]
    public async Task A_subject_older_than_thirty_days_is_forgotten()
    {
        var time = new ManualTimeProvider();
        await using var server = await OpenAsync(time: time);
        await server.AcceptAsync(Mail(id: "<1@x>"));
        time.Advance(TimeSpan.FromDays(31));
        await server.AcceptAsync(Mail(id: "<2@x>", subject: "Re: Hello"));

        Assert.Equal(2, (await server.MessagesAsync()).Select(m => m.ThreadId).Distinct().Count());
    }

    [Fact]
    public async Task Unauthenticated_mail_finds_no_thread_by_its_subject()
    {
        await using var server = await OpenAsync();
        await server.AcceptAsync(Mail(id: "<1@x>"));

        await server.AcceptAsync(Mail(id: "<2@x>", subject: "Re: Hello"), client: Bad);

        Assert.Equal(2, (await server.MessagesAsync()).Select(m => m.ThreadId).Distinct().Count());
    }

    [Fact]
    public async Task Threads_belong_to_one_inbox()
    {
        await using var server = await OpenAsync();
        await server.Store.AddInboxAsync("second@agentmta.test");

        await server.AcceptAsync(Mail(id: "<1@x>"), recipients: [TestStore.Agent, "second@agentmta.test"]);
        await server.AcceptAsync(Mail(id: "<2@x>", headers: "In-Reply-To: <1@x>\n"), recipients: [TestStore.Agent, "second@agentmta.test"]);

        Assert.Equal(2, await server.Store.CountAsync("SELECT COUNT(DISTINCT thread_id) FROM messages"));
        Assert.Equal(0, await server.Store.CountAsync("SELECT COUNT(*) FROM (SELECT thread_id FROM messages GROUP BY thread_id HAVING COUNT(DISTINCT inbox_id) > 1)"));
    }

    [Fact]
    public async Task A_thread_whose_messages_are_all_deleted_is_taken_up_again()
    {
        await using var server = await OpenAsync();
        await server.AcceptAsync(Mail(id: "<1@x>"));
        await server.Store.Database.WriteAsync(session =>
        {
            session.Execute("DELETE FROM messages");
            session.Execute("DELETE FROM threads");
            session.Execute("UPDATE message_ids SET message_key = NULL");
        });

        Assert.Equal(250, (await server.AcceptAsync(Mail(id: "<2@x>", headers: "In-Reply-To: <1@x>\n"))).Code);
        Assert.Equal(1, await server.Store.CountAsync("SELECT COUNT(*) FROM threads JOIN messages USING (thread_id)"));
    }
}
