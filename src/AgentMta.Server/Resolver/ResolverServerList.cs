using System.Net;

namespace AgentMta.Server.Resolver;

/// <summary>The servers to ask: those of the settings, else those of resolv.conf, which is looked at again every half minute.</summary>
internal sealed class ResolverServerList
{
    private const int DefaultAttempts = 2;
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(30);

    private readonly ResolverOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly List<IPEndPoint> _validating = [];
    private ResolverServerSet _current;
    private DateTime _changed;
    private long _lookedAt;

    public ResolverServerList(ResolverOptions options, TimeProvider time, ILogger log)
    {
        (_options, _time, _log) = (options, time, log);
        foreach (var text in options.ValidatingServers)
        {
            if (ResolverOptions.TryParseServer(text, out var endPoint))
                _validating.Add(endPoint);
        }

        var configured = new List<IPEndPoint>();
        foreach (var text in options.Servers)
        {
            if (ResolverOptions.TryParseServer(text, out var endPoint))
                configured.Add(endPoint);
        }

        _current = configured.Count > 0
            ? new ResolverServerSet(Servers(configured), true, options.Timeout ?? DefaultTimeout, options.Attempts ?? DefaultAttempts)
            : ReadSystem();
        _lookedAt = time.GetTimestamp();
    }

    public ResolverServerSet Current
    {
        get
        {
            lock (_gate)
            {
                if (!_current.Configured && _time.GetElapsedTime(_lookedAt) >= LookAgain)
                {
                    _lookedAt = _time.GetTimestamp();
                    if (File.GetLastWriteTimeUtc(_options.ResolvConf) != _changed)
                        _current = ReadSystem();
                }

                return _current;
            }
        }
    }

    private ResolverServerSet ReadSystem()
    {
        var text = "";
        try
        {
            _changed = File.GetLastWriteTimeUtc(_options.ResolvConf);
            text = File.ReadAllText(_options.ResolvConf);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.LogWarning("{File} cannot be read ({Reason}); asking the DNS server on this machine", _options.ResolvConf, e.Message);
        }

        var conf = ResolvConf.Parse(text);
        _log.LogInformation("DNS servers of {File}: {Servers}", _options.ResolvConf, string.Join(", ", conf.Servers));
        return new ResolverServerSet(Servers(conf.Servers), false, _options.Timeout ?? conf.Timeout ?? DefaultTimeout, _options.Attempts ?? conf.Attempts ?? DefaultAttempts);
    }

    private ResolverServer[] Servers(IEnumerable<IPEndPoint> endPoints) =>
        [.. endPoints.Distinct().Select(e => new ResolverServer(e, IPAddress.IsLoopback(e.Address) || _validating.Any(v => v.Address.Equals(e.Address)), _time))];
}

/// <summary>Servers with the patience to have with them.</summary>
/// <param name="Servers">In order of preference.</param>
/// <param name="Configured">True where the operator named them for this program, so that they may be asked for closed names too.</param>
/// <param name="Timeout">How long one is waited for.</param>
/// <param name="Attempts">Rounds over those that were silent.</param>
internal sealed record ResolverServerSet(IReadOnlyList<ResolverServer> Servers, bool Configured, TimeSpan Timeout, int Attempts)
{
    /// <summary>Those that rest last, else in order of preference.</summary>
    public IEnumerable<ResolverServer> InOrder() => Servers.Where(s => !s.Rests).Concat(Servers.Where(s => s.Rests)).ToList();
}
