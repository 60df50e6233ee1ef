using AgentMta.Protocol.MailAuth;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Inbound.Gates;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound;

/// <content>Steps 3 to 5: what is kept becomes rows, for all recipients in one transaction.</content>
internal sealed partial class Receiver
{
    private async ValueTask<List<InboundCopy>> ParseAsync(Arrival arrival, List<Judgement> judgements, CancellationToken cancellationToken)
    {
        using var slot = await arrival.EnterSlotAsync(cancellationToken).ConfigureAwait(false);
        return Parse(arrival, judgements);
    }

    private List<InboundCopy> Parse(Arrival arrival, List<Judgement> judgements)
    {
        var copies = new List<InboundCopy>(judgements.Count);
        foreach (var judgement in judgements)
        {
            if (judgement.Refusal is not null)
                continue;
            var target = judgement.Copy.Target;
            var report = target.IsToken ? TokenMail.Read(arrival, target) : null;
            List<string> labels = [.. judgement.Labels];
            if (report is null && (target.IsToken || TokenMail.IsAutomatic(arrival)))
                labels.Add(Labels.AutoReply);
            for (var i = 0; i < judgement.Verdicts.Count; i++)
            {
                if (judgement.Verdicts[i] is { Outcome: GateOutcome.Label } verdict)
                    services.Meter.Gate(verdict.Name, "labelled");
            }

            copies.Add(new InboundCopy(
                target, labels, VerdictWriter.Write(judgement), judgement.Copy.Proof, ListDomains(arrival),
                NewContact(arrival, target, judgement), report));
        }

        _ = arrival.Content; // read here, on the session's thread, not within the transaction
        _ = arrival.ContentHash;
        _ = arrival.AuthenticationSummary;
        return copies;
    }

    private static IReadOnlyList<string> ListDomains(Arrival arrival) =>
        arrival is { Authentication: { HasAlignedPass: true } verdict, ListId: { } listId } ? GateCaseReader.ListDomains(listId, verdict) : [];

    // Only whom somebody answers for, and whose mail was let in as it is, is known from then on.
    private AddressParts? NewContact(Arrival arrival, Target target, Judgement judgement) =>
        !target.IsExempt && arrival.IsAligned && judgement.Labels.Count == 0 && arrival.Sender is { } sender && services.Correspondents.IsNew(target.Inbox, sender) ? sender : null;

    private async Task<IReadOnlyList<StoredCopy>> StoreAsync(Arrival arrival, List<InboundCopy> copies, CancellationToken cancellationToken)
    {
        var trace = _trace.Write(arrival);
        var removed = AuthenticationResultsFilter.FindOwn(arrival.Message.Raw.Bytes, _ownIds);
        var authentication = arrival.Authentication is { } verdict ? JsonText.Write(verdict, VerdictJsonWriter.Write) : null;
        var raws = new List<NewRaw>(1);
        var unused = new List<NewRaw>();
        var isKept = false;
        try
        {
            foreach (var workspace in copies.GroupBy(c => c.Target.Inbox.WorkspaceId))
            {
                var content = arrival.Message.Raw;
                // Large messages lie in files, which workspaces do not share; the queue hands over what it composed in memory.
                if (content.File is null ? content.Bytes.Length > RawContent.InlineLimit : raws.Count > 0)
                    content = await services.Spool.CopyAsync(content.Bytes).ConfigureAwait(false);
                raws.Add(new NewRaw(
                    workspace.Key, Ids.New(services.Time), content, trace, removed, SessionWriter.Write(arrival, workspace.Select(c => c.Target)), authentication));
            }

            arrival.Message.Raw.Rest();
            var stored = await WriteAsync(arrival, raws, copies, unused, cancellationToken).ConfigureAwait(false);
            isKept = true;
            foreach (var copy in copies)
            {
                if (copy.NewContact is { } contact)
                    services.Correspondents.Remember(copy.Target.Inbox, contact);
            }

            return stored;
        }
        catch (UnsureException)
        {
            foreach (var raw in raws.Where(r => r.Content.File is not null))
                services.Spool.Keep(raw.Content.File!);
            throw;
        }
        finally
        {
            foreach (var raw in raws.Where(r => r.Content != arrival.Message.Raw))
                raw.Content.Dispose();
            // What rows name is theirs from the commit on; the door deletes the original of a message that gets no 2yz.
            DeleteFiles(isKept ? unused : raws, keepOriginal: isKept ? null : arrival.Message.Raw.File);
        }
    }

    // An inbox that was deleted a moment ago takes its own copy away, recorded, and not those of the others.
    private async Task<List<StoredCopy>> WriteAsync(Arrival arrival, List<NewRaw> raws, List<InboundCopy> copies, List<NewRaw> unused, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var work = (WriteSession session) => Write(session, arrival, raws, copies, unused);
                // Behind a large message there are files to delete and mappings to end.
                return await (arrival.Message is { AnswersAtOnce: true, Raw.File: null } ? services.Database.WriteAndAnswerAsync(work, cancellationToken) : services.Database.WriteRepeatableAsync(work, cancellationToken)).ConfigureAwait(false);
            }
            catch (InboxGoneException gone) when (copies.Find(c => c.Target.Inbox.InboxId == gone.InboxId) is not null)
            {
                var reply = NoRecipient;
                foreach (var lost in copies.Where(c => c.Target.Inbox.InboxId == gone.InboxId))
                    reply = services.Refusals.Refuse(arrival, lost.Target, NoRecipient, lost.Verdicts?.ToString());
                copies.RemoveAll(c => c.Target.Inbox.InboxId == gone.InboxId);
                if (copies.Count == 0)
                    throw new NobodyLeftException(reply);
            }
        }
    }

    // May run twice (WriteRepeatableAsync): whatever it leaves outside the session it begins anew.
    private static List<StoredCopy> Write(WriteSession session, Arrival arrival, List<NewRaw> raws, List<InboundCopy> copies, List<NewRaw> unused)
    {
        unused.Clear();
        var stored = new List<StoredCopy>(copies.Count);
        foreach (var raw in raws)
        {
            var writer = new CopyWriter(session, arrival, raw);
            foreach (var copy in copies)
            {
                if (copy.Target.Inbox.WorkspaceId == raw.WorkspaceId)
                    stored.Add(writer.Write(copy));
            }

            if (!writer.RawIsUsed)
                unused.Add(raw);
        }

        // design.md, Between our own inboxes: the copy and the end of its delivery are one transaction.
        if (arrival.Message.LocalHandOff is { } handOff && !DeliveryStore.CompleteLocal(session, handOff))
            throw new LeaseLostException();
        return stored;
    }

    private void DeleteFiles(List<NewRaw> raws, string? keepOriginal)
    {
        foreach (var raw in raws)
        {
            if (raw.Content.File is not { } file || file == keepOriginal)
                continue;
            try
            {
                services.Spool.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Nothing names it, so the reply stands; the next start sweeps it.
                _log.LogWarning(e, "The file {File} is not needed and cannot be deleted; the next start tries again", file);
            }
        }
    }

    /// <summary>Every inbox that would have taken the message is gone.</summary>
    private sealed class NobodyLeftException(SmtpReply reply) : Exception
    {
        public SmtpReply Reply => reply;
    }

    /// <summary>Another worker has the delivery by now: nothing may be stored.</summary>
    private sealed class LeaseLostException : Exception;
}
