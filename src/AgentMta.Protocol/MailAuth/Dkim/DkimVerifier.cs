using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.MailAuth.Dkim;

/// <summary>Verifies every DKIM-Signature of a message (RFC 6376 6, RFC 8301, RFC 8463), each with a verdict of its own.</summary>
public static class DkimVerifier
{
    /// <summary>Signatures that are looked up and verified; those below get <see cref="DkimStatus.Policy"/>.</summary>
    public const int MaxVerified = 20;

    /// <summary>Results that are given at most; the last of them then speaks for the rest.</summary>
    public const int MaxResults = 100;

    /// <summary>Key records of one name that are tried: RFC 6376 6.1.2 leaves the choice among several to the verifier.</summary>
    private const int MaxKeys = 4;

    /// <inheritdoc cref="VerifyAsync(ReadOnlyMemory{byte}, IDnsLookup, DateTimeOffset, DkimKeyCache?, CancellationToken)"/>
    public static ValueTask<IReadOnlyList<DkimResult>> VerifyAsync(ReadOnlyMemory<byte> message, IDnsLookup dns, DateTimeOffset now, CancellationToken cancellationToken) =>
        VerifyAsync(message, dns, now, null, cancellationToken);

    /// <summary>Verifies the signatures of a whole message, header and body, in header order from the top; empty where there is none.</summary>
    public static ValueTask<IReadOnlyList<DkimResult>> VerifyAsync(
        ReadOnlyMemory<byte> message, IDnsLookup dns, DateTimeOffset now, DkimKeyCache? keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dns);
        return VerifyAsync(MessageHeader.Read(message), dns, now, keys, cancellationToken);
    }

    internal static async ValueTask<IReadOnlyList<DkimResult>> VerifyAsync(
        MessageHeader header, IDnsLookup dns, DateTimeOffset now, DkimKeyCache? keys, CancellationToken cancellationToken)
    {
        // 1. Read the fields.
        var signatures = ReadSignatures(header, out var unread);
        if (signatures.Count == 0)
            return [];

        // 2. Start the look-ups together, one for each name: their waits overlap.
        var bodies = new BodyHashes(header.Body);
        var lookups = StartLookups(signatures, bodies, dns, now, cancellationToken);

        // 3. Judge in order.
        var results = new List<DkimResult>(signatures.Count);
        for (var i = 0; i < signatures.Count; i++)
        {
            if (EarlyVerdict(signatures[i], now) is { } early)
                results.Add(early);
            else if (lookups[i] is { } lookup)
                results.Add(Judge(signatures[i], await lookup.ConfigureAwait(false), keys, bodies));
            else
                results.Add(Result(signatures[i], DkimStatus.Policy, $"not looked at: {MaxVerified} signatures are verified"));
        }

        if (unread > 0)
            results[^1] = new DkimResult(DkimStatus.Policy, null, null, null, null, $"not looked at, like {unread} more: {MaxResults} signatures are read");
        return results;
    }

    private static List<SignatureField> ReadSignatures(MessageHeader header, out int unread)
    {
        var signatures = new List<SignatureField>(2);
        unread = 0;
        for (var i = 0; i < header.Fields.Count; i++)
        {
            if (!header.Is(header.Fields[i], "DKIM-Signature"))
                continue;
            if (signatures.Count < MaxResults)
                signatures.Add(SignatureField.Read(header, i, SignatureKind.Dkim));
            else
                unread++;
        }

        return signatures;
    }

    private static ValueTask<DnsAnswer>?[] StartLookups(
        List<SignatureField> signatures, BodyHashes bodies, IDnsLookup dns, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var lookups = new ValueTask<DnsAnswer>?[signatures.Count];
        var verified = 0;
        for (var i = 0; i < lookups.Length && verified < MaxVerified; i++)
        {
            var signature = signatures[i];
            if (EarlyVerdict(signature, now) is not null)
                continue;
            verified++;
            bodies.Request(signature.BodyCanonicalization, signature.BodyLimit);
            for (var j = 0; j < i && lookups[i] is null; j++)
            {
                if (lookups[j] is not null && signatures[j].KeyName == signature.KeyName)
                    lookups[i] = lookups[j];
            }

            // Preserved, because signatures that share a key wait for the same look-up.
            lookups[i] ??= dns.LookupAsync(signature.KeyName, DnsRecordType.TXT, cancellationToken).Preserve();
        }

        return lookups;
    }

    /// <summary>What the field alone, the header and the clock decide, without DNS.</summary>
    private static DkimResult? EarlyVerdict(SignatureField signature, DateTimeOffset now)
    {
        if (signature.Header.Fault is not null)
            return Result(signature, DkimStatus.PermError, signature.Header.Fault);
        if (signature.Fault is not null)
            return Result(signature, signature.FaultStatus, signature.Fault);
        // RFC 6376 3.5 x=
        return signature.ExpiresAt < now.ToUnixTimeSeconds() ? Result(signature, DkimStatus.PermError, "the signature has expired: x= lies in the past") : null;
    }

    private static DkimResult Judge(SignatureField signature, DnsAnswer answer, DkimKeyCache? cache, BodyHashes bodies)
    {
        // RFC 6376 6.1.2
        if (answer.IsTemporary)
            return Result(signature, DkimStatus.TempError, $"the key could not be looked up: {answer.Status}", answer);
        DkimResult? first = null;
        var tried = 0;
        for (var i = 0; i < answer.Records.Count && tried < MaxKeys; i++)
        {
            if (answer.Records[i] is not TxtRecord text)
                continue;
            var key = cache?.Get(text.Text) ?? DkimPublicKey.Parse(text.Text);
            var result = JudgeKey(signature, answer, text.Text, key, bodies);
            if (result.Status == DkimStatus.Pass)
                return result;
            // A record that is no key at all says less than one that is.
            if (first is null || (first.KeyBits is null && key.IsKeyRecord))
                first = result;
            tried++;
        }

        return first ?? Result(signature, DkimStatus.PermError, $"there is no key: {(answer.Status == DnsStatus.NameError ? "the name does not exist" : "the name has no TXT record")}", answer);
    }

    private static DkimResult JudgeKey(SignatureField signature, DnsAnswer answer, string record, DkimPublicKey key, BodyHashes bodies)
    {
        if (SignatureCheck.KeyFault(signature, key) is { } fault)
            return Result(signature, DkimStatus.PermError, fault, answer, record, key);
        var body = bodies.Get(signature.BodyCanonicalization, signature.BodyLimit);
        var reason = SignatureCheck.MessageFault(signature, key, body);
        return Result(signature, reason is null ? DkimStatus.Pass : DkimStatus.Fail, reason, answer, record, key, body.Length);
    }

    private static DkimResult Result(
        SignatureField signature, DkimStatus status, string? reason, DnsAnswer? answer = null, string? record = null, DkimPublicKey? key = null, long? bodyLength = null) =>
        new(status, signature.Domain, signature.Selector, signature.Identity, signature.Algorithm, reason)
        {
            SignaturePrefix = signature.SignaturePrefix,
            Canonicalization = (signature.HeaderCanonicalization, signature.BodyCanonicalization) switch
            {
                _ when signature.SignedHeaders.Count == 0 => null,
                (DkimCanonicalization.Simple, DkimCanonicalization.Simple) => "simple/simple",
                (DkimCanonicalization.Simple, _) => "simple/relaxed",
                (_, DkimCanonicalization.Simple) => "relaxed/simple",
                _ => "relaxed/relaxed",
            },
            SignedHeaders = signature.SignedHeaders,
            BodyLimit = signature.BodyLimit,
            BodyLength = bodyLength,
            SignedAt = Time(signature.SignedAt),
            ExpiresAt = Time(signature.ExpiresAt),
            KeyName = signature is { Domain: not null, Selector: not null } ? signature.KeyName : null,
            KeyRecord = record,
            KeyTtl = answer?.Ttl,
            KeyAuthenticated = answer?.Authenticated == true,
            KeyBits = key?.Bits,
            Testing = key?.Testing == true,
        };

    private static DateTimeOffset? Time(long? seconds) =>
        seconds is { } s && s <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds(s) : null;
}
