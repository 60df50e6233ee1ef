using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AgentMta.Server.Inbound;

/// <summary>The server's certificates: PEM files chosen by SNI, read again when they change, and a self-signed one where none is given.</summary>
internal sealed class CertificateStore : IDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    private readonly IReadOnlyList<CertificateFiles> _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private volatile Entry[] _entries;
    private long _lookedAt;

    /// <summary>Loads the files; a fault in them at start is thrown, later only logged (the old certificate stays).</summary>
    /// <param name="folder">DATA/tls, for the self-signed certificate.</param>
    /// <exception cref="CryptographicException">A file holds no certificate or key.</exception>
    public CertificateStore(string folder, IReadOnlyList<CertificateFiles> files, string hostName, TimeProvider time, ILogger logger)
    {
        (_time, _logger) = (time, logger);
        _files = files.Count > 0 ? files : [SelfSignedCertificate.Ensure(folder, hostName, time)];
        _entries = [.. _files.Select(f => Load(f))];
        _lookedAt = time.GetTimestamp();
    }

    /// <summary>When the first of the certificates expires, of the files as they are now: who asks is warned no longer than the renewal takes.</summary>
    public DateTimeOffset Expiry
    {
        get
        {
            LookAgain();
            return _entries.Min(e => new DateTimeOffset(e.Certificate.NotAfter.ToUniversalTime()));
        }
    }

    /// <summary>Days until then; negative once it is past.</summary>
    public double DaysLeft() => (Expiry - _time.GetUtcNow()).TotalDays;

    /// <summary>What to present to a client that asks for this name; the first certificate where none fits.</summary>
    public SslServerAuthenticationOptions For(string? serverName)
    {
        LookAgain();
        var entries = _entries;
        if (!string.IsNullOrEmpty(serverName) && serverName.Length <= 255)
        {
            foreach (var entry in entries)
            {
                if (entry.Certificate.MatchesHostname(serverName, allowWildcards: true, allowCommonName: false))
                    return entry.Options;
            }
        }

        return entries[0].Options;
    }

    /// <summary>The certificate that <see cref="For"/> presents, for servers that take one directly.</summary>
    public X509Certificate2 CertificateFor(string? serverName)
    {
        var options = For(serverName);
        return _entries.FirstOrDefault(e => e.Options == options)?.Certificate ?? _entries[0].Certificate;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var entry in _entries)
            entry.Certificate.Dispose();
    }

    // Looks at the files' times at most every ten seconds, on the way to a handshake or a look at its health: no watcher, no thread.
    private void LookAgain()
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) < LookInterval)
            return;
        lock (_lock)
        {
            if (_time.GetElapsedTime(_lookedAt) < LookInterval)
                return;
            Volatile.Write(ref _lookedAt, _time.GetTimestamp());
            var entries = _entries.ToArray();
            for (var i = 0; i < entries.Length; i++)
            {
                if (Stamp(_files[i]) == entries[i].Stamp)
                    continue;
                try
                {
                    entries[i] = Load(_files[i]); // sessions may still hold the old one; the collector takes it
                    _logger.LogInformation("Certificate {File} was read again; it expires {Expiry:O}", _files[i].Certificate, entries[i].Certificate.NotAfter);
                }
                catch (Exception e) when (e is IOException or CryptographicException or UnauthorizedAccessException)
                {
                    _logger.LogWarning(e, "Certificate {File} changed but cannot be read; the one loaded before stays in use", _files[i].Certificate);
                }
            }

            _entries = entries;
        }
    }

    private static Entry Load(CertificateFiles files)
    {
        var stamp = Stamp(files);
        var certificate = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key ?? files.Certificate);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(files.Certificate);
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = false,
            AllowRenegotiation = false,
        };
        return new Entry(certificate, options, stamp);
    }

    private static (DateTime Certificate, DateTime Key) Stamp(CertificateFiles files) =>
        (File.GetLastWriteTimeUtc(files.Certificate), File.GetLastWriteTimeUtc(files.Key ?? files.Certificate));

    private sealed record Entry(X509Certificate2 Certificate, SslServerAuthenticationOptions Options, (DateTime Certificate, DateTime Key) Stamp);
}
