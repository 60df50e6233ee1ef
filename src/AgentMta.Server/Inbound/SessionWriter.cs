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
        json.WriteString("session_id"u8, session.SessionId);
        json.WriteString("transaction_id"u8, message.TransactionId);
        json.WriteString("role"u8, arrival.IsLocal ? "local" : "mx");
        json.WriteString("client_address"u8, session.ClientAddress.ToString());
        json.WriteNumber("client_port"u8, session.ClientPort);
        json.WriteString("helo"u8, session.Helo);
        json.WriteBoolean("extended"u8, session.Extended);
        if (session.TlsProtocol is { } tls)
            json.WriteString("tls"u8, tls);
        if (session.TlsCipher is { } cipher)
            json.WriteString("tls_cipher"u8, cipher);
        if (session.User is { } user)
            json.WriteString("user"u8, user);
        json.WriteString("reverse_path"u8, message.ReversePath);
        json.WriteStartArray("recipients"u8);
        foreach (var target in targets)
            json.WriteStringValue(target.Address);
        json.WriteEndArray();
        json.WriteBoolean("smtputf8"u8, message.SmtpUtf8);
        json.WriteBoolean("eight_bit"u8, message.EightBit);
        json.WriteBoolean("require_tls"u8, message.RequireTls);
        json.WriteString("received_at"u8, message.ReceivedAt.UtcDateTime);
        json.WriteEndObject();
    }
}
