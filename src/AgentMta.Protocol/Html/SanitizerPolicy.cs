using System.Collections.Frozen;

namespace AgentMta.Protocol.Html;

/// <summary>The allow lists of the sanitiser: what is not named here does not pass.</summary>
internal static class SanitizerPolicy
{
    public static readonly FrozenSet<string> Elements = Set(
        "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn div dl dt em figcaption figure font footer " +
        "h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td " +
        "tfoot th thead time tr tt u ul var wbr");

    /// <summary>Elements whose content is no text of the message; others that are not allowed only lose their tags.</summary>
    public static readonly FrozenSet<string> DroppedWithContent = Set(
        "script style head title template object applet embed audio video canvas iframe frame noframes noembed map datalist svg math select textarea button input meta link base");

    public static readonly FrozenSet<string> Void = Set("br hr img col wbr");

    public static readonly FrozenSet<string> Attributes = Set(
        "align alt bgcolor border cellpadding cellspacing char cite color colspan datetime dir face headers height hspace lang nowrap rowspan scope size span start title " +
        "type valign value vspace width");

    public static readonly FrozenSet<string> LinkSchemes = Set("http https mailto tel sms");

    public static readonly FrozenSet<string> Properties = Set(
        "background background-color border border-bottom border-bottom-color border-bottom-left-radius border-bottom-right-radius border-bottom-style border-bottom-width " +
        "border-collapse border-color border-left border-left-color border-left-style border-left-width border-radius border-right border-right-color border-right-style " +
        "border-right-width border-spacing border-style border-top border-top-color border-top-left-radius border-top-right-radius border-top-style border-top-width border-width " +
        "box-sizing caption-side clear color direction display float font font-family font-size font-style font-variant font-weight height letter-spacing line-height list-style " +
        "list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width min-height min-width opacity overflow overflow-wrap overflow-x overflow-y " +
        "padding padding-bottom padding-left padding-right padding-top table-layout text-align text-decoration text-decoration-color text-decoration-line text-decoration-style " +
        "text-indent text-overflow text-transform vertical-align visibility white-space width word-break word-spacing word-wrap");

    // Anything that fetches, runs or escapes: functions other than these, escapes (\75rl), markup.
    private static readonly FrozenSet<string> Functions = Set("rgb rgba hsl hsla calc");

    /// <summary>Whether the value of an allowed property neither loads nor runs nor leaves its box.</summary>
    public static bool IsSafeValue(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (c is '\\' or '<' or '>' or '{' or '}' or '@' or ';' || c < ' ' || (c == '/' && i + 1 < value.Length && value[i + 1] == '*'))
                return false;
            if (c == '(' && !Functions.Contains(WordBefore(value, i)))
                return false;
        }

        return value.Length > 0;
    }

    private static string WordBefore(string value, int end)
    {
        var start = end;
        while (start > 0 && (char.IsAsciiLetterOrDigit(value[start - 1]) || value[start - 1] == '-'))
            start--;
        return value[start..end].ToLowerInvariant();
    }

    private static FrozenSet<string> Set(string names) => names.Split(' ').ToFrozenSet(StringComparer.Ordinal);
}
