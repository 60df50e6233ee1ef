using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>One named policy of the gate table (design.md, Inbound order).</summary>
internal abstract class Gate(string name)
{
    /// <summary>The name in verdicts, logs and settings.</summary>
    public string Name => name;

    /// <summary>Looks at one recipient's copy and decides, with evidence.</summary>
    public abstract ValueTask<GateVerdict> JudgeAsync(GateCase copy, CancellationToken cancellationToken);

    /// <summary>Nothing speaks against it.</summary>
    protected GateVerdict Pass(string reason, params IReadOnlyList<(string Name, string Value)> evidence) => new(name, GateOutcome.Pass, reason, Evidence: evidence);

    /// <summary>The gate does not apply.</summary>
    protected GateVerdict NotAsked(string reason) => new(name, GateOutcome.NotAsked, reason, Evidence: []);

    /// <summary>Keep, labelled.</summary>
    protected GateVerdict Label(string label, string reason, params IReadOnlyList<(string Name, string Value)> evidence) =>
        new(name, GateOutcome.Label, reason, Label: label, Evidence: evidence);

    /// <summary>Refuse with this reply.</summary>
    protected GateVerdict Refuse(int code, string status, string text, string reason, params IReadOnlyList<(string Name, string Value)> evidence) =>
        new(name, GateOutcome.Refuse, reason, new SmtpReply(code, status, text), Evidence: evidence);
}
