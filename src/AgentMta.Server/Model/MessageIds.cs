namespace AgentMta.Server.Model;

/// <summary>Makes outbound Message-IDs that prove their origin: <c>&lt;ID.MAC@domain&gt;</c>, so that a reply's reference can be checked before any look-up.</summary>
internal sealed class MessageIds(KeyRing keys)
{
    private const int MacOctets = 10;
    private const int MacLength = 16;

    /// <summary>The Message-ID, with its angle brackets, of the message with this id.</summary>
    public string Write(string id, string domain) => $"<{id}.{Mac(id, domain)}@{domain}>";

    /// <summary>Whether the text has our form, and whether its MAC is ours: a wrong MAC in our form is a forgery.</summary>
    public (bool HasForm, bool IsValid) Check(ReadOnlySpan<char> messageId)
    {
        var inner = messageId.Trim('<').TrimEnd('>');
        var at = inner.IndexOf('@');
        if (at != Ids.Length + 1 + MacLength || inner[Ids.Length] != '.' || !Ids.IsId(inner[..Ids.Length]))
            return (false, false);
        if (!Base32.TryDecode(inner[(Ids.Length + 1)..at], out var mac))
            return (false, false);
        return (true, keys.Verify(KeyPurpose.MessageId, $"{inner[..Ids.Length]}@{inner[(at + 1)..]}", mac));
    }

    private string Mac(string id, string domain) => Base32.Encode(keys.Mac(KeyPurpose.MessageId, $"{id}@{domain}", MacOctets));
}
