using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Api;

/// <summary>Makes the JSON of an event for webhooks and live feeds from what is stored when it is sent; the log itself has ids and envelope facts alone.</summary>
/// <param name="consumer">What the events are for: webhooks and live feeds take turns at decoding.</param>
internal sealed class EventRenderer(ApiServices services, string consumer)
{
    /// <summary>Most octets of an event; bodies, then headers, are left out of a larger one.</summary>
    public const int MaximumSize = 1024 * 1024;

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly MessageStore _messages = new(new GlancingDatabase(services.Database));
    private readonly ThreadReader _threads = new(new GlancingDatabase(services.Database));
    private readonly DomainStore _domains = new(new GlancingDatabase(services.Database));
    private readonly MessageReader _reader = new(new MessageStore(new GlancingDatabase(services.Database)), services.Spool, services.Slots, consumer + " ");

    /// <summary>The <see cref="RenderEvent"/> of the server.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> RenderAsync(StoredEvent stored, CancellationToken cancellationToken)
    {
        var scope = new Scope(stored.WorkspaceId);
        if (stored.Type.StartsWith(EventTypes.Received, StringComparison.Ordinal))
            return await ReceivedAsync(scope, stored, cancellationToken).ConfigureAwait(false);
        if (stored.Type == EventTypes.DomainVerified)
            return await DomainAsync(scope, stored, cancellationToken).ConfigureAwait(false);
        return Write(stored, deleted: false, writer =>
        {
            if (Payload(stored.Type) is { } name)
                WriteFacts(writer, name, stored);
            else
                WriteChange(writer, stored);
        });
    }

    private static string? Payload(string type) => type switch
    {
        EventTypes.Sent => "send",
        EventTypes.Delivered => "delivery",
        EventTypes.Bounced => "bounce",
        EventTypes.Complained => "complaint",
        EventTypes.Rejected => "reject",
        EventTypes.Opened => "open",
        _ => null,
    };

    private async ValueTask<ReadOnlyMemory<byte>> ReceivedAsync(Scope scope, StoredEvent stored, CancellationToken cancellationToken)
    {
        if (stored.InboxId is null || stored.MessageId is null
            || await _messages.GetAsync(scope, stored.InboxId, stored.MessageId, cancellationToken).ConfigureAwait(false) is not { } message)
        {
            return Write(stored, deleted: true, writer => WriteIds(writer, "message", stored));
        }

        var full = await _reader.ReadAsync(scope, message, cancellationToken).ConfigureAwait(false);
        var thread = await _threads.GetAsync(scope, message.ThreadId, cancellationToken).ConfigureAwait(false);
        var body = Received(stored, full, thread);
        if (body.Length > MaximumSize)
            body = Received(stored, full = full with { Text = null, Html = null, ExtractedText = null, ExtractedHtml = null }, thread);
        return body.Length > MaximumSize ? Received(stored, full with { Headers = null }, thread) : body;
    }

    private static ReadOnlyMemory<byte> Received(StoredEvent stored, MessageResponse message, StoredThread? thread) => Write(stored, deleted: false, writer =>
    {
        writer.WritePropertyName("message");
        JsonSerializer.Serialize(writer, message, ApiJson.Wire.MessageResponse);
        if (thread is null)
            return;
        writer.WritePropertyName("thread");
        JsonSerializer.Serialize(writer, ThreadResponse.Of(thread), ApiJson.Wire.ThreadResponse);
    });

    private async ValueTask<ReadOnlyMemory<byte>> DomainAsync(Scope scope, StoredEvent stored, CancellationToken cancellationToken)
    {
        using var facts = JsonDocument.Parse(stored.Facts ?? "{}");
        var name = facts.RootElement.TryGetProperty("domain", out var value) ? value.GetString() : null;
        var domain = name is null ? null : await _domains.GetAsync(scope, name, cancellationToken).ConfigureAwait(false);
        if (domain is null)
        {
            return Write(stored, deleted: true, writer =>
            {
                writer.WriteStartObject("domain");
                writer.WriteString("domain_id", name);
                writer.WriteString("domain", name);
                writer.WriteEndObject();
            });
        }

        var shown = DomainEndpoints.Show(domain, await services.Domains.RecordsAsync(domain, cancellationToken).ConfigureAwait(false));
        return Write(stored, deleted: false, writer =>
        {
            writer.WritePropertyName("domain");
            JsonSerializer.Serialize(writer, shown, ApiJson.Wire.DomainResponse);
        });
    }

    private static ReadOnlyMemory<byte> Write(StoredEvent stored, bool deleted, Action<Utf8JsonWriter> payload)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteString("type", "event");
            writer.WriteString("event_type", stored.Type);
            writer.WriteString("event_id", stored.EventId);
            writer.WriteNumber("cursor", stored.Cursor);
            if (deleted)
                writer.WriteBoolean("deleted", true);
            payload(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static void WriteIds(Utf8JsonWriter writer, string name, StoredEvent stored)
    {
        writer.WriteStartObject(name);
        writer.WriteString("inbox_id", stored.InboxId);
        writer.WriteString("thread_id", stored.ThreadId);
        writer.WriteString("message_id", stored.MessageId);
        WriteTime(writer, stored);
        writer.WriteEndObject();
    }

    private static void WriteFacts(Utf8JsonWriter writer, string name, StoredEvent stored)
    {
        writer.WriteStartObject(name);
        writer.WriteString("inbox_id", stored.InboxId);
        writer.WriteString("thread_id", stored.ThreadId);
        writer.WriteString("message_id", stored.MessageId);
        WriteTime(writer, stored);
        using var facts = JsonDocument.Parse(stored.Facts ?? "{}");
        foreach (var fact in facts.RootElement.EnumerateObject())
            fact.WriteTo(writer);
        // The contract has it on each complaint; reports do not.
        if (stored.Type == EventTypes.Complained && !facts.RootElement.TryGetProperty("sub_type", out _))
            writer.WriteString("sub_type", "unspecified");
        writer.WriteEndObject();
    }

    // Events beyond the contract.
    private static void WriteChange(Utf8JsonWriter writer, StoredEvent stored)
    {
        writer.WriteStartObject("change");
        if (stored.PodId is not null)
            writer.WriteString("pod_id", stored.PodId);
        if (stored.InboxId is not null)
            writer.WriteString("inbox_id", stored.InboxId);
        if (stored.ThreadId is not null)
            writer.WriteString("thread_id", stored.ThreadId);
        if (stored.MessageId is not null)
            writer.WriteString("message_id", stored.MessageId);
        WriteTime(writer, stored);
        using var facts = JsonDocument.Parse(stored.Facts ?? "{}");
        foreach (var fact in facts.RootElement.EnumerateObject())
            fact.WriteTo(writer);
        writer.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter writer, StoredEvent stored)
    {
        writer.WritePropertyName("timestamp");
        JsonSerializer.Serialize(writer, stored.CreatedAt, ApiJson.Wire.DateTimeOffset);
    }
}
