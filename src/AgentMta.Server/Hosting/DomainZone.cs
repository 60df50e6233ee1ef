using AgentMta.Server.Model;
using AgentMta.Server.Resolver;
using AgentMta.Server.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Hosting;

/// <summary>The resolver with the built-in overlay in it: the server and the commands beside it see the same DNS.</summary>
internal static class DomainZone
{
    private const string Source = "built-in";

    /// <summary>A resolver for a command.</summary>
    public static async Task<DnsResolver> OpenResolverAsync(ServerOptions options, Database database, KeyRing keys)
    {
        var resolver = Open(options, NullLogger<DnsResolver>.Instance);
        await PublishAsync(resolver, options, database, keys, CancellationToken.None).ConfigureAwait(false);
        return resolver;
    }

    /// <summary>A resolver by the options; a zone file that cannot be used is a fault of the configuration.</summary>
    public static DnsResolver Open(ServerOptions options, ILogger<DnsResolver> log)
    {
        try
        {
            return new DnsResolver(options.ResolverOptions(), TimeProvider.System, log);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new ConfigurationException([$"Zone = '{options.Zone}': {e.Message}"]);
        }
    }

    /// <summary>Publishes agentmta.test with its present DKIM keys, and sender.test.</summary>
    public static async Task PublishAsync(DnsResolver resolver, ServerOptions options, Database database, KeyRing keys, CancellationToken cancellationToken)
    {
        var domain = (await new DomainStore(database).AllAsync(cancellationToken).ConfigureAwait(false)).Find(d => d.Name == DevelopmentZone.Domain);
        if (domain is null)
            return;
        var dkim = await new DkimKeyStore(database, keys).ListAsync(domain.WorkspaceId, domain.Name, cancellationToken).ConfigureAwait(false);
        resolver.Overlay.Replace(Source, DevelopmentZone.Records(options.EffectiveHostName(), dkim.Select(k => (k.Selector, k.PublicRecord))));
    }
}
