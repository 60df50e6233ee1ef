using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Search;

/// <summary>What search must do whichever engine keeps the index; an engine is a thin subclass.</summary>
public abstract class SearchContract : IAsyncLifetime
{
    private protected SearchBench Bench { get; private set; } = null!;

    private protected abstract SearchIndex Open(string path);

    public async Task InitializeAsync() => Bench = await SearchBench.OpenAsync(Open);

    public async Task DisposeAsync() => await Bench.DisposeAsync();

    [Fact]
    public async Task Every_term_must_be_there_and_the_subject_counts_more_than_names_and_names_more_than_text()
    {
        await Bench.AddAsync("first", "the invoice is late");
        await Bench.AddAsync("invoice", "see above");
        await Bench.AddAsync("third", "nothing", from: "Invoice Desk <desk@sender.test>");
        await Bench.AddAsync("fourth", "late news");
        await Bench.AddAsync("fifth", "an invoice, newer");
        await Bench.CatchUpAsync();

        Assert.Equal(["invoice", "third", "fifth", "first"], await Bench.FindAsync("invoice"));
        Assert.Equal(["first"], await Bench.FindAsync("LATE invoice"));
        Assert.Empty(await Bench.FindAsync("invoice absent"));
    }

    [Fact]
    public async Task Subject_text_participants_and_attachment_names_are_searched()
    {
        await Bench.AddAsync("Quarterly numbers", "the body mentions a walrus", from: "Béla Bartók <bela@music.test>", to: "team@agentmta.test", attachment: "Übersicht-2026.pdf");
        await Bench.CatchUpAsync();

        foreach (var query in new[] { "quarterly", "walrus", "bartok", "bela@music.test", "team@agentmta.test", "ubersicht", "übersicht-2026.pdf", "\"numbers\" walrus bela", "mentions-a-walrus" })
            Assert.True((await Bench.FindAsync(query)).Count == 1, query);
        foreach (var query in new[] { "numbers quarterly absent", "\"numbers quarterly\"", "walr", "2026-ubersicht" })
            Assert.True((await Bench.FindAsync(query)).Count == 0, query);
    }

    [Fact]
    public async Task The_beginning_of_a_word_finds_addresses_and_names_alone()
    {
        await Bench.AddAsync("one", "annabel in the text", from: "Bob <bob@example.com>");
        await Bench.AddAsync("two", "x", from: "Annabel Lee <lee@example.com>");
        await Bench.AddAsync("three", "x", from: "Bob <annabelle@example.com>");
        await Bench.CatchUpAsync();

        Assert.Equal(["three", "two"], await Bench.FindAsync("annab"));
        Assert.Equal(["two"], await Bench.FindAsync("lee@exam"));
        Assert.Empty(await Bench.FindAsync("\"annab\""));
        Assert.Equal(["two"], await Bench.FindAsync("annab lee"));
    }

    [Fact]
    public async Task Scripts_without_spaces_are_found_by_any_part_of_a_sentence()
    {
        await Bench.AddAsync("会議の件", "東京都庁で会議があります");
        await Bench.AddAsync("다음 회의", "회의를 합니다");
        await Bench.CatchUpAsync();

        Assert.Equal(["会議の件"], await Bench.FindAsync("都庁"));
        Assert.Equal(["会議の件"], await Bench.FindAsync("会議 東京"));
        Assert.Empty(await Bench.FindAsync("京東"));
        Assert.Equal(["다음 회의"], await Bench.FindAsync("합니다 회의를"));
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("a\"b")]
    [InlineData("NEAR(a b, 3) AND OR NOT")]
    [InlineData("subject:x OR {scope}:w* ^(\"y\"")]
    [InlineData("a* + - ; ' -- DROP TABLE words")]
    [InlineData("%_!\\ a \0 \ud800 \u00b7")]
    public async Task Whatever_a_user_writes_is_never_wrong_syntax(string text)
    {
        await Bench.AddAsync("x", "a b y");
        await Bench.CatchUpAsync();
        if (SearchQuery.Read(text).Query is not null)
            await Bench.FindAsync(text);
        Assert.Single(await Bench.FindAsync("x"));
    }

    [Fact]
    public async Task A_phrase_never_reaches_from_one_value_into_the_next()
    {
        await Bench.AddAsync("x", "y", to: "Carl Alpha <a@one.test>, Beta Carl <b@two.test>");
        await Bench.CatchUpAsync();
        Assert.Single(await Bench.FindAsync("\"carl alpha\""));
        await Bench.AddAsync("last words", "first words");
        await Bench.CatchUpAsync();
        Assert.Empty(await Bench.FindAsync("\"words first\""));
    }

