using AngleSharp.Dom;

namespace AgentMta.Protocol.Html;

/// <summary>
/// The rules of a page's style elements as far as mail uses them: elements, classes, ids, lists of them, descendants and children.
/// Other selectors (states, attributes, siblings) match nothing. Bounded, and indexed by the last compound so that matching is near linear.
/// </summary>
internal sealed class CssSheet
{
    private const int MaxRules = 3000;
    private const int MaxCharacters = 512 * 1024;
    private const int MaxSteps = 1_000_000;

    private readonly Dictionary<string, List<Rule>> _byKey = new(StringComparer.OrdinalIgnoreCase);
    private int _rules;
    private int _steps;

    private sealed record Rule(Compound[] Compounds, List<CssDeclaration> Declarations, int Specificity, int Order);

    /// <summary>One compound selector; Child tells that its left neighbour must be the parent.</summary>
    private readonly record struct Compound(string? Element, string? Id, string[] Classes, bool Child);

    public static CssSheet From(IEnumerable<string> styleElements)
    {
        var sheet = new CssSheet();
        var room = MaxCharacters;
        foreach (var css in styleElements)
        {
            var taken = css.Length <= room ? css : css[..room];
            room -= taken.Length;
            // Old mail wraps its rules in an HTML comment (CSS Syntax 3: CDO and CDC).
            sheet.Read(CssDeclarations.WithoutComments(taken).Replace("<!--", "", StringComparison.Ordinal).Replace("-->", "", StringComparison.Ordinal));
        }

        return sheet;
    }

    /// <summary>Declarations that apply to the element, weakest first.</summary>
    public IEnumerable<CssDeclaration> For(IElement element)
    {
        if (_rules == 0)
            return [];
        List<Rule>? matched = null;
        Collect("*", element, ref matched);
        Collect(element.LocalName, element, ref matched);
        if (element.Id is { Length: > 0 } id)
            Collect("#" + id, element, ref matched);
        foreach (var name in element.ClassList.Take(32))
            Collect("." + name, element, ref matched);
        if (matched is null)
            return [];
        return matched.Distinct().OrderBy(r => r.Specificity).ThenBy(r => r.Order).SelectMany(r => r.Declarations);
    }

    private void Collect(string key, IElement element, ref List<Rule>? matched)
    {
        if (!_byKey.TryGetValue(key, out var rules))
            return;
        foreach (var rule in rules)
        {
            if (_steps < MaxSteps && Matches(rule.Compounds, rule.Compounds.Length - 1, element))
            {
                _steps += rule.Declarations.Count;
                (matched ??= []).Add(rule);
            }
        }
    }

    /// <summary>Right to left and greedy: the nearest ancestor that fits is taken, which is exact for descendants alone and bounded always.</summary>
    private bool Matches(Compound[] compounds, int last, IElement element)
    {
        var current = element;
        _steps++;
        if (!Fits(compounds[last], current))
            return false;
        for (var i = last - 1; i >= 0; i--)
        {
            var isChild = compounds[i + 1].Child;
            current = current.ParentElement;
            while (current is not null && !Fits(compounds[i], current))
            {
                if (isChild || ++_steps > MaxSteps)
                    return false;
                current = current.ParentElement;
            }

            if (current is null)
                return false;
        }

        return true;
    }

    private static bool Fits(Compound compound, IElement element)
    {
        if (compound.Element is not null && !compound.Element.Equals(element.LocalName, StringComparison.OrdinalIgnoreCase))
            return false;
        if (compound.Id is not null && compound.Id != element.Id)
            return false;
        foreach (var name in compound.Classes)
        {
            if (!element.ClassList.Contains(name))
                return false;
        }

        return true;
    }

    private void Read(ReadOnlySpan<char> css, int depth = 0)
    {
        while (!css.IsEmpty && _rules < MaxRules)
        {
            var open = css.IndexOfAny('{', ';');
            if (open < 0)
                return;
            var prelude = css[..open].Trim();
            if (css[open] == ';')
            {
                css = css[(open + 1)..];
                continue;
            }

            var close = BlockEnd(css, open);
            var block = css[(open + 1)..close];
            css = css[Math.Min(css.Length, close + 1)..];
            if (prelude.IsEmpty)
                continue;
            if (prelude[0] != '@')
                AddRule(prelude, block);
            else if (depth < 3 && AppliesToScreens(prelude))
                Read(block, depth + 1);
        }
    }

    private static bool AppliesToScreens(ReadOnlySpan<char> prelude)
    {
        if (!prelude.StartsWith("@media", StringComparison.OrdinalIgnoreCase))
            return false;
        foreach (var range in prelude[6..].Split(','))
        {
            var query = prelude[6..][range].Trim();
            if (query.Equals("all", StringComparison.OrdinalIgnoreCase) || query.Equals("screen", StringComparison.OrdinalIgnoreCase) || query.Equals("only screen", StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static int BlockEnd(ReadOnlySpan<char> css, int open)
    {
        var depth = 0;
        for (var i = open; i < css.Length; i++)
        {
            if (css[i] == '{')
                depth++;
            else if (css[i] == '}' && --depth == 0)
                return i;
        }

        return css.Length;
    }

    private void AddRule(ReadOnlySpan<char> selectors, ReadOnlySpan<char> block)
    {
        var declarations = CssDeclarations.Parse(block);
        if (declarations.Count == 0)
            return;
        foreach (var range in selectors.Split(','))
        {
            if (_rules >= MaxRules)
                return;
            if (ParseSelector(selectors[range].Trim()) is not { } compounds)
                continue;
            var specificity = compounds.Sum(c => (c.Id is null ? 0 : 10_000) + (100 * c.Classes.Length) + (c.Element is null ? 0 : 1));
            var last = compounds[^1];
            var key = last.Id is not null ? "#" + last.Id : last.Classes.Length > 0 ? "." + last.Classes[0] : last.Element ?? "*";
            if (!_byKey.TryGetValue(key, out var rules))
                _byKey[key] = rules = [];
            rules.Add(new Rule(compounds, declarations, specificity, _rules++));
        }
    }

    private static Compound[]? ParseSelector(ReadOnlySpan<char> text)
    {
        var compounds = new List<Compound>();
        var child = false;
        while (!text.IsEmpty)
        {
            if (text[0] == '>' || char.IsWhiteSpace(text[0]))
            {
                child |= text[0] == '>';
                text = text[1..];
                continue;
            }

            var length = 0;
            while (length < text.Length && (char.IsLetterOrDigit(text[length]) || text[length] is '-' or '_' or '.' or '#' or '*'))
                length++;
            if (length == 0 || compounds.Count == 8 || ParseCompound(text[..length], child) is not { } compound)
                return null;
            compounds.Add(compound);
            child = false;
            text = text[length..];
        }

        return compounds.Count == 0 || child ? null : [.. compounds];
    }

    private static Compound? ParseCompound(ReadOnlySpan<char> text, bool child)
    {
        string? element = null, id = null;
        var classes = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var mark = text[at];
            var start = mark is '.' or '#' ? at + 1 : at;
            var end = start;
            while (end < text.Length && text[end] is not ('.' or '#'))
                end++;
            var name = text[start..end].ToString();
            if (name.Length == 0)
                return null;
            if (mark == '.')
                classes.Add(name);
            else if (mark == '#')
                id = name;
            else if (name != "*")
                element = name;
            at = end;
        }

        return new Compound(element, id, [.. classes], child);
    }
}
