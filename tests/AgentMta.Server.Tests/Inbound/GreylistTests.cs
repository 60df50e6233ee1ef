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

    private static async Task<int?> CheckAsync(TestReceiver server, string sender = "ann@sender.test", string client = "192.0.2.1", string recipient = TestStore.Agent) =>
        (await server.Recipients.CheckAsync(server.Incoming("").Session with { ClientAddress = IPAddress.Parse(client) }, sender, recipient, 0, default))?.Code;

    private Task<TestReceiver> WithGreylistAsync(GreylistOptions greylist) => OpenAsync(o => o with { Gates = o.Gates with { Greylist = greylist } }, _time);
}
