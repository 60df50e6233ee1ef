namespace AgentMta.Server.Inbound;

/// <summary>What all SMTP listeners share: limits, deadlines, meter. One for the server.</summary>
internal sealed class Door : IDisposable
{
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

    /// <inheritdoc/>
    public void Dispose()
    {
        Deadlines.Dispose();
        Meter.Dispose();
    }
}
