using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>Inboxes over real HTTP: what may not be taken away from a domain.</summary>
public sealed class InboxTests
{
    private const string Postmaster = "/v0/inboxes/postmaster%40agentmta.test";

    [Fact]
    public async Task The_postmaster_of_a_domain_cannot_be_deleted_while_the_domain_is_there()
    {
        await using var server = await StartAsync();
        var useCase = Good(await server.GetAsync(Postmaster)).GetProperty("use_case_id").GetString();

        foreach (var path in new[] { Postmaster, "/v0/use-cases/" + useCase })
        {
            var refused = await server.DeleteAsync(path);
            Assert.Equal((403, "postmaster_needed"), (refused.Code, refused.Fault));
            Assert.Contains("/v0/domains/agentmta.test", refused.Body.ToString(), StringComparison.Ordinal);
        }

        await server.ReceiveAsync("<1@sender.test>", to: "abuse@agentmta.test");
        Assert.Equal(1, Good(await server.GetAsync(Postmaster + "/messages")).GetProperty("count").GetInt32());

        Good(await server.DeleteAsync("/v0/domains/agentmta.test"));
        Assert.Equal(204, (await server.DeleteAsync(Postmaster)).Code);
        Assert.Equal(404, (await server.GetAsync(Postmaster)).Code);
    }

    [Fact]
    public async Task An_inbox_named_abuse_may_be_made_and_deleted_and_its_mail_goes_to_the_postmaster_again()
    {
        await using var server = await StartAsync();
        Good(await server.PostAsync("/v0/inboxes", new { username = "abuse" }));
        Good(await server.PostAsync("/v0/use-cases", new { sender = "abuse@agentmta.test", accepts_cold_inbound = false }));
        await server.ReceiveAsync("<1@sender.test>", to: "abuse@agentmta.test");
        Assert.Equal(1, Good(await server.GetAsync("/v0/inboxes/abuse%40agentmta.test/messages")).GetProperty("count").GetInt32());

        Assert.Equal(204, (await server.DeleteAsync("/v0/inboxes/abuse%40agentmta.test")).Code);
        await server.ReceiveAsync("<2@sender.test>", to: "abuse@agentmta.test");
        Assert.Equal(1, Good(await server.GetAsync(Postmaster + "/messages")).GetProperty("count").GetInt32());
    }
}
