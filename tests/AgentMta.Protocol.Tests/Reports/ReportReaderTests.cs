using System.Text;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Reports;

namespace AgentMta.Protocol.Tests.Reports;

public sealed class ReportReaderTests
{
    private static MailReport? Read(string message) => ReportReader.Read(MimeMessage.Parse(Encoding.UTF8.GetBytes(message.ReplaceLineEndings("\r\n"))));

    private static string Report(string type, string fields, string words = "") => $"""
        From: Mail System <mailer-daemon@mx.test>
        To: ann@us.test
        Subject: Report
        MIME-Version: 1.0
        Content-Type: multipart/report; boundary=b

        --b
        Content-Type: text/plain

        {words}
        --b
        Content-Type: {type}

        {fields}
        --b
        Content-Type: message/rfc822

        Message-ID: <orig@us.test>
        To: bob@x.test

        Hello
        --b--
        """;

    private static string Prose(string words, string head = "") => $"{head}From: MAILER-DAEMON@mx.test\nTo: ann@us.test\nSubject: failure notice\n\n{words}";

    [Theory]
    [InlineData("5.1.1", "smtp; 550 5.1.1 user unknown", BounceClass.Hard, BounceCause.Recipient)]
    [InlineData("5.0.0", "smtp; 550 No such user here", BounceClass.Hard, BounceCause.Recipient)]
    [InlineData("5.1.2", null, BounceClass.Hard, BounceCause.Recipient)]
    [InlineData("5.2.2", "smtp; 552 5.2.2 mailbox is over quota", BounceClass.Soft, BounceCause.MailboxFull)]
    [InlineData("4.2.2", null, BounceClass.Soft, BounceCause.MailboxFull)]
    [InlineData("5.7.1", "smtp; 554 5.7.1 blocked using a blocklist", BounceClass.Hard, BounceCause.Policy)]
    [InlineData("5.7.26", null, BounceClass.Hard, BounceCause.Policy)]
    [InlineData("5.6.0", "smtp; 554 message contains a virus", BounceClass.Hard, BounceCause.Content)]
    [InlineData("5.3.4", "smtp; 552 5.3.4 message size exceeds fixed limit", BounceClass.Hard, BounceCause.Content)]
    [InlineData("4.4.1", "smtp; connection timed out", BounceClass.Soft, BounceCause.Infrastructure)]
    [InlineData("4.4.7", null, BounceClass.Soft, BounceCause.Infrastructure)]
    [InlineData("4.7.1", "smtp; 450 4.7.1 greylisted", BounceClass.Soft, BounceCause.Policy)]
    [InlineData("5.0.0", null, BounceClass.Hard, BounceCause.Unknown)]
    public void A_delivery_status_tells_class_and_cause(string status, string? diagnostic, BounceClass kind, BounceCause cause)
    {
        var report = Read(Report("message/delivery-status", $"Reporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; bob@x.test\nAction: failed\nStatus: {status}\n{(diagnostic is null ? "" : $"Diagnostic-Code: {diagnostic}\n")}"))!;
        Assert.Equal(ReportKind.Dsn, report.Kind);
        Assert.Equal("<orig@us.test>", report.OriginalMessageId);
        var recipient = Assert.Single(report.Recipients);
        Assert.Equal(("bob@x.test", "failed", kind, cause), (recipient.Address, recipient.Action, recipient.Class, recipient.Cause));
    }

    [Theory]
    [InlineData("delivered", "2.0.0")]
    [InlineData("relayed", "2.1.5")]
    [InlineData("expanded", "2.0.0")]
    public void A_success_is_no_failure(string action, string status) =>
        Assert.Null(Assert.Single(Read(Report("message/delivery-status", $"Reporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; bob@x.test\nAction: {action}\nStatus: {status}\n"))!.Recipients).Class);

    [Fact]
    public void A_delay_is_soft_whatever_the_words() =>
        Assert.Equal(BounceClass.Soft, Assert.Single(Read(Report("message/delivery-status", "Final-Recipient: rfc822; bob@x.test\nAction: delayed\nStatus: 4.0.0\nDiagnostic-Code: smtp; 550 user unknown\n"))!.Recipients).Class);

    [Fact]
    public void Recipients_without_a_blank_line_between_and_unicode_ones_are_told_apart()
    {
        var report = Read(Report("message/global-delivery-status", "Reporting-MTA: dns; mx.test\nFinal-Recipient: rfc822; <a@x.test>\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: utf-8; \\x{7528}@x.test\nOriginal-Recipient: rfc822; c+3Dd@x.test\nAction: failed\nStatus: 5.1.1\n"))!;
        Assert.Equal([("a@x.test", null), ("用@x.test", "c=d@x.test")], report.Recipients.Select(r => (r.Address, r.OriginalRecipient)));
    }

