using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.MailAuth;

/// <summary>The results of the reverse look-up (RFC 8601 2.7.3).</summary>
public enum IprevStatus
{
    /// <summary>A name of the client leads back to its address.</summary>
    Pass,

    /// <summary>The client has names, none of which leads back.</summary>
    Fail,

    /// <summary>A DNS error that may go away.</summary>
    TempError,

    /// <summary>The client's address has no name.</summary>
    PermError,
}

/// <summary>Whether the client's address and name confirm each other.</summary>
/// <param name="Status">The result.</param>
/// <param name="Name">The confirmed name, else the first claimed one, in normal form; null where there is none.</param>
/// <param name="Reason">One sentence for people.</param>
public sealed record IprevResult(IprevStatus Status, string? Name, string Reason);

/// <summary>Forward-confirmed reverse DNS of the SMTP client, a signal of its own (RFC 8601 3).</summary>
public static class IprevVerifier
{
    // RFC 7208 4.6.4 sets the same bound for the same purpose.
    private const int MaxNames = 10;

    /// <summary>Looks up the client's names and their addresses. Never throws but on cancellation.</summary>
    public static async ValueTask<IprevResult> VerifyAsync(IPAddress client, IDnsLookup dns, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(dns);
        var address = new SpfClient(client);
        var pointers = await dns.LookupAsync(address.ReverseName(), DnsRecordType.PTR, cancellationToken).ConfigureAwait(false);
        if (pointers.IsTemporary)
            return new IprevResult(IprevStatus.TempError, null, $"the reverse look-up of {address.Address} failed");

        string? claimed = null;
        var open = false;
        var type = address.IsIPv6 ? DnsRecordType.AAAA : DnsRecordType.A;
        for (var i = 0; i < Math.Min(pointers.Records.Count, MaxNames); i++)
        {
            if (pointers.Records[i] is not NameRecord pointer || MailDomain.Normalize(pointer.Target) is not { } name)
                continue;
            claimed ??= name;
            var answer = await dns.LookupAsync(name, type, cancellationToken).ConfigureAwait(false);
            open |= answer.IsTemporary;
            if (address.IsAmong(answer.Records))
                return new IprevResult(IprevStatus.Pass, name, $"{address.Address} is {name} and {name} is {address.Address}");
        }

        if (claimed is null)
            return new IprevResult(IprevStatus.PermError, null, $"{address.Address} has no reverse name");
        return open
            ? new IprevResult(IprevStatus.TempError, claimed, $"the addresses of {claimed} could not be looked up")
            : new IprevResult(IprevStatus.Fail, claimed, $"{address.Address} claims to be {claimed}, which has other addresses");
    }
}
