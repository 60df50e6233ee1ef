namespace AgentMta.Server.Inbound.Gates;

/// <summary>The gate table of design.md, in its order.</summary>
internal static class GateTable
{
    /// <summary>The gates for these settings.</summary>
    public static GateSequence Create(ReceiverOptions options, TimeProvider time)
    {
        var gates = options.Gates;
        return new GateSequence(
            [
                new LoopGate(gates, options.HostName),
                new DmarcRejectGate(gates),
                new DmarcQuarantineGate(),
                new TemporaryErrorGate(),
                new ListGate(gates),
                new ThreadOnlyGate(),
                new ColdGate(gates),
                new RateGate(gates, time),
            ],
            time);
    }
}
