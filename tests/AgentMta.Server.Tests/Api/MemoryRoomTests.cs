using System.Net.Sockets;
using System.Text;
using AgentMta.Server.Api;
using AgentMta.Server.Tests.Support;
using static AgentMta.Server.Tests.Support.ApiBench;

namespace AgentMta.Server.Tests.Api;

/// <summary>Clients that take their time: what is held for them has a bound, and comes free with them.</summary>
public sealed class MemoryRoomTests
{
    private const int Unit = 1024 * 1024;

    [Fact]
    public void A_workspace_has_half_and_all_together_the_whole()
    {
        var room = new MemoryRoom(16 * Unit);
        using var first = room.Open("a");
        using var second = room.Open("a");
        Assert.True(first.TryGrow(7 * Unit));
        Assert.False(second.TryGrow(2 * Unit));
        Assert.True(second.TryGrow(Unit));
        using var others = room.Open("b");
        Assert.True(others.TryGrow(8 * Unit)); // alone in its workspace: its own bound counts
        using var third = room.Open("c");
        Assert.Equal(503, Assert.Throws<ApiException>(() => third.Grow(Unit)).Status);
        Assert.True(third.TryGrow(MemoryRoom.Small - 1));
        others.Dispose();
        third.Grow(Unit);
        Assert.Equal(9 * Unit, room.Used);
        foreach (var part in new[] { first, second, third, third })
            part.Dispose();
        Assert.Equal(0, room.Used);
    }

    [Fact]
    public void An_answer_larger_than_the_room_is_given_where_there_is_no_other()
    {
        var room = new MemoryRoom(Unit);
        using var only = room.Open("a");
        Assert.True(only.TryGrow(4 * Unit));
        Assert.True(only.TryGrow(4 * Unit));
        Assert.False(room.Open("b").TryGrow(Unit));
    }

    [Fact]
    public async Task Answers_that_nobody_reads_leave_room_for_no_more_until_their_clients_are_gone()
    {
        await using var server = await StartAsync();
        await server.ReceiveAsync("<large@sender.test>", text: string.Concat(Enumerable.Repeat(new string('x', 990) + "\n", 5000)));
        var silent = new List<Socket>();
        try
        {
            while (silent.Count < 64 && (await server.GetAsync(Message("<large@sender.test>"))).Code == 200)
                silent.Add(await AskAsync(server, $"GET {Message("<large@sender.test>")} HTTP/1.1", until: "HTTP/1.1"));
            var refused = await server.GetAsync(Message("<large@sender.test>"));
            Assert.Equal((503, "service_unavailable"), (refused.Code, refused.Fault));
            Assert.Equal("5", refused.Headers.GetValues("Retry-After").Single());
            Good(await server.GetAsync(Inbox + "/messages")); // what is small is answered
        }
        finally
        {
            silent.ForEach(s => s.Dispose());
        }

        await Eventually.TrueAsync(async () => (await server.GetAsync(Message("<large@sender.test>"))).Code == 200);
    }

    [Fact]
    public async Task A_large_request_waits_for_no_memory_that_others_of_its_workspace_hold()
    {
        await using var server = await StartAsync();
        var start = $"POST {Inbox}/messages/send HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 36000000\r\nExpect: 100-continue";
        var begun = new List<Socket>();
        try
        {
            while (begun.Count < 8 && await IsTakenAsync(server, start) is { } one)
                begun.Add(one);
            Assert.InRange(begun.Count, 1, 7);
            Good(await server.PostAsync("/v0/inboxes", new { username = "third" }));
        }
        finally
        {
            begun.ForEach(s => s.Dispose());
        }

        await Eventually.TrueAsync(async () =>
        {
            using var taken = await IsTakenAsync(server, start);
            return taken is not null;
        });
    }

    private static async Task<Socket?> IsTakenAsync(ApiBench server, string start)
    {
        var (socket, answer) = await SayAsync(server, start);
        if (answer.Contains("100 Continue", StringComparison.Ordinal))
            return socket;
        socket.Dispose();
        Assert.Contains("HTTP/1.1 503", answer, StringComparison.Ordinal);
        return null;
    }

    // Reads the first octets of what comes, which have to hold the words, and nothing of the rest.
    private static async Task<Socket> AskAsync(ApiBench server, string request, string until)
    {
        var (socket, answer) = await SayAsync(server, request);
        Assert.Contains(until, answer, StringComparison.Ordinal);
        return socket;
    }

    private static async Task<(Socket Socket, string Answer)> SayAsync(ApiBench server, string request)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(server.Http);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"{request}\r\nHost: localhost\r\nAuthorization: Bearer {server.Key}\r\n\r\n"));
        var answer = new byte[64];
        var length = await socket.ReceiveAsync(answer);
        return (socket, Encoding.ASCII.GetString(answer, 0, length));
    }
}
