using System.Net;
using AgentMta.Server.Model;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace AgentMta.Server.Inbound;

/// <summary>How one listener behaves.</summary>
/// <param name="ImplicitTls">TLS from the first octet (RFC 8314), for 465.</param>
/// <param name="PlainAuth">AUTH is offered without TLS: bound to loopback alone.</param>
internal sealed record SmtpListener(DoorRole Role, bool ImplicitTls, bool PlainAuth);

/// <summary>Makes a Kestrel endpoint an SMTP listener.</summary>
internal static class SmtpListenOptions
{
    // What a peer can make us hold while its session waits for the store: Kestrel's own megabyte a connection would be ten gigabytes for all.
    private const int SocketBuffer = 64 * 1024;

    /// <summary>Bounds what the transport reads ahead, and keeps a session on the thread that read for it; for <c>UseSockets</c>.</summary>
    public static void BoundBuffers(SocketTransportOptions sockets)
    {
        sockets.MaxReadBufferSize = SocketBuffer;
        sockets.MaxWriteBufferSize = SocketBuffer;
        // Sessions run where the socket's octets arrive, on a pool thread already: one hand-over between threads less at each command and reply.
        sockets.UnsafePreferInlineScheduling = true;
        // A buffer of 4 KiB that waits with its connection spares each read a peek before it.
        sockets.WaitForDataBeforeAllocatingBuffer = false;
    }

    /// <summary>Serves SMTP on this endpoint.</summary>
    public static void UseSmtp(this ListenOptions listen, DoorRole role, bool implicitTls, Door door)
    {
        var loopback = listen.IPEndPoint is { } endpoint && IPAddress.IsLoopback(endpoint.Address);
        var listener = new SmtpListener(role, implicitTls, role == DoorRole.Submission && loopback && door.Services.Options.PlainAuthOnLoopback);
        var handler = new SmtpConnectionHandler(door, listener);
        listen.Run(handler.OnConnectedAsync);
    }
}
