namespace AgentMta.Protocol.Dns;

/// <summary>One word of an entry, its escapes still in it.</summary>
internal readonly record struct ZoneToken(string Text, bool Quoted, int Line);

/// <summary>One entry of a master file: its words over all its lines.</summary>
/// <param name="Tokens">The words.</param>
/// <param name="SameOwner">It began with white space, so it has the owner of the entry before.</param>
/// <param name="Line">Where it began.</param>
/// <param name="Error">Why its words cannot be trusted.</param>
internal sealed record ZoneEntry(List<ZoneToken> Tokens, bool SameOwner, int Line, ZoneFileError? Error);

/// <summary>Cuts a master file into entries (RFC 1035 5.1): comments, quotes, escapes, and parentheses that join lines.</summary>
internal sealed class ZoneEntryReader(string text)
{
    private int _position;
    private int _line = 1;

    /// <summary>The next entry that has words or an error; null at the end.</summary>
    public ZoneEntry? Read()
    {
        while (_position < text.Length)
        {
            var entry = ReadEntry();
            if (entry.Tokens.Count > 0 || entry.Error is not null)
                return entry;
        }

        return null;
    }

    private ZoneEntry ReadEntry()
    {
        var tokens = new List<ZoneToken>();
        var sameOwner = text[_position] is ' ' or '\t';
        int start = _line, open = 0, opened = _line;
        ZoneFileError? error = null;
        while (_position < text.Length)
        {
            switch (text[_position])
            {
                case '\n':
                    _position++;
                    _line++;
                    if (open == 0)
                        return new ZoneEntry(tokens, sameOwner, start, error);
                    break;
                case ' ' or '\t' or '\r':
                    _position++;
                    break;
                case ';':
                    var end = text.IndexOf('\n', _position);
                    _position = end < 0 ? text.Length : end;
                    break;
                case '(':
                    _position++;
                    opened = _line;
                    open++;
                    break;
                case ')':
                    _position++;
                    if (open > 0)
                        open--;
                    else
                        error ??= new ZoneFileError(_line, "a parenthesis closes that was not opened");
                    break;
                case '"':
                    if (ReadQuoted() is { } quoted)
                        tokens.Add(quoted);
                    else
                        error ??= new ZoneFileError(_line, "a quoted string does not end on its line");
                    break;
                default:
                    tokens.Add(ReadWord());
                    break;
            }
        }

        if (open > 0)
            error ??= new ZoneFileError(opened, "a parenthesis is not closed");
        return new ZoneEntry(tokens, sameOwner, start, error);
    }

    private ZoneToken? ReadQuoted()
    {
        var start = ++_position;
        for (; _position < text.Length && text[_position] != '\n'; _position++)
        {
            if (text[_position] == '"')
                return new ZoneToken(text[start.._position++], true, _line);
            if (text[_position] == '\\' && _position + 1 < text.Length && text[_position + 1] != '\n')
                _position++;
        }

        return null;
    }

    private ZoneToken ReadWord()
    {
        var start = _position;
        for (; _position < text.Length; _position++)
        {
            if (text[_position] is ' ' or '\t' or '\r' or '\n' or ';' or '(' or ')' or '"')
                break;
            if (text[_position] == '\\' && _position + 1 < text.Length && text[_position + 1] != '\n')
                _position++;
        }

        return new ZoneToken(text[start.._position], false, _line);
    }
}
