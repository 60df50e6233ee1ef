using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace AgentMta.Server.Inbound;

/// <summary>A certificate's files cannot be used; the message says which and why.</summary>
internal sealed class CertificateException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What the files of a certificate hold at one moment. Compared by content: whatever exchanges them, a link or a folder on the way among it, shows there and nowhere else for sure.</summary>
internal sealed class CertificateFile
{
    private readonly CertificateFiles _files;
    private readonly byte[] _certificate;
    private readonly byte[] _key;

    /// <exception cref="CertificateException">One of them cannot be read.</exception>
    public CertificateFile(CertificateFiles files)
    {
        _files = files;
        try
        {
            _certificate = File.ReadAllBytes(files.Certificate);
            _key = files.Key is null ? _certificate : File.ReadAllBytes(files.Key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CertificateException($"'{files.Certificate}'{(files.Key is null ? "" : $" with the key '{files.Key}'")} cannot be read: {e.Message}", e);
        }

        Content = Convert.ToHexString(SHA256.HashData([.. SHA256.HashData(_certificate), .. SHA256.HashData(_key)]));
    }

    /// <summary>A hash of both.</summary>
    public string Content { get; }

    /// <summary>The certificate with its key, and whatever else stands in its file: the intermediates.</summary>
    /// <exception cref="CertificateException">There is no certificate in them, or no key that belongs to it.</exception>
    public (X509Certificate2 Certificate, X509Certificate2Collection Chain) Parse()
    {
        var pem = Encoding.UTF8.GetString(_certificate);
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new CertificateException($"'{_files.Certificate}' holds a certificate that cannot be read: {e.Message}", e);
        }

        if (chain.Count == 0)
            throw new CertificateException($"'{_files.Certificate}' holds no certificate in PEM (-----BEGIN CERTIFICATE-----).");
        try
        {
            return (X509Certificate2.CreateFromPem(pem, Encoding.UTF8.GetString(_key)), chain);
        }
        catch (ArgumentException e)
        {
            throw new CertificateException($"the key in '{_files.Key ?? _files.Certificate}' does not belong to the certificate in '{_files.Certificate}'.", e);
        }
        catch (CryptographicException e)
        {
            throw new CertificateException($"'{_files.Key ?? _files.Certificate}' holds no private key in PEM that fits the certificate in '{_files.Certificate}': {e.Message}", e);
        }
    }
}
