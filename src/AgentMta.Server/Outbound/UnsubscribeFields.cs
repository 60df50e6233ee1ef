using System.Text;
using AgentMta.Server.Model;

namespace AgentMta.Server.Outbound;

/// <summary>The opt-out of one copy: URL, address, and the header fields of RFC 2369 and RFC 8058.</summary>
internal sealed class UnsubscribeFields(AddressTokens tokens, OutboundOptions options)
{
    /// <summary>Where the HTTP endpoint lies below the public URL; behind it come the domain and the token.</summary>
    public const string Path = "/unsubscribe";

    /// <summary>The page of one copy; null without a public URL.</summary>
    public Uri? Url(string deliveryId, string domain) =>
        options.PublicUrl is { } root ? new Uri($"{root.GetLeftPart(UriPartial.Path).TrimEnd('/')}{Path}/{domain}/{tokens.Token(TokenKind.Unsubscribe, deliveryId, domain)}") : null;

    /// <summary>The fields, ended by CRLF, to stand in front of the message and be signed with it.</summary>
    public byte[] Write(string deliveryId, string domain)
    {
        var mail = $"<mailto:{tokens.Write(TokenKind.Unsubscribe, deliveryId, domain)}?subject=unsubscribe>";
        // RFC 8058 3.1: one click needs an https URL; with http the address alone is offered.
        return Url(deliveryId, domain) is { Scheme: "https" } url
            ? Encoding.ASCII.GetBytes($"List-Unsubscribe: <{url.AbsoluteUri}>,\r\n {mail}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
            : Encoding.ASCII.GetBytes($"List-Unsubscribe: {mail}\r\n");
    }
}
