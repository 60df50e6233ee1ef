using System.Buffers;
using System.Text;
using AgentMta.Protocol.Html;

namespace AgentMta.Protocol.Mime;

/// <summary>Turns the leaves of the body into the text an agent reads and the HTML a person would see.</summary>
internal sealed class BodyText
{
    private const int MetaWindow = 1024;
    private static readonly SearchValues<char> NameEnd = SearchValues.Create("\"' />;");
    private readonly List<HtmlTextResult> _extracted = [];
    private readonly List<HiddenText> _hidden = [];
    private readonly List<string> _htmlSources = [];

    private readonly int _plainLimit;

    private BodyText(int plainLimit) => _plainLimit = plainLimit;

    public string Text { get; private set; } = "";

    public string? Html { get; private set; }

    public MimeDefects Defects { get; private set; }

    public static BodyText Of(BodySelection selection, int plainLimit)
    {
        var body = new BodyText(plainLimit);
        body.Read(selection.Bodies);
        return body;
    }

    /// <summary>What a person would not see; HTML that was not needed for <see cref="Text"/> is looked through only here.</summary>
    public IReadOnlyList<HiddenText> ReadHidden() =>
        [.. _hidden, .. _extracted.Count == _htmlSources.Count ? _extracted.SelectMany(e => e.Hidden) : _htmlSources.SelectMany(h => HtmlText.Extract(h).Hidden)];

    private void Read(IReadOnlyList<BodySelection.Body> bodies)
    {
        var texts = new List<string>();
        var anyHtml = bodies.Any(b => b.Html.Count > 0);
        var pages = new List<string>();
        foreach (var body in bodies)
        {
            var plain = Joined(body.Plain.Select(Plain));
            var html = body.Html.Select(HtmlOf).ToList();
            _htmlSources.AddRange(html);
            pages.AddRange(html);
            if (string.IsNullOrWhiteSpace(plain) && html.Count > 0)
                plain = Joined(html.Select(Extract));
            else if (anyHtml && html.Count == 0 && !string.IsNullOrWhiteSpace(plain))
                pages.Add(AsPage(plain));
            texts.Add(plain);
        }

        Text = Joined(texts);
        Html = anyHtml ? string.Join('\n', pages) : null;
    }

    private string Extract(string html)
    {
        var result = HtmlText.Extract(html);
        _extracted.Add(result);
        return result.Text;
    }

    private string Plain(MimePart part)
    {
        var text = Lines(part.DecodeText(_plainLimit, out var defects));
        Defects |= defects;
        if (part.ContentType.Parameter("format") is { } format && format.Equals("flowed", StringComparison.OrdinalIgnoreCase))
            text = FlowedText.Join(text, part.ContentType.Parameter("delsp") is { } delsp && delsp.Equals("yes", StringComparison.OrdinalIgnoreCase));
        return HiddenCharacters.Strip(text, _hidden);
    }

    private string HtmlOf(MimePart part)
    {
        string text;
        MimeDefects defects;
        if (string.IsNullOrEmpty(part.ContentType.Charset))
        {
            var page = part.Decode();
            text = CharsetDecoder.Decode(page, MetaCharset(page), out defects);
        }
        else
        {
            text = part.DecodeText(out defects);
        }

        Defects |= defects;
        return Lines(text);
    }

    // HTML 4.01 5.2.2: a page may name its charset itself; asked only where the part does not.
    private static string? MetaCharset(ReadOnlySpan<byte> page)
    {
        if (Ascii.IsValid(page) || System.Text.Unicode.Utf8.IsValid(page))
            return null;
        var head = Encoding.Latin1.GetString(page[..Math.Min(page.Length, MetaWindow)]);
        var at = head.IndexOf("charset=", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return null;
        var name = head[(at + 8)..].TrimStart('"', '\'', ' ');
        var end = name.AsSpan().IndexOfAny(NameEnd);
        return end < 0 ? null : name[..end];
    }

    private static string AsPage(string plain) =>
        "<div style=\"white-space: pre-wrap\">" + System.Net.WebUtility.HtmlEncode(plain) + "</div>";

    private static string Joined(IEnumerable<string> texts)
    {
        string? single = null;
        StringBuilder? joined = null;
        foreach (var text in texts)
        {
            if (string.IsNullOrWhiteSpace(text))
                continue;
            if (single is null)
            {
                single = text;
                continue;
            }

            joined ??= new StringBuilder(single.TrimEnd());
            joined.Append("\n\n").Append(text.AsSpan().TrimEnd());
        }

        return joined?.ToString() ?? single ?? "";
    }

    // LF alone ends lines in what agents and databases get; NUL is no text anywhere.
    private static string Lines(string text)
    {
        if (text.AsSpan().IndexOfAny('\r', '\0') < 0)
            return text;
        var lines = new StringBuilder(text.Length);
        var rest = text.AsSpan();
        while (rest.IndexOfAny('\r', '\0') is >= 0 and var at)
        {
            lines.Append(rest[..at]);
            if (rest[at] == '\r' && (at + 1 >= rest.Length || rest[at + 1] != '\n'))
                lines.Append('\n');
            rest = rest[(at + 1)..];
        }

        return lines.Append(rest).ToString();
    }
}
