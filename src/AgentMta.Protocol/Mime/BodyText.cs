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

    private readonly ReadBounds _bounds;
    private readonly HtmlBudget _budget;

    private BodyText(ReadBounds bounds) => (_bounds, _budget) = (bounds, NewBudget(bounds));

    public string Text { get; private set; } = "";

    public string? Html { get; private set; }

    public MimeDefects Defects { get; private set; }

    public static BodyText Of(BodySelection selection, ReadBounds bounds)
    {
        var body = new BodyText(bounds);
        body.Read(selection.Bodies);
        return body;
    }

    /// <summary>What a person would not see; HTML that was not needed for <see cref="Text"/> is looked through only here.</summary>
    public IReadOnlyList<HiddenText> ReadHidden()
    {
        if (_extracted.Count == _htmlSources.Count)
            return [.. _hidden, .. _extracted.SelectMany(e => e.Hidden)];
        var budget = NewBudget(_bounds);
        return [.. _hidden, .. _htmlSources.SelectMany(h => HtmlText.Extract(h, budget).Hidden)];
    }

    /// <summary>Lets go of HTML beyond the bounds of a look; an agent gets it as it was sent.</summary>
    public void Release()
    {
        if (Html is null || _bounds.HtmlCharacters >= HtmlBounds.MaxCharacters)
            return;
        if (Html.Length > _bounds.HtmlCharacters)
            Html = Html[.._bounds.HtmlCharacters];
        var left = _bounds.HtmlCharacters;
        for (var i = 0; i < _htmlSources.Count; i++)
        {
            // One more character, so that a page that was cut is still seen to be.
            if (_htmlSources[i].Length > left + 1)
                _htmlSources[i] = _htmlSources[i][..(left + 1)];
            left = Math.Max(0, left - _htmlSources[i].Length);
        }
    }

    private static HtmlBudget NewBudget(ReadBounds bounds) => new(bounds.HtmlCharacters, bounds.HtmlTags);

    private void Read(IReadOnlyList<BodySelection.Body> bodies)
    {
        var text = default(Paragraphs);
        var anyHtml = AnyHtml(bodies);
        List<string>? pages = anyHtml ? [] : null;
        for (var i = 0; i < bodies.Count; i++)
        {
            var plain = PlainOf(bodies[i]);
            var firstPage = _htmlSources.Count;
            for (var j = 0; j < bodies[i].Html.Count; j++)
                _htmlSources.Add(HtmlOf(bodies[i].Html[j]));
            pages?.AddRange(_htmlSources[firstPage..]);
            if (string.IsNullOrWhiteSpace(plain) && bodies[i].Html.Count > 0)
                plain = Extracted(firstPage);
            else if (bodies[i].Html.Count == 0 && !string.IsNullOrWhiteSpace(plain))
                pages?.Add(AsPage(plain));
            text.Add(plain);
        }

        Text = text.ToString();
        Html = pages is null ? null : string.Join('\n', pages);
    }

    private static bool AnyHtml(IReadOnlyList<BodySelection.Body> bodies)
    {
        for (var i = 0; i < bodies.Count; i++)
        {
            if (bodies[i].Html.Count > 0)
                return true;
        }

        return false;
    }

    private string PlainOf(BodySelection.Body body)
    {
        var text = default(Paragraphs);
        for (var i = 0; i < body.Plain.Count; i++)
            text.Add(Plain(body.Plain[i]));
        return text.ToString();
    }

    private string Extracted(int firstPage)
    {
        var text = default(Paragraphs);
        for (var i = firstPage; i < _htmlSources.Count; i++)
            text.Add(Extract(_htmlSources[i]));
        return text.ToString();
    }

    private string Extract(string html)
    {
        var result = HtmlText.Extract(html, _budget);
        if (_budget.IsExceeded)
            Defects |= MimeDefects.HtmlBeyondBounds;
        _extracted.Add(result);
        return result.Text;
    }

    private string Plain(MimePart part)
    {
        var text = part.DecodeLines(_bounds.PlainOctets, out var defects);
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
            text = LineEnds.Decode(page, MetaCharset(page), out defects);
        }
        else
        {
            text = part.DecodeLines(int.MaxValue, out defects);
        }

        Defects |= defects;
        return text;
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

    /// <summary>Texts that say something, with an empty line between them; a single one stays the string that it is.</summary>
    private struct Paragraphs
    {
        private string? _single;
        private StringBuilder? _joined;

        public void Add(string text)
        {
            if (string.IsNullOrWhiteSpace(text))
                return;
            if (_single is null)
            {
                _single = text;
                return;
            }

            _joined ??= new StringBuilder(_single.TrimEnd());
            _joined.Append("\n\n").Append(text.AsSpan().TrimEnd());
        }

        public override readonly string ToString() => _joined?.ToString() ?? _single ?? "";
    }
}
