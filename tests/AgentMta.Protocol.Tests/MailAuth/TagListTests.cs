using System.Text;
using AgentMta.Protocol.MailAuth;

namespace AgentMta.Protocol.Tests.MailAuth;

public sealed class TagListTests
{
    [Fact]
    public void Values_lose_the_white_space_around_them_and_keep_what_is_within()
    {
        var list = Parse(" a = 1 ;\r\n\tb=x\r\n y=z ;c=; ")!;
        Assert.Equal("1", Value(list, "a"));
        Assert.Equal("x\r\n y=z", Value(list, "b"));
        Assert.Equal("", Value(list, "c"));
        Assert.Null(Value(list, "d"));
    }

    [Theory]
    [InlineData("", "no tag")]
    [InlineData("  \r\n", "empty tag")]
    [InlineData("a=1;;b=2", "empty tag")]
    [InlineData(";a=1", "empty tag")]
    [InlineData("a=1; ;", "empty tag")]
    [InlineData("a", "without")]
    [InlineData("a=1;b", "without")]
    [InlineData("=1", "letters")]
    [InlineData("1a=1", "letters")]
    [InlineData("a b=1", "letters")]
    [InlineData("a=1;a=2", "twice")]
    public void What_breaks_the_syntax_is_told(string text, string reason)
    {
        Assert.Null(TagList.Parse(Encoding.ASCII.GetBytes(text), out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_differ_by_case()
    {
        var list = Parse("a=1;A=2")!;
        Assert.Equal("1", Value(list, "a"));
        Assert.Equal("2", Value(list, "A"));
    }

    [Fact]
    public void A_list_of_more_than_a_hundred_tags_is_refused()
    {
        Assert.NotNull(Parse(string.Join(';', Enumerable.Range(0, 100).Select(i => $"t{i}=1"))));
        Assert.Null(Parse(string.Join(';', Enumerable.Range(0, 101).Select(i => $"t{i}=1"))));
    }

    [Fact]
    public void The_whole_value_reaches_from_the_equals_sign_to_the_semicolon()
    {
        const string Text = "a=1; b = x y \r\n ; c=2";
        var (start, end) = Parse(Text)!.WholeValue("b"u8);
        Assert.Equal(" x y \r\n ", Text[start..end]);
    }

    private static TagList? Parse(string text) => TagList.Parse(Encoding.ASCII.GetBytes(text), out _);

    private static string? Value(TagList list, string name) => list.TryGet(Encoding.ASCII.GetBytes(name), out var value) ? Encoding.ASCII.GetString(value) : null;
}
