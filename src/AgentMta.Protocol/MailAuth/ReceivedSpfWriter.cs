using System.Net;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Writes an SPF result as a Received-SPF field (RFC 7208 9.1), for software that reads no Authentication-Results.</summary>
public static class ReceivedSpfWriter
{
    /// <summary>The folded field with its final CRLF.</summary>
    public static string Field(SpfResult spf, IPAddress client, string helo, string mailFrom, string receiver)
    {
        ArgumentNullException.ThrowIfNull(spf);
        ArgumentNullException.ThrowIfNull(client);
        var text = new FoldingText("Received-SPF:");
        text.Add(EnumWord.Of(spf.Status));
        text.AddWords(HeaderValue.Comment($"{receiver}: {spf.Reason}"));
        Pair("client-ip", client.ToString());
        Pair("envelope-from", mailFrom);
        Pair("helo", helo);
        Pair("receiver", receiver);
        Pair("identity", spf.Identity == SpfIdentity.Helo ? "helo" : "mailfrom");
        if (spf.Mechanism is not null)
            Pair("mechanism", spf.Mechanism);
        else if (spf.Status is SpfStatus.TempError or SpfStatus.PermError)
            Pair("problem", spf.Reason);
        return text + "\r\n";

        // key-value-pair = key "=" ( dot-atom / quoted-string )
        void Pair(string key, string value)
        {
            text.AddWords($"{key}={(IsDotAtom(value) ? value : HeaderValue.Quote(value))};");
        }
    }

    private static bool IsDotAtom(string value) =>
        value.Length is > 0 and <= 253 && value[0] != '.' && value[^1] != '.' && !value.Contains("..", StringComparison.Ordinal)
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
