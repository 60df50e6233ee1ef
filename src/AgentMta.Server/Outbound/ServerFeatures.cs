using System.Globalization;
using AgentMta.Protocol.Smtp;

namespace AgentMta.Server.Outbound;

/// <summary>What a remote server said it can do, in its EHLO reply (RFC 5321 4.1.1.1).</summary>
internal sealed record ServerFeatures
{
    /// <summary>A server that only answered HELO.</summary>
    public static readonly ServerFeatures None = new();

    public bool Pipelining { get; private init; }

    public bool StartTls { get; private init; }

    public bool EightBitMime { get; private init; }

    public bool SmtpUtf8 { get; private init; }

    public bool RequireTls { get; private init; }

    public bool Dsn { get; private init; }

    /// <summary>RFC 1870: SIZE was named.</summary>
    public bool Size { get; private init; }

    /// <summary>The largest message in octets; 0 is not stated.</summary>
    public long MaxSize { get; private init; }

    /// <summary>RFC 9422 LIMITS RCPTMAX and MAILMAX; 0 is not stated.</summary>
    public int MaxRecipients { get; private init; }

    public int MaxMessages { get; private init; }

    /// <summary>SASL mechanisms in upper case.</summary>
    public IReadOnlyList<string> AuthMechanisms { get; private init; } = [];

    /// <summary>Reads the lines behind the first one; unknown words are ignored.</summary>
    public static ServerFeatures Read(SmtpReply reply)
    {
        var features = None;
        foreach (var line in reply.Text.Split('\n').Skip(1))
        {
            var words = line.Split((char[])[' ', '\t', '='], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
                continue;
            features = words[0].ToUpperInvariant() switch
            {
                "PIPELINING" => features with { Pipelining = true },
                "STARTTLS" => features with { StartTls = true },
                "8BITMIME" => features with { EightBitMime = true },
                "SMTPUTF8" => features with { SmtpUtf8 = true },
                "REQUIRETLS" => features with { RequireTls = true },
                "DSN" => features with { Dsn = true },
                "SIZE" => features with { Size = true, MaxSize = words.Length > 1 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0 },
                // "AUTH=LOGIN" is the form of old servers; the split above reads both.
                "AUTH" => features with { AuthMechanisms = [.. features.AuthMechanisms, .. words.Skip(1).Select(w => w.ToUpperInvariant())] },
                "LIMITS" => features with { MaxRecipients = Limit(words, "RCPTMAX"), MaxMessages = Limit(words, "MAILMAX") },
                _ => features,
            };
        }

        return features;
    }

    private static int Limit(string[] words, string name)
    {
        var at = Array.FindIndex(words, w => w.Equals(name, StringComparison.OrdinalIgnoreCase));
        return at > 0 && at + 1 < words.Length && int.TryParse(words[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0;
    }
}
