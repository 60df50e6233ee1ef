using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>What a gate decided about one recipient's copy.</summary>
internal enum GateOutcome
{
    /// <summary>Nothing speaks against it.</summary>
    Pass,

    /// <summary>The gate does not apply here, or is switched off.</summary>
    NotAsked,

    /// <summary>It is kept, with a label that says what is wrong.</summary>
    Label,

    /// <summary>It is not kept: a 5yz or 4yz reply.</summary>
    Refuse,
}

/// <summary>The verdict of one gate with what it saw: stored with the message, shown by the trace.</summary>
/// <param name="Name">The gate.</param>
/// <param name="Reason">One sentence for people.</param>
/// <param name="Reply">The reply of a refusal.</param>
/// <param name="Label">The label that the copy gets.</param>
/// <param name="Evidence">Names and values of what the gate looked at.</param>
internal sealed record GateVerdict(
    string Name, GateOutcome Outcome, string Reason, SmtpReply? Reply = null, string? Label = null, params IReadOnlyList<(string Name, string Value)> Evidence)
{
    /// <summary>Time that the gate took; who asked it fills it in.</summary>
    public TimeSpan Elapsed { get; set; }
}
