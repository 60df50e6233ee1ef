using System.Text;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Tests.Mime;

public sealed class MimeParserTests
{
    private static MimeMessage Parse(string text) => MimeMessage.Parse(Encoding.Latin1.GetBytes(text));

    [Fact]
    public void Parts_are_ranges_of_the_raw_message()
    {
        var text = "Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\ntwo\r\n--b--\r\npost\r\n";
        var message = Parse(text);
        Assert.Equal(2, message.Root.Children.Count);
        Assert.Equal("one", message.Root.Children[0].DecodeText());
        Assert.Equal("two", text.Substring(message.Root.Children[1].BodyOffset, message.Root.Children[1].BodyLength));
        Assert.Equal("text/html", message.Root.Children[1].ContentType.MediaType);
        Assert.Equal(MimeDefects.None, message.Defects);
    }

    [Fact]
    public void An_outer_delimiter_ends_the_inner_multipart_that_has_no_end()
    {
        var message = Parse("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\na\n--o\n\nb\n--o--\n");
        Assert.Equal(2, message.Root.Children.Count);
        Assert.Equal("a", message.Root.Children[0].Children.Single().DecodeText());
        Assert.Equal("b", message.Root.Children[1].DecodeText());
        Assert.True(message.Defects.HasFlag(MimeDefects.MissingEndBoundary));
    }

    [Fact]
    public void A_boundary_that_begins_like_another_is_not_that_one()
    {
        var message = Parse("Content-Type: multipart/mixed; boundary=foo\r\n\r\n--foo\r\nContent-Type: multipart/alternative; boundary=foobar\r\n\r\n--foobar\r\n\r\na\r\n--foobar--\r\n--foo\r\n\r\nb\r\n--foo--\r\n");
        Assert.Equal(2, message.Root.Children.Count);
        Assert.Equal("a", message.Root.Children[0].Children.Single().DecodeText());
    }

    [Fact]
    public void Base64_and_quoted_printable_are_decoded()
    {
        var message = Parse("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVs\r\nbG8=\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr=C3=BC=C3=9Fe =\r\nan alle  \r\nZ\r\n--b--");
        Assert.Equal("Hello", message.Root.Children[0].DecodeText());
        Assert.Equal(5, message.Root.Children[0].DecodedSize());
        Assert.Equal("Grüße an alle\r\nZ", message.Root.Children[1].DecodeText());
    }

    [Fact]
    public void Past_the_limit_of_parts_the_rest_is_one_opaque_part()
    {
        var text = new StringBuilder("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
        for (var i = 0; i < 50; i++)
            text.Append("--b\r\n\r\n").Append(i).Append("\r\n");
        var message = MimeMessage.Parse(Encoding.ASCII.GetBytes(text.ToString()), new MimeLimits(MaxParts: 10));
        Assert.Equal(11, message.PartCount);
        Assert.True(message.Defects.HasFlag(MimeDefects.TooManyParts));
        var rest = message.Root.Children[^1];
        Assert.Equal("application/octet-stream", rest.ContentType.MediaType);
        Assert.Equal(text.Length, rest.BodyOffset + rest.BodyLength);
    }

    [Fact]
    public void Past_the_limit_of_depth_a_multipart_is_a_leaf()
    {
        var text = new StringBuilder();
        for (var i = 0; i < 60; i++)
            text.Append($"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n");
        var message = Parse(text.ToString());
        Assert.True(message.Defects.HasFlag(MimeDefects.TooDeep));
        Assert.Equal(51, message.PartCount);
    }

    [Theory]
    [InlineData("Content-Type: multipart/mixed")]
    [InlineData("Content-Type: multipart/mixed; boundary=other")]
    public void A_missing_or_wrong_boundary_is_read_off_the_body(string header)
    {
        var message = Parse(header + "\r\n\r\npreamble\r\n--real_one\r\nContent-Type: text/plain\r\n\r\na\r\n--real_one\r\nContent-Type: text/html\r\n\r\nb\r\n--real_one--\r\n");
        Assert.Equal(["a", "b"], message.Root.Children.Select(c => c.DecodeText()));
        Assert.NotEqual(MimeDefects.None, message.Defects & (MimeDefects.MissingBoundary | MimeDefects.BoundaryNeverSeen));
    }

    [Fact]
    public void Nested_multiparts_with_the_same_boundary_close_from_the_inside()
    {
        var message = Parse("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nin\n--b--\n--b\n\nout\n--b--\n");
        Assert.Equal("in", message.Root.Children[0].Children.Single().DecodeText());
        Assert.Equal("out", message.Root.Children[1].DecodeText());
    }

    [Fact]
    public void A_byte_order_mark_before_the_header_is_passed_over() =>
        Assert.Equal("a", MimeMessage.Parse("\ufeffSubject: a\r\n\r\n"u8.ToArray()).Headers.Value("Subject"));

    [Fact]
    public void Text_that_is_labelled_base64_and_is_not_is_read_as_it_stands()
    {
        Assert.Equal("plain words, not digits", Parse("Content-Transfer-Encoding: base64\r\n\r\nplain words, not digits").Root.DecodeText(out var defects));
        Assert.True(defects.HasFlag(MimeDefects.BadBase64));
    }

    [Fact]
    public void A_header_without_end_stops_at_the_limit()
    {
        var headers = HeaderList.Parse(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("X-A: b\r\n", 1000))), maxHeaderBytes: 100);
        Assert.Equal(12, headers.Count);
        Assert.True(headers.Defects.HasFlag(MimeDefects.TooMuchHeader));
    }
}
