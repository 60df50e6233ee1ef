using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using AgentMta.Server.Model;

namespace AgentMta.Server.Webhooks;

/// <summary>Signs a delivery as Standard Webhooks v1 says, under its header names and those of Svix.</summary>
internal static class WebhookSigner
{
    private const string Mark = "whsec_";
    private const int SecretOctets = 32;
    // Standard Webhooks, "Signature scheme": a symmetric key has between 24 and 64 octets.
    private const int FewestOctets = 24;
    private const int MostOctets = 64;

    private static readonly string[] Families = ["webhook", "svix"];

    /// <summary>A new signing secret.</summary>
    public static string NewSecret() => Mark + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretOctets));

    /// <summary>Whether a text that somebody brings along can be a secret.</summary>
    public static bool IsSecret(string text) =>
        text.StartsWith(Mark, StringComparison.Ordinal) && text.Length <= Mark.Length + 88 && Decode(text) is { Length: >= FewestOctets and <= MostOctets };

    /// <summary>Whether a header of that name is ours to set.</summary>
    public static bool Reserves(string name) => Array.Exists(Families, family => name.StartsWith(family + "-", StringComparison.OrdinalIgnoreCase));

    /// <summary>Writes id, time and one signature for each secret that is still good.</summary>
    public static void Sign(HttpRequestHeaders headers, IReadOnlyList<WebhookSecret> secrets, string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        var signatures = new List<string>(secrets.Count);
        foreach (var secret in secrets)
        {
            if (secret.Until is null || secret.Until > at)
                signatures.Add(Signature(secret.Value, id, at, body));
        }

        foreach (var family in Families)
        {
            headers.TryAddWithoutValidation(family + "-id", id);
            headers.TryAddWithoutValidation(family + "-timestamp", at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
            headers.TryAddWithoutValidation(family + "-signature", string.Join(' ', signatures));
        }
    }

    /// <summary><c>v1,</c> and the MAC of id, seconds and body with points between them.</summary>
    public static string Signature(string secret, string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Decode(secret) ?? throw new ArgumentException("This is no webhook secret.", nameof(secret)));
        mac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{at.ToUnixTimeSeconds()}.")));
        mac.AppendData(body);
        return "v1," + Convert.ToBase64String(mac.GetHashAndReset());
    }

    private static byte[]? Decode(string secret)
    {
        var text = secret.StartsWith(Mark, StringComparison.Ordinal) ? secret[Mark.Length..] : secret;
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }
}
