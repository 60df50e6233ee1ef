using System.Net;
using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Model;

/// <summary>A command that was refused, with the reply it got; the argument is an address, never content or a secret.</summary>
internal sealed record RefusedCommand(string Command, string? Argument, SmtpReply Reply, DateTimeOffset At);

/// <summary>What one SMTP session was, told once at its end: the door's part of the trace.</summary>
internal sealed record SessionRecord
{
    public required string SessionId { get; init; }

    public required DoorRole Role { get; init; }

    public required IPAddress ClientAddress { get; init; }

    public int ClientPort { get; init; }

    public string Helo { get; init; } = "";

    public string? TlsProtocol { get; init; }

    public string? TlsCipher { get; init; }

    public string? User { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Why it ended: quit, closed, timeout, shutdown, refused, budget, full (no room on the disk), protocol, tls, proxy, error.</summary>
    public required string Outcome { get; init; }

    public int Commands { get; init; }

    public int MessagesAccepted { get; init; }

    public int MessagesRefused { get; init; }

    /// <summary>Octets of messages, accepted or not.</summary>
    public long MessageOctets { get; init; }

    /// <summary>The first refusals (bounded); <see cref="RefusedCount"/> counts all.</summary>
    public IReadOnlyList<RefusedCommand> Refused { get; init; } = [];

    public int RefusedCount { get; init; }
}

/// <summary>Takes the record of an ended session; must return at once (queue it) and never throw.</summary>
internal delegate void RecordSession(SessionRecord record);
