using System.Globalization;
using System.Net;

namespace AgentMta.Server.Resolver;

/// <summary>
/// What resolv.conf(5) tells this resolver. Search lists do not apply (names in mail are absolute), and <c>trust-ad</c> is not
/// believed: container runtimes copy it to machines whose server is another one.
/// </summary>
internal sealed record ResolvConf(IReadOnlyList<IPEndPoint> Servers, TimeSpan? Timeout, int? Attempts)
{
    // glibc reads three and so do administrators.
    private const int MaxServers = 3;

    /// <summary>Reads the text of the file; lines that are not understood are passed over, as by the C library.</summary>
    public static ResolvConf Parse(string text)
    {
        var servers = new List<IPEndPoint>();
        TimeSpan? timeout = null;
        int? attempts = null;
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0][0] is '#' or ';')
                continue;
            if (words[0] == "nameserver" && servers.Count < MaxServers && IPAddress.TryParse(words[1], out var address))
                servers.Add(new IPEndPoint(address, ResolverOptions.DefaultPort));
            if (words[0] != "options")
                continue;
            foreach (var option in words.Skip(1))
            {
                if (Number(option, "timeout:", 30) is { } seconds)
                    timeout = TimeSpan.FromSeconds(seconds);
                else if (Number(option, "attempts:", 5) is { } times)
                    attempts = times;
            }
        }

        // resolv.conf(5): without a nameserver line, the one on this machine.
        return new ResolvConf(servers.Count > 0 ? servers : [new IPEndPoint(IPAddress.Loopback, ResolverOptions.DefaultPort)], timeout, attempts);
    }

    private static int? Number(string option, string name, int most) =>
        option.StartsWith(name, StringComparison.Ordinal)
        && int.TryParse(option.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? Math.Clamp(value, 1, most) : null;
}
