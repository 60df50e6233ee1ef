using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AgentMta.Server.Inbound;

namespace AgentMta.Server.Tests.Support;

/// <summary>A certificate of a test with its key, signed by itself or by another one.</summary>
internal sealed class TestCertificate : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestCertificate(string name, TestCertificate? issuer = null, bool isAuthority = false, DateTimeOffset? from = null, double days = 90)
    {
        var request = new CertificateRequest("CN=" + name, _key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, hasPathLengthConstraint: false, 0, critical: true));
        var begin = from ?? DateTimeOffset.UtcNow.AddDays(-1);
        Certificate = issuer is null
            ? request.CreateSelfSigned(begin, begin.AddDays(days))
            : request.Create(issuer.Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer._key), begin, begin.AddDays(days), RandomNumberGenerator.GetBytes(8));
    }

    public X509Certificate2 Certificate { get; }

    public string Pem => Certificate.ExportCertificatePem() + "\n";

    public string KeyPem => _key.ExportPkcs8PrivateKeyPem() + "\n";

    /// <summary>Writes NAME.pem, with what stands above the certificate behind it, and NAME.key.</summary>
    public CertificateFiles Write(string folder, string name, params TestCertificate[] chain)
    {
        var files = new CertificateFiles(Path.Combine(folder, name + ".pem"), Path.Combine(folder, name + ".key"));
        File.WriteAllText(files.Certificate, Pem + string.Concat(chain.Select(c => c.Pem)));
        File.WriteAllText(files.Key!, KeyPem);
        return files;
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }
}
