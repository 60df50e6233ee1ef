namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>How signatures are made; the defaults are those that survive most relays and cover all that a reader sees.</summary>
public sealed record DkimSignOptions
{
    /// <summary>The defaults.</summary>
    public static DkimSignOptions Default { get; } = new();

    /// <summary>Signed as often as they occur and once more, so that nobody can add one (RFC 6376 8.15).</summary>
    public IReadOnlyList<string> OversignedHeaders { get; init; } =
    [
        "From", "Subject", "To", "Cc", "Date", "Reply-To", "Message-ID", "In-Reply-To", "References",
        "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "List-Unsubscribe", "List-Unsubscribe-Post",
    ];

    /// <summary>Signed as often as they occur; a name that ends in "*" stands for all that start so.</summary>
    public IReadOnlyList<string> SignedHeaders { get; init; } =
        ["Sender", "Content-*", "List-Id", "List-Help", "List-Post", "List-Owner", "List-Archive", "List-Subscribe", "Auto-Submitted", "Feedback-ID"];

    /// <summary>c= of the header.</summary>
    public DkimCanonicalization HeaderCanonicalization { get; init; } = DkimCanonicalization.Relaxed;

    /// <summary>c= of the body.</summary>
    public DkimCanonicalization BodyCanonicalization { get; init; } = DkimCanonicalization.Relaxed;

    /// <summary>x=: how long the signature counts; null for ever.</summary>
    public TimeSpan? Expiry { get; init; }

    /// <summary>l=: only so many canonical octets of the body are covered (unwise: RFC 6376 8.2); null covers all.</summary>
    public long? BodyLimit { get; init; }

    /// <summary>i=, an address or "@domain" at or below d=; null leaves it out.</summary>
    public string? Identity { get; init; }
}
