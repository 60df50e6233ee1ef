using AgentMta.Server.Model;
using AgentMta.Server.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace AgentMta.Server.Tests.Store;

/// <summary>JSON that was never a string is in the log what the same string would be.</summary>
public sealed class RecordedJsonTests : ArrivalLogStore
{
    [Fact]
    public async Task Json_comes_back_from_the_log_as_text()
    {
        await ArriveAsync("<1@x>");
        await using var again = Open(await KilledAsync());

        Assert.Equal(["""text {"größe":"ü"}"""], await again.ReadAsync(s => s.Query("SELECT typeof(session) || ' ' || session FROM raws", r => r.GetString(0))));
    }

    [Theory]
    [InlineData("""{"größe":"ü"}""")]
    [InlineData("")]
    public void Json_is_recorded_like_the_same_string(string json)
    {
        SqliteLibrary.Load();
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();

        Assert.Equal(Recorded(json), Recorded((JsonText)json));

        string Recorded(object value)
        {
            using var statement = SqliteStatement.Prepare(connection.Handle!, "SELECT @p1")!;
            var recorder = new StatementRecorder();
            recorder.Add(statement, "SELECT @p1", [value]);
            return Convert.ToHexString(recorder.Record[ArrivalLog.Room..]);
        }
    }
}
