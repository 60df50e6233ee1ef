using AgentMta.Server.Model;

namespace AgentMta.Server.Tests.Model;

public sealed class ListRulesTests
{
    [Fact]
    public void Without_entries_nobody_is_blocked() => Assert.False(ListRules.Decide([], hasAllow: false).Blocked);

    [Fact]
    public void A_non_empty_allow_list_blocks_everyone_else() => Assert.True(ListRules.Decide([], hasAllow: true).Blocked);

    [Theory]
    [InlineData("inbox allow a@x.test, workspace block a@x.test", false)]
    [InlineData("workspace allow a@x.test, inbox block a@x.test", true)]
    [InlineData("pod block x.test, workspace allow a@x.test", true)]
    [InlineData("inbox block x.test, inbox allow a@x.test", false)]
    [InlineData("inbox allow x.test, inbox block a@x.test", true)]
    [InlineData("pod allow a@x.test, pod block a@x.test", true)]
    [InlineData("workspace allow a@x.test", false)]
    public void The_nearest_scope_with_a_match_decides(string entries, bool blocked)
    {
        var matches = entries.Split(", ").Select(e => e.Split(' ')).Select(e => new ListMatch(Enum.Parse<ListScope>(e[0], ignoreCase: true), e[1] == "allow", e[2])).ToList();

        Assert.Equal(blocked, ListRules.Decide(matches, matches.Exists(m => m.Allow)).Blocked);
        matches.Reverse();
        Assert.Equal(blocked, ListRules.Decide(matches, matches.Exists(m => m.Allow)).Blocked);
    }
}
