using System.Net;
using System.Text;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Support;

/// <summary>
/// The receiver over a test store and a zone in memory: <c>sender.test</c> and <c>other.test</c> may send from 192.0.2.1 without a policy, <c>strict.test</c> asks for reject,
/// <c>careful.test</c> for quarantine, <c>broken.test</c> gives no answers.
/// </summary>
internal sealed class TestReceiver : IAsyncDisposable
{
    public const string Host = "mx.agentmta.test";
    public static readonly IPAddress Good = IPAddress.Parse("192.0.2.1");
    public static readonly IPAddress Bad = IPAddress.Parse("203.0.113.9");

    private const string Zone = """
        $TTL 300
        sender.test. IN TXT "v=spf1 ip4:192.0.2.1 -all"
        _dmarc.sender.test. IN TXT "v=DMARC1; p=none"
        other.test. IN TXT "v=spf1 ip4:192.0.2.1 -all"
        strict.test. IN TXT "v=spf1 ip4:192.0.2.1 -all"
        _dmarc.strict.test. IN TXT "v=DMARC1; p=reject"
        careful.test. IN TXT "v=spf1 ip4:192.0.2.1 -all"
        _dmarc.careful.test. IN TXT "v=DMARC1; p=quarantine"
        lists.test. IN TXT "v=spf1 ip4:192.0.2.1 -all"
        nomail.test. IN MX 0 .
        1.2.0.192.in-addr.arpa. IN PTR mail.sender.test.
        mail.sender.test. IN A 192.0.2.1
        """;

    private int _count;

    private TestReceiver(TestStore store, ReceiverOptions options, Action<ZoneOverlay>? zone, ILoggerFactory? log)
    {
        Store = store;
        Dns = new FailingOverlay(new ZoneOverlay(ZoneFileParser.Parse(Encoding.ASCII.GetBytes(Zone + "\n")).Records));
        zone?.Invoke(Dns.Overlay);
        Evidence = SqliteDatabase.OpenEvidence(Path.Combine(store.Folder, "evidence.db"), store.Time, NullLogger<SqliteDatabase>.Instance);
        Refusals = new RefusalStore(Evidence, store.Time, NullLogger<RefusalStore>.Instance);
        Spool = new RawSpool(Path.Combine(store.Folder, "raws"), freeSpaceFloor: 0, store.Time);
        Services = ReceiverServices.Create(options, store.Database, Evidence, Spool, Refusals, store.Directory, Dns, store.Keys, Meter, store.Time, log ?? NullLoggerFactory.Instance);
        Receiver = new Receiver(Services);
    }

    public TestStore Store { get; }

    public Receiver Receiver { get; }

    public ReceiverServices Services { get; }

    public Recipients Recipients => Services.Recipients;

    public RefusalStore Refusals { get; }

    public RawSpool Spool { get; }

    public FailingOverlay Dns { get; }

    private SqliteDatabase Evidence { get; }

    private ReceiverMeter Meter { get; } = new();

    public static async Task<TestReceiver> OpenAsync(Func<ReceiverOptions, ReceiverOptions>? options = null, TimeProvider? time = null, Action<ZoneOverlay>? zone = null, ILoggerFactory? log = null)
    {
        var given = new ReceiverOptions { HostName = Host, Postmaster = "postmaster@" + TestStore.Domain };
        return new TestReceiver(await TestStore.OpenAsync(time), options?.Invoke(given) ?? given, zone, log);
    }

    /// <summary>A message with the usual fields, LF for CRLF, and one more header block where given.</summary>
    public static string Mail(string from = "Ann <ann@sender.test>", string to = "agent@agentmta.test", string subject = "Hello", string? id = null, string? headers = null, string body = "Hello agent.\n") =>
        $"From: {from}\nTo: {to}\nSubject: {subject}\nDate: Mon, 05 Jan 2026 10:00:00 +0000\n{(id is null ? "" : $"Message-ID: {id}\n")}{headers}\n{body}";

    /// <summary>Hands a message over as the MX listener does.</summary>
    public Task<SmtpReply> AcceptAsync(string mail, string reversePath = "ann@sender.test", IPAddress? client = null, params string[] recipients) =>
        Receiver.AcceptAsync(Incoming(mail, reversePath, client, recipients), CancellationToken.None);

