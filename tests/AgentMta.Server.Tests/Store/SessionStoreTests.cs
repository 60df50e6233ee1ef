using System.Net;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Store;

public sealed class SessionStoreTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agentmta-test-").FullName;
    private readonly ManualTimeProvider _time = new();
    private readonly SqliteDatabase _evidence;

    public SessionStoreTests() => _evidence = SqliteDatabase.OpenEvidence(Path.Combine(_folder, "evidence.db"), _time, NullLogger<SqliteDatabase>.Instance);

    public async ValueTask DisposeAsync()
    {
        await _evidence.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("quit", 0, 0, false)]
    [InlineData("closed", 0, 0, false)]
    [InlineData("quit", 1, 0, true)]
    [InlineData("quit", 0, 1, true)]
    [InlineData("tls", 0, 0, true)]
    [InlineData("timeout", 0, 0, true)]
    [InlineData("refused", 0, 0, true)]
    public async Task Only_a_session_in_which_something_went_wrong_is_kept(string outcome, int commands, int messages, bool kept)
    {
        await RecordAsync(One("s1", outcome) with { RefusedCount = commands, MessagesRefused = messages });

        await using var reader = Open();
        Assert.Equal(kept, await reader.FindAsync("s1", default) is not null);
    }

    [Fact]
    public async Task A_session_is_kept_whole_with_its_refused_commands()
    {
        var refused = new RefusedCommand("AUTH", null, new SmtpReply(535, "5.7.8", "User name or password not valid"), _time.GetUtcNow());
        await RecordAsync(One("s1", "quit") with { RefusedCount = 1, Refused = [refused], User = "agent@agentmta.test", TlsProtocol = "TLSv1.3", Helo = "h\"x" });

        await using var reader = Open();
        var session = (await reader.FindAsync("s1", default))!;
        Assert.Equal(("s1", "192.0.2.1", "h\"x", "TLSv1.3", "agent@agentmta.test"), (session.SessionId, session.ClientAddress, session.Helo, session.Tls, session.User));
        var command = Assert.Single(session.Refused.EnumerateArray());
        Assert.Equal("AUTH", command.GetProperty("command").GetString());
        Assert.StartsWith("535", command.GetProperty("reply").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_older_than_seven_days_are_swept()
    {
        await RecordAsync(One("old", "tls"));
        _time.Advance(TimeSpan.FromDays(8));
        await RecordAsync(One("new", "tls"));

        await using var reader = Open();
        Assert.Equal(["new"], (await reader.RecentAsync(10, default)).Select(s => s.SessionId));
    }

    private async Task RecordAsync(SessionRecord record)
    {
        await using var store = Open();
        store.Record(record);
    }

    private SessionStore Open() => new(_evidence, _time, NullLogger<SessionStore>.Instance);

    private SessionRecord One(string id, string outcome) => new()
    {
        SessionId = id, Role = DoorRole.Mx, ClientAddress = IPAddress.Parse("192.0.2.1"), StartedAt = _time.GetUtcNow(), Duration = TimeSpan.FromSeconds(1), Outcome = outcome,
    };
}
