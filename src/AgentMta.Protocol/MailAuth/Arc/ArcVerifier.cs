using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Dkim;

namespace AgentMta.Protocol.MailAuth.Arc;

/// <summary>Validates the chain of a forwarded message (RFC 8617 5.2), so that a trusted forwarder's word can stand in for a broken signature.</summary>
public static class ArcVerifier
{
    private const int MaxKeys = 4;

    /// <inheritdoc cref="VerifyAsync(ReadOnlyMemory{byte}, IDnsLookup, DateTimeOffset, DkimKeyCache?, CancellationToken)"/>
    public static ValueTask<ArcResult> VerifyAsync(ReadOnlyMemory<byte> message, IDnsLookup dns, DateTimeOffset now, CancellationToken cancellationToken) =>
        VerifyAsync(message, dns, now, null, cancellationToken);

    /// <summary>Validates the chain of a whole message, header and body. At most 51 keys are asked for.</summary>
    public static ValueTask<ArcResult> VerifyAsync(
        ReadOnlyMemory<byte> message, IDnsLookup dns, DateTimeOffset now, DkimKeyCache? keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dns);
        return VerifyAsync(MessageHeader.Read(message), dns, now, keys, cancellationToken);
    }

    internal static ValueTask<ArcResult> VerifyAsync(
        MessageHeader header, IDnsLookup dns, DateTimeOffset now, DkimKeyCache? keys, CancellationToken cancellationToken)
    {
        // 1. Collect the sets; structure and cv= decide before any signature.
        if (!ArcChain.IsPresent(header))
            return ValueTask.FromResult(ArcResult.None);
        return VerifyAsync(ArcChain.Read(header), dns, now, keys, cancellationToken);
    }

    private static async ValueTask<ArcResult> VerifyAsync(
        ArcChain chain, IDnsLookup dns, DateTimeOffset now, DkimKeyCache? keys, CancellationToken cancellationToken)
    {
        var seals = chain.Seals();
        if (chain.Fault is not null)
            return new ArcResult(ArcStatus.Fail, chain.Highest, seals, chain.Fault);

        // 2. The newest message signature must fit the message as it is now; older ones need not.
        var signature = chain.Sets[chain.Highest].Message!;
        var look = new KeyAsker(dns, keys, cancellationToken);
        var fault = await MessageFaultAsync(signature, look, now).ConfigureAwait(false);
        if (fault is not null)
            return new ArcResult(ArcStatus.Fail, chain.Highest, seals, $"ARC-Message-Signature {chain.Highest}: {fault}") { Temporary = look.Temporary };

        // 3. Every seal must verify, from the newest down.
        for (var i = chain.Highest; i >= 1; i--)
        {
            var seal = chain.Sets[i].Seal!;
            byte[]? digest = null;
            fault = await look.FaultAsync(seal, key =>
                SignatureCheck.Verify(key, digest ??= SealDigest.Of(chain, i), seal.Signature) == true ? null : "the ARC fields were changed after sealing, or another key sealed").ConfigureAwait(false);
            seals[i - 1] = seals[i - 1] with { Verified = fault is null };
            if (fault is not null)
                return new ArcResult(ArcStatus.Fail, chain.Highest, seals, $"ARC-Seal {i}: {fault}") { Temporary = look.Temporary };
        }

        return new ArcResult(ArcStatus.Pass, chain.Highest, seals, null);
    }

    private static ValueTask<string?> MessageFaultAsync(SignatureField signature, KeyAsker look, DateTimeOffset now)
    {
        if (signature.Fault is not null)
            return ValueTask.FromResult<string?>(signature.Fault);
        if (signature.ExpiresAt < now.ToUnixTimeSeconds())
            return ValueTask.FromResult<string?>("it has expired: x= lies in the past");
        var bodies = new BodyHashes(signature.Header.Body);
        bodies.Request(signature.BodyCanonicalization, signature.BodyLimit);
        return look.FaultAsync(signature, key => SignatureCheck.MessageFault(signature, key, bodies.Get(signature.BodyCanonicalization, signature.BodyLimit)));
    }

    /// <summary>Asks for each key once, though a chain uses the same one often.</summary>
    private sealed class KeyAsker(IDnsLookup dns, DkimKeyCache? cache, CancellationToken cancellationToken)
    {
        private readonly Dictionary<string, DnsAnswer> _answers = new(StringComparer.Ordinal);

        public bool Temporary { get; private set; }

        /// <summary>Null as soon as one of the keys at the name satisfies <paramref name="judge"/>, otherwise the fault of the first.</summary>
        public async ValueTask<string?> FaultAsync(SignatureField signature, Func<DkimPublicKey, string?> judge)
        {
            if (!_answers.TryGetValue(signature.KeyName, out var answer))
                _answers[signature.KeyName] = answer = await dns.LookupAsync(signature.KeyName, DnsRecordType.TXT, cancellationToken).ConfigureAwait(false);
            if (answer.IsTemporary)
            {
                Temporary = true;
                return $"the key could not be looked up: {answer.Status}";
            }

            string? first = null;
            foreach (var record in answer.Records.OfType<TxtRecord>().Take(MaxKeys))
            {
                var key = cache?.Get(record.Text) ?? DkimPublicKey.Parse(record.Text);
                var fault = SignatureCheck.KeyFault(signature, key) ?? judge(key);
                if (fault is null)
                    return null;
                first = key.IsKeyRecord ? first ?? fault : first;
            }

            return first ?? "there is no key";
        }
    }
}
