using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Inbound;

/// <summary>A reply with its octets, made once: the replies of an ordinary transaction cost a copy and nothing else.</summary>
internal sealed class PreparedReply
{
    private PreparedReply(SmtpReply reply)
    {
        Reply = reply;
        Octets = SmtpReplyWriter.Encode(reply);
    }

    public static PreparedReply Ok { get; } = Of(250, "2.0.0", "Ok");

    public static PreparedReply SenderOk { get; } = Of(250, "2.1.0", "Sender ok");

    public static PreparedReply RecipientOk { get; } = Of(250, "2.1.5", "Recipient ok");

    public static PreparedReply StartData { get; } = Of(354, null, "End data with <CR><LF>.<CR><LF>");

    public static PreparedReply Bye { get; } = Of(221, "2.0.0", "Bye");

    public static PreparedReply ReadyForTls { get; } = Of(220, "2.0.0", "Ready to start TLS");

    public static PreparedReply CannotVerify { get; } = Of(252, "2.5.2", "Not verified; send some mail and see");

    public static PreparedReply Help { get; } = Of(214, "2.0.0", "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY QUIT STARTTLS AUTH; see RFC 5321");

    public SmtpReply Reply { get; }

    public ReadOnlyMemory<byte> Octets { get; }

    private static PreparedReply Of(int code, string? status, string text) => new(new SmtpReply(code, status, text));
}
