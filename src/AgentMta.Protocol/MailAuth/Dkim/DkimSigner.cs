using System.Buffers;
using System.Globalization;
using System.Text;

namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>Signs a message for one or more domains and keys (RFC 6376 5), hashing the body once for all of them.</summary>
public static class DkimSigner
{
    private const int SignatureLine = 72;

    /// <summary>Gives the DKIM-Signature fields, folded and each ended by CRLF, to be put in front of <paramref name="message"/>.</summary>
    /// <param name="message">Header and body with CRLF line ends, as they will be sent.</param>
    /// <param name="keys">One signature each, in this order from the top.</param>
    /// <param name="now">t=</param>
    /// <param name="options">Null for <see cref="DkimSignOptions.Default"/>.</param>
    /// <exception cref="ArgumentException">The message has no From field or a header beyond all bounds, or a domain, selector or identity is none.</exception>
    public static byte[] Sign(ReadOnlyMemory<byte> message, IReadOnlyList<DkimSigningKey> keys, DateTimeOffset now, DkimSignOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(keys);
        options ??= DkimSignOptions.Default;
        var header = MessageHeader.Read(message);
        var names = SignedNames(header, options);
        var bodies = new BodyHashes(header.Body);
        bodies.Request(options.BodyCanonicalization, options.BodyLimit);
        var body = bodies.Get(options.BodyCanonicalization, options.BodyLimit);
        var output = new ArrayBufferWriter<byte>(1024);
        foreach (var key in keys)
            Write(output, header, names, body, key, now, options);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>h=: each name as often as it occurs, the oversigned ones once more (RFC 6376 5.4, 8.15).</summary>
    internal static List<string> SignedNames(MessageHeader header, DkimSignOptions options)
    {
        if (header.Fault is not null)
            throw new ArgumentException(header.Fault);
        // RFC 6376 5.4: From must be signed.
        if (header.FromBottom("From").Count == 0)
            throw new ArgumentException("a message without From cannot be signed");
        var names = new List<string>(48);
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in options.OversignedHeaders.Prepend("From"))
            AddName(name, extra: 1);
        foreach (var name in options.SignedHeaders)
        {
            if (!name.EndsWith('*'))
            {
                AddName(name, extra: 0);
                continue;
            }

            foreach (var field in header.Fields)
            {
                var present = Encoding.ASCII.GetString(header.Name(field));
                if (present.StartsWith(name.AsSpan(0, name.Length - 1), StringComparison.OrdinalIgnoreCase) && !present.AsSpan().ContainsAny(';', ':'))
                    AddName(present, extra: 0);
            }
        }

        return names;

        void AddName(string name, int extra)
        {
            if (!seen.Add(name))
                return;
            for (var i = header.FromBottom(name).Count + extra; i > 0; i--)
                names.Add(name);
        }
    }

    private static void Write(ArrayBufferWriter<byte> output, MessageHeader header, List<string> names, BodyHash body, DkimSigningKey key, DateTimeOffset now, DkimSignOptions options)
    {
        var field = Unsigned(names, body, key, now, options);
        using var digest = new CanonicalDigest();
        HeaderCanonicalizer.AppendSelected(digest, header, names, options.HeaderCanonicalization, own: -1);
        var colon = field.AsSpan().IndexOf((byte)':');
        HeaderCanonicalizer.AppendSignature(digest, field, colon, colon + 1, options.HeaderCanonicalization, field.Length, field.Length);
        output.Write(field);
        // b= is hashed empty, with the white space of its folds left out too (RFC 6376 3.7), so it may be folded freely.
        var signature = Convert.ToBase64String(key.Key.Sign(digest.Current()));
        for (var i = 0; i < signature.Length; i += SignatureLine)
        {
            if (i > 0)
                output.Write("\r\n "u8);
            output.Write(Encoding.ASCII.GetBytes(signature.Substring(i, Math.Min(SignatureLine, signature.Length - i))));
        }

        output.Write("\r\n"u8);
    }

    private static byte[] Unsigned(List<string> names, BodyHash body, DkimSigningKey key, DateTimeOffset now, DkimSignOptions options)
    {
        var domain = TagValue.Name(Encoding.UTF8.GetBytes(key.Domain), 2) ?? throw new ArgumentException($"\"{key.Domain}\" is no domain to sign for");
        var selector = TagValue.Name(Encoding.UTF8.GetBytes(key.Selector), 1) ?? throw new ArgumentException($"\"{key.Selector}\" is no selector");
        var field = new FoldedField("DKIM-Signature:");
        field.Add(" v=1;");
        field.Add($" a={key.Key.Algorithm};");
        field.Add($" c={(options.HeaderCanonicalization == DkimCanonicalization.Relaxed ? "relaxed" : "simple")}/{(options.BodyCanonicalization == DkimCanonicalization.Relaxed ? "relaxed" : "simple")};");
        field.Add($" d={domain};");
        field.Add($" s={selector};");
        if (options.Identity is not null)
            field.Add($" i={Identity(options.Identity, domain)};");
        field.Add(string.Create(CultureInfo.InvariantCulture, $" t={now.ToUnixTimeSeconds()};"));
        if (options.Expiry is { } expiry)
            field.Add(string.Create(CultureInfo.InvariantCulture, $" x={(now + expiry).ToUnixTimeSeconds()};"));
        if (options.BodyLimit is { } limit)
            field.Add(string.Create(CultureInfo.InvariantCulture, $" l={Math.Min(limit, body.Length)};"));
        for (var i = 0; i < names.Count; i++)
            field.Add((i == 0 ? " h=" : "") + names[i] + (i == names.Count - 1 ? ";" : ":"));
        field.Add($" bh={Convert.ToBase64String(body.Hash)};");
        field.NewLine();
        field.Add("b=");
        return field.ToBytes();
    }

    // RFC 6376 2.11: what dkim-quoted-printable does not let stand is written as =XX.
    private static string Identity(string identity, string domain)
    {
        var at = identity.LastIndexOf('@');
        var own = at < 0 ? null : TagValue.Name(Encoding.UTF8.GetBytes(identity[(at + 1)..]), 2);
        if (own is null || (own != domain && !own.EndsWith("." + domain, StringComparison.Ordinal)))
            throw new ArgumentException($"the identity \"{identity}\" is not at or below {domain}");
        var text = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(identity[..at]))
        {
            if (b is > 32 and < 127 and not ((byte)';' or (byte)'='))
                text.Append((char)b);
            else
                text.Append('=').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return text.Append('@').Append(own).ToString();
    }
}
