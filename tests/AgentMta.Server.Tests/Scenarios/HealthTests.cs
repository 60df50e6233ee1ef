using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>What a supervisor reads of the real program, and what senders meanwhile hear.</summary>
public sealed class HealthTests
{
    [Theory]
    [InlineData(20, "warning")]
    [InlineData(23, "ok")]
    public async Task A_certificate_is_warned_of_21_days_before_it_expires(int days, string status)
    {
        using var folder = new CertificateFolder(days);
        await using var server = await StartAsync($$"""{ "Inbound": { "Certificates": [{ "Certificate": "{{folder.Certificate}}", "Key": "{{folder.Key}}" }] } }""");

        var (code, health) = await HealthAsync(server);

        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal(status, health.GetProperty("status").GetString());
        if (days < 21)
            Assert.Contains("certificate: expires", Assert.Single(health.GetProperty("warnings").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_has_expired_is_not_said_to_expire()
    {
        using var folder = new CertificateFolder(-3);
        await using var server = await StartAsync($$"""{ "Inbound": { "Certificates": [{ "Certificate": "{{folder.Certificate}}", "Key": "{{folder.Key}}" }] } }""");

        var (code, health) = await HealthAsync(server);

        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Matches(@"^certificate: expired on \d{4}-\d\d-\d\d$", Assert.Single(health.GetProperty("warnings").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task Below_the_floor_of_free_space_mail_is_deferred_and_health_says_why()
    {
        await using var server = await StartAsync($$"""{ "FreeSpaceFloor": {{long.MaxValue / 2}} }""");
        await using var client = await RawSmtpClient.GreetedAsync(server.Smtp);
        await client.SayAsync("EHLO sender.test");

        var reply = await client.SayAsync("MAIL FROM:<ann@sender.test>");
        var (code, health) = await HealthAsync(server);

        Assert.Equal("421 4.3.1", $"{reply.Code} {reply.EnhancedStatus}");
        await client.AssertClosedAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Contains("FreeSpaceFloor", Assert.Single(health.GetProperty("faults").EnumerateArray()).GetString(), StringComparison.Ordinal);
        await Eventually.TrueAsync(() => server.Output.Contains(" tls none user none: full; ", StringComparison.Ordinal), () => server.Output);
        Assert.Matches("warn: .* The disk has [0-9]+ octets left, and FreeSpaceFloor is ", server.Output);
    }

    [Fact]
    public async Task A_scanner_that_does_not_answer_is_warned_of()
    {
        await using var server = await StartAsync($$"""{ "Receiver": { "Gates": { "Clamd": "127.0.0.1:{{PostfixServer.FreePort()}}" } } }""");
        Assert.Equal("ok", (await HealthAsync(server)).Health.GetProperty("status").GetString());

        await PlainSmtp.SendAsync(server.Smtp, "mx.sender.test", "ann@sender.test", "agent@agentmta.test", "From: ann@sender.test\nSubject: Hello\n\nHello agent.\n");
        var (code, health) = await HealthAsync(server);

        Assert.Equal((HttpStatusCode.OK, "warning"), (code, health.GetProperty("status").GetString()));
        Assert.StartsWith("clamd: ", Assert.Single(health.GetProperty("warnings").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    private static async Task<ServerProcess> StartAsync(string configuration)
    {
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, configuration);
        try
        {
            return await ServerProcess.StartAsync("--config", path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<(HttpStatusCode Code, JsonElement Health)> HealthAsync(ServerProcess server)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Http}") };
        using var response = await http.GetAsync("/healthz");
        return (response.StatusCode, JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()));
    }

    /// <summary>A fresh certificate that expires in so many days and an hour.</summary>
    private sealed class CertificateFolder : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("agentmta-cert-").FullName;

        public CertificateFolder(int days)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=mx.agentmta.test", key, HashAlgorithmName.SHA256);
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(days).AddHours(1));
            File.WriteAllText(Certificate, certificate.ExportCertificatePem());
            File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
        }

        public string Certificate => Path.Combine(_folder, "mx.pem");

        public string Key => Path.Combine(_folder, "mx.key");

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }
}
