using System.Buffers;
using System.Text;

namespace AgentMta.Server.Hosting;

/// <summary>
/// Log lines on standard output, one a line, written together every few hundredths of a second. The framework's console logger wakes a thread and writes to the file for
/// each line, which was a sixth of the cost of a received message (docs/benchmarks-inbound.md). Warnings and worse do not wait.
/// </summary>
internal sealed class LogOutput : ILoggerProvider
{
    private const int Bound = 4 * 1024 * 1024;
    private const int KeptBuffer = 256 * 1024;

    // "Hosting failed to start" with the stack of an exception that the caller of the start gets as well, and tells in a sentence.
    private const int StartFailed = 11;
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly Lock _writing = new();
    private readonly object _gate = new();
    private readonly Stream _output;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private ArrayBufferWriter<byte> _waiting = new(KeptBuffer);
    private ArrayBufferWriter<byte> _spare = new(KeptBuffer);
    private long _lost;
    private bool _isUrgent;
    private bool _ended;

    public LogOutput(Stream output, TimeProvider time)
    {
        (_output, _time) = (output, time);
        _thread = new Thread(Run) { IsBackground = true, Name = "log" };
        _thread.Start();
        AppDomain.CurrentDomain.UnhandledException += Crashed;
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName, categoryName == "Microsoft.Extensions.Hosting.Internal.Host" ? StartFailed : null);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_ended)
                return;
            _ended = true;
            Monitor.Pulse(_gate);
        }

        AppDomain.CurrentDomain.UnhandledException -= Crashed;
        // Who reads standard output may stand still; the end of the process does not wait for that for long.
        if (_thread.Join(LastWords))
            Flush();
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };

    // A line break or another control character of a message, which a peer may have chosen, must not make lines of its own.
    private static void Text(ArrayBufferWriter<byte> buffer, string text)
    {
        var room = buffer.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        var written = Encoding.UTF8.GetBytes(text, room);
        var rest = room[..written];
        while (rest.IndexOfAnyInRange((byte)0, (byte)0x1f) is >= 0 and var at)
        {
            rest[at] = (byte)' ';
            rest = rest[(at + 1)..];
        }

        room[..written].Replace((byte)0x7f, (byte)' ');
        buffer.Advance(written);
    }

    private void Write(LogLevel level, string category, int id, string message, Exception? exception)
    {
        lock (_gate)
        {
            if (_waiting.WrittenCount > Bound)
            {
                _lost++; // who reads the output stands still; mail does not wait for that
                return;
            }

            var isFirst = _waiting.WrittenCount == 0;
            Line(level, category, id, message, exception);
            if (level >= LogLevel.Warning)
                _isUrgent = true;
            if (isFirst || _isUrgent)
                Monitor.Pulse(_gate);
        }
    }

    private void Line(LogLevel level, string category, int id, string message, Exception? exception)
    {
        Span<byte> head = stackalloc byte[48];
        _ = _time.GetUtcNow().UtcDateTime.TryFormat(head, out var length, "yyyy-MM-ddTHH:mm:ss.fff'Z '", System.Globalization.CultureInfo.InvariantCulture);
        _waiting.Write(head[..length]);
        Text(_waiting, Name(level));
        _waiting.Write(": "u8);
        Text(_waiting, category);
        _ = id.TryFormat(head[1..], out length);
        head[0] = (byte)'[';
        head[length + 1] = (byte)']';
        head[length + 2] = (byte)' ';
        _waiting.Write(head[..(length + 3)]);
        Text(_waiting, message);
        if (exception is not null)
        {
            _waiting.Write(" "u8);
            Text(_waiting, exception.ToString());
        }

        _waiting.Write("\n"u8);
    }

    private void Run()
    {
        while (true)
        {
            lock (_gate)
            {
                while (_waiting.WrittenCount == 0 && !_ended)
                    Monitor.Wait(_gate);
                if (_ended)
                    return;
                if (!_isUrgent)
                    Monitor.Wait(_gate, Gather); // ends early for a warning, or for the end
            }

            Flush();
        }
    }

    private void Flush()
    {
        if (!_writing.TryEnter(LastWords))
            return;
        try
        {
            ArrayBufferWriter<byte> full;
            lock (_gate)
            {
                if (_lost > 0)
                    Line(LogLevel.Warning, typeof(LogOutput).FullName!, 0, $"{_lost} lines were lost here: standard output was not read", null);
                full = _waiting;
                (_waiting, _spare, _lost, _isUrgent) = (_spare, full, 0, false);
            }

            try
            {
                _output.Write(full.WrittenSpan);
                _output.Flush();
            }
            catch (IOException)
            {
                // Nobody reads standard output any more; there is nowhere to say so.
            }

            full.ResetWrittenCount();
            if (full.Capacity > KeptBuffer)
                _spare = new ArrayBufferWriter<byte>(KeptBuffer);
        }
        finally
        {
            _writing.Exit();
        }
    }

    private void Crashed(object sender, UnhandledExceptionEventArgs e) => Flush();

    private sealed class Logger(LogOutput output, string category, int? left) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id != left)
                output.Write(logLevel, category, eventId.Id, formatter(state, exception), exception);
        }
    }
}
