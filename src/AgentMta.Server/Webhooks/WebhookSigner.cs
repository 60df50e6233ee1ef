using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AgentMta.Server.Webhooks;

/// <summary>Signs as Standard Webhooks v1 says: HMAC-SHA-256 over id, time and the exact body, under the header names of both worlds.</summary>
internal static class WebhookSigner
{
    private const string Prefix = "whsec_";
    private const int SecretOctets = 24;

    /// <summary>A new secret.</summary>
    public static string NewSecret() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretOctets));

    /// <summary>The headers of one attempt.</summary>
    public static IEnumerable<(string Name, string Value)> Headers(IReadOnlyList<string> secrets, string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        var time = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{time}."), .. body];
        var signatures = string.Join(' ', secrets.Select(s => "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(s[Prefix.Length..]), signed))));
        return [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signatures), ("svix-id", id), ("svix-timestamp", time), ("svix-signature", signatures)];
    }
}
