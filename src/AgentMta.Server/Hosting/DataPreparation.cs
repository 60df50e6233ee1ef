using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Hosting;

/// <summary>Makes a data folder before its server starts, as an operator does who publishes DNS records first.</summary>
internal static class DataPreparation
{
    /// <summary>Runs the first start's steps; returns the records that the domain needs.</summary>
    public static async Task<IReadOnlyList<DomainRecord>> RunAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        using var folder = DataFolder.Own(options.Data);
        await using var database = SqliteDatabase.Open(folder.Database, TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
        var keys = await MasterKeyFile.OpenAsync(folder, database, cancellationToken).ConfigureAwait(false);
        using var resolver = DomainZone.Open(options, NullLogger<Resolver.DnsResolver>.Instance);
        var domains = Wiring.SendingDomains(options, database, keys, resolver);
        await new FirstStart(options, folder, database, domains).RunAsync(cancellationToken).ConfigureAwait(false);
        var domain = (await new DomainStore(database).AllAsync(cancellationToken).ConfigureAwait(false)).Find(d => d.Name == options.Domain)
            ?? throw new InvalidOperationException($"The domain {options.Domain} was not made.");
        return await domains.RecordsAsync(domain, cancellationToken).ConfigureAwait(false);
    }
}
