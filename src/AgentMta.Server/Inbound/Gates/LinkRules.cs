using System.Buffers;
using System.Net;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Points for where links lead: bare addresses, user names in front of hosts, texts that show another host than they lead to.</summary>
internal static class LinkRules
{
    private const int ScannedCharacters = 256 * 1024;
    private const int MostLinks = 500;
    private const int ManyHosts = 30;

    private static readonly SearchValues<char> AfterHost = SearchValues.Create(" /?#\"'<>\r\n\t)\\");

    // The test string of all spam filters (spamassassin.apache.org/gtube).
    private const string Gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

    /// <summary>Adds what text and HTML tell; at most their first 256 K characters are looked at.</summary>
    public static void Add(SpamTally tally, string text, string? html)
    {
        tally.AddIf(text.Contains(Gtube, StringComparison.Ordinal), "gtube", 1000, "it holds the test string of spam filters");
        HashSet<string>? hosts = null;
        var found = Links(Cut(text), ref hosts);
        if (html is not null)
            found |= Links(Cut(html), ref hosts);
        tally.AddIf(found.HasFlag(Link.ToAddress), "link_to_address", 2, "a link leads to a bare IP address");
        tally.AddIf(found.HasFlag(Link.WithUser), "link_with_user", 2, "a link has a user name before its host");
        tally.AddIf(found.HasFlag(Link.WithPort), "link_with_port", 0.5, "a link leads to an unusual port");
        tally.AddIf(found.HasFlag(Link.Punycode), "link_punycode", 1, "a link's host is written in another alphabet");
        tally.AddIf(hosts?.Count > ManyHosts, "many_hosts", 1, "links lead to very many hosts");
        tally.AddIf(html is not null && Misleads(Cut(html)), "link_shows_another_host", 2.5, "a link shows another host than it leads to");
    }

    [Flags]
    private enum Link
    {
        None = 0,
        ToAddress = 1,
        WithUser = 2,
        WithPort = 4,
        Punycode = 8,
    }

    private static ReadOnlySpan<char> Cut(string text) => text.AsSpan(0, Math.Min(text.Length, ScannedCharacters));

    private static Link Links(ReadOnlySpan<char> text, ref HashSet<string>? hosts)
    {
        var found = Link.None;
        for (var count = 0; count < MostLinks && text.IndexOf("://", StringComparison.Ordinal) is >= 0 and var at; count++)
        {
            var isWeb = at >= 4 && (text[(at - 4)..at].Equals("http", StringComparison.OrdinalIgnoreCase) || (at >= 5 && text[(at - 5)..at].Equals("https", StringComparison.OrdinalIgnoreCase)));
            text = text[(at + 3)..];
            if (isWeb)
                found |= Judge(Authority(text), ref hosts);
        }

        return found;
    }

    private static ReadOnlySpan<char> Authority(ReadOnlySpan<char> url)
    {
        var end = url.IndexOfAny(AfterHost);
        return end < 0 ? url : url[..end];
    }

    private static Link Judge(ReadOnlySpan<char> authority, ref HashSet<string>? hosts)
    {
        var found = Link.None;
        var user = authority.LastIndexOf('@');
        if (user >= 0)
        {
            found |= Link.WithUser;
            authority = authority[(user + 1)..];
        }

        var colon = authority.LastIndexOf(':');
        if (colon > 0 && !authority.EndsWith("]"))
        {
            if (authority[(colon + 1)..] is not ("80" or "443" or ""))
                found |= Link.WithPort;
            authority = authority[..colon];
        }

        if (authority.IsEmpty)
            return found;
        if (authority[0] == '[' || IPAddress.TryParse(authority, out _))
            found |= Link.ToAddress;
        if (authority.StartsWith("xn--", StringComparison.OrdinalIgnoreCase) || authority.Contains(".xn--", StringComparison.OrdinalIgnoreCase))
            found |= Link.Punycode;
        (hosts ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(authority.ToString());
        return found;
    }

    // <a href="http://elsewhere/">www.bank.example</a>
    private static bool Misleads(ReadOnlySpan<char> html)
    {
        for (var count = 0; count < MostLinks && html.IndexOf("href=", StringComparison.OrdinalIgnoreCase) is >= 0 and var at; count++)
        {
            html = html[(at + 5)..];
            var target = html.TrimStart("\"' ");
            if (!target.StartsWith("http", StringComparison.OrdinalIgnoreCase) || target.IndexOf("://", StringComparison.Ordinal) is not (4 or 5) || html.IndexOf('>') is not (>= 0 and var close))
                continue;
            target = target[(target.IndexOf(':') + 3)..];
            var shown = html[(close + 1)..];
            shown = shown[..Math.Max(0, shown.IndexOf('<'))].Trim();
            if (ShownHost(shown) is { } host && !Related(host, Host(Authority(target))))
                return true;
        }

        return false;
    }

    private static string Host(ReadOnlySpan<char> authority)
    {
        var user = authority.LastIndexOf('@');
        authority = user < 0 ? authority : authority[(user + 1)..];
        var colon = authority.LastIndexOf(':');
        return (colon < 0 ? authority : authority[..colon]).ToString();
    }

    // A text that is an address of the web and nothing else.
    private static string? ShownHost(ReadOnlySpan<char> shown)
    {
        var scheme = shown.IndexOf("://", StringComparison.Ordinal);
        if (scheme is 4 or 5)
            shown = shown[(scheme + 3)..];
        else if (!shown.StartsWith("www.", StringComparison.OrdinalIgnoreCase))
            return null;
        if (shown.ContainsAny(" \r\n\t"))
            return null;
        var host = Host(Authority(shown));
        return host.Contains('.', StringComparison.Ordinal) ? host : null;
    }

    // The last two labels: click counters of the same company are no deceit.
    private static bool Related(string a, string b) => Tail(a).Equals(Tail(b), StringComparison.OrdinalIgnoreCase);

    private static string Tail(string host)
    {
        var dot = host.LastIndexOf('.');
        return dot <= 0 ? host : host[(host.LastIndexOf('.', dot - 1) + 1)..];
    }
}
