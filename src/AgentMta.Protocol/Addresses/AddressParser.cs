using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Addresses;

/// <summary>Reads address lists of header fields (RFC 5322 3.4, 4.4) as they come: groups, comments, routes, missing brackets.</summary>
public static class AddressParser
{
    private const int MaxAddresses = 2000;
    private const int MaxSpec = 1000;
    private const int MaxPhrase = 8000;

    // Room on the stack for each piece; an ordinary name or address needs no more.
    private const int Piece = 96;

    /// <param name="field">The octets of a field behind its colon.</param>
    public static IReadOnlyList<MailAddress> ParseList(ReadOnlySpan<byte> field) => ParseList(HeaderText.Unfold(field));

    /// <param name="text">An unfolded list, encoded words still encoded. Groups are flattened into their members.</param>
    public static IReadOnlyList<MailAddress> ParseList(string text) => new Scanner(text, stackalloc char[4 * Piece]).Run() ?? (IReadOnlyList<MailAddress>)[];

    private ref struct Scanner(string text, Span<char> room)
    {
        private TextBuffer _phrase = new(room[..Piece]);
        private TextBuffer _word = new(room[Piece..(2 * Piece)]);
        private TextBuffer _bare = new(room[(2 * Piece)..(3 * Piece)]);
        private TextBuffer _angle = new(room[(3 * Piece)..]);
        private List<MailAddress>? _found;
        private string? _comment;
        private bool _sawAngle;
        private bool _inGroup;
        private bool _wordHasAt;
        private int _at;

        public List<MailAddress>? Run()
        {
            while (_at < text.Length && !(_found?.Count >= MaxAddresses))
            {
                var c = text[_at];
                switch (c)
                {
                    case '(':
                        var comment = Comment();
                        _comment = string.IsNullOrEmpty(_comment) ? comment : _comment;
                        break;
                    case '"':
                        Quoted();
                        break;
                    case '<':
                        Angle();
                        break;
                    case ',':
                        Finish();
                        _at++;
                        break;
                    case ';':
                        Finish();
                        _inGroup = false;
                        _at++;
                        break;
                    case ':' when !_inGroup && !_sawAngle && !_wordHasAt:
                        Forget();
                        _inGroup = true;
                        _at++;
                        break;
                    case ' ' or '\t':
                        EndWord();
                        _at++;
                        break;
                    case '=' when EncodedWordDecoder.WordLength(text.AsSpan(_at)) is > 0 and var length:
                        // Its "," and ":" separate nothing, though RFC 2047 5 (3) wants them encoded.
                        _word.Append(text.AsSpan(_at, length));
                        _at += length;
                        break;
                    default:
                        _wordHasAt |= c == '@';
                        if (_word.Length < MaxPhrase)
                            _word.Append(c);
                        _at++;
                        break;
                }
            }

            Finish();
            _phrase.Free();
            _word.Free();
            _bare.Free();
            _angle.Free();
            return _found;
        }

        // RFC 5322 3.2.2: comments nest; a missing end takes the rest of the field.
        private string Comment()
        {
            var comment = new TextBuffer(stackalloc char[Piece]);
            var depth = 0;
            for (; _at < text.Length; _at++)
            {
                var c = text[_at];
                if (c == '\\' && _at + 1 < text.Length)
                {
                    comment.Append(text[++_at]);
                    continue;
                }

                if (c == '(' && depth++ == 0)
                    continue;
                if (c == ')' && --depth == 0)
                {
                    _at++;
                    break;
                }

                comment.Append(c);
            }

            var said = EncodedWordDecoder.Decode(comment.ToString()).Trim();
            comment.Free();
            return said;
        }

        private void Quoted()
        {
            var value = QuotedString();
            // "local part"@domain: the quoted string is glued to an "@".
            if (!_sawAngle && _at < text.Length && text[_at] is '@' or '.' || _word.Length > 0 && _word[^1] == '.')
            {
                if (_word.Length + value.Length < MaxPhrase)
                    _word.Append(LocalPartSyntax.Quote(value));
                return;
            }

            EndWord();
            // Encoded words have no meaning in a quoted string (RFC 2047 5), but programs put them there.
            AddPhrase(EncodedWordDecoder.Decode(value));
        }

        private string QuotedString()
        {
            var value = new TextBuffer(stackalloc char[Piece]);
            for (_at++; _at < text.Length; _at++)
            {
                var c = text[_at];
                if (c == '\\' && _at + 1 < text.Length)
                    c = text[++_at];
                else if (c == '"')
                    break;
                value.Append(c);
            }

            _at = Math.Min(_at + 1, text.Length);
            var quoted = value.ToString();
            value.Free();
            return quoted;
        }

        private void Angle()
        {
            EndWord();
            var spec = new TextBuffer(stackalloc char[Piece]);
            for (_at++; _at < text.Length && text[_at] != '>';)
            {
                var c = text[_at];
                if (c == '"')
                {
                    var quoted = LocalPartSyntax.Quote(QuotedString());
                    spec.Append(_at < text.Length && text[_at] is '@' or '.' ? quoted : quoted.Trim('"'));
                    continue;
                }

                if (c == '(')
                {
                    Comment();
                    continue;
                }

                if (c is not (' ' or '\t' or '<') && spec.Length < MaxPhrase)
                    spec.Append(c);
                _at++;
            }

            _at = Math.Min(_at + 1, text.Length);
            var address = spec.Text;
            // RFC 5322 4.4: a route before the address is obsolete and ignored.
            if (address.StartsWith('@') && address.IndexOf(':') is > 0 and var colon)
                address = address[(colon + 1)..];
            if (_angle.Length == 0)
                _angle.Append(address);
            _sawAngle = true;
            spec.Free();
        }

        private void EndWord()
        {
            if (_word.Length == 0)
                return;
            var first = _word[0];
            var last = _word[^1];
            if (_bare.Length > MaxSpec)
                AddPhrase(_word.Text);
            else if (first == '@' && (_word.Length == 1 || _bare.Length == 0 && _phrase.Length > 0) || last == '@' || _bare.Length > 0 && _bare[^1] == '@')
                GlueToAddress(first);
            else if (_bare.Length == 0 && _wordHasAt)
                _bare.Append(_word.Text);
            else
                AddPhrase(_word.Text);
            _word.Clear();
            _wordHasAt = false;
        }

        // RFC 5322 4.4: white space may stand around "@" in obsolete addresses.
        private void GlueToAddress(char first)
        {
            if (_bare.Length == 0 && first == '@')
            {
                _bare.Append(_phrase.Text);
                _phrase.Clear();
            }

            _bare.Append(_word.Text);
        }

        private void AddPhrase(scoped ReadOnlySpan<char> word)
        {
            if (_phrase.Length + word.Length > MaxPhrase)
                return;
            if (_phrase.Length > 0)
                _phrase.Append(' ');
            _phrase.Append(word);
        }

        private void Finish()
        {
            EndWord();
            if (_sawAngle)
            {
                var phrase = _bare.Length == 0 ? _phrase.ToString() : _phrase.Length == 0 ? _bare.ToString() : string.Concat(_bare.Text, " ", _phrase.Text);
                Add(Name(phrase), _angle.Text);
            }
            else if (_bare.Length > 0)
            {
                Add(_phrase.Length > 0 ? Name(_phrase.ToString()) : _comment ?? "", _bare.Text);
            }
            else if (_phrase.Length > 0 && !_phrase.Text.Contains(' '))
            {
                Add(_comment ?? "", EncodedWordDecoder.Decode(_phrase.ToString()));
            }

            Forget();
        }

        private void Add(string name, scoped ReadOnlySpan<char> spec)
        {
            spec = spec.Trim();
            var split = spec.LastIndexOf('@');
            var local = split < 0 ? spec : spec[..split];
            var domain = split < 0 ? default : spec[(split + 1)..];
            if (local.Length == 0 && domain.Length == 0 && name.Length == 0)
                return;
            (_found ??= new(1)).Add(new MailAddress(name, Unquote(local), domain.ToString()));
        }

        private static string Name(string phrase)
        {
            var name = EncodedWordDecoder.Decode(phrase).Trim(' ', '\t');
            return name.Contains("  ", StringComparison.Ordinal) || name.Contains('\t', StringComparison.Ordinal)
                ? string.Join(' ', name.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)) : name;
        }

        private static string Unquote(scoped ReadOnlySpan<char> local)
        {
            if (local.Length < 2 || local[0] != '"' || local[^1] != '"')
                return local.ToString();
            var value = new TextBuffer(stackalloc char[Piece]);
            for (var i = 1; i < local.Length - 1; i++)
            {
                if (local[i] == '\\' && i + 2 < local.Length)
                    i++;
                value.Append(local[i]);
            }

            var unquoted = value.ToString();
            value.Free();
            return unquoted;
        }

        private void Forget()
        {
            _phrase.Clear();
            _word.Clear();
            _wordHasAt = false;
            _bare.Clear();
            _angle.Clear();
            _sawAngle = false;
            _comment = null;
        }
    }
}
