namespace AgentMta.Protocol.Mime;

/// <summary>What was wrong with a message and yet read: a message may have several of these, none of them stops the parser.</summary>
[Flags]
public enum MimeDefects
{
    None = 0,
    MboxLine = 1 << 0,
    MissingHeaderEnd = 1 << 1,
    UnfoldedHeader = 1 << 2,
    MissingBoundary = 1 << 3,
    BoundaryNeverSeen = 1 << 4,
    MissingEndBoundary = 1 << 5,
    TooManyParts = 1 << 6,
    TooDeep = 1 << 7,
    TooMuchHeader = 1 << 8,
    NulBytes = 1 << 9,
    BareLineFeeds = 1 << 10,
    BareCarriageReturns = 1 << 11,
    EightBitHeader = 1 << 12,
    UnknownCharset = 1 << 13,
    BadCharset = 1 << 14,
    UnknownEncoding = 1 << 15,
    BadBase64 = 1 << 16,
    BadQuotedPrintable = 1 << 17,
    YEncoded = 1 << 18,
    BadDate = 1 << 19,
    RepeatedHeader = 1 << 20,
}