    [Fact]
    public async Task Nobody_finds_what_another_tenant_pod_or_inbox_has()
    {
        await Bench.Store.AddInboxAsync("other@agentmta.test");
        var second = await Bench.Store.AddWorkspaceAsync("second", "second.test");
        await Bench.AddAsync("mine", "secret word");
        await Bench.AddAsync("others", "secret word", inbox: "other@agentmta.test");
        await Bench.AddAsync("foreign", "secret word", inbox: "postmaster@second.test", scope: second);
        await Bench.CatchUpAsync();

        Assert.Equal(["mine"], await Bench.FindAsync("secret"));
        Assert.Equal(["others"], await Bench.FindAsync("secret", scope: Bench.Agent with { InboxId = "other@agentmta.test" }));
        Assert.Equal(["others", "mine"], await Bench.FindAsync("secret", scope: new Scope(Bench.Store.WorkspaceId)));
        Assert.Equal(["others", "mine"], await Bench.FindAsync("secret", scope: new Scope(Bench.Store.WorkspaceId, Bench.Store.PodId)));
        Assert.Equal(["foreign"], await Bench.FindAsync("secret", scope: new Scope(second.WorkspaceId)));
        Assert.Empty(await Bench.FindAsync("secret", scope: new Scope(second.WorkspaceId, Bench.Store.PodId)));
        Assert.Empty(await Bench.FindAsync("secret", scope: new Scope(second.WorkspaceId, second.PodId, TestStore.Agent)));
        Assert.Empty(await Bench.FindAsync("postm", scope: Bench.Agent));
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_repeat_whatever_comes_in_meanwhile()
    {
        for (var i = 0; i < 25; i++)
            await Bench.AddAsync(i % 3 == 0 ? $"needle {i}" : $"message {i}", "with a needle");
        await Bench.CatchUpAsync();
        var all = await Bench.FindAsync("needle");
        Assert.Equal(25, all.Count);

        var paged = new List<string>();
        SearchPosition? next = null;
        do
        {
            var page = await Bench.PageAsync("needle", next, 4);
            paged.AddRange(page.Items.Select(f => f.Item.Subject!));
            next = page.Next;
            await Bench.AddAsync("needle new", "needle");
            await Bench.CatchUpAsync();
        }
        while (next is not null);

        Assert.Equal(all, paged.Where(s => s != "needle new"));
        Assert.Equal(paged.Distinct().Count(), paged.Count);
    }

    [Fact]
    public async Task Filters_narrow_what_is_found()
    {
        var old = DateTimeOffset.UtcNow.AddDays(-10);
        await Bench.AddAsync("old", "needle", at: old);
        await Bench.AddAsync("spam", "needle", labels: [Labels.Spam]);
        await Bench.AddAsync("bob", "needle", from: "bob@other.test", labels: ["todo"]);
        await Bench.AddAsync("anna", "needle");
        await Bench.CatchUpAsync();

        Assert.Equal(["anna", "bob", "old"], await Bench.FindAsync("needle", new MessageFilter { Without = Labels.Hiding }));
        Assert.Equal(["anna", "bob"], await Bench.FindAsync("needle", new MessageFilter { Without = Labels.Hiding, After = old }));
        Assert.Equal(["old"], await Bench.FindAsync("needle", new MessageFilter { Before = old.AddSeconds(1) }));
        Assert.Empty(await Bench.FindAsync("needle", new MessageFilter { Before = old }));
        Assert.Equal(["bob"], await Bench.FindAsync("needle", new MessageFilter { From = ["OTHER.test"] }));
        Assert.Equal(["bob"], await Bench.FindAsync("needle", new MessageFilter { Labels = ["todo"] }));
        Assert.Equal(["anna"], await Bench.FindAsync("needle", new MessageFilter { Subject = ["ann"], Labels = [Labels.Unread, Labels.Received] }));
    }

    [Fact]
    public async Task A_page_of_which_filters_leave_nothing_is_short_and_says_where_to_go_on()
    {
        await Bench.AddAsync("wanted", "needle", labels: ["todo"]);
        await Task.WhenAll(Enumerable.Range(0, AgentMta.Server.Search.Searcher.CandidatesOfPage).Select(_ => Bench.AddAsync("other", "needle")));
        await Bench.CatchUpAsync();

        var filter = new MessageFilter { Labels = ["todo"] };
        var first = await Bench.PageAsync("needle", null, 10, filter);
        Assert.Empty(first.Items);
        Assert.NotNull(first.Next);
        var second = await Bench.PageAsync("needle", first.Next, 10, filter);
        Assert.Equal("wanted", Assert.Single(second.Items).Item.Subject);
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task A_thread_is_found_once_where_its_best_message_stands()
    {
        var first = await Bench.AddAsync("needle talk", "one");
        var thread = await Bench.ThreadOfAsync(first);
        for (var i = 0; i < 5; i++)
            await Bench.AddAsync("Re: talk", "needle again", thread: thread);
        await Bench.AddAsync("alone", "needle");
        await Bench.AddAsync("hidden", "needle", labels: [Labels.Spam]);
        await Bench.CatchUpAsync();

        var all = await Bench.ThreadPageAsync("needle", filter: new ThreadFilter { Without = Labels.Hiding });
        Assert.Equal(["needle talk", "alone"], all.Items.Select(f => f.Item.Subject!));
        Assert.Equal("needle talk", all.Items[0].Fields!.Subject);
        Assert.Null(all.Next);

        var paged = new List<string>();
        SearchPosition? next = null;
        do
        {
            var page = await Bench.ThreadPageAsync("needle", next, 1, new ThreadFilter { Without = Labels.Hiding }, new Scope(Bench.Store.WorkspaceId));
            paged.AddRange(page.Items.Select(f => f.Item.Subject!));
            next = page.Next;
        }
        while (next is not null);
        Assert.Equal(["needle talk", "alone"], paged);
        Assert.Equal(3, (await Bench.ThreadPageAsync("needle")).Items.Count);
        Assert.Empty((await Bench.ThreadPageAsync("needle", filter: new ThreadFilter { Senders = ["nobody"] })).Items);
    }

    [Fact]
    public async Task What_is_deleted_is_not_found_even_before_the_index_has_followed_and_leaves_no_word_behind()
    {
        var id = await Bench.AddAsync("short lived", "needle", from: "Zebulon <zebulon@sender.test>");
        await Bench.AddAsync("stays", "needle");
        await Bench.CatchUpAsync();
        await Bench.Store.Database.WriteAsync(session => MessageStore.Delete(session, Bench.Agent, TestStore.Agent, id, []));
        Assert.Equal(["stays"], await Bench.FindAsync("needle"));

        await Bench.CatchUpAsync();
        Assert.Empty(await Bench.Index.KnownAsync(Bench.Store.WorkspaceId, [(TestStore.Agent, id)], default));
        Assert.Empty(await Bench.HitsAsync("zebu"));
        Assert.Single(await Bench.HitsAsync("needle"));
    }

    [Fact]
    public async Task The_index_goes_on_where_it_stopped_and_takes_nothing_twice()
    {
        await Task.WhenAll(Enumerable.Range(0, 450).Select(i => Bench.AddAsync($"message {i}", "needle")));
        using (var indexer = Bench.NewIndexer())
        {
            Assert.True(await indexer.RoundAsync(default));
            Assert.True(Bench.Meter.Lag > 0);
        }

        await Bench.AddAsync("during the walk", "needle");
        await Bench.ReopenIndexAsync();
        await Bench.CatchUpAsync();
        await Bench.AddAsync("after it", "needle");
        await Bench.ReopenIndexAsync();
        await Bench.CatchUpAsync();
        Assert.Equal(0, Bench.Meter.Lag);

        var found = new List<string>();
        SearchPosition? next = null;
        do
        {
            var page = await Bench.PageAsync("needle", next, 100);
            found.AddRange(page.Items.Select(f => f.Item.Subject!));
            next = page.Next;
        }
        while (next is not null);
        Assert.Equal(452, found.Count);
        Assert.Equal(452, found.Distinct().Count());
        Assert.Equal(["after it", "during the walk"], found[..2]);
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_is_found_by_its_row_and_holds_nothing_up()
    {
        await Bench.AddAsync("torn", "lost text");
        await Bench.Store.Database.WriteAsync(session => session.Execute("UPDATE raws SET content = NULL, file = '00/none.eml'"));
        await Bench.AddAsync("whole", "needle");
        await Bench.CatchUpAsync();
        Assert.Equal(["torn"], await Bench.FindAsync("torn"));
        Assert.Equal(["whole"], await Bench.FindAsync("needle"));
    }

    [Fact]
    public async Task The_index_of_another_store_is_made_anew()
    {
        await Bench.AddAsync("kept", "needle");
        await Bench.AddAsync("lost with the backup", "needle");
        await Bench.CatchUpAsync();
        // A backup of a moment ago: the last message and its events never happened.
        await Bench.Store.Database.WriteAsync(session =>
        {
            session.Execute("DELETE FROM messages WHERE subject = 'lost with the backup'");
            session.Execute("DELETE FROM events WHERE cursor = (SELECT MAX(cursor) FROM events WHERE workspace_id = @p1)", Bench.Store.WorkspaceId);
            session.Execute("UPDATE workspaces SET event_cursor = event_cursor - 1 WHERE workspace_id = @p1", Bench.Store.WorkspaceId);
        });
        await Bench.AddAsync("new at the same cursor", "needle");
        await Bench.CatchUpAsync();
        Assert.Equal(["new at the same cursor", "kept"], await Bench.FindAsync("needle"));
        Assert.Equal(2, (await Bench.HitsAsync("needle")).Count);
    }
}
