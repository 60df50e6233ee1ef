using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using AgentMta.Server.Hosting;
using AgentMta.Server.Inbound;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Tests.Scenarios;

/// <summary>Certificates of the real program: what clients of each listener see of the chain, and what an operator hears of a wrong file and of one that runs out.</summary>
public sealed class CertificateTests
{
    [Fact]
    public async Task Every_listener_presents_the_intermediates()
    {
        using var folder = new TemporaryFolder();
        using var root = new TestCertificate("Test root", isAuthority: true);
        using var intermediate = new TestCertificate("Test intermediate", root, isAuthority: true);
        using var leaf = new TestCertificate("mx.agentmta.test", intermediate, days: 60);
        var options = new ServerOptions
        {
            Data = Path.Combine(folder.Path, "data"), Smtp = "127.0.0.1:0", Submission = "", Submissions = "127.0.0.1:0", Http = "", Https = "127.0.0.1:0", LogLevel = LogLevel.Error,
            Inbound = new InboundOptions { Certificates = [leaf.Write(folder.Path, "mx", intermediate)] },
        };
        await using var server = await ServerHost.StartAsync(options, CancellationToken.None);

        string[] expected = ["CN=mx.agentmta.test", "CN=Test intermediate"];
        Assert.Equal(expected, (await PresentedAsync(server.Bound.Https[0])).Subjects);
        Assert.Equal(expected, (await PresentedAsync(server.Bound.Submissions[0])).Subjects);
        Assert.Equal(SslApplicationProtocol.Http2, (await PresentedAsync(server.Bound.Https[0], SslApplicationProtocol.Http2, SslApplicationProtocol.Http11)).Protocol);
    }

    [Theory]
    [InlineData("other key")]
    [InlineData("no certificate")]
    [InlineData("no key")]
    [InlineData("missing")]
    public async Task A_certificate_that_cannot_be_used_ends_with_78_and_names_its_files(string fault)
    {
        using var folder = new TemporaryFolder();
        using var one = new TestCertificate("one.test");
        using var other = new TestCertificate("other.test");
        var files = one.Write(folder.Path, "mx");
        if (fault == "other key")
            File.WriteAllText(files.Key!, other.KeyPem);
        else if (fault == "no certificate")
            File.WriteAllText(files.Certificate, "mail.example.org\n");
        else if (fault == "no key")
            File.WriteAllText(files.Key!, "");
        else
            File.Delete(files.Certificate);

        var start = await StartAsync(folder, files);

        Assert.True(start.ExitCode == 78, start.Output);
        Assert.Contains("Inbound:Certificates", start.Output, StringComparison.Ordinal);
        Assert.Contains(files.Certificate, start.Output, StringComparison.Ordinal);
        if (fault is "other key" or "no key")
            Assert.Contains(files.Key!, start.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", start.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_with_a_certificate_that_runs_out_soon_warns_in_the_log()
    {
        using var folder = new TemporaryFolder();
        using var soon = new TestCertificate("mx.agentmta.test", days: 6.2);
        var files = soon.Write(folder.Path, "mx");
        using var configuration = new TemporaryFile(Configuration(files));
        await using var server = await ServerProcess.StartAsync("--config", configuration.Path);

        await Eventually.TrueAsync(() => server.Output.Contains("Certificate " + files.Certificate, StringComparison.Ordinal), () => server.Output);

        var line = server.Output.Split('\n').Single(l => l.Contains("Certificate " + files.Certificate, StringComparison.Ordinal));
        Assert.Contains("mx.agentmta.test", line, StringComparison.Ordinal);
        Assert.Contains("5 days", line, StringComparison.Ordinal);
    }

    private static Task<ShellResult> StartAsync(TemporaryFolder folder, CertificateFiles files)
    {
        var configuration = Path.Combine(folder.Path, "agentmta.json");
        File.WriteAllText(configuration, Configuration(files));
        return Shell.RunAsync(null, "timeout", "60", "dotnet", ServerProcess.Program, "serve", "--config", configuration, "--data", Path.Combine(folder.Path, "data"), "--smtp", "127.0.0.1:0", "--submission", "127.0.0.1:0", "--http", "127.0.0.1:0");
    }

    private static string Configuration(CertificateFiles files) =>
        $$"""{ "Inbound": { "Certificates": [{ "Certificate": {{JsonSerializer.Serialize(files.Certificate)}}, "Key": {{JsonSerializer.Serialize(files.Key)}} }] } }""";

    // The leaf, then what else the server sent.
    private static async Task<(List<string> Subjects, SslApplicationProtocol Protocol)> PresentedAsync(IPEndPoint endpoint, params SslApplicationProtocol[] protocols)
    {
        var subjects = new List<string>();
        using var client = new TcpClient();
        await client.ConnectAsync(endpoint);
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, certificate, chain, _) =>
        {
            subjects.AddRange([certificate!.Subject, .. chain!.ChainPolicy.ExtraStore.Select(c => c.Subject).Where(s => s != certificate.Subject)]);
            return true;
        });
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "mx.agentmta.test", CertificateRevocationCheckMode = X509RevocationMode.NoCheck, ApplicationProtocols = protocols.Length > 0 ? [.. protocols] : null,
        });
        return (subjects, tls.NegotiatedApplicationProtocol);
    }
}
