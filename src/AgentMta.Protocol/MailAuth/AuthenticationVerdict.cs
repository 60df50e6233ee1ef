using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.MailAuth;

/// <summary>All that is known about who sent a message, with its evidence: kept with the message, shown by the API and explained to people.</summary>
public sealed record AuthenticationVerdict
{
    public required IPAddress ClientAddress { get; init; }

    public required string Helo { get; init; }

    public required string MailFrom { get; init; }

    /// <summary>Domains of the From fields in normal form, each once; several or none make the message suspect.</summary>
    public required IReadOnlyList<string> AuthorDomains { get; init; }

    /// <summary>SPF of the reverse-path (of postmaster at the HELO name where it is null): the identity that DMARC takes.</summary>
    public required SpfResult Spf { get; init; }

    /// <summary>SPF of the HELO name.</summary>
    public required SpfResult SpfHelo { get; init; }

    /// <summary>One for each signature, top to bottom.</summary>
    public required IReadOnlyList<DkimResult> Dkim { get; init; }

    public required DmarcResult Dmarc { get; init; }

    public required ArcResult Arc { get; init; }

    public required IprevResult Iprev { get; init; }

    /// <summary>Every look-up with its TTL, AD bit and time.</summary>
    public required IReadOnlyList<DnsEvidence> Evidence { get; init; }

    /// <summary>Time in which at least one look-up was under way.</summary>
    public required TimeSpan DnsTime { get; init; }

    /// <summary>True where SPF or DKIM passed for an identifier that is aligned with the author: somebody answers for the From.</summary>
    public bool HasAlignedPass => Dmarc.Status == DmarcStatus.Pass || AlignedWithoutPolicy;

    /// <summary>The author domain publishes no policy, but an identifier that passed is the author domain itself.</summary>
    internal bool AlignedWithoutPolicy { get; init; }

    /// <summary>What would have had to differ for DMARC (or, without a policy, for SPF and DKIM) to pass; empty where it passed.</summary>
    public IReadOnlyList<string> ForPass => VerdictAdvice.For(this);

    /// <summary>The verdict as an indented text for people.</summary>
    public string ToText() => VerdictTextWriter.Write(this);

    /// <summary>The verdict as one JSON object, names in snake_case, stable across versions.</summary>
    public string ToJson() => VerdictJsonWriter.ToJson(this);
}
