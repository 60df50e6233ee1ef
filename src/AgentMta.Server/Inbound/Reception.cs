using System.Buffers;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound;

/// <summary>The octets of one message on their way in. After a fault it goes on decoding to the true end, so that the session never loses its place, and keeps nothing.</summary>
internal sealed class Reception(RawSpool spool, long maxSize, bool chunked, bool repair, long deadline) : IDisposable
{
    private readonly RawWriter _raw = spool.Begin();
    private DataDecoder _decoder = new(chunked, repair);

    /// <summary>When all of it must be here.</summary>
    public long Deadline { get; } = deadline;

    /// <summary>Octets of the message so far.</summary>
    public long Octets { get; private set; }

    /// <summary>Why it will be refused.</summary>
    public SmtpReply? Refusal { get; private set; }

    /// <summary>Whether taking so much more of it may write to the disk.</summary>
    public bool MaySpill(long more) => Octets + more > RawContent.InlineLimit;

    /// <summary>The end of data was read.</summary>
    public bool Ended => _decoder.Ended;

    /// <summary>Takes what belongs to the message; the rest of the buffer, behind the end of data, is left.</summary>
    /// <returns>Octets taken.</returns>
    public long Take(ReadOnlySequence<byte> buffer)
    {
        var taken = 0L;
        foreach (var memory in buffer)
        {
            var rest = memory.Span;
            while (!rest.IsEmpty && !_decoder.Ended)
            {
                var used = Take(rest);
                rest = rest[used..];
                taken += used;
            }
        }

        return taken;
    }

    /// <summary>Looks at the message as a whole, and makes it durable where it lies in a file.</summary>
    /// <returns>null where it is to be refused; see <see cref="Refusal"/>.</returns>
    public async ValueTask<RawContent?> CompleteAsync(bool repaired, bool strictLines)
    {
        if (chunked)
            _decoder.CompleteChunks();
        if (!repaired && _decoder.BareCr + _decoder.BareLf > 0)
            Refusal ??= Refusals.BareOctets;
        if (strictLines && _decoder.LongestLine > 998)
            Refusal ??= Refusals.LongLines;
        if (Refusal is not null)
            return null;
        try
        {
            return await _raw.CompleteAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Refusal = Refusals.SpoolFailed;
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _raw.Dispose();

    private int Take(ReadOnlySpan<byte> input)
    {
        var room = _raw.Room();
        var most = repair ? (room.Length - 2) / 2 : room.Length - 2;
        var used = _decoder.Decode(input[..Math.Min(input.Length, most)], room, out var written);
        Octets += written;
        if (Octets > maxSize)
            Refuse(Refusals.TooLarge);
        if (Refusal is null)
            Keep(written);
        return used;
    }

    private void Keep(int written)
    {
        try
        {
            _raw.Advance(written);
            // MAIL saw room; since then all messages that were under way may have used it up.
            if (MaySpill(0) && !spool.HasRoom())
                Refuse(Refusals.SpoolFull);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Refuse(Refusals.SpoolFailed);
        }
    }

    private void Refuse(SmtpReply reply)
    {
        if (Refusal is not null)
            return;
        Refusal = reply;
        _raw.Dispose();
    }
}
