namespace AgentMta.Protocol.Mime;

/// <summary>What a part is that has no Content-Type of its own (RFC 2045 5.2, RFC 2046 5.1.5).</summary>
internal enum PartDefault : byte
{
    Text,
    Message,
    Opaque,
}
