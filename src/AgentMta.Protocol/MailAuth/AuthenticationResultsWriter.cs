using System.Net;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Writes what was found out as an Authentication-Results field (RFC 8601 2.2): results in the order added, quoted and folded.</summary>
public sealed class AuthenticationResultsWriter
{
    private const string FieldName = "Authentication-Results:";
    private const int MaxReason = 200;
    private const int UsualPieces = 5;

    private readonly string _authservId;
    private readonly List<List<string>> _results = [];

    /// <summary>A writer for the results of one server.</summary>
    public AuthenticationResultsWriter(string authservId)
    {
        ArgumentException.ThrowIfNullOrEmpty(authservId);
        _authservId = HeaderValue.Value(authservId);
    }

    /// <summary>All results of a verdict, as the field with its final CRLF.</summary>
    public static string Field(string authservId, AuthenticationVerdict verdict) => For(authservId, verdict).ToField();

    /// <summary>A writer that holds all results of a verdict.</summary>
    public static AuthenticationResultsWriter For(string authservId, AuthenticationVerdict verdict)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        var writer = new AuthenticationResultsWriter(authservId);
        writer.AddSpf(verdict.Spf, verdict.MailFrom);
        if (verdict.MailFrom.Length > 0 && verdict.SpfHelo.Status != SpfStatus.None)
            writer.AddSpf(verdict.SpfHelo, verdict.MailFrom);
        writer.AddDkim(verdict.Dkim);
        writer.AddDmarc(verdict.Dmarc);
        if (verdict.Arc.Status != ArcStatus.None)
            writer.AddArc(verdict.Arc, verdict.ClientAddress);
        writer.AddIprev(verdict.Iprev, verdict.ClientAddress);
        return writer;
    }

    /// <summary>RFC 8601 2.7.2: the property names the identity that was checked; the null reverse-path stands for the HELO name.</summary>
    public void AddSpf(SpfResult spf, string mailFrom)
    {
        ArgumentNullException.ThrowIfNull(spf);
        ArgumentNullException.ThrowIfNull(mailFrom);
        var result = Begin("spf", EnumWord.Of(spf.Status), spf.Status == SpfStatus.Pass ? null : spf.Reason);
        if (spf.Identity == SpfIdentity.MailFrom && mailFrom.Length > 0)
            result.Add("smtp.mailfrom=" + HeaderValue.Address(mailFrom));
        else if (spf.Domain.Length > 0)
            result.Add("smtp.helo=" + HeaderValue.Value(spf.Domain));
    }

    /// <summary>RFC 8601 2.7.1: one result a signature; `none` where there is no signature.</summary>
    public void AddDkim(IReadOnlyList<DkimResult> signatures)
    {
        ArgumentNullException.ThrowIfNull(signatures);
        if (signatures.Count == 0)
            Begin("dkim", "none", null);
        foreach (var signature in signatures)
        {
            var result = Begin("dkim", EnumWord.Of(signature.Status), signature.Reason);
            AddProperty(result, "header.d", signature.Domain);
            if (signature.Identity is { } identity && identity != "@" + signature.Domain)
                result.Add("header.i=" + HeaderValue.Address(identity));
            AddProperty(result, "header.s", signature.Selector);
            AddProperty(result, "header.a", signature.Algorithm);
            AddProperty(result, "header.b", signature.SignaturePrefix); // RFC 6008
        }
    }

    /// <summary>RFC 9989 9.1: the author domain, and the policy record that was followed.</summary>
    public void AddDmarc(DmarcResult dmarc)
    {
        ArgumentNullException.ThrowIfNull(dmarc);
        var result = Begin("dmarc", EnumWord.Of(dmarc.Status), dmarc.Status == DmarcStatus.Pass ? null : dmarc.Reason);
        AddProperty(result, "header.from", dmarc.AuthorDomain);
        if (dmarc.Policy is null || dmarc.Record is null)
            return;
        AddProperty(result, "polrec.p", EnumWord.Of(dmarc.Record.P ?? DmarcPolicy.None));
        if (dmarc.PolicyDomain != dmarc.AuthorDomain)
            AddProperty(result, "polrec.domain", dmarc.PolicyDomain);
        if (dmarc.Override is { } excused)
            result.Add(HeaderValue.Comment($"overridden: {excused.Type} {excused.By}"));
    }

    /// <summary>RFC 8617 10.2.</summary>
    public void AddArc(ArcResult arc, IPAddress client)
    {
        ArgumentNullException.ThrowIfNull(arc);
        var result = Begin("arc", EnumWord.Of(arc.Status), arc.Reason);
        if (arc.Seals is [.., { Domain: { } sealer }])
            result.Add(HeaderValue.Comment($"i={arc.Instances} sealed by {sealer}"));
        AddProperty(result, "smtp.remote-ip", client.ToString());
    }

    /// <summary>RFC 8601 2.7.3.</summary>
    public void AddIprev(IprevResult iprev, IPAddress client)
    {
        ArgumentNullException.ThrowIfNull(iprev);
        var result = Begin("iprev", EnumWord.Of(iprev.Status), null);
        if (iprev.Name is not null)
            result.Add(HeaderValue.Comment(iprev.Name));
        AddProperty(result, "policy.iprev", client.ToString());
    }

    /// <summary>RFC 8601 2.7.4: a submission by an authenticated client.</summary>
    public void AddAuth(string? identity)
    {
        var result = Begin("auth", "pass", null);
        if (identity is not null)
            result.Add("smtp.auth=" + HeaderValue.Address(identity));
    }

    /// <summary>The whole field, folded under 78 columns where words allow it, with its final CRLF.</summary>
    public string ToField() => Fold(FieldName);

    /// <summary>The results on one line without the authserv-id, as a sealer keeps them (RFC 8617 4.1.1).</summary>
    public string ToResults() => _results.Count == 0 ? "none" : string.Join("; ", _results.Select(r => string.Join(' ', r)));

    private static void AddProperty(List<string> result, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            result.Add(string.Concat(name, "=", HeaderValue.Value(value)));
    }

    // RFC 8601 2.2: methodspec, then reasonspec.
    private List<string> Begin(string method, string result, string? reason)
    {
        var pieces = new List<string>(UsualPieces) { string.Concat(method, "=", result) };
        if (!string.IsNullOrEmpty(reason))
            pieces.Add("reason=" + HeaderValue.Quote(reason.Length > MaxReason ? reason[..MaxReason] : reason));
        _results.Add(pieces);
        return pieces;
    }

    private string Fold(string name)
    {
        var text = new FoldingText(name);
        text.Add(_authservId);
        text.Append(";");
        if (_results.Count == 0)
            text.Add("none");
        for (var i = 0; i < _results.Count; i++)
        {
            text.NewLine();
            for (var j = 0; j < _results[i].Count; j++)
            {
                // Comments and quoted strings may fold at their spaces (RFC 5322 3.2.2, 3.2.4).
                text.AddWords(_results[i][j]);
                if (j == _results[i].Count - 1 && i < _results.Count - 1)
                    text.Append(";");
            }
        }

        text.Append("\r\n");
        return text.ToString();
    }
}
