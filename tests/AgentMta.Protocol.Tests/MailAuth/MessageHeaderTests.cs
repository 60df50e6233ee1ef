using System.Text;
using AgentMta.Protocol.MailAuth;

namespace AgentMta.Protocol.Tests.MailAuth;

public sealed class MessageHeaderTests
{
    [Fact]
    public void Fields_are_ranges_with_their_folds_and_line_ends()
    {
        var header = Read("From: a\r\nSubject : b\r\n\tc\r\n\r\nbody");
        Assert.Equal(["From", "Subject"], header.Fields.Select(f => Encoding.ASCII.GetString(header.Name(f))));
        Assert.Equal([" a\r\n", " b\r\n\tc\r\n"], header.Fields.Select(f => Encoding.ASCII.GetString(header.Value(f).Span)));
        Assert.Equal("body", Encoding.ASCII.GetString(header.Body.Span));
    }

    [Theory]
    [InlineData("From: a\n\nbody", 1, "body")]
    [InlineData("From: a\r\n\nbody", 1, "body")]
    [InlineData("From: a\r\n", 1, "")]
    [InlineData("From: a", 1, "")]
    [InlineData("", 0, "")]
    [InlineData("\r\nbody", 0, "body")]
    [InlineData("From: a\r\n \r\nTo: b\r\n\r\nbody", 2, "body")]
    [InlineData("From: a\rb\r\n\r\nbody", 1, "body")]
    public void Any_line_feed_ends_a_line_and_only_an_empty_line_ends_the_header(string message, int fields, string body)
    {
        var header = Read(message);
        Assert.Equal(fields, header.Fields.Count);
        Assert.Equal(body, Encoding.ASCII.GetString(header.Body.Span));
    }

    [Theory]
    [InlineData("no colon\r\n")]
    [InlineData(": no name\r\n")]
    [InlineData("two words: x\r\n")]
    [InlineData("Grüße: x\r\n")]
    [InlineData(" starts with white space\r\n")]
    public void A_line_that_is_no_field_has_no_name_and_ends_nothing(string line)
    {
        var header = Read(line + "From: a\r\n\r\nbody");
        Assert.Equal(0, header.Fields[0].NameLength);
        Assert.Equal("From", Encoding.ASCII.GetString(header.Name(header.Fields[1])));
    }

    [Fact]
    public void Fields_of_one_name_are_found_from_the_bottom_in_any_case()
    {
        var header = Read("Received: 1\r\nFrom: a\r\nRECEIVED: 2\r\nreceived : 3\r\nReceived2: no\r\n\r\n");
        Assert.Equal([3, 2, 0], header.FromBottom("received"));
        Assert.Equal([3, 2, 0], header.FromBottom("ReceiveD"));
        Assert.Equal(0, header.FromBottom("receive").Count);
        Assert.Equal(0, header.FromBottom("").Count);
    }

    [Fact]
    public void A_header_beyond_all_bounds_says_so()
    {
        Assert.Null(Read(string.Concat(Enumerable.Repeat("a: b\r\n", MessageHeader.MaxFields))).Fault);
        var header = Read(string.Concat(Enumerable.Repeat("a: b\r\n", MessageHeader.MaxFields + 1)) + "\r\nbody");
        Assert.Contains("more than", header.Fault, StringComparison.Ordinal);
        Assert.Equal(MessageHeader.MaxFields, header.Fields.Count);
        Assert.Equal("body", Encoding.ASCII.GetString(header.Body.Span));
        Assert.Contains("longer", Read("a: " + new string('x', MessageHeader.MaxOctets) + "\r\n\r\n").Fault, StringComparison.Ordinal);
    }

    private static MessageHeader Read(string message) => MessageHeader.Read(Encoding.UTF8.GetBytes(message));
}
