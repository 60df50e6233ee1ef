using System.Text;

namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>Which of the three related fields is read: they share the tags and differ in which are needed.</summary>
internal enum SignatureKind
{
    /// <summary>DKIM-Signature (RFC 6376 3.5).</summary>
    Dkim,

    /// <summary>ARC-Message-Signature (RFC 8617 4.1.2): i= is the instance, there is no v=.</summary>
    ArcMessage,

    /// <summary>ARC-Seal (RFC 8617 4.1.3): no body, no h=, but cv=.</summary>
    ArcSeal,
}

/// <summary>A signature field read into values; what breaks a rule is told in <see cref="Fault"/>, and the values read until then stay for the report.</summary>
internal sealed class SignatureField
{
    /// <summary>The longest field that is read; a long h= and a 4096-bit signature take a tenth of it.</summary>
    public const int MaxLength = 64 * 1024;

    private const int Sha256Size = 32;

    private string? _keyName;
    private byte[]? _headerDigest;

    private SignatureField(MessageHeader header, int index)
    {
        Header = header;
        Index = index;
    }

    public MessageHeader Header { get; }

    /// <summary>The field's place in the header.</summary>
    public int Index { get; }

    /// <summary>Why it can never verify; null where it may.</summary>
    public string? Fault { get; private set; }

    /// <summary>What the fault makes of the signature: mostly a permanent error.</summary>
    public DkimStatus FaultStatus { get; private set; } = DkimStatus.PermError;

    public string? Domain { get; private set; }

    public string? Selector { get; private set; }

    public string? Identity { get; private set; }

    public string? IdentityDomain { get; private set; }

    public string? Algorithm { get; private set; }

    /// <summary>The k= that the key must have.</summary>
    public string KeyType { get; private set; } = "";

    public DkimCanonicalization HeaderCanonicalization { get; private set; }

    public DkimCanonicalization BodyCanonicalization { get; private set; }

    public List<string> SignedHeaders { get; private set; } = [];

    public byte[] Signature { get; private set; } = [];

    public string? SignaturePrefix { get; private set; }

    public byte[] BodyHash { get; private set; } = [];

    public long? BodyLimit { get; private set; }

    public long? SignedAt { get; private set; }

    public long? ExpiresAt { get; private set; }

    public int Instance { get; private set; }

    /// <summary>cv= of a seal.</summary>
    public string? ChainValidation { get; private set; }

    public string KeyName => _keyName ??= $"{Selector}._domainkey.{Domain}";

    /// <summary>What b= is a signature of, whichever key is tried.</summary>
    public byte[] HeaderDigest => _headerDigest ??= SignatureCheck.HeaderDigest(this);

    /// <summary>The octets of the field's value that b= has, taken out before hashing; offsets within the field.</summary>
    public (int Start, int End) Cut { get; private set; }

    public static SignatureField Read(MessageHeader header, int index, SignatureKind kind)
    {
        var signature = new SignatureField(header, index);
        var field = header.Fields[index];
        if (field.End - field.Start > MaxLength)
            signature.Fault = $"the field is longer than {MaxLength} octets";
        else if (TagList.Parse(header.Value(field), out var error) is { } tags)
            signature.Fault = signature.ReadTags(tags, kind, field.ValueStart - field.Start);
        else
            signature.Fault = $"the field is no tag list: {error}";
        return signature;
    }

    private string? ReadTags(TagList tags, SignatureKind kind, int valueOffset)
    {
        var cut = tags.WholeValue("b"u8);
        Cut = (cut.Start + valueOffset, cut.End + valueOffset);
        // What names the signature is read first, so that a report about a broken one still tells whose it is.
        Domain = tags.TryGet("d"u8, out var d) ? TagValue.Name(d, 2) : null;
        Selector = tags.TryGet("s"u8, out var s) ? TagValue.Name(s, 1) : null;
        Algorithm = tags.TryGet("a"u8, out var a) ? a.SequenceEqual("rsa-sha256"u8) ? "rsa-sha256" : Printable(a, 32) : null;
        SignaturePrefix = tags.TryGet("b"u8, out var b) ? Prefix(b) : null;
        return ReadIdentity(tags, kind)
            ?? ReadVersion(tags, kind)
            ?? ReadKeyTags(tags)
            ?? ReadAlgorithm()
            ?? ReadSignature(b)
            ?? (kind == SignatureKind.ArcSeal ? ReadSeal(tags) : ReadMessageTags(tags, kind))
            ?? ReadTimes(tags);
    }

