using System.Collections.Concurrent;
using AgentMta.Server.Inbound;
using AgentMta.Server.Tests.Support;
using Microsoft.Extensions.Logging;

namespace AgentMta.Server.Tests.Inbound;

public sealed class CertificateWorkerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly LineLog _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Below_21_days_each_day_has_one_warning_with_file_names_and_days_until_it_is_renewed()
    {
        using var old = new TestCertificate("mx.agentmta.test", from: _time.GetUtcNow(), days: 22.5);
        using var renewed = new TestCertificate("mx.agentmta.test", from: _time.GetUtcNow(), days: 90);
        var files = old.Write(_folder.Path, "mx");
        using var store = Open(files);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Empty(store.Expiring(CertificateWorker.WarningDays)); // 21 days and a half
        _time.Advance(TimeSpan.FromDays(1));
        using var worker = new CertificateWorker(store, _time, _log);
        await worker.StartAsync(CancellationToken.None);
        await LinesAsync(1);
        Assert.StartsWith($"Certificate {files.Certificate} for mx.agentmta.test expires on 2026-01-27, in 20 days", _log.Lines.Single(), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromDays(1));
        await LinesAsync(2);
        Assert.Contains("in 19 days", _log.Lines.Last(), StringComparison.Ordinal);

        renewed.Write(_folder.Path, "mx");
        _time.Advance(TimeSpan.FromDays(1));
        await LinesAsync(3);
        Assert.Contains("was read again", _log.Lines.Last(), StringComparison.Ordinal);
        await worker.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task One_that_has_expired_is_told_so()
    {
        using var old = new TestCertificate("mx.agentmta.test", from: _time.GetUtcNow().AddDays(-30), days: 10);
        using var store = Open(old.Write(_folder.Path, "mx"));
        using var worker = new CertificateWorker(store, _time, _log);
        await worker.StartAsync(CancellationToken.None);
        await LinesAsync(1);
        Assert.Contains("has expired on 2025-12-16", _log.Lines.Single(), StringComparison.Ordinal);
        await worker.StopAsync(CancellationToken.None);
    }

    [Fact]
    public void The_self_signed_certificate_of_last_resort_is_not_nagged_about()
    {
        using var store = new CertificateStore(_folder.Path, [], "mx.agentmta.test", _time, _log);
        _time.Advance(TimeSpan.FromDays(729));
        Assert.InRange(store.DaysLeft(), 0, 21);
        Assert.Empty(store.Expiring(CertificateWorker.WarningDays));
    }

    [Fact]
    public void A_change_that_cannot_be_read_is_logged_once_and_named_until_it_can()
    {
        using var first = new TestCertificate("mx.agentmta.test", from: _time.GetUtcNow());
        using var second = new TestCertificate("mx.agentmta.test", from: _time.GetUtcNow());
        var files = first.Write(_folder.Path, "mx");
        using var store = Open(files);
        File.WriteAllText(files.Certificate, second.Pem);

        for (var look = 0; look < 3; look++)
        {
            _time.Advance(TimeSpan.FromSeconds(11));
            Assert.Contains("does not belong", Assert.Single(store.Faults), StringComparison.Ordinal);
        }

        Assert.Contains("the one loaded before stays in use", Assert.Single(_log.Lines), StringComparison.Ordinal);
        File.WriteAllText(files.Certificate, first.Pem);
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Empty(store.Faults);
    }

    private CertificateStore Open(CertificateFiles files) => new(_folder.Path, [files], "mx.agentmta.test", _time, _log);

    // The worker goes on with the tick on a thread of its own.
    private Task LinesAsync(int expected) => Eventually.TrueAsync(() => _log.Lines.Count == expected, () => string.Join('\n', _log.Lines));

    private sealed class LineLog : ILogger<CertificateWorker>
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));
    }
}
