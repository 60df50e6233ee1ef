using AgentMta.Protocol.Addresses;

namespace AgentMta.Server.Outbound;

/// <summary>Reads addresses as the wire contract writes them: "user@host" or "Name &lt;user@host&gt;", one to a string, the name unquoted whatever it holds.</summary>
internal static class AddressText
{
    /// <summary>The address, checked so that an envelope can carry it; null where the text is none.</summary>
    public static MailAddress? Parse(string text)
    {
        var value = text.Trim();
        // A line end in an address is never a mistake of typing.
        if (value.Length is 0 or > 1000 || value.AsSpan().ContainsAny('\r', '\n', '\0'))
            return null;
        var open = value.EndsWith('>') ? value.LastIndexOf('<') : -1;
        var name = open > 0 ? Name(value[..open].Trim()) : "";
        var mailbox = Mailbox.Parse(open >= 0 ? value[(open + 1)..^1].Trim() : value);
        return mailbox is null ? null : new MailAddress(name, mailbox.LocalPart, mailbox.Domain);
    }

    /// <summary>The comparable form: lower case, domain in A-labels.</summary>
    public static string Key(MailAddress address) => Mailbox.Parse(address.Address)?.Address.ToLowerInvariant() ?? address.Address.ToLowerInvariant();

    private static string Name(string text)
    {
        if (text.Length >= 2 && text[0] == '"' && text[^1] == '"')
            text = text[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
        return text.Trim();
    }
}
