using System.Collections.Concurrent;
using AgentMta.Protocol.Addresses;
using AgentMta.Protocol.Mime;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>The one way in which an agent, an API client or a draft sends: policy, composition and the queue, with a fault that says what to do.</summary>
internal sealed class Submitter(
    SubmissionStore store, RawReader raws, ParseSlots slots, SendPolicy policy, Composer composer, OutboxWriter outbox, OutboundOptions options, OutboundMeter meter, TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Workspace, string Key), bool> _running = new();

    /// <summary>The <see cref="SubmitMessage"/> of the server.</summary>
    public async Task<SubmitResult> SubmitAsync(Submission submission, CancellationToken cancellationToken)
    {
        var workspace = submission.Credential.Scope.WorkspaceId;
        if (submission.IdempotencyKey is not { } key)
            return await CountedAsync(submission, cancellationToken).ConfigureAwait(false);
        if (!_running.TryAdd((workspace, key), true))
            return Conflict("The first request with this Idempotency-Key is still running.");
        try
        {
            var before = await store.FindKeyAsync(workspace, key, time.GetUtcNow() - options.IdempotencyLifetime, cancellationToken).ConfigureAwait(false);
            if (before is null)
                return await CountedAsync(submission, cancellationToken).ConfigureAwait(false);
            return before.RequestHash.AsSpan().SequenceEqual(submission.RequestHash) ? new SubmitResult(before.MessageId, before.ThreadId) : Conflict(OtherRequest);
        }
        finally
        {
            _running.TryRemove((workspace, key), out _);
        }
    }

    private const string OtherRequest = "This Idempotency-Key was used for another request.";

    private static SubmitResult Conflict(string message) => Refused(409, "conflict", message, "Use a new key for a new message.");

    private static SubmitResult Refused(int status, string code, string message, string? fix = null) => new(null, null, new SubmitFault(status, code, message, fix));

    private async Task<SubmitResult> CountedAsync(Submission submission, CancellationToken cancellationToken)
    {
        var result = await SendAsync(submission, cancellationToken).ConfigureAwait(false);
        if (result.Fault is { } fault)
            meter.Refused(fault.Code);
        return result;
    }

    // 1 sender in scope, domain verified → 2 what is answered → 3 recipients → 4 policy → 5 compose → 6 sign, store and queue in one transaction.
    private async Task<SubmitResult> SendAsync(Submission submission, CancellationToken cancellationToken)
    {
        var scope = submission.Credential.Scope.ToInbox(submission.InboxId);
        if (!submission.Credential.May(SendPolicy.Permission))
            return Refused(403, "missing_permission", "The API key may not send messages.", "Use a key with the permission message_send.");
        if (await store.SenderAsync(scope, submission.InboxId, cancellationToken).ConfigureAwait(false) is not { } sender)
            return Refused(404, "not_found", $"The inbox {submission.InboxId} does not exist.");
        if (await policy.CheckSenderAsync(sender, cancellationToken).ConfigureAwait(false) is { } unverified)
            return new SubmitResult(null, null, unverified);
        if (HeaderRules.Refusal(submission.Headers) is { } header)
            return Refused(400, "validation_error", header, "Leave it out; addresses, subject and threading have fields of their own.");
        if (submission.Subject?.Length > RowBounds.SubjectLength)
            return Refused(400, "validation_error", $"The subject has more than {RowBounds.SubjectLength} characters.", "Put the rest into the text.");
        if (LabelRefusal(submission.Labels) is { } label)
            return Refused(400, "validation_error", label);

        AnsweredMessage? answered = null;
        if (submission.Kind != SubmissionKind.Send)
        {
            answered = await AnsweredAsync(scope, submission, cancellationToken).ConfigureAwait(false);
            if (answered is null)
                return Refused(404, "not_found", $"The inbox {submission.InboxId} has no message {submission.TargetMessageId}.");
        }

        using var slot = answered?.Slot ?? default;

        var (given, invalid) = Read(submission);
        if (invalid is not null)
            return Refused(400, "validation_error", $"'{invalid}' is not a mail address.", "Write it as user@example.com or Name <user@example.com>.");
        var recipients = answered is not null && submission.Kind != SubmissionKind.Forward
            ? ReplyRules.Recipients(submission.Kind, answered.Target, sender.Address, given.To, given.Cc, given.Bcc)
            : ReplyRules.Distinct(given.To ?? [], given.Cc ?? [], given.Bcc ?? []);
        var fault = await policy.CheckRecipientsAsync(sender, [.. recipients.All], cancellationToken).ConfigureAwait(false);
        if (fault is null && answered is not null && submission.Kind != SubmissionKind.Forward)
            fault = await policy.CheckLoopAsync(sender, answered.Target, HeaderRules.IsAutomatic(submission.Headers), cancellationToken).ConfigureAwait(false);
        if (fault is not null)
            return new SubmitResult(null, null, fault);
        return await QueueAsync(submission, sender, recipients, given.ReplyTo ?? [], answered, cancellationToken).ConfigureAwait(false);
    }

    private async Task<SubmitResult> QueueAsync(Submission submission, SenderProfile sender, RecipientSet recipients, IReadOnlyList<MailAddress> replyTo, AnsweredMessage? answered, CancellationToken cancellationToken)
    {
        ReadyMessage ready;
        try
        {
            ready = composer.Compose(submission, sender, recipients, replyTo, answered);
        }
        catch (ArgumentException e)
        {
            return Refused(400, "validation_error", e.Message);
        }

        if (ready.Bytes.Length > options.MaxMessageSize)
            return Refused(413, "payload_too_large", $"The message has {ready.Bytes.Length} octets; {options.MaxMessageSize} are allowed.", "Send a link instead of the attachment.");
        try
        {
            var (messageId, threadId, isConflict) = await outbox.WriteAsync(ready, "api", cancellationToken).ConfigureAwait(false);
            return isConflict ? Conflict(OtherRequest) : new SubmitResult(messageId, threadId);
        }
        catch (InboxGoneException)
        {
            return Refused(404, "not_found", $"The inbox {submission.InboxId} does not exist.");
        }
        catch (StoreException e)
        {
            return Refused(503, "service_unavailable", e.Message, "Try again later; nothing was sent.");
        }
    }

    private async Task<AnsweredMessage?> AnsweredAsync(Scope scope, Submission submission, CancellationToken cancellationToken)
    {
        if (submission.TargetMessageId is not { } id || await store.TargetAsync(scope, submission.InboxId, id, cancellationToken).ConfigureAwait(false) is not { } target)
            return null;
        var links = await store.ThreadAsync(scope.WorkspaceId, target.ThreadId, cancellationToken).ConfigureAwait(false);
        using var stored = await raws.ReadAsync(scope.WorkspaceId, target.RawId, cancellationToken).ConfigureAwait(false);
        if (submission.Kind != SubmissionKind.Forward)
            return Answered(stored?.Bytes ?? ReadOnlyMemory<byte>.Empty, null, default);
        // What a large one takes is read, sanitised and composed here: the slot is held until it is stored.
        var slot = stored?.Bytes.Length > RawContent.InlineLimit ? await slots.EnterAsync(scope.WorkspaceId, cancellationToken).ConfigureAwait(false) : default;
        try
        {
            // Copied, as the content's texts and attachments are read when the message is composed.
            var raw = stored?.Bytes.ToArray() ?? [];
            return Answered(raw, MessageContent.Read(MimeMessage.Parse(raw)), slot);
        }
        catch
        {
            slot.Dispose();
            throw;
        }

        AnsweredMessage Answered(ReadOnlyMemory<byte> raw, MessageContent? content, ParseSlots.Slot slot)
        {
            // RFC 3834 2: whether a machine wrote it says its header.
            var automatic = HeaderList.Parse(raw).Value("Auto-Submitted") is { } marked && !marked.Trim().StartsWith("no", StringComparison.OrdinalIgnoreCase);
            return new AnsweredMessage(
                target with { AutoSubmitted = target.AutoSubmitted || automatic }, ReferenceChain.Build(target.MessageId, links), content, content is null ? ReadOnlyMemory<byte>.Empty : raw, slot);
        }
    }

    private static string? LabelRefusal(IReadOnlyList<string> labels)
    {
        foreach (var label in labels)
        {
            if (label.Length is 0 or > 256 || label.Any(char.IsControl))
                return "A label has 1 to 256 characters.";
            if (Labels.System.Contains(label.ToLowerInvariant()))
                return $"The label '{label}' is set by the server alone.";
        }

        return null;
    }

    private static (Given Given, string? Invalid) Read(Submission submission)
    {
        string? invalid = null;
        var given = new Given(Each(submission.To), Each(submission.Cc), Each(submission.Bcc), Each(submission.ReplyTo));
        return (given, invalid);

        List<MailAddress>? Each(IReadOnlyList<string>? texts)
        {
            if (texts is null)
                return null;
            var addresses = new List<MailAddress>(texts.Count);
            foreach (var text in texts)
            {
                if (AddressText.Parse(text) is { } address)
                    addresses.Add(address);
                else
                    invalid ??= text.Length > 200 ? text[..200] : text;
            }

            return addresses;
        }
    }

    private sealed record Given(List<MailAddress>? To, List<MailAddress>? Cc, List<MailAddress>? Bcc, List<MailAddress>? ReplyTo);
}
