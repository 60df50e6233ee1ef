using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AgentMta.Protocol.Addresses;

/// <summary>Domains as mail compares and sends them: lower case, A-labels, no final dot.</summary>
public static class DomainName
{
    public const int MaxLength = 255;
    private const int MaxLabel = 63;

    // InvariantGlobalization takes the managed implementation, which neither folds case nor normalises: case is folded here.
    private static readonly IdnMapping Idn = new() { AllowUnassigned = true, UseStd3AsciiRules = false };

    /// <summary>The normal form of a host name with U-labels or A-labels, or null where it is none (RFC 5321 2.3.5, RFC 5890 2.3.2).</summary>
    public static string? Normalise(string domain)
    {
        if (domain.EndsWith('.'))
            domain = domain[..^1];
        if (domain.Length is 0 or > MaxLength * 4)
            return null;
        if (!Ascii.IsValid(domain))
        {
            if (domain.EnumerateRunes().Any(r => r == Rune.ReplacementChar || IsNoLetter(Rune.GetUnicodeCategory(r))))
                return null;
            try
            {
                domain = Idn.GetAscii(domain.ToLowerInvariant());
            }
            catch (ArgumentException)
            {
                return null;
            }
        }

        domain = domain.ToLowerInvariant();
        return IsHostName(domain) ? domain : null;
    }

    /// <summary>The form for people: U-labels where the A-labels decode.</summary>
    public static string ToUnicode(string domain)
    {
        try
        {
            return Idn.GetUnicode(domain);
        }
        catch (ArgumentException)
        {
            return domain;
        }
    }

    /// <summary>An address literal (RFC 5321 4.1.3) with its brackets in normal form, or null.</summary>
    public static string? NormaliseLiteral(string literal)
    {
        if (literal.Length < 4 || literal[0] != '[' || literal[^1] != ']')
            return null;
        var inner = literal[1..^1];
        if (inner.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase))
        {
            return !inner.Contains('%', StringComparison.Ordinal) && !inner.Contains('[', StringComparison.Ordinal) && IPAddress.TryParse(inner.AsSpan(5), out var six)
                && six.AddressFamily == AddressFamily.InterNetworkV6 ? $"[IPv6:{six}]" : null;
        }

        return inner.Split('.') is [_, _, _, _] parts && parts.All(IsOctet) ? literal : null;
    }

    // RFC 5892 2.6: what shows nothing or steers the display is in no label.
    private static bool IsNoLetter(UnicodeCategory category) =>
        category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate
            or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static bool IsOctet(string part) =>
        part.Length is > 0 and <= 3 && byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    // RFC 5321 4.1.2 sub-domain; the underscore is in no rule but in real host names.
    private static bool IsHostName(string domain)
    {
        if (domain.Length > MaxLength)
            return false;
        foreach (var range in domain.AsSpan().Split('.'))
        {
            var label = domain.AsSpan(range);
            if (label.Length is 0 or > MaxLabel || label[0] == '-' || label[^1] == '-')
                return false;
            foreach (var c in label)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                    return false;
            }
        }

        return true;
    }
}
