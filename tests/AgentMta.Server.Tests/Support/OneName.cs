using System.Net;
using AgentMta.Protocol.Dns;

namespace AgentMta.Server.Tests.Support;

/// <summary>DNS in which one name has one address.</summary>
internal sealed class OneName(string name, string address) : IDnsLookup
{
    public ValueTask<DnsAnswer> LookupAsync(string asked, DnsRecordType type, CancellationToken cancellationToken) => ValueTask.FromResult(
        asked == name && type == DnsRecordType.A
            ? new DnsAnswer(DnsStatus.Ok, [new AddressRecord(name, 60, IPAddress.Parse(address))], false, 60, name)
            : new DnsAnswer(DnsStatus.NoData, [], false, 60, asked));
}
