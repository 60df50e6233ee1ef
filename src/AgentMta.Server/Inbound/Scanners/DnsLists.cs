using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Inbound.Scanners;

/// <summary>A DNS list of addresses (RFC 5782): a block list, or with a negative score a white list.</summary>
internal sealed record DnsListOptions
{
    /// <summary>The list's zone, for instance zen.spamhaus.org.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Points of a listed client; below zero it speaks for the client.</summary>
    [Range(-1000.0, 1000.0)]
    public double Score { get; init; } = 3;

    /// <summary>Whether a listed client is refused at RCPT already.</summary>
    public bool Refuse { get; init; }
}

/// <summary>A list that has the client.</summary>
/// <param name="Code">The address it answered with.</param>
internal sealed record DnsListHit(DnsListOptions List, string Code);

/// <summary>Asks the DNS lists that are set about a client, all at once.</summary>
internal sealed class DnsLists(IReadOnlyList<DnsListOptions> lists, IDnsLookup dns)
{
    /// <summary>Whether any list is set.</summary>
    public bool Any => lists.Count > 0;

    /// <summary>The lists that have the client; a list that gives no answer has nobody.</summary>
    public async ValueTask<IReadOnlyList<DnsListHit>> FindAsync(IPAddress client, CancellationToken cancellationToken)
    {
        if (lists.Count == 0)
            return [];
        var name = Reverse(client);
        var answers = await Task.WhenAll(lists.Select(list => dns.LookupAsync($"{name}.{list.Zone}", DnsRecordType.A, cancellationToken).AsTask())).ConfigureAwait(false);
        var hits = new List<DnsListHit>();
        for (var i = 0; i < answers.Length; i++)
        {
            if (answers[i].Records.OfType<AddressRecord>().FirstOrDefault(r => IsListing(r.Address)) is { } record)
                hits.Add(new DnsListHit(lists[i], record.Address.ToString()));
        }

        return hits;
    }

    // RFC 5782 2.1: entries lie in 127.0.0.0/8. 127.255.255.0/24 tells of a refused or wrong query, and answers elsewhere come from dead lists' parkers.
    private static bool IsListing(IPAddress address) => address.GetAddressBytes() is [127, var b, var c, _] && !(b == 255 && c == 255);

    // RFC 5782 2.1 and 2.4: octets, or nibbles, in reverse.
    private static string Reverse(IPAddress client)
    {
        if (client.IsIPv4MappedToIPv6)
            client = client.MapToIPv4();
        var bytes = client.GetAddressBytes().Reverse();
        return string.Join('.', client.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? bytes.Select(b => b.ToString(CultureInfo.InvariantCulture))
            : bytes.SelectMany(b => new[] { (b & 15).ToString("x", CultureInfo.InvariantCulture), (b >> 4).ToString("x", CultureInfo.InvariantCulture) }));
    }
}
