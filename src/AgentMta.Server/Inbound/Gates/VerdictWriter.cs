using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Writes a judgement as the JSON that is kept with the message and shown by the trace.</summary>
internal static class VerdictWriter
{
    /// <summary><c>{"recipient","gates":[{"gate","outcome","reason","label","reply","micros","evidence":{…}}],"reply":{"proven","answers","cross_use_case","reason"}}</c>.</summary>
    public static JsonText Write(Judgement judgement) => JsonText.Write(judgement, Write);

    private static void Write(Utf8JsonWriter json, Judgement judgement)
    {
        json.WriteStartObject();
        json.WriteString("recipient"u8, judgement.Copy.Target.Address);
        json.WriteStartArray("gates"u8);
        for (var i = 0; i < judgement.Verdicts.Count; i++)
            Write(json, judgement.Verdicts[i]);
        json.WriteEndArray();
        var proof = judgement.Copy.Proof;
        json.WriteStartObject("reply"u8);
        json.WriteBoolean("proven"u8, proof.Proven);
        if (proof.Answered is { } answered)
            json.WriteString("answers"u8, answered.MessageId);
        json.WriteBoolean("cross_use_case"u8, proof.CrossUseCase);
        json.WriteString("reason"u8, proof.Reason);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, GateVerdict verdict)
    {
        json.WriteStartObject();
        json.WriteString("gate"u8, verdict.Name);
        json.WriteString("outcome"u8, verdict.Outcome switch
        {
            GateOutcome.Pass => "pass",
            GateOutcome.Label => "label",
            GateOutcome.Refuse => "refuse",
            _ => "not_asked",
        });
        json.WriteString("reason"u8, verdict.Reason);
        if (verdict.Label is { } label)
            json.WriteString("label"u8, label);
        if (verdict.Reply is { } reply)
            json.WriteString("reply"u8, reply.ToString());
        json.WriteNumber("micros"u8, (long)verdict.Elapsed.TotalMicroseconds);
        if (verdict.Evidence.Count > 0)
        {
            json.WriteStartObject("evidence"u8);
            for (var i = 0; i < verdict.Evidence.Count; i++)
                json.WriteString(verdict.Evidence[i].Name, verdict.Evidence[i].Value);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
