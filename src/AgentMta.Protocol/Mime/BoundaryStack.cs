namespace AgentMta.Protocol.Mime;

/// <summary>The delimiters of the multiparts that are open at a point of the message, innermost last.</summary>
internal sealed class BoundaryStack
{
    private readonly List<byte[]> _open = [];

    /// <summary>A delimiter line: which open multipart it belongs to (0 is the outermost) and whether it ends it.</summary>
    internal readonly record struct Delimiter(int Level, bool Closes);

    public int Count => _open.Count;

    public void Push(byte[] boundary) => _open.Add(boundary);

    public void Pop() => _open.RemoveAt(_open.Count - 1);

    // RFC 2046 5.1.1: "--", the boundary, "--" at the last one, then nothing but white space. An enclosing multipart's delimiter
    // also ends the parts within, so the innermost is asked first and the others after it.
    public Delimiter? Match(ReadOnlySpan<byte> line)
    {
        if (line.Length < 2 || line[0] != '-' || line[1] != '-')
            return null;
        line = line.TrimEnd(" \t\r\n"u8)[2..];
        for (var level = _open.Count - 1; level >= 0; level--)
        {
            var boundary = _open[level];
            if (!line.StartsWith(boundary))
                continue;
            var rest = line[boundary.Length..];
            if (rest.IsEmpty)
                return new Delimiter(level, false);
            if (rest.SequenceEqual("--"u8))
                return new Delimiter(level, true);
        }

        return null;
    }
}
