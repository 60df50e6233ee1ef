using System.Buffers;
using System.Text;

namespace AgentMta.Protocol.Mime;

/// <summary>Reads RFC 2047 encoded words as they are sent: joined, split within a character, without an end, in unknown charsets.</summary>
public static class EncodedWordDecoder
{
    private const int LongestCharset = 80;
    private const int LongestWord = 1000;

    public static string Decode(string text)
    {
        var start = text.IndexOf("=?", StringComparison.Ordinal);
        return start < 0 ? text : new Run(text).Decode(start);
    }

    /// <summary>Length of the whole encoded word that the text starts with, 0 where it starts with none.</summary>
    internal static int WordLength(ReadOnlySpan<char> text)
    {
        text = text[..Math.Min(text.Length, LongestWord)];
        if (!text.StartsWith("=?"))
            return 0;
        var mark = text[2..].IndexOf('?') + 2;
        if (mark < 3 || mark + 3 > text.Length || text[mark + 2] != '?' || (text[mark + 1] | 0x20) is not ('q' or 'b'))
            return 0;
        var end = text[(mark + 3)..].IndexOf("?=");
        return end < 0 || text[..(mark + 3 + end)].ContainsAny(" \t<>") ? 0 : mark + 3 + end + 2;
    }

    private ref struct Run(string text)
    {
        private readonly StringBuilder _out = new(text.Length);
        private byte[] _held = [];
        private int _heldLength;
        private string _charset = "";
        private int _nextEnd = -1;

        public string Decode(int start)
        {
            _held = ArrayPool<byte>.Shared.Rent(text.Length);
            var copied = 0;
            var at = start;
            while (at >= 0)
            {
                if (!TryWord(at, out var charset, out var encoding, out var body, out var end))
                {
                    at = text.IndexOf("=?", at + 2, StringComparison.Ordinal);
                    continue;
                }

                var between = text.AsSpan(copied, at - copied);
                // RFC 2047 6.2: white space between two encoded words is not part of the text. A character may be split between them.
                if (_heldLength == 0 || !between.IsWhiteSpace() || !charset.Equals(_charset, StringComparison.OrdinalIgnoreCase))
                    Flush();
                if (_out.Length == 0 && copied == 0 || !between.IsWhiteSpace())
                    _out.Append(between);
                _charset = _charset.AsSpan().Equals(charset, StringComparison.OrdinalIgnoreCase) ? _charset : charset.ToString();
                Hold(body, encoding);
                copied = end;
                at = text.IndexOf("=?", end, StringComparison.Ordinal);
            }

            Flush();
            _out.Append(text, copied, text.Length - copied);
            ArrayPool<byte>.Shared.Return(_held);
            return _out.ToString();
        }

        // "=?" charset ["*" language] "?" encoding "?" text "?="; a word without its end goes up to the next word or white space.
        private bool TryWord(int at, out ReadOnlySpan<char> charset, out char encoding, out ReadOnlySpan<char> body, out int end)
        {
            charset = body = default;
            encoding = '\0';
            end = at;
            var rest = text.AsSpan(at + 2);
            var mark = rest[..Math.Min(rest.Length, LongestCharset)].IndexOf('?');
            if (mark <= 0 || rest.Length < mark + 3 || rest[mark + 2] != '?' || rest[..mark].ContainsAny(" \t="))
                return false;
            charset = rest[..mark];
            var star = charset.IndexOf('*');
            if (star > 0)
                charset = charset[..star];
            encoding = (char)(rest[mark + 1] | 0x20);
            if (encoding is not ('q' or 'b'))
                return false;
            var bodyStart = at + 2 + mark + 3;
            if (_nextEnd < bodyStart)
            {
                _nextEnd = text.IndexOf("?=", bodyStart, StringComparison.Ordinal);
                _nextEnd = _nextEnd < 0 ? int.MaxValue : _nextEnd;
            }

            var closed = Math.Min(_nextEnd, text.Length);
            var inner = text.AsSpan(bodyStart, closed - bodyStart);
            var another = inner.IndexOf("=?");
            if (another < 0 && _nextEnd != int.MaxValue)
            {
                body = inner;
                end = closed + 2;
                return true;
            }

            if (another >= 0)
                inner = inner[..another];
            var space = inner.IndexOfAny(' ', '\t');
            body = space < 0 ? inner : inner[..space];
            end = bodyStart + body.Length;
            body = body.TrimEnd('?');
            return true;
        }

        private void Hold(scoped ReadOnlySpan<char> body, char encoding)
        {
            if (encoding == 'b')
                HoldBase64(body);
            else
                HoldQ(body);
        }

        private void HoldQ(scoped ReadOnlySpan<char> body)
        {
            for (var i = 0; i < body.Length; i++)
            {
                var c = body[i];
                if (c == '=' && i + 2 < body.Length && char.IsAsciiHexDigit(body[i + 1]) && char.IsAsciiHexDigit(body[i + 2]))
                {
                    HoldByte((byte)((HexValue(body[i + 1]) << 4) | HexValue(body[i + 2])));
                    i += 2;
                }
                else if (c < 0x80)
                {
                    HoldByte(c == '_' ? (byte)' ' : (byte)c);
                }
                else
                {
                    HoldRaw(c);
                }
            }
        }

        private void HoldBase64(scoped ReadOnlySpan<char> body)
        {
            uint held = 0;
            var bits = 0;
            foreach (var c in body)
            {
                var value = c < 0x80 ? Base64Alphabet.Value((byte)c) : -1;
                if (value < 0)
                {
                    bits = c == '=' ? 0 : bits;
                    continue;
                }

                held = (held << 6) | (uint)value;
                bits += 6;
                if (bits < 8)
                    continue;
                bits -= 8;
                HoldByte((byte)(held >> bits));
            }
        }

        // An 8-bit character inside a word: what was decoded so far is text, then the character itself.
        private void HoldRaw(char c)
        {
            Flush();
            _out.Append(c);
        }

        private void HoldByte(byte octet)
        {
            if (_heldLength < _held.Length)
                _held[_heldLength++] = octet;
        }

        private void Flush()
        {
            if (_heldLength == 0)
                return;
            foreach (var c in CharsetDecoder.Decode(_held.AsSpan(0, _heldLength), _charset, out _))
            {
                if (!char.IsControl(c))
                    _out.Append(c);
                else if (c is '\r' or '\n' or '\t' or '\u0085')
                    _out.Append(' ');
            }

            _heldLength = 0;
        }

        private static int HexValue(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    }
}
