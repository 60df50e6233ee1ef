using System.Net;
using System.Net.Sockets;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace AgentMta.Server.Hosting;

/// <summary>Opens the sockets: SMTP in its roles and HTTP, all on Kestrel.</summary>
internal static class Listeners
{
    /// <summary>Declares every listener of the options.</summary>
    public static void Open(KestrelServerOptions kestrel, ServerOptions options, Door door, CertificateStore certificates)
    {
        foreach (var endpoint in Read(options.Smtp))
            kestrel.Listen(endpoint, listen => listen.UseSmtp(DoorRole.Mx, implicitTls: false, door));
        foreach (var endpoint in Read(options.Submission))
            kestrel.Listen(endpoint, listen => listen.UseSmtp(DoorRole.Submission, implicitTls: false, door));
        foreach (var endpoint in Read(options.Submissions))
            kestrel.Listen(endpoint, listen => listen.UseSmtp(DoorRole.Submission, implicitTls: true, door));
        foreach (var endpoint in Read(options.Http))
            kestrel.Listen(endpoint, listen => listen.Protocols = HttpProtocols.Http1);
        foreach (var endpoint in Read(options.Https))
            kestrel.Listen(endpoint, listen => listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                // A certificate alone would go out without its intermediates.
                OnConnection = hello => ValueTask.FromResult(certificates.CopyFor(hello.ClientHelloInfo.ServerName)),
            }));
    }

    /// <summary>Makes [::] take IPv6 alone where 0.0.0.0 is listed with the same port; by itself it takes both, and the second of the two would find the port in use.</summary>
    public static void Separate(SocketTransportOptions sockets, ServerOptions options)
    {
        var all = new[] { options.Smtp, options.Submission, options.Submissions, options.Http, options.Https }.SelectMany(Read);
        var both = all.Where(e => e.Address.Equals(IPAddress.Any) && e.Port != 0).Select(e => e.Port).ToHashSet();
        sockets.CreateBoundListenSocket = endpoint =>
        {
            if (endpoint is not IPEndPoint ip || !ip.Address.Equals(IPAddress.IPv6Any) || !both.Contains(ip.Port))
                return SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = false };
            try
            {
                socket.Bind(endpoint);
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
    }

    /// <summary>What is really bound, in the order it was declared in <see cref="Open"/>.</summary>
    public static BoundListeners Bound(IServer server, ServerOptions options)
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses.Select(a => BindingAddress.Parse(a)).ToList() ?? [];
        var next = 0;
        IReadOnlyList<IPEndPoint> Take(string setting) => [.. Read(setting).Select(wanted =>
            next < addresses.Count ? new IPEndPoint(wanted.Address, addresses[next++].Port) : wanted)];
        return new BoundListeners(Take(options.Smtp), Take(options.Submission), Take(options.Submissions), Take(options.Http), Take(options.Https));
    }

    private static IReadOnlyList<IPEndPoint> Read(string setting) =>
        ServerOptions.TryReadEndpoints(setting, out var endpoints) ? endpoints : throw new ConfigurationException([$"'{setting}' is not ADDR:PORT."]);
}