    [Theory]
    [InlineData("Hi. This is the qmail-send program at mx.test.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<bob@x.test>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 unknown user\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <ann@us.test>\nMessage-ID: <orig@us.test>\n", BounceClass.Hard, BounceCause.Recipient)]
    [InlineData("This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered. The following address(es) failed:\n\n  bob@x.test\n    SMTP error from remote mail server after RCPT TO:<bob@x.test>:\n    host mx.x.test [192.0.2.1]: 552 Mailbox full\n\n------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: <orig@us.test>\n", BounceClass.Soft, BounceCause.MailboxFull)]
    [InlineData("   ----- The following addresses had permanent fatal errors -----\n<bob@x.test>\n\n   ----- Transcript of session follows -----\n... while talking to mx.x.test.:\n>>> RCPT To:<bob@x.test>\n<<< 550 5.7.1 Relaying denied\n554 <bob@x.test>... Service unavailable\n\n   ----- Original message follows -----\nMessage-ID: <orig@us.test>\n", BounceClass.Hard, BounceCause.Policy)]
    [InlineData("Your message did not reach some or all of the intended recipients.\n\n      Subject:\tHi\n\nThe following recipient(s) could not be reached:\n\n      bob@x.test on 4/29/01 11:34 PM\n            The e-mail account does not exist.\n\nReceived: from us.test by mx.test; Sun, 29 Apr 2001 23:34:45 +0000\nMessage-ID: <orig@us.test>\n", BounceClass.Hard, BounceCause.Recipient)]
    [InlineData("THIS IS A WARNING MESSAGE ONLY.\n\nDelivery to the following recipient has been delayed:\n\n     bob@x.test\n\nMessage will be retried for 2 more day(s)\n\nReceived: from us.test by mx.test; Sun, 29 Apr 2001 23:34:45 +0000\nMessage-ID: <orig@us.test>\n", BounceClass.Soft, BounceCause.Infrastructure)]
    public void Servers_that_write_prose_are_read(string words, BounceClass kind, BounceCause cause)
    {
        var report = Read(Prose(words))!;
        Assert.Equal((ReportKind.Bounce, "<orig@us.test>"), (report.Kind, report.OriginalMessageId));
        var recipient = Assert.Single(report.Recipients);
        Assert.Equal(("bob@x.test", kind, cause), (recipient.Address, recipient.Class!.Value, recipient.Cause));
    }

    [Fact]
    public void Each_recipient_has_its_own_reason()
    {
        var report = Read(Prose("Unable to deliver message to the following address(es).\n\n<a@x.test>:\nNo such user\n\n<b@x.test>:\nmailbox is full\n\n--- Original message follows.\n"))!;
        Assert.Equal([("a@x.test", BounceCause.Recipient), ("b@x.test", BounceCause.MailboxFull)], report.Recipients.Select(r => (r.Address, r.Cause)));
    }

    [Fact]
    public void Success_codes_in_a_transcript_are_no_status() =>
        Assert.Equal("5.1.1", Assert.Single(Read(Prose("The following address failed:\n<bob@x.test>\n250 2.1.0 sender ok\n550 5.1.1 no such user\n"))!.Recipients).Status);

    [Theory]
    [InlineData("From: Bob <bob@x.test>\nTo: ann@us.test\nSubject: Re: order\n\nYour parcel was returned to sender: the address does not exist. 550 5.1.1\n")]
    [InlineData("From: Bob <bob@x.test>\nTo: ann@us.test\nSubject: undeliverable goods\n\nWe could not deliver them.\n")]
    [InlineData("From: Shop <no-reply@x.test>\nTo: ann@us.test\nAuto-Submitted: auto-generated\nSubject: Your order\n\nThank you.\n")]
    [InlineData("From: Bob <bob@x.test>\nTo: ann@us.test\nSubject: Re: vacation plans\n\nSee you in May.\n")]
    public void A_persons_mail_is_no_report(string message) => Assert.Null(Read(message));

    [Theory]
    [InlineData("Auto-Submitted: auto-replied\nSubject: Re: Hi")]
    [InlineData("Auto-Submitted: auto-replied (vacation)\nSubject: Re: Hi")]
    [InlineData("X-Autoreply: yes\nSubject: Hi")]
    [InlineData("Precedence: auto_reply\nSubject: Hi")]
    [InlineData("Subject: Automatic reply: Hi")]
    [InlineData("Subject: Abwesenheitsnotiz: Hi")]
    [InlineData("Subject: =?utf-8?Q?R=C3=A9ponse_automatique_:_Hi?=")]
    [InlineData("Return-Path: <>\nSubject: Hi (Out of Office)")]
    public void Automatic_answers_are_known_by_header_or_subject(string head)
    {
        var report = Read($"From: bob@x.test\nTo: ann@us.test\nIn-Reply-To: <orig@us.test>\n{head}\n\nI am away.\n")!;
        Assert.Equal((ReportKind.AutoReply, "<orig@us.test>"), (report.Kind, report.OriginalMessageId));
    }

    [Fact]
    public void A_complaint_names_who_complained_and_about_what()
    {
        var report = Read(Report("message/feedback-report", "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\nOriginal-Rcpt-To: <bob@x.test>\nSource-IP: 192.0.2.1\n"))!;
        Assert.Equal((ReportKind.Arf, "abuse", "192.0.2.1", "<orig@us.test>"), (report.Kind, report.FeedbackType, report.SourceAddress, report.OriginalMessageId));
        Assert.Equal("bob@x.test", Assert.Single(report.Recipients).Address);
    }

    [Fact]
    public void A_receipt_tells_what_became_of_a_message()
    {
        var report = Read(Report("message/disposition-notification", "Final-Recipient: rfc822; bob@x.test\nOriginal-Message-ID: <orig@us.test>\nDisposition: manual-action/MDN-sent-manually; displayed\n"))!;
        Assert.Equal((ReportKind.Mdn, "displayed", "<orig@us.test>"), (report.Kind, report.Disposition, report.OriginalMessageId));
    }

    [Fact]
    public void Notifications_in_json_are_reports_too()
    {
        var report = Read("From: no-reply@sns.test\nSubject: AWS Notification Message\nContent-Type: text/plain\n\n{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\",\"bouncedRecipients\":[{\"emailAddress\":\"bob@x.test\",\"status\":\"5.1.1\",\"action\":\"failed\",\"diagnosticCode\":\"smtp; 550 5.1.1 user unknown\"}]}}\n")!;
        Assert.Equal((ReportKind.Bounce, BounceClass.Hard, BounceCause.Recipient), (report.Kind, report.Recipients[0].Class!.Value, report.Recipients[0].Cause));
    }
}
