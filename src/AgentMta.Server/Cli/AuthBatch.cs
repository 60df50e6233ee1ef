using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.MailAuth.Arc;
using AgentMta.Protocol.MailAuth.Dmarc;
using AgentMta.Protocol.MailAuth.Spf;
using AgentMta.Server.Resolver;

namespace AgentMta.Server.Cli;

/// <summary>Answers requests line by line: each answer is written out before the next line is read, and a bad line costs only itself.</summary>
internal sealed class AuthBatch(Func<IDnsLookup> network, PublicSuffixFile suffixes, TimeProvider time)
{
    private static readonly byte[] NewLine = "\n"u8.ToArray();
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads JSON lines to the end of the input; one line out for each that is not empty.</summary>
    public async Task RunAsync(TextReader input, Stream output, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        while (await input.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            buffer.ResetWrittenCount();
            using (var json = new Utf8JsonWriter(buffer, Readable))
                await AnswerAsync(line, json, cancellationToken).ConfigureAwait(false);
            await output.WriteAsync(buffer.WrittenMemory, cancellationToken).ConfigureAwait(false);
            await output.WriteAsync(NewLine, cancellationToken).ConfigureAwait(false);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AnswerAsync(string line, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        JsonElement? id = null;
        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new JsonException("the line is no JSON object");
            id = document.RootElement.TryGetProperty("id", out var given) ? given.Clone() : null;
            await AnswerAsync(AuthBatchRequest.Parse(document.RootElement, id), json, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            json.Reset();
            Begin(json, id);
            json.WriteString("error", e.Message);
            json.WriteEndObject();
        }
    }

    private async Task AnswerAsync(AuthBatchRequest request, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        if (request.OrgDomainOf is { } name)
        {
            var list = suffixes.Current ?? throw new IOException("there is no public suffix list; install the package publicsuffix or name a file with --public-suffix-list");
            Begin(json, request.Id);
            json.WriteString("org_domain", list.RegistrableDomain(name));
            json.WriteEndObject();
            return;
        }

        var now = request.At ?? time.GetUtcNow();
        var dns = new DnsBudget(request.Zone is null ? network() : request.Zone, time);
        if (request.HeaderFrom is { } from)
        {
            var asked = new DmarcRequest([.. from.Select(f => MailDomain.OfAddress(f) ?? "")], request.DkimPassDomains, request.SpfPassDomains, request.Spec);
            var dmarc = await DmarcEvaluator.EvaluateAsync(asked, dns, SuffixesFor(request.Spec), cancellationToken).ConfigureAwait(false);
            Begin(json, request.Id);
            Dmarc(json, dmarc);
            json.WriteEndObject();
            return;
        }

        var ip = request.Ip ?? throw new JsonException("ip is missing");
        if (request.MessageFile is null)
        {
            var spf = await SpfVerifier.VerifyAsync(new SpfRequest(ip, request.Helo, request.MailFrom, Now: now), dns, cancellationToken).ConfigureAwait(false);
            Begin(json, request.Id);
            Spf(json, spf);
            json.WriteEndObject();
            return;
        }

        var verdict = await MailAuthenticator.AuthenticateAsync(
            new MailAuthRequest
            {
                Message = await File.ReadAllBytesAsync(request.MessageFile, cancellationToken).ConfigureAwait(false),
                ClientAddress = ip,
                Helo = request.Helo,
                MailFrom = request.MailFrom,
                Now = now,
                DmarcSpec = request.Spec,
                PublicSuffixes = SuffixesFor(request.Spec),
            },
            dns, cancellationToken).ConfigureAwait(false);
        Begin(json, request.Id);
        Spf(json, verdict.Spf);
        Dkim(json, verdict);
        Dmarc(json, verdict.Dmarc);
        Arc(json, verdict.Arc);
        json.WriteEndObject();
    }

    private PublicSuffixList? SuffixesFor(DmarcSpec spec) => spec == DmarcSpec.Rfc7489 ? suffixes.Current : null;

    private static void Begin(Utf8JsonWriter json, JsonElement? id)
    {
        json.WriteStartObject();
        json.WritePropertyName("id");
        if (id is { } given)
            json.WriteRawValue(given.GetRawText(), skipInputValidation: true); // as given, even an escape that is no character
        else
            json.WriteNullValue();
    }

    private static void Spf(Utf8JsonWriter json, SpfResult spf)
    {
        json.WriteStartObject("spf");
        json.WriteString("result", EnumWord.Of(spf.Status));
        json.WriteString("domain", spf.Domain);
        if (spf.Explanation is not null)
            json.WriteString("explanation", spf.Explanation);
        json.WriteEndObject();
    }

    private static void Dkim(Utf8JsonWriter json, AuthenticationVerdict verdict)
    {
        json.WriteStartArray("dkim");
        foreach (var signature in verdict.Dkim)
        {
            json.WriteStartObject();
            json.WriteString("result", EnumWord.Of(signature.Status));
            json.WriteString("domain", signature.Domain);
            json.WriteString("selector", signature.Selector);
            if (signature.Reason is not null)
                json.WriteString("reason", signature.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Dmarc(Utf8JsonWriter json, DmarcResult dmarc)
    {
        json.WriteStartObject("dmarc");
        json.WriteString("result", EnumWord.Of(dmarc.Status));
        json.WriteString("policy", dmarc.Policy is { } policy ? EnumWord.Of(policy) : null);
        json.WriteString("org_domain", dmarc.OrganizationalDomain);
        json.WriteString("disposition", EnumWord.Of(dmarc.Disposition));
        json.WriteEndObject();
    }

    private static void Arc(Utf8JsonWriter json, ArcResult arc)
    {
        json.WriteStartObject("arc");
        json.WriteString("result", EnumWord.Of(arc.Status));
        json.WriteNumber("instances", arc.Instances);
        json.WriteEndObject();
    }
}
