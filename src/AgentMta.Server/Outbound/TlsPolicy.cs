using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Outbound;

/// <summary>How much TLS a connection needs.</summary>
internal enum TlsLevel
{
    /// <summary>Plain text, after an opportunistic handshake failed.</summary>
    None,

    /// <summary>Encrypted where it works, with any certificate (RFC 7435).</summary>
    Opportunistic,

    /// <summary>Encrypted or not at all, with any certificate (RFC 7672 2.2: TLSA records that cannot be used).</summary>
    Encrypted,

    /// <summary>A certificate that proves the host, or no mail: never falls back.</summary>
    Verified,
}

/// <summary>What TLS a host must show, and who asks for it.</summary>
/// <param name="Source">opportunistic, relay, mta-sts, dane or requiretls: what attempts and events name.</param>
/// <param name="Names">Names that a verified certificate may carry; empty asks for the host's own.</param>
/// <param name="Tlsa">DANE's records; with them the web's authorities do not count.</param>
internal sealed record TlsPolicy(TlsLevel Level, string Source, IReadOnlyList<string> Names, IReadOnlyList<TlsaRecord> Tlsa)
{
    public static readonly TlsPolicy Opportunistic = new(TlsLevel.Opportunistic, "opportunistic", [], []);

    public static readonly TlsPolicy None = new(TlsLevel.None, "none", [], []);

    /// <summary>Whether mail must wait rather than go without.</summary>
    public bool NeverFallsBack => Level is TlsLevel.Encrypted or TlsLevel.Verified;

    /// <summary>A certificate of the web's authorities for the host's own name.</summary>
    public static TlsPolicy Verified(string source) => new(TlsLevel.Verified, source, [], []);

    /// <summary>Options for one handshake with this host.</summary>
    public SslClientAuthenticationOptions ToOptions(string host) => new()
    {
        TargetHost = Tlsa.Count > 0 && Names.Count > 0 ? Names[0] : host.TrimEnd('.'),
        // RFC 8996: nothing below TLS 1.2.
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Accepts(host, certificate, chain, errors),
    };

    /// <summary>Whether the certificate satisfies this policy.</summary>
    internal bool Accepts(string host, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (Level is not TlsLevel.Verified)
            return true;
        if (certificate is not X509Certificate2 shown)
            return false;
        if (Tlsa.Count > 0)
            return DaneVerifier.Accepts(Tlsa, Names.Count > 0 ? Names : [host], shown, chain?.ChainPolicy.ExtraStore ?? []);
        return errors == SslPolicyErrors.None;
    }
}
