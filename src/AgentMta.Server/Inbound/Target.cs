using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>What a recipient address is to us.</summary>
internal enum TargetKind
{
    /// <summary>An inbox.</summary>
    Inbox,

    /// <summary>postmaster or abuse of a domain of ours (RFC 5321 4.5.1, RFC 2142).</summary>
    Postmaster,

    /// <summary>The reverse-path of a message that we sent: <c>b+TOKEN@</c>.</summary>
    Bounce,

    /// <summary>The address for complaints about a message that we sent: <c>f+TOKEN@</c>.</summary>
    Feedback,

    /// <summary>The address for opting out of what we sent: <c>u+TOKEN@</c>.</summary>
    Unsubscribe,
}

/// <summary>A RCPT that is ours: the inbox behind it and, for token addresses, the id that the token names.</summary>
internal sealed record Target(string Address, TargetKind Kind, LocalInbox Inbox, string? TokenId = null)
{
    /// <summary>A valid token: somebody got mail of ours, so posture is not asked.</summary>
    public bool IsToken => TokenId is not null;

    /// <summary>Free of posture, lists and spam (design.md, Addresses of our own).</summary>
    public bool IsExempt => IsToken || Kind == TargetKind.Postmaster;
}
