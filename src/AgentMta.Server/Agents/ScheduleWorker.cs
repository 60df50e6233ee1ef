using AgentMta.Server.Model;
using AgentMta.Server.Store;
using Microsoft.Extensions.Hosting;

namespace AgentMta.Server.Agents;

/// <summary>Sends scheduled drafts when their time comes: by the clock on the wall, looked at again at least every half minute, so that a step of it is noticed.</summary>
internal sealed class ScheduleWorker(Database database, DraftSender sender, TimeProvider time, ILogger<ScheduleWorker> log) : BackgroundService
{
    private const int Batch = 50;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);

    private readonly DraftStore _drafts = new(database);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isFirst = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = Longest;
            try
            {
                if (isFirst)
                    await sender.ReleaseAbandonedAsync(stoppingToken).ConfigureAwait(false);
                isFirst = false;
                var change = database.Chores.Next;
                await SendDueAsync(stoppingToken).ConfigureAwait(false);
                if (await _drafts.NextAsync(stoppingToken).ConfigureAwait(false) is { } next)
                    wait = TimeSpan.FromTicks(Math.Clamp((next - time.GetUtcNow()).Ticks, Shortest.Ticks, Longest.Ticks));
                await ChangeSignal.WaitAsync(change, wait, time, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (StoreException e)
            {
                log.LogError(e, "Scheduled drafts wait: the store cannot keep changes");
                await Task.Delay(Longest, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task SendDueAsync(CancellationToken cancellationToken)
    {
        foreach (var draft in await _drafts.DueAsync(time.GetUtcNow(), Batch, cancellationToken).ConfigureAwait(false))
        {
            // Who scheduled it had the right to send; that is kept with the schedule, not with a key that may be gone by now.
            var result = await sender.SendAsync(
                new Scope(draft.WorkspaceId), draft.DraftId, new DraftSending(new Credential(new Scope(draft.WorkspaceId, draft.PodId, draft.InboxId), "schedule"), IsScheduled: true, labels => labels)).ConfigureAwait(false);
            if (result.Fault is { } fault)
                log.LogWarning("Draft {Draft} of {Inbox} was not sent at its time: {Fault}", draft.DraftId, draft.InboxId, fault.Message);
        }
    }
}
