using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Cuts <c>; name=value; name="value"</c> apart, comments, missing quotes and stray separators included.</summary>
internal ref struct ParameterScanner(ReadOnlySpan<char> text)
{
    private ReadOnlySpan<char> _rest = text;

    public bool Next(out ReadOnlySpan<char> name, out string value)
    {
        while (true)
        {
            SkipSpace(";");
            if (_rest.IsEmpty)
            {
                name = default;
                value = "";
                return false;
            }

            var end = _rest.IndexOfAny(" \t;=(");
            end = end < 0 ? _rest.Length : end;
            name = _rest[..end];
            _rest = _rest[end..];
            SkipSpace("");
            if (_rest.IsEmpty || _rest[0] != '=')
            {
                if (end == 0)
                    _rest = _rest[Math.Min(1, _rest.Length)..];
                continue;
            }

            _rest = _rest[1..];
            SkipSpace("");
            value = !_rest.IsEmpty && _rest[0] == '"' ? Quoted() : Token();
            if (!name.IsEmpty)
                return true;
        }
    }

    /// <summary>Passes white space, comments (RFC 5322 3.2.2) and the characters given.</summary>
    private void SkipSpace(string also)
    {
        while (!_rest.IsEmpty)
        {
            if (_rest[0] is ' ' or '\t' || also.Contains(_rest[0], StringComparison.Ordinal))
                _rest = _rest[1..];
            else if (_rest[0] == '(')
                SkipComment();
            else
                return;
        }
    }

    private void SkipComment()
    {
        var depth = 0;
        var i = 0;
        for (; i < _rest.Length; i++)
        {
            if (_rest[i] == '\\')
                i++;
            else if (_rest[i] == '(')
                depth++;
            else if (_rest[i] == ')' && --depth == 0)
                break;
        }

        _rest = _rest[Math.Min(i + 1, _rest.Length)..];
    }

    // RFC 2045 5.1 ends a token at white space and tspecials; real ones hold tspecials, so only white space and ";" end it here.
    private string Token()
    {
        var end = _rest.IndexOfAny(" \t;");
        end = end < 0 ? _rest.Length : end;
        var token = _rest[..end];
        _rest = _rest[end..];
        return token.ToString();
    }

    private string Quoted()
    {
        var end = 1;
        while (end < _rest.Length && _rest[end] != '"')
            end += _rest[end] == '\\' ? 2 : 1;
        var inner = _rest[1..Math.Min(end, _rest.Length)];
        _rest = _rest[Math.Min(end + 1, _rest.Length)..];
        return inner.Contains('\\') ? Unescape(inner) : inner.ToString();
    }

    // RFC 5322 3.2.1: a backslash stands for the character behind it, also in a Windows path that nobody escaped.
    private static string Unescape(ReadOnlySpan<char> inner)
    {
        var value = new StringBuilder(inner.Length);
        for (var i = 0; i < inner.Length; i++)
        {
            if (inner[i] == '\\' && i + 1 < inner.Length)
                i++;
            value.Append(inner[i]);
        }

        return value.ToString();
    }
}
