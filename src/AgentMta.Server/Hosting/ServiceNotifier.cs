using System.Net.Sockets;
using System.Text;

namespace AgentMta.Server.Hosting;

/// <summary>Tells systemd of Type=notify how far the service is (sd_notify(3)); does nothing where nobody listens.</summary>
internal static class ServiceNotifier
{
    /// <summary>All listeners are open.</summary>
    public static void Ready() => Send("READY=1");

    /// <summary>The service finishes what is in flight.</summary>
    public static void Stopping() => Send("STOPPING=1");

    private static void Send(string state)
    {
        var path = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        if (string.IsNullOrEmpty(path) || path[0] is not ('/' or '@'))
            return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            // '@' stands for a name in the abstract namespace (unix(7)).
            socket.Connect(new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path));
            socket.Send(Encoding.UTF8.GetBytes(state));
        }
        catch (SocketException)
        {
            // A supervisor that does not listen is no reason to stop serving mail; it will time out and say so itself.
        }
    }
}
