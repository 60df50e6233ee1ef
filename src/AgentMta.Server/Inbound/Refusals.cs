using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Inbound;

/// <summary>The door's own refusals. A 421 also closes the session, wherever it comes from.</summary>
internal static class Refusals
{
    public static readonly SmtpReply TooManyConnections = new(421, "4.7.0", "Too many connections from your network; try again later");
    public static readonly SmtpReply Busy = new(421, "4.3.2", "Too many connections; try again later");
    public static readonly SmtpReply ShuttingDown = new(421, "4.3.2", "The service is shutting down; try again soon");
    public static readonly SmtpReply Idle = new(421, "4.4.2", "You were silent for too long");
    public static readonly SmtpReply TooLong = new(421, "4.4.2", "The session has lasted too long; connect again");
    public static readonly SmtpReply DiskFull = new(421, "4.3.1", "No room for mail; try again later");
    public static readonly SmtpReply TooManyMessages = new(421, "4.7.0", "Too many messages on this connection; connect again");
    public static readonly SmtpReply TooManyRefusals = new(421, "4.7.0", "Too many refused commands");
    public static readonly SmtpReply TooMuchJunk = new(421, "4.7.0", "Too many commands without a message");
    public static readonly SmtpReply Broken = new(421, "4.3.0", "Local error; try again later");
    public static readonly SmtpReply TooManyUnknown = new(421, "4.7.0", "Too many unknown recipients");
    public static readonly SmtpReply TooManyAuthFailures = new(421, "4.7.0", "Too many failed authentications");

    public static readonly SmtpReply EarlyTalker = new(554, "5.5.1", "You talked before the banner");
    public static readonly SmtpReply NotSmtp = new(500, "5.5.2", "This is an SMTP server");
    public static readonly SmtpReply LineTooLong = new(500, "5.5.2", "Line too long");
    public static readonly SmtpReply BareLineEnd = new(500, "5.5.2", "Command lines end with CRLF");
    public static readonly SmtpReply AuthLineTooLong = new(500, "5.5.6", "Authentication line too long");
    public static readonly SmtpReply OutOfStep = new(503, "5.5.1", "Wait for the reply before you send more");
    public static readonly SmtpReply TlsInjection = new(554, "5.5.1", "Nothing may follow STARTTLS before the handshake");

    public static readonly SmtpReply NotOffered = new(502, "5.5.1", "Command not implemented");
    public static readonly SmtpReply ParameterNotOffered = new(555, "5.5.4", "A parameter belongs to an extension that is not offered");
    public static readonly SmtpReply TlsActive = new(503, "5.5.1", "TLS is already active");
    public static readonly SmtpReply AuthNeedsTls = new(538, "5.7.11", "Authentication needs TLS; say STARTTLS first");
    public static readonly SmtpReply AuthRequired = new(530, "5.7.0", "Authentication required");
    public static readonly SmtpReply TlsRequired = new(530, "5.7.0", "Say STARTTLS first, then authenticate");
    public static readonly SmtpReply AuthTwice = new(503, "5.5.1", "You are already authenticated");
    public static readonly SmtpReply AuthMechanism = new(504, "5.5.4", "Authentication mechanism not offered");
    public static readonly SmtpReply AuthCancelled = new(501, "5.7.0", "Authentication cancelled");
    public static readonly SmtpReply AuthSyntax = new(501, "5.5.2", "That is not base64, or not what the mechanism sends");
    public static readonly SmtpReply AuthFailed = new(535, "5.7.8", "User name or password not valid");
    public static readonly SmtpReply AuthUnavailable = new(454, "4.7.0", "Temporary authentication failure");

    public static readonly SmtpReply TooLarge = new(552, "5.3.4", "The message is larger than SIZE allows");
    public static readonly SmtpReply AddressNeedsUtf8 = new(553, "5.6.7", "An address beyond ASCII needs SMTPUTF8");
    public static readonly SmtpReply TooManyRecipients = new(452, "4.5.3", "Too many recipients; send the others the message again");
    public static readonly SmtpReply BareOctets = new(550, "5.6.11", "The message holds a bare CR or LF (RFC 5321 2.3.8)");
    public static readonly SmtpReply LongLines = new(550, "5.6.0", "The message has lines of more than 998 octets (RFC 5322 2.1.1)");
    public static readonly SmtpReply SpoolFull = new(452, "4.3.1", "No room for a message of this size; try again later");
    public static readonly SmtpReply SpoolFailed = new(452, "4.3.1", "The message could not be stored; try again later");
    public static readonly SmtpReply LocalError = new(451, "4.3.0", "Local error; try again later");
}
