using System.Text.Json;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Api;

/// <summary>The bytes of a stored message, opened: small ones from the database, large ones mapped from their file.</summary>
internal sealed class RawBytes : IDisposable
{
    private readonly StoredRaw _raw;
    private readonly RawContent _content;

    private RawBytes(StoredRaw raw, RawContent content)
    {
        _raw = raw;
        _content = content;
    }

    /// <summary>As received: what attachment ranges and parsers refer to.</summary>
    public ReadOnlyMemory<byte> Received => _content.Bytes;

    /// <summary>The verdict over its sender as JSON, or null.</summary>
    public string? Authentication => _raw.Authentication;

    /// <summary>Envelope and session as JSON, or null.</summary>
    public string? Session => _raw.Session;

    /// <summary>Opens the raw of a message; null where the scope has none.</summary>
    public static async ValueTask<RawBytes?> OpenAsync(MessageStore messages, RawSpool spool, Scope scope, string inboxId, string messageId, CancellationToken cancellationToken)
    {
        var raw = await messages.RawAsync(scope, inboxId, messageId, cancellationToken).ConfigureAwait(false);
        return raw is null ? null : new RawBytes(raw, raw.File is { } file ? spool.Open(file) : new RawContent(raw.Content ?? []));
    }

    /// <summary>As shown: what we put in front, then what was received without the forged Authentication-Results.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Shown()
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        if (_raw.Trace is { Length: > 0 } trace)
            pieces.Add(trace);
        var at = 0;
        foreach (var range in Removed())
        {
            if (range[0] > at)
                pieces.Add(Received[at..range[0]]);
            at = range[0] + range[1];
        }

        pieces.Add(Received[Math.Min(at, Received.Length)..]);
        return pieces;
    }

    /// <inheritdoc/>
    public void Dispose() => _content.Dispose();

    private IEnumerable<int[]> Removed() =>
        _raw.Removed is null ? [] : (JsonSerializer.Deserialize(_raw.Removed, StoreJson.Default.ListInt32Array) ?? []).Where(r => r.Length == 2).OrderBy(r => r[0]);
}
