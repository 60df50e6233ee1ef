using System.Text;

namespace AgentMta.Server.Outbound;

/// <summary>Keeps the commands and replies of one attempt (promise 5), bounded, without credentials and without the message.</summary>
internal sealed class SmtpTranscript
{
    private const int LineLimit = 300;
    private const int Limit = 8 * 1024;

    private readonly StringBuilder _text = new();

    /// <summary>A command we sent.</summary>
    public void Sent(string line) => Add("> ", line);

    /// <summary>A reply we got.</summary>
    public void Received(string line) => Add("< ", line);

    /// <summary>What happened beside the dialogue.</summary>
    public void Note(string line) => Add("* ", line);

    /// <summary>The dialogue up to now.</summary>
    public override string ToString() => _text.ToString();

    private void Add(string mark, string lines)
    {
        foreach (var line in lines.Split('\n'))
        {
            if (_text.Length >= Limit)
                return;
            _text.Append(mark).Append(line.AsSpan(0, Math.Min(line.Length, LineLimit))).Append('\n');
        }

        if (_text.Length >= Limit)
            _text.Append("* …\n");
    }
}
