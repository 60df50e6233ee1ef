using System.Security.Cryptography;

namespace AgentMta.Protocol.Mime;

/// <summary>An attachment as a range of the raw message, enough to list it now and to read its bytes at any later time.</summary>
/// <param name="FileName">Neutralised; the Content-ID for an inline image, the subject for a message, made up where the part has none.</param>
/// <param name="UniqueName">The same, told apart from the other attachments of the message.</param>
/// <param name="ContentType">As declared, lower case, without parameters.</param>
/// <param name="Size">Of the decoded bytes.</param>
/// <param name="ContentId">Without angle brackets.</param>
/// <param name="Inline">An image that the HTML shows by a <c>cid:</c> reference.</param>
/// <param name="IsMessage">A message/rfc822, whatever it holds.</param>
/// <param name="Offset">Where the encoded body begins in the raw message.</param>
/// <param name="Length">Length of the encoded body.</param>
/// <param name="Encoding">How to decode it.</param>
public sealed record AttachmentInfo(
    string FileName,
    string UniqueName,
    string ContentType,
    long Size,
    string? ContentId,
    bool Inline,
    bool IsMessage,
    int Offset,
    int Length,
    TransferEncoding Encoding)
{
    /// <summary>Writes the decoded bytes.</summary>
    /// <param name="raw">The whole raw message.</param>
    /// <param name="output">Takes the bytes piece by piece.</param>
    public void DecodeTo(ReadOnlyMemory<byte> raw, Stream output) => BodyDecoder.Decode(raw.Span.Slice(Offset, Length), Encoding, output);

    /// <summary>SHA-256 of the decoded bytes, without holding them.</summary>
    public byte[] Sha256(ReadOnlyMemory<byte> raw)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        BodyDecoder.Hash(raw.Span.Slice(Offset, Length), Encoding, hash);
        return hash.GetHashAndReset();
    }
}
