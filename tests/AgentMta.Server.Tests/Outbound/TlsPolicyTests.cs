using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Outbound;

namespace AgentMta.Server.Tests.Outbound;

public sealed class TlsPolicyTests
{
    private static readonly X509Certificate2 Certificate = Make("CN=mx.x.test");

    [Fact]
    public void Opportunistic_tls_takes_any_certificate() =>
        Assert.True(TlsPolicy.Opportunistic.Accepts("mx.x.test", Certificate, null, SslPolicyErrors.RemoteCertificateChainErrors));

    [Fact]
    public void A_verified_host_needs_a_certificate_without_fault()
    {
        Assert.True(TlsPolicy.Verified("mta-sts").Accepts("mx.x.test", Certificate, null, SslPolicyErrors.None));
        Assert.False(TlsPolicy.Verified("mta-sts").Accepts("mx.x.test", Certificate, null, SslPolicyErrors.RemoteCertificateNameMismatch));
        Assert.False(TlsPolicy.Verified("mta-sts").Accepts("mx.x.test", null, null, SslPolicyErrors.None));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    public void Dane_ee_compares_the_certificate_or_its_key_whatever_its_name(byte selector, byte matching)
    {
        var record = Record(3, selector, matching, Certificate);
        Assert.True(Dane(record).Accepts("other.test", Certificate, null, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.False(Dane(record).Accepts("mx.x.test", Make("CN=mx.x.test"), null, SslPolicyErrors.None));
    }

    [Fact]
    public void Dane_ta_needs_the_anchor_a_chain_and_the_name()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=root", rootKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leafRequest = new CertificateRequest("CN=mx.x.test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("mx.x.test");
        leafRequest.CertificateExtensions.Add(names.Build());
        using var leaf = leafRequest.Create(root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), [1]);
        var record = Record(2, 1, 1, root);
        Assert.True(DaneVerifier.Accepts([record], ["mx.x.test"], leaf, [root]));
        Assert.False(DaneVerifier.Accepts([record], ["other.test"], leaf, [root]));
        Assert.False(DaneVerifier.Accepts([record], ["mx.x.test"], leaf, []));
        Assert.False(DaneVerifier.Accepts([Record(2, 1, 1, Certificate)], ["mx.x.test"], leaf, [root]));
    }

    [Fact]
    public void Records_that_smtp_cannot_use_are_left_out()
    {
        TlsaRecord[] records =
        [
            new("t", 1, 0, 0, 1, new byte[32]), new("t", 1, 1, 0, 1, new byte[32]), new("t", 1, 3, 2, 1, new byte[32]), new("t", 1, 3, 1, 1, new byte[31]), new("t", 1, 3, 1, 3, new byte[32]),
            new("t", 1, 3, 1, 1, new byte[32]),
        ];
        Assert.Equal([records[^1]], DaneVerifier.Usable(records));
    }

    private static TlsPolicy Dane(TlsaRecord record) => new(TlsLevel.Verified, "dane", ["mx.x.test"], [record]);

    private static TlsaRecord Record(byte usage, byte selector, byte matching, X509Certificate2 certificate)
    {
        var data = selector == 0 ? certificate.RawData : certificate.PublicKey.ExportSubjectPublicKeyInfo();
        return new TlsaRecord("_25._tcp.mx.x.test", 60, usage, selector, matching, matching switch { 0 => data, 1 => SHA256.HashData(data), _ => SHA512.HashData(data) });
    }

    private static X509Certificate2 Make(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(-1));
    }
}
