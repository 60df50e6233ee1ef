using System.Collections.Frozen;
using AngleSharp.Dom;

namespace AgentMta.Protocol.Replies;

/// <summary>The classes and ids by which mail programs name the parts of a reply: data only.</summary>
internal static class HtmlReplyMarks
{
    private static readonly FrozenDictionary<string, LineMark> ByName = Table(
        (LineMark.Attribution, "gmail_attr moz-cite-prefix reply-intro zmail_extra_hr protonmail_reply_intro"),
        (LineMark.Signature, "gmail_signature gmail_signature_prefix moz-signature signature ms-outlook-mobile-signature applemailsignature protonmail_signature_block x_signature ms-outlook-ios-signature yahoo-signature ydp-signature tutanota_signature signature_block"),
        (LineMark.History, "divrplyfwdmsg x_divrplyfwdmsg appendonsend x_appendonsend stopspelling olk_src_body_section mail-editor-reference-message-container ms-outlook-mobile-reference-message yahoo_quoted zwchr zmail_extra zimbra-quote hmquote aolreplacedbody oriMsgHtmlSeperator isreplycontent"));

    /// <summary>What the element marks, or none.</summary>
    public static LineMark Of(IElement element)
    {
        var mark = LineMark.None;
        if (element.Id is { Length: > 0 } id && ByName.TryGetValue(id.ToLowerInvariant(), out var byId))
            mark |= byId;
        if (element.ClassName is { Length: > 0 and < 500 } names)
        {
            foreach (var name in names.Split(' ', 16, StringSplitOptions.RemoveEmptyEntries))
            {
                if (ByName.TryGetValue(name.ToLowerInvariant(), out var byClass))
                    mark |= byClass;
            }
        }

        return mark;
    }

    /// <summary>A quotation, and not the indentation that composers also make of blockquotes.</summary>
    public static bool IsQuote(IElement element)
    {
        if (element.LocalName != "blockquote")
            return false;
        if (element.ClassName?.Contains("quote", StringComparison.OrdinalIgnoreCase) == true || element.HasAttribute("type") || element.HasAttribute("cite"))
            return true;
        var style = element.GetAttribute("style")?.Replace(" ", "", StringComparison.Ordinal);
        return style is null || !style.Contains("border:none", StringComparison.OrdinalIgnoreCase) || style.Contains("border-left:", StringComparison.OrdinalIgnoreCase);
    }

    private static FrozenDictionary<string, LineMark> Table(params (LineMark Mark, string Names)[] rows) =>
        rows.SelectMany(row => row.Names.Split(' ').Select(name => (Name: name.ToLowerInvariant(), row.Mark))).ToFrozenDictionary(row => row.Name, row => row.Mark, StringComparer.Ordinal);
}