    private static string? ReadVersion(TagList tags, SignatureKind kind)
    {
        if (kind != SignatureKind.Dkim)
            return null;
        if (!tags.TryGet("v"u8, out var v))
            return "v= is missing";
        return v.SequenceEqual("1"u8) ? null : "v= is not 1";
    }

    private string? ReadKeyTags(TagList tags)
    {
        if (Domain is null)
            return tags.Has("d"u8) ? "d= is no domain name" : "d= is missing";
        if (Selector is null)
            return tags.Has("s"u8) ? "s= is no selector" : "s= is missing";
        if (!tags.Has("b"u8))
            return "b= is missing";
        // RFC 6376 3.5 q=: dns/txt is the only way to a key that there is.
        if (tags.TryGet("q"u8, out var q) && !TagValue.HasItem(q, "dns/txt"))
            return "q= does not name dns/txt";
        return KeyName.Length > 253 ? "the name of the key is longer than 253 octets" : null;
    }

    private string? ReadAlgorithm()
    {
        switch (Algorithm)
        {
            case null:
                return "a= is missing";
            case "rsa-sha256":
                KeyType = "rsa";
                return null;
            case "ed25519-sha256":
                KeyType = "ed25519";
                return null;
            case "rsa-sha1":
                // RFC 8301 3.1: rsa-sha1 must not be verified.
                FaultStatus = DkimStatus.Policy;
                return "a= is rsa-sha1, which RFC 8301 withdrew; rsa-sha256 or ed25519-sha256 could pass";
            default:
                return "a= names no known algorithm";
        }
    }

    private string? ReadSignature(ReadOnlySpan<byte> b)
    {
        if (b.IsEmpty)
            return "b= is empty";
        if (TagValue.Base64(b) is not { } signature)
            return Damaged("b= is not base64: it was changed after signing");
        Signature = signature;
        return null;
    }

    private string? ReadMessageTags(TagList tags, SignatureKind kind)
    {
        if (!tags.TryGet("bh"u8, out var bh))
            return "bh= is missing";
        if (bh.IsEmpty)
            return "bh= is empty";
        if (TagValue.Base64(bh) is not { Length: Sha256Size } hash)
            return Damaged("bh= is not the base64 of a SHA-256: it was changed after signing");
        BodyHash = hash;
        // RFC 8617 knows simple too, but the sealers that leave c= out, and the test suite, mean relaxed; RFC 6376 3.5 means simple.
        if (kind == SignatureKind.ArcMessage)
            HeaderCanonicalization = BodyCanonicalization = DkimCanonicalization.Relaxed;
        if (tags.TryGet("c"u8, out var c) && !ReadCanonicalization(c))
            return "c= names no known canonicalization";
        if (tags.TryGet("l"u8, out var l))
        {
            if (!TagValue.TryNumber(l, 76, out var limit))
                return "l= is no number";
            BodyLimit = limit;
        }

        if (!tags.TryGet("h"u8, out var h))
            return "h= is missing";
        SignedHeaders = TagValue.Items(h);
        // RFC 8617 4.1.2: a seal is not known yet when the message is signed.
        if (kind == SignatureKind.ArcMessage && TimesSigned("arc-seal") > 0)
            return "h= names ARC-Seal";
        return ReadFrom(kind);
    }

    private string? ReadFrom(SignatureKind kind)
    {
        var signed = TimesSigned("from");
        var present = Header.FromBottom("from").Count;
        // RFC 6376 5.4: From must be signed, and there must be one to sign. An ARC-Message-Signature may leave it out.
        if (signed == 0)
            return kind == SignatureKind.Dkim ? "h= does not name From" : null;
        if (present == 0 && kind == SignatureKind.Dkim)
            return "the message has no From field";
        // RFC 6376 8.15: a second From on top would show an author that nobody signed.
        return present > signed ? Damaged("a From field was added that the signature does not cover") : null;
    }

    private int TimesSigned(string name)
    {
        var times = 0;
        foreach (var signed in SignedHeaders)
            times += signed.Equals(name, StringComparison.OrdinalIgnoreCase) ? 1 : 0;
        return times;
    }

    private string Damaged(string reason)
    {
        FaultStatus = DkimStatus.Fail;
        return reason;
    }

