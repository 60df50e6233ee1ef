using System.CommandLine;
using System.Net;
using System.Text.Json;
using AgentMta.Protocol.Mime;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta threads</c>: shows how messages, arriving in the given order at one inbox, fall into threads; the receiver's own code over a store that is thrown away.</summary>
internal static class ThreadsCommand
{
    private const string Inbox = "inbox@threads.invalid";
    private const int MessagesPerTransaction = 256;

    public static Command Create()
    {
        var paths = new Argument<string[]>("PATH") { Description = "Message files in their order of arrival.", Arity = ArgumentArity.OneOrMore };
        var json = new Option<bool>("--json") { Description = "One JSON object instead of text." };
        var command = new Command("threads", "Show how messages fall into threads.") { paths, json };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(paths)!, parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string[] paths, bool json, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("agentmta-threads-");
        try
        {
            await using var database = SqliteDatabase.Open(Path.Combine(folder.FullName, "threads.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
            var target = await PrepareAsync(database, cancel);
            var shown = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var some in paths.Chunk(MessagesPerTransaction))
            {
                var arrivals = new List<Arrival>(some.Length);
                foreach (var path in some)
                    arrivals.Add(new Arrival(Message(await File.ReadAllBytesAsync(path, cancel))));
                await database.WriteAsync(session => Store(session, target, arrivals, shown), cancel);
            }

            var threads = (await new MessageStore(database).ThreadedIdsAsync(target.Inbox, cancel))
                .GroupBy(m => m.ThreadId, m => shown[m.MessageId]).Select(t => t.Distinct(StringComparer.Ordinal).ToList()).ToList();
            Print(threads, json);
            return ExitCodes.Ok;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"agentmta: {e.Message}".AsMemory(), cancel);
            return ExitCodes.NoInput;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<Target> PrepareAsync(Database database, CancellationToken cancel)
    {
        await database.WriteAsync(
            session =>
            {
                var workspace = WorkspaceStore.Create(session, "threads");
                InboxStore.Create(session, workspace.WorkspaceId, workspace.DefaultPodId, Inbox, displayName: null);
            },
            cancel);
        return new Target(Inbox, TargetKind.Inbox, (await new DirectoryStore(database).InboxAsync(Inbox, cancel))!);
    }

    // The time of arrival is the message's own date, so that old mail is old.
    private static IncomingMessage Message(byte[] octets)
    {
        var headers = HeaderList.Parse(octets);
        return new IncomingMessage
        {
            TransactionId = "threads",
            Session = new SessionInfo { SessionId = "threads", Role = DoorRole.Local, ClientAddress = IPAddress.Loopback },
            ReversePath = "",
            Recipients = [new IncomingRecipient(Inbox)],
            Raw = new RawContent(octets),
            ReceivedAt = headers.First("Date") is { } date && DateParser.Parse(date.Text) is { } written ? written : TimeProvider.System.GetUtcNow(),
        };
    }

    private static void Store(WriteSession session, Target target, List<Arrival> arrivals, Dictionary<string, string> shown)
    {
        foreach (var arrival in arrivals)
        {
            var raw = new NewRaw(target.Inbox.WorkspaceId, Ids.New(session.Time), arrival.Message.Raw, null, null, null, null);
            var stored = new CopyWriter(session, arrival, raw).Write(new InboundCopy(target, [], null, ReplyProof.NoReference, [], null, null));
            shown.TryAdd(stored.MessageId, arrival.MessageId ?? stored.MessageId);
        }
    }

    private static void Print(List<List<string>> threads, bool json)
    {
        if (!json)
        {
            foreach (var thread in threads)
                Console.Out.WriteLine(string.Join(' ', thread));
            return;
        }

        using var output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("threads");
            foreach (var thread in threads)
            {
                writer.WriteStartArray();
                foreach (var id in thread)
                    writer.WriteStringValue(id);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }
}
