using System.Net;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>The one line a session leaves in the log; ids and counts, no content.</summary>
internal static partial class SessionLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information,
        Message = "session {Session} {Role} client {Client} helo {Helo} tls {Tls} user {User}: {Outcome}; {Commands} commands, {Refused} refused; {Accepted} messages accepted, {Rejected} refused, {Octets} octets; {Milliseconds:F0} ms")]
    public static partial void Ended(ILogger logger, string session, DoorRole role, IPAddress client, string helo, string? tls, string? user, string outcome,
        int commands, int refused, int accepted, int rejected, long octets, double milliseconds);
}
