using System.Text;

namespace AgentMta.Protocol.Html;

/// <summary>Collects hidden text within a bound, so that a page of hidden text cannot fill memory or a row; neighbours hidden by the same thing become one entry.</summary>
internal sealed class HiddenTextList
{
    public const int MaxEntries = 200;
    public const int MaxCharacters = 64 * 1024;

    private readonly List<(StringBuilder Text, string Where)> _entries = [];
    private int _characters;

    public void Add(string text, string where, bool joinsPrevious = false)
    {
        if (string.IsNullOrWhiteSpace(text) || _characters + 1 >= MaxCharacters)
            return;
        var room = MaxCharacters - _characters - 1;
        var taken = text.Length <= room ? text : text[..room];
        _characters += taken.Length + 1;
        if (joinsPrevious && _entries.Count > 0 && _entries[^1].Where == where)
            _entries[^1].Text.Append(' ').Append(taken);
        else if (_entries.Count < MaxEntries)
            _entries.Add((new StringBuilder(taken), where));
    }

    public IReadOnlyList<HiddenText> ToList() =>
        [.. _entries.Select(e => new HiddenText(Squash(e.Text), e.Where)).Where(e => e.Text.Length > 0)];

    private static string Squash(StringBuilder text)
    {
        var squashed = new StringBuilder(text.Length);
        foreach (var chunk in text.GetChunks())
        {
            foreach (var c in chunk.Span)
            {
                if (!char.IsWhiteSpace(c))
                    squashed.Append(c);
                else if (squashed.Length > 0 && squashed[^1] != ' ')
                    squashed.Append(' ');
            }
        }

        return squashed.ToString().TrimEnd();
    }
}
