namespace AgentMta.Protocol.Mime;

/// <summary>A message as the tree of its parts, each a range of the raw bytes, which are never copied.</summary>
public sealed class MimeMessage
{
    private IReadOnlyList<MimePart>? _parts;

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
    public IReadOnlyList<MimePart> Parts() => _parts ??= Root.Children.Count == 0 ? [Root] : Walk();

    private List<MimePart> Walk()
    {
        var parts = new List<MimePart>(PartCount) { Root };
        var open = new Stack<(MimePart Part, int Next)>();
        open.Push((Root, 0));
        while (open.TryPop(out var at))
        {
            if (at.Next >= at.Part.Children.Count)
                continue;
            var child = at.Part.Children[at.Next];
            open.Push((at.Part, at.Next + 1));
            open.Push((child, 0));
            parts.Add(child);
        }

        return parts;
    }
}
