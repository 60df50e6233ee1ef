using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Spf;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Which DNS records a domain needs to send and receive here, and whether live DNS has them; a slip is named where one can be guessed.</summary>
/// <param name="dns">Live DNS, or the overlay of a closed network.</param>
/// <param name="hostName">The server's own name: the target of MX.</param>
/// <param name="relay">Host of the smart host through which mail leaves, or null.</param>
internal sealed class DomainCheck(IDnsLookup dns, string hostName, string? relay)
{
    /// <summary>The records, not yet asked for.</summary>
    public IReadOnlyList<DomainRecord> Needed(Domain domain, IReadOnlyList<StoredDkimKey> keys)
    {
        var records = new List<DomainRecord>
        {
            Missing("MX", domain.Name, hostName, 10),
            Missing("TXT", domain.Name, relay is null ? "v=spf1 mx -all" : $"v=spf1 mx {RelayMechanism(relay)} -all"),
        };
        if (domain.SubdomainsEnabled)
            records.Add(Missing("MX", "*." + domain.Name, hostName, 10));
        records.AddRange(keys.Where(k => k.RetiredAt is null).Select(k => Missing("TXT", $"{k.Selector}._domainkey.{domain.Name}", k.PublicRecord)));
        records.Add(Missing("TXT", "_dmarc." + domain.Name, "v=DMARC1; p=reject"));
        return records;
    }

    /// <summary>Asks for one record and tells what was found.</summary>
    public async Task<DomainRecord> AskAsync(DomainRecord record, string domain, CancellationToken cancellationToken)
    {
        var name = record.Name.StartsWith("*.", StringComparison.Ordinal) ? "agentmta-check" + record.Name[1..] : record.Name;
        var answer = await dns.LookupAsync(name, record.Type == "MX" ? DnsRecordType.MX : DnsRecordType.TXT, cancellationToken).ConfigureAwait(false);
        if (answer.IsTemporary)
            return record with { Status = "MISSING", Reason = "DNS did not answer; try again in a few minutes" };
        return record.Type == "MX"
            ? await JudgeMxAsync(record, answer, domain, cancellationToken).ConfigureAwait(false)
            : await JudgeTextAsync(record, [.. answer.Records.OfType<TxtRecord>().Select(t => t.Text)], domain, cancellationToken).ConfigureAwait(false);
    }

    private static string RelayMechanism(string relay) => IPAddress.TryParse(relay, out var address)
        ? (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? $"ip4:{address}" : $"ip6:{address}")
        : $"a:{relay}";

    private static DomainRecord Missing(string type, string name, string value, int? priority = null) => new(type, name, value, priority, "MISSING", null, null);

    private static string Tag(string record, string name) =>
        string.Concat(record.Split(';').Select(t => t.Trim()).FirstOrDefault(t => t.StartsWith(name + "=", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Where(c => !char.IsWhiteSpace(c)) ?? []);

    private async Task<DomainRecord> JudgeMxAsync(DomainRecord record, DnsAnswer answer, string domain, CancellationToken cancellationToken)
    {
        var hosts = answer.Records.OfType<MxRecord>().OrderBy(m => m.Preference).ToList();
        if (hosts.Count == 0)
            return record with { Reason = await SlipAsync(record, domain, cancellationToken).ConfigureAwait(false) };
        var found = string.Join(", ", hosts.Select(h => $"{h.Preference} {h.Host}"));
        if (!hosts.Exists(h => h.Host.Equals(hostName, StringComparison.OrdinalIgnoreCase)))
        {
            var doubled = hosts.Exists(h => h.Host.Equals($"{hostName}.{domain}", StringComparison.OrdinalIgnoreCase));
            return record with { Status = "INVALID", Found = found, Reason = doubled ? $"value_mismatch: the value needs a dot at its end ({hostName}.), or the zone's name is appended" : "value_mismatch" };
        }

        return record with { Status = "VALID", Found = found };
    }

    private async Task<DomainRecord> JudgeTextAsync(DomainRecord record, List<string> texts, string domain, CancellationToken cancellationToken)
    {
        var mark = record.Value.StartsWith("v=spf1", StringComparison.Ordinal) ? "v=spf1" : record.Value.StartsWith("v=DMARC1", StringComparison.Ordinal) ? "v=DMARC1" : null;
        var matching = mark is null ? texts : texts.FindAll(t => t.StartsWith(mark, StringComparison.OrdinalIgnoreCase));
        if (matching.Count == 0)
            return record with { Found = texts.Count == 0 ? null : string.Join(" | ", texts), Reason = await SlipAsync(record, domain, cancellationToken).ConfigureAwait(false) };
        var found = string.Join(" | ", matching);
        if (matching.Count > 1)
            return record with { Status = "INVALID", Found = found, Reason = "duplicate_records" };
        var right = mark switch
        {
            // A smart host sends from addresses that only its operator knows: an include of theirs is taken as the answer.
            "v=spf1" => matching[0].Equals(record.Value, StringComparison.OrdinalIgnoreCase) || (relay is not null && matching[0].Contains("include:", StringComparison.OrdinalIgnoreCase)) || await PermitsUsAsync(domain, cancellationToken).ConfigureAwait(false),
            "v=DMARC1" => Tag(matching[0], "p") is "none" or "quarantine" or "reject",
            _ => Tag(matching[0], "p") == Tag(record.Value, "p"),
        };
        return record with { Status = right ? "VALID" : "INVALID", Found = found, Reason = right ? null : "value_mismatch" };
    }

    /// <summary>An SPF record of any form is right where it lets the addresses of our host pass (RFC 7208 4).</summary>
    private async Task<bool> PermitsUsAsync(string domain, CancellationToken cancellationToken)
    {
        var host = relay ?? hostName;
        var addresses = new List<IPAddress>();
        if (IPAddress.TryParse(host, out var literal))
            addresses.Add(literal);
        foreach (var type in literal is null ? [DnsRecordType.A, DnsRecordType.AAAA] : Array.Empty<DnsRecordType>())
            addresses.AddRange((await dns.LookupAsync(host, type, cancellationToken).ConfigureAwait(false)).Records.OfType<AddressRecord>().Select(a => a.Address));
        foreach (var address in addresses)
        {
            var result = await SpfVerifier.VerifyAsync(new SpfRequest(address, hostName, "postmaster@" + domain, ReceiverName: hostName), dns, cancellationToken).ConfigureAwait(false);
            if (result.Status != SpfStatus.Pass)
                return false;
        }

        return addresses.Count > 0;
    }

    private async Task<string?> SlipAsync(DomainRecord record, string domain, CancellationToken cancellationToken)
    {
        // Many DNS panels append the zone to whatever is typed as name.
        var type = record.Type == "MX" ? DnsRecordType.MX : DnsRecordType.TXT;
        var twice = await dns.LookupAsync($"{record.Name}.{domain}", type, cancellationToken).ConfigureAwait(false);
        return twice.Status == DnsStatus.Ok ? $"found at {record.Name}.{domain} instead: the zone's name was typed twice" : null;
    }
}
