using System.Buffers.Text;
using System.Text;

namespace AgentMta.Protocol.Smtp;

/// <summary>Reads what SASL clients send (PLAIN, RFC 4616; OAUTHBEARER, RFC 7628), once out of base64.</summary>
public static class SaslMessage
{
    /// <summary>Decodes a base64 line; "=" is the empty message (RFC 4954 4).</summary>
    public static bool TryBase64(ReadOnlySpan<byte> line, out byte[] message)
    {
        message = [];
        if (line.SequenceEqual("="u8))
            return true;
        var buffer = new byte[Base64.GetMaxDecodedFromUtf8Length(line.Length)];
        if (line.ContainsAny(" \t\r\n"u8) || Base64.DecodeFromUtf8(line, buffer, out var consumed, out var written) != System.Buffers.OperationStatus.Done || consumed != line.Length)
            return false;
        message = buffer[..written];
        return true;
    }

    /// <summary>authzid NUL authcid NUL passwd, as UTF-8. The first, for whom the user wants to act, is mostly empty.</summary>
    public static bool TryPlain(ReadOnlySpan<byte> message, out string authorize, out string user, out string password)
    {
        (authorize, user, password) = ("", "", "");
        var first = message.IndexOf((byte)0);
        var second = first < 0 ? -1 : message[(first + 1)..].IndexOf((byte)0);
        if (second < 0)
            return false;
        var authenticate = message.Slice(first + 1, second);
        var secret = message[(first + second + 2)..];
        if (authenticate.IsEmpty || secret.IsEmpty || secret.Contains((byte)0) || !System.Text.Unicode.Utf8.IsValid(message))
            return false;
        (authorize, user, password) = (Encoding.UTF8.GetString(message[..first]), Encoding.UTF8.GetString(authenticate), Encoding.UTF8.GetString(secret));
        return true;
    }

    /// <summary>RFC 7628 3.1: "n,a=user," then key=value pairs between SOH; the auth pair holds "Bearer token".</summary>
    public static bool TryOAuthBearer(ReadOnlySpan<byte> message, out string user, out string token)
    {
        (user, token) = ("", "");
        if (!System.Text.Unicode.Utf8.IsValid(message))
            return false;
        var parts = Encoding.UTF8.GetString(message).Split('\u0001', 12);
        var header = parts[0].Split(',', 4); // gs2-header: "n" or "y", optional authzid, empty
        if (parts.Length < 3 || header.Length != 3 || header[0] is not ("n" or "y") || header[2].Length > 0)
            return false;
        if (header[1].StartsWith("a=", StringComparison.Ordinal))
            user = header[1][2..].Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal);
        foreach (var pair in parts.AsSpan(1))
        {
            if (pair.StartsWith("auth=Bearer ", StringComparison.OrdinalIgnoreCase))
                token = pair["auth=Bearer ".Length..].Trim();
        }

        return token.Length > 0;
    }
}
