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
    private readonly bool _isLastResort;
    private volatile Entry[] _entries;
    private long _lookedAt;

    /// <summary>Loads the files; a fault in them at start is thrown, later only logged (the old certificate stays).</summary>
    /// <param name="folder">DATA/tls, for the self-signed certificate.</param>
    /// <exception cref="CertificateException">A file cannot be read, holds no certificate, or a key that does not belong to it.</exception>
    public CertificateStore(string folder, IReadOnlyList<CertificateFiles> files, string hostName, TimeProvider time, ILogger logger)
    {
        (_time, _logger) = (time, logger);
        _isLastResort = files.Count == 0;
        _files = _isLastResort ? [SelfSignedCertificate.Ensure(folder, hostName, time)] : files;
        _entries = [.. _files.Select(f => Load(f, new CertificateFile(f)))];
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

    /// <summary>When each of them does, by the file that it was loaded from.</summary>
    public IReadOnlyList<(string File, DateTimeOffset Expiry)> Expiries
    {
        get
        {
            LookAgain();
            return [.. _entries.Select(e => (e.File, new DateTimeOffset(e.Certificate.NotAfter.ToUniversalTime())))];
        }
    }

    /// <summary>Changed files that cannot be used, a sentence each; what was loaded before them is still presented.</summary>
    public IReadOnlyList<string> Faults
    {
        get
        {
            LookAgain();
            return [.. _entries.Select(e => e.Fault).OfType<string>()];
        }
    }

    /// <summary>The certificates that expire within so many days, of those that somebody gave: the self-signed one is made anew by itself.</summary>
    public IReadOnlyList<ExpiringCertificate> Expiring(double days)
    {
        LookAgain();
        var now = _time.GetUtcNow();
        return _isLastResort ? [] :
        [
            .. _entries.Select(e => new ExpiringCertificate(e.File, Names(e.Certificate), new DateTimeOffset(e.Certificate.NotAfter.ToUniversalTime())))
                .Where(c => (c.Expiry - now).TotalDays < days),
        ];
    }

    /// <summary>What to present to a client of SMTP that asks for this name; the first certificate where none fits.</summary>
    public SslServerAuthenticationOptions For(string? serverName) => Find(serverName).Options;

    /// <summary>The same with a fresh object, for servers that add to it what they speak inside TLS.</summary>
    public SslServerAuthenticationOptions CopyFor(string? serverName) => Present(Find(serverName).Options.ServerCertificateContext!);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var entry in _entries)
            entry.Certificate.Dispose();
    }

    private Entry Find(string? serverName)
    {
        LookAgain();
        var entries = _entries;
        if (!string.IsNullOrEmpty(serverName) && serverName.Length <= 255)
        {
            foreach (var entry in entries)
            {
                if (entry.Certificate.MatchesHostname(serverName, allowWildcards: true, allowCommonName: false))
                    return entry;
            }
        }

        return entries[0];
    }

    // Looks into the files at most every ten seconds, on the way to a handshake or a look at its health: no watcher, no thread.
    private void LookAgain()
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) < LookInterval)
            return;
        lock (_lock)
        {
            if (_time.GetElapsedTime(_lookedAt) < LookInterval)
                return;
            Volatile.Write(ref _lookedAt, _time.GetTimestamp());
            _entries = [.. _entries.Select((entry, i) => Renew(_files[i], entry))];
        }
    }

    private Entry Renew(CertificateFiles files, Entry entry)
    {
        var content = "";
        try
        {
            var file = new CertificateFile(files);
            content = file.Content;
            if (content == entry.Content)
                return entry with { Fault = null };
            if (content == entry.RefusedContent)
                return entry;
            var read = Load(files, file); // sessions may still hold the old one; the collector takes it
            _logger.LogInformation("Certificate {File} was read again; it expires {Expiry:O}", files.Certificate, read.Certificate.NotAfter);
            return read;
        }
        catch (CertificateException e)
        {
            // A renewal writes one file after the other: told once, and looked at again with the next change.
            if (entry.Fault != e.Message)
                _logger.LogWarning(e, "Certificate {File} changed but cannot be read; the one loaded before stays in use", files.Certificate);
            return entry with { Fault = e.Message, RefusedContent = content };
        }
    }

    private static Entry Load(CertificateFiles files, CertificateFile file)
    {
        var (certificate, chain) = file.Parse();
        try
        {
            return new Entry(files.Certificate, certificate, Present(SslStreamCertificateContext.Create(certificate, chain, offline: true)), file.Content);
        }
        catch (Exception e) when (e is CryptographicException or NotSupportedException or ArgumentException)
        {
            certificate.Dispose();
            throw new CertificateException($"'{files.Certificate}' cannot be used for TLS: {e.Message}", e);
        }
    }

    private static SslServerAuthenticationOptions Present(SslStreamCertificateContext context) => new()
    {
        ServerCertificateContext = context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ClientCertificateRequired = false,
        AllowRenegotiation = false,
    };

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames()).ToList();
        return names.Count > 0 ? string.Join(", ", names) : certificate.Subject;
    }

    /// <param name="Content">Of the files that it was loaded from.</param>
    /// <param name="Fault">Why files that came later cannot be used.</param>
    /// <param name="RefusedContent">Of those files.</param>
    private sealed record Entry(string File, X509Certificate2 Certificate, SslServerAuthenticationOptions Options, string Content, string? Fault = null, string? RefusedContent = null);
}

/// <summary>A certificate that is to be renewed.</summary>
/// <param name="Names">The hosts it is for.</param>
internal sealed record ExpiringCertificate(string File, string Names, DateTimeOffset Expiry);
