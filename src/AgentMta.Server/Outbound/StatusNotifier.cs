using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Tells senders who came by SMTP submission what became of their mail (RFC 3461, 3464); API senders read events instead.</summary>
internal sealed class StatusNotifier
{
    /// <summary>Stores the notifications that these outcomes call for, in their transaction.</summary>
    public static void Notify(WriteSession session, IReadOnlyList<DeliveryOutcome> outcomes, AttemptTrace trace)
    {
    }
}
