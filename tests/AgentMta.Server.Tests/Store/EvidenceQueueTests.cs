using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Store;

public sealed class EvidenceQueueTests
{
    [Fact]
    public async Task What_cannot_be_kept_is_told_once_a_minute_and_not_for_each_batch()
    {
        var folder = Directory.CreateTempSubdirectory("agentmta-test-").FullName;
        var time = new ManualTimeProvider();
        using var log = new LineLog();
        using var tried = new SemaphoreSlim(0);
        await using (var evidence = SqliteDatabase.OpenEvidence(Path.Combine(folder, "evidence.db"), time, NullLogger<SqliteDatabase>.Instance))
        await using (var queue = new EvidenceQueue<int>(evidence, Fail, _ => { }, log))
        {
            for (var i = 0; i < 5; i++)
                await AddAsync(queue);
            Assert.Contains("1 rows", Assert.Single(log.With("could not be kept")), StringComparison.Ordinal);
            time.Advance(TimeSpan.FromMinutes(1));
            await AddAsync(queue);
            await AddAsync(queue);
        }

        Assert.Equal(2, log.With("could not be kept").Count());
        Directory.Delete(folder, recursive: true);

        void Fail(WriteSession session, List<int> batch)
        {
            tried.Release();
            throw new StoreException("The disk is full.");
        }

        // What was added before is over when this one is tried.
        async Task AddAsync(EvidenceQueue<int> queue)
        {
            queue.Add(1);
            Assert.True(await tried.WaitAsync(TimeSpan.FromSeconds(30)));
        }
    }
}
