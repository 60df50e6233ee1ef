using AgentMta.Server.Inbound;

namespace AgentMta.Server.Tests.Inbound;

/// <summary>Large buffers for few connections, small ones for many, and used again.</summary>
public sealed class SocketBuffersTests
{
    private const int Large = 32 * 1024;
    private const int Small = 4 * 1024;
    private const int LargeLimit = 128;

    [Fact]
    public void Few_get_large_buffers_and_those_beyond_get_small_ones()
    {
        using var pool = new SocketBuffers();
        var taken = Rent(pool, LargeLimit + 5);
        Assert.All(taken.Take(LargeLimit), b => Assert.Equal(Large, b.Memory.Length));
        Assert.All(taken.Skip(LargeLimit), b => Assert.Equal(Small, b.Memory.Length));

        taken[0].Dispose();
        Assert.Equal(Large, pool.Rent().Memory.Length);
        Assert.Equal(Small, pool.Rent().Memory.Length);
        Assert.Equal(Large, pool.Rent(Large).Memory.Length); // who needs one gets it
    }

    [Fact]
    public void What_comes_back_is_used_again_and_what_is_beyond_the_limit_is_let_go()
    {
        using var pool = new SocketBuffers();
        var first = Rent(pool, LargeLimit);
        var more = Enumerable.Range(0, 50).Select(_ => pool.Rent(Large)).ToList();
        foreach (var block in first.Concat(more))
            block.Dispose();

        var again = Rent(pool, LargeLimit);
        Assert.All(again, b => Assert.Contains(b, first.Concat(more)));
        Assert.DoesNotContain(pool.Rent(Large), first.Concat(more)); // fifty were not kept
    }

    [Fact]
    public async Task Many_threads_at_once_never_share_one()
    {
        using var pool = new SocketBuffers();
        var shared = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() =>
        {
            for (var i = 0; i < 5000; i++)
            {
                using var block = pool.Rent();
                var span = block.Memory.Span;
                span[0] = (byte)n;
                span[^1] = (byte)n;
                if ((i & 15) == 0)
                    Thread.Yield();
                if (span[0] != n || span[^1] != n)
                    Interlocked.Increment(ref shared);
            }
        })));
        Assert.Equal(0, shared);
    }

    private static List<System.Buffers.IMemoryOwner<byte>> Rent(SocketBuffers pool, int count) => [.. Enumerable.Range(0, count).Select(_ => pool.Rent())];
}
