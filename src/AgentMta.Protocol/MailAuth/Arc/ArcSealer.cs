using System.Globalization;
using System.Text;
using AgentMta.Protocol.MailAuth.Dkim;

namespace AgentMta.Protocol.MailAuth.Arc;

/// <summary>Adds our set to the chain of a message that we forward (RFC 8617 5.1): what we saw, the message as we send it, and the seal over it all.</summary>
public static class ArcSealer
{
    /// <summary>RFC 5322 2.1.1: no line passes 998 octets; longer lists of names are folded.</summary>
    private const int LongTag = 900;

    /// <summary>Gives the three fields, each ended by CRLF, to be put in front of <paramref name="message"/>; empty where nothing may be added: the chain has failed
    /// before or has <see cref="ArcChain.MaxInstances"/> sets, or the header is beyond all bounds.</summary>
    /// <param name="message">Header and body with CRLF line ends, as they will be sent.</param>
    /// <param name="authResults">Our results without the authserv-id, "spf=pass smtp.mailfrom=…; dkim=…"; null takes them from the Authentication-Results fields of <paramref name="authservId"/> in the message.</param>
    /// <param name="authservId">Who saw these results.</param>
    /// <param name="chain">The verdict on the chain as the message came in; it decides cv= and the instance.</param>
    /// <param name="key">The key that signs and seals.</param>
    /// <param name="now">t=</param>
    /// <param name="options">Null for <see cref="ArcSealOptions.Default"/>.</param>
    public static byte[] Seal(
        ReadOnlyMemory<byte> message, string? authResults, string authservId, ArcResult chain, DkimSigningKey key, DateTimeOffset now, ArcSealOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(chain);
        options ??= ArcSealOptions.Default;
        var header = MessageHeader.Read(message);
        var instance = chain.Instances + 1;
        // RFC 8617 5.1: a set is not added to a chain that a sealer has already closed with cv=fail.
        if (instance > ArcChain.MaxInstances || header.Fault is not null || chain.Seals.Any(s => s.ChainValidation == "fail"))
            return [];
        var sets = chain.Status == ArcStatus.Pass ? ArcChain.Read(header) : null;
        if (sets is not null && (sets.Fault is not null || sets.Highest != chain.Instances))
            throw new ArgumentException("the verdict on the chain is not about this message");
        var time = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var domain = TagValue.Name(Encoding.UTF8.GetBytes(key.Domain), 2) ?? throw new ArgumentException($"\"{key.Domain}\" is no domain to sign for");
        var selector = TagValue.Name(Encoding.UTF8.GetBytes(key.Selector), 1) ?? throw new ArgumentException($"\"{key.Selector}\" is no selector");

        var results = Results(instance, authservId, authResults ?? OwnResults.Consolidate(header, authservId));

        var names = SignedNames(header, options);
        var bodies = new BodyHashes(header.Body);
        bodies.Request(DkimCanonicalization.Relaxed, null);
        string[] tags =
        [
            $"bh={Convert.ToBase64String(bodies.Get(DkimCanonicalization.Relaxed, null).Hash)}", "c=relaxed/relaxed", $"d={domain}", $"h={string.Join(':', names)}",
            $"i={instance}", $"s={selector}", $"t={time}",
        ];
        var signature = Sign("ARC-Message-Signature", tags, key.Key,
            digest => HeaderCanonicalizer.AppendSelected(digest, header, names, DkimCanonicalization.Relaxed, own: -1));

        var cv = chain.Status switch { ArcStatus.None => "none", ArcStatus.Pass => "pass", _ => "fail" };
        var seal = Sign("ARC-Seal", [$"cv={cv}", $"d={domain}", $"i={instance}", $"s={selector}", $"t={time}"], key.Key, digest =>
        {
            // RFC 8617 5.1.2: over a broken chain only the new set is sealed.
            foreach (var set in sets?.Sets.Values ?? [])
                SealDigest.AppendSet(digest, header, set);
            AppendWhole(digest, results);
            AppendWhole(digest, signature);
        });
        return [.. seal, .. signature, .. results];
    }

