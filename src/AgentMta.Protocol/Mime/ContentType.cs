using System.Buffers;

namespace AgentMta.Protocol.Mime;

/// <summary>A media type with its parameters (RFC 2045 5.1).</summary>
public sealed class ContentType
{
    private static readonly SearchValues<char> AfterType = SearchValues.Create(" \t;,(\"");
    private readonly ParameterList _parameters;

    private ContentType(string type, string subtype, ParameterList parameters)
    {
        Type = type;
        Subtype = subtype;
        _parameters = parameters;
    }

    /// <summary>Lower case, as <see cref="Subtype"/> is.</summary>
    public string Type { get; }

    public string Subtype { get; }

    public string MediaType => field ??= Type + "/" + Subtype;

    public IReadOnlyList<(string Name, string Value)> Parameters => _parameters.All;

    public string? Charset => Parameter("charset");

    public string? Parameter(string name) => _parameters[name];

    public bool IsType(string type, string subtype) => Type == type && Subtype == subtype;

    /// <summary>Reads a field's unfolded text; null where there is no type in it.</summary>
    public static ContentType? Parse(string text)
    {
        var start = 0;
        while (start < text.Length && text[start] is ' ' or '\t' or '"')
            start++;
        var end = text.AsSpan(start).IndexOfAny(AfterType);
        end = end < 0 ? text.Length : start + end;
        var media = text.AsSpan(start, end - start);
        var slash = media.IndexOf('/');
        // RFC 2045 5.2: what cannot be read as a type is text/plain to the reader, who then ignores the field.
        if (slash <= 0 || slash == media.Length - 1 || media.Contains('='))
            return null;
        return new ContentType(Lower(media[..slash]), Lower(media[(slash + 1)..]), ParameterList.Parse(text.AsSpan(end)));
    }

    internal static ContentType Of(string type, string subtype) => new(type, subtype, ParameterList.Parse(default));

    private static string Lower(ReadOnlySpan<char> text) => text switch
    {
        "text" => "text",
        "plain" => "plain",
        "html" => "html",
        "multipart" => "multipart",
        "application" => "application",
        "image" => "image",
        "message" => "message",
        "rfc822" => "rfc822",
        _ when text.IndexOfAnyExceptInRange('!', '~') < 0 => text.ToString().ToLowerInvariant(),
        _ => string.Concat(text.ToString().ToLowerInvariant().Where(c => c is > ' ' and < '\x7f')),
    };

    public override string ToString() => MediaType;
}
