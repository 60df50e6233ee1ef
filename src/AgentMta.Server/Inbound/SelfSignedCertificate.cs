using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AgentMta.Server.Inbound;

/// <summary>Makes the certificate of last resort, so that STARTTLS works from the first start: senders that do not verify still get an encrypted line.</summary>
internal static class SelfSignedCertificate
{
    private const int Years = 2;
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    /// <summary>The files below the folder; made where they are missing or expire within a month.</summary>
    public static CertificateFiles Ensure(string folder, string hostName, TimeProvider time)
    {
        var files = new CertificateFiles(Path.Combine(folder, "self-signed.pem"), Path.Combine(folder, "self-signed.key"));
        if (!IsUsable(files, hostName, time))
            Make(files, folder, hostName, time);
        return files;
    }

    private static bool IsUsable(CertificateFiles files, string hostName, TimeProvider time)
    {
        if (!File.Exists(files.Certificate) || !File.Exists(files.Key))
            return false;
        try
        {
            using var certificate = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
            return certificate.NotAfter.ToUniversalTime() - RenewBefore > time.GetUtcNow().UtcDateTime && certificate.MatchesHostname(hostName);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static void Make(CertificateFiles files, string folder, string hostName, TimeProvider time)
    {
        Directory.CreateDirectory(folder);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + hostName, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(hostName);
        if (hostName != "localhost")
            names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddYears(Years));
        Write(files.Key!, key.ExportPkcs8PrivateKeyPem(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Write(files.Certificate, certificate.ExportCertificatePem(), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    private static void Write(string path, string pem, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using var writer = new StreamWriter(path, options);
        writer.Write(pem);
        writer.Write('\n');
    }
}
