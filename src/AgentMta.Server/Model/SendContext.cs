namespace AgentMta.Server.Model;

/// <summary>The sender of a submission: inbox, its use case and the state of its domain.</summary>
internal sealed record SenderProfile(Inbox Inbox, UseCase UseCase)
{
    public string WorkspaceId => Inbox.WorkspaceId;

    /// <summary>The address.</summary>
    public string Address => Inbox.InboxId;

    public string Domain => Address[(Address.LastIndexOf('@') + 1)..];
}

/// <summary>The stored message that a submission answers or forwards.</summary>
/// <param name="AutoSubmitted">It was written by a machine (RFC 3834): answering it may loop.</param>
internal sealed record TargetMessage(
    string MessageKey, string MessageId, string ThreadId, string RawId, MessageDirection Direction, DateTimeOffset Timestamp, string From, IReadOnlyList<string> To, IReadOnlyList<string> Cc,
    IReadOnlyList<string> ReplyTo, string? Subject, bool AutoSubmitted);

/// <summary>How one message of a thread hangs on the others.</summary>
/// <param name="AnswersId">Message-ID of the outbound message that it was resolved to.</param>
internal sealed record ThreadLink(string MessageId, string? InReplyTo, IReadOnlyList<string> References, string? AnswersId, long Timestamp);
