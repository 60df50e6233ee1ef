using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;
using AgentMta.Protocol.Mime;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Runs every method over one message and puts the results into one verdict.</summary>
public static class MailAuthenticator
{
    // One more than DMARC judges, so that it sees there are too many.
    private const int MaxAuthorDomains = DmarcEvaluator.MaxAuthorDomains + 1;

    /// <summary>
    /// (1) SPF of both identities, iprev, DKIM and ARC at once; (2) DMARC over what passed; (3) a trusted sealer's word on a DMARC failure.
    /// All DNS comes out of one budget: the caller's, or one of 20 s. Throws nothing but on cancellation.
    /// </summary>
    public static async ValueTask<AuthenticationVerdict> AuthenticateAsync(MailAuthRequest request, IDnsLookup dns, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(dns);
        var budget = dns as DnsBudget ?? new DnsBudget(dns, request.Time ?? new StoppedTime(request.Now));

        var header = MessageHeader.Read(request.Message);

        // The look-ups that need no hashing go out first, so that they are under way while the body is hashed.
        var isNullPath = request.MailFrom.Length == 0;
        var spfOfHelo = SpfAsync(request, SpfIdentity.Helo, budget, cancellationToken).Preserve();
        var spfOfPath = isNullPath ? spfOfHelo : SpfAsync(request, SpfIdentity.MailFrom, budget, cancellationToken).Preserve();
        var iprev = IprevVerifier.VerifyAsync(request.ClientAddress, budget, cancellationToken).Preserve();
        var dkim = DkimVerifier.VerifyAsync(header, budget, request.Now, request.KeyCache, cancellationToken).Preserve();
        var arc = ArcVerifier.VerifyAsync(header, budget, request.Now, request.KeyCache, cancellationToken).Preserve();
        // With a warm cache all are done. Otherwise nothing reads the message any more when this ends, not even where one of them is cancelled.
        if (!(spfOfHelo.IsCompletedSuccessfully && spfOfPath.IsCompletedSuccessfully && iprev.IsCompletedSuccessfully && dkim.IsCompletedSuccessfully && arc.IsCompletedSuccessfully))
            await Task.WhenAll(spfOfHelo.AsTask(), spfOfPath.AsTask(), iprev.AsTask(), dkim.AsTask(), arc.AsTask()).ConfigureAwait(false);

        var helo = await spfOfHelo.ConfigureAwait(false);
        // RFC 7208 2.4: the null reverse-path is judged as postmaster at the HELO name, which is the same check.
        var spf = isNullPath ? helo with { Identity = SpfIdentity.MailFrom } : await spfOfPath.ConfigureAwait(false);
        var signatures = await dkim.ConfigureAwait(false);
        var authors = AuthorDomains(request.Message);
        IReadOnlyList<string> passed = Domains(signatures, DkimStatus.Pass) ?? (IReadOnlyList<string>)[];
        var dmarc = await DmarcEvaluator.EvaluateAsync(
            new DmarcRequest(authors, passed, spf.Status == SpfStatus.Pass ? [spf.Domain] : [], request.DmarcSpec)
            {
                DkimTempErrorDomains = Domains(signatures, DkimStatus.TempError) ?? (IReadOnlyList<string>)[],
                SpfTempErrorDomains = spf.Status == SpfStatus.TempError ? [spf.Domain] : [],
                Sample = request.DmarcSpec == DmarcSpec.Rfc7489 ? Sample(request) : 0,
            },
            budget, request.PublicSuffixes, cancellationToken).ConfigureAwait(false);
        var chain = await arc.ConfigureAwait(false);
        if (TrustedSealer.Excuse(dmarc, chain, request.TrustedSealers) is { } excuse)
            dmarc = dmarc with { Override = excuse };

        return new AuthenticationVerdict
        {
            ClientAddress = request.ClientAddress,
            Helo = request.Helo,
            MailFrom = request.MailFrom,
            AuthorDomains = authors,
            Spf = spf,
            SpfHelo = helo,
            Dkim = signatures,
            Dmarc = dmarc,
            Arc = chain,
            Iprev = await iprev.ConfigureAwait(false),
            Evidence = budget.Evidence,
            DnsTime = budget.Spent,
            AlignedWithoutPolicy = dmarc.Status == DmarcStatus.None && authors is [var author]
                && (passed.Contains(author) || (spf.Status == SpfStatus.Pass && spf.Domain == author)),
        };
    }

    /// <summary>Domains of all addresses in all From fields (RFC 9989 5.3.1), in normal form, each once.</summary>
    public static IReadOnlyList<string> AuthorDomains(ReadOnlyMemory<byte> message)
    {
        var domains = new List<string>(1);
        foreach (var field in HeaderList.Parse(message).All("From"))
        {
            var addresses = AddressParser.ParseList(field.RawValue.Span);
            for (var i = 0; i < addresses.Count; i++)
            {
                if (domains.Count < MaxAuthorDomains && MailDomain.Normalize(addresses[i].Domain) is { } domain && !domains.Contains(domain))
                    domains.Add(domain);
            }
        }

        return domains;
    }

    private static ValueTask<SpfResult> SpfAsync(MailAuthRequest request, SpfIdentity identity, IDnsLookup dns, CancellationToken cancellationToken) =>
        SpfVerifier.VerifyAsync(
            new SpfRequest(request.ClientAddress, request.Helo, request.MailFrom, identity, request.ReceiverName, request.Now),
            dns, cancellationToken);

    private static List<string>? Domains(IReadOnlyList<DkimResult> signatures, DkimStatus status)
    {
        List<string>? domains = null;
        for (var i = 0; i < signatures.Count; i++)
        {
            if (signatures[i].Status == status && signatures[i].Domain is { } domain && domains?.Contains(domain) != true)
                (domains ??= new(1)).Add(domain);
        }

        return domains;
    }

    // RFC 7489 6.6.4 asks for a random sample; this one stays the same when the client tries again.
    private static int Sample(MailAuthRequest request)
    {
        var hash = 2166136261u;
        foreach (var octet in request.Message.Span[..Math.Min(request.Message.Length, 512)])
            hash = (hash ^ octet) * 16777619u;
        return (int)(hash % 100);
    }

    /// <summary>A clock for callers that have none: timers run, but nothing is measured.</summary>
    private sealed class StoppedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;

        public override long GetTimestamp() => 0;
    }
}
