namespace AgentMta.Protocol.Mime;

/// <summary>A message as the tree of its parts, each a range of the raw bytes, which are never copied.</summary>
public sealed class MimeMessage
{
    internal MimeMessage(ReadOnlyMemory<byte> raw, MimePart root, int partCount, MimeDefects defects)
    {
        Raw = raw;
        Root = root;
        PartCount = partCount;
        Defects = defects;
    }

    public ReadOnlyMemory<byte> Raw { get; }

    public MimePart Root { get; }

    public HeaderList Headers => Root.Headers;

    public int PartCount { get; }

    /// <summary>Defects of the structure; those of content show when it is decoded.</summary>
    public MimeDefects Defects { get; }

    /// <summary>Reads any bytes at all as a message: one pass, linear time, no exception.</summary>
    public static MimeMessage Parse(ReadOnlyMemory<byte> raw, MimeLimits? limits = null) =>
        new MimeParser(raw, limits ?? MimeLimits.Default).Parse();

    /// <summary>All parts, depth first, the root included.</summary>
    public IEnumerable<MimePart> Parts()
    {
        var pending = new Stack<MimePart>();
        pending.Push(Root);
        while (pending.TryPop(out var part))
        {
            yield return part;
            for (var i = part.Children.Count - 1; i >= 0; i--)
                pending.Push(part.Children[i]);
        }
    }
}
