using System.Text;

namespace AgentMta.Protocol.Html;

/// <summary>Lays words out as plain text: white space collapsed, breaks and blank lines as asked, quotes marked and lists indented at the start of each line.</summary>
internal sealed class HtmlTextWriter
{
    private const int MaxPrefix = 80;
    private const int MaxBlankLines = 3;

    private readonly StringBuilder _text = new();
    private readonly List<string> _prefixes = [];
    private string _prefix = "";
    private string _breakPrefix = "";
    private string? _bullet;
    private int _pendingBreaks;
    private int _breaksInRow;
    private bool _pendingSpace;
    private bool _lineIsEmpty = true;

    public int Length => _text.Length;

    public bool IsAtLineStart => _lineIsEmpty || _pendingBreaks > 0;

    /// <summary>The line before ends here, and `blank` lines follow at least; not at the start of the text.</summary>
    public void Break(int blank)
    {
        _pendingSpace = false;
        if (_text.Length == 0)
            return;
        if (_pendingBreaks == 0 || _prefix.Length < _breakPrefix.Length)
            _breakPrefix = _prefix;
        _pendingBreaks = Math.Max(_pendingBreaks, _bullet is null ? blank + 1 : 1);
    }

    /// <summary>A break that counts, however many there were.</summary>
    public void HardBreak()
    {
        _pendingSpace = false;
        if (_text.Length == 0 && _prefixes.Count == 0)
            return;
        if (_pendingBreaks > 0)
            Flush(keepBullet: true);
        _pendingBreaks = 0;
        _breaksInRow = _lineIsEmpty ? _breaksInRow + 1 : 0;
        if (_breaksInRow > MaxBlankLines && _bullet is null)
            return;
        if (_lineIsEmpty && _bullet is null)
            _text.Append(_prefix.TrimEnd());
        if (_bullet is null)
            _text.Append('\n');
        _lineIsEmpty = true;
    }

    public void Indent(string prefix, string? bullet = null)
    {
        _prefixes.Add(_prefix.Length + prefix.Length > MaxPrefix ? "" : prefix);
        _prefix = string.Concat(_prefixes);
        _bullet = bullet ?? _bullet;
    }

    public void Outdent()
    {
        _prefixes.RemoveAt(_prefixes.Count - 1);
        _prefix = string.Concat(_prefixes);
        _bullet = null;
    }

    public void Words(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (c is ' ' or '\t' or '\n' or '\r' or '\f')
            {
                _pendingSpace = true;
                continue;
            }

            Put(c);
        }
    }

    public void Preformatted(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (c == '\n')
                HardBreak();
            else if (c is ' ' or '\t')
                Space(c);
            else if (c != '\r')
                Put(c);
        }
    }

    /// <summary>A separator within a line, such as between two cells of a row.</summary>
    public void Separate(char with)
    {
        if (!IsAtLineStart)
            Space(with);
        _pendingSpace = false;
    }

    public string Finish()
    {
        var lines = _text.ToString().Split('\n');
        return string.Join('\n', lines.Select(line => line.TrimEnd(' ', '\t'))).Trim('\n');
    }

    private void Space(char c)
    {
        Flush(keepBullet: false);
        _text.Append(c);
        _lineIsEmpty = false;
    }

    private void Put(char c)
    {
        var wantsSpace = _pendingSpace && !IsAtLineStart && _text.Length > 0 && _text[^1] is not (' ' or '\t' or '\n');
        Flush(keepBullet: false);
        if (wantsSpace)
            _text.Append(' ');
        _pendingSpace = false;
        _text.Append(c == '\u00A0' ? ' ' : c);
        _lineIsEmpty = false;
    }

    /// <summary>Writes the breaks that are due and, on a new line, the prefix.</summary>
    private void Flush(bool keepBullet)
    {
        if (_pendingBreaks > 0)
        {
            if (!_lineIsEmpty)
                _text.Append('\n');
            for (var i = TrailingBreaks(); i < _pendingBreaks && _text.Length > 0; i++)
                _text.Append(i > 0 ? _breakPrefix.TrimEnd() : "").Append('\n');
            _pendingBreaks = 0;
            _lineIsEmpty = true;
        }

        if (!_lineIsEmpty || keepBullet)
            return;
        _text.Append(_prefix);
        if (_bullet is { } bullet)
        {
            _text.Length -= Math.Min(bullet.Length, _prefixes[^1].Length);
            _text.Append(bullet);
            _bullet = null;
        }
    }

    private int TrailingBreaks()
    {
        var count = 0;
        while (count < 3 && count < _text.Length && _text[_text.Length - 1 - count] == '\n')
            count++;
        return count;
    }
}
