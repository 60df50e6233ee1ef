using AgentMta.Protocol.Html;

namespace AgentMta.Protocol.Mime;

/// <summary>How much of a message's bodies is read: whoever decides at the door or searches needs a look at the beginning, an agent the whole within reason.</summary>
/// <param name="PlainOctets">Of each plain part, as it stands in the message.</param>
/// <param name="HtmlCharacters">Of all HTML parts together; only so much is kept.</param>
/// <param name="HtmlTags">Tags and comments of all HTML parts together; behind them HTML is read as text.</param>
public sealed record ReadBounds(int PlainOctets, int HtmlCharacters, int HtmlTags)
{
    /// <summary>For who reads the message: only what could take memory without end is left out, and said to be.</summary>
    public static ReadBounds Whole { get; } = new(int.MaxValue, HtmlBounds.MaxCharacters, HtmlBounds.MaxTags);

    /// <summary>For who takes a look, at so many octets of each plain part.</summary>
    public static ReadBounds Glance(int plainOctets) => new(plainOctets, 512 * 1024, 20_000);
}
