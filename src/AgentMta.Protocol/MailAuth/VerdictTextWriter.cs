using System.Globalization;
using System.Text;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Tells a verdict to a person: one line a method, its reason indented below.</summary>
internal static class VerdictTextWriter
{
    private const int MaxLookups = 60;

    public static string Write(AuthenticationVerdict verdict)
    {
        var text = new StringBuilder();
        var dmarc = verdict.Dmarc;
        Line(text, $"From       {(verdict.AuthorDomains.Count == 0 ? "(none)" : string.Join(", ", verdict.AuthorDomains))}");
        Line(text, $"Client     {verdict.ClientAddress}, HELO {Or(verdict.Helo, "(none)")}, MAIL FROM <{verdict.MailFrom}>");
        Line(text, $"DMARC      {EnumWord.Of(dmarc.Status)}{(dmarc.Policy is { } policy ? $", policy {EnumWord.Of(policy)} ({dmarc.PolicyTag}= of {dmarc.PolicyDomain})" : "")}");
        Line(text, $"           {dmarc.Reason}");
        Line(text, $"           disposition {EnumWord.Of(dmarc.Disposition)}{(dmarc.OrganizationalDomain is null ? "" : $", organisational domain {dmarc.OrganizationalDomain}")}");
        if (dmarc.Override is { } excused)
            Line(text, $"           overridden: {excused.Reason}");
        Spf(text, "SPF       ", verdict.Spf, dmarc.IsAligned("spf"));
        if (verdict.MailFrom.Length > 0)
            Spf(text, "SPF (HELO)", verdict.SpfHelo, aligned: false);
        if (verdict.Dkim.Count == 0)
            Line(text, "DKIM       none, the message is not signed");
        foreach (var signature in verdict.Dkim)
        {
            var aligned = dmarc.Alignments.Any(a => a.Method == "dkim" && a.Domain == signature.Domain && a.Aligned == true);
            Line(text, $"DKIM       {EnumWord.Of(signature.Status)}, d={signature.Domain} s={signature.Selector} {signature.Algorithm}{(aligned ? ", aligned" : "")}");
            if (signature.Reason is not null)
                Line(text, $"           {signature.Reason}");
        }

        Line(text, $"ARC        {EnumWord.Of(verdict.Arc.Status)}{(verdict.Arc.Instances > 0 ? $", {verdict.Arc.Instances} hops" : "")}{(verdict.Arc.Reason is null ? "" : $": {verdict.Arc.Reason}")}");
        foreach (var seal in verdict.Arc.Seals)
            Line(text, $"           i={seal.Instance} {seal.Domain} cv={seal.ChainValidation}{(seal.Verified == true ? ", verified" : "")}");
        Line(text, $"iprev      {EnumWord.Of(verdict.Iprev.Status)}, {verdict.Iprev.Reason}");

        text.Append('\n');
        if (verdict.ForPass.Count > 0)
            Line(text, "For a pass:");
        foreach (var advice in verdict.ForPass)
            Line(text, $"  - {advice}");
        Line(text, $"DNS: {verdict.Evidence.Count} look-ups, {verdict.DnsTime.TotalMilliseconds:0.#} ms");
        foreach (var lookup in verdict.Evidence.Take(MaxLookups))
            Line(text, $"  {lookup.Type,-5} {lookup.Name}  {lookup.Status}, {lookup.Records} records, TTL {lookup.Ttl}{(lookup.Authenticated ? ", AD" : "")}, {lookup.Elapsed.TotalMilliseconds:0.#} ms");
        return text.ToString();
    }

    private static void Spf(StringBuilder text, string label, SpfResult spf, bool aligned)
    {
        Line(text, $"{label} {EnumWord.Of(spf.Status)} for {Or(spf.Domain, "no domain")}{(aligned ? ", aligned" : "")} ({spf.Lookups} look-ups, {spf.VoidLookups} void)");
        Line(text, $"           {spf.Reason}");
        if (spf.Explanation is not null)
            Line(text, $"           the domain says: {spf.Explanation}");
    }

    // What a stranger wrote (HELO, tags of a signature) must not move the reader's cursor.
    private static void Line(StringBuilder text, string line)
    {
        foreach (var c in line)
            text.Append(char.IsControl(c) ? '?' : c);
        text.Append('\n');
    }

    private static string Or(string text, string otherwise) => text.Length == 0 ? otherwise : text;
}
