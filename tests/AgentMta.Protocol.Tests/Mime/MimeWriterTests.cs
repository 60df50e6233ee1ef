using System.Text;
using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Tests.Mime;

public sealed class MimeWriterTests
{
    private static readonly OutgoingMessage Plain = new()
    {
        From = new MailAddress("Ann Smith", "ann", "x.test"),
        To = [new MailAddress("", "bob", "y.test")],
        Subject = "Hello",
        Date = new DateTimeOffset(2026, 11, 21, 9, 5, 7, TimeSpan.FromHours(-3.5)),
        MessageId = "<1@x.test>",
        Text = "Hi\n",
    };

    private static string Text(OutgoingMessage message) => Encoding.Latin1.GetString(MimeWriter.Write(message, "seed"));

    [Fact]
    public void A_plain_message_is_plain()
    {
        Assert.Equal(
            "From: Ann Smith <ann@x.test>\r\nTo: bob@y.test\r\nSubject: Hello\r\nDate: Sat, 21 Nov 2026 09:05:07 -0330\r\nMessage-ID: <1@x.test>\r\n"
            + "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHi\r\n",
            Text(Plain));
    }

    [Fact]
    public void The_same_input_and_seed_give_the_same_bytes()
    {
        var message = Plain with { Html = "<p>Hi</p>", Attachments = [new OutgoingAttachment("a.bin", "application/x-a", new byte[100])] };
        Assert.Equal(Text(message), Text(message));
        Assert.NotEqual(Text(message), Encoding.Latin1.GetString(MimeWriter.Write(message, "another")));
    }

