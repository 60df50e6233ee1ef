using System.Net;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Slows down senders: by author address and inbox, and first contacts by author address, its domain and the client's network.</summary>
internal sealed class RateGate(GateOptions options, TimeProvider time) : Gate("rate")
{
    private const int Capacity = 100_000;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly TokenBuckets _senders = new(Capacity, time);
    private readonly TokenBuckets _contacts = new(Capacity, time);

    // A pair counts once while its first message is on its way to the store, and when it is sent again.
    private readonly TokenBuckets _pairs = new(Capacity, time);

    /// <inheritdoc/>
    public override ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken)
    {
        var client = copy.Arrival.Message.Session.ClientAddress;
        if (copy.Arrival.IsLocal || copy.Target.IsExempt || options.IsExempt(client))
            return ValueTask.FromResult(NotAsked("the client or the recipient is free of rates"));
        if (copy.Proof.Proven)
            return ValueTask.FromResult(NotAsked("answers are free of rates"));
        var sender = copy.Arrival.Sender;
        var address = sender?.Address ?? "";
        // Who only claims an address has a bucket apart: else forged mail would hold up that of its owner.
        var claim = copy.Arrival.IsAligned ? "" : "? ";
        if (!_senders.TryTake($"{claim}{address} {copy.Inbox.InboxId}", options.SenderPerMinute, Minute))
            return ValueTask.FromResult(TooFast("sender", address));
        if (copy.IsKnownSender || !_pairs.TryTake($"{claim}{address} {copy.Inbox.InboxId}", 1, Hour))
            return ValueTask.FromResult(Pass("the rate of the sender is low enough", ("first_contact", "false")));
        // A network that nobody answers for must not use up the bucket of an address or domain that it only claims.
        var network = Network(client);
        if (!_contacts.TryTake("n " + network, options.FirstContactsPerHourOfNetwork, Hour))
            return ValueTask.FromResult(TooFast("network", network));
        if (copy.Arrival.IsAligned && sender is not null)
        {
            if (!_contacts.TryTake("a " + address, options.FirstContactsPerHour, Hour))
                return ValueTask.FromResult(TooFast("address", address));
            if (!_contacts.TryTake("d " + sender.Domain, options.FirstContactsPerHourOfDomain, Hour))
                return ValueTask.FromResult(TooFast("domain", sender.Domain));
        }

        return ValueTask.FromResult(Pass("a first contact within the rates", ("first_contact", "true")));
    }

    /// <summary>The /24 or /48 of a client.</summary>
    internal static string Network(IPAddress client)
    {
        if (client.IsIPv4MappedToIPv6)
            client = client.MapToIPv4();
        var bytes = client.GetAddressBytes();
        Array.Clear(bytes, bytes.Length == 4 ? 3 : 6, bytes.Length == 4 ? 1 : 10);
        return new IPAddress(bytes) + (bytes.Length == 4 ? "/24" : "/48");
    }

    private GateVerdict TooFast(string bucket, string key) =>
        Refuse(451, "4.7.1", bucket == "sender" ? "Too much mail from this sender; try again later" : "Too many first contacts; try again later", $"the bucket of the {bucket} is empty", ("bucket", bucket), ("key", key));
}
