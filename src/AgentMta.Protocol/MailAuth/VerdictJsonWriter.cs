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
        json.WriteString("client_ip"u8, verdict.ClientAddress.ToString());
        json.WriteString("helo"u8, verdict.Helo);
        json.WriteString("mail_from"u8, verdict.MailFrom);
        Strings(json, "header_from"u8, verdict.AuthorDomains);
        Spf(json, "spf"u8, verdict.Spf);
        Spf(json, "spf_helo"u8, verdict.SpfHelo);
        json.WriteStartArray("dkim"u8);
        foreach (var signature in verdict.Dkim)
            Dkim(json, signature, verdict.Dmarc);
        json.WriteEndArray();
        Dmarc(json, verdict.Dmarc);
        Arc(json, verdict.Arc);
        json.WriteStartObject("iprev"u8);
        Result(json, verdict.Iprev.Status);
        Optional(json, "name"u8, verdict.Iprev.Name);
        json.WriteString("reason"u8, verdict.Iprev.Reason);
        json.WriteEndObject();
        json.WriteBoolean("aligned"u8, verdict.HasAlignedPass);
        Strings(json, "for_pass"u8, verdict.ForPass);
        Evidence(json, verdict);
        json.WriteEndObject();
    }

    /// <summary>The results alone, under the names that the whole verdict has for them, as one object at the writer's position: what a list of messages can carry.</summary>
    public static void WriteSummary(Utf8JsonWriter json, AuthenticationVerdict verdict)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(verdict);
        json.WriteStartObject();
        json.WriteStartObject("spf"u8);
        Result(json, verdict.Spf.Status);
        json.WriteString("domain"u8, verdict.Spf.Domain);
        json.WriteEndObject();
        json.WriteStartArray("dkim"u8);
        for (var i = 0; i < Math.Min(verdict.Dkim.Count, SummarySignatures); i++)
        {
            var signature = verdict.Dkim[i];
            json.WriteStartObject();
            Result(json, signature.Status);
            Optional(json, "domain"u8, signature.Domain);
            json.WriteBoolean("aligned"u8, IsAligned(signature, verdict.Dmarc));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("dmarc"u8);
        Result(json, verdict.Dmarc.Status);
        Optional(json, "header_from"u8, verdict.Dmarc.AuthorDomain);
        json.WriteEndObject();
        json.WriteBoolean("aligned"u8, verdict.HasAlignedPass);
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

    private static void Spf(Utf8JsonWriter json, ReadOnlySpan<byte> name, SpfResult spf)
    {
        json.WriteStartObject(name);
        Result(json, spf.Status);
        json.WriteString("identity"u8, spf.Identity == SpfIdentity.Helo ? "helo" : "mailfrom");
        json.WriteString("domain"u8, spf.Domain);
        Optional(json, "mechanism"u8, spf.Mechanism);
        Optional(json, "explanation"u8, spf.Explanation);
        json.WriteString("reason"u8, spf.Reason);
        json.WriteNumber("lookups"u8, spf.Lookups);
        json.WriteNumber("void_lookups"u8, spf.VoidLookups);
        json.WriteEndObject();
    }

    private static void Dkim(Utf8JsonWriter json, DkimResult signature, DmarcResult dmarc)
    {
        json.WriteStartObject();
        Result(json, signature.Status);
        Optional(json, "domain"u8, signature.Domain);
        Optional(json, "selector"u8, signature.Selector);
        Optional(json, "identity"u8, signature.Identity);
        Optional(json, "algorithm"u8, signature.Algorithm);
        Optional(json, "reason"u8, signature.Reason);
        json.WriteBoolean("aligned"u8, IsAligned(signature, dmarc));
        Optional(json, "canonicalization"u8, signature.Canonicalization);
        if (signature.SignedHeaders.Count > 0)
            Strings(json, "signed_headers"u8, signature.SignedHeaders);
        if (signature.BodyLimit is { } limit)
            json.WriteNumber("body_limit"u8, limit);
        if (signature.SignedAt is { } signed)
            json.WriteString("signed_at"u8, signed);
        if (signature.ExpiresAt is { } expires)
            json.WriteString("expires_at"u8, expires);
        if (signature.KeyName is not null)
            Key(json, signature);
        json.WriteEndObject();
    }

    private static void Key(Utf8JsonWriter json, DkimResult signature)
    {
        json.WriteStartObject("key"u8);
        json.WriteString("name"u8, signature.KeyName);
        Optional(json, "record"u8, signature.KeyRecord);
        if (signature.KeyBits is { } bits)
            json.WriteNumber("bits"u8, bits);
        if (signature.KeyTtl is { } ttl)
            json.WriteNumber("ttl"u8, ttl);
        json.WriteBoolean("authenticated"u8, signature.KeyAuthenticated);
        json.WriteBoolean("testing"u8, signature.Testing);
        json.WriteEndObject();
    }

    private static void Dmarc(Utf8JsonWriter json, DmarcResult dmarc)
    {
        json.WriteStartObject("dmarc"u8);
        Result(json, dmarc.Status);
        Optional(json, "header_from"u8, dmarc.AuthorDomain);
        json.WriteString("policy"u8, EnumWord.Of(dmarc.Policy ?? DmarcPolicy.None));
        Optional(json, "policy_tag"u8, dmarc.PolicyTag);
        Optional(json, "policy_domain"u8, dmarc.PolicyDomain);
        Optional(json, "org_domain"u8, dmarc.OrganizationalDomain);
        json.WriteString("disposition"u8, EnumWord.Of(dmarc.Disposition));
        json.WriteString("reason"u8, dmarc.Reason);
        Optional(json, "record"u8, dmarc.Record?.Text);
        json.WriteStartArray("alignment"u8);
        foreach (var alignment in dmarc.Alignments)
        {
            json.WriteStartObject();
            json.WriteString("method"u8, alignment.Method);
            json.WriteString("domain"u8, alignment.Domain);
            if (alignment.Aligned is { } aligned)
                json.WriteBoolean("aligned"u8, aligned);
            else
                json.WriteNull("aligned"u8);
            json.WriteString("mode"u8, alignment.Strict ? "strict" : "relaxed");
            Optional(json, "org_domain"u8, alignment.OrganizationalDomain);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (dmarc.Override is { } excused)
        {
            json.WriteStartObject("override"u8);
            json.WriteString("type"u8, excused.Type);
            json.WriteString("by"u8, excused.By);
            json.WriteString("reason"u8, excused.Reason);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Arc(Utf8JsonWriter json, ArcResult arc)
    {
        json.WriteStartObject("arc"u8);
        Result(json, arc.Status);
        json.WriteNumber("instances"u8, arc.Instances);
        Optional(json, "reason"u8, arc.Reason);
        json.WriteStartArray("seals"u8);
        foreach (var seal in arc.Seals)
        {
            json.WriteStartObject();
            json.WriteNumber("instance"u8, seal.Instance);
            Optional(json, "domain"u8, seal.Domain);
            Optional(json, "selector"u8, seal.Selector);
            Optional(json, "cv"u8, seal.ChainValidation);
            if (seal.Verified is { } verified)
                json.WriteBoolean("verified"u8, verified);
            Optional(json, "authentication_results"u8, seal.AuthenticationResults);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Evidence(Utf8JsonWriter json, AuthenticationVerdict verdict)
    {
        json.WriteStartObject("dns"u8);
        json.WriteNumber("time_ms"u8, Math.Round(verdict.DnsTime.TotalMilliseconds, 3));
        json.WriteStartArray("lookups"u8);
        for (var i = 0; i < verdict.Evidence.Count; i++)
        {
            var lookup = verdict.Evidence[i];
            json.WriteStartObject();
            json.WriteString("name"u8, lookup.Name);
            json.WriteString("type"u8, Enum.GetName(lookup.Type) ?? lookup.Type.ToString());
            json.WriteString("status"u8, EnumWord.Of(lookup.Status));
            json.WriteNumber("records"u8, lookup.Records);
            json.WriteNumber("ttl"u8, lookup.Ttl);
            json.WriteBoolean("authenticated"u8, lookup.Authenticated);
            json.WriteNumber("time_ms"u8, Math.Round(lookup.Elapsed.TotalMilliseconds, 3));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Result<T>(Utf8JsonWriter json, T status)
        where T : struct, Enum => json.WriteString("result"u8, EnumWord.Of(status));

    private static void Optional(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void Strings(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        for (var i = 0; i < values.Count; i++)
            json.WriteStringValue(values[i]);
        json.WriteEndArray();
    }
}
