namespace AgentMta.Server.Model;

/// <summary>The labels that the server itself sets; nobody else may add or remove those in <see cref="System"/>.</summary>
internal static class Labels
{
    public const string Received = "received";
    public const string Sent = "sent";
    public const string Delivered = "delivered";
    public const string Bounced = "bounced";
    public const string Complained = "complained";
    public const string Rejected = "rejected";
    public const string Delayed = "delayed";
    public const string Opened = "opened";
    public const string Unread = "unread";
    public const string Spam = "spam";
    public const string Blocked = "blocked";
    public const string Unauthenticated = "unauthenticated";
    public const string Trash = "trash";
    public const string Scheduled = "scheduled";
    public const string Archived = "archived";
    public const string AutoReply = "autoreply";

    /// <summary>Labels that tell what happened; they change only with it.</summary>
    public static readonly IReadOnlySet<string> System = new HashSet<string>
    {
        Received, Sent, Delivered, Bounced, Complained, Rejected, Delayed, Opened, Scheduled,
    };

    /// <summary>Labels that hide a message from lists unless asked for.</summary>
    public static readonly IReadOnlyList<string> Hiding = [Spam, Blocked, Unauthenticated, Trash];
}
