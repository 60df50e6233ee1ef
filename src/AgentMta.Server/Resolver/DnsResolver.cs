using System.Diagnostics.Metrics;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth;

namespace AgentMta.Server.Resolver;

/// <summary>The server's way to DNS: records at hand, then the cache, then recursive servers on the network. Whatever happens there is an answer, never an exception.</summary>
internal sealed class DnsResolver : IDnsLookup, IDisposable
{
    // RFC 2606 2, RFC 6761: names of closed networks; asking the world for them tells it what happens inside.
    private static readonly string[] ClosedNames = ["test", "localhost", "invalid"];

    private readonly ResolverOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<DnsResolver> _log;
    private readonly Meter? _ownMeter;
    private readonly ResolverMeter _meter;
    private readonly ResolverServerList _servers;
    private readonly ServerExchange _exchange;
    private readonly AnswerCache _cache;
    private readonly SemaphoreSlim _slots;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<DnsKey, TaskCompletionSource<DnsAnswer>> _underWay = [];

    /// <summary>Reads the zone files of the settings; throws <see cref="InvalidDataException"/> or <see cref="IOException"/> where one cannot be used.</summary>
    public DnsResolver(ResolverOptions options, TimeProvider time, ILogger<DnsResolver> log, ResolverMeter? meter = null)
    {
        (_options, _time, _log) = (options, time, log);
        _meter = meter ?? new ResolverMeter(_ownMeter = new Meter(ResolverMeter.Name));
        _servers = new ResolverServerList(options, time, log);
        _exchange = new ServerExchange(time, _meter);
        _cache = new AnswerCache(options, time);
        _slots = new SemaphoreSlim(options.MaxConcurrent);
        foreach (var path in options.ZoneFiles)
            Overlay.Replace($"file:{path}", ZoneFileReader.Read(path));
    }

    /// <summary>Records that are answered before anything else; the server publishes its own domains here, each source under a name of its own.</summary>
    public ZoneOverlay Overlay { get; } = new();

