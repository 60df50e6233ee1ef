using System.Text;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.Addresses;

/// <summary>An address of a header field: a name for people and the mailbox (RFC 5322 3.4).</summary>
/// <param name="DisplayName">Decoded; empty where there is none.</param>
/// <param name="LocalPart">Without quotes.</param>
/// <param name="Domain">As written, U-labels kept; empty where the field gives only a local part.</param>
public sealed record MailAddress(string DisplayName, string LocalPart, string Domain)
{
    /// <summary>local@domain, the local part quoted where RFC 5322 3.4.1 needs it.</summary>
    public string Address
    {
        get
        {
            var local = LocalPartSyntax.Quote(LocalPart);
            return Domain.Length == 0 ? local : local + "@" + Domain;
        }
    }

    /// <summary>True where the local part needs SMTPUTF8; a domain alone can go as A-labels.</summary>
    public bool NeedsSmtpUtf8 => !Ascii.IsValid(LocalPart);

    public static MailAddress? Parse(string text) => AddressParser.ParseList(text) is [var first, ..] ? first : null;

    /// <summary>Name &lt;address&gt; for people and JSON: nothing quoted, nothing encoded.</summary>
    public string ToDisplay() => DisplayName.Length == 0 ? Address : $"{DisplayName} <{Address}>";

    /// <summary>The form for a header field: the name quoted or as encoded words where it has to be, one line.</summary>
    public override string ToString() =>
        DisplayName.Length == 0 ? Address : $"{EncodedWordWriter.Phrase(DisplayName)} <{Address}>";
}
