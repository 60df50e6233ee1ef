using AgentMta.Protocol.Dns;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Inbound.Scanners;
using AgentMta.Server.Model;
using AgentMta.Server.Resolver;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound;

/// <summary>All that the receiver needs from the rest of the server, in one hand.</summary>
internal sealed record ReceiverServices
{
    public required ReceiverOptions Options { get; init; }

    public required Database Database { get; init; }

    public required RawSpool Spool { get; init; }

    public required IDnsLookup Dns { get; init; }

    public required Recipients Recipients { get; init; }

    public required GateCaseReader Cases { get; init; }

    public required GateSequence Gates { get; init; }

    public required ScannerWatches Scanners { get; init; }

    public required CorrespondentStore Correspondents { get; init; }

    public required RefusalLog Refusals { get; init; }

    /// <summary>Read where RFC 7489 is followed.</summary>
    public required PublicSuffixFile Suffixes { get; init; }

    /// <summary>A message that is parsed uses one processor.</summary>
    public ParseSlots Slots { get; init; } = new(Environment.ProcessorCount);

    public required ReceiverMeter Meter { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Log { get; init; }

    /// <summary>Puts the parts together; what is not given here is made here. <paramref name="evidence"/> is the file of refusals.</summary>
    public static ReceiverServices Create(
        ReceiverOptions options, Database database, Database evidence, RawSpool spool, RefusalStore refusals, DirectoryStore directory, IDnsLookup dns, KeyRing keys, ReceiverMeter meter,
        TimeProvider time, ILoggerFactory logs)
    {
        var correspondents = new CorrespondentStore(database);
        var refusalLog = new RefusalLog(refusals, time);
        var lists = new DnsLists(options.Gates.DnsLists, dns);
        var greylist = new Greylist(options.Gates.Greylist, new GreylistStore(evidence), meter, time, logs.CreateLogger<Greylist>());
        var scanners = ScannerWatches.For(options.Gates, meter, time, logs.CreateLogger<ScannerWatch>());
        return new ReceiverServices
        {
            Options = options,
            Database = database,
            Spool = spool,
            Dns = dns,
            Recipients = new Recipients(directory, new AddressTokens(keys), correspondents, greylist, lists, refusalLog, dns, options),
            Cases = new GateCaseReader(correspondents, new ListStore(database), new MessageIds(keys)),
            Gates = GateTable.Create(options, lists, scanners, time),
            Scanners = scanners,
            Correspondents = correspondents,
            Refusals = refusalLog,
            Suffixes = new PublicSuffixFile(options.PublicSuffixList, time, logs.CreateLogger<PublicSuffixFile>()),
            Meter = meter,
            Time = time,
            Log = logs.CreateLogger<Receiver>(),
        };
    }
}
