namespace AgentMta.Protocol.Mime;

/// <summary>How a part asks to be shown (RFC 2183).</summary>
public sealed class ContentDisposition
{
    private readonly ParameterList _parameters;

    private ContentDisposition(string kind, ParameterList parameters)
    {
        Kind = kind;
        _parameters = parameters;
    }

    /// <summary>Lower case: inline, attachment, or a word that RFC 2183 2.8 says to take as attachment.</summary>
    public string Kind { get; }

    public bool IsAttachment => Kind is not ("inline" or "");

    public string? FileName => _parameters["filename"];

    public IReadOnlyList<(string Name, string Value)> Parameters => _parameters.All;

    public static ContentDisposition Parse(string text)
    {
        var end = text.AsSpan().IndexOfAny(" \t;(=");
        // "filename=x" without a disposition before it.
        if (end >= 0 && text[end] == '=')
            return new ContentDisposition("", ParameterList.Parse(text));
        end = end < 0 ? text.Length : end;
        return new ContentDisposition(text[..end].Trim('"').ToLowerInvariant(), ParameterList.Parse(text.AsSpan(end)));
    }
}
