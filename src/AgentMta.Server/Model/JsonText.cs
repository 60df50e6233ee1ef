using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AgentMta.Server.Model;

/// <summary>JSON on its way into a column of text: the octets in which it was written are those that are stored, without a string in between.</summary>
internal sealed class JsonText
{
    private const int FirstBuffer = 4 * 1024;
    private const int KeptBuffer = 64 * 1024;

    // It goes out as JSON, never into a page: quotes and names beyond ASCII stay readable.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static Tools? _kept;

    private readonly byte[] _octets;

    private JsonText(byte[] octets) => _octets = octets;

    /// <summary>UTF-8.</summary>
    public ReadOnlySpan<byte> Octets => _octets;

    /// <summary>Has one value written; <paramref name="write"/> may make other texts meanwhile.</summary>
    public static JsonText Write<T>(T value, Action<Utf8JsonWriter, T> write)
    {
        var tools = _kept ?? new Tools();
        _kept = null;
        tools.Buffer.ResetWrittenCount();
        tools.Json.Reset(tools.Buffer);
        write(tools.Json, value);
        tools.Json.Flush();
        var text = new JsonText(tools.Buffer.WrittenSpan.ToArray());
        if (tools.Buffer.Capacity <= KeptBuffer)
            _kept = tools;
        return text;
    }

    /// <summary>JSON that is at hand as a string.</summary>
    [return: NotNullIfNotNull(nameof(json))]
    public static implicit operator JsonText?(string? json) => json is null ? null : new JsonText(Encoding.UTF8.GetBytes(json));

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(_octets);

    private sealed class Tools
    {
        public Tools() => Json = new Utf8JsonWriter(Buffer, Options);

        public ArrayBufferWriter<byte> Buffer { get; } = new(FirstBuffer);

        public Utf8JsonWriter Json { get; }
    }
}
