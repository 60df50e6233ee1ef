using System.Net;
using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>No host of a route could be spoken to.</summary>
/// <param name="Permanent">Asking again will not help.</param>
internal sealed record ConnectFailure(bool Permanent, string Status, string Text, string? Host, string? Address, SmtpTranscript Transcript, SmtpFault? Fault = null);

/// <summary>Opens a conversation with the first host of a route that has one: host by host, address by address, each under its TLS policy and the destination rules.</summary>
internal sealed class MxConnector(IDnsLookup dns, OutboundOptions options, DestinationRules rules, TlsPolicies policies, TimeProvider time)
{
    private const int AddressLimit = 8;

    /// <summary>A client, or why there is none.</summary>
    /// <param name="closedSender">The sender's domain is one of closed networks (design.md): only addresses that a setting names.</param>
    public async Task<(SmtpClient? Client, ConnectFailure? Failure)> ConnectAsync(Route route, bool closedSender, CancellationToken cancellationToken)
    {
        var transcript = new SmtpTranscript();
        var failure = new ConnectFailure(false, "4.4.4", "no host could be tried", null, null, transcript);
        var tried = 0;
        var refusedByRule = false;
        foreach (var host in route.Hosts)
        {
            var (addresses, authenticated, problem) = await AddressesAsync(route, host, cancellationToken).ConfigureAwait(false);
            if (problem is not null)
            {
                // Where nothing is named for a closed sender there is nothing to find: say what opens the way, and wait for it.
                var text = closedSender && addresses is { Count: 0 } ? $"{problem}; {Refusal(closedSender)}" : problem;
                transcript.Note(text);
                failure = failure with { Text = text, Host = host.Name, Status = addresses is null ? "4.4.3" : "4.4.4" };
                continue;
            }

            var allowed = addresses!.Where(a => Allows(route, a, closedSender)).ToList();
            if (allowed.Count == 0)
            {
                refusedByRule = true;
                transcript.Note($"{host.Name} has no address that this server connects to: {string.Join(", ", addresses!)}");
                continue;
            }

            var (tls, delay) = await policies.ForHostAsync(route, host, authenticated, cancellationToken).ConfigureAwait(false);
            if (tls is null)
            {
                transcript.Note(delay!);
                failure = failure with { Text = delay!, Host = host.Name, Status = "4.7.5" };
                continue;
            }

            foreach (var address in allowed)
            {
                if (++tried > AddressLimit)
                    break;
                var target = new ClientTarget(host.Name, address, route.Port, tls, route.Relay?.ImplicitTls == true, route.Relay?.User, route.Relay?.Password);
                var (client, fault) = await OpenAsync(target, transcript, cancellationToken).ConfigureAwait(false);
                if (client is not null)
                    return (client, null);
                failure = new ConnectFailure(false, Transient(fault!.Status), fault.Reply?.ToString() ?? fault.Message, host.Name, address.ToString(), transcript, fault);
            }
        }

        if (tried == 0 && refusedByRule)
            failure = failure with { Permanent = true, Status = closedSender ? "5.7.1" : "5.4.4", Text = Refusal(closedSender) };
        return (null, failure);
    }

    private static string Refusal(bool closedSender) => closedSender
        ? "mail of .test, .localhost and .invalid senders leaves only through --relay or to addresses of a --zone file"
        : "the destination's hosts have only private or local addresses, which this server does not connect to";

    // A refusal to talk is the host's state, not a verdict on the recipient: never permanent.
    private static string Transient(string status) => status.StartsWith('5') ? "4" + status[1..] : status;

    private bool Allows(Route route, IPAddress address, bool closedSender) =>
        route.Relay is not null || (closedSender ? rules.IsPermitted(address) : rules.Allows(address));

    private async Task<(SmtpClient?, SmtpFault?)> OpenAsync(ClientTarget target, SmtpTranscript transcript, CancellationToken cancellationToken)
    {
        try
        {
            return (await SmtpClient.OpenAsync(target, options, time, transcript, cancellationToken).ConfigureAwait(false), null);
        }
        catch (SmtpFault fault) when (fault.TlsFailed && target.Tls.Level == TlsLevel.Opportunistic && target.User is null)
        {
            // RFC 7435 3: opportunistic means that a broken TLS is no worse than none.
            transcript.Note(fault.Message);
            return await OpenAsync(target with { Tls = TlsPolicy.None }, transcript, cancellationToken).ConfigureAwait(false);
        }
        catch (SmtpFault fault)
        {
            transcript.Note($"{fault.Status} {fault.Message}");
            return (null, fault);
        }
    }

    private async Task<(IReadOnlyList<IPAddress>? Addresses, bool Authenticated, string? Problem)> AddressesAsync(Route route, RouteHost host, CancellationToken cancellationToken)
    {
        if (host.Literal is not null)
            return ([host.Literal], false, null);
        // The one name that resolvers need not know (RFC 6761 6.3); only a setting can ask for it.
        if (route.Relay is not null && host.Name.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return ([IPAddress.Loopback, IPAddress.IPv6Loopback], false, null);
        var six = dns.LookupAsync(host.Name, DnsRecordType.AAAA, cancellationToken).AsTask();
        var four = await dns.LookupAsync(host.Name, DnsRecordType.A, cancellationToken).ConfigureAwait(false);
        var answers = (DnsAnswer[])[four, await six.ConfigureAwait(false)];
        // A first: a server of today reaches every MX over IPv4, and not always over IPv6.
        var addresses = answers.SelectMany(a => a.Records).OfType<AddressRecord>().Select(r => r.Address).ToList();
        if (addresses.Count > 0)
            return (addresses, answers.All(a => a.Authenticated || a.Records.Count == 0), null);
        return answers.Any(a => a.IsTemporary) ? (null, false, $"the addresses of {host.Name} cannot be looked up now") : ([], false, $"{host.Name} has no address");
    }
}
