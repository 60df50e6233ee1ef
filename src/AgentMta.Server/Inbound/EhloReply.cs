using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>What EHLO announces, by role and by what protects the connection; encoded once for each.</summary>
internal sealed class EhloReply(InboundOptions options)
{
    private readonly byte[]?[] _encoded = new byte[8][];

    /// <summary>The octets of the reply.</summary>
    public ReadOnlySpan<byte> Encoded(DoorRole role, bool tls, bool auth)
    {
        var index = (role == DoorRole.Submission ? 4 : 0) | (tls ? 2 : 0) | (auth ? 1 : 0);
        return _encoded[index] ??= SmtpReplyWriter.Encode(new SmtpReply(250, null, string.Join('\n', Lines(role, tls, auth))));
    }

    /// <summary>The MAIL and RCPT parameters that go with it.</summary>
    public static EsmtpParameters Offered(DoorRole role, bool tls)
    {
        var offered = EsmtpParameters.Size | EsmtpParameters.Body | EsmtpParameters.SmtpUtf8;
        if (tls)
            offered |= EsmtpParameters.RequireTls;
        if (role == DoorRole.Submission)
            offered |= EsmtpParameters.Ret | EsmtpParameters.EnvId | EsmtpParameters.Notify | EsmtpParameters.OriginalRecipient | EsmtpParameters.Auth;
        return offered;
    }

    private IEnumerable<string> Lines(DoorRole role, bool tls, bool auth)
    {
        var submission = role == DoorRole.Submission;
        yield return options.HostName;
        yield return $"SIZE {options.MaxMessageSize}";
        yield return "8BITMIME";
        yield return "SMTPUTF8";
        yield return "PIPELINING";
        yield return "CHUNKING"; // RFC 3030; no BINARYMIME
        yield return "ENHANCEDSTATUSCODES";
        yield return submission || options.MaxMessagesPerConnection == 0 // RFC 9422 4
            ? $"LIMITS RCPTMAX={options.MaxRecipients}"
            : $"LIMITS RCPTMAX={options.MaxRecipients} MAILMAX={options.MaxMessagesPerConnection}";
        if (submission)
            yield return "DSN";
        if (tls)
            yield return "REQUIRETLS"; // RFC 8689 2: only inside TLS
        else
            yield return "STARTTLS"; // RFC 3207 4.2: not once TLS is active
        if (auth)
            yield return "AUTH PLAIN LOGIN OAUTHBEARER";
    }
}
