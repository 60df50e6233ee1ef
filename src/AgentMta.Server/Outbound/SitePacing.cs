namespace AgentMta.Server.Outbound;

/// <summary>Learns how many connections a site takes: one more for each round that went well, half after trouble. Pure.</summary>
internal sealed class SitePacing(int start, int limit)
{
    private double _allowed = start;

    /// <summary>Connections to have at most.</summary>
    public int Allowed => Math.Max(1, (int)_allowed);

    /// <summary>A transaction was taken: the sum of one round of them opens one more connection.</summary>
    public void Succeeded() => _allowed = Math.Min(limit, _allowed + (1 / Math.Max(1, _allowed)));

    /// <summary>The site refused a connection, was lost, or asked for less; <paramref name="open"/> connections it does take.</summary>
    public void Struggled(int open) => _allowed = Math.Max(1, Math.Min(_allowed / 2, open));
}
