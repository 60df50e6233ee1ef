using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace AgentMta.Server.Inbound;

/// <summary>
/// The memory that sockets read into: 32 KiB at a time while few connections hold any, so that a large message comes in few reads, and 4 KiB for those beyond, so that
/// ten thousand idle connections cost no more than their 4 KiB each.
/// </summary>
internal sealed class SocketBuffers : MemoryPool<byte>
{
    private const int Large = 32 * 1024;
    private const int Small = 4 * 1024;
    private const int LargeLimit = 128;
    private const int SmallKept = 2048;

    private readonly ConcurrentBag<Block> _large = [];
    private readonly ConcurrentBag<Block> _small = [];
    private int _largeOut;
    private int _largeIn; // beside the bags, whose own count locks every thread's share
    private int _smallIn;

    /// <inheritdoc/>
    public override int MaxBufferSize => Large;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, Large);
        if (minBufferSize <= Small && Volatile.Read(ref _largeOut) >= LargeLimit)
            return Take(_small, ref _smallIn) ?? new Block(this, Small);
        Interlocked.Increment(ref _largeOut);
        return Take(_large, ref _largeIn) ?? new Block(this, Large);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Blocks are plain memory; those still out come back to nobody.
    }

    private void Return(Block block)
    {
        if (block.Memory.Length == Large)
        {
            Interlocked.Decrement(ref _largeOut);
            Keep(_large, ref _largeIn, LargeLimit, block);
        }
        else
        {
            Keep(_small, ref _smallIn, SmallKept, block);
        }
    }

    private static Block? Take(ConcurrentBag<Block> bag, ref int count)
    {
        if (!bag.TryTake(out var block))
            return null;
        Interlocked.Decrement(ref count);
        return block;
    }

    // Two threads at the limit may both stay under it by one; a block more or less is nothing.
    private static void Keep(ConcurrentBag<Block> bag, ref int count, int limit, Block block)
    {
        if (Volatile.Read(ref count) >= limit)
            return;
        Interlocked.Increment(ref count);
        bag.Add(block);
    }

    /// <summary>Makes one for each of Kestrel's transports.</summary>
    public sealed class Factory : IMemoryPoolFactory<byte>
    {
        /// <inheritdoc/>
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new SocketBuffers();
    }

    // Pinned, since the kernel writes into it while the collector runs.
    private sealed class Block(SocketBuffers pool, int size) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(size, pinned: true), 0, size);

        public void Dispose() => pool.Return(this);
    }
}