    public IncomingMessage Incoming(string mail, string reversePath = "ann@sender.test", IPAddress? client = null, params string[] recipients) => new()
    {
        TransactionId = $"tx{++_count}",
        Session = new SessionInfo { SessionId = $"s{_count}", Role = DoorRole.Mx, ClientAddress = client ?? Good, Helo = "mail.sender.test", Extended = true },
        ReversePath = reversePath,
        Recipients = [.. (recipients.Length == 0 ? [TestStore.Agent] : recipients).Select(r => new IncomingRecipient(r))],
        Raw = new RawContent(Encoding.UTF8.GetBytes(mail.ReplaceLineEndings("\r\n"))),
        ReceivedAt = Store.Time.GetUtcNow(),
    };

    /// <summary>Stores an outbound message of an inbox to these recipients; returns its Message-ID and key.</summary>
    public async Task<(string MessageId, string Key)> SendAsync(string inboxId, string[] recipients, string? messageId = null, string subject = "Hello")
    {
        var inbox = (await Store.Directory.InboxAsync(inboxId, CancellationToken.None))!;
        var key = Ids.New(Store.Time);
        var id = messageId ?? new MessageIds(Store.Keys).Write(key, inbox.Domain);
        var raw = Encoding.UTF8.GetBytes($"From: {inboxId}\r\nTo: {recipients[0]}\r\nSubject: {subject}\r\nMessage-ID: {id}\r\n\r\nHello.\r\n");
        await Store.Database.WriteAsync(session =>
        {
            MessageStore.InsertRaw(session, new NewRaw(inbox.WorkspaceId, key, new RawContent(raw), null, null, null, null));
            MessageStore.Insert(session, new NewMessage
            {
                Aligned = true,
                WorkspaceId = inbox.WorkspaceId, PodId = inbox.PodId, InboxId = inboxId, UseCaseId = inbox.UseCaseId, MessageKey = key, RawId = key, MessageId = id,
                Direction = MessageDirection.Out, Timestamp = Store.Time.GetUtcNow(), From = inboxId, To = recipients, Subject = subject, BaseSubject = subject.ToLowerInvariant(),
                Labels = [Labels.Sent], Size = raw.Length, ContentHash = ContentHash.Compute(AgentMta.Protocol.Mime.HeaderList.Parse(raw), raw),
                EnvelopeRecipients = recipients, EventType = EventTypes.Queued,
            });
        });
        return (id, key);
    }

    /// <summary>Rows of messages: message_id, thread_id, labels, subject, in order of arrival.</summary>
    public async Task<List<StoredMessage>> MessagesAsync(string inboxId = TestStore.Agent, string direction = "in") =>
        await Store.Database.ReadAsync(session => session.Query(
            "SELECT message_id, thread_id, labels, subject, verdicts, resolved_key, raw_id FROM messages WHERE inbox_id = @p1 AND direction = @p2 ORDER BY uid",
            row => new StoredMessage(
                row.GetString(0), row.GetString(1), StoreJson.ReadList(row.GetString(2)), row.IsDBNull(3) ? null : row.GetString(3), row.IsDBNull(4) ? "" : row.GetString(4),
                row.IsDBNull(5) ? null : row.GetString(5), row.GetString(6)),
            inboxId, direction));

    /// <summary>Rows of the file of refusals, as text.</summary>
    public async Task<List<string>> EvidenceAsync(string sql) => await Evidence.ReadAsync(session => session.Query(
        sql, row => string.Join('|', Enumerable.Range(0, row.FieldCount).Select(i => Convert.ToString(row.GetValue(i), System.Globalization.CultureInfo.InvariantCulture)))));

    /// <summary>Changes rows of the file of refusals.</summary>
    public Task ChangeEvidenceAsync(string sql) => Evidence.WriteAsync(session => { session.Execute(sql); });

    public async ValueTask DisposeAsync()
    {
        await Refusals.DisposeAsync();
        await Evidence.DisposeAsync();
        Meter.Dispose();
        await Store.DisposeAsync();
    }

    public sealed record StoredMessage(string MessageId, string ThreadId, List<string> Labels, string? Subject, string Verdicts, string? ResolvedKey, string RawId);

    /// <summary>The overlay, with one domain whose every question fails for now.</summary>
    internal sealed class FailingOverlay(ZoneOverlay overlay) : IDnsLookup
    {
        public ZoneOverlay Overlay => overlay;

        public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken) =>
            name.TrimEnd('.').EndsWith("broken.test", StringComparison.OrdinalIgnoreCase)
                ? ValueTask.FromResult(DnsAnswer.Empty(DnsStatus.ServerFailure, name))
                : overlay.LookupAsync(name, type, cancellationToken);
    }
}
