using System.Globalization;
using System.Text;
using System.Text.Json;

namespace AgentMta.Server.Api;

/// <summary>Tells a stored trace to a person: where the mail came from, who answers for it, what each gate saw and said.</summary>
internal static class TraceText
{
    private const int MostLookups = 60;

    /// <summary>The text; parts that are not stored are left out.</summary>
    public static string Write(JsonElement? session, JsonElement? authentication, JsonElement? gates, JsonElement? reply)
    {
        var text = new StringBuilder(2048);
        if (session is { ValueKind: JsonValueKind.Object } came)
            Session(text, came);
        if (authentication is { ValueKind: JsonValueKind.Object } verdict)
            Authentication(text, verdict);
        if (gates is { ValueKind: JsonValueKind.Array } asked)
        {
            Line(text, "Gates");
            foreach (var gate in asked.EnumerateArray())
                Gate(text, gate);
        }

        if (reply is { ValueKind: JsonValueKind.Object } proof)
            Line(text, $"Reply      {(Is(proof, "proven") ? "proven" : "not proven")}: {Text(proof, "reason")}{With(", answers ", Text(proof, "answers"))}");
        return text.ToString();
    }

    /// <summary>A member of an object; null where either is not there.</summary>
    public static JsonElement? Member(JsonElement? value, string name) =>
        value is { ValueKind: JsonValueKind.Object } all && all.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : null;

    private static void Session(StringBuilder text, JsonElement session)
    {
        Line(text, $"Session    {Text(session, "session_id")}, transaction {Text(session, "transaction_id")}, {Text(session, "role")}, {Text(session, "received_at")}");
        Line(text, $"Client     {Text(session, "client_address")}, HELO {Text(session, "helo")}{With(", ", Text(session, "tls"))}{With(" ", Text(session, "tls_cipher"))}{With(", user ", Text(session, "user"))}");
        Line(text, $"Envelope   <{Text(session, "reverse_path")}> to {string.Join(", ", Items(session, "recipients").Select(r => $"<{r}>"))}");
    }

    private static void Authentication(StringBuilder text, JsonElement verdict)
    {
        Line(text, $"From       {string.Join(", ", Items(verdict, "header_from"))}{(Is(verdict, "aligned") ? ", somebody answers for it" : ", nobody answers for it")}");
        if (Member(verdict, "dmarc") is { } dmarc)
        {
            Line(text, $"DMARC      {Text(dmarc, "result")}, policy {Text(dmarc, "policy")}{With(" of ", Text(dmarc, "policy_domain"))}, disposition {Text(dmarc, "disposition")}");
            Reason(text, dmarc);
            if (Member(dmarc, "override") is { } excused)
                Line(text, $"           overridden: {Text(excused, "reason")}");
        }

        foreach (var (name, label) in new[] { ("spf", "SPF       "), ("spf_helo", "SPF (HELO)") })
        {
            if (Member(verdict, name) is not { } spf)
                continue;
            Line(text, $"{label} {Text(spf, "result")} for {Text(spf, "domain")} ({Text(spf, "lookups")} look-ups)");
            Reason(text, spf);
        }

        foreach (var signature in Array(verdict, "dkim"))
        {
            Line(text, $"DKIM       {Text(signature, "result")}, d={Text(signature, "domain")} s={Text(signature, "selector")} {Text(signature, "algorithm")}{(Is(signature, "aligned") ? ", aligned" : "")}");
            Reason(text, signature);
        }

        if (Member(verdict, "arc") is { } arc)
            Line(text, $"ARC        {Text(arc, "result")}, {Text(arc, "instances")} hops{With(": ", Text(arc, "reason"))}");
        if (Member(verdict, "iprev") is { } iprev)
            Line(text, $"iprev      {Text(iprev, "result")}, {Text(iprev, "reason")}");
        foreach (var advice in Items(verdict, "for_pass"))
            Line(text, $"For a pass: {advice}");
        if (Member(verdict, "dns") is not { } dns)
            return;
        Line(text, $"DNS        {Array(dns, "lookups").Length} look-ups, {Text(dns, "time_ms")} ms");
        foreach (var lookup in Array(dns, "lookups").Take(MostLookups))
            Line(text, $"  {Text(lookup, "type"),-5} {Text(lookup, "name")}  {Text(lookup, "status")}, {Text(lookup, "records")} records, TTL {Text(lookup, "ttl")}{(Is(lookup, "authenticated") ? ", AD" : "")}, {Text(lookup, "time_ms")} ms");
    }

    private static void Gate(StringBuilder text, JsonElement gate)
    {
        var micros = Member(gate, "micros") is { ValueKind: JsonValueKind.Number } time ? time.GetInt64() : 0;
        Line(text, $"  {Text(gate, "gate"),-17} {Text(gate, "outcome"),-9} {(micros / 1000.0).ToString("0.000", CultureInfo.InvariantCulture),8} ms  {Text(gate, "reason")}{With(", label ", Text(gate, "label"))}{With(", reply ", Text(gate, "reply"))}");
        if (Member(gate, "evidence") is not { ValueKind: JsonValueKind.Object } evidence)
            return;
        foreach (var seen in evidence.EnumerateObject())
            Line(text, $"  {"",-41}{seen.Name}: {seen.Value}");
    }

    private static void Reason(StringBuilder text, JsonElement value)
    {
        if (Text(value, "reason") is { Length: > 0 } reason)
            Line(text, "           " + reason);
    }

    private static string Text(JsonElement value, string name) => Member(value, name) is { } member ? member.ToString() : "";

    private static bool Is(JsonElement value, string name) => Member(value, name) is { ValueKind: JsonValueKind.True };

    private static JsonElement[] Array(JsonElement value, string name) => Member(value, name) is { ValueKind: JsonValueKind.Array } array ? [.. array.EnumerateArray()] : [];

    private static IEnumerable<string> Items(JsonElement value, string name) => Array(value, name).Select(item => item.ToString());

    private static string With(string before, string text) => text.Length == 0 ? "" : before + text;

    // What a stranger wrote must not move the reader's cursor.
    private static void Line(StringBuilder text, string line)
    {
        foreach (var c in line)
            text.Append(char.IsControl(c) ? '?' : c);
        text.Append('\n');
    }
}
