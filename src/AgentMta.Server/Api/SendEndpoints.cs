using System.Security.Cryptography;
using System.Text;
using AgentMta.Server.Model;
using Microsoft.AspNetCore.Http;

namespace AgentMta.Server.Api;

/// <summary>An attachment to be sent: its bytes as base64, or a URL to fetch them from.</summary>
internal sealed record SendAttachment
{
    public string? Filename { get; init; }

    public string? ContentType { get; init; }

    public string? ContentDisposition { get; init; }

    public string? ContentId { get; init; }

    public string? Content { get; init; }

    public string? Url { get; init; }
}

/// <summary>A message to be sent, a reply or a forward.</summary>
internal sealed record SendMessageRequest
{
    public OneOrMany? To { get; init; }

    public OneOrMany? Cc { get; init; }

    public OneOrMany? Bcc { get; init; }

    public OneOrMany? ReplyTo { get; init; }

    public string? Subject { get; init; }

    public string? Text { get; init; }

    public string? Html { get; init; }

    public List<string>? Labels { get; init; }

    public List<SendAttachment>? Attachments { get; init; }

    public Dictionary<string, string>? Headers { get; init; }

    public bool? TrackOpens { get; init; }

    public bool? ReplyAll { get; init; }
}

/// <summary>The ids of a message that is stored and queued.</summary>
internal sealed record SendMessageResponse(string MessageId, string ThreadId);

/// <summary>Send, reply, reply-all and forward.</summary>
internal sealed class SendEndpoints(ApiServices services)
{
    private const string Root = "/v0/inboxes/{inbox_id}/messages";

    private readonly AttachmentReader _attachments = new(services);
    private readonly MessageEndpoints _messages = new(services);

    /// <summary>Registers the routes.</summary>
    public static void Map(ApiRoutes routes)
    {
        var endpoints = new SendEndpoints(routes.Services);
        Add(routes, Root + "/send", "Send a message.", call => endpoints.SendAsync(call, SubmissionKind.Send));
        Add(routes, Root + "/{message_id}/reply", "Answer a message.", call => endpoints.SendAsync(call, SubmissionKind.Reply));
        Add(routes, Root + "/{message_id}/reply-all", "Answer a message to all of its people.", call => endpoints.SendAsync(call, SubmissionKind.ReplyAll));
        Add(routes, Root + "/{message_id}/forward", "Forward a message.", call => endpoints.SendAsync(call, SubmissionKind.Forward));
    }

    private static void Add(ApiRoutes routes, string pattern, string summary, Func<ApiCall, Task<IResult>> handler) => routes.Map(
        new ApiRoute
        {
            Method = "POST", Pattern = pattern, Permission = "message_send", Summary = summary, Request = ApiJson.Wire.SendMessageRequest, Response = ApiJson.Wire.SendMessageResponse,
            IsIdempotent = true, Errors = [409, 422],
        },
        handler);

    private async Task<IResult> SendAsync(ApiCall call, SubmissionKind kind)
    {
        var key = ClientIds.IdempotencyKey(call);
        var (wanted, bytes) = await call.BodyWithBytesAsync(ApiJson.Wire.SendMessageRequest).ConfigureAwait(false);
        var labels = LabelChange.ReadLabels(wanted.Labels);
        // What the key may not see it may not quote either.
        if (kind != SubmissionKind.Send)
            await _messages.FindAsync(call).ConfigureAwait(false);
        var submission = new Submission
        {
            Credential = call.Credential,
            InboxId = call.Inbox.InboxId,
            Kind = kind == SubmissionKind.Reply && wanted.ReplyAll == true ? SubmissionKind.ReplyAll : kind,
            TargetMessageId = kind == SubmissionKind.Send ? null : call["message_id"],
            To = wanted.To,
            Cc = wanted.Cc,
            Bcc = wanted.Bcc,
            ReplyTo = wanted.ReplyTo,
            Subject = wanted.Subject,
            Text = wanted.Text,
            Html = wanted.Html,
            Labels = labels,
            Attachments = await _attachments.ReadAsync(wanted.Attachments, call.Aborted).ConfigureAwait(false),
            Headers = wanted.Headers ?? [],
            IdempotencyKey = key,
            RequestHash = key is null ? null : Hash(call.Context.Request.Path.Value!, bytes.Span),
        };
        // What is accepted stays accepted, whether or not the caller still listens.
        var result = await services.Submit(submission, CancellationToken.None).ConfigureAwait(false);
        if (result.Fault is { } fault)
            throw ApiException.From(fault);
        return TypedResults.Json(new SendMessageResponse(result.MessageId!, result.ThreadId!), ApiJson.Wire.SendMessageResponse);
    }

    /// <summary>What tells one request from another under the same Idempotency-Key.</summary>
    public static byte[] Hash(string path, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(path + "\n"));
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }
}
