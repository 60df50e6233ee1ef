using System.Globalization;
using System.Text;

namespace AgentMta.Protocol.MailAuth.Spf;

/// <summary>Expands macro-strings (RFC 7208 7) for one check; the only DNS-dependent letter, p, is resolved by the caller beforehand.</summary>
internal sealed class SpfExpansion(SpfRequest request, SpfClient client, string localPart, string senderDomain)
{
    // Longer than any name or sensible explanation; past it only the tail can matter (7.3: names are cut from the left).
    private const int MaxExpansion = 8192;

    private readonly StringBuilder _text = new();

    /// <summary>False where the local-part cannot be a DNS label: terms that use it then match nothing (RFC 8616 4).</summary>
    public bool LocalPartIsAscii { get; } = !localPart.AsSpan().ContainsAnyExceptInRange('\0', '\u007f');

    /// <summary>True where the macro-string uses one of the letters, in either case.</summary>
    public static bool Uses(string spec, char letter, char orLetter)
    {
        for (var i = 0; i < spec.Length;)
        {
            if (spec[i] != '%')
                i++;
            else if (!SpfMacro.TryRead(spec, ref i, true, out var macro))
                return false;
            else if (macro.Letter == letter || macro.Letter == orLetter)
                return true;
        }

        return false;
    }

    /// <summary>A domain-spec as the name to look up: expanded, without a trailing dot, cut from the left to 253 characters (RFC 7208 7.3).</summary>
    public string Domain(string spec, string domain, string validated)
    {
        var name = spec.Contains('%', StringComparison.Ordinal) ? Expand(spec, domain, validated, inExplanation: false) : spec;
        if (name.EndsWith('.'))
            name = name[..^1];
        while (name.Length > MailDomain.MaxLength && name.IndexOf('.') is var dot && dot >= 0)
            name = name[(dot + 1)..];
        return name;
    }

    /// <summary>Explanation text, or null where its syntax is wrong or its expansion is not printable ASCII (RFC 7208 6.2).</summary>
    public string? Explanation(string text, string domain, string validated)
    {
        if (text.Length > MaxExpansion || !SpfMacro.IsMacroString(text, inExplanation: true, spaces: true))
            return null;
        var expanded = Expand(text, domain, validated, inExplanation: true);
        return expanded.AsSpan().ContainsAnyExceptInRange(' ', '~') ? null : expanded;
    }

    private string Expand(string spec, string domain, string validated, bool inExplanation)
    {
        _text.Clear();
        for (var i = 0; i < spec.Length;)
        {
            if (spec[i] != '%')
            {
                _text.Append(spec[i++]);
                continue;
            }

            if (!SpfMacro.TryRead(spec, ref i, inExplanation, out var macro))
                break;
            Append(macro, spec, domain, validated);
            if (_text.Length > MaxExpansion)
                _text.Remove(0, _text.Length - MaxExpansion / 2);
        }

        return _text.ToString();
    }

    private void Append(in SpfMacro macro, string spec, string domain, string validated)
    {
        switch (macro.Letter)
        {
            case '%':
                _text.Append('%');
                return;
            case '_':
                _text.Append(' ');
                return;
            case '-':
                _text.Append("%20");
                return;
        }

        var value = macro.Letter switch
        {
            's' => $"{localPart}@{senderDomain}",
            'l' => localPart,
            'o' => senderDomain,
            'd' => domain,
            'i' => client.Dotted(),
            'p' => validated,
            'v' => client.IsIPv6 ? "ip6" : "in-addr",
            'h' => request.Helo,
            'c' => client.Address.ToString(),
            'r' => request.ReceiverName,
            _ => request.Now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        };
        var start = _text.Length;
        if (macro is { Keep: 0, Reverse: false, DelimiterCount: 0 })
            _text.Append(value);
        else
            Transform(macro, value, spec.AsSpan(macro.DelimiterStart, macro.DelimiterCount));
        if (macro.Escape)
            EscapeFrom(start);
    }

    // RFC 7208 7.1: split at the delimiters, reverse, keep the right-hand parts, join with dots.
    private void Transform(in SpfMacro macro, string value, ReadOnlySpan<char> delimiters)
    {
        if (delimiters.IsEmpty)
            delimiters = ".";
        var parts = new List<Range>();
        var from = 0;
        for (var i = 0; i <= value.Length; i++)
        {
            if (i == value.Length || delimiters.Contains(value[i]))
            {
                parts.Add(from..i);
                from = i + 1;
            }
        }

        if (macro.Reverse)
            parts.Reverse();
        for (var i = macro.Keep == 0 ? 0 : Math.Max(0, parts.Count - macro.Keep); i < parts.Count; i++)
        {
            _text.Append(value.AsSpan(parts[i]));
            if (i < parts.Count - 1)
                _text.Append('.');
        }
    }

    // RFC 7208 7.3: upper-case letters escape everything but the unreserved characters of RFC 3986.
    private void EscapeFrom(int start)
    {
        var plain = _text.ToString(start, _text.Length - start);
        _text.Length = start;
        _text.Append(Uri.EscapeDataString(plain));
    }
}
