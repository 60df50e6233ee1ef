using System.Collections.Frozen;

namespace AgentMta.Protocol.MailAuth.Dmarc;

/// <summary>The public suffix list (publicsuffix.org) as RFC 7489 3.2 uses it: where registrations begin.</summary>
public sealed class PublicSuffixList
{
    private readonly FrozenDictionary<string, Rule> _rules;
    private readonly FrozenDictionary<string, Rule>.AlternateLookup<ReadOnlySpan<char>> _bySpan;

    private PublicSuffixList(FrozenDictionary<string, Rule> rules)
    {
        _rules = rules;
        _bySpan = rules.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    [Flags]
    private enum Rule
    {
        None = 0,
        Exact = 1,
        Wildcard = 2,
        Exception = 4,
    }

    /// <summary>How many names carry a rule.</summary>
    public int Count => _rules.Count;

    /// <summary>Reads the list's own text format, ICANN and private section alike; lines that are no rules are passed over.</summary>
    public static PublicSuffixList Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var rules = new Dictionary<string, Rule>(StringComparer.Ordinal);
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            // A rule is what stands before the first white space; "//" begins a comment.
            var line = raw.TrimStart();
            var end = line.IndexOfAny(' ', '\t');
            if (end >= 0)
                line = line[..end];
            if (line.IsEmpty || line.StartsWith("//", StringComparison.Ordinal))
                continue;
            var kind = Rule.Exact;
            if (line[0] == '!')
            {
                kind = Rule.Exception;
                line = line[1..];
            }
            else if (line.StartsWith("*.", StringComparison.Ordinal))
            {
                kind = Rule.Wildcard;
                line = line[2..];
            }

            if (MailDomain.Normalize(line.ToString()) is { } name)
                rules[name] = rules.GetValueOrDefault(name) | kind;
        }

        return new PublicSuffixList(rules.ToFrozenDictionary(StringComparer.Ordinal));
    }

    /// <summary>The public suffix and one label more, in lower case and in the form given (U-labels stay U-labels); null where the name is a suffix itself or malformed.</summary>
    public string? RegistrableDomain(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (MailDomain.Normalize(name) is not { } ascii)
            return null;
        var labels = SuffixLabels(ascii) + 1;
        if (MailDomain.CountLabels(ascii) < labels)
            return null;
        var given = name.EndsWith('.') ? name.AsSpan(0, name.Length - 1) : name;
        var kept = MailDomain.Rightmost(given, labels);
        // An ideographic full stop separates labels too (RFC 3490 3.1); then only the A-label form tells where they end.
        return MailDomain.CountLabels(given) == MailDomain.CountLabels(ascii)
            ? kept.Length == name.Length && ReferenceEquals(name, ascii) ? name : kept.ToString().ToLowerInvariant()
            : MailDomain.Rightmost(ascii, labels).ToString();
    }

    /// <summary>How many labels the public suffix of a name in normal form has; at least one, by the default rule "*".</summary>
    private int SuffixLabels(string name)
    {
        // From the longest suffix down: the first rule met is the longest; an exception beats every other rule.
        var rest = name.AsSpan();
        var labels = MailDomain.CountLabels(rest);
        var longest = 0;
        for (; labels > 0; labels--)
        {
            _bySpan.TryGetValue(rest, out var rule);
            if ((rule & Rule.Exception) != 0)
                return labels - 1;
            if (longest == 0 && (rule & Rule.Exact) != 0)
                longest = labels;
            var dot = rest.IndexOf('.');
            if (dot < 0)
                break;
            // "*.ck" makes each name right below ck a suffix.
            if (longest < labels && _bySpan.TryGetValue(rest[(dot + 1)..], out var parent) && (parent & Rule.Wildcard) != 0)
                longest = labels;
            rest = rest[(dot + 1)..];
        }

        return Math.Max(longest, 1);
    }
}
