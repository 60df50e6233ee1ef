using AgentMta.Protocol.Mime;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Search;

/// <summary>Reads from a stored message what is searched of it.</summary>
internal sealed class DocumentReader(MessageStore messages, RawSpool spool, ILogger log)
{
    /// <summary>Of a longer text the first so many characters are searched.</summary>
    public const int MaximumText = 64 * 1024;
    private const int MaximumRecipients = 1000;
    // Of what stands in the message, encoded: enough for so many characters, short of the strangest encodings.
    private const int PlainLimit = 2 * MaximumText;

    /// <summary>The message as the index takes it; one that cannot be read is found by what its row says.</summary>
    public async ValueTask<SearchDocument> ReadAsync(StoredMessage message, CancellationToken cancellationToken) => new(
        message.WorkspaceId, message.PodId, message.InboxId, message.MessageId, message.MessageKey, message.Timestamp,
        new SearchFields(
            message.Subject ?? "", message.From, [.. message.To.Concat(message.Cc).Concat(message.Bcc).Take(MaximumRecipients)],
            [.. message.Attachments.Select(a => a.FileName).OfType<string>()], await TextAsync(message, cancellationToken).ConfigureAwait(false)));

    private async ValueTask<string> TextAsync(StoredMessage message, CancellationToken cancellationToken)
    {
        var raw = await messages.RawAsync(new Scope(message.WorkspaceId), message.InboxId, message.MessageId, cancellationToken).ConfigureAwait(false);
        if (raw is null)
            return "";
        try
        {
            using var content = raw.File is { } file ? spool.Open(file) : new RawContent(raw.Content ?? []);
            var text = MessageContent.Read(MimeMessage.Parse(content.Bytes), ReadBounds.Glance(PlainLimit)).Text;
            return text.Length <= MaximumText ? text : text[..MaximumText];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Mail is hostile (promise 7): one message must not keep all others from being found.
            log.LogWarning(e, "The text of {MessageId} of {Inbox} cannot be searched", message.MessageId, message.InboxId);
            return message.Preview ?? "";
        }
    }
}
