using System.Buffers;
using System.Globalization;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Brings domain names of every authentication method into one form, so that they compare byte by byte: lower case, A-labels, no trailing dot.</summary>
public static class MailDomain
{
    /// <summary>RFC 1035 2.3.4, as text without the trailing dot.</summary>
    public const int MaxLength = 253;

    private const int MaxLabel = 63;

    // Specials of RFC 5322, space and control characters never stand in a name; `%` or `+` may (a look-up then just finds nothing).
    private static readonly SearchValues<char> Forbidden =
        SearchValues.Create("\0\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\v\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f \"(),:;<>@[\\]\u007f");

    private static readonly SearchValues<char> NeedsLowering = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>The name in normal form, or null where it is not a domain name (empty or over-long label, address literal, white space).</summary>
    public static string? Normalize(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return null;
        if (name[^1] == '.')
            name = name[..^1];
        if (name.AsSpan().ContainsAnyExceptInRange('\0', '\u007f'))
            name = ToALabels(name);
        if (name is null || !HasValidLabels(name) || name.AsSpan().ContainsAny(Forbidden))
            return null;
        return name.AsSpan().ContainsAny(NeedsLowering) ? name.ToLowerInvariant() : name;
    }

    /// <summary>The domain of an address or a bare domain, in normal form; null where there is none.</summary>
    public static string? OfAddress(string? address) =>
        address is null ? null : Normalize(address[(address.LastIndexOf('@') + 1)..]);

    /// <summary>True where <paramref name="name"/> equals <paramref name="ancestor"/> or lies below it; both in normal form.</summary>
    public static bool IsAtOrUnder(string name, string ancestor) =>
        name.Length == ancestor.Length
            ? string.Equals(name, ancestor, StringComparison.OrdinalIgnoreCase)
            : name.Length > ancestor.Length && name[name.Length - ancestor.Length - 1] == '.' && name.EndsWith(ancestor, StringComparison.OrdinalIgnoreCase);

    /// <summary>How many labels the name has.</summary>
    internal static int CountLabels(ReadOnlySpan<char> name) => name.Count('.') + 1;

    /// <summary>The rightmost <paramref name="labels"/> labels; the whole name where it has no more.</summary>
    internal static ReadOnlySpan<char> Rightmost(ReadOnlySpan<char> name, int labels)
    {
        for (var i = name.Length - 1; i >= 0; i--)
        {
            if (name[i] == '.' && --labels == 0)
                return name[(i + 1)..];
        }

        return name;
    }

    /// <summary>RFC 1035 2.3.4: labels of 1 to 63 octets, 253 characters in all.</summary>
    internal static bool HasValidLabels(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > MaxLength)
            return false;
        while (true)
        {
            var dot = name.IndexOf('.');
            var label = dot < 0 ? name.Length : dot;
            if (label is 0 or > MaxLabel)
                return false;
            if (dot < 0)
                return true;
            name = name[(dot + 1)..];
        }
    }

    // RFC 5890 2.3: U-labels are looked up and compared as A-labels.
    private static string? ToALabels(string name)
    {
        if (name.Length > MaxLength)
            return null;
        try
        {
            // InvariantGlobalization takes the managed implementation, which does not fold case.
            return new IdnMapping { AllowUnassigned = true }.GetAscii(name.ToLowerInvariant());
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
