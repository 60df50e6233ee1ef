using System.Collections.Frozen;

namespace AgentMta.Server.Outbound;

/// <summary>Which header fields a caller may set: those that say something about the message, none that carry it, prove it or trace it.</summary>
internal static class HeaderRules
{
    private const int CountLimit = 50;
    private const int ValueLimit = 2000;
    private const int NameLimit = 70;

    private static readonly FrozenSet<string> Allowed = FrozenSet.ToFrozenSet(
        [
            "Auto-Submitted", "Comments", "Expires", "Feedback-ID", "Importance", "Keywords", "Organization", "Precedence", "Priority", "Sensitivity",
            "Content-Language", "List-Id", "List-Help", "List-Post", "List-Owner", "List-Archive", "List-Subscribe",
        ],
        StringComparer.OrdinalIgnoreCase);

    // Our own, and those with which mail systems tell each other what to do.
    private static readonly string[] ReservedPrefixes = ["X-AgentMail-", "X-Original-", "X-Spam-", "X-Envelope-", "X-Failed-", "X-Google-", "X-MS-Exchange-", "X-Forefront-"];

    /// <summary>Why these headers cannot be sent; null where they can.</summary>
    public static string? Refusal(IReadOnlyDictionary<string, string> headers)
    {
        if (headers.Count > CountLimit)
            return $"at most {CountLimit} headers can be given";
        foreach (var (name, value) in headers)
        {
            if (!IsAllowed(name))
                return $"the header '{Shown(name)}' cannot be set";
            if (value.Length > ValueLimit || value.AsSpan().IndexOfAnyInRange('\0', '\u001f') >= 0 || value.Contains('\u007f', StringComparison.Ordinal))
                return $"the value of '{name}' has control characters or is longer than {ValueLimit}";
        }

        return null;
    }

    /// <summary>Whether the headers mark an automatic message (RFC 3834 5).</summary>
    public static bool IsAutomatic(IReadOnlyDictionary<string, string> headers) =>
        headers.Any(h => h.Key.Equals("Auto-Submitted", StringComparison.OrdinalIgnoreCase) && !h.Value.Trim().StartsWith("no", StringComparison.OrdinalIgnoreCase));

    private static bool IsAllowed(string name)
    {
        if (name.Length is 0 or > NameLimit || name.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0 || name.Contains(':', StringComparison.Ordinal))
            return false;
        return Allowed.Contains(name)
            || (name.StartsWith("X-", StringComparison.OrdinalIgnoreCase) && name.Length > 2 && !ReservedPrefixes.Any(p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase)));
    }

    private static string Shown(string name) => new([.. name.Take(NameLimit).Where(c => !char.IsControl(c))]);
}
