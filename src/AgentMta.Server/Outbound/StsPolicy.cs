using System.Globalization;

namespace AgentMta.Server.Outbound;

/// <summary>What an MTA-STS policy asks (RFC 8461 5).</summary>
internal enum StsMode
{
    None,

    /// <summary>Failures are for reports; mail goes on.</summary>
    Testing,
    Enforce,
}

/// <summary>A domain's published policy: which hosts take its mail, each with a certificate of the web's authorities. Pure.</summary>
internal sealed record StsPolicy(StsMode Mode, IReadOnlyList<string> Mx, TimeSpan MaxAge)
{
    // RFC 8461 3.2: at most a year.
    private const long MaxAgeLimit = 31557600;
    private const int MxLimit = 100;

    /// <summary>Reads a policy file; null where it is none.</summary>
    public static StsPolicy? Parse(string text)
    {
        StsMode? mode = null;
        long? maxAge = null;
        var version = false;
        var mx = new List<string>();
        foreach (var line in text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
                return null;
            var value = line[(colon + 1)..].Trim();
            switch (line[..colon].TrimEnd())
            {
                case "version":
                    version = value == "STSv1";
                    break;
                case "mode" when mode is null:
                    mode = value switch { "enforce" => StsMode.Enforce, "testing" => StsMode.Testing, "none" => StsMode.None, _ => null };
                    break;
                case "max_age" when maxAge is null:
                    maxAge = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? Math.Min(seconds, MaxAgeLimit) : null;
                    break;
                case "mx" when mx.Count < MxLimit:
                    mx.Add(value.TrimEnd('.').ToLowerInvariant());
                    break;
            }
        }

        if (!version || mode is null || maxAge is null || (mx.Count == 0 && mode != StsMode.None))
            return null;
        return new StsPolicy(mode.Value, mx, TimeSpan.FromSeconds(maxAge.Value));
    }

    /// <summary>The id of a <c>_mta-sts</c> record; null where the text is none (RFC 8461 3.1).</summary>
    public static string? ReadId(string record)
    {
        var fields = record.Split(';').Select(f => f.Trim()).ToList();
        if (fields[0] != "v=STSv1")
            return null;
        var id = fields.FirstOrDefault(f => f.StartsWith("id=", StringComparison.Ordinal))?[3..];
        return id is { Length: > 0 and <= 32 } && id.All(char.IsAsciiLetterOrDigit) ? id : null;
    }

    /// <summary>Whether the host is one of the policy's; a leading <c>*.</c> stands for one label (RFC 8461 4.1).</summary>
    public bool Allows(string host)
    {
        var name = host.TrimEnd('.').ToLowerInvariant();
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return Mx.Any(pattern => pattern.StartsWith("*.", StringComparison.Ordinal) ? dot > 0 && name[dot..] == pattern[1..] : name == pattern);
    }
}
