using System.Text.Json;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound;

/// <summary>Writes the envelope and session of a message as the JSON that is kept with its raw. A workspace sees only its own recipients.</summary>
internal static class SessionWriter
{
    /// <summary>The JSON for the workspace of these targets.</summary>
    public static JsonText Write(Arrival arrival, IEnumerable<Target> targets) => JsonText.Write((arrival, targets), static (json, of) => Write(json, of.arrival, of.targets));

    private static void Write(Utf8JsonWriter json, Arrival arrival, IEnumerable<Target> targets)
    {
        var message = arrival.Message;
        var session = message.Session;
        json.WriteStartObject();
        json.WriteString("session_id", session.SessionId);
        json.WriteString("transaction_id", message.TransactionId);
        json.WriteString("role", arrival.IsLocal ? "local" : "mx");
        json.WriteString("client_address", session.ClientAddress.ToString());
        json.WriteNumber("client_port", session.ClientPort);
        json.WriteString("helo", session.Helo);
        json.WriteBoolean("extended", session.Extended);
        if (session.TlsProtocol is { } tls)
            json.WriteString("tls", tls);
        if (session.TlsCipher is { } cipher)
            json.WriteString("tls_cipher", cipher);
        if (session.User is { } user)
            json.WriteString("user", user);
        json.WriteString("reverse_path", message.ReversePath);
        json.WriteStartArray("recipients");
        foreach (var target in targets)
            json.WriteStringValue(target.Address);
        json.WriteEndArray();
        json.WriteBoolean("smtputf8", message.SmtpUtf8);
        json.WriteBoolean("eight_bit", message.EightBit);
        json.WriteBoolean("require_tls", message.RequireTls);
        json.WriteString("received_at", message.ReceivedAt.UtcDateTime);
        json.WriteEndObject();
    }
}
