using System.Text;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Builds one header field out of pieces, breaking the line before a piece that would not fit (RFC 5322 2.1.1: 78 columns).</summary>
internal sealed class FoldingText(string start)
{
    private const int MaxColumn = 78;
    private const int UsualLength = 512;

    private readonly StringBuilder _text = new(start, UsualLength);
    private int _column = start.Length;
    private bool _isNewLine;

    /// <summary>Adds a piece after a space, or on a line of its own where it does not fit.</summary>
    public void Add(ReadOnlySpan<char> piece)
    {
        if (_column + 1 + piece.Length > MaxColumn)
            NewLine();
        if (!_isNewLine)
        {
            _text.Append(' ');
            _column++;
        }

        Append(piece);
    }

    /// <summary>Adds a piece right behind the last one.</summary>
    public void Append(ReadOnlySpan<char> piece)
    {
        _text.Append(piece);
        _column += piece.Length;
        _isNewLine = false;
    }

    /// <summary>Adds words one by one, so that a long text folds at its spaces.</summary>
    public void AddWords(ReadOnlySpan<char> text)
    {
        foreach (var word in text.Split(' '))
        {
            if (!text[word].IsEmpty)
                Add(text[word]);
        }
    }

    public void NewLine()
    {
        if (_isNewLine)
            return;
        _text.Append("\r\n\t");
        _column = 8;
        _isNewLine = true;
    }

    public override string ToString() => _text.ToString();
}
