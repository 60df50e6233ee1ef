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
    BareCarriageReturns = 1 << 9,
    EightBitHeader = 1 << 10,
    UnknownCharset = 1 << 11,
    BadCharset = 1 << 12,
    UnknownEncoding = 1 << 13,
    BadBase64 = 1 << 14,
    BadQuotedPrintable = 1 << 15,

    /// <summary>A yEnc body, which is no MIME encoding: it is kept as it stands.</summary>
    YEncoded = 1 << 16,
    BadDate = 1 << 17,
    RepeatedHeader = 1 << 18,

    /// <summary>The HTML that the text was to be read from is larger than what is looked at.</summary>
    HtmlBeyondBounds = 1 << 19,

    /// <summary>A Message-ID of more than 998 octets, which is taken for none.</summary>
    OverlongMessageId = 1 << 20,
}
