using AgentMta.Protocol.Addresses;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;

namespace AgentMta.Server.Tests.Outbound;

public sealed class ReplyRulesTests
{
    private const string Own = "agent@agentmta.test";

    [Fact]
    public void A_reply_goes_to_reply_to_where_there_is_one() =>
        Assert.Equal("To: list@x.test", Show(ReplyRules.Recipients(SubmissionKind.Reply, Target(replyTo: ["List <list@x.test>"]), Own, null, null, null)));

    [Fact]
    public void A_reply_to_our_own_message_goes_to_its_recipients() =>
        Assert.Equal("To: bob@x.test", Show(ReplyRules.Recipients(SubmissionKind.Reply, Target(from: Own, to: ["bob@x.test"], direction: MessageDirection.Out), Own, null, null, null)));

    [Fact]
    public void A_reply_to_all_has_everyone_once_and_not_ourselves() =>
        Assert.Equal(
            "To: ann@x.test bob@x.test Cc: cid@x.test",
            Show(ReplyRules.Recipients(SubmissionKind.ReplyAll, Target(to: [Own, "bob@x.test", "Ann@x.test"], cc: ["cid@x.test", "BOB@x.test", "Agent <Agent@AgentMta.test>"]), Own, null, null, null)));

    [Fact]
    public void A_tagged_address_of_ours_is_ourselves() =>
        Assert.Equal(
            "To: ann@x.test agent+x@x.test agents+x@agentmta.test",
            Show(ReplyRules.Recipients(SubmissionKind.ReplyAll, Target(to: ["agent+orders@agentmta.test", "agent+x@x.test", "agents+x@agentmta.test"]), Own, null, null, null)));

    [Fact]
    public void What_the_caller_gives_wins_for_to_and_is_added_for_the_rest() =>
        Assert.Equal("To: eve@x.test Cc: cid@x.test Bcc: dan@x.test", Show(ReplyRules.Recipients(SubmissionKind.Reply, Target(), Own, [A("eve@x.test")], [A("cid@x.test")], [A("dan@x.test")])));

    [Fact]
    public void A_reply_to_ourselves_has_nobody() => Assert.Equal("", Show(ReplyRules.Recipients(SubmissionKind.Reply, Target(from: Own), Own, null, null, null)));

    [Theory]
    [InlineData("Hello", "Re: Hello")]
    [InlineData("RE: Hello", "RE: Hello")]
    [InlineData(null, "Re: ")]
    public void The_prefix_of_a_reply_is_written_once(string? subject, string expected) => Assert.Equal(expected, ReplyRules.ReplySubject(subject));

    [Theory]
    [InlineData("Doe, John <john@x.test>", "Doe, John", "john@x.test")]
    [InlineData("\"Doe, John\" <john@x.test>", "Doe, John", "john@x.test")]
    [InlineData("john@x.test", "", "john@x.test")]
    [InlineData("<john@x.test>", "", "john@x.test")]
    public void Addresses_are_read_as_the_api_writes_them(string text, string name, string address)
    {
        var parsed = AddressText.Parse(text)!;
        Assert.Equal((name, address), (parsed.DisplayName, parsed.Address));
    }

    private static MailAddress A(string address) => AddressText.Parse(address)!;

    private static TargetMessage Target(string from = "Ann <ann@x.test>", string[]? to = null, string[]? cc = null, string[]? replyTo = null, MessageDirection direction = MessageDirection.In) =>
        new("k", "<1@x.test>", "t", "r", direction, default, from, to ?? [Own], cc ?? [], replyTo ?? [], "Hello", false);

    private static string Show(RecipientSet set)
    {
        var parts = new List<string>();
        foreach (var (name, list) in new[] { ("To:", set.To), ("Cc:", set.Cc), ("Bcc:", set.Bcc) })
        {
            if (list.Count > 0)
                parts.Add($"{name} {string.Join(' ', list.Select(a => a.Address))}");
        }

        return string.Join(' ', parts);
    }
}
