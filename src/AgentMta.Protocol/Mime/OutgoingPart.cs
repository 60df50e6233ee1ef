using System.Buffers;
using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>A part that is about to be written: a leaf with its bytes or a multipart with its children.</summary>
internal sealed class OutgoingPart
{
    private const int MaxTypeLength = 127;
    private const int MaxParameters = 20;

    private readonly string _type;
    private readonly ReadOnlyMemory<byte> _content;
    private readonly string _encoding = "7bit";
    private readonly OutgoingAttachment? _file;
    private readonly IReadOnlyList<OutgoingPart> _children = [];
    private string _boundary = "";

    private OutgoingPart(string type, ReadOnlyMemory<byte> content, string encoding, OutgoingAttachment? file)
    {
        _type = type;
        _content = content;
        _encoding = encoding;
        _file = file;
    }

    private OutgoingPart(string subtype, IReadOnlyList<OutgoingPart> children)
    {
        _type = "multipart/" + subtype;
        _children = children;
    }

    public static OutgoingPart Text(string subtype, string text)
    {
        var content = BodyWriter.Canonical(text);
        return new OutgoingPart("text/" + subtype, content, BodyWriter.Choose(content), null);
    }

    public static OutgoingPart File(OutgoingAttachment file)
    {
        var type = Type(file.ContentType);
        // RFC 2046 5.2.1: a message is never base64; one that is not 7bit goes as the file that it is.
        if (type.StartsWith("message/", StringComparison.Ordinal))
        {
            if (BodyWriter.IsSevenBit(file.Content.Span))
                return new OutgoingPart(type, file.Content, "7bit", file);
            type = "application/octet-stream";
        }

        return new OutgoingPart(type, file.Content, "base64", file);
    }

    public static OutgoingPart Multipart(string subtype, IReadOnlyList<OutgoingPart> children) => new(subtype, children);

    /// <summary>Gives each multipart a boundary that none of the bodies written as they are holds.</summary>
    public void ChooseBoundaries(string seed)
    {
        var verbatim = Leaves().Where(l => l._encoding == "7bit").Select(l => l._content).ToList();
        var number = 0;
        foreach (var part in Multiparts())
        {
            do
                part._boundary = MimeWriter.Boundary(seed, number++);
            while (verbatim.Any(v => v.Span.IndexOf(Encoding.ASCII.GetBytes(part._boundary)) >= 0));
        }
    }

    public void Write(IBufferWriter<byte> output, HeaderWriter headers, bool isRoot = true)
    {
        if (_children.Count > 0)
        {
            WriteMultipart(output, headers);
            return;
        }

        if (_file is null)
            headers.Parameters("Content-Type", _type, ["charset=utf-8"]);
        else
            FileHeader(_file, headers);
        headers.Verbatim("Content-Transfer-Encoding", _encoding);
        output.Write("\r\n"u8);
        BodyWriter.Write(_content.Span, _encoding, output);
        // The last line of a message ends with CRLF (RFC 5321 4.1.1.4); between parts that CRLF belongs to the delimiter.
        if (_encoding != "base64" && (!isRoot || !_content.Span.EndsWith("\r\n"u8)))
            output.Write("\r\n"u8);
    }

    private void WriteMultipart(IBufferWriter<byte> output, HeaderWriter headers)
    {
        headers.Parameters("Content-Type", _type, ParameterWriter.Write("boundary", _boundary));
        var delimiter = Encoding.ASCII.GetBytes("--" + _boundary);
        output.Write("\r\n"u8);
        foreach (var child in _children)
        {
            output.Write(delimiter);
            output.Write("\r\n"u8);
            child.Write(output, headers, isRoot: false);
        }

        output.Write(delimiter);
        output.Write("--\r\n"u8);
    }

    private void FileHeader(OutgoingAttachment file, HeaderWriter headers)
    {
        var name = FileNames.Neutralise(file.FileName);
        if (name.Length == 0)
            name = "attachment";
        headers.Parameters("Content-Type", _type, [.. Given(file), .. ParameterWriter.Write("name", name)]);
        headers.Parameters("Content-Disposition", file.Inline ? "inline" : "attachment", ParameterWriter.Write("filename", name));
        if (file.ContentId is { } id && HeaderWriter.IsContentId(id))
            headers.Verbatim("Content-ID", "<" + id + ">");
    }

    // What the type came with (method=REQUEST of an invitation), and the charset of a text where the bytes tell it.
    private IEnumerable<string> Given(OutgoingAttachment file)
    {
        var given = ContentType.Parse(EncodedWordWriter.OneLine(file.ContentType)) is { } type && type.MediaType == _type ? type.Parameters : [];
        var parameters = given.Where(p => p.Name is not ("name" or "boundary" or "charset") && p.Name.All(char.IsAsciiLetterOrDigit)).Take(MaxParameters)
            .SelectMany(p => ParameterWriter.Write(p.Name, p.Value));
        if (!_type.StartsWith("text/", StringComparison.Ordinal))
            return parameters;
        var charset = given.FirstOrDefault(p => p.Name == "charset").Value;
        if (charset is not null)
            return ParameterWriter.Write("charset", charset).Concat(parameters);
        return System.Text.Unicode.Utf8.IsValid(file.Content.Span) ? parameters.Prepend("charset=utf-8") : parameters;
    }

    private static string Type(string type)
    {
        var end = type.IndexOf(';', StringComparison.Ordinal);
        var media = (end < 0 ? type : type[..end]).Trim().ToLowerInvariant();
        var slash = media.IndexOf('/', StringComparison.Ordinal);
        var isToken = slash > 0 && slash < media.Length - 1 && media.Length <= MaxTypeLength
            && media.All(c => char.IsAsciiLetterOrDigit(c) || "!#$&-^_.+/".Contains(c, StringComparison.Ordinal)) && media.IndexOf('/', slash + 1) < 0;
        // A multipart needs a boundary of its own, which an attached file cannot name.
        return isToken && !media.StartsWith("multipart/", StringComparison.Ordinal) ? media : "application/octet-stream";
    }

    private IEnumerable<OutgoingPart> Leaves() => _children.Count == 0 ? [this] : _children.SelectMany(c => c.Leaves());

    private IEnumerable<OutgoingPart> Multiparts() => _children.Count == 0 ? [] : [this, .. _children.SelectMany(c => c.Multiparts())];
}
