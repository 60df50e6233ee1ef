using System.Net;
using System.Net.Sockets;

namespace AgentMta.Server.Model;

/// <summary>Which addresses this server may connect to on somebody else's word (an MX, a webhook, an attachment URL): public ones, and those a setting names (promise 7).</summary>
/// <param name="permitted">Addresses that a setting names for this kind of connection.</param>
/// <param name="own">Addresses this server itself listens on from outside; never dialled unless permitted.</param>
internal sealed class DestinationRules(Func<IPAddress, bool> permitted, Func<IPAddress, bool>? own = null)
{
    // IANA special-purpose registries (RFC 6890 and its updates): nothing of these is a public mail or web server.
    private static readonly IPNetwork[] Special =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("192.88.99.0/24"), IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("198.51.100.0/24"), IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("224.0.0.0/4"), IPNetwork.Parse("240.0.0.0/4"),
        IPNetwork.Parse("::/96"), IPNetwork.Parse("64:ff9b::/96"), IPNetwork.Parse("64:ff9b:1::/48"), IPNetwork.Parse("100::/64"), IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"),
        IPNetwork.Parse("2002::/16"), IPNetwork.Parse("3fff::/20"), IPNetwork.Parse("5f00::/16"), IPNetwork.Parse("fc00::/7"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("fec0::/10"),
        IPNetwork.Parse("ff00::/8"),
    ];

    /// <summary>Whether a setting names the address.</summary>
    public bool IsPermitted(IPAddress address) => permitted(Plain(address));

    /// <summary>Whether to connect there.</summary>
    public bool Allows(IPAddress address)
    {
        var plain = Plain(address);
        return permitted(plain) || (IsPublic(plain) && own?.Invoke(plain) != true);
    }

    /// <summary>Whether the address can be reached through the Internet at all.</summary>
    public static bool IsPublic(IPAddress address)
    {
        var plain = Plain(address);
        if (plain.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
            return false;
        foreach (var network in Special)
        {
            if (network.BaseAddress.AddressFamily == plain.AddressFamily && network.Contains(plain))
                return false;
        }

        return true;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
