using System.Collections.Concurrent;
using AgentMta.Server.Agents;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Tests.Agents;

/// <summary>Schedules on a clock that the test moves, with a submission that answers as the test says.</summary>
public sealed class ScheduleWorkerTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private readonly ConcurrentQueue<Submission> _sent = new();
    private TestStore _store = null!;
    private ScheduleWorker? _worker;

    private Func<Submission, Task<SubmitResult>> Answer { get; set; } = _ => Task.FromResult(new SubmitResult("<sent@agentmta.test>", "thread"));

    private Scope Scope => new(_store.WorkspaceId);

    public async Task InitializeAsync() => _store = await TestStore.OpenAsync(_time);

    public async Task DisposeAsync()
    {
        await StopAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task A_draft_goes_at_its_time_once_and_is_gone()
    {
        var draft = await DraftAsync(TimeSpan.FromMinutes(10));
        await StartAsync();
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.Empty(_sent);
        await AdvanceUntilAsync(() => _sent.Count == 1);
        await Eventually.TrueAsync(async () => await ReadAsync(draft) is null);
        Assert.Equal("draft~" + draft, _sent.Single().IdempotencyKey);
        Assert.DoesNotContain(Labels.Scheduled, _sent.Single().Labels);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Single(_sent);
    }

    [Fact]
    public async Task A_clock_that_steps_fires_nothing_twice()
    {
        await DraftAsync(TimeSpan.FromMinutes(10));
        var late = await DraftAsync(TimeSpan.FromDays(2));
        await StartAsync();
        await AdvanceUntilAsync(() => _sent.Count == 1, TimeSpan.FromHours(1));
        await AdvanceUntilAsync(() => _sent.Count == 2, TimeSpan.FromHours(12));
        _time.Advance(TimeSpan.FromHours(-50));
        _time.Advance(TimeSpan.FromHours(60));
        await Eventually.TrueAsync(async () => await ReadAsync(late) is null);
        Assert.Equal(2, _sent.Count);
    }

    [Fact]
    public async Task One_that_was_put_off_or_changed_after_it_came_due_goes_as_it_is_now()
    {
        var first = await DraftAsync(TimeSpan.FromMinutes(1));
        var second = await DraftAsync(TimeSpan.FromMinutes(1));
        var due = new DraftStore(_store.Database);
        _time.Advance(TimeSpan.FromMinutes(2));
        // The worker has read both as due; then their writer changes them.
        Assert.Equal(2, (await due.DueAsync(_time.GetUtcNow(), 10, default)).Count);
        await ChangeAsync(first, draft => draft with { SendAt = null, SendStatus = null });
        await ChangeAsync(second, draft => draft with { Content = draft.Content with { Subject = "Changed" } });
        var sender = Sender();
        Assert.Equal(409, (await sender.SendAsync(Scope, first, Scheduled())).Fault!.Status);
        Assert.Null((await sender.SendAsync(Scope, second, Scheduled())).Fault);
        Assert.Equal("Changed", Assert.Single(_sent).Subject);
    }

    [Fact]
    public async Task What_is_wrong_with_the_draft_makes_it_fail_and_a_new_time_tries_again()
    {
        Answer = _ => Task.FromResult(new SubmitResult(null, null, new SubmitFault(422, "unprocessable", "The message has no recipient.")));
        var draft = await DraftAsync(TimeSpan.FromMinutes(1));
        await StartAsync();
        await AdvanceUntilAsync(() => _sent.Count == 1);
        await Eventually.TrueAsync(async () => (await ReadAsync(draft))?.SendStatus == Draft.Failed);
        Assert.Equal("The message has no recipient.", (await ReadAsync(draft))!.Fault);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Single(_sent);
        Answer = _ => Task.FromResult(new SubmitResult("<sent@agentmta.test>", "thread"));
        await ChangeAsync(draft, d => d with { SendAt = _time.GetUtcNow(), SendStatus = Draft.Scheduled, Fault = null });
        await AdvanceUntilAsync(() => _sent.Count == 2);
        await Eventually.TrueAsync(async () => await ReadAsync(draft) is null);
    }

    [Fact]
    public async Task A_limit_or_a_store_that_is_in_the_way_puts_it_off_by_a_minute_at_a_time()
    {
        Answer = _ => Task.FromResult(new SubmitResult(null, null, new SubmitFault(429, "rate_limit_exceeded", "Too many recipients within an hour.")));
        var draft = await DraftAsync(TimeSpan.FromMinutes(1));
        await StartAsync();
        await AdvanceUntilAsync(() => _sent.Count == 1);
        await Eventually.TrueAsync(async () => await ReadAsync(draft) is { SendStatus: Draft.Scheduled, Fault: not null });
        _time.Advance(TimeSpan.FromSeconds(50));
        Assert.Single(_sent);
        Answer = _ => Task.FromResult(new SubmitResult("<sent@agentmta.test>", "thread"));
        await AdvanceUntilAsync(() => _sent.Count == 2);
        await Eventually.TrueAsync(async () => await ReadAsync(draft) is null);
    }

    [Fact]
    public async Task A_draft_being_sent_is_not_sent_beside_that()
    {
        var draft = await DraftAsync(TimeSpan.FromMinutes(1));
        var hold = new TaskCompletionSource();
        Answer = async _ =>
        {
            await hold.Task;
            return new SubmitResult("<sent@agentmta.test>", "thread");
        };
        var sender = Sender();
        _time.Advance(TimeSpan.FromMinutes(1));
        var first = sender.SendAsync(Scope, draft, Scheduled());
        await Eventually.TrueAsync(() => _sent.Count == 1);
        Assert.Equal(409, (await sender.SendAsync(Scope, draft, Scheduled() with { IsScheduled = false })).Fault!.Status);
        Assert.Empty(await new DraftStore(_store.Database).DueAsync(_time.GetUtcNow(), 10, default));
        hold.SetResult();
        Assert.Null((await first).Fault);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_restart_in_the_midst_of_sending_neither_repeats_nor_forgets(bool wasStored)
    {
        var draft = await DraftAsync(TimeSpan.FromMinutes(1));
        _time.Advance(TimeSpan.FromMinutes(1));
        await ChangeAsync(draft, d => d with { SendStatus = Draft.Sending });
        if (wasStored)
            await _store.Database.WriteAsync(session => SubmissionStore.InsertKey(session, _store.WorkspaceId, "draft~" + draft, new SentBefore([1], "<sent@agentmta.test>", "thread")));
        await StartAsync();
        await Eventually.TrueAsync(async () => await ReadAsync(draft) is null);
        Assert.Equal(wasStored ? 0 : 1, _sent.Count);
    }

    [Fact]
    public async Task A_restart_in_the_midst_of_sending_by_hand_leaves_the_draft_to_its_writer()
    {
        var draft = await DraftAsync(null);
        await ChangeAsync(draft, d => d with { SendStatus = Draft.Sending });
        await StartAsync();
        await Eventually.TrueAsync(async () => (await ReadAsync(draft))!.SendStatus is null);
        Assert.Empty(_sent);
    }

    private static DraftSending Scheduled() => new(new Credential(new Scope("any"), "schedule"), IsScheduled: true, labels => labels);

    private DraftSender Sender() => new(_store.Database, (submission, _) =>
    {
        _sent.Enqueue(submission);
        return Answer(submission);
    });

    private Task StartAsync()
    {
        _worker = NewWorker();
        return _worker.StartAsync(CancellationToken.None);
    }

    private ScheduleWorker NewWorker() => new(_store.Database, Sender(), _time, NullLogger<ScheduleWorker>.Instance);

    private async Task StopAsync()
    {
        if (_worker is null)
            return;
        await _worker.StopAsync(CancellationToken.None);
        _worker.Dispose();
    }

    // The worker's timer may not be set yet when the clock moves: it moves on until it was.
    private Task AdvanceUntilAsync(Func<bool> condition, TimeSpan? step = null) => Eventually.TrueAsync(() =>
    {
        if (condition())
            return true;
        _time.Advance(step ?? TimeSpan.FromSeconds(15));
        return condition();
    });

    private async Task<string> DraftAsync(TimeSpan? after)
    {
        var now = _time.GetUtcNow();
        var draft = new Draft(
            _store.WorkspaceId, Ids.New(_time), _store.PodId, TestStore.Agent, null, after is null ? [] : [Labels.Scheduled], new DraftContent { To = ["ann@sender.test"], Subject = "Hello", Text = "Hello" },
            after is null ? null : Draft.Scheduled, now + after, null, now, now);
        await _store.Database.WriteAsync(session => DraftStore.Save(session, draft, isNew: true));
        return draft.DraftId;
    }

    private Task ChangeAsync(string draftId, Func<Draft, Draft> change) =>
        _store.Database.WriteAsync(session => DraftStore.Save(session, change(DraftStore.Get(session, Scope, draftId)!) with { UpdatedAt = _time.GetUtcNow() }, isNew: false));

    private ValueTask<Draft?> ReadAsync(string draftId) => new DraftStore(_store.Database).GetAsync(Scope, draftId, CancellationToken.None);
}
