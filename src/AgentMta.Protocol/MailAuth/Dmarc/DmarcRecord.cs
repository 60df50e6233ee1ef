namespace AgentMta.Protocol.MailAuth.Dmarc;

/// <summary>A DMARC policy record as its owner meant it: defaults filled in, unknown tags and faulty values left out (RFC 9989 4.7, 4.8).</summary>
/// <param name="Text">As published.</param>
/// <param name="P">Policy for the domain; null where missing or not valid.</param>
/// <param name="Sp">Policy for subdomains; null where missing or not valid.</param>
/// <param name="Np">Policy for subdomains that do not exist; null where missing or not valid.</param>
/// <param name="HasBadSp">An sp tag is there, but not valid.</param>
/// <param name="HasBadNp">An np tag is there, but not valid.</param>
/// <param name="StrictDkim">adkim=s.</param>
/// <param name="StrictSpf">aspf=s.</param>
/// <param name="Psd">The psd tag.</param>
/// <param name="Testing">t=y.</param>
/// <param name="Percent">pct, 0 to 100; 100 where missing or not valid.</param>
/// <param name="AggregateUris">rua, syntactically valid URIs only, without an obsolete size limit.</param>
/// <param name="FailureUris">ruf, the same.</param>
/// <param name="FailureOptions">fo as published; "0" where missing.</param>
public sealed record DmarcRecord(
    string Text,
    DmarcPolicy? P,
    DmarcPolicy? Sp,
    DmarcPolicy? Np,
    bool HasBadSp,
    bool HasBadNp,
    bool StrictDkim,
    bool StrictSpf,
    DmarcPsd Psd,
    bool Testing,
    int Percent,
    IReadOnlyList<string> AggregateUris,
    IReadOnlyList<string> FailureUris,
    string FailureOptions);
