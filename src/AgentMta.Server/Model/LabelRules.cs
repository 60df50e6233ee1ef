namespace AgentMta.Server.Model;

/// <summary>What a label of a user may be.</summary>
internal static class LabelRules
{
    /// <summary>So many labels of its users may a message have.</summary>
    public const int MaximumUserLabels = 20;

    /// <summary>So many characters may a label have.</summary>
    public const int MaximumLength = 64;

    /// <summary>Labels with a meaning for this server; they do not count as the user's own.</summary>
    public static bool IsOurs(string label) =>
        Labels.System.Contains(label) || Labels.Hiding.Contains(label, StringComparer.Ordinal) || label is Labels.Unread or Labels.Archived or Labels.AutoReply or "read";

    /// <summary>The stored form of a label, which is lower case; null where it is none.</summary>
    public static string? Normalise(string label)
    {
        var text = label.Trim().ToLowerInvariant();
        return text.Length is 0 or > MaximumLength || label.Length > MaximumLength || text.Any(char.IsControl) ? null : text;
    }
}
