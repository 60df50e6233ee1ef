using System.Globalization;

namespace AgentMta.Server.Model;

/// <summary>Domain names as the store compares them.</summary>
internal static class DomainNames
{
    private const int LongestName = 255;

    /// <summary>Lower case, A-labels, no trailing dot; null where the text cannot be a domain.</summary>
    public static string? Normalise(string domain)
    {
        var name = domain.TrimEnd('.');
        if (name.Length is 0 or > LongestName)
            return null;
        if (System.Text.Ascii.IsValid(name))
            return name.ToLowerInvariant();
        try
        {
            return new IdnMapping { UseStd3AsciiRules = true }.GetAscii(name).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