    [Fact]
    public void Bodies_files_and_inline_images_nest_as_clients_expect()
    {
        var message = MimeMessage.Parse(MimeWriter.Write(Plain with
        {
            Html = "<img src=\"cid:pic@x\">",
            Attachments = [new OutgoingAttachment("pic.png", "image/png", new byte[] { 1, 2 }, "pic@x", Inline: true), new OutgoingAttachment("b.pdf", "application/pdf", new byte[] { 3 })],
        }, "s"));
        Assert.Equal(MimeDefects.None, message.Defects);
        Assert.Equal(
            ["multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "application/pdf"],
            message.Parts().Select(p => p.ContentType.MediaType));
        var content = MessageContent.Read(message);
        Assert.True(content.Attachments[0].Inline);
        Assert.Equal("pic@x", content.Attachments[0].FileName);
        Assert.False(content.Attachments[1].Inline);
    }

    [Theory]
    [InlineData("a\r\nBcc: evil@x.test")]
    [InlineData("a\nBcc: evil@x.test\n\nbody")]
    [InlineData("a\0b\r\n\r\n")]
    [InlineData("=?utf-8?q?a=0D=0ABcc:_evil?=")]
    public void No_value_begins_a_field_of_its_own(string value)
    {
        var message = Plain with
        {
            From = new MailAddress(value, "ann", "x.test"),
            Subject = value,
            ExtraHeaders = [("X-A", value)],
            Attachments = [new OutgoingAttachment(value, "text/x; a=" + value, new byte[1], value)],
        };
        var parsed = MimeMessage.Parse(MimeWriter.Write(message, "s"));
        Assert.DoesNotContain(parsed.Parts(), p => p.Headers.Contains("Bcc"));
        Assert.Equal(8, parsed.Headers.Count);
    }

    [Theory]
    [InlineData("<a b@x.test>")]
    [InlineData("a@x.test")]
    [InlineData("<a@x.test>\r\nBcc: b")]
    [InlineData("")]
    public void What_is_no_message_id_is_refused(string id) =>
        Assert.Throws<ArgumentException>(() => MimeWriter.Write(Plain with { MessageId = id }, "s"));

    [Theory]
    [InlineData("Bcc")]
    [InlineData("Content-Type")]
    [InlineData("X A")]
    [InlineData("X:A")]
    [InlineData("X\r\nY")]
    public void Fields_of_the_writers_own_and_bad_names_are_refused(string name) =>
        Assert.Throws<ArgumentException>(() => MimeWriter.Write(Plain with { ExtraHeaders = [(name, "v")] }, "s"));

    [Fact]
    public void What_is_no_address_is_refused() =>
        Assert.Throws<ArgumentException>(() => MimeWriter.Write(Plain with { To = [new MailAddress("", "a", "x.test\r\nBcc: b")] }, "s"));

    [Fact]
    public void Long_lines_and_8_bit_text_go_as_quoted_printable_or_base64()
    {
        Assert.Contains("Content-Transfer-Encoding: quoted-printable", Text(Plain with { Text = "Grüße an alle Freunde in der ganzen weiten Welt" }), StringComparison.Ordinal);
        Assert.Contains("Content-Transfer-Encoding: base64", Text(Plain with { Text = "これは日本語です" }), StringComparison.Ordinal);
        var wide = Text(Plain with { Text = new string('x', 2000) });
        Assert.All(wide.Split("\r\n"), line => Assert.True(line.Length <= 76));
        Assert.Equal(new string('x', 2000), MessageContent.Read(MimeMessage.Parse(Encoding.Latin1.GetBytes(wide))).Text.TrimEnd());
    }

    [Fact]
    public void Long_address_lists_and_references_are_folded()
    {
        var message = Plain with
        {
            To = [.. Enumerable.Range(0, 100).Select(i => new MailAddress($"Person {i}, Jr.", "p" + i, "example.test"))],
            References = [.. Enumerable.Range(0, 51).Select(i => $"<{i}.{new string('a', 40)}@example.test>")],
        };
        var bytes = MimeWriter.Write(message, "s");
        Assert.All(Encoding.Latin1.GetString(bytes).Split("\r\n"), line => Assert.True(line.Length <= 76));
        var content = MessageContent.Read(MimeMessage.Parse(bytes));
        Assert.Equal(message.To, content.To);
        Assert.Equal(message.References, content.References);
    }

    [Fact]
    public void A_message_goes_as_a_message_when_it_is_7bit_and_as_a_file_when_not()
    {
        var seven = MessageContent.Read(MimeMessage.Parse(MimeWriter.Write(Plain with { Attachments = [new OutgoingAttachment("m.eml", "message/rfc822", "Subject: a\r\n\r\nb\r\n"u8.ToArray())] }, "s")));
        Assert.True(seven.Attachments.Single().IsMessage);
        var eight = MessageContent.Read(MimeMessage.Parse(MimeWriter.Write(Plain with { Attachments = [new OutgoingAttachment("m.eml", "message/rfc822", "Subject: ä\r\n\r\nb\r\n"u8.ToArray())] }, "s")));
        Assert.Equal("application/octet-stream", eight.Attachments.Single().ContentType);
    }

    [Fact]
    public void A_boundary_avoids_the_text_of_a_body()
    {
        var boundary = MimeWriter.Boundary("s", 0);
        var message = Plain with { Text = "--" + boundary + "--\nx", Html = "<p>" };
        var content = MessageContent.Read(MimeMessage.Parse(MimeWriter.Write(message, "s")));
        Assert.Equal(message.Text, content.Text);
    }

    [Fact]
    public void A_calendar_keeps_its_method()
    {
        var message = MimeMessage.Parse(MimeWriter.Write(Plain with { Attachments = [new OutgoingAttachment("i.ics", "text/calendar; method=REQUEST", "BEGIN:VCALENDAR"u8.ToArray())] }, "s"));
        Assert.Equal("REQUEST", message.Root.Children[1].ContentType.Parameter("method"));
        Assert.Equal("utf-8", message.Root.Children[1].ContentType.Charset);
    }

    [Fact]
    public void An_internationalised_domain_goes_as_a_labels_unless_the_local_part_needs_smtputf8()
    {
        Assert.Contains("To: bob@xn--bcher-kva.test\r\n", Text(Plain with { To = [new MailAddress("", "bob", "bücher.test")] }), StringComparison.Ordinal);
        Assert.False((Plain with { To = [new MailAddress("", "bob", "bücher.test")] }).NeedsSmtpUtf8);
        Assert.True((Plain with { To = [new MailAddress("", "jürgen", "x.test")] }).NeedsSmtpUtf8);
    }
}
