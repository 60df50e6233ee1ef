using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Replies;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Api;

/// <summary>Reads a message in full: bodies are decoded from the raw when they are asked for (docs/decisions/0005-bodies-from-the-raw.md).</summary>
/// <param name="consumer">Who reads beside the API's callers: it takes turns with them, workspace by workspace.</param>
internal sealed class MessageReader(MessageStore messages, RawSpool spool, ParseSlots slots, string consumer = "")
{
    /// <summary>Bodies of more characters are left out; the raw has them.</summary>
    public const int MaximumBody = 5 * 1024 * 1024;

    /// <summary>Octets of the messages of one answer, at most, where it is more than one message.</summary>
    public const long MaximumAnswer = 32 * 1024 * 1024;
    private const int MaximumHeaders = 200;

    /// <summary>The message with its bodies, headers and verdicts.</summary>
    public async ValueTask<MessageResponse> ReadAsync(Scope scope, StoredMessage message, CancellationToken cancellationToken)
    {
        // What a large one takes to decode is many times its octets; where the reader leaves meanwhile it is not begun.
        using var slot = message.Size > RawContent.InlineLimit ? await slots.EnterAsync(consumer + scope.WorkspaceId, cancellationToken).ConfigureAwait(false) : default;
        using var raw = await RawBytes.OpenAsync(messages, spool, scope, message.InboxId, message.MessageId, cancellationToken).ConfigureAwait(false);
        var shown = MessageResponse.Of(message);
        if (raw is null)
            return shown;
        var content = MessageContent.Read(MimeMessage.Parse(raw.Received));
        var text = Bounded(content.Text);
        var html = Bounded(content.Html);
        return shown with
        {
            Text = text,
            Html = html,
            ExtractedText = text is null ? null : VisibleReply.FromText(text, message.Subject),
            ExtractedHtml = html is null ? null : VisibleReply.FromHtml(html, message.Subject),
            Headers = Headers(raw.Received),
            AuthenticationResults = TraceResponse.Json(raw.Authentication) ?? shown.AuthenticationResults,
        };
    }

    private static string? Bounded(string? body) => body is { Length: > MaximumBody } ? null : body;

    // Repeated fields are joined; of what has no end, the first are shown.
    private static Dictionary<string, string> Headers(ReadOnlyMemory<byte> raw)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in HeaderList.Parse(raw).Take(MaximumHeaders))
        {
            var value = field.Value.Trim();
            headers[field.Name] = headers.TryGetValue(field.Name, out var before) ? before + "\n" + value : value;
        }

        return headers;
    }
}
