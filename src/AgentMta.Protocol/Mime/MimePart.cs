using System.Buffers;
using System.Security.Cryptography;

namespace AgentMta.Protocol.Mime;

/// <summary>One node of a message: where its header and body lie, and how to read them when somebody asks.</summary>
public sealed class MimePart
{
    private static readonly ContentType PlainText = ContentType.Of("text", "plain");
    private static readonly ContentType EmbeddedMessage = ContentType.Of("message", "rfc822");
    private static readonly ContentType OctetStream = ContentType.Of("application", "octet-stream");

    private readonly ReadOnlyMemory<byte> _source;
    private readonly PartDefault _default;
    private List<MimePart>? _children;
    private ContentType? _contentType;

    internal MimePart(ReadOnlyMemory<byte> source, MimePart? parent, HeaderList headers, PartDefault byDefault)
    {
        _source = source;
        _default = byDefault;
        Parent = parent;
        Headers = headers;
    }

    public MimePart? Parent { get; }

    public HeaderList Headers { get; }

    public IReadOnlyList<MimePart> Children => (IReadOnlyList<MimePart>?)_children ?? [];

    /// <summary>True for a multipart that was taken apart, even into no parts.</summary>
    public bool IsMultipart { get; private set; }

    /// <summary>Where the body starts in the raw message.</summary>
    public int BodyOffset { get; private set; }

    /// <summary>Length of the body as it stands in the raw message, still encoded.</summary>
    public int BodyLength { get; private set; }

    public ReadOnlyMemory<byte> RawBody => _source.Slice(BodyOffset, BodyLength);

    public ContentType ContentType => _contentType ??= ReadContentType();

    /// <summary>False where the type is the default one because the header gives none that can be read.</summary>
    public bool DeclaresType => Headers.First("Content-Type") is { } header && ContentType.Parse(header.Text) is not null;

    public ContentDisposition? Disposition =>
        Headers.First("Content-Disposition") is { } header ? ContentDisposition.Parse(header.Text) : null;

    /// <summary>Content-ID without angle brackets, or null.</summary>
    public string? ContentId
    {
        get
        {
            var id = Headers.First("Content-ID")?.Value.Trim().Trim('<', '>').Trim();
            return string.IsNullOrEmpty(id) ? null : id;
        }
    }

    public TransferEncoding TransferEncoding => TransferEncodingName.Parse(Headers.First("Content-Transfer-Encoding"));

    /// <summary>The decoded body. Large ones are better streamed.</summary>
    public byte[] Decode()
    {
        var buffer = new ArrayBufferWriter<byte>(Math.Max(1, BodyLength));
        DecodeTo(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    public void DecodeTo(IBufferWriter<byte> output) => BodyDecoder.Decode(RawBody.Span, TransferEncoding, output);

    public void DecodeTo(Stream output) => BodyDecoder.Decode(RawBody.Span, TransferEncoding, output);

    /// <summary>Length of the decoded body, counted without keeping it.</summary>
    public long DecodedSize() => BodyDecoder.Size(RawBody.Span, TransferEncoding);

    public byte[] DecodedSha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        BodyDecoder.Hash(RawBody.Span, TransferEncoding, hash);
        return hash.GetHashAndReset();
    }

    /// <summary>The decoded body as text in its charset, or in what it looks like where the label is no help.</summary>
    public string DecodeText() => DecodeText(out _);

    public string DecodeText(out MimeDefects defects) => DecodeText(int.MaxValue, out defects);

    /// <summary>The text of the lines that lie whole within the first <paramref name="octets"/> of the encoded body.</summary>
    public string DecodeText(int octets, out MimeDefects defects) =>
        BodyDecoder.Text(Beginning(octets), TransferEncoding, ContentType.Charset, CharsetDecoder.Decode, out defects);

    /// <summary>The same with lines that end with LF.</summary>
    internal string DecodeLines(int octets, out MimeDefects defects) =>
        BodyDecoder.Text(Beginning(octets), TransferEncoding, ContentType.Charset, LineEnds.Decode, out defects);

    internal void Add(MimePart child)
    {
        IsMultipart = true;
        (_children ??= []).Add(child);
    }

    internal void SetBody(int start, int end)
    {
        BodyOffset = start;
        BodyLength = Math.Max(0, end - start);
    }

    internal void MarkMultipart() => IsMultipart = true;

    /// <summary>A look at the raw type, so that leaves need no parsed one while the tree is built.</summary>
    internal bool StartsWithType(ReadOnlySpan<byte> prefix)
    {
        if (Headers.First("Content-Type") is not { } field)
            return false;
        var value = field.RawValue.Span.TrimStart(" \t\r\n\""u8);
        return value.Length >= prefix.Length && System.Text.Ascii.EqualsIgnoreCase(value[..prefix.Length], prefix);
    }

    private ReadOnlySpan<byte> Beginning(int octets)
    {
        var body = RawBody.Span;
        return body.Length <= octets ? body : body[..(body[..octets].LastIndexOf((byte)'\n') is >= 0 and var end ? end + 1 : octets)];
    }

    private ContentType ReadContentType()
    {
        if (Headers.First("Content-Type") is { } header)
        {
            var bare = header.RawValue.Span.Trim(" \t\r\n"u8);
            if (bare.SequenceEqual("text/plain"u8))
                return PlainText;
            if (bare.SequenceEqual("message/rfc822"u8))
                return EmbeddedMessage;
            if (ContentType.Parse(header.Text) is { } declared)
                return declared;
        }

        return _default switch
        {
            PartDefault.Message => EmbeddedMessage,
            PartDefault.Opaque => OctetStream,
            _ => PlainText,
        };
    }
}
