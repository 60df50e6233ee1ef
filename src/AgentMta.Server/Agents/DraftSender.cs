using System.Security.Cryptography;
using System.Text;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Agents;

/// <summary>How a draft is to be sent.</summary>
/// <param name="Credential">Whose right it is.</param>
/// <param name="IsScheduled">Its time has come; otherwise somebody asked for it now.</param>
/// <param name="Labels">What becomes of its labels.</param>
/// <param name="Key">The caller's Idempotency-Key with the hash of the request.</param>
internal sealed record DraftSending(Credential Credential, bool IsScheduled, Func<IReadOnlyList<string>, IEnumerable<string>> Labels, (string Key, byte[] Hash)? Key = null);

/// <summary>Sends a draft once: its id is an idempotency key, so that a crash between sending and deleting sends nothing twice.</summary>
internal sealed class DraftSender(Database database, SubmitMessage submit)
{
    private static readonly SubmitResult Running = new(null, null, new SubmitFault(409, "conflict", "The draft is being sent already, or its schedule was changed.", "Read the draft again."));

    private readonly DraftStore _drafts = new(database);

    /// <summary>Sends and deletes the draft. A fault leaves it: one whose time had come as failed, or to be tried again where nothing is wrong with the draft itself; any other as it was.</summary>
    public async Task<SubmitResult> SendAsync(Scope scope, string draftId, DraftSending sending)
    {
        if (await _drafts.BeginSendingAsync(scope, draftId, sending.IsScheduled, CancellationToken.None).ConfigureAwait(false) is not { } draft)
            return Running;
        var files = await _drafts.ContentsAsync(draft.WorkspaceId, draft.DraftId, null, CancellationToken.None).ConfigureAwait(false);
        var result = await submit(Submission(draft, sending, files), CancellationToken.None).ConfigureAwait(false);
        await database.WriteAsync(session => End(session, draft, sending, result), CancellationToken.None).ConfigureAwait(false);
        return result;
    }

    /// <summary>At the start of the process: whatever was being sent when the last one ended.</summary>
    public Task ReleaseAbandonedAsync(CancellationToken cancellationToken) => _drafts.ReleaseAbandonedAsync(Key, cancellationToken);

    private static string Key(Draft draft) => "draft~" + draft.DraftId;

    private static Submission Submission(Draft draft, DraftSending sending, IReadOnlyList<SubmittedAttachment> files)
    {
        var content = draft.Content;
        return new Submission
        {
            Credential = sending.Credential,
            InboxId = draft.InboxId,
            Kind = content.ForwardOf is not null ? SubmissionKind.Forward : content.InReplyTo is null ? SubmissionKind.Send : content.ReplyAll ? SubmissionKind.ReplyAll : SubmissionKind.Reply,
            TargetMessageId = content.InReplyTo ?? content.ForwardOf,
            To = Given(content.To, content),
            Cc = Given(content.Cc, content),
            Bcc = Given(content.Bcc, content),
            ReplyTo = content.ReplyTo,
            Subject = content.Subject,
            Text = content.Text,
            Html = content.Html,
            Labels = [.. sending.Labels([.. draft.Labels.Where(l => l != Labels.Scheduled)])],
            Attachments = files,
            IdempotencyKey = Key(draft),
            RequestHash = SHA256.HashData(Encoding.ASCII.GetBytes(draft.DraftId)),
        };
    }

    private static void End(WriteSession session, Draft draft, DraftSending sending, SubmitResult result)
    {
        var scope = new Scope(draft.WorkspaceId);
        if (result.Fault is not { } fault)
        {
            DraftStore.Delete(session, scope, draft.DraftId);
            if (sending.Key is { } given)
                SubmissionStore.InsertKey(session, draft.WorkspaceId, given.Key, new SentBefore(given.Hash, result.MessageId!, result.ThreadId!));
        }
        else if (DraftStore.Get(session, scope, draft.DraftId) is { } left)
        {
            var isPassing = fault.Status is 429 or 503;
            var status = !sending.IsScheduled ? draft.SendStatus == Draft.Sending ? null : draft.SendStatus : isPassing ? Draft.Scheduled : Draft.Failed;
            DraftStore.Save(session, left with { SendStatus = status, Fault = fault.Message, UpdatedAt = Clock.FromMicros(session.Now) }, isNew: false);
        }
    }

    // An answer without recipients of its own takes those of the message answered.
    private static IReadOnlyList<string>? Given(IReadOnlyList<string>? addresses, DraftContent content) => content.InReplyTo is not null && addresses is null or { Count: 0 } ? null : addresses;
}
