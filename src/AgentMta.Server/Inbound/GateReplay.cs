using System.Net;
using System.Text.Json;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>What would become of one copy.</summary>
/// <param name="Reply">The refusal; null where it is kept.</param>
/// <param name="Gate">The gate that refuses.</param>
/// <param name="Reason">Why it does, or why the labels are there.</param>
internal sealed record ReplayOutcome(string? Reply, string? Gate, IReadOnlyList<string> Labels, string Reason)
{
    /// <summary>The same for people.</summary>
    public override string ToString() => Reply is not null ? $"refused by {Gate}: {Reply}" : Labels.Count == 0 ? "kept" : $"kept as {string.Join(", ", Labels)}";

    /// <summary>Whether the sender and the inbox would notice no difference.</summary>
    public bool IsSameAs(ReplayOutcome other) => Gate == other.Gate && (Reply is null) == (other.Reply is null) && (Reply is not null || Labels.Order().SequenceEqual(other.Labels.Order()));
}

/// <summary>Puts messages before the gates again under the settings given, as they came; nothing is stored.</summary>
internal sealed class GateReplay(ReceiverServices services, ReplayTime time)
{
    private static readonly ReplayOutcome NoInbox = new("550 5.1.1 no such mailbox here", "rcpt", [], "the recipient is no inbox");

    private readonly Receiver _receiver = new(services);

    /// <summary>Judges one copy.</summary>
    public async ValueTask<ReplayOutcome> JudgeAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        time.MoveTo(message.ReceivedAt);
        return await _receiver.JudgeAsync(message, cancellationToken).ConfigureAwait(false) is [var judgement, ..] ? Of(judgement) : NoInbox;
    }

    /// <summary>What was decided when a stored message came: it was kept, with these labels.</summary>
    public static ReplayOutcome Stored(string? verdicts)
    {
        var labels = new List<string>();
        var reasons = new List<string>();
        using var json = JsonDocument.Parse(string.IsNullOrEmpty(verdicts) ? "{}" : verdicts);
        if (json.RootElement.TryGetProperty("gates", out var gates))
        {
            foreach (var gate in gates.EnumerateArray().Where(g => g.TryGetProperty("label", out _)))
            {
                labels.Add(gate.GetProperty("label").GetString()!);
                reasons.Add(gate.GetProperty("reason").GetString()!);
            }
        }

        return new ReplayOutcome(null, null, [.. labels.Distinct()], string.Join("; ", reasons));
    }

    /// <summary>A stored message as it stood before the receiver, from what is kept of its session; null where that is not readable.</summary>
    public static IncomingMessage? Read(string? session, string? verdicts, string inboxId, RawContent raw, DateTimeOffset receivedAt)
    {
        using var json = JsonDocument.Parse(string.IsNullOrEmpty(session) ? "{}" : session);
        var came = json.RootElement;
        if (!IPAddress.TryParse(Text(came, "client_address"), out var client))
            return null;
        using var judgement = JsonDocument.Parse(string.IsNullOrEmpty(verdicts) ? "{}" : verdicts);
        return new IncomingMessage
        {
            TransactionId = Text(came, "transaction_id") ?? "",
            Session = new SessionInfo
            {
                SessionId = Text(came, "session_id") ?? "",
                Role = Text(came, "role") == "local" ? DoorRole.Local : DoorRole.Mx,
                ClientAddress = client,
                Helo = Text(came, "helo") ?? "",
                Extended = Is(came, "extended"),
                TlsProtocol = Text(came, "tls"),
                TlsCipher = Text(came, "tls_cipher"),
                User = Text(came, "user"),
            },
            ReversePath = Text(came, "reverse_path") ?? "",
            Recipients = [new IncomingRecipient(Text(judgement.RootElement, "recipient") ?? inboxId)],
            Raw = raw,
            ReceivedAt = came.TryGetProperty("received_at", out var at) && at.TryGetDateTimeOffset(out var time) ? time : receivedAt,
            SmtpUtf8 = Is(came, "smtputf8"),
            EightBit = Is(came, "eight_bit"),
        };
    }

    private static ReplayOutcome Of(Judgement judgement)
    {
        var decisive = judgement.Verdicts.Where(v => judgement.Refusal is null ? v.Label is not null : v.Outcome == GateOutcome.Refuse);
        return new ReplayOutcome(judgement.Refusal?.ToString(), judgement.Refusal is null ? null : judgement.Verdicts[^1].Name, judgement.Labels, string.Join("; ", decisive.Select(v => v.Reason)));
    }

    private static string? Text(JsonElement value, string name) => value.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static bool Is(JsonElement value, string name) => value.TryGetProperty(name, out var flag) && flag.ValueKind == JsonValueKind.True;
}
