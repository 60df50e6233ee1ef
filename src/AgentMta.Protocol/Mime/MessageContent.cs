using System.Text;
using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Html;

namespace AgentMta.Protocol.Mime;

/// <summary>What a message says, as an agent gets to see it: decoded headers, text without hidden parts, attachments as ranges.</summary>
public sealed class MessageContent
{
    private const int PreviewLength = 200;
    private readonly BodyText _body;
    private IReadOnlyList<HiddenText>? _hidden;

    private MessageContent(BodyText body) => _body = body;

    public required string Subject { get; init; }

    public required IReadOnlyList<MailAddress> From { get; init; }

    public required MailAddress? Sender { get; init; }

    public required IReadOnlyList<MailAddress> ReplyTo { get; init; }

    public required IReadOnlyList<MailAddress> To { get; init; }

    public required IReadOnlyList<MailAddress> Cc { get; init; }

    public required IReadOnlyList<MailAddress> Bcc { get; init; }

    /// <summary>With the offset it was written in; null where there is no date that can be read.</summary>
    public required DateTimeOffset? Date { get; init; }

    /// <summary>With angle brackets, as all ids here.</summary>
    public required string? MessageId { get; init; }

    public required IReadOnlyList<string> InReplyTo { get; init; }

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<string> References { get; init; }

    /// <summary>Always there: the plain parts, or what the HTML says. Lines end with LF.</summary>
    public string Text => _body.Text;

    /// <summary>Null where the message has none. As sent: to be sanitised before anybody is shown it.</summary>
    public string? Html => _body.Html;

    /// <summary>The first 200 characters of the text on one line.</summary>
    public required string Preview { get; init; }

    /// <summary>Depth first.</summary>
    public required IReadOnlyList<AttachmentInfo> Attachments { get; init; }

    public required MimeDefects Defects { get; init; }

    /// <summary>What a person would not see, never part of <see cref="Text"/>. Read when asked for, as it takes a look through the whole HTML.</summary>
    public IReadOnlyList<HiddenText> HiddenText => _hidden ??= _body.ReadHidden();

    /// <summary>Reads a message.</summary>
    /// <param name="bounds">How much of the bodies; <see cref="ReadBounds.Whole"/> where nothing is said.</param>
    public static MessageContent Read(MimeMessage message, ReadBounds? bounds = null)
    {
        var selection = BodySelection.Of(message);
        var body = BodyText.Of(selection, bounds ?? ReadBounds.Whole);
        var headers = message.Headers;
        var habit = Habit(message);
        var date = headers.First("Date");
        var when = date is { } field ? DateParser.Parse(field.Text) : null;
        var defects = message.Defects | body.Defects | (date is not null && when is null ? MimeDefects.BadDate : MimeDefects.None);
        var attachments = AttachmentList.Read(selection, body.Html);
        body.Release();
        return new MessageContent(body)
        {
            Subject = headers.First("Subject") is { } subject ? HeaderText.Decode(subject.RawValue.Span, habit).Trim() : "",
            From = Addresses(headers, "From", habit),
            Sender = Addresses(headers, "Sender", habit) is [var sender, ..] ? sender : null,
            ReplyTo = Addresses(headers, "Reply-To", habit),
            To = Addresses(headers, "To", habit),
            Cc = Addresses(headers, "Cc", habit),
            Bcc = Addresses(headers, "Bcc", habit),
            Date = when,
            MessageId = MessageIdParser.Parse(headers.First("Message-ID")?.Text),
            InReplyTo = Ids(headers, "In-Reply-To"),
            References = Ids(headers, "References"),
            Preview = PreviewOf(body.Text),
            Attachments = attachments,
            Defects = defects | HeaderDefects(message) | EncodingDefects(message),
        };
    }

    private static IReadOnlyList<MailAddress> Addresses(HeaderList headers, string name, Encoding? habit)
    {
        IReadOnlyList<MailAddress>? first = null;
        List<MailAddress>? all = null;
        foreach (var field in headers.All(name))
        {
            var found = AddressParser.ParseList(HeaderText.Unfold(field.RawValue.Span, habit));
            if (first is null)
                first = found;
            else
                (all ??= [.. first]).AddRange(found);
        }

        return all ?? first ?? [];
    }

    private static IReadOnlyList<string> Ids(HeaderList headers, string name)
    {
        if (!headers.Contains(name))
            return [];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return [.. headers.All(name).SelectMany(f => MessageIdParser.ParseList(f.Text)).Where(seen.Add)];
    }

    // 8-bit headers without a label are in the charset that the body names, if in any.
    private static Encoding? Habit(MimeMessage message)
    {
        var parts = message.Parts();
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts[i].ContentType is { Type: "text", Charset: { } charset })
                return CharsetDecoder.Find(charset);
        }

        return null;
    }

    // RFC 5322 3.6: these come once.
    private static MimeDefects HeaderDefects(MimeMessage message)
    {
        var headers = message.Headers;
        // RFC 6532 allows UTF-8 alone, and that by agreement.
        var block = message.Raw.Span[headers.Offset..headers.BodyOffset];
        var defects = System.Text.Unicode.Utf8.IsValid(block) ? MimeDefects.None : MimeDefects.EightBitHeader;
        foreach (var name in (ReadOnlySpan<string>)["From", "Subject", "Date", "Message-ID", "Content-Type"])
        {
            if (headers.IsRepeated(name))
                defects |= MimeDefects.RepeatedHeader;
        }

        return defects | (MessageIdParser.IsTooLong(headers.First("Message-ID")?.Text) ? MimeDefects.OverlongMessageId : MimeDefects.None);
    }

    private static MimeDefects EncodingDefects(MimeMessage message)
    {
        var defects = MimeDefects.None;
        var parts = message.Parts();
        for (var i = 0; i < parts.Count; i++)
        {
            if (!parts[i].IsMultipart)
                defects |= parts[i].TransferEncoding switch
                {
                    TransferEncoding.YEnc => MimeDefects.YEncoded,
                    TransferEncoding.Unknown => MimeDefects.UnknownEncoding,
                    _ => MimeDefects.None,
                };
        }

        return defects;
    }

    private static string PreviewOf(string text)
    {
        Span<char> preview = stackalloc char[PreviewLength];
        var length = 0;
        foreach (var c in text)
        {
            if (length == PreviewLength)
                break;
            if (!char.IsWhiteSpace(c) && !char.IsControl(c))
                preview[length++] = c;
            else if (length > 0 && preview[length - 1] != ' ')
                preview[length++] = ' ';
        }

        if (length > 0 && char.IsHighSurrogate(preview[length - 1]))
            length--;
        return preview[..length].TrimEnd().ToString();
    }
}
