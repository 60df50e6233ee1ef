using AgentMta.Protocol.MailAuth;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Scanners;

/// <summary>Counts what a scanner says, and tells the log when it cannot be asked and when it answers again: mail goes on meanwhile, and nobody would know.</summary>
/// <param name="scanner">clamd or rspamd.</param>
/// <param name="meanwhile">What becomes of mail without it.</param>
internal sealed class ScannerWatch(string scanner, string meanwhile, ReceiverMeter meter, TimeProvider time, ILogger log)
{
    // One that answers now and then must not fill the log.
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private bool _isDown;
    private bool _isTold;
    private long? _toldAt;

    /// <summary>Its name.</summary>
    public string Scanner => scanner;

    /// <summary>Whether it had no answer for the last message.</summary>
    public bool IsDown => Volatile.Read(ref _isDown);

    /// <summary>Takes note of an answer and gives it back.</summary>
    public ScanResult Note(ScanResult result)
    {
        meter.Scan(scanner, EnumWord.Of(result.Outcome));
        var isDown = result.Outcome == ScanOutcome.Down;
        if (!isDown && !IsDown)
            return result;
        lock (_lock)
        {
            if (!isDown && _isTold)
            {
                log.LogInformation("{Scanner} answers again", scanner);
                _isTold = false;
            }
            else if (isDown && (_toldAt is not { } at || time.GetElapsedTime(at) >= Pause))
            {
                log.LogWarning("{Scanner} cannot be asked ({Reason}); {Meanwhile}", scanner, LogText.Clean(result.Name, LogText.Reply), meanwhile);
                (_isTold, _toldAt) = (true, time.GetTimestamp());
            }

            Volatile.Write(ref _isDown, isDown);
        }

        return result;
    }
}
