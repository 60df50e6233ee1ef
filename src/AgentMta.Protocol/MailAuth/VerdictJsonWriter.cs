using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;

namespace AgentMta.Protocol.MailAuth;

/// <summary>Writes verdicts as JSON: snake_case, results in the words of RFC 8601, absent values left out. Names are a contract and only ever added to.</summary>
public static class VerdictJsonWriter
{
    private const int SummarySignatures = 8;

    // The object goes out as JSON, never into a page: quotes and names beyond ASCII stay readable.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The verdict as text.</summary>
    public static string ToJson(AuthenticationVerdict verdict)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, Readable))
            Write(json, verdict);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The verdict as one object at the writer's position.</summary>
    public static void Write(Utf8JsonWriter json, AuthenticationVerdict verdict)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(verdict);
        json.WriteStartObject();
        json.WriteString("client_ip", verdict.ClientAddress.ToString());
        json.WriteString("helo", verdict.Helo);
        json.WriteString("mail_from", verdict.MailFrom);
        Strings(json, "header_from", verdict.AuthorDomains);
        Spf(json, "spf", verdict.Spf);
        Spf(json, "spf_helo", verdict.SpfHelo);
        json.WriteStartArray("dkim");
        foreach (var signature in verdict.Dkim)
            Dkim(json, signature, verdict.Dmarc);
        json.WriteEndArray();
        Dmarc(json, verdict.Dmarc);
        Arc(json, verdict.Arc);
        json.WriteStartObject("iprev");
        Result(json, verdict.Iprev.Status);
        Optional(json, "name", verdict.Iprev.Name);
        json.WriteString("reason", verdict.Iprev.Reason);
        json.WriteEndObject();
        json.WriteBoolean("aligned", verdict.HasAlignedPass);
        Strings(json, "for_pass", verdict.ForPass);
        Evidence(json, verdict);
        json.WriteEndObject();
    }

    /// <summary>The results alone, under the names that the whole verdict has for them, as one object at the writer's position: what a list of messages can carry.</summary>
    public static void WriteSummary(Utf8JsonWriter json, AuthenticationVerdict verdict)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(verdict);
        json.WriteStartObject();
        json.WriteStartObject("spf");
        Result(json, verdict.Spf.Status);
        json.WriteString("domain", verdict.Spf.Domain);
        json.WriteEndObject();
        json.WriteStartArray("dkim");
        for (var i = 0; i < Math.Min(verdict.Dkim.Count, SummarySignatures); i++)
        {
            var signature = verdict.Dkim[i];
            json.WriteStartObject();
            Result(json, signature.Status);
            Optional(json, "domain", signature.Domain);
            json.WriteBoolean("aligned", IsAligned(signature, verdict.Dmarc));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("dmarc");
        Result(json, verdict.Dmarc.Status);
        Optional(json, "header_from", verdict.Dmarc.AuthorDomain);
        json.WriteEndObject();
        json.WriteBoolean("aligned", verdict.HasAlignedPass);
        json.WriteEndObject();
    }

    private static bool IsAligned(DkimResult signature, DmarcResult dmarc)
    {
        for (var i = 0; signature.Status == DkimStatus.Pass && i < dmarc.Alignments.Count; i++)
        {
            if (dmarc.Alignments[i] is { Method: "dkim", Aligned: true } alignment && alignment.Domain == signature.Domain)
                return true;
        }

        return false;
    }

    private static void Spf(Utf8JsonWriter json, string name, SpfResult spf)
    {
        json.WriteStartObject(name);
        Result(json, spf.Status);
        json.WriteString("identity", spf.Identity == SpfIdentity.Helo ? "helo" : "mailfrom");
        json.WriteString("domain", spf.Domain);
        Optional(json, "mechanism", spf.Mechanism);
        Optional(json, "explanation", spf.Explanation);
        json.WriteString("reason", spf.Reason);
        json.WriteNumber("lookups", spf.Lookups);
        json.WriteNumber("void_lookups", spf.VoidLookups);
        json.WriteEndObject();
    }

    private static void Dkim(Utf8JsonWriter json, DkimResult signature, DmarcResult dmarc)
    {
        json.WriteStartObject();
        Result(json, signature.Status);
        Optional(json, "domain", signature.Domain);
        Optional(json, "selector", signature.Selector);
        Optional(json, "identity", signature.Identity);
        Optional(json, "algorithm", signature.Algorithm);
        Optional(json, "reason", signature.Reason);
        json.WriteBoolean("aligned", IsAligned(signature, dmarc));
        Optional(json, "canonicalization", signature.Canonicalization);
        if (signature.SignedHeaders.Count > 0)
            Strings(json, "signed_headers", signature.SignedHeaders);
        if (signature.BodyLimit is { } limit)
            json.WriteNumber("body_limit", limit);
        if (signature.SignedAt is { } signed)
            json.WriteString("signed_at", signed);
        if (signature.ExpiresAt is { } expires)
            json.WriteString("expires_at", expires);
        if (signature.KeyName is not null)
            Key(json, signature);
        json.WriteEndObject();
    }

    private static void Key(Utf8JsonWriter json, DkimResult signature)
    {
        json.WriteStartObject("key");
        json.WriteString("name", signature.KeyName);
        Optional(json, "record", signature.KeyRecord);
        if (signature.KeyBits is { } bits)
            json.WriteNumber("bits", bits);
        if (signature.KeyTtl is { } ttl)
            json.WriteNumber("ttl", ttl);
        json.WriteBoolean("authenticated", signature.KeyAuthenticated);
        json.WriteBoolean("testing", signature.Testing);
        json.WriteEndObject();
    }

    private static void Dmarc(Utf8JsonWriter json, DmarcResult dmarc)
    {
        json.WriteStartObject("dmarc");
        Result(json, dmarc.Status);
        Optional(json, "header_from", dmarc.AuthorDomain);
        json.WriteString("policy", EnumWord.Of(dmarc.Policy ?? DmarcPolicy.None));
        Optional(json, "policy_tag", dmarc.PolicyTag);
        Optional(json, "policy_domain", dmarc.PolicyDomain);
        Optional(json, "org_domain", dmarc.OrganizationalDomain);
        json.WriteString("disposition", EnumWord.Of(dmarc.Disposition));
        json.WriteString("reason", dmarc.Reason);
        Optional(json, "record", dmarc.Record?.Text);
        json.WriteStartArray("alignment");
        foreach (var alignment in dmarc.Alignments)
        {
            json.WriteStartObject();
            json.WriteString("method", alignment.Method);
            json.WriteString("domain", alignment.Domain);
            if (alignment.Aligned is { } aligned)
                json.WriteBoolean("aligned", aligned);
            else
                json.WriteNull("aligned");
            json.WriteString("mode", alignment.Strict ? "strict" : "relaxed");
            Optional(json, "org_domain", alignment.OrganizationalDomain);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (dmarc.Override is { } excused)
        {
            json.WriteStartObject("override");
            json.WriteString("type", excused.Type);
            json.WriteString("by", excused.By);
            json.WriteString("reason", excused.Reason);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Arc(Utf8JsonWriter json, ArcResult arc)
    {
        json.WriteStartObject("arc");
        Result(json, arc.Status);
        json.WriteNumber("instances", arc.Instances);
        Optional(json, "reason", arc.Reason);
        json.WriteStartArray("seals");
        foreach (var seal in arc.Seals)
        {
            json.WriteStartObject();
            json.WriteNumber("instance", seal.Instance);
            Optional(json, "domain", seal.Domain);
            Optional(json, "selector", seal.Selector);
            Optional(json, "cv", seal.ChainValidation);
            if (seal.Verified is { } verified)
                json.WriteBoolean("verified", verified);
            Optional(json, "authentication_results", seal.AuthenticationResults);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Evidence(Utf8JsonWriter json, AuthenticationVerdict verdict)
    {
        json.WriteStartObject("dns");
        json.WriteNumber("time_ms", Math.Round(verdict.DnsTime.TotalMilliseconds, 3));
        json.WriteStartArray("lookups");
        for (var i = 0; i < verdict.Evidence.Count; i++)
        {
            var lookup = verdict.Evidence[i];
            json.WriteStartObject();
            json.WriteString("name", lookup.Name);
            json.WriteString("type", Enum.GetName(lookup.Type) ?? lookup.Type.ToString());
            json.WriteString("status", EnumWord.Of(lookup.Status));
            json.WriteNumber("records", lookup.Records);
            json.WriteNumber("ttl", lookup.Ttl);
            json.WriteBoolean("authenticated", lookup.Authenticated);
            json.WriteNumber("time_ms", Math.Round(lookup.Elapsed.TotalMilliseconds, 3));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Result<T>(Utf8JsonWriter json, T status)
        where T : struct, Enum => json.WriteString("result", EnumWord.Of(status));

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void Strings(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        for (var i = 0; i < values.Count; i++)
            json.WriteStringValue(values[i]);
        json.WriteEndArray();
    }
}
