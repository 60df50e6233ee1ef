using System.Text;

namespace AgentMta.Protocol.MailAuth;

/// <summary>A header field in the making, broken before each piece that would pass the line's end (RFC 5322 2.1.1: 78 columns).</summary>
internal sealed class FoldedField(string name)
{
    private const int LineLength = 76;
    private const int Indent = 1;

    private readonly StringBuilder _text = new(name);
    private int _column = name.Length;

    /// <summary>Octets so far; what is written here is ASCII or counted as UTF-8.</summary>
    public int Length => Encoding.UTF8.GetByteCount(_text.ToString());

    /// <summary>Adds a piece that stays whole; one leading space gives way to a line end.</summary>
    public void Add(string piece)
    {
        if (_column + piece.Length > LineLength && _column > Indent)
        {
            NewLine();
            piece = piece.TrimStart(' ');
        }

        _text.Append(piece);
        _column += piece.Length;
    }

    /// <summary>Breaks the line here. The indent is a space: python3-dkim finds the instance of an ARC field only by " i=".</summary>
    public void NewLine()
    {
        _text.Append("\r\n ");
        _column = Indent;
    }

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(_text.ToString());
}
