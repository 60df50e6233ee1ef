using System.Collections.Frozen;

namespace AgentMta.Server.Resolver;

/// <summary>Reverse zones of addresses that mean something only inside a network: asking the world for them is useless and tells it who calls.</summary>
internal static class PrivateReverseZones
{
    private const string Ipv4 = ".in-addr.arpa";
    private const string Ipv6 = ".ip6.arpa";

    private static readonly FrozenSet<string> Zones = Names().ToFrozenSet(StringComparer.Ordinal);
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Lookup = Zones.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether the name lies in one of them.</summary>
    /// <param name="name">Normalised: lower case, no final dot.</param>
    public static bool Contain(string name)
    {
        if (!name.EndsWith(Ipv4, StringComparison.Ordinal) && !name.EndsWith(Ipv6, StringComparison.Ordinal))
            return false;
        for (var rest = name.AsSpan(); ;)
        {
            if (Lookup.Contains(rest))
                return true;
            var dot = rest.IndexOf('.');
            if (dot < 0)
                return false;
            rest = rest[(dot + 1)..];
        }
    }

    private static IEnumerable<string> Names()
    {
        // RFC 6303 4.1, 4.2: RFC 1918, "this" network, loopback, link-local, documentation, broadcast.
        foreach (var prefix in new[] { "10", "168.192", "0", "127", "254.169", "2.0.192", "100.51.198", "113.0.203", "255.255.255.255" })
            yield return prefix + Ipv4;
        for (var second = 16; second < 32; second++)
            yield return $"{second}.172{Ipv4}";
        // RFC 7793 2: the shared space 100.64.0.0/10 of carriers.
        for (var second = 64; second < 128; second++)
            yield return $"{second}.100{Ipv4}";

        // RFC 6303 4.3 to 4.6: :: and ::1, unique local (the half that is assigned locally), link-local, documentation.
        var zeros = string.Concat(Enumerable.Repeat(".0", 31));
        foreach (var prefix in new[] { "0" + zeros, "1" + zeros, "d.f", "8.e.f", "9.e.f", "a.e.f", "b.e.f", "8.b.d.0.1.0.0.2" })
            yield return prefix + Ipv6;
    }
}
