using System.Security.Cryptography;
using System.Text;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Agents;

/// <summary>Sends a draft once: its id is the idempotency key, so that a crash between sending and deleting sends nothing twice.</summary>
internal sealed class DraftSender(Database database, SubmitMessage submit)
{
    private static readonly SubmitResult Running = new(null, null, new SubmitFault(409, "conflict", "The draft is being sent already."));

    private readonly DraftStore _drafts = new(database);

    /// <summary>Sends and deletes the draft. A fault leaves it: a scheduled one as failed, any other as it was.</summary>
    public async Task<SubmitResult> SendAsync(Draft draft, Credential credential)
    {
        if (!await _drafts.BeginSendingAsync(draft, CancellationToken.None).ConfigureAwait(false))
            return Running;
        var content = draft.Content;
        var target = content.InReplyTo ?? content.ForwardOf;
        var result = await submit(
            new Submission
            {
                Credential = credential,
                InboxId = draft.InboxId,
                Kind = content.ForwardOf is not null ? SubmissionKind.Forward : content.InReplyTo is null ? SubmissionKind.Send : content.ReplyAll ? SubmissionKind.ReplyAll : SubmissionKind.Reply,
                TargetMessageId = target,
                To = Given(content.To, content),
                Cc = Given(content.Cc, content),
                Bcc = Given(content.Bcc, content),
                ReplyTo = content.ReplyTo,
                Subject = content.Subject,
                Text = content.Text,
                Html = content.Html,
                Labels = [.. draft.Labels.Where(l => l != Labels.Scheduled)],
                Attachments = await _drafts.ContentsAsync(draft.WorkspaceId, draft.DraftId, null, CancellationToken.None).ConfigureAwait(false),
                IdempotencyKey = "draft~" + draft.DraftId,
                RequestHash = SHA256.HashData(Encoding.ASCII.GetBytes(draft.DraftId)),
            },
            CancellationToken.None).ConfigureAwait(false);
        await database.WriteAsync(
            session =>
            {
                var scope = new Scope(draft.WorkspaceId);
                if (result.Fault is null)
                    DraftStore.Delete(session, scope, draft.DraftId);
                else if (DraftStore.Get(session, scope, draft.DraftId) is { } left)
                    DraftStore.Save(session, left with { SendStatus = draft.SendAt is null ? null : Draft.Failed, Fault = result.Fault.Message, UpdatedAt = Clock.FromMicros(session.Now) }, isNew: false);
            },
            CancellationToken.None).ConfigureAwait(false);
        return result;
    }

    // An answer without recipients of its own takes those of the message answered.
    private static IReadOnlyList<string>? Given(IReadOnlyList<string>? addresses, DraftContent content) => content.InReplyTo is not null && addresses is null or { Count: 0 } ? null : addresses;
}
