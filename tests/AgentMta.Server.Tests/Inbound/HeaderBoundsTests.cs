using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

/// <summary>A header may have a mebibyte: what of it becomes rows, and comes with every list, has bounds of its own.</summary>
public sealed class HeaderBoundsTests
{
    private static readonly string Overlong = $"<{Folded('a', 2)}@sender.test>";

    [Fact]
    public async Task A_message_whose_id_is_longer_than_a_line_is_known_by_its_content()
    {
        await using var server = await OpenAsync();

        Assert.Equal("250 2.0.0 Stored as tx1", (await server.AcceptAsync(Mail(id: Overlong))).ToString());
        Assert.Equal("250 2.0.0 Stored as tx2", (await server.AcceptAsync(Mail(id: Overlong))).ToString());
        await server.AcceptAsync(Mail(id: Overlong, body: "Another.\n"));

        var messages = await server.MessagesAsync();
        Assert.Equal(2, messages.Select(m => m.MessageId).Distinct().Count());
        Assert.All(messages, message =>
        {
            Assert.EndsWith(".received@agentmta.test>", message.MessageId, StringComparison.Ordinal);
            Assert.Contains("overlong_message_id", message.Verdicts, StringComparison.Ordinal);
        });
        Assert.Equal(2, messages.Count);
        Assert.Equal(["2"], await server.Store.RowsAsync("SELECT COUNT(*) FROM message_ids"));
        Assert.Equal(["1", "1"], await server.Store.RowsAsync("SELECT length(content) > 1800 FROM raws")); // the raw keeps the field
    }

    [Fact]
    public async Task References_that_are_too_long_are_passed_over_and_the_others_lead_to_the_thread()
    {
        await using var server = await OpenAsync();
        await server.AcceptAsync(Mail(id: "<1@sender.test>"));
        await server.AcceptAsync(Mail(id: "<2@sender.test>", headers: $"References: <1@sender.test>\n {Overlong}\nIn-Reply-To: {Overlong}\n"));

        Assert.Single((await server.MessagesAsync()).Select(m => m.ThreadId).Distinct());
        Assert.Equal(["|", """|["<1@sender.test>"]"""], await server.Store.RowsAsync("SELECT in_reply_to, refs FROM messages ORDER BY uid"));
    }

    [Fact]
    public async Task Rows_keep_the_beginning_of_what_is_long_and_of_a_thread_its_root_and_the_newest()
    {
        await using var server = await OpenAsync();
        var people = string.Join(",\n ", Enumerable.Range(0, 2000).Select(i => $"\"{Folded('n', 1)}\" <person{i}@other.test>").Take(900));
        var references = string.Join("\n ", Enumerable.Range(0, 500).Select(i => $"<{new string('r', 90)}{i:d3}@other.test>"));
        await server.AcceptAsync(Mail(
            id: "<1@sender.test>", subject: "Re: " + Folded('s', 3), from: $"\"{Folded('f', 1)}\" <ann@sender.test>", to: people, headers: $"Cc: {Folded('c', 1)}@other.test, bob@other.test\nReferences: {references}\n"));

        var row = Assert.Single(await server.Store.RowsAsync("SELECT length(subject), length(from_addr), length(to_addrs), cc_addrs, length(refs) FROM messages")).Split('|');
        Assert.Equal(["1000", "218"], row[..2]);
        Assert.InRange(int.Parse(row[2]), 30_000, 40_000);
        Assert.Equal("""["bob@other.test"]""", row[3]);
        Assert.InRange(int.Parse(row[4]), 30_000, 40_000);
        Assert.Equal(["1|1"], await server.Store.RowsAsync("SELECT refs LIKE '%r000@other.test%', refs LIKE '%r499@other.test%' FROM messages"));
        Assert.Equal(["1000|996"], await server.Store.RowsAsync("SELECT length(subject), length(base_subject) FROM threads"));
        Assert.Equal(["1"], await server.Store.RowsAsync("SELECT length(senders) + length(recipients) < 40000 FROM threads"));
    }

    [Fact]
    public async Task An_author_address_that_is_too_long_for_one_is_not_shown_in_part()
    {
        await using var server = await OpenAsync();
        await server.AcceptAsync(Mail(id: "<1@sender.test>", from: $"ceo@agentmta.test.{Folded('x', 1)}.sender.test"));

        Assert.Equal(["ann@sender.test"], await server.Store.RowsAsync("SELECT from_addr FROM messages"));
    }

    [Fact]
    public async Task Attachments_of_nothing_are_listed_up_to_a_bound()
    {
        await using var server = await OpenAsync();
        var part = "--b\nContent-Type: image/png\n\n\n";
        await server.AcceptAsync(Mail(
            id: "<1@sender.test>", headers: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n",
            body: $"--b\nContent-Type: x/{Folded('t', 1)}\nContent-ID: <{Folded('i', 1)}>\n\n\n{string.Concat(Enumerable.Repeat(part, 900))}--b--\n"));

        Assert.Equal(["250|0"], await server.Store.RowsAsync("SELECT json_array_length(attachments), length(attachments) > 60000 FROM messages"));
        Assert.Equal(["application/octet-stream|"], await server.Store.RowsAsync("SELECT json_extract(attachments, '$[0].content_type'), json_extract(attachments, '$[0].content_id') FROM messages"));
    }

    [Fact]
    public void A_list_of_references_within_the_bounds_is_whole()
    {
        string[] ids = ["<1@x>", "<2@x>", "<3@x>"];
        Assert.Equal(ids, RowBounds.References(ids));
        Assert.Equal(1000, RowBounds.References([.. Enumerable.Range(0, 3000).Select(i => $"<{i}>")]).Count);
        Assert.Empty(RowBounds.References([]));
    }

    // As many lines of 900 octets, which is what a folded field looks like.
    private static string Folded(char c, int lines) => string.Join("\n ", Enumerable.Repeat(new string(c, 900), lines));
}
