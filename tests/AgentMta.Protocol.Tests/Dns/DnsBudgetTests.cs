using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.Tests.Dns;

public sealed class DnsBudgetTests
{
    private readonly HandTime _time = new();

    [Fact]
    public async Task Each_look_up_leaves_its_evidence()
    {
        var overlay = new ZoneOverlay([new TxtRecord("a.test", 60, "x"), new TxtRecord("a.test", 60, "y")]);
        var budget = new DnsBudget(new Slow(overlay, () => _time.Advance(1.5)), _time);
        var answer = await budget.LookupAsync("A.test", DnsRecordType.TXT, default);
        await budget.LookupAsync("b.test", DnsRecordType.MX, default);
        Assert.Equal(2, answer.Records.Count);
        Assert.Equal(
            [
                new DnsEvidence("A.test", DnsRecordType.TXT, DnsStatus.Ok, 60, true, TimeSpan.FromSeconds(1.5), 2),
                new DnsEvidence("b.test", DnsRecordType.MX, DnsStatus.NameError, 0, true, TimeSpan.FromSeconds(1.5), 0),
            ],
            budget.Evidence);
    }

    [Fact]
    public async Task Past_the_allowance_everything_is_a_timeout_and_nothing_is_asked()
    {
        var asked = 0;
        var budget = new DnsBudget(new Slow(new ZoneOverlay([new TxtRecord("a.test", 60, "x")]), () => { asked++; _time.Advance(12); }), _time);
        Assert.Equal(DnsStatus.Ok, (await budget.LookupAsync("a.test", DnsRecordType.TXT, default)).Status);
        Assert.Equal(DnsStatus.Ok, (await budget.LookupAsync("a.test", DnsRecordType.TXT, default)).Status);
        Assert.Equal(DnsStatus.Timeout, (await budget.LookupAsync("a.test", DnsRecordType.TXT, default)).Status);
        Assert.Equal(2, asked);
        Assert.Equal(3, budget.Evidence.Count);
        Assert.Equal(TimeSpan.FromSeconds(24), budget.Spent);
    }

    [Fact]
    public async Task Time_between_look_ups_is_not_spent()
    {
        var budget = new DnsBudget(new ZoneOverlay([new TxtRecord("a.test", 60, "x")]), _time);
        await budget.LookupAsync("a.test", DnsRecordType.TXT, default);
        _time.Advance(3600);
        Assert.Equal(DnsStatus.Ok, (await budget.LookupAsync("a.test", DnsRecordType.TXT, default)).Status);
        Assert.Equal(TimeSpan.Zero, budget.Spent);
    }

    [Fact]
    public async Task A_look_up_under_way_when_the_time_ends_is_a_timeout()
    {
        var budget = new DnsBudget(new Never(), _time);
        var waiting = budget.LookupAsync("a.test", DnsRecordType.TXT, default).AsTask();
        _time.Advance(3600);
        Assert.Equal(DnsStatus.Timeout, (await waiting).Status);
    }

    [Fact]
    public async Task Look_ups_at_the_same_time_spend_it_once()
    {
        var gate = new TaskCompletionSource();
        var budget = new DnsBudget(new Waiting(gate.Task), _time);
        var first = budget.LookupAsync("a.test", DnsRecordType.TXT, default).AsTask();
        var second = budget.LookupAsync("b.test", DnsRecordType.TXT, default).AsTask();
        _time.Advance(7);
        gate.SetResult();
        await Task.WhenAll(first, second);
        Assert.Equal(TimeSpan.FromSeconds(7), budget.Spent);
    }

    [Fact]
    public async Task The_callers_cancellation_is_not_a_timeout()
    {
        using var cancelled = new CancellationTokenSource();
        var waiting = new DnsBudget(new Never(), _time).LookupAsync("a.test", DnsRecordType.TXT, cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Answers_at_once_and_answers_waited_for_take_turns()
    {
        var cache = new ZoneOverlay([new TxtRecord("a.test", 60, "x")]);
        var budget = new DnsBudget(new Mixed(cache, new Never()), _time);
        using var cancelled = new CancellationTokenSource();
        Assert.Equal(DnsStatus.Ok, (await budget.LookupAsync("a.test", DnsRecordType.TXT, default)).Status);
        var waiting = budget.LookupAsync("b.test", DnsRecordType.TXT, cancelled.Token).AsTask();
        Assert.Equal(DnsStatus.Ok, (await budget.LookupAsync("a.test", DnsRecordType.TXT, default)).Status);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await budget.LookupAsync("a.test", DnsRecordType.TXT, cancelled.Token));
        Assert.Equal(DnsStatus.Ok, (await budget.LookupAsync("a.test", DnsRecordType.TXT, default)).Status);
        waiting = budget.LookupAsync("b.test", DnsRecordType.TXT, default).AsTask();
        _time.Advance(3600);
        Assert.Equal(DnsStatus.Timeout, (await waiting).Status);
        Assert.Equal(["a.test", "a.test", "a.test", "b.test"], budget.Evidence.Select(e => e.Name));
    }

    private sealed class Mixed(IDnsLookup atOnce, IDnsLookup later) : IDnsLookup
    {
        public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken) =>
            (name == "a.test" ? atOnce : later).LookupAsync(name, type, cancellationToken);
    }

    private sealed class Slow(IDnsLookup inner, Action before) : IDnsLookup
    {
        public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken)
        {
            before();
            return inner.LookupAsync(name, type, cancellationToken);
        }
    }

    private sealed class Never : IDnsLookup
    {
        public async ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken)
        {
            return await new TaskCompletionSource<DnsAnswer>().Task.WaitAsync(cancellationToken);
        }
    }

    private sealed class Waiting(Task gate) : IDnsLookup
    {
        public async ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken)
        {
            await gate;
            return DnsAnswer.Empty(DnsStatus.NoData, name);
        }
    }

    private sealed class HandTime : TimeProvider
    {
        private readonly List<HandTimer> _timers = [];
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new HandTimer(_ticks + dueTime.Ticks, callback, state);
            _timers.Add(timer);
            return timer;
        }

        public void Advance(double seconds)
        {
            _ticks += TimeSpan.FromSeconds(seconds).Ticks;
            foreach (var timer in _timers.ToList())
                timer.FireWhenDue(_ticks);
        }
    }

    private sealed class HandTimer(long due, TimerCallback callback, object? state) : ITimer
    {
        private bool _isOver;

        public void FireWhenDue(long now)
        {
            if (_isOver || now < due)
                return;
            _isOver = true;
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose() => _isOver = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
