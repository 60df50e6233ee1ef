using System.Buffers;
using System.Text;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Inbound;

public sealed class ArrivalTests
{
    [Fact]
    public async Task A_message_that_is_not_cheap_is_parsed_in_the_pool_whoever_asks_for_it()
    {
        await using var server = await TestReceiver.OpenAsync();
        var octets = new WatchedOctets("Subject: Hello\r\nContent-Type: text/html\r\n\r\n<p>Hello agent.</p>\r\n");
        var arrival = new Arrival(server.Incoming("") with { Raw = new RawContent(octets.Memory) });

        // A scanner's answer comes on a thread that serves all sockets; what the gates ask for next does not belong there.
        Task<AgentMta.Protocol.Mime.MessageContent>? reading = null;
        var socket = new Thread(() => reading = arrival.ReadContentAsync(default).AsTask());
        socket.Start();
        socket.Join();

        Assert.Contains("Hello agent.", (await reading!).Html, StringComparison.Ordinal);
        Assert.False(octets.ReadElsewhere);
    }

    /// <summary>Octets that note where they are read.</summary>
    private sealed class WatchedOctets(string text) : MemoryManager<byte>
    {
        private readonly byte[] _octets = Encoding.ASCII.GetBytes(text);

        public bool ReadElsewhere { get; private set; }

        public override Span<byte> GetSpan()
        {
            ReadElsewhere |= !PoolThread.IsCurrent;
            return _octets;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
