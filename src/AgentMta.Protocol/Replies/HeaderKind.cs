namespace AgentMta.Protocol.Replies;

/// <summary>What a line of the header block above a quoted message says, whatever its language.</summary>
internal enum HeaderKind
{
    From,
    Sent,
    Date,
    To,
    Copy,
    Subject,
    Other,
}
