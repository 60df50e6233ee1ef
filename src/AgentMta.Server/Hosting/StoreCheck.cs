using AgentMta.Server.Store;

namespace AgentMta.Server.Hosting;

/// <summary>Whether the store takes changes now, for health and metrics.</summary>
internal static class StoreCheck
{
    /// <summary>What is wrong, without naming files; null where nothing is. A disk that hangs is a fault after <paramref name="limit"/>.</summary>
    public static async Task<string?> FaultAsync(Database database, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            // An empty transaction goes through the writer and its queue, as a message would.
            await database.WriteAsync(_ => true, cancellationToken).WaitAsync(limit, database.Time, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is StoreException or TimeoutException)
        {
            return e is DatabaseDamagedException ? "a database is damaged; the log names it" : e.Message;
        }
    }
}
