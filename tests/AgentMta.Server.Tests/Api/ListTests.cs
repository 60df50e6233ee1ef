using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>Allow and block lists over real HTTP.</summary>
public sealed class ListTests
{
    [Theory]
    [InlineData("*@sender.test", "Give sender.test: a domain stands for all its addresses.")]
    [InlineData("news*@sender.test", "wildcard")]
    [InlineData("*.sender.test", "wildcard")]
    public async Task A_list_entry_with_a_wildcard_is_refused_since_it_would_match_nothing(string entry, string said)
    {
        await using var server = await StartAsync();

        var refused = await server.PostAsync("/v0/lists/receive/block", new { entry });

        Assert.Equal((400, "validation_error", "entry"), (refused.Code, refused.Fault, refused.Field));
        Assert.Contains(said, refused.Body.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, Good(await server.GetAsync("/v0/lists/receive/block")).GetProperty("count").GetInt32());
    }
}
