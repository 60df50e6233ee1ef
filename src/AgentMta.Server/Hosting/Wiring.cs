using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;

namespace AgentMta.Server.Hosting;

/// <summary>Puts parts together that the server and the commands beside it need alike.</summary>
internal static class Wiring
{
    /// <summary>The set-up of sending domains.</summary>
    public static SendingDomains SendingDomains(ServerOptions options, Database database, KeyRing keys, IDnsLookup dns) => new(
        database, new DomainStore(database), new DkimKeyStore(database, keys),
        new DomainCheck(dns, options.EffectiveHostName(), options.OutboundOptions().Relay?.Host), TimeProvider.System);
}
