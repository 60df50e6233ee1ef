using System.Buffers;
using System.IO.Pipelines;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>How a session reads: lines of commands, with bounds on length and time.</summary>
internal sealed partial class Session
{
    private const byte TlsHandshake = 0x16;
    private const int StackLine = 2048;

    // What a peer sends without waiting for replies is answered in one go up to here; then its replies leave, and others get their turn.
    private const int MaxUnsent = 4096;
    private const int MaxReadsInARow = 128;

    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(30);

    private ValueTask<ReadResult>? _underWay;
    private int _readsInARow;
    private long _deadline = long.MaxValue;
    private volatile bool _expired;
    private volatile bool _flushing;

    private enum LineOutcome
    {
        More,
        Command,
        End,
        Interrupted,
        TooLong,
        AuthTooLong,
        BareLineEnd,
        NotSmtp,
    }

    /// <summary>Called each second: the first time a deadline is past, the read under way ends; if the session still hangs half a minute later, the connection does.</summary>
    public void CheckDeadline(long now)
    {
        var deadline = Volatile.Read(ref _deadline);
        if (now < deadline)
            return;
        var abort = _expired || _flushing;
        if (Interlocked.CompareExchange(ref _deadline, now + Ticks(LastWords), deadline) != deadline)
            return; // the session moved on meanwhile
        _expired = true;
        if (abort)
            _connection.Abort();
        else
            _reader.CancelPendingRead();
    }

    private async ValueTask<(LineOutcome Line, SmtpCommand Command)> ReadCommandAsync()
    {
        var now = _services.Time.GetTimestamp();
        var deadline = Math.Min(now + Ticks(_options.IdleTimeout), SessionEnd);
        if (now >= SessionEnd)
        {
            _expired = true; // who always has the next command ready never waits, and so meets no deadline
            return (LineOutcome.Interrupted, default);
        }

        while (true)
        {
            if (_stopRequested)
                return (LineOutcome.Interrupted, default);
            var result = await ReadAsync(deadline);
            var buffer = result.Buffer;
            var line = TakeCommand(ref buffer, out var command);
            _reader.AdvanceTo(buffer.Start, line == LineOutcome.More ? buffer.End : buffer.Start);
            if (line != LineOutcome.More)
                return (line, command);
            if (result.IsCanceled && (_expired || _stopRequested))
                return (LineOutcome.Interrupted, default);
            if (result.IsCompleted)
                return (LineOutcome.End, default);
        }
    }

    private LineOutcome TakeCommand(ref ReadOnlySequence<byte> buffer, out SmtpCommand command)
    {
        command = default;
        if (buffer.IsEmpty)
            return LineOutcome.More;
        if (buffer.FirstSpan.Length > 0 && buffer.FirstSpan[0] == TlsHandshake)
            return LineOutcome.NotSmtp;
        var auth = OffersAuth && IsAuth(buffer); // RFC 4954 4: an initial response may be long, and too long has a code of its own
        var outcome = TakeLine(ref buffer, auth ? _options.MaxAuthLine : _options.MaxCommandLine, out var line);
        if (auth && outcome == LineOutcome.TooLong)
            return LineOutcome.AuthTooLong;
        if (outcome != LineOutcome.Command)
            return outcome;
        if (line.IsSingleSegment)
            command = SmtpCommandParser.Parse(line.FirstSpan);
        else if (line.Length <= StackLine)
            command = ParseSplit(line, stackalloc byte[(int)line.Length]);
        else
            command = ParseSplit(line, new byte[line.Length]);
        return command.Verb == SmtpVerb.Unknown && IsHttp(line) ? LineOutcome.NotSmtp : LineOutcome.Command;
    }

    private static SmtpCommand ParseSplit(ReadOnlySequence<byte> line, Span<byte> octets)
    {
        line.CopyTo(octets);
        return SmtpCommandParser.Parse(octets);
    }

