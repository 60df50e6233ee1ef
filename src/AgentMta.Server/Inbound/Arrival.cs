using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.Mime;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>One message at the end of data with what is read and found out about it on the way to the store; each part is made once, when first asked for.</summary>
internal sealed class Arrival(IncomingMessage message, ParseSlots? slots = null)
{
    private static readonly JsonText LocalSummary = """{"auth":{"result":"pass"},"spf":{"result":"none"},"dkim":[],"dmarc":{"result":"none"},"aligned":true}""";

    private Dictionary<string, object>? _shared;
    private MimeMessage? _mime;
    private MessageContent? _content;
    private IReadOnlyList<MailAddress>? _from;
    private (AddressParts? Author, AddressParts? Sender)? _people;
    private IReadOnlyList<string>? _ancestors;
    private byte[]? _contentHash;
    private JsonText? _summary;

    /// <summary>Envelope, bytes and session.</summary>
    public IncomingMessage Message => message;

    /// <summary>The queue hands it over: the submitting credential answers for the sender (design.md, Between our own inboxes).</summary>
    public bool IsLocal => message.Session.Role == DoorRole.Local;

    /// <summary>SPF, DKIM, DMARC, ARC; null for local mail, which needs none.</summary>
    public AuthenticationVerdict? Authentication { get; set; }

    public MimeMessage Mime => _mime ??= MimeMessage.Parse(message.Raw.Bytes);

    public HeaderList Headers => Mime.Headers;

    /// <summary>What it says; long plain text and HTML only at its beginning.</summary>
    public MessageContent Content => _content ??= MessageContent.Read(Mime, RowBounds.Content);

    /// <summary>The same, read when there is a slot for it, and in the pool: a scanner's answer may have come on a thread that serves all sockets.</summary>
    public async ValueTask<MessageContent> ReadContentAsync(CancellationToken cancellationToken)
    {
        if (_content is not null)
            return Content;
        using var slot = await EnterSlotAsync(cancellationToken).ConfigureAwait(false);
        if (!message.InPlace)
            await PoolThread.Enter();
        return Content;
    }

    /// <summary>The right to parse it; a message that is checked in place waits for none.</summary>
    public ValueTask<ParseSlots.Slot> EnterSlotAsync(CancellationToken cancellationToken) => message.InPlace || slots is null ? default : slots.EnterAsync(message.Session.ClientAddress.ToString(), cancellationToken);

    /// <summary>All authors.</summary>
    public IReadOnlyList<MailAddress> From => _from ??= ReadFrom();

    /// <summary>The one author; null where there is none or several.</summary>
    public AddressParts? Author => People.Author;

    /// <summary>Whom lists and rates take for the sender: the first author, else the reverse-path.</summary>
    public AddressParts? Sender => People.Sender;

    /// <summary>Somebody answers for the author address: an aligned pass, or our own credential.</summary>
    public bool IsAligned => IsLocal || Authentication is { HasAlignedPass: true };

    /// <summary>The results of authentication as lists show them.</summary>
    public JsonText? AuthenticationSummary => _summary ??= IsLocal ? LocalSummary : Authentication is { } verdict ? JsonText.Write(verdict, VerdictJsonWriter.WriteSummary) : null;

    /// <summary>What stands in the place of the Message-ID is too long for one.</summary>
    public bool IsMessageIdTooLong => MessageIdParser.IsTooLong(Headers.First("Message-ID")?.Text);

    /// <summary>As in the header, with angle brackets; null where there is none.</summary>
    public string? MessageId => MessageIdParser.Parse(Headers.First("Message-ID")?.Text);

    /// <summary>What the message refers to, parent first.</summary>
    public IReadOnlyList<string> Ancestors => _ancestors ??= ThreadRules.Ancestors(Ids("References"), Ids("In-Reply-To"), MessageId);

    public byte[] ContentHash => _contentHash ??= Model.ContentHash.Compute(Headers, message.Raw.Bytes.Span);

    /// <summary>RFC 2919: the identifier between the angle brackets, in lower case.</summary>
    public string? ListId
    {
        get
        {
            if (Headers.First("List-Id")?.Text is not { } text)
                return null;
            var open = text.LastIndexOf('<');
            var close = text.LastIndexOf('>');
            var id = (open >= 0 && close > open ? text[(open + 1)..close] : text).Trim().ToLowerInvariant();
            return id.Length is > 0 and <= 255 ? id : null;
        }
    }

    /// <summary>What is the same for all recipients, found out once.</summary>
    public async ValueTask<T> OnceAsync<T>(string name, Func<ValueTask<T>> find)
        where T : class
    {
        if (_shared?.TryGetValue(name, out var known) == true)
            return (T)known;
        var found = await find().ConfigureAwait(false);
        (_shared ??= new Dictionary<string, object>(StringComparer.Ordinal))[name] = found;
        return found;
    }

    private (AddressParts? Author, AddressParts? Sender) People => _people ??= ReadPeople();

    private (AddressParts? Author, AddressParts? Sender) ReadPeople()
    {
        var first = From is [var author, ..] ? AddressParts.Read(author.Address) : null;
        return (From.Count == 1 ? first : null, first ?? AddressParts.Read(message.ReversePath));
    }

    private List<MailAddress> ReadFrom()
    {
        var from = new List<MailAddress>(1);
        foreach (var header in Headers.All("From"))
            from.AddRange(AddressParser.ParseList(header.RawValue.Span));
        return from;
    }

    private List<string> Ids(string field)
    {
        var ids = new List<string>();
        foreach (var header in Headers.All(field))
            ids.AddRange(MessageIdParser.ParseList(header.Text));
        return ids;
    }
}
