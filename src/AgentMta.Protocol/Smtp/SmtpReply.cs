namespace AgentMta.Protocol.Smtp;

/// <summary>One SMTP reply (RFC 5321 4.2) with its enhanced status code (RFC 2034); the text may hold several lines separated by LF.</summary>
public sealed record SmtpReply(int Code, string? EnhancedStatus, string Text)
{
    /// <summary>2yz: done.</summary>
    public bool IsPositive => Code is >= 200 and < 300;

    /// <summary>4yz: may work later (RFC 5321 4.2.1).</summary>
    public bool IsTransient => Code is >= 400 and < 500;

    /// <summary>5yz: will not work.</summary>
    public bool IsPermanent => Code is >= 500 and < 600;

    /// <summary>The reply on one line, as logs and attempts keep it.</summary>
    public override string ToString() => EnhancedStatus is null ? $"{Code} {Text}" : $"{Code} {EnhancedStatus} {Text}";
}
