using System.Text;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Reports;
using AgentMta.Protocol.Tests.Support;

namespace AgentMta.Protocol.Tests.Reports;

public sealed class HostileReportTests
{
    private static readonly string[] Pieces =
    [
        "Content-Type: multipart/report; boundary=b\r\n", "Content-Type: message/delivery-status\r\n", "Content-Type: message/feedback-report\r\n", "\r\n", "--b\r\n", "--b--\r\n", "From: mailer-daemon@x\r\n", "Subject: failure notice\r\n",
        "Final-Recipient: rfc822;", "a@x.test", "<", ">", ":", "Action: failed\r\n", "Status: 5.", "1.1", "\r\n 550 ", "user unknown", "{\"notificationType\":", "\"Bounce\"", "}", "Received: from x\r\n", "@", "\0", "\u00FF", "utf-8; \\x{110000}", "\\x{", "+2B", "+", "=?utf-8?Q?", "X-Failed-Recipients: ", ",", "To: ", "----- Original message -----\r\n",
    ];

    [Fact]
    public void Random_reports_never_throw()
    {
        var random = FuzzRounds.Random(3464);
        for (var i = 0; i < FuzzRounds.Of(2000); i++)
            ReportReader.Read(MimeMessage.Parse(Encoding.Latin1.GetBytes(string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => Pieces[random.Next(Pieces.Length)])))));
    }

    [Theory]
    [InlineData("a@x.test\n")]
    [InlineData("@")]
    [InlineData("Final-Recipient: a@x.test\n")]
    [InlineData("5.1.1 550 \n")]
    [InlineData("{")]
    public void A_large_report_costs_linear_time(string piece)
    {
        var body = string.Concat(Enumerable.Repeat(piece, 400_000 / piece.Length));
        foreach (var type in (ReadOnlySpan<string>)["text/plain", "message/delivery-status", "message/feedback-report"])
        {
            var report = ReportReader.Read(MimeMessage.Parse(Encoding.ASCII.GetBytes($"From: mailer-daemon@x\r\nSubject: failure notice\r\nContent-Type: {type}\r\n\r\n{body}")));
            Assert.True(report is null || report.Recipients.Count <= 1000);
        }
    }
}
