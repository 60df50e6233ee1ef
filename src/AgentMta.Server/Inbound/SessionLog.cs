using System.Net;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>The lines a session leaves in the log: each refused MAIL and RCPT, messages that no receiver answers for, and the end; ids, envelope and counts, no content.</summary>
internal static partial class SessionLog
{
    /// <summary>What a line has for what a session did not come to.</summary>
    public const string None = "none";

    /// <summary>
    /// Tells of a refused MAIL or RCPT in the words that the client got, which end with the refusal's id where there is one. The session calls it for no more refusals than
    /// it records, and has fewer where its addresses are unknown (<see cref="InboundOptions.UnknownRecipientBudget"/>): who tries a dictionary cannot flood the log.
    /// </summary>
    public static void Refused(ILogger logger, string session, IPAddress client, string command, string? reversePath, string? argument, SmtpReply reply)
    {
        if (!logger.IsEnabled(LogLevel.Information))
            return;
        var shown = LogText.Clean(argument ?? "", LogText.Address);
        if (command == "MAIL")
            SenderRefused(logger, session, client, shown, reply.Code, reply.EnhancedStatus ?? "", LogText.Clean(reply.Text, LogText.Reply));
        else
            RecipientRefused(logger, session, client, LogText.Clean(reversePath ?? "", LogText.Address), shown, reply.Code, reply.EnhancedStatus ?? "", LogText.Clean(reply.Text, LogText.Reply));
    }

    /// <summary>Tells of a message refused at its end; of one that a receiver saw, the receiver tells.</summary>
    public static void MessageRefused(ILogger logger, string session, IPAddress client, string? reversePath, int recipients, long octets, SmtpReply reply)
    {
        if (logger.IsEnabled(LogLevel.Information))
            DataRefused(logger, session, client, LogText.Clean(reversePath ?? "", LogText.Address), recipients, octets, reply.Code, reply.EnhancedStatus ?? "", LogText.Clean(reply.Text, LogText.Reply));
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information,
        Message = "session {Session} {Role} client {Client} helo {Helo} tls {Tls} user {User}: {Outcome}; {Commands} commands, {Refused} refused; {Accepted} messages accepted, {Rejected} refused, {Octets} octets; {Milliseconds:F0} ms")]
    public static partial void Ended(ILogger logger, string session, DoorRole role, IPAddress client, string helo, string tls, string user, string outcome,
        int commands, int refused, int accepted, int rejected, long octets, double milliseconds);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "session {Session} client {Client} MAIL <{ReversePath}> refused: {Code} {Status} {Reply}")]
    private static partial void SenderRefused(ILogger logger, string session, IPAddress client, string reversePath, int code, string status, string reply);

    [LoggerMessage(EventId = 3, Level = LogLevel.Information, Message = "session {Session} client {Client} from <{ReversePath}> RCPT <{Recipient}> refused: {Code} {Status} {Reply}")]
    private static partial void RecipientRefused(ILogger logger, string session, IPAddress client, string reversePath, string recipient, int code, string status, string reply);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "session {Session} client {Client} from <{ReversePath}> DATA for {Recipients}, {Octets} octets refused: {Code} {Status} {Reply}")]
    private static partial void DataRefused(ILogger logger, string session, IPAddress client, string reversePath, int recipients, long octets, int code, string status, string reply);
}
