using System.Security.Cryptography.X509Certificates;
using AgentMta.Server.Inbound;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Inbound;

/// <summary>What becomes of a renewal while the server runs, however the files are exchanged.</summary>
public sealed class CertificateChangeTests : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(11);

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_renewal_behind_a_symlinked_folder_is_read_again()
    {
        // As Kubernetes rotates a secret: tls.pem -> ..data/tls.pem, ..data -> v1, then ..data -> v2. Both versions may well be of the same instant.
        using var first = new TestCertificate("mx.agentmta.test");
        using var second = new TestCertificate("mx.agentmta.test");
        foreach (var (version, certificate) in new[] { ("v1", first), ("v2", second) })
        {
            var files = certificate.Write(Directory.CreateDirectory(Path.Combine(_folder.Path, version)).FullName, "tls");
            File.SetLastWriteTimeUtc(files.Certificate, DateTime.UnixEpoch);
            File.SetLastWriteTimeUtc(files.Key!, DateTime.UnixEpoch);
        }

        var data = Path.Combine(_folder.Path, "..data");
        Directory.CreateSymbolicLink(data, "v1");
        var linked = new CertificateFiles(Path.Combine(_folder.Path, "tls.pem"), Path.Combine(_folder.Path, "tls.key"));
        File.CreateSymbolicLink(linked.Certificate, "..data/tls.pem");
        File.CreateSymbolicLink(linked.Key!, "..data/tls.key");
        using var store = Open(linked);
        Assert.Equal(first.Certificate.Thumbprint, Presented(store));

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, "v2");
        _time.Advance(Look);

        Assert.Equal(second.Certificate.Thumbprint, Presented(store));
    }

    [Fact]
    public void A_renewal_that_has_written_only_the_certificate_so_far_leaves_the_old_one_in_use()
    {
        using var first = new TestCertificate("mx.agentmta.test");
        using var second = new TestCertificate("mx.agentmta.test");
        var files = first.Write(_folder.Path, "mx");
        using var store = Open(files);

        File.WriteAllText(files.Certificate, second.Pem);
        File.SetLastWriteTimeUtc(files.Certificate, DateTime.UtcNow.AddMinutes(1));
        _time.Advance(Look);
        Assert.Equal(first.Certificate.Thumbprint, Presented(store));

        File.WriteAllText(files.Key!, second.KeyPem);
        File.SetLastWriteTimeUtc(files.Key!, DateTime.UtcNow.AddMinutes(1));
        _time.Advance(Look);
        Assert.Equal(second.Certificate.Thumbprint, Presented(store));
    }

    [Fact]
    public void Certificate_and_key_may_lie_in_one_file()
    {
        using var certificate = new TestCertificate("mx.agentmta.test");
        var file = Path.Combine(_folder.Path, "both.pem");
        File.WriteAllText(file, certificate.Pem + certificate.KeyPem);
        using var store = Open(new CertificateFiles(file, null));
        Assert.Equal(certificate.Certificate.Thumbprint, Presented(store));
    }

    private CertificateStore Open(CertificateFiles files) => new(_folder.Path, [files], "mx.agentmta.test", _time, NullLogger.Instance);

    private static string Presented(CertificateStore store) => store.For("mx.agentmta.test").ServerCertificateContext!.TargetCertificate.GetCertHashString();
}
