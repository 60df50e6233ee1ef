using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Outbound;

/// <summary>A conversation that ended before its purpose: the network, TLS, or a reply that leaves nothing to say.</summary>
/// <param name="Status">The enhanced status code that tells it (RFC 3463).</param>
/// <param name="Reply">The remote's reply, where one ended it.</param>
/// <param name="TlsFailed">The handshake failed: without a policy, plain text may be tried.</param>
internal sealed class SmtpFault(string status, string text, SmtpReply? reply = null, bool tlsFailed = false, Exception? inner = null) : Exception(text, inner)
{
    public string Status { get; } = status;

    public SmtpReply? Reply { get; } = reply;

    public bool TlsFailed { get; } = tlsFailed;
}
