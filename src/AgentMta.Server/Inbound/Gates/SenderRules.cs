using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;
using AgentMta.Server.Inbound.Scanners;
using AgentMta.Server.Model;

namespace AgentMta.Server.Inbound.Gates;

/// <summary>Points for who sends: authentication, the client's names, DNS lists, acquaintance.</summary>
internal static class SenderRules
{
    /// <summary>Adds what the authentication verdict tells.</summary>
    public static void Authentication(SpamTally tally, AuthenticationVerdict verdict)
    {
        tally.AddIf(verdict.Dmarc.Status == DmarcStatus.Pass, "dmarc_pass", -0.5, "DMARC passes");
        tally.AddIf(verdict.Dmarc.Status == DmarcStatus.Fail, "dmarc_fail", 2.5, "DMARC fails");
        tally.AddIf(!verdict.HasAlignedPass && verdict.Dmarc.Status == DmarcStatus.None, "unaligned", 1, "nobody answers for the author");
        tally.AddIf(verdict.Spf.Status == SpfStatus.Fail, "spf_fail", 1.5, "SPF forbids the client");
        tally.AddIf(verdict.Spf.Status == SpfStatus.SoftFail, "spf_softfail", 1, "SPF doubts the client");
        tally.AddIf(
            verdict.Dkim.Any(s => s.Status == DkimStatus.Fail) && !verdict.Dkim.Any(s => s.Status == DkimStatus.Pass), "dkim_broken", 0.5, "no signature verifies");
    }

    /// <summary>Adds what the client's names tell; clients of our own networks have none to show.</summary>
    public static void Client(SpamTally tally, AuthenticationVerdict verdict, string hostName)
    {
        tally.AddIf(verdict.Iprev.Status == IprevStatus.PermError, "no_reverse_name", 1, "the client's address has no name");
        tally.AddIf(verdict.Iprev.Status == IprevStatus.Fail, "reverse_name_mismatch", 1, "the client's name leads elsewhere");
        var helo = verdict.Helo;
        if (helo.Equals(hostName, StringComparison.OrdinalIgnoreCase))
            tally.Add("helo_is_ours", 3, "the client gives our own name");
        else
            tally.AddIf(!helo.StartsWith('[') && !helo.Contains('.', StringComparison.Ordinal), "helo_unqualified", 1, "HELO gives no full name");
    }

    /// <summary>Adds the DNS lists that have the client.</summary>
    public static void Lists(SpamTally tally, IReadOnlyList<DnsListHit> hits)
    {
        foreach (var hit in hits)
            tally.Add("dnsl_" + hit.List.Zone, hit.List.Score, $"the client is on {hit.List.Zone} ({hit.Code})");
    }

    /// <summary>Adds what the inbox knows of the sender.</summary>
    public static void Acquaintance(SpamTally tally, GateCase copy)
    {
        tally.AddIf(copy.Proof.Proven, "answers_us", -5, "it answers our own mail");
        if (copy.Arrival.IsAligned)
            tally.AddIf(copy.IsKnownSender, "known_sender", -2, "the sender was let in before");
        tally.AddIf(!copy.IsKnownSender && !copy.Proof.Proven, "first_contact", 0.5, "the sender is new here");
    }
}
