namespace AgentMta.Server.Model;

/// <summary>The bytes of one message as received: in memory up to 64 KiB, above that a file mapped into memory, so that nothing ever holds a large message twice.</summary>
internal sealed class RawContent(ReadOnlyMemory<byte> bytes, string? file = null, IDisposable? owner = null) : IDisposable
{
    /// <summary>Messages up to this size in octets lie in the database, larger ones in a file.</summary>
    public const int InlineLimit = 64 * 1024;

    /// <summary>All octets, after removal of dot-stuffing; valid until disposal.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>The file below DATA/raws that holds the message, already flushed together with its folder; null where it is in memory.</summary>
    public string? File { get; } = file;

    /// <summary>Nobody reads it for a while: a mapping gives its pages back, and gets them again from the file where it is read all the same.</summary>
    public void Rest() => (owner as IResting)?.Rest();

    /// <inheritdoc/>
    public void Dispose() => owner?.Dispose();

    /// <summary>An owner that can do without the memory for a while.</summary>
    internal interface IResting
    {
        /// <summary>See <see cref="RawContent.Rest"/>.</summary>
        void Rest();
    }
}
