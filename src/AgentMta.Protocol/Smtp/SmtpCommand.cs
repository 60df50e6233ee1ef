namespace AgentMta.Protocol.Smtp;

/// <summary>Which ESMTP parameters a MAIL or RCPT carried; the session refuses those whose extension it did not offer.</summary>
[Flags]
public enum EsmtpParameters : short
{
    None = 0,
    Size = 1,
    Body = 2,
    SmtpUtf8 = 4,
    RequireTls = 8,
    Ret = 16,
    EnvId = 32,
    Auth = 64,
    Notify = 128,
    OriginalRecipient = 256,
}

/// <summary>What RFC 3461 lets a submitter ask; values as given (RET and NOTIFY in capitals, ENVID and ORCPT still in xtext), so that they can be passed on unchanged.</summary>
public sealed record DsnRequest(string? Return = null, string? EnvelopeId = null, string? Notify = null, string? OriginalRecipient = null);

/// <summary>One command line as values. A struct that holds strings only where the command carries text worth keeping: it is made for every line of every session.</summary>
public readonly record struct SmtpCommand(SmtpVerb Verb)
{
    /// <summary>Set where the line is not valid: the reply that refuses it.</summary>
    public SmtpReply? Fault { get; init; }

    /// <summary>EHLO and HELO: the name. MAIL and RCPT: the address without brackets and source route, "" for the null reverse-path. AUTH: the mechanism in capitals.</summary>
    public string Argument { get; init; } = "";

    /// <summary>AUTH: the initial response, still in base64; null where there was none.</summary>
    public string? InitialResponse { get; init; }

    /// <summary>MAIL: the declared SIZE. BDAT: the octets of the chunk.</summary>
    public long Size { get; init; }

    /// <summary>BDAT LAST.</summary>
    public bool Last { get; init; }

    /// <summary>MAIL BODY=8BITMIME.</summary>
    public bool EightBit { get; init; }

    /// <summary>The address holds octets beyond ASCII (valid UTF-8): RFC 6531 allows that only in a SMTPUTF8 transaction.</summary>
    public bool NonAscii { get; init; }

    /// <summary>Which parameters were given.</summary>
    public EsmtpParameters Parameters { get; init; }

    /// <summary>RET, ENVID, NOTIFY, ORCPT where given.</summary>
    public DsnRequest? Dsn { get; init; }

    /// <summary>Whether a parameter was given.</summary>
    public bool Has(EsmtpParameters parameter) => (Parameters & parameter) != 0;
}
