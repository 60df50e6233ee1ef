using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Resolver;

namespace AgentMta.Server.Inbound;

/// <summary>How this server names itself in what it writes, and how it judges what comes in.</summary>
internal sealed record ReceiverOptions : IValidatableObject
{
    /// <summary>The name in Received, and the authserv-id of Authentication-Results (RFC 8601 2.5).</summary>
    [Browsable(false)]
    public string HostName { get; init; } = "localhost";

    /// <summary>Further authserv-ids that only we may use: foreign fields with them are taken out.</summary>
    public IReadOnlyList<string> OwnAuthservIds { get; init; } = [];

    /// <summary>Domains whose ARC seals are believed (RFC 8617 9.2).</summary>
    public IReadOnlyList<string> TrustedSealers { get; init; } = [];

    /// <summary>The DMARC to follow: Rfc9989 finds the organisational domain by tree walk, Rfc7489 by the public suffix list.</summary>
    public DmarcSpec DmarcSpec { get; init; } = DmarcSpec.Rfc9989;

    /// <summary>The public suffix list for Rfc7489, read again when it changes.</summary>
    public string PublicSuffixList { get; init; } = PublicSuffixFile.DefaultPath;

    /// <summary>The address for RCPT TO:&lt;postmaster&gt; without a domain (RFC 5321 4.5.1); null means postmaster@DOMAIN.</summary>
    public string? Postmaster { get; init; }

    /// <summary>How long before the reply all checks and gates together may take where they wait for anything; what they do without waiting is bounded by what they look at.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan GateTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The gates.</summary>
    public GateOptions Gates { get; init; } = new();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < TrustedSealers.Count; i++)
        {
            if (DomainName.Normalise(TrustedSealers[i]) is null)
                yield return new ValidationResult("a domain is expected, for instance lists.example.org.", [$"{nameof(TrustedSealers)}:{i}"]);
        }

        // Whether the domain is ours is told at RCPT: domains come and go while the server runs.
        if (Postmaster is not null && Mailbox.Parse(Postmaster) is null)
            yield return new ValidationResult("an address is expected, for instance hostmaster@example.org; null means postmaster@DOMAIN.", [nameof(Postmaster)]);
        if ((Gates.Clamd ?? Gates.Rspamd) is not null && GateTime <= Gates.ScannerTimeout)
        {
            yield return new ValidationResult(
                $"more than Gates:ScannerTimeout = {Gates.ScannerTimeout} is expected where {(Gates.Clamd is null ? "Rspamd" : "Clamd")} is set: a scanner that does not answer would take all of it.", [nameof(GateTime)]);
        }
    }
}
