using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Outbound;

/// <summary>Compares a server's certificate with TLSA records as SMTP does it (RFC 7672): usages 2 and 3 alone.</summary>
internal static class DaneVerifier
{
    private const byte TrustAnchor = 2;
    private const byte EndEntity = 3;

    /// <summary>The records that SMTP can use; PKIX usages 0 and 1 are unusable (RFC 7672 3.1.3), as are unknown selectors and digests.</summary>
    public static List<TlsaRecord> Usable(IEnumerable<TlsaRecord> records) =>
        [.. records.Where(r => r.Usage is TrustAnchor or EndEntity && r.Selector <= 1 && Length(r.MatchingType) is { } length && (length == 0 ? r.Data.Length > 0 : r.Data.Length == length))];

    /// <summary>Whether any record accepts the certificate, or a chain of those shown that leads to it.</summary>
    public static bool Accepts(IReadOnlyList<TlsaRecord> records, IReadOnlyList<string> names, X509Certificate2 shown, X509Certificate2Collection others)
    {
        foreach (var record in records)
        {
            // RFC 7672 3.1.1: with DANE-EE neither names nor dates count.
            if (record.Usage == EndEntity && Matches(record, shown))
                return true;
            if (record.Usage == TrustAnchor && AcceptsAnchor(record, names, shown, others))
                return true;
        }

        return false;
    }

    private static bool AcceptsAnchor(TlsaRecord record, IReadOnlyList<string> names, X509Certificate2 shown, X509Certificate2Collection others)
    {
        // RFC 7672 3.1.2: the anchor must be among the certificates shown; the name is checked.
        var anchor = others.Cast<X509Certificate2>().FirstOrDefault(c => Matches(record, c));
        if (anchor is null || !names.Any(name => shown.MatchesHostname(name.TrimEnd('.'))))
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(anchor);
        chain.ChainPolicy.ExtraStore.AddRange(others);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // The anchor may be an intermediate certificate.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        return chain.Build(shown) && chain.ChainElements.Any(e => e.Certificate.RawDataMemory.Span.SequenceEqual(anchor.RawDataMemory.Span));
    }

    private static bool Matches(TlsaRecord record, X509Certificate2 certificate)
    {
        var selected = record.Selector == 0 ? certificate.RawData : certificate.PublicKey.ExportSubjectPublicKeyInfo();
        var value = record.MatchingType switch { 0 => selected, 1 => SHA256.HashData(selected), _ => SHA512.HashData(selected) };
        return CryptographicOperations.FixedTimeEquals(value, record.Data);
    }

    // RFC 6698 2.1.3: 0 is the whole, without a fixed length.
    private static int? Length(byte matchingType) => matchingType switch { 0 => 0, 1 => 32, 2 => 64, _ => null };
}
