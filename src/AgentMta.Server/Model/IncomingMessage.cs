using System.Net;
using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Model;

/// <summary>What a listener is for: mail from anyone for our domains, or mail of our own users for anyone.</summary>
internal enum DoorRole
{
    Mx,
    Submission,

    /// <summary>Not a socket: the queue hands a message of one of our inboxes to another.</summary>
    Local,
}

/// <summary>One SMTP session as far as it matters to those behind the door.</summary>
internal sealed record SessionInfo
{
    private HashSet<string>? _pastGreylist;

    /// <summary>Id that log lines, the trace and refusals share.</summary>
    public required string SessionId { get; init; }

    public required DoorRole Role { get; init; }

    /// <summary>The peer; behind the PROXY protocol the address that it names.</summary>
    public required IPAddress ClientAddress { get; init; }

    public int ClientPort { get; init; }

    /// <summary>The argument of EHLO or HELO.</summary>
    public string Helo { get; init; } = "";

    /// <summary>EHLO rather than HELO.</summary>
    public bool Extended { get; init; }

    /// <summary>For instance "TLSv1.3"; null for plain text.</summary>
    public string? TlsProtocol { get; init; }

    public string? TlsCipher { get; init; }

    /// <summary>Who authenticated (RFC 4954), and under which address.</summary>
    public Credential? Credential { get; init; }

    /// <summary>The inbox address given as user name.</summary>
    public string? User { get; init; }

    /// <summary>Inboxes whose recipient was let in because the memory of greylisting could not be used when it was named last.</summary>
    public ISet<string> PastGreylist => _pastGreylist ??= new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Whether the inbox is one of them.</summary>
    public bool IsPastGreylist(string inboxId) => _pastGreylist?.Contains(inboxId) == true;
}

/// <summary>One RCPT of the envelope, with what RFC 3461 lets a submitter ask.</summary>
internal sealed record IncomingRecipient(string Address, string? Notify = null, string? OriginalRecipient = null);

/// <summary>A message at the end of data, before the reply: envelope, bytes and session.</summary>
internal sealed record IncomingMessage
{
    /// <summary>It may be checked on the thread that serves sockets: see <see cref="PoolThread"/>.</summary>
    public bool InPlace { get; init; }

    /// <summary>Whoever hands it over only writes a reply behind it, and may do so on the thread that made it durable.</summary>
    public bool AnswersAtOnce { get; init; }

    /// <summary>Names this transaction in Received, logs and the trace.</summary>
    public required string TransactionId { get; init; }

    public required SessionInfo Session { get; init; }

    /// <summary>Reverse-path without brackets; "" is the null reverse-path.</summary>
    public required string ReversePath { get; init; }

    public required IReadOnlyList<IncomingRecipient> Recipients { get; init; }

    public required RawContent Raw { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    public bool SmtpUtf8 { get; init; }

    public bool EightBit { get; init; }

    public bool RequireTls { get; init; }

    /// <summary>RFC 3461 RET and ENVID.</summary>
    public string? DsnReturn { get; init; }

    public string? DsnEnvelopeId { get; init; }

    /// <summary>Set where the queue delivers to an inbox of ours: storing the copy completes this delivery in the same transaction.</summary>
    public LocalHandOff? LocalHandOff { get; init; }
}

/// <summary>A leased delivery whose completion belongs to the transaction that stores the local copy.</summary>
internal sealed record LocalHandOff(string WorkspaceId, string DeliveryId, string LeaseOwner, long LeaseAttempt, string SenderInboxId);

/// <summary>Takes a message at end of data; the reply goes to the peer. A 2yz reply means that the message is durable (promise 1). Never throws for bad mail.</summary>
internal delegate Task<SmtpReply> AcceptMessage(IncomingMessage message, CancellationToken cancellationToken);

/// <summary>Decides a RCPT before any data: null accepts, a reply refuses.</summary>
internal delegate ValueTask<SmtpReply?> CheckRecipient(SessionInfo session, string reversePath, string recipient, int recipientsSoFar, CancellationToken cancellationToken);

/// <summary>Decides a MAIL: null accepts, a reply refuses.</summary>
internal delegate ValueTask<SmtpReply?> CheckSender(SessionInfo session, string reversePath, CancellationToken cancellationToken);

/// <summary>Checks AUTH credentials (an inbox address and an API key); null refuses.</summary>
internal delegate ValueTask<Credential?> CheckCredential(string user, string secret, CancellationToken cancellationToken);
