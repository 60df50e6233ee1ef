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
        json.WriteString("recipient", judgement.Copy.Target.Address);
        json.WriteStartArray("gates");
        for (var i = 0; i < judgement.Verdicts.Count; i++)
            Write(json, judgement.Verdicts[i]);
        json.WriteEndArray();
        var proof = judgement.Copy.Proof;
        json.WriteStartObject("reply");
        json.WriteBoolean("proven", proof.Proven);
        if (proof.Answered is { } answered)
            json.WriteString("answers", answered.MessageId);
        json.WriteBoolean("cross_use_case", proof.CrossUseCase);
        json.WriteString("reason", proof.Reason);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, GateVerdict verdict)
    {
        json.WriteStartObject();
        json.WriteString("gate", verdict.Name);
        json.WriteString("outcome", verdict.Outcome switch
        {
            GateOutcome.Pass => "pass",
            GateOutcome.Label => "label",
            GateOutcome.Refuse => "refuse",
            _ => "not_asked",
        });
        json.WriteString("reason", verdict.Reason);
        if (verdict.Label is { } label)
            json.WriteString("label", label);
        if (verdict.Reply is { } reply)
            json.WriteString("reply", reply.ToString());
        json.WriteNumber("micros", (long)verdict.Elapsed.TotalMicroseconds);
        if (verdict.Evidence.Count > 0)
        {
            json.WriteStartObject("evidence");
            for (var i = 0; i < verdict.Evidence.Count; i++)
                json.WriteString(verdict.Evidence[i].Name, verdict.Evidence[i].Value);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
