using System.Text;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Builds one header field out of pieces, breaking the line before a piece that would not fit (RFC 5322 2.1.1: 78 columns).</summary>
internal sealed class FoldingText(string start)
{
    private const int MaxColumn = 78;

    private readonly StringBuilder _text = new(start);
    private int _column = start.Length;

    /// <summary>Adds a piece after a space, or on a line of its own where it does not fit.</summary>
    public void Add(string piece)
    {
        if (_column + 1 + piece.Length > MaxColumn)
            NewLine();
        if (_text[^1] != '\t')
        {
            _text.Append(' ');
            _column++;
        }

        _text.Append(piece);
        _column += piece.Length;
    }

    /// <summary>Adds a piece right behind the last one.</summary>
    public void Append(string piece)
    {
        _text.Append(piece);
        _column += piece.Length;
    }

    /// <summary>Adds words one by one, so that a long text folds at its spaces.</summary>
    public void AddWords(string text)
    {
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            Add(word);
    }

    public void NewLine()
    {
        if (_text[^1] == '\t')
            return;
        _text.Append("\r\n\t");
        _column = 8;
    }

    public override string ToString() => _text.ToString();
}