    /// <summary>Takes one line, without its CRLF. RFC 5321 2.3.8: a bare LF ends no line; nothing it separates is ever run.</summary>
    private static LineOutcome TakeLine(ref ReadOnlySequence<byte> buffer, int limit, out ReadOnlySequence<byte> line)
    {
        line = default;
        var end = buffer.PositionOf((byte)'\n');
        var length = end is null ? buffer.Length : buffer.Slice(0, end.Value).Length + 1;
        if (length > limit)
            return LineOutcome.TooLong;
        if (end is null)
            return LineOutcome.More;
        var whole = buffer.Slice(0, length);
        buffer = buffer.Slice(length);
        if (length < 2 || whole.Slice(length - 2, 1).FirstSpan[0] != '\r')
            return LineOutcome.BareLineEnd;
        line = whole.Slice(0, length - 2);
        return LineOutcome.Command;
    }

    // A browser, or a page that makes one post SMTP commands, begins with a request line.
    private static bool IsHttp(ReadOnlySequence<byte> line)
    {
        Span<byte> start = stackalloc byte[8];
        var length = (int)Math.Min(line.Length, start.Length);
        line.Slice(0, length).CopyTo(start);
        start = start[..length];
        return start.StartsWith("GET "u8) || start.StartsWith("POST "u8) || start.StartsWith("HEAD "u8) || start.StartsWith("PUT "u8)
            || start.StartsWith("OPTIONS "u8) || start.StartsWith("CONNECT "u8) || start.StartsWith("PRI * "u8) || start.StartsWith("DELETE "u8)
            || start.StartsWith("PATCH "u8) || start.StartsWith("TRACE "u8);
    }

    private static bool IsAuth(ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < 5)
            return false;
        Span<byte> start = stackalloc byte[5];
        buffer.Slice(0, 5).CopyTo(start);
        return System.Text.Ascii.EqualsIgnoreCase(start, "AUTH "u8);
    }

    /// <summary>What is there at once, or, after saying what is still to be said, what comes before the deadline.</summary>
    private ValueTask<ReadResult> ReadAsync(long deadline) =>
        _underWay is null && _readsInARow++ < MaxReadsInARow && _writer.UnflushedBytes < MaxUnsent && _reader.TryRead(out var result)
            ? new ValueTask<ReadResult>(result) : WaitAsync(deadline);

    private async ValueTask<ReadResult> WaitAsync(long deadline)
    {
        await FlushAsync();
        Arm(deadline);
        var isThere = InputIsThere(out var read);
        _underWay = null;
        if (isThere && _readsInARow >= MaxReadsInARow)
            await PoolThread.Queue();
        if (!isThere || _readsInARow >= MaxReadsInARow)
            _readsInARow = 0;
        var result = await read;
        Volatile.Write(ref _deadline, long.MaxValue);
        return result;
    }

    /// <summary>Whether the peer is ahead of us, be it with its end. The read stays under way for who reads next.</summary>
    private bool InputIsThere(out ValueTask<ReadResult> read)
    {
        read = _underWay ?? _reader.ReadAsync();
        _underWay = read;
        return read.IsCompleted;
    }

    /// <summary>Whether octets wait that nobody read; those in a TLS record that nobody asked for are not seen.</summary>
    private bool HasInput()
    {
        if (_underWay is not null || !_reader.TryRead(out var result))
            return false;
        return HasOctets(result);
    }

    /// <summary>The same, and inside TLS one record is asked for; a read that finds none stays under way for who reads next.</summary>
    private async ValueTask<bool> HasInputAsync()
    {
        if (HasInput())
            return true;
        if (_tls is null)
            return false;
        if (!InputIsThere(out var read))
            return false;
        _underWay = null;
        return HasOctets(await read);
    }

    private bool HasOctets(ReadResult result)
    {
        var any = !result.Buffer.IsEmpty;
        _reader.AdvanceTo(result.Buffer.Start);
        return any;
    }

    private long SessionEnd => _startedTimestamp + Ticks(_options.SessionTimeout);

    private SmtpReply DeadlineReply() => _services.Time.GetTimestamp() >= SessionEnd ? Refusals.TooLong : Refusals.Idle;

    private long After(TimeSpan span) => _services.Time.GetTimestamp() + Ticks(span);

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _services.Time.TimestampFrequency);

    private void Arm(long deadline)
    {
        _expired = false;
        Volatile.Write(ref _deadline, deadline);
    }
}
