using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>GET /v0/organizations: the workspace's own numbers.</summary>
public sealed class OrganizationTests
{
    [Fact]
    public async Task The_workspace_tells_what_it_has_and_what_it_may_have()
    {
        await using var server = await StartAsync(options => options.Api.MaxInboxes = 9);
        var before = Good(await server.GetAsync("/v0/organizations"));
        Assert.Equal(Good(await server.GetAsync("/v0/auth/me")).GetProperty("organization_id").GetString(), before.GetProperty("organization_id").GetString());
        Good(await server.PostAsync("/v0/inboxes", new { username = "third" }));
        Good(await server.PostAsync("/v0/domains", new { domain = "second.example" }));
        var after = Good(await server.GetAsync("/v0/organizations"));
        Assert.Equal((2, 1), (Number(before, "inbox_count"), Number(before, "domain_count")));
        Assert.Equal((4, 2), (Number(after, "inbox_count"), Number(after, "domain_count"))); // the domain's postmaster is one
        Assert.Equal(9, Number(after, "inbox_limit"));
        Assert.False(after.TryGetProperty("domain_limit", out _));
        Assert.True(after.GetProperty("created_at").GetDateTimeOffset() <= DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task A_key_of_one_inbox_does_not_see_the_workspace()
    {
        await using var server = await StartAsync();
        using var client = server.NewClient(Good(await server.PostAsync(Inbox + "/api-keys", new { name = "one" })).GetProperty("api_key").GetString()!);
        var refused = await server.GetAsync("/v0/organizations", client);
        Assert.Equal((403, "forbidden"), (refused.Code, refused.Fault));
    }

    private static long Number(System.Text.Json.JsonElement body, string name) => body.GetProperty(name).GetInt64();
}
