using System.Net;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

public sealed class GreylistTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task A_first_meeting_comes_again_and_is_remembered()
    {
        await using var server = await WithGreylistAsync(new GreylistOptions { Enabled = true });

        Assert.Equal(451, await CheckAsync(server));
        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(451, await CheckAsync(server));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(await CheckAsync(server));
        Assert.Equal(451, await CheckAsync(server, sender: "bob@sender.test"));
        _time.Advance(TimeSpan.FromDays(30));
        Assert.Null(await CheckAsync(server, client: "192.0.2.200"));
        _time.Advance(TimeSpan.FromDays(37));
        Assert.Equal(451, await CheckAsync(server));
    }

    [Fact]
    public async Task A_retry_that_comes_too_late_is_a_first_meeting()
    {
        await using var server = await WithGreylistAsync(new GreylistOptions { Enabled = true });
        await CheckAsync(server);
        _time.Advance(TimeSpan.FromHours(25));

        Assert.Equal(451, await CheckAsync(server));
    }

    [Fact]
    public async Task A_network_whose_senders_passed_is_free()
    {
        await using var server = await WithGreylistAsync(new GreylistOptions { Enabled = true, AutoAllowAfter = 2 });
        foreach (var sender in new[] { "a@sender.test", "b@sender.test" })
            await CheckAsync(server, sender);
        _time.Advance(TimeSpan.FromMinutes(6));
        foreach (var sender in new[] { "a@sender.test", "b@sender.test" })
            Assert.Null(await CheckAsync(server, sender));

        Assert.Null(await CheckAsync(server, "c@sender.test"));
        Assert.Equal(451, await CheckAsync(server, "c@sender.test", "198.51.100.1"));
    }

    [Theory]
    [InlineData(false, null, false)]
    [InlineData(false, true, true)]
    [InlineData(true, null, true)]
    [InlineData(true, false, false)]
    public async Task What_a_use_case_says_goes_before_the_setting(bool setting, bool? useCase, bool greylisted)
    {
        await using var server = await WithGreylistAsync(new GreylistOptions { Enabled = setting });
        await server.Store.AddInboxAsync("grey@agentmta.test", greylist: useCase);

        Assert.Equal(greylisted ? 451 : null, await CheckAsync(server, recipient: "grey@agentmta.test"));
        Assert.Equal(setting ? 451 : null, await CheckAsync(server));
    }

    [Fact]
    public async Task A_change_of_the_use_case_counts_from_the_next_recipient_on()
    {
        await using var server = await WithGreylistAsync(new GreylistOptions());
        var useCase = await server.Store.AddInboxAsync("grey@agentmta.test");
        Assert.Null(await CheckAsync(server, recipient: "grey@agentmta.test"));

        await server.Store.Database.WriteAsync(session => UseCaseStore.Update(session, useCase with { Greylist = true }));

        Assert.Equal(451, await CheckAsync(server, recipient: "grey@agentmta.test"));
    }

    [Fact]
    public async Task Loopback_postmaster_and_known_senders_are_free()
    {
        await using var server = await WithGreylistAsync(new GreylistOptions { Enabled = true });
        await server.AcceptAsync(Mail(id: "<1@sender.test>", from: "friend@sender.test"), "friend@sender.test");

        Assert.Equal(451, await CheckAsync(server));
        Assert.Null(await CheckAsync(server, client: "127.0.0.1"));
        Assert.Null(await CheckAsync(server, recipient: "postmaster@agentmta.test"));
        Assert.Null(await CheckAsync(server, "friend@sender.test"));
    }

    [Fact]
    public async Task Meetings_that_were_never_repeated_are_forgotten_behind_the_window_for_it()
    {
        await using var server = await WithGreylistAsync(new GreylistOptions { Enabled = true });
        await CheckAsync(server, "known@sender.test");
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.Null(await CheckAsync(server, "known@sender.test"));
        for (var i = 0; i < 600; i++)
            await CheckAsync(server, $"s{i}@sender.test");

        _time.Advance(TimeSpan.FromHours(25));
        for (var i = 0; i < 300; i++)
            await CheckAsync(server, $"t{i}@sender.test");

        Assert.Equal(["0|301"], await server.EvidenceAsync("SELECT COUNT(CASE WHEN sender LIKE 's%' THEN 1 END), COUNT(*) FROM greylist"));
        Assert.Null(await CheckAsync(server, "known@sender.test"));
    }

    [Fact]
    public async Task Refusing_spam_does_not_fill_the_memory_of_greylisting()
    {
        await using var server = await WithGreylistAsync(new GreylistOptions { Enabled = true });
        await FillAsync(server, 100_500, passedBehind: 100_400);

        Assert.Equal(451, await CheckAsync(server, "first@sender.test"));

        // So many wait that a newcomer is let in: nobody who waits is forgotten for it, nor who passed.
        for (var i = 0; i < 300; i++)
            Assert.Null(await CheckAsync(server, $"s{i}@sender.test"));
        Assert.Equal(["100|100501"], await server.EvidenceAsync("SELECT COUNT(CASE WHEN passed_at IS NOT NULL THEN 1 END), COUNT(*) FROM greylist"));
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.Null(await CheckAsync(server, "first@sender.test"));

        // Behind the window for a retry those that never came again are gone, and it is as before.
        _time.Advance(TimeSpan.FromHours(25));
        for (var i = 0; i < 256; i++)
            await CheckAsync(server, $"t{i}@sender.test");
        Assert.Equal(451, await CheckAsync(server, "last@sender.test"));
    }

    [Fact]
    public async Task Where_it_is_full_each_minute_makes_one_more_wait_and_not_hundreds()
    {
        await using var server = await WithGreylistAsync(new GreylistOptions { Enabled = true });
        await FillAsync(server, 100_000, passedBehind: 100_000);
        for (var minute = 0; minute < 10; minute++)
        {
            for (var i = 0; i < 20; i++)
                await CheckAsync(server, $"s{minute}.{i}@sender.test");
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(["100010"], await server.EvidenceAsync("SELECT COUNT(*) FROM greylist"));
    }

    [Fact]
    public async Task A_network_stays_free_as_long_as_the_senders_write_who_made_it_so()
    {
        await using var server = await WithGreylistAsync(new GreylistOptions { Enabled = true, AutoAllowAfter = 2 });
        string[] senders = ["a@sender.test", "b@sender.test"];
        foreach (var sender in senders)
            await CheckAsync(server, sender);
        _time.Advance(TimeSpan.FromMinutes(6));
        for (var week = 0; week < 8; week++)
        {
            foreach (var sender in senders)
                Assert.Null(await CheckAsync(server, sender));
            _time.Advance(TimeSpan.FromDays(7));
        }

        for (var i = 0; i < 300; i++) // writes enough to have the old ones forgotten
            await CheckAsync(server, $"s{i}@sender.test", "198.51.100.1");
        Assert.Null(await CheckAsync(server, "c@sender.test"));
    }

    [Theory]
    [InlineData("DROP TABLE greylist")]
    [InlineData("CREATE TRIGGER full BEFORE INSERT ON greylist BEGIN SELECT RAISE(ABORT, 'disk is full'); END")]
    public async Task Where_its_memory_cannot_be_used_mail_is_taken_and_a_line_a_minute_says_so(string damage)
    {
        using var log = new LineLog();
        await using var server = await OpenAsync(o => o with { Gates = o.Gates with { Greylist = new GreylistOptions { Enabled = true } } }, _time, log: log);
        await server.ChangeEvidenceAsync(damage);

        for (var i = 0; i < 10; i++)
            Assert.Null(await CheckAsync(server, $"s{i}@sender.test"));
        Assert.Contains("evidence.db", Assert.Single(log.With("Greylisting lets everybody in")), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(await CheckAsync(server));
        Assert.Contains("10 recipients", log.With("Greylisting lets everybody in").Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_evidence_of_a_message_tells_that_greylisting_could_not_be_asked()
    {
        await using var server = await WithGreylistAsync(new GreylistOptions { Enabled = true });
        var before = server.Incoming(Mail(id: "<1@sender.test>"));
        await server.Receiver.AcceptAsync(before, default);
        await server.ChangeEvidenceAsync("DROP TABLE greylist");
        var message = server.Incoming(Mail(from: "bob@sender.test", id: "<2@sender.test>"), "bob@sender.test");
        Assert.Null(await server.Recipients.CheckAsync(message.Session, message.ReversePath, TestStore.Agent, 0, default));
        Assert.Equal(250, (await server.Receiver.AcceptAsync(message, default)).Code);

        // Who is known is not asked, in the same session neither.
        var known = server.Incoming(Mail(id: "<3@sender.test>")) with { Session = message.Session };
        Assert.Null(await server.Recipients.CheckAsync(known.Session, known.ReversePath, TestStore.Agent, 0, default));
        Assert.Equal(250, (await server.Receiver.AcceptAsync(known, default)).Code);

        var stored = await server.MessagesAsync();
        Assert.DoesNotContain("greylist", stored[0].Verdicts, StringComparison.Ordinal);
        Assert.DoesNotContain("greylist", stored[2].Verdicts, StringComparison.Ordinal);
        Assert.Contains("""{"gate":"greylist","outcome":"not_asked","reason":"The memory of greylisting could not be used""", stored[1].Verdicts, StringComparison.Ordinal);
    }

    // Another inbox's meetings of this moment; those behind a number have passed.
    private Task FillAsync(TestReceiver server, int count, int passedBehind)
    {
        var now = AgentMta.Server.Model.Clock.ToMicros(_time.GetUtcNow());
        return server.ChangeEvidenceAsync(
            $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
            INSERT INTO greylist SELECT 'w', 'u', '192.0.2.0/24', 's' || i || '@x.test', {now} - i, {now} - i, CASE WHEN i > {passedBehind} THEN {now} - i END FROM n
            """);
    }

    private static async Task<int?> CheckAsync(TestReceiver server, string sender = "ann@sender.test", string client = "192.0.2.1", string recipient = TestStore.Agent) =>
        (await server.Recipients.CheckAsync(server.Incoming("").Session with { ClientAddress = IPAddress.Parse(client) }, sender, recipient, 0, default))?.Code;

    private Task<TestReceiver> WithGreylistAsync(GreylistOptions greylist) => OpenAsync(o => o with { Gates = o.Gates with { Greylist = greylist } }, _time);
}
