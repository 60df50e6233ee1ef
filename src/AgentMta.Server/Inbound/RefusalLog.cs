using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Inbound;

/// <summary>Gives each refusal a short id, shows it in the reply and keeps why, so that an operator can answer who asks.</summary>
internal sealed class RefusalLog(RefusalStore store, TimeProvider time)
{
    /// <summary>A refusal before or at RCPT; returns the reply with its id. An unknown address of a domain of ours is its workspace's to see.</summary>
    public SmtpReply Refuse(string stage, SessionInfo session, string reversePath, string? recipient, LocalInbox? inbox, SmtpReply reply, LocalDomain? domain = null)
    {
        var id = store.NewId();
        var shown = Show(reply, id);
        store.Record(new Refusal
        {
            RefusalId = id,
            Stage = stage,
            WorkspaceId = inbox?.WorkspaceId ?? domain?.WorkspaceId,
            PodId = inbox?.PodId ?? domain?.PodId,
            InboxId = inbox?.InboxId,
            SessionId = session.SessionId,
            ClientAddress = session.ClientAddress.ToString(),
            Helo = session.Helo,
            Tls = session.TlsProtocol,
            ReversePath = reversePath,
            Recipient = recipient,
            Code = shown.Code,
            Status = shown.EnhancedStatus,
            Reply = shown.Text,
            At = time.GetUtcNow(),
        });
        return shown;
    }

    /// <summary>A copy refused at the end of data, with the verdicts of the gates; returns the reply with its id.</summary>
    public SmtpReply Refuse(Arrival arrival, Target target, SmtpReply reply, string? verdicts) =>
        Keep(arrival, reply, target.Address, target.Inbox.WorkspaceId, target.Inbox.PodId, target.Inbox.InboxId, verdicts);

    /// <summary>A message, or one recipient of it, refused at the end of data by no gate; returns the reply with its id.</summary>
    public SmtpReply Refuse(Arrival arrival, SmtpReply reply, string? recipient = null, LocalDomain? domain = null) =>
        Keep(arrival, reply, recipient, domain?.WorkspaceId, domain?.PodId, null, null);

    /// <summary>A copy that the inbox had already: no refusal, but the id in its 250 leads here.</summary>
    public void Duplicate(Arrival arrival, StoredCopy copy)
    {
        var inbox = copy.Target.Inbox;
        var id = LogText.Clean(copy.MessageId, LogText.Address); // its sender wrote it, as long as a header may be
        var what = copy.TracedBy is { } first ? $"The inbox has {id} already, with the same content: it came as {first}" : $"The inbox had {id} before, with the same content; it was deleted since";
        store.Record(AtEnd(store.NewId(), RefusalStore.Duplicate, arrival, new SmtpReply(250, "2.0.0", what), copy.Target.Address, inbox.WorkspaceId, inbox.PodId, inbox.InboxId));
    }

    private SmtpReply Keep(Arrival arrival, SmtpReply reply, string? recipient, string? workspaceId, string? podId, string? inboxId, string? verdicts)
    {
        var id = store.NewId();
        var shown = Show(reply, id);
        store.Record(AtEnd(id, "data", arrival, shown, recipient, workspaceId, podId, inboxId) with { Verdicts = verdicts, Authentication = arrival.Authentication?.ToJson() });
        return shown;
    }

    private Refusal AtEnd(string id, string stage, Arrival arrival, SmtpReply shown, string? recipient, string? workspaceId, string? podId, string? inboxId)
    {
        var message = arrival.Message;
        return new Refusal
        {
            RefusalId = id,
            Stage = stage,
            WorkspaceId = workspaceId,
            PodId = podId,
            InboxId = inboxId,
            SessionId = message.Session.SessionId,
            TransactionId = message.TransactionId,
            ClientAddress = message.Session.ClientAddress.ToString(),
            Helo = message.Session.Helo,
            Tls = message.Session.TlsProtocol,
            ReversePath = message.ReversePath,
            Recipient = recipient,
            Code = shown.Code,
            Status = shown.EnhancedStatus,
            Reply = shown.Text,
            At = time.GetUtcNow(),
        };
    }

    private static SmtpReply Show(SmtpReply reply, string id) => reply with { Text = $"{reply.Text} [{id}]" };
}
