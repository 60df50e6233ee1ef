using AgentMta.Server.Inbound;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.TestReceiver;

namespace AgentMta.Server.Tests.Inbound;

public sealed class SpamScoreTests
{
    [Theory]
    [InlineData("http://192.0.2.7/x", null, "link_to_address")]
    [InlineData("see https://[2001:db8::1]:8080/", null, "link_to_address,link_with_port")]
    [InlineData("http://bank.example@evil.example/", null, "link_with_user")]
    [InlineData("http://xn--bnk-ula.example/", null, "link_punycode")]
    [InlineData("https://good.example:443/ and ftp://192.0.2.7/", null, "")]
    [InlineData("", "<a href=\"http://evil.example/\">www.bank.example</a>", "link_shows_another_host")]
    [InlineData("", "<A HREF='https://click.bank.example/x'>https://www.bank.example/</A>", "")]
    [InlineData("", "<a href=\"https://evil.example/\">read more</a><a href=", "")]
    [InlineData("XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X", null, "gtube")]
    public void Links_are_judged(string text, string? html, string rules)
    {
        var tally = new SpamTally();
        LinkRules.Add(tally, text, html);

        Assert.Equal(rules, string.Join(',', tally.Rules.Select(r => r.Rule)));
        Assert.Equal(tally.Rules.Sum(r => r.Points), tally.Total, 6);
    }

    [Theory]
    [InlineData("From: a@x.test\nDate: Mon, 05 Jan 2026 10:00:00 +0000\nMessage-ID: <1@x>\nSubject: Hi\n\nHi\n", "")]
    [InlineData("Subject: BUY NOW CHEAP\n\nHi\n", "no_author,no_date,no_message_id,shouted_subject")]
    [InlineData("From: \"pay@bank.example\" <x@evil.test>\nReply-To: y@other.test\nDate: Mon, 05 Jan 2006 10:00:00 +0000\nMessage-ID: <1@x>\nSubject: Hi\n\nHi\n", "date_far_off,name_shows_another_address,answers_elsewhere")]
    [InlineData("From: a@x.test\nDate: Mon, 05 Jan 2026 10:00:00 +0000\nMessage-ID: <1@x>\nSubject: Hi\nContent-Type: application/octet-stream; name=invoice.pdf.exe\nContent-Disposition: attachment\n\nMZ\n", "program_attached")]
    public void Structure_is_judged(string mail, string rules)
    {
        var tally = new SpamTally();
        StructureRules.Add(tally, new Arrival(new AgentMta.Server.Model.IncomingMessage
        {
            TransactionId = "t", ReversePath = "", Recipients = [], ReceivedAt = new DateTimeOffset(2026, 1, 5, 10, 0, 0, TimeSpan.Zero),
            Session = new AgentMta.Server.Model.SessionInfo { SessionId = "s", Role = AgentMta.Server.Model.DoorRole.Mx, ClientAddress = Good },
            Raw = new AgentMta.Server.Model.RawContent(System.Text.Encoding.UTF8.GetBytes(mail.ReplaceLineEndings("\r\n"))),
        }));

        Assert.Equal(rules, string.Join(',', tally.Rules.Select(r => r.Rule)));
    }

    [Fact]
    public async Task Ordinary_mail_passes_forgeries_are_labelled_and_the_test_string_is_refused()
    {
        await using var server = await OpenAsync(time: new ManualTimeProvider());

        await server.AcceptAsync(Mail(id: "<1@sender.test>"));
        await server.AcceptAsync(Mail(id: "<2@x>", from: "\"boss@bank.example\" <ann@sender.test>", subject: "URGENT TRANSFER", body: "http://192.0.2.7/\n"), client: Bad);
        var gtube = await server.AcceptAsync(Mail(body: "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"));

        var messages = await server.MessagesAsync();
        Assert.Equal([false, true], messages.Select(m => m.Labels.Contains("spam")));
        Assert.Contains("\"dmarc_fail\":\"2.5 DMARC fails\"", messages[1].Verdicts, StringComparison.Ordinal);
        Assert.Equal((550, "5.7.1"), (gtube.Code, gtube.EnhancedStatus));
    }
}
