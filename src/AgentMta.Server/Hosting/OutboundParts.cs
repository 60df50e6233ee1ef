using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;

namespace AgentMta.Server.Hosting;

/// <summary>Everything that sends, put together once.</summary>
internal sealed record OutboundParts(Submitter Submitter, SubmissionReceiver Submission, QueueWorker Queue, OutcomeWorker Outcomes, OptOut OptOut, OutboundMeter Meter, StsFetcher Sts)
{
    /// <summary>Puts the parts together; <paramref name="accept"/> takes copies for inboxes of this server.</summary>
    public static OutboundParts Create(
        OutboundOptions options, PermittedDestinations destinations, Database database, DirectoryStore directory, KeyRing keys, IDnsLookup dns, AcceptMessage accept, RawSpool spool, ParseSlots slots,
        ApiKeyStore apiKeys, TimeProvider time, ILoggerFactory logs)
    {
        var meter = new OutboundMeter();
        var deliveries = new DeliveryStore(database);
        var submissions = new SubmissionStore(database);
        var reader = new RawReader(deliveries, spool);
        var tokens = new AddressTokens(keys);
        var outbox = new OutboxWriter(
            database, new MessageSigner(new DkimKeyStore(database, keys), time), directory, spool, tokens, new UnsubscribeFields(tokens, options), options, meter, time, logs.CreateLogger<OutboxWriter>());
        var ids = new MessageIds(keys);
        var policy = new SendPolicy(submissions, directory, new ListStore(database), options, time);
        var submitter = new Submitter(submissions, reader, slots, policy, new Composer(ids, options, time), outbox, options, meter, time);
        var submission = new SubmissionReceiver(apiKeys, submissions, policy, outbox, ids, options, meter, time);
        var leases = new LeaseTable(meter);
        Func<double> chance = Chance.Next;
        var notifier = new StatusNotifier(ids, options, time);
        var run = new DeliveryRun(deliveries, reader, new OutcomePolicy(options, chance), new OutcomeWriter(database, reader, notifier, meter), leases, time, logs.CreateLogger<DeliveryRun>());
        var sts = new StsFetcher(dns, destinations.Http);
        var queue = new QueueWorker(
            database, deliveries, run, leases, new Router(dns, new StsPolicies(dns, sts.FetchAsync, time), options, chance), new MxConnector(dns, options, destinations.Mail, new TlsPolicies(dns), time),
            new LocalRoute(accept, directory, deliveries, spool, run, options), new DelayTeller(database, deliveries, reader, notifier, options, time), options, meter, time, logs.CreateLogger<QueueWorker>());
        var outcomes = new OutcomeWorker(database, new OutcomeStore(database), reader, tokens, time, logs.CreateLogger<OutcomeWorker>());
        return new OutboundParts(submitter, submission, queue, outcomes, new OptOut(database, directory, tokens), meter, sts);
    }
}