    public ValueTask<DnsAnswer> LookupAsync(string name, DnsRecordType type, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!DnsName.TryNormalize(name, out var normalized))
            return ValueTask.FromResult(DnsAnswer.Empty(DnsStatus.NameError, name));
        var local = Overlay.Find(normalized, type);
        if (local.AskNext is { } next)
            return JoinAsync(local.Answer, LookUpBeyondAsync(new DnsKey(next, type), cancellationToken));
        if (!local.Covered)
            return LookUpBeyondAsync(new DnsKey(normalized, type), cancellationToken);
        _meter.Answered("overlay");
        return ValueTask.FromResult(local.Answer);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _ownMeter?.Dispose();
    }

    private static async ValueTask<DnsAnswer> JoinAsync(DnsAnswer alias, ValueTask<DnsAnswer> target)
    {
        var answer = await target.ConfigureAwait(false);
        return answer with { Ttl = Math.Min(alias.Ttl, answer.Ttl), Authenticated = alias.Authenticated && answer.Authenticated };
    }

    private ValueTask<DnsAnswer> LookUpBeyondAsync(DnsKey key, CancellationToken cancellationToken)
    {
        if (IsClosed(key.Name, _servers.Current))
        {
            _meter.Answered("closed");
            return ValueTask.FromResult(DnsAnswer.Empty(DnsStatus.NameError, key.Name));
        }

        if (_cache.TryGet(key, out var cached))
        {
            _meter.Answered("cache");
            return ValueTask.FromResult(cached);
        }

        // One question on the network for all who ask it now; whoever stops waiting does not stop it for the others.
        TaskCompletionSource<DnsAnswer>? shared;
        var first = false;
        lock (_gate)
        {
            if (!_underWay.TryGetValue(key, out shared))
            {
                first = true;
                _underWay.Add(key, shared = new TaskCompletionSource<DnsAnswer>(TaskCreationOptions.RunContinuationsAsynchronously));
            }
        }

        _meter.Answered(first ? "network" : "joined");
        if (first)
            _ = CompleteAsync(key, shared);
        return new ValueTask<DnsAnswer>(shared.Task.WaitAsync(cancellationToken));
    }

    private async Task CompleteAsync(DnsKey key, TaskCompletionSource<DnsAnswer> shared)
    {
        var started = _time.GetTimestamp();
        var answer = DnsAnswer.Empty(DnsStatus.Timeout, key.Name);
        using var patience = new CancellationTokenSource(_options.LookupTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _stopping.Token);
        try
        {
            await _slots.WaitAsync(both.Token).ConfigureAwait(false);
            try
            {
                answer = await ResolveAsync(key, both.Token).ConfigureAwait(false);
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The answer stays a time-out.
        }
        catch (Exception e)
        {
            _log.LogError(e, "The look-up of {Name} {Type} failed unexpectedly", key.Name, key.Type);
            answer = DnsAnswer.Empty(DnsStatus.ServerFailure, key.Name);
        }

        if (!_stopping.IsCancellationRequested)
            _cache.Add(key, answer);
        lock (_gate)
            _underWay.Remove(key);
        _meter.Took(_time.GetElapsedTime(started), EnumWord.Of(answer.Status));
        shared.SetResult(answer);
    }

    // A recursive server answers with the whole chain of aliases; where one does not, its end is asked for.
    private async Task<DnsAnswer> ResolveAsync(DnsKey key, CancellationToken cancellationToken)
    {
        var ttl = uint.MaxValue;
        var authenticated = true;
        var owner = key;
        for (var hops = 0; hops <= DnsResponseReader.MaxChain; hops++)
        {
            var result = await StepAsync(owner, first: hops == 0, cancellationToken).ConfigureAwait(false);
            ttl = Math.Min(ttl, result.Answer.Ttl);
            authenticated &= result.Answer.Authenticated;
            if (result.AskNext is null)
                return result.Answer with { Ttl = ttl, Authenticated = authenticated };
            owner = owner with { Name = result.AskNext };
        }

        return DnsAnswer.Empty(DnsStatus.ServerFailure, owner.Name);
    }

    private async Task<DnsResponseResult> StepAsync(DnsKey owner, bool first, CancellationToken cancellationToken)
    {
        var servers = _servers.Current;
        if (!first)
        {
            // An alias may lead from the network to records at hand.
            var local = Overlay.Find(owner.Name, owner.Type);
            if (local.Covered)
                return new DnsResponseResult(local.Answer, local.AskNext);
            if (IsClosed(owner.Name, servers))
                return new DnsResponseResult(DnsAnswer.Empty(DnsStatus.NameError, owner.Name));
        }

        return await AskServersAsync(servers, owner, cancellationToken).ConfigureAwait(false);
    }

    private async Task<DnsResponseResult> AskServersAsync(ResolverServerSet set, DnsKey question, CancellationToken cancellationToken)
    {
        var status = DnsStatus.Timeout;
        var spoken = new HashSet<ResolverServer>();
        for (var attempt = 0; attempt < set.Attempts && spoken.Count < set.Servers.Count; attempt++)
        {
            foreach (var server in set.InOrder())
            {
                // Who has said that it cannot help is not asked again; who was silent is.
                if (spoken.Contains(server))
                    continue;
                var exchange = await _exchange.AskAsync(server, question, set.Timeout, cancellationToken).ConfigureAwait(false);
                if (exchange.Response is { } response)
                {
                    server.Answered();
                    var trusted = response.AuthenticData && server.Validates;
                    var result = DnsResponseReader.Read(response with { AuthenticData = trusted }, question.Name, question.Type);
                    if (!result.Lame)
                        return result;
                    Note(server, question, response.ResponseCode == DnsResponseCode.NoError ? "lame" : response.ResponseCode.ToString());
                    status = DnsStatus.ServerFailure;
                    spoken.Add(server);
                    continue;
                }

                Note(server, question, exchange.Fault.ToString());
                if (exchange.Fault is ExchangeFault.Timeout or ExchangeFault.Unreachable)
                {
                    if (server.WasSilent())
                        _log.LogWarning("DNS server {Server} does not answer; asking it last for a while", server.EndPoint);
                }
                else
                {
                    status = DnsStatus.ServerFailure;
                    spoken.Add(server);
                }
            }
        }

        return new DnsResponseResult(DnsAnswer.Empty(status, question.Name));
    }

    private void Note(ResolverServer server, DnsKey question, string reason)
    {
        _meter.Failed(reason.ToLowerInvariant());
        _log.LogDebug("DNS server {Server} on {Name} {Type}: {Reason}", server.EndPoint, question.Name, question.Type, reason);
    }

    private static bool IsClosed(string name, ResolverServerSet servers) =>
        !servers.Configured && (Array.Exists(ClosedNames, closed => DnsName.IsAtOrBelow(name, closed)) || PrivateReverseZones.Contain(name));
}
