namespace AgentMta.Protocol.Mime;

/// <summary>How the octets of a body are written (RFC 2045 6); whatever is not one of the three codings is as it stands.</summary>
public enum TransferEncoding
{
    Identity,
    Base64,
    QuotedPrintable,
    UuEncode,
    YEnc,
    Unknown,
}
