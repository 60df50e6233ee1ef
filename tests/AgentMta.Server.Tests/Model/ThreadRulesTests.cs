using AgentMta.Server.Model;

namespace AgentMta.Server.Tests.Model;

public sealed class ThreadRulesTests
{
    [Fact]
    public void References_come_before_in_reply_to_newest_first_and_each_once() =>
        Assert.Equal(["<3>", "<2>", "<1>", "<0>"], ThreadRules.Ancestors(["<1>", "<2>", "<3>"], ["<3>", "<0>"], "<4>"));

    [Fact]
    public void A_message_is_not_its_own_ancestor() => Assert.Equal(["<1>"], ThreadRules.Ancestors(["<1>", "<2>"], ["<2>"], "<2>"));

    [Fact]
    public void Of_many_references_the_newest_and_the_first_count()
    {
        var ancestors = ThreadRules.Ancestors([.. Enumerable.Range(0, 10_000).Select(i => $"<{i}>")], [], null);

        Assert.Equal(ThreadRules.MaximumReferences + 1, ancestors.Count);
        Assert.Equal("<9999>", ancestors[0]);
        Assert.Equal("<0>", ancestors[^1]);
    }

    [Fact]
    public void The_nearest_known_ancestor_decides_and_the_walk_ends_at_a_message()
    {
        var asked = new List<string>();
        var placement = ThreadRules.Place(["<3>", "<2>", "<1>"], null, id =>
        {
            asked.Add(id);
            return id switch { "<2>" => new KnownId("t2", true), "<1>" => new KnownId("t1", true), _ => null };
        });

        Assert.Equal("t2", placement.ThreadId);
        Assert.Empty(placement.Merge);
        Assert.Equal(["<3>"], placement.Unknown);
        Assert.Equal(["<3>", "<2>"], asked);
    }

    [Fact]
    public void A_late_parent_joins_what_waited_for_it_with_its_own_ancestors()
    {
        var placement = ThreadRules.Place(["<root>"], new KnownId("waiting", false), id => new KnownId("roots", true));

        Assert.Equal("waiting", placement.ThreadId);
        Assert.Equal(["roots"], placement.Merge);
    }

    [Fact]
    public void Ids_that_were_only_referred_to_join_their_threads() =>
        Assert.Equal(["t1"], ThreadRules.Place(["<2>", "<1>"], null, id => new KnownId(id == "<2>" ? "t2" : "t1", false)).Merge);

    [Fact]
    public void Same_people_means_nobody_new()
    {
        string[] thread = ["Ann <ann@x.test>", "bob@y.test"];

        Assert.True(ThreadRules.SamePeople(thread, ["ANN@x.test", "agent@us.test"], "agent@us.test"));
        Assert.False(ThreadRules.SamePeople(thread, ["ann@x.test", "eve@z.test"], "agent@us.test"));
        Assert.False(ThreadRules.SamePeople(thread, [], "agent@us.test"));
    }
}
