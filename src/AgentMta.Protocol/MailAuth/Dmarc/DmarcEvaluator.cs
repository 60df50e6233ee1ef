using AgentMta.Protocol.Dns;

namespace AgentMta.Protocol.MailAuth.Dmarc;

/// <summary>Judges a message by the policy of its author domain (RFC 9989 5.3, RFC 7489 6.6).</summary>
public static class DmarcEvaluator
{
    /// <summary>More From domains than this are not judged: no writer of one message has so many.</summary>
    public const int MaxAuthorDomains = 8;

    /// <summary>Evaluates all author domains; the strictest outcome is the message's. Never throws but on cancellation.</summary>
    public static async ValueTask<DmarcResult> EvaluateAsync(
        DmarcRequest request, IDnsLookup dns, PublicSuffixList? suffixes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(dns);

        var authors = new List<string>(1);
        for (var i = 0; i < request.AuthorDomains.Count; i++)
        {
            if (MailDomain.Normalize(request.AuthorDomains[i]) is { } author && !authors.Contains(author) && authors.Count <= MaxAuthorDomains)
                authors.Add(author);
        }

        if (authors.Count == 0)
            return Nothing(DmarcStatus.None, "the message has no From domain");
        if (authors.Count > MaxAuthorDomains)
            return Nothing(DmarcStatus.PermError, $"the message has more than {MaxAuthorDomains} From domains");

        // RFC 7489 6.6.1, allowed by RFC 9989 5.3.1: with several author domains each is checked and the strictest failure counts,
        // so that a second address cannot shield a forged one.
        DmarcResult? strictest = null;
        foreach (var author in authors)
        {
            var result = await new DmarcEvaluation(request, author, dns, suffixes, cancellationToken).RunAsync().ConfigureAwait(false);
            if (strictest is null || Severity(result) > Severity(strictest))
                strictest = result;
        }

        return authors.Count == 1 ? strictest! : strictest! with { Reason = $"of {authors.Count} From domains {strictest.AuthorDomain} decides: {strictest.Reason}" };
    }

    private static int Severity(DmarcResult result) => (result.Status, result.Disposition) switch
    {
        (DmarcStatus.Fail, DmarcPolicy.Reject) => 6,
        (DmarcStatus.TempError, _) => 5,
        (DmarcStatus.Fail, DmarcPolicy.Quarantine) => 4,
        (DmarcStatus.Fail, _) => 3,
        (DmarcStatus.PermError, _) => 2,
        (DmarcStatus.None, _) => 1,
        _ => 0,
    };

    private static DmarcResult Nothing(DmarcStatus status, string reason) =>
        new(status, null, null, null, null, null, null, [], DmarcPolicy.None, reason);
}
