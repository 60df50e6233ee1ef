namespace AgentMta.Protocol.Mime;

/// <summary>Sorts the leaves of a message into what is read as its body and what is attached; every leaf is one or the other.</summary>
internal sealed class BodySelection
{
    private readonly List<MimePart> _attachments = [];
    private readonly List<Body> _bodies = [];

    private BodySelection()
    {
    }

    public IReadOnlyList<Body> Bodies => _bodies;

    public IReadOnlyList<MimePart> Attachments => _attachments;

    /// <summary>One stretch of the body: the same content as plain text, as HTML, or as both.</summary>
    internal sealed class Body
    {
        private List<MimePart>? _plain;
        private List<MimePart>? _html;

        public IReadOnlyList<MimePart> Plain => (IReadOnlyList<MimePart>?)_plain ?? [];

        public IReadOnlyList<MimePart> Html => (IReadOnlyList<MimePart>?)_html ?? [];

        public bool IsAlternative { get; init; }

        public void Add(MimePart part, bool isHtml) => (isHtml ? _html ??= [] : _plain ??= []).Add(part);
    }

    public static BodySelection Of(MimeMessage message)
    {
        var selection = new BodySelection();
        selection.Walk(message.Root, null);
        selection._bodies.RemoveAll(b => b.Plain.Count == 0 && b.Html.Count == 0);
        // A message that is nothing but text of another kind (text/enriched) is read as it stands, and attached as well.
        if (selection._bodies.Count == 0 && message.Root is { IsMultipart: false, ContentType.Type: "text" } root)
        {
            var body = new Body();
            body.Add(root, isHtml: false);
            selection._bodies.Add(body);
        }

        return selection;
    }

    /// <summary>The name a part declares, decoded and as it was sent, or null.</summary>
    public static string? DeclaredName(MimePart part)
    {
        var name = part.Disposition?.FileName ?? part.ContentType.Parameter("name");
        return string.IsNullOrWhiteSpace(name) ? null : name;
    }

    // Depth is bounded by the parser. `within` is the body that an enclosing multipart/alternative speaks for: programs nest
    // mixed and related parts inside it, and all text in there is one version or the other of the same content.
    private void Walk(MimePart part, Body? within)
    {
        if (part.IsMultipart && part.Children.Count > 0)
        {
            if (part.ContentType.Subtype == "alternative")
                Alternative(part, within);
            else
                foreach (var child in part.Children)
                    Walk(child, within);
            return;
        }

        var kind = KindOf(part);
        if (kind == Kind.Attachment || part.ContentType.Type == "multipart" && !part.IsMultipart)
            _attachments.Add(part);
        if (kind == Kind.Attachment || part.BodyLength == 0)
            return;
        within ??= Next(kind);
        within.Add(part, kind == Kind.Html);
    }

    // Plain parts in a row are one stretch.
    private Body Next(Kind kind)
    {
        if (kind == Kind.Plain && _bodies is [.., { IsAlternative: false, Html.Count: 0 } last])
            return last;
        var body = new Body();
        _bodies.Add(body);
        return body;
    }

    // RFC 2046 5.1.4: versions of one content. Those that we do not show are no attachments where one that we do show is there.
    private void Alternative(MimePart part, Body? within)
    {
        var body = within ?? new Body { IsAlternative = true };
        if (within is null)
            _bodies.Add(body);
        var versions = new List<(MimePart Part, int Place)>();
        foreach (var child in part.Children)
        {
            if (IsOtherVersion(child))
                versions.Add((child, _attachments.Count));
            else
                Walk(child, body);
        }

        if (body.Plain.Count > 0 || body.Html.Count > 0)
            return;
        for (var i = versions.Count - 1; i >= 0; i--)
            _attachments.Insert(versions[i].Place, versions[i].Part);
    }

    private static bool IsOtherVersion(MimePart part) =>
        part is { IsMultipart: false, ContentType: { Type: "text", Subtype: "enriched" or "richtext" or "rtf" or "x-amp-html" or "watch-html" or "x-watch-html" or "x-web-markdown" or "markdown" } }
        && DeclaredName(part) is null;

    private enum Kind
    {
        Plain,
        Html,
        Attachment,
    }

    private static Kind KindOf(MimePart part)
    {
        var type = part.ContentType;
        // A multipart that cannot be taken apart is text to whoever opens it.
        if (type.Type == "multipart")
            return Kind.Plain;
        if (type.Type != "text" || type.Subtype is not ("plain" or "html") || part.Disposition is { IsAttachment: true } || DeclaredName(part) is not null)
            return Kind.Attachment;
        return type.Subtype == "html" ? Kind.Html : Kind.Plain;
    }
}
