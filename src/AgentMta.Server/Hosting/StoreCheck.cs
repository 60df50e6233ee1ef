using AgentMta.Server.Store;

namespace AgentMta.Server.Hosting;

/// <summary>Whether the store takes changes now, for health and metrics.</summary>
internal static class StoreCheck
{
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(5);

    /// <summary>What is wrong, without naming files; null where nothing is.</summary>
    public static async Task<string?> FaultAsync(Database database, CancellationToken cancellationToken)
    {
        try
        {
            // An empty transaction goes through the writer and its queue, as a message would.
            await database.WriteAsync(_ => true, cancellationToken).WaitAsync(WriteLimit, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is StoreException or TimeoutException)
        {
            return e is DatabaseDamagedException ? "a database is damaged; the log names it" : e.Message;
        }
    }
}
