using System.ComponentModel;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Resolver;

namespace AgentMta.Server.Inbound;

/// <summary>How this server names itself in what it writes, and how it judges what comes in.</summary>
internal sealed record ReceiverOptions
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

    /// <summary>The address for RCPT TO:&lt;postmaster&gt; without a domain (RFC 5321 4.5.1); null refuses it.</summary>
    public string? Postmaster { get; init; }

    /// <summary>How long before the reply all checks and gates together may take where they wait for anything; what they do without waiting is bounded by what they look at.</summary>
    public TimeSpan GateTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The gates.</summary>
    public GateOptions Gates { get; init; } = new();
}
