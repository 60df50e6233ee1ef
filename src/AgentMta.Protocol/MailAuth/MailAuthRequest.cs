using System.Net;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;

namespace AgentMta.Protocol.MailAuth;

/// <summary>A received message with what the session knows about its sender, and how this server wants it judged.</summary>
public sealed record MailAuthRequest
{
    /// <summary>The message as received, header and body; nothing of ours in front.</summary>
    public required ReadOnlyMemory<byte> Message { get; init; }

    public required IPAddress ClientAddress { get; init; }

    /// <summary>The name given in EHLO or HELO.</summary>
    public required string Helo { get; init; }

    /// <summary>The reverse-path without brackets; empty for the null one.</summary>
    public required string MailFrom { get; init; }

    /// <summary>This host's name, for SPF explanations.</summary>
    public string ReceiverName { get; init; } = "unknown";

    /// <summary>Time of receipt; signatures expire by it.</summary>
    public required DateTimeOffset Now { get; init; }

    public DmarcSpec DmarcSpec { get; init; } = DmarcSpec.Rfc9989;

    /// <summary>Needed by RFC 7489 only.</summary>
    public PublicSuffixList? PublicSuffixes { get; init; }

    /// <summary>Domains whose ARC seals are believed (RFC 8617 9.2); a domain stands for itself and what is below.</summary>
    public IReadOnlyList<string> TrustedSealers { get; init; } = [];

    /// <summary>Measures the look-ups where the look-ups given are not a <see cref="Dns.DnsBudget"/> already; without it their times are zero.</summary>
    public TimeProvider? Time { get; init; }

    /// <summary>Parsed DKIM keys of earlier messages.</summary>
    public DkimKeyCache? KeyCache { get; init; }
}
