using System.Text;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Reads Authentication-Results values, also those that ARC keeps behind its instance (RFC 8601 2.2, RFC 8617 4.1.1); one pass, comments nested to any depth.</summary>
public static class AuthenticationResultsParser
{
    private const int MaxLength = 64 * 1024;
    private const int MaxMethods = 100;
    private const int MaxProperties = 50;

    /// <summary>Reads the octets behind the colon; null where not even the authserv-id can be read. What is faulty behind it is left out.</summary>
    public static AuthenticationResults? Parse(ReadOnlySpan<byte> value) => value.Length > MaxLength ? null : Parse(Encoding.UTF8.GetString(value));

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    public static AuthenticationResults? Parse(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Length > MaxLength)
            return null;
        var scanner = new Scanner(value);
        var id = scanner.Value(stopAtDot: false);
        if (id is null)
            return null;
        scanner.SkipVersion();
        return new AuthenticationResults(id, Methods(ref scanner));
    }

    private static List<AuthenticationMethodResult> Methods(ref Scanner scanner)
    {
        var methods = new List<AuthenticationMethodResult>();
        while (methods.Count < MaxMethods && scanner.SkipPast(';'))
        {
            // methodspec = Keyword [ "/" version ] "=" Keyword
            if (scanner.Value(stopAtDot: false) is not { } method)
                continue;
            if (scanner.Take('/'))
                scanner.Value(stopAtDot: false);
            if (!scanner.Take('=') || scanner.Value(stopAtDot: false) is not { } result)
                continue;
            methods.Add(new AuthenticationMethodResult(method.ToLowerInvariant(), result.ToLowerInvariant(), Properties(ref scanner)));
        }

        return methods;
    }

    // propspec = ptype "." property "=" pvalue; reasonspec = "reason" "=" value
    private static List<KeyValuePair<string, string>> Properties(ref Scanner scanner)
    {
        var properties = new List<KeyValuePair<string, string>>();
        while (properties.Count < MaxProperties && scanner.Value(stopAtDot: true) is { } type)
        {
            var name = type;
            if (scanner.Take('.'))
            {
                if (scanner.Value(stopAtDot: false) is not { } property)
                    break;
                name = $"{type}.{property}";
            }

            if (!scanner.Take('='))
                break;
            properties.Add(new(name.ToLowerInvariant(), scanner.PropertyValue()));
        }

        return properties;
    }

    private ref struct Scanner(string text)
    {
        private const string White = " \t\r\n";

        // RFC 2045 5.1 tspecials.
        private const string Specials = "()<>@,;:\\\"/[]?=";

        private int _at = 0;

        // RFC 8601 2.2: authres-version = 1*DIGIT behind the authserv-id.
        public void SkipVersion()
        {
            SkipSpace();
            while (_at < text.Length && char.IsAsciiDigit(text[_at]))
                _at++;
        }

        public bool Take(char c)
        {
            SkipSpace();
            if (_at >= text.Length || text[_at] != c)
                return false;
            _at++;
            return true;
        }

        /// <summary>Moves behind the next such character outside comments and quoted strings.</summary>
        public bool SkipPast(char c)
        {
            while (true)
            {
                SkipSpace();
                if (_at >= text.Length)
                    return false;
                if (text[_at] == '"')
                    Quoted();
                else if (text[_at++] == c)
                    return true;
            }
        }

        /// <summary>A token or a quoted string, or null.</summary>
        public string? Value(bool stopAtDot)
        {
            SkipSpace();
            if (_at < text.Length && text[_at] == '"')
                return Quoted();
            var start = _at;
            while (_at < text.Length && text[_at] > ' ' && text[_at] != '\u007f' && !Specials.Contains(text[_at], StringComparison.Ordinal) && !(stopAtDot && text[_at] == '.'))
                _at++;
            return _at > start ? text[start.._at] : null;
        }

        /// <summary>pvalue: a value, or an address whose parts may be quoted; ends at white space, a comment or ";".</summary>
        public string PropertyValue()
        {
            SkipSpace();
            var value = new StringBuilder();
            while (_at < text.Length && text[_at] > ' ' && text[_at] is not (';' or '('))
            {
                if (text[_at] == '"')
                    value.Append(Quoted());
                else
                    value.Append(text[_at++]);
            }

            return value.ToString();
        }

        private string Quoted()
        {
            var value = new StringBuilder();
            for (_at++; _at < text.Length; _at++)
            {
                if (text[_at] == '"')
                {
                    _at++;
                    break;
                }

                if (text[_at] == '\\' && _at + 1 < text.Length)
                    _at++;
                if (text[_at] is not ('\r' or '\n'))
                    value.Append(text[_at]);
            }

            return value.ToString();
        }

        private void SkipSpace()
        {
            var depth = 0;
            for (; _at < text.Length; _at++)
            {
                var c = text[_at];
                if (c == '(')
                    depth++;
                else if (depth > 0 && c == ')')
                    depth--;
                else if (depth > 0 && c == '\\')
                    _at++;
                else if (depth == 0 && !White.Contains(c, StringComparison.Ordinal))
                    return;
            }
        }
    }
}
