using System.Diagnostics.CodeAnalysis;

namespace AgentMta.Server.Model;

/// <summary>What an address of our own is for.</summary>
internal enum TokenKind
{
    /// <summary>Reverse-path of an outbound message: bounces come here.</summary>
    Bounce,

    /// <summary>Complaints (feedback loops).</summary>
    Feedback,

    /// <summary>Opt-out by mail.</summary>
    Unsubscribe,
}

/// <summary>Makes and reads the addresses <c>b+TOKEN@</c>, <c>f+TOKEN@</c> and <c>u+TOKEN@</c>, whose token names a row and proves that we made it.</summary>
/// <remarks>TOKEN is the 26-character id of the message (b, f) or delivery (u) and a 16-character MAC over kind, id and domain; the local part stays under 64 octets (RFC 5321 4.5.3.1.1).</remarks>
internal sealed class AddressTokens(KeyRing keys)
{
    private const int MacOctets = 10;
    private const int MacLength = 16;

    /// <summary>The address for this row on this domain; the same on each call.</summary>
    public string Write(TokenKind kind, string id, string domain) => $"{Letter(kind)}+{Token(kind, id, domain)}@{domain}";

    /// <summary>The token alone, as unsubscribe URLs carry it.</summary>
    public string Token(TokenKind kind, string id, string domain) => id + Base32.Encode(keys.Mac(KeyPurpose.AddressToken, $"{Letter(kind)}:{id}:{domain}", MacOctets));

    /// <summary>Reads an address (lower or upper case: some servers change it); false where it is no valid token of ours.</summary>
    public bool TryRead(string address, out TokenKind kind, [NotNullWhen(true)] out string? id)
    {
        kind = default;
        id = null;
        var at = address.LastIndexOf('@');
        if (at < 3 || address[1] != '+' || !TryKind(char.ToLowerInvariant(address[0]), out kind))
            return false;
        return TryReadToken(kind, address[2..at].ToLowerInvariant(), address[(at + 1)..].ToLowerInvariant(), out id);
    }

    /// <summary>Reads a token as <see cref="Token"/> wrote it.</summary>
    public bool TryReadToken(TokenKind kind, string token, string domain, [NotNullWhen(true)] out string? id)
    {
        id = null;
        if (token.Length != Ids.Length + MacLength || !Ids.IsId(token.AsSpan(0, Ids.Length)) || !Base32.TryDecode(token.AsSpan(Ids.Length), out var mac))
            return false;
        if (!keys.Verify(KeyPurpose.AddressToken, $"{Letter(kind)}:{token[..Ids.Length]}:{domain}", mac))
            return false;
        id = token[..Ids.Length];
        return true;
    }

    private static char Letter(TokenKind kind) => kind switch { TokenKind.Bounce => 'b', TokenKind.Feedback => 'f', _ => 'u' };

    private static bool TryKind(char letter, out TokenKind kind)
    {
        kind = letter switch { 'b' => TokenKind.Bounce, 'f' => TokenKind.Feedback, _ => TokenKind.Unsubscribe };
        return letter is 'b' or 'f' or 'u';
    }
}
