using System.Text;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Tests.Mime;

public sealed class HeaderListTests
{
    private static HeaderList Parse(string text) => HeaderList.Parse(Encoding.Latin1.GetBytes(text));

    [Fact]
    public void Fields_are_found_without_regard_to_case_and_in_their_order()
    {
        var headers = Parse("Received: one\r\nSUBJECT: =?utf-8?q?a?=\r\n b\r\nreceived: two\r\n\r\nSubject: body\r\n");
        Assert.Equal(3, headers.Count);
        Assert.Equal("a b", headers.Value("Subject"));
        Assert.Equal("=?utf-8?q?a?= b", headers.First("subject")!.Value.Text);
        Assert.Equal(["one", "two"], headers.All("Received").Select(f => f.Value));
        Assert.Equal("two", headers.Last("Received")!.Value.Value);
        Assert.Null(headers.First("Subjec"));
        Assert.Equal(MimeDefects.None, headers.Defects);
    }

    [Fact]
    public void A_field_is_a_range_of_the_raw_bytes()
    {
        const string text = "A: 1\r\nBb : 2\r\n\tx\r\n\r\nbody";
        var field = Parse(text)[1];
        Assert.Equal("Bb", field.Name);
        Assert.Equal("Bb : 2\r\n\tx\r\n", text.Substring(field.Offset, field.Length));
        Assert.Equal(" 2\r\n\tx\r\n", Encoding.Latin1.GetString(field.RawValue.Span));
        Assert.Equal("body", text[Parse(text).BodyOffset..]);
    }

    [Fact]
    public void Lf_alone_ends_lines_too() => Assert.Equal("body", "A: 1\nB: 2\n\nbody"[Parse("A: 1\nB: 2\n\nbody").BodyOffset..]);

    [Fact]
    public void An_mbox_line_before_the_header_is_passed_over()
    {
        var headers = Parse("From ann@x.test Sat Nov 21 09:00:00 2026\r\nSubject: a\r\n\r\n");
        Assert.Equal("a", headers.Value("Subject"));
        Assert.True(headers.Defects.HasFlag(MimeDefects.MboxLine));
    }

    [Fact]
    public void A_line_that_was_not_folded_belongs_to_the_field_before_it_when_fields_follow()
    {
        var headers = Parse("Subject: a long\r\nsubject, continued\r\nTo: b@x.test\r\n\r\nbody");
        Assert.Equal("a long subject, continued", headers.Value("Subject"));
        Assert.True(headers.Contains("To"));
        Assert.True(headers.Defects.HasFlag(MimeDefects.UnfoldedHeader));
    }

    [Fact]
    public void A_line_that_is_no_field_begins_the_body_when_none_follows()
    {
        const string text = "Subject: a\r\nHello Bob,\r\nhow are you?\r\n\r\nTo: be or not";
        var headers = Parse(text);
        Assert.Equal("Hello", text[headers.BodyOffset..][..5]);
        Assert.True(headers.Defects.HasFlag(MimeDefects.MissingHeaderEnd));
    }

    [Fact]
    public void Text_without_any_header_is_all_body()
    {
        Assert.Equal(0, Parse("Hello Bob\r\nHow are you?\r\n").BodyOffset);
        Assert.Equal(2, Parse("\r\nSubject: a\r\n").BodyOffset);
        Assert.Equal(0, Parse("").BodyOffset);
    }

    [Fact]
    public void A_part_whose_header_runs_into_the_delimiter_has_no_body()
    {
        var message = MimeMessage.Parse("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n--b\r\n\r\nx\r\n--b--\r\n"u8.ToArray());
        Assert.Equal(2, message.Root.Children.Count);
        Assert.Equal(0, message.Root.Children[0].BodyLength);
        Assert.Equal("text/html", message.Root.Children[0].ContentType.MediaType);
        Assert.Equal("x", message.Root.Children[1].DecodeText());
    }

    [Fact]
    public void Cr_alone_ends_lines_where_there_is_no_lf_at_all()
    {
        var message = MimeMessage.Parse("Subject: a\rContent-Type: multipart/mixed; boundary=b\r\r--b\r\rone\r--b--\r"u8.ToArray());
        Assert.Equal("a", message.Headers.Value("Subject"));
        Assert.Equal("one", Assert.Single(message.Root.Children).DecodeText());
        Assert.True(message.Defects.HasFlag(MimeDefects.BareCarriageReturns));
    }
}
