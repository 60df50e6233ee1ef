using System.Text;

namespace AgentMta.Protocol.Addresses;

/// <summary>A mailbox of the envelope (RFC 5321 4.1.2), checked and normalised, so that two of the same are equal but for the local part's case.</summary>
/// <param name="LocalPart">Without quotes; its case is kept, as only its host may interpret it (RFC 5321 2.4).</param>
/// <param name="Domain">Lower case A-labels, or an address literal with its brackets.</param>
public sealed record Mailbox(string LocalPart, string Domain)
{
    /// <summary>RFC 5321 4.5.3.1.1, in octets.</summary>
    public const int MaxLocalPart = 64;

    /// <summary>RFC 5321 4.5.3.1.3: a path has 256 octets with its two brackets.</summary>
    public const int MaxAddress = 254;

    public string Address => LocalPartSyntax.Quote(LocalPart) + "@" + Domain;

    public bool NeedsSmtpUtf8 => !Ascii.IsValid(LocalPart);

    public bool IsLiteral => Domain.StartsWith('[');

    /// <summary>The part before the first "+", for sub-addressing (RFC 5233).</summary>
    public string BaseLocalPart => LocalPart.IndexOf('+', StringComparison.Ordinal) is > 0 and var plus ? LocalPart[..plus] : LocalPart;

    public static Mailbox? Parse(string address, bool smtpUtf8 = true) =>
        PathParser.ParseMailbox(address, smtpUtf8, out var mailbox) == PathFault.None ? mailbox : null;

    public override string ToString() => Address;
}
