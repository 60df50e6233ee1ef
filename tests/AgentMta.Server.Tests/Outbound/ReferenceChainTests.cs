using AgentMta.Server.Model;
using AgentMta.Server.Outbound;

namespace AgentMta.Server.Tests.Outbound;

public sealed class ReferenceChainTests
{
    [Fact]
    public void The_chain_is_that_of_the_message_answered() =>
        Assert.Equal(["<1>", "<2>", "<3>"], ReferenceChain.Build("<3>", [Link("<1>", 1), Link("<2>", 2, "<1>", "<1>"), Link("<3>", 3, "<2>", "<1>", "<2>")]));

    [Fact]
    public void Ancestors_that_a_client_dropped_come_back_from_the_store() =>
        Assert.Equal(["<1>", "<2>", "<3>", "<4>"], ReferenceChain.Build("<4>", [Link("<1>", 1), Link("<2>", 2, "<1>", "<1>"), Link("<3>", 3, "<2>"), Link("<4>", 4, "<3>")]));

    [Fact]
    public void A_message_without_any_reference_follows_what_it_was_resolved_to() =>
        Assert.Equal(["<1>", "<2>", "<3>"], ReferenceChain.Build("<3>", [Link("<1>", 1), Link("<2>", 2, "<1>"), new ThreadLink("<3>", null, [], "<2>", 3)]));

    [Fact]
    public void A_message_that_joined_by_its_subject_follows_the_first() =>
        Assert.Equal(["<1>", "<3>"], ReferenceChain.Build("<3>", [Link("<1>", 1), Link("<2>", 2, "<1>"), Link("<3>", 3)]));

    [Fact]
    public void Ids_that_nobody_here_knows_stay_in_their_place() =>
        Assert.Equal(["<0>", "<1>", "<2>"], ReferenceChain.Build("<2>", [Link("<2>", 2, "<1>", "<0>", "<1>")]));

    [Fact]
    public void A_circle_ends() => Assert.Equal(["<2>", "<1>"], ReferenceChain.Build("<1>", [Link("<1>", 1, "<2>"), Link("<2>", 2, "<1>")]));

    [Fact]
    public void The_wire_has_the_root_and_the_newest()
    {
        var chain = Enumerable.Range(1, 120).Select(i => $"<{i}>").ToList();
        var wire = ReferenceChain.Trim(chain, 50);
        Assert.Equal((51, "<1>", "<71>", "<120>"), (wire.Count, wire[0], wire[1], wire[^1]));
        Assert.Equal(chain.Take(51), ReferenceChain.Trim([.. chain.Take(51)], 50));
    }

    private static ThreadLink Link(string id, long at, string? inReplyTo = null, params string[] references) => new(id, inReplyTo, references, null, at);
}
