using System.Buffers;
using System.Text;
using AgentMta.Protocol.Mime;
using AgentMta.Protocol.Reports;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Outbound;

/// <summary>Acts on what comes back about our mail: bounces, complaints and opt-outs that Inbound wrote down.</summary>
internal sealed class OutcomeWorker(Database database, OutcomeStore store, RawReader raws, AddressTokens tokens, TimeProvider time, ILogger<OutcomeWorker> log) : BackgroundService
{
    private const int BatchSize = 100;
    private const int TokenLength = Ids.Length + 16;

    private static readonly SearchValues<byte> AddressEnds = SearchValues.Create("?>, \r\n"u8);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var next = database.Chores.Next;
                if (await RunOnceAsync(stoppingToken).ConfigureAwait(false) == 0)
                    await ChangeSignal.WaitAsync(next, LongestWait, time, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (StoreException e)
            {
                log.LogError(e, "Reports cannot be read or acted on");
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Acts on what waits; returns how much that was.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var reports = await store.ReportsAsync(BatchSize, cancellationToken).ConfigureAwait(false);
        foreach (var report in reports)
            await ReportAsync(report, cancellationToken).ConfigureAwait(false);
        var requests = await store.UnsubscribesAsync(BatchSize, cancellationToken).ConfigureAwait(false);
        foreach (var request in requests)
            await database.WriteAsync(session => Unsubscribe(session, request), cancellationToken).ConfigureAwait(false);
        return reports.Count + requests.Count;
    }

    private async Task ReportAsync(OpenReport row, CancellationToken cancellationToken)
    {
        using var raw = await raws.ReadAsync(row.WorkspaceId, row.RawId, cancellationToken).ConfigureAwait(false);
        var message = raw is null ? null : MimeMessage.Parse(raw.Bytes);
        var report = message is null ? null : ReportReader.Read(message);
        var named = raw is null ? null : FindToken(raw.Bytes.Span);
        if (report is null)
            log.LogWarning("Report {Report} about message {Message} says nothing that can be acted on", row.ReportId, row.MessageKey);
        await database.WriteAsync(
            session =>
            {
                if (OutcomeStore.EndReport(session, row.WorkspaceId, row.ReportId) && report is not null)
                    ReportOutcome.Apply(session, report, OutcomeStore.OfMessage(session, row.WorkspaceId, row.MessageKey), named);
            },
            cancellationToken).ConfigureAwait(false);
    }

    private void Unsubscribe(WriteSession session, OpenUnsubscribe request)
    {
        if (!OutcomeStore.EndUnsubscribe(session, request.WorkspaceId, request.RequestId))
            return;
        if (OutcomeStore.Find(session, request.WorkspaceId, request.DeliveryId) is { } delivery)
            OptOut.Apply(session, delivery, request.Via);
        else
            log.LogWarning("Opt-out {Request} is about a delivery that is gone", request.RequestId);
    }

    // A complaint returns the message with its List-Unsubscribe: the token there says whose copy it was, also where the address is withheld.
    private string? FindToken(ReadOnlySpan<byte> raw)
    {
        for (var at = raw.IndexOf("u+"u8); at >= 0; at = Next(raw, at))
        {
            var rest = raw[(at + 2)..];
            if (rest.Length <= TokenLength || rest[TokenLength] != '@')
                continue;
            var domain = rest[(TokenLength + 1)..];
            var end = domain.IndexOfAny(AddressEnds);
            var address = Encoding.Latin1.GetString(raw.Slice(at, 2 + TokenLength + 1 + (end < 0 ? Math.Min(domain.Length, 255) : Math.Min(end, 255))));
            if (tokens.TryRead(address, out var kind, out var id) && kind == TokenKind.Unsubscribe)
                return id;
        }

        return null;
    }

    private static int Next(ReadOnlySpan<byte> raw, int at)
    {
        var next = raw[(at + 2)..].IndexOf("u+"u8);
        return next < 0 ? -1 : at + 2 + next;
    }
}