    private static List<string> SignedNames(MessageHeader header, ArcSealOptions options)
    {
        var names = new List<string>(24);
        foreach (var name in options.SignedHeaders)
        {
            if (name.Equals("arc-seal", StringComparison.OrdinalIgnoreCase))
                throw new ArgumentException("ARC-Seal is never signed");
            for (var i = header.FromBottom(name).Count; i > 0; i--)
                names.Add(name);
        }

        return names;
    }

    private static byte[] Results(int instance, string authservId, string payload)
    {
        if (authservId.AsSpan().ContainsAny("\r\n;"))
            throw new ArgumentException("no authserv-id");
        var field = new FoldedField("ARC-Authentication-Results:");
        field.Add($" i={instance};");
        field.Add($" {authservId};");
        var text = payload.AsSpan().Trim().TrimEnd(';').TrimEnd();
        foreach (var piece in SplitResults(text.IsEmpty ? "none" : text.ToString()))
            field.Add(" " + piece);
        return [.. field.ToBytes(), .. "\r\n"u8];
    }

    // At the semicolons outside quoted strings and comments, the semicolon staying with what it ends; line ends within become spaces.
    private static IEnumerable<string> SplitResults(string payload)
    {
        payload = payload.ReplaceLineEndings(" ");
        var start = 0;
        var depth = 0;
        var quoted = false;
        for (var i = 0; i < payload.Length; i++)
        {
            switch (payload[i])
            {
                case '\\':
                    i++;
                    break;
                case '"' when depth == 0:
                    quoted = !quoted;
                    break;
                case '(' when !quoted:
                    depth++;
                    break;
                case ')' when !quoted && depth > 0:
                    depth--;
                    break;
                case ';' when !quoted && depth == 0:
                    yield return payload[start..(i + 1)].Trim();
                    start = i + 1;
                    break;
            }
        }

        yield return payload[start..].Trim();
    }

    /// <summary>A field of sorted tags with "a" and "b" in front, broken only between tags: a fold within one would be part of what others seal.</summary>
    private static byte[] Sign(string name, string[] tags, DkimKey key, Action<CanonicalDigest> append)
    {
        using var digest = new CanonicalDigest();
        append(digest);
        var (unsigned, cut) = Write(name, tags, key.Algorithm, "");
        HeaderCanonicalizer.AppendSignature(digest, unsigned, name.Length, name.Length + 1, DkimCanonicalization.Relaxed, cut, cut);
        var (signed, _) = Write(name, tags, key.Algorithm, Convert.ToBase64String(key.Sign(digest.Current())));
        return [.. signed, .. "\r\n"u8];
    }

    private static (byte[] Field, int SignatureAt) Write(string name, string[] tags, string algorithm, string signature)
    {
        var field = new FoldedField(name + ":");
        field.Add($" a={algorithm};");
        field.NewLine();
        var at = field.Length + "b=".Length;
        field.Add($"b={signature};");
        field.NewLine();
        for (var i = 0; i < tags.Length; i++)
        {
            var tag = (i == 0 ? "" : " ") + tags[i] + (i == tags.Length - 1 ? "" : ";");
            if (tag.Length < LongTag)
                field.Add(tag);
            else
                AddLong(field, tag);
        }

        return (field.ToBytes(), at);
    }

    private static void AddLong(FoldedField field, string tag)
    {
        var names = tag.Split(':');
        for (var i = 0; i < names.Length; i++)
            field.Add(i == names.Length - 1 ? names[i] : names[i] + ":");
    }

    private static void AppendWhole(CanonicalDigest digest, byte[] field)
    {
        var colon = field.AsSpan().IndexOf((byte)':');
        HeaderCanonicalizer.Append(digest, field, colon, colon + 1, DkimCanonicalization.Relaxed);
    }
}
