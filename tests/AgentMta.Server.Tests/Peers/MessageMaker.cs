using System.Text;

namespace AgentMta.Server.Tests.Peers;

/// <summary>Makes messages that try what canonicalisation must get right: folds, tabs, doubled fields, white space at every end, empty lines, no body.</summary>
internal sealed class MessageMaker(int seed, bool lastLineEnd = false)
{
    private static readonly string[] Words = ["mail", "Grüße", "a", "=20", "--", ".", "..", "quoted \"text\"", "x;y=z", "semi; colon:", "0", "日本"];
    private static readonly string[] Spaces = [" ", "  ", "\t", " \t ", "\t\t"];
    private static readonly string[] Names = ["Subject", "To", "Cc", "X-Thing", "Received", "Reply-To", "References", "Content-Type", "List-Unsubscribe", "x-UPPER-lower"];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        var text = new StringBuilder();
        text.Append("From: Ann <ann@example.test>\r\nDate: Sat, 21 Nov 2026 03:00:00 +0000\r\n");
        text.Append("Message-ID: <").Append(_random.Next()).Append("@example.test>\r\n");
        for (var i = _random.Next(1, 10); i > 0; i--)
            Field(text);
        text.Append("\r\n");
        for (var i = _random.Next(0, 12); i > 0; i--)
            Line(text);
        if (!lastLineEnd && _random.Next(6) == 0)
            text.Append("no line end");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>One octet changed, put in or taken out anywhere.</summary>
    public byte[] Damage(byte[] message)
    {
        var at = _random.Next(message.Length);
        var octet = (byte)" \t\r\n:;=ab,"[_random.Next(10)];
        return _random.Next(3) switch
        {
            0 => [.. message[..at], octet, .. message[(at + 1)..]],
            1 => [.. message[..at], octet, .. message[at..]],
            _ => [.. message[..at], .. message[(at + 1)..]],
        };
    }

    private void Field(StringBuilder text)
    {
        text.Append(Names[_random.Next(Names.Length)]).Append(':').Append(_random.Next(4) == 0 ? "" : Space());
        for (var i = _random.Next(1, 7); i > 0; i--)
        {
            text.Append(Words[_random.Next(Words.Length)]).Append(Space());
            if (i > 1 && _random.Next(4) == 0)
                text.Append("\r\n").Append(Space());
        }

        // A last line of white space alone would be no line of a real field.
        text.Append("end").Append(_random.Next(3) == 0 ? Space() : "").Append("\r\n");
    }

    private void Line(StringBuilder text)
    {
        if (_random.Next(3) > 0)
        {
            text.Append(_random.Next(4) == 0 ? Space() : "");
            for (var i = _random.Next(1, 9); i > 0; i--)
                text.Append(Words[_random.Next(Words.Length)]).Append(i > 1 || _random.Next(3) == 0 ? Space() : "");
        }
        else if (_random.Next(3) == 0)
        {
            text.Append(Space());
        }

        text.Append("\r\n");
    }

    private string Space() => Spaces[_random.Next(3) == 0 ? _random.Next(Spaces.Length) : 0];
}
