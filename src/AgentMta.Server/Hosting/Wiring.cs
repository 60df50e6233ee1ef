using AgentMta.Protocol.Dns;
using AgentMta.Server.Api;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;
using AgentMta.Server.Webhooks;

namespace AgentMta.Server.Hosting;

/// <summary>Puts parts together that the server and the commands beside it need alike.</summary>
internal static class Wiring
{
    /// <summary>The set-up of sending domains.</summary>
    public static SendingDomains SendingDomains(ServerOptions options, Database database, KeyRing keys, IDnsLookup dns) => new(
        database, new DomainStore(database), new DkimKeyStore(database, keys),
        new DomainCheck(dns, options.EffectiveHostName(), options.OutboundOptions().Relay?.Host), TimeProvider.System);

    /// <summary>Delivery to webhooks; events are rendered by the API, which knows how each thing looks.</summary>
    public static WebhookDispatcher Webhooks(ServerOptions options, ApiServices api, WebhookSender sender, WebhookMeter meter) => new(new WebhookServices
    {
        Database = api.Database,
        Webhooks = new WebhookStore(api.Database, api.Keys),
        Feed = api.Feed,
        Render = new EventRenderer(api, "webhooks").RenderAsync,
        Sender = sender,
        Options = options.Webhooks,
        Chance = Model.Chance.Next,
        Meter = meter,
        Time = api.Time,
        Log = api.Log.CreateLogger<WebhookDispatcher>(),
    });
}
