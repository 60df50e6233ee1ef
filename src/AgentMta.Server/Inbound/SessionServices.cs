using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound;

/// <summary>All that a session needs from the rest of the server, in one hand.</summary>
internal sealed record SessionServices
{
    public required InboundOptions Options { get; init; }

    /// <summary>Takes messages of both roles; the message's session says which.</summary>
    public required AcceptMessage Accept { get; init; }

    public required CheckRecipient CheckRecipient { get; init; }

    public required CheckSender CheckSender { get; init; }

    public required CheckCredential CheckCredential { get; init; }

    public required RawSpool Spool { get; init; }

    public required CertificateStore Certificates { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Keeps the facts of ended sessions; optional.</summary>
    public RecordSession? RecordSession { get; init; }
}
