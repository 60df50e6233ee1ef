using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;

namespace AgentMta.Server.Api;

/// <summary>All that the API works with, given by Hosting (and by tests).</summary>
internal sealed record ApiServices
{
    public required Database Database { get; init; }

    public required KeyRing Keys { get; init; }

    /// <summary>Where raws of more than 64 KiB lie.</summary>
    public required RawSpool Spool { get; init; }

    /// <summary>The full-text index.</summary>
    public required SearchIndex Search { get; init; }

    /// <summary>What was refused at the door.</summary>
    public required RefusalStore Refusals { get; init; }

    /// <summary>Failed authentications at the door; null where the API runs without one.</summary>
    public Inbound.AuthFailureLimits? AuthFailures { get; init; }

    public required SubmitMessage Submit { get; init; }

    public required OptOut OptOut { get; init; }

    /// <summary>Fetches attachments by URL; null turns that off.</summary>
    public FetchUrl? Fetch { get; init; }

    public required SendingDomains Domains { get; init; }

    /// <summary>The log's end, shared by all live feeds.</summary>
    public required EventFeed Feed { get; init; }

    /// <summary>What a webhook may name.</summary>
    public required DestinationRules Destinations { get; init; }

    /// <summary>What may be decoded at once of large messages; Outbound has the same, for what is forwarded.</summary>
    public required ParseSlots Slots { get; init; }

    /// <summary>What answers may hold until they are read.</summary>
    public MemoryRoom Answers { get; init; } = MemoryRoom.OfThisMachine();

    /// <summary>What requests may hold until they are answered.</summary>
    public MemoryRoom Requests { get; init; } = MemoryRoom.OfThisMachine();

    public required ApiOptions Options { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Log { get; init; }
}
