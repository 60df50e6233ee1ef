namespace AgentMta.Protocol.Smtp;

/// <summary>Which command may come when (RFC 5321 4.1.4), as one table.</summary>
public static class CommandOrder
{
    private const SmtpReply? Yes = null;
    private static readonly SmtpReply Hello = new(503, "5.5.1", "Say EHLO first");
    private static readonly SmtpReply Mail = new(503, "5.5.1", "Say MAIL first");
    private static readonly SmtpReply Nested = new(503, "5.5.1", "A transaction is under way");
    private static readonly SmtpReply NoRcpt = new(554, "5.5.1", "No valid recipients");
    private static readonly SmtpReply Chunks = new(503, "5.5.1", "BDAT is under way; finish it or say RSET"); // RFC 3030 2

    private static readonly SmtpReply?[][] Table =
    [
        //              Connected  Greeted  MailGiven  RcptGiven  Chunking
        /* Unknown  */ [Yes,       Yes,     Yes,       Yes,       Yes],
        /* EHLO     */ [Yes,       Yes,     Yes,       Yes,       Yes],
        /* HELO     */ [Yes,       Yes,     Yes,       Yes,       Yes],
        /* MAIL     */ [Hello,     Yes,     Nested,    Nested,    Nested],
        /* RCPT     */ [Hello,     Mail,    Yes,       Yes,       Chunks],
        /* DATA     */ [Hello,     Mail,    NoRcpt,    Yes,       Chunks],
        /* BDAT     */ [Hello,     Mail,    NoRcpt,    Yes,       Yes],
        /* RSET     */ [Yes,       Yes,     Yes,       Yes,       Yes],
        /* NOOP     */ [Yes,       Yes,     Yes,       Yes,       Yes],
        /* VRFY     */ [Yes,       Yes,     Yes,       Yes,       Yes],
        /* EXPN     */ [Yes,       Yes,     Yes,       Yes,       Yes],
        /* HELP     */ [Yes,       Yes,     Yes,       Yes,       Yes],
        /* QUIT     */ [Yes,       Yes,     Yes,       Yes,       Yes],
        /* STARTTLS */ [Hello,     Yes,     Nested,    Nested,    Nested],
        /* AUTH     */ [Hello,     Yes,     Nested,    Nested,    Nested], // RFC 4954 4
    ];

    /// <summary>null where the command may come now; otherwise the reply that refuses it.</summary>
    public static SmtpReply? Refusal(SessionState state, SmtpVerb verb) => Table[(int)verb][(int)state];
}
