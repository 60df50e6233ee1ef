using System.Buffers;
using System.Text;
using AgentMta.Protocol.Smtp;
using AgentMta.Protocol.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace AgentMta.Protocol.Tests.Smtp;

public sealed class SmtpReplyTests
{
    [Theory]
    [InlineData(250, "2.0.0", "Ok", "250 2.0.0 Ok\r\n")]
    [InlineData(250, null, "a\nb\nc", "250-a\r\n250-b\r\n250 c\r\n")]
    [InlineData(550, "5.7.1", "No\nbecause", "550-5.7.1 No\r\n550 5.7.1 because\r\n")]
    [InlineData(550, "5.7.1", "a\rb\u00e9\0", "550 5.7.1 a?b??\r\n")]
    [InlineData(334, null, "", "334 \r\n")]
    public void Replies_are_written_with_the_status_on_each_line(int code, string? status, string text, string expected) =>
        Assert.Equal(expected, Encoding.ASCII.GetString(SmtpReplyWriter.Encode(new SmtpReply(code, status, text))));

    [Fact]
    public void Long_text_is_wrapped()
    {
        var lines = Encoding.ASCII.GetString(SmtpReplyWriter.Encode(new SmtpReply(550, "5.7.1", string.Concat(Enumerable.Repeat("word ", 300)) + new string('x', 2000)))).Split("\r\n");
        Assert.All(lines[..^1], l => Assert.InRange(l.Length, 10, 510));
        Assert.All(lines[..^2], l => Assert.StartsWith("550-5.7.1 ", l, StringComparison.Ordinal));
        Assert.StartsWith("550 5.7.1 ", lines[^2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("250 2.0.0 Ok\r\n", 250, "2.0.0", "Ok")]
    [InlineData("250 Ok\n", 250, null, "Ok")]
    [InlineData("250\r\n", 250, null, "")]
    [InlineData("250-a.test\r\n250-SIZE 1\r\n250 HELP\r\n", 250, null, "a.test\nSIZE 1\nHELP")]
    [InlineData("550-5.1.1 No\r\n550 5.1.1 such user\r\n", 550, "5.1.1", "No\nsuch user")]
    [InlineData("550-5.1.1 No\r\n550 such user\r\n", 550, "5.1.1", "No\nsuch user")]
    [InlineData("220 5.1.1 is no status here\r\n", 220, null, "5.1.1 is no status here")]
    [InlineData("250 10.1.1.1\r\n", 250, null, "10.1.1.1")]
    [InlineData("354 2.0.0 go\r\n", 354, null, "2.0.0 go")]
    [InlineData("250 2.7.123456 x\r\n", 250, null, "2.7.123456 x")]
    [InlineData("450 a\u001b[2Jb\r\n", 450, null, "a?[2Jb")]
    public void Replies_are_read(string wire, int code, string? status, string text)
    {
        var buffer = Sequence(wire + "rest");
        Assert.True(SmtpReplyParser.TryParse(ref buffer, out var reply));
        Assert.Equal((code, status, text), (reply.Code, reply.EnhancedStatus, reply.Text));
        Assert.Equal("rest", Encoding.Latin1.GetString(buffer.ToArray()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("250 O")]
    [InlineData("250-a\r\n")]
    [InlineData("250-a\r\n250")]
    public void Half_a_reply_waits_for_the_rest(string wire)
    {
        var buffer = Sequence(wire);
        Assert.False(SmtpReplyParser.TryParse(ref buffer, out _));
        Assert.Equal(wire.Length, buffer.Length);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad\r\n")]
    [InlineData("250-a\r\n550 b\r\n")]
    [InlineData("25\r\n")]
    [InlineData("2500 x\r\n")]
    [InlineData("650 x\r\n")]
    [InlineData("\r\n")]
    public void What_is_no_reply_is_malformed(string wire)
    {
        var buffer = Sequence(wire);
        Assert.True(SmtpReplyParser.TryParse(ref buffer, out var reply));
        Assert.Same(SmtpReplyParser.Malformed, reply);
        Assert.False(reply.IsPositive || reply.IsTransient || reply.IsPermanent);
    }

    [Fact]
    public void Endless_replies_are_malformed()
    {
        foreach (var wire in new[] { string.Concat(Enumerable.Repeat("250-x\r\n", 300)), "250-" + new string('x', 70_000), "250 " + new string('x', 70_000) + "\r\n" })
        {
            var buffer = Sequence(wire);
            Assert.True(SmtpReplyParser.TryParse(ref buffer, out var reply));
            Assert.Same(SmtpReplyParser.Malformed, reply);
        }
    }

    [Fact]
    public void Whatever_is_written_is_read_again()
    {
        var replies = from code in Gen.Choose(200, 599)
                      from status in Gen.Elements(0, 1)
                      from lines in Gen.Elements("Ok", "no such user", "a-b", "x").NonEmptyListOf()
                      select new SmtpReply(code, status == 0 || code / 100 == 3 ? null : $"{code / 100}.1.2", string.Join('\n', lines));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(1000)), Prop.ForAll(replies.Where(r => r.Text.Split('\n').Length < 200).ToArbitrary(), reply =>
        {
            var buffer = new ReadOnlySequence<byte>(SmtpReplyWriter.Encode(reply));
            return SmtpReplyParser.TryParse(ref buffer, out var read) && read == reply && buffer.IsEmpty;
        }));
    }

    [Fact]
    public void No_octets_make_it_throw()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(FuzzRounds.Of(2000)), Prop.ForAll<byte[], bool>((octets, prefixed) =>
        {
            var buffer = new ReadOnlySequence<byte>(prefixed ? [.. "250-"u8, .. octets, (byte)'\n'] : octets);
            var before = buffer.Length;
            return SmtpReplyParser.TryParse(ref buffer, out var reply) ? reply is not null : buffer.Length == before;
        }));
    }

    private static ReadOnlySequence<byte> Sequence(string text) => new(Encoding.Latin1.GetBytes(text));
}
