using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AgentMta.Server.Inbound;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

public sealed class TlsTests
{
    [Theory]
    [InlineData(SslProtocols.Tls12, "TLSv1.2")]
    [InlineData(SslProtocols.Tls13, "TLSv1.3")]
    public async Task Starttls_protects_the_session_and_shows_in_its_info(SslProtocols protocol, string name)
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        Assert.Contains("STARTTLS", (await client.SayAsync("EHLO x.test")).Text.Split('\n'));
        Assert.Equal(220, (await client.SayAsync("STARTTLS")).Code);
        await client.StartTlsAsync(protocols: protocol);
        Assert.Equal("5.5.1", (await client.SayAsync("MAIL FROM:<a@sender.test>")).EnhancedStatus); // EHLO was forgotten
        var lines = (await client.SayAsync("EHLO x.test")).Text.Split('\n');
        Assert.DoesNotContain("STARTTLS", lines);
        Assert.Contains("REQUIRETLS", lines);
        Assert.DoesNotContain(lines, l => l.StartsWith("AUTH", StringComparison.Ordinal));
        Assert.Equal(503, (await client.SayAsync("STARTTLS")).Code);
        Assert.Equal(250, (await client.SayAsync("MAIL FROM:<a@sender.test> REQUIRETLS")).Code);
        Assert.Equal(250, (await client.SayAsync("RCPT TO:<agent@agentmta.test>")).Code);
        Assert.Equal(354, (await client.SayAsync("DATA")).Code);
        Assert.Equal(250, (await client.SayAsync(new string('x', 200_000).Insert(900, "\r\n") + "\r\n.")).Code);
        Assert.Equal(221, (await client.SayAsync("QUIT")).Code);
        await client.AssertClosedAsync();
        var taken = Assert.Single(server.Messages);
        Assert.True(taken.Envelope.RequireTls);
        Assert.Equal(name, taken.Envelope.Session.TlsProtocol);
        Assert.Equal(200_004, taken.Octets.Length);
    }

    [Fact]
    public async Task A_session_that_sent_nothing_still_tells_its_tls()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        await client.SayAsync("STARTTLS");
        await client.StartTlsAsync();
        await client.SayAsync("EHLO x.test");
        await client.SayAsync("QUIT");
        var record = await server.RecordAsync();
        Assert.Equal("TLSv1.3", record.TlsProtocol);
        Assert.StartsWith("TLS_", record.TlsCipher, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DATA", "Subject: too early\r\n")]
    [InlineData("EHLO x.test", "NOOP\r\n")]
    public async Task A_record_behind_a_command_that_ends_a_group_was_sent_too_early(string command, string more)
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        await client.SayAsync("STARTTLS");
        await client.StartTlsAsync();
        await client.SayAsync("EHLO x.test");
        await client.SendAsync("MAIL FROM:<a@sender.test>\r\nRCPT TO:<agent@agentmta.test>\r\n");
        Assert.Equal([250, 250], await client.CodesAsync(2));
        // The first record is as long as one may be, and so all that the server gets out of one read: the other lies where nobody has looked yet.
        const int Longest = 16_384;
        var fill = string.Concat(Enumerable.Repeat("NOOP " + new string('x', 2000) + "\r\n", 8));
        await client.SendTogetherAsync($"{fill}NOOP {new string('x', Longest - fill.Length - command.Length - 9)}\r\n{command}\r\n", more);
        Assert.Equal([.. Enumerable.Repeat(250, 9), 503], (await client.RestAsync()).Select(r => r.Code));
        Assert.Empty(server.Messages);
    }

    [Fact]
    public async Task Octets_behind_starttls_close_the_session_and_are_never_run()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        await client.SendAsync("STARTTLS\r\nMAIL FROM:<a@sender.test>\r\n");
        Assert.Equal([554], (await client.RestAsync()).Select(r => r.Code));
    }

    [Fact]
    public async Task Requiretls_is_not_offered_in_clear()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SayAsync("EHLO x.test");
        Assert.Equal(555, (await client.SayAsync("MAIL FROM:<a@sender.test> REQUIRETLS")).Code);
    }

    [Fact]
    public async Task Implicit_tls_greets_inside_tls()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.ConnectAsync(server.Submissions);
        await client.StartTlsAsync();
        Assert.Equal(220, (await client.ReplyAsync()).Code);
        var lines = (await client.SayAsync("EHLO x.test")).Text.Split('\n');
        Assert.Contains("AUTH PLAIN LOGIN OAUTHBEARER", lines);
        Assert.Contains("DSN", lines);
    }

    [Fact]
    public async Task Plain_text_where_a_handshake_belongs_ends_quietly()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.ConnectAsync(server.Submissions);
        await client.SendAsync("EHLO x.test\r\n");
        await client.RestAsync();
        Assert.Equal("tls", (await server.RecordAsync()).Outcome);
    }

    [Fact]
    public async Task A_tls_hello_on_a_plain_port_gets_500_and_the_end()
    {
        await using var server = await SmtpTestServer.StartAsync();
        await using var client = await RawSmtpClient.GreetedAsync(server.Mx);
        await client.SendAsync("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
        Assert.Equal([500], (await client.RestAsync()).Select(r => r.Code));
    }

    [Fact]
    public async Task Certificates_are_chosen_by_name_and_read_again_when_they_change()
    {
        var folder = Directory.CreateTempSubdirectory("certs-").FullName;
        try
        {
            var first = Make(folder, "one", "one.test");
            var second = Make(folder, "two", "*.two.test");
            var time = new ManualTimeProvider();
            await using var server = await SmtpTestServer.StartAsync(new InboundOptions { Certificates = [first, second] }, time);
            Assert.Equal("CN=one.test", await PresentedAsync(server, "one.test"));
            Assert.Equal("CN=*.two.test", await PresentedAsync(server, "mail.two.test"));
            Assert.Equal("CN=one.test", await PresentedAsync(server, "other.test"));

            Make(folder, "two", "mail.three.test");
            File.SetLastWriteTimeUtc(second.Certificate, DateTime.UtcNow.AddMinutes(1));
            time.Advance(TimeSpan.FromSeconds(11));
            Assert.Equal("CN=mail.three.test", await PresentedAsync(server, "mail.three.test"));

            File.WriteAllText(first.Certificate, "no certificate at all");
            time.Advance(TimeSpan.FromSeconds(11));
            Assert.Equal("CN=one.test", await PresentedAsync(server, "one.test"));
            Assert.InRange(server.Certificates.DaysLeft(), 1, 60);

            // Health asks without a handshake.
            Make(folder, "one", "one.test", days: 1000);
            Make(folder, "two", "*.two.test", days: 800);
            File.SetLastWriteTimeUtc(first.Certificate, DateTime.UtcNow.AddMinutes(2));
            File.SetLastWriteTimeUtc(second.Certificate, DateTime.UtcNow.AddMinutes(2));
            time.Advance(TimeSpan.FromSeconds(11));
            Assert.Equal(Begin.AddDays(800), server.Certificates.Expiry);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_self_signed_certificate_is_kept_until_a_month_before_it_expires()
    {
        var folder = Directory.CreateTempSubdirectory("self-").FullName;
        try
        {
            var time = new ManualTimeProvider();
            var files = SelfSignedCertificate.Ensure(folder, "mail.agentmta.test", time);
            var made = File.ReadAllText(files.Certificate);
            SelfSignedCertificate.Ensure(folder, "mail.agentmta.test", time);
            Assert.Equal(made, File.ReadAllText(files.Certificate));
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(files.Key!));
            time.Advance(TimeSpan.FromDays(720));
            SelfSignedCertificate.Ensure(folder, "mail.agentmta.test", time);
            Assert.NotEqual(made, File.ReadAllText(files.Certificate));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> PresentedAsync(SmtpTestServer server, string name)
    {
        await using var client = await RawSmtpClient.ConnectAsync(server.Submissions);
        await client.StartTlsAsync(name);
        return client.Tls!.RemoteCertificate!.Subject;
    }

    private static readonly DateTimeOffset Begin = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CertificateFiles Make(string folder, string file, string name, int days = 396)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(Begin, Begin.AddDays(days));
        var files = new CertificateFiles(Path.Combine(folder, file + ".pem"), Path.Combine(folder, file + ".key"));
        File.WriteAllText(files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(files.Key!, key.ExportPkcs8PrivateKeyPem());
        return files;
    }
}
