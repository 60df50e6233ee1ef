using System.Net;
using AgentMta.Server.Model;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace AgentMta.Server.Inbound;

/// <summary>How one listener behaves.</summary>
/// <param name="ImplicitTls">TLS from the first octet (RFC 8314), for 465.</param>
/// <param name="PlainAuth">AUTH is offered without TLS: bound to loopback alone.</param>
internal sealed record SmtpListener(DoorRole Role, bool ImplicitTls, bool PlainAuth);

/// <summary>Makes a Kestrel endpoint an SMTP listener.</summary>
internal static class SmtpListenOptions
{
    /// <summary>Serves SMTP on this endpoint.</summary>
    public static void UseSmtp(this ListenOptions listen, DoorRole role, bool implicitTls, Door door)
    {
        var loopback = listen.IPEndPoint is { } endpoint && IPAddress.IsLoopback(endpoint.Address);
        var listener = new SmtpListener(role, implicitTls, role == DoorRole.Submission && loopback && door.Services.Options.PlainAuthOnLoopback);
        var handler = new SmtpConnectionHandler(door, listener);
        listen.Run(handler.OnConnectedAsync);
    }
}
