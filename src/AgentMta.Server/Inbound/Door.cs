namespace AgentMta.Server.Inbound;

/// <summary>What all SMTP listeners share: limits, deadlines, meter. One for the server.</summary>
internal sealed class Door : IDisposable
{
    private int _messages;

    public Door(SessionServices services)
    {
        Services = services;
        Connections = new ConnectionLimits(services.Options, services.Time);
        AuthFailures = new AuthFailureLimits(services.Options, services.Time);
        Deadlines = new DeadlineSweep(services.Time);
        Meter = new InboundMeter(Connections, services.Certificates);
        Ehlo = new EhloReply(services.Options);
    }

    public SessionServices Services { get; }

    public ConnectionLimits Connections { get; }

    /// <summary>Failed authentications by network, to be seen and lifted.</summary>
    public AuthFailureLimits AuthFailures { get; }

    public DeadlineSweep Deadlines { get; }

    public InboundMeter Meter { get; }

    public EhloReply Ehlo { get; }

    /// <summary>A message is whole and waits for its reply; returns how many others do.</summary>
    public int BeginMessage() => Interlocked.Increment(ref _messages) - 1;

    /// <summary>One has its reply.</summary>
    public void EndMessage() => Interlocked.Decrement(ref _messages);

    /// <inheritdoc/>
    public void Dispose()
    {
        Deadlines.Dispose();
        Meter.Dispose();
    }
}
