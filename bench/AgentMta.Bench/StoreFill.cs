using System.Diagnostics;
using System.Globalization;
using System.Text;
using AgentMta.Server.Model;
using AgentMta.Server.Search;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Bench;

/// <summary>Puts messages into the store of a server that is down, through the store's own door, and fills its search index: what bench/api measures on.</summary>
internal static class StoreFill
{
    private const int Batch = 1000;
    private const int MessagesOfThread = 4;
    private const int Senders = 5000;
    private static readonly string[] Words =
    [
        "order", "invoice", "agent", "delivery", "meeting", "contract", "payment", "refund", "shipping", "schedule", "report", "question", "answer", "update", "account", "password", "ticket",
        "support", "review", "budget", "quarter", "forecast", "customer", "supplier", "warehouse", "address", "reminder", "holiday", "travel", "hotel", "flight", "signature", "document", "draft",
    ];

    /// <summary><c>fill DATA MESSAGES</c>: into the first inbox of the data folder, a minute apart, the newest now.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var (data, count) = (arguments[0], int.Parse(arguments[1], CultureInfo.InvariantCulture));
        await using var database = SqliteDatabase.Open(Path.Combine(data, "agentmta.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
        var workspace = (await new WorkspaceStore(database).AllAsync(default))[0];
        var inbox = (await new InboxStore(database).ListAsync(new Scope(workspace.WorkspaceId), null, 100, ascending: true, default)).First(i => i.InboxId.StartsWith("agent@", StringComparison.Ordinal));
        var random = new Random(7);
        var start = DateTimeOffset.UtcNow - TimeSpan.FromMinutes(count);
        var watch = Stopwatch.StartNew();
        var threads = new string?[Batch];
        for (var at = 0; at < count; at += Batch)
        {
            // The messages of a thread lie a batch apart, so that each batch knows the threads of the one before.
            var isFirst = at / Batch % MessagesOfThread == 0;
            var messages = Enumerable.Range(0, Math.Min(Batch, count - at)).Select(i => Make(inbox, random, at + i, start.AddMinutes(at + i), isFirst ? null : threads[i])).ToList();
            await database.WriteRepeatableAsync(session =>
            {
                for (var i = 0; i < messages.Count; i++)
                {
                    MessageStore.InsertRaw(session, messages[i].Raw);
                    threads[i] = MessageStore.Insert(session, messages[i].Message);
                }

                return true;
            });
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} messages stored in {watch.Elapsed.TotalSeconds:0.0} s"));
        await IndexAsync(database, data);
        return 0;
    }

    private static async Task IndexAsync(SqliteDatabase database, string data)
    {
        var watch = Stopwatch.StartNew();
        await using var index = SqliteSearchIndex.Open(Path.Combine(data, "search.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
        using var spool = new RawSpool(Path.Combine(data, "raws"), freeSpaceFloor: 0, TimeProvider.System);
        using var meter = new SearchMeter();
        using var indexer = new Indexer(database, index, spool, meter, TimeProvider.System, NullLogger<Indexer>.Instance);
        while (await indexer.RoundAsync(default))
        {
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"indexed in {watch.Elapsed.TotalSeconds:0.0} s"));
    }

    private static (NewRaw Raw, NewMessage Message) Make(Inbox inbox, Random random, int number, DateTimeOffset at, string? thread)
    {
        var sender = random.Next(Senders);
        var from = $"Sender {sender} <s{sender}@customer{sender % 97}.test>";
        var subject = $"{(thread is null ? "" : "Re: ")}{Word(random)} {Word(random)} {number}";
        var text = string.Join(' ', Enumerable.Range(0, 40).Select(_ => Word(random)));
        var id = $"<{number}.{sender}@customer.test>";
        var raw = Encoding.ASCII.GetBytes(
            $"From: {from}\r\nTo: {inbox.InboxId}\r\nSubject: {subject}\r\nMessage-ID: {id}\r\nDate: {at.ToString("r", CultureInfo.InvariantCulture)}\r\n\r\n{text} number{number}\r\n");
        var key = Ids.New(new FixedTime(at));
        // One in twenty is unread, one in ten archived, one in fifty spam.
        List<string> labels = [Labels.Received];
        if (number % 20 == 0)
            labels.Add(Labels.Unread);
        if (number % 10 == 3)
            labels.Add(Labels.Archived);
        if (number % 50 == 7)
            labels.Add(Labels.Spam);
        return (
            new NewRaw(inbox.WorkspaceId, key, new RawContent(raw), null, null, null, null),
            new NewMessage
            {
                WorkspaceId = inbox.WorkspaceId, PodId = inbox.PodId, InboxId = inbox.InboxId, UseCaseId = inbox.UseCaseId, MessageKey = key, RawId = key, ThreadId = thread, MessageId = id,
                Direction = MessageDirection.In, Timestamp = at, From = from, To = [inbox.InboxId], Subject = subject, BaseSubject = subject.ToLowerInvariant(), Preview = text[..Math.Min(200, text.Length)],
                Labels = labels, Size = raw.Length, ContentHash = BitConverter.GetBytes(number), Aligned = true, EventType = EventTypes.Received,
            });
    }

    // The square of a random number: common words and rare ones.
    private static string Word(Random random) => Words[(int)(Words.Length * Math.Pow(random.NextDouble(), 2))];

    private sealed class FixedTime(DateTimeOffset at) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => at;
    }
}
