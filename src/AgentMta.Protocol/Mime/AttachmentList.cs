namespace AgentMta.Protocol.Mime;

/// <summary>Describes the attached leaves: names, inline images, messages.</summary>
internal static class AttachmentList
{
    public static IReadOnlyList<AttachmentInfo> Read(BodySelection selection, string? html)
    {
        if (selection.Attachments.Count == 0)
            return [];
        var referenced = CidReferences.In(html);
        var taken = new HashSet<string>(selection.Attachments.Count, StringComparer.OrdinalIgnoreCase);
        var counts = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var list = new List<AttachmentInfo>(selection.Attachments.Count);
        foreach (var part in selection.Attachments)
        {
            var type = part.ContentType;
            var isMessage = type is { Type: "message", Subtype: "rfc822" or "global" };
            var id = part.ContentId;
            var inline = type.Type == "image" && id is not null && referenced.Contains(id);
            var name = Name(part, inline, isMessage, list.Count + 1);
            list.Add(new AttachmentInfo(name, FileNames.Distinct(name, taken, counts), type.MediaType, part.DecodedSize(), id,
                inline, isMessage, part.BodyOffset, part.BodyLength, part.TransferEncoding));
        }

        return list;
    }

    private static string Name(MimePart part, bool inline, bool isMessage, int number)
    {
        var name = inline ? FileNames.Replace(part.ContentId!)
            : BodySelection.DeclaredName(part) is { } declared ? FileNames.Neutralise(declared) : "";
        if (name.Length > 0)
            return name;
        return isMessage ? FileNames.ForMessage(SubjectWithin(part)) : FileNames.Invent(part.ContentType, number);
    }

    // Only the embedded header is looked at; the message itself stays closed.
    private static string? SubjectWithin(MimePart part) =>
        HeaderList.Parse(part.TransferEncoding is TransferEncoding.Identity ? part.RawBody : part.Decode()).Value("Subject");
}
