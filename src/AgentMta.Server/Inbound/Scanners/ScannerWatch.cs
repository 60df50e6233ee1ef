using System.Collections.Concurrent;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Scanners;

/// <summary>Whether the scanners that are set answer. Where mail is kept without them, nobody else would tell that they do not: it is said in the log once, and in <c>/healthz</c> while it lasts.</summary>
internal sealed partial class ScannerWatch(ILogger<ScannerWatch> log)
{
    private readonly ConcurrentDictionary<string, string> _down = new(StringComparer.Ordinal);

    /// <summary>Names of the scanners that had no answer for the last message, in order.</summary>
    public IReadOnlyList<string> Down => [.. _down.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Takes note of what became of one message's scan.</summary>
    /// <param name="meanwhile">What becomes of mail without the scanner: "mail is …".</param>
    public void Note(string scanner, ScanResult result, string meanwhile)
    {
        if (result.Outcome == ScanOutcome.Down)
        {
            if (_down.TryAdd(scanner, result.Name))
                CannotBeAsked(scanner, meanwhile, LogText.Clean(result.Name, LogText.Reply));
        }
        else if (_down.TryRemove(scanner, out _))
        {
            AnswersAgain(scanner);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "{Scanner} cannot be asked: {Meanwhile} until it answers ({Fault})")]
    private partial void CannotBeAsked(string scanner, string meanwhile, string fault);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "{Scanner} answers again")]
    private partial void AnswersAgain(string scanner);
}