    // RFC 6376 3.5 c=: header/body; the body is simple where only one is named.
    private bool ReadCanonicalization(ReadOnlySpan<byte> value)
    {
        var slash = value.IndexOf((byte)'/');
        if (!TryCanonicalization(slash < 0 ? value : value[..slash], out var header))
            return false;
        var body = DkimCanonicalization.Simple;
        if (slash >= 0 && !TryCanonicalization(value[(slash + 1)..], out body))
            return false;
        (HeaderCanonicalization, BodyCanonicalization) = (header, body);
        return true;
    }

    private static bool TryCanonicalization(ReadOnlySpan<byte> name, out DkimCanonicalization how)
    {
        how = name.SequenceEqual("relaxed"u8) ? DkimCanonicalization.Relaxed : DkimCanonicalization.Simple;
        return how == DkimCanonicalization.Relaxed || name.SequenceEqual("simple"u8);
    }

    private string? ReadIdentity(TagList tags, SignatureKind kind)
    {
        var present = tags.TryGet("i"u8, out var i);
        if (kind != SignatureKind.Dkim)
        {
            // RFC 8617 4.2.1: instances run from 1 to 50.
            if (!present || !TagValue.TryNumber(i, 2, out var instance) || instance is < 1 or > 50)
                return "i= is no instance from 1 to 50";
            Instance = (int)instance;
            return null;
        }

        if (!present)
        {
            Identity = Domain is null ? null : "@" + Domain;
            IdentityDomain = Domain;
            return null;
        }

        var identity = Unquote(i);
        Identity = Printable(identity, 320);
        var at = identity.LastIndexOf((byte)'@');
        IdentityDomain = at < 0 ? null : TagValue.Name(identity[(at + 1)..], 1);
        if (IdentityDomain is null)
            return "i= has no domain";
        // RFC 6376 3.5 i=: the same as d= or a subdomain of it.
        if (Domain is not null && IdentityDomain != Domain && !IdentityDomain.EndsWith("." + Domain, StringComparison.Ordinal))
            return "i= is outside d=";
        return null;
    }

    private string? ReadSeal(TagList tags)
    {
        // RFC 8617 4.1.3: h= in a seal makes the chain fail.
        if (tags.Has("h"u8))
            return "a seal with h=";
        if (!tags.TryGet("cv"u8, out var cv))
            return "cv= is missing";
        ChainValidation = Printable(cv, 8);
        HeaderCanonicalization = DkimCanonicalization.Relaxed;
        return ChainValidation is "none" or "pass" or "fail" ? null : "cv= is not none, pass or fail";
    }

    private string? ReadTimes(TagList tags)
    {
        if (tags.TryGet("t"u8, out var t))
        {
            if (!TagValue.TryNumber(t, 76, out var signed))
                return "t= is no number";
            SignedAt = signed;
        }

        if (tags.TryGet("x"u8, out var x))
        {
            if (!TagValue.TryNumber(x, 76, out var expires))
                return "x= is no number";
            ExpiresAt = expires;
            if (SignedAt > expires)
                return "x= lies before t=";
        }

        return null;
    }

    // dkim-quoted-printable (RFC 6376 2.11): =XX is an octet, white space means nothing.
    private static ReadOnlySpan<byte> Unquote(ReadOnlySpan<byte> value)
    {
        if (!value.ContainsAny("= \t\r\n"u8))
            return value;
        var text = new byte[value.Length];
        var count = 0;
        for (var i = 0; i < value.Length; i++)
        {
            if (TagList.IsSpace(value[i]))
                continue;
            if (value[i] == '=' && i + 2 < value.Length && char.IsAsciiHexDigit((char)value[i + 1]) && char.IsAsciiHexDigit((char)value[i + 2]))
            {
                text[count++] = Convert.FromHexString(Encoding.ASCII.GetString(value.Slice(i + 1, 2)))[0];
                i += 2;
                continue;
            }

            text[count++] = value[i];
        }

        return text.AsSpan(0, count);
    }

    private static string Prefix(ReadOnlySpan<byte> b)
    {
        Span<char> prefix = stackalloc char[8];
        var count = 0;
        foreach (var octet in b)
        {
            if (count == prefix.Length)
                break;
            if (char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)'+' or (byte)'/' or (byte)'=')
                prefix[count++] = (char)octet;
        }

        return new string(prefix[..count]);
    }

    // Values that go into reports: no control character gets there.
    private static string Printable(ReadOnlySpan<byte> value, int max)
    {
        var text = Encoding.UTF8.GetString(value.Length > max ? value[..max] : value);
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.AsSpan().ContainsAnyInRange('\x7f', '\x9f'))
            return text;
        return string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
        });
    }
}
