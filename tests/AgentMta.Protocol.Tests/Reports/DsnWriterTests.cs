using System.Text;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Reports;

namespace AgentMta.Protocol.Tests.Reports;

public sealed class DsnWriterTests
{
    private static readonly DsnContent Content = new()
    {
        From = "mailer-daemon@us.test",
        To = "ann@us.test",
        MessageId = "<1@us.test>",
        Date = new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.FromHours(2)),
        ReportingMta = "mx.us.test",
        EnvelopeId = "QQ314159",
        Original = Encoding.ASCII.GetBytes("From: ann@us.test\r\nMessage-ID: <orig@us.test>\r\nSubject: Hi\r\n\r\nsecret body\r\n"),
        Recipients =
        [
            new ReportRecipient("bob@x.test", "b+ob=1@x.test", "failed", "5.1.1", BounceClass.Hard, BounceCause.Recipient, "550 5.1.1 no such user\r\nSubject: injected", "mx.x.test"),
            new ReportRecipient("eve@x.test", null, "delayed", "4.4.1", BounceClass.Soft, BounceCause.Infrastructure, null, null),
        ],
    };

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        var report = ReportReader.Read(MimeMessage.Parse(DsnWriter.Write(Content)))!;
        Assert.Equal(ReportKind.Dsn, report.Kind);
        Assert.Equal("<orig@us.test>", report.OriginalMessageId);
        Assert.Equal("QQ314159", report.OriginalEnvelopeId);
        Assert.Equal("mx.us.test", report.ReportingMta);
        Assert.Equal(
            [("bob@x.test", "b+ob=1@x.test", "failed", "5.1.1", BounceClass.Hard, BounceCause.Recipient), ("eve@x.test", null, "delayed", "4.4.1", BounceClass.Soft, BounceCause.Infrastructure)],
            report.Recipients.Select(r => (r.Address, r.OriginalRecipient, r.Action!, r.Status!, r.Class!.Value, r.Cause)));
    }

    [Fact]
    public void Only_the_header_of_the_original_goes_back_and_no_line_breaks_of_a_server()
    {
        var text = Encoding.UTF8.GetString(DsnWriter.Write(Content));
        Assert.Contains("Subject: Hi\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret body", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\nSubject: injected", text, StringComparison.Ordinal);
        Assert.Contains("Date: Sun, 01 Mar 2026 10:00:00 +0200\r\n", text, StringComparison.Ordinal);
        Assert.Contains("Original-Recipient: rfc822; b+2Bob+3D1@x.test\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text.Replace("\r\n", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Addresses_beyond_ascii_make_it_an_international_report()
    {
        var content = Content with { Recipients = [new ReportRecipient("用户@例子.test", null, "failed", "5.1.1", BounceClass.Hard, BounceCause.Recipient, null, null)] };
        var written = DsnWriter.Write(content);
        Assert.Contains("message/global-delivery-status", Encoding.UTF8.GetString(written), StringComparison.Ordinal);
        Assert.Equal("用户@例子.test", Assert.Single(ReportReader.Read(MimeMessage.Parse(written))!.Recipients).Address);
    }
}
