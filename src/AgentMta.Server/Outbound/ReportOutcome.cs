using System.Text.Json;
using AgentMta.Protocol.Reports;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Turns a report that came back into the outcome of the deliveries it is about (RFC 3464, 5965), within one transaction.</summary>
internal static class ReportOutcome
{
    private const string NotSpam = "not-spam";
    private const string OptOutType = "opt-out";

    /// <summary>Writes what the report tells of the message's deliveries; recipients that the message never had are left alone.</summary>
    /// <param name="copies">All deliveries of the message.</param>
    /// <param name="named">The delivery that a token within the report names, if any.</param>
    public static void Apply(WriteSession session, MailReport report, IReadOnlyList<ReportedDelivery> copies, string? named)
    {
        switch (report.Kind)
        {
            case ReportKind.Dsn or ReportKind.Bounce:
                foreach (var recipient in report.Recipients)
                    Status(session, recipient, report, copies);
                break;
            case ReportKind.Arf when report.FeedbackType != NotSpam:
                Complaint(session, report, copies, named);
                break;
        }
    }

    private static void Status(WriteSession session, ReportRecipient recipient, MailReport report, IReadOnlyList<ReportedDelivery> copies)
    {
        if (Find(copies, recipient.OriginalRecipient, recipient.Address) is not { } delivery)
            return;
        var failed = recipient.Action == "failed" || (recipient.Action is null && recipient.Class is not null);
        var status = recipient.Status ?? (recipient.Class == BounceClass.Hard ? "5.0.0" : "4.0.0");
        var said = recipient.Diagnostic ?? report.ReportingMta;
        if (recipient.Action == "delayed")
        {
            MessageStore.Mark(session, delivery.WorkspaceId, delivery.MessageKey, Labels.Delayed);
            Append(session, EventTypes.Delayed, delivery, JsonSerializer.Serialize(
                new DeferralFacts([new RecipientStatus(delivery.Recipient, status, said)], recipient.RemoteMta), DeliveryJson.Default.DeferralFacts));
        }

        if (!failed || !DeliveryStore.BounceLater(session, delivery.WorkspaceId, delivery.DeliveryId, status, said))
            return;
        var hard = recipient.Class != BounceClass.Soft;
        MessageStore.Mark(session, delivery.WorkspaceId, delivery.MessageKey, Labels.Bounced);
        var facts = new BounceFacts(hard ? "Permanent" : "Transient", ReplyCause.Word(recipient.Cause), [new RecipientStatus(delivery.Recipient, status, said)], recipient.RemoteMta ?? report.ReportingMta);
        Append(session, EventTypes.Bounced, delivery, JsonSerializer.Serialize(facts, DeliveryJson.Default.BounceFacts));
        if (hard && recipient.Cause == BounceCause.Recipient)
            Suppress(session, delivery, SuppressionScope.Workspace, Suppression.Everything, Suppression.Bounce, said);
    }

    private static void Complaint(WriteSession session, MailReport report, IReadOnlyList<ReportedDelivery> copies, string? named)
    {
        var delivery = copies.FirstOrDefault(c => c.DeliveryId == named)
            ?? report.Recipients.Select(r => Find(copies, r.OriginalRecipient, r.Address)).FirstOrDefault(d => d is not null)
            ?? (copies.Count == 1 ? copies[0] : null);
        // RFC 5965 4: the recipient may be withheld; then it is known that somebody complained, not who.
        if (delivery is null)
        {
            if (copies.Count > 0)
                Complain(session, copies[0], report, []);
            return;
        }

        if (report.FeedbackType == OptOutType)
        {
            OptOut.Apply(session, delivery, "feedback");
            return;
        }

        Complain(session, delivery, report, [delivery.Recipient]);
        Suppress(session, delivery, SuppressionScope.Setup, delivery.Domain, Suppression.Complaint, report.FeedbackType);
    }

    private static void Complain(WriteSession session, ReportedDelivery delivery, MailReport report, IReadOnlyList<string> recipients)
    {
        MessageStore.Mark(session, delivery.WorkspaceId, delivery.MessageKey, Labels.Complained);
        var facts = new ComplaintFacts(report.FeedbackType ?? "abuse", report.ReportingMta, recipients);
        Append(session, EventTypes.Complained, delivery, JsonSerializer.Serialize(facts, DeliveryJson.Default.ComplaintFacts));
    }

    // A forwarder's report names the address it forwarded to: with one recipient there is no doubt whom it means.
    private static ReportedDelivery? Find(IReadOnlyList<ReportedDelivery> copies, string? original, string address)
    {
        foreach (var name in (string?[])[original, address])
        {
            if (name is not null && copies.FirstOrDefault(c => AddressParts.Normalise(c.Recipient) == AddressParts.Normalise(name)) is { } match)
                return match;
        }

        return copies.Count == 1 ? copies[0] : null;
    }

    private static void Suppress(WriteSession session, ReportedDelivery delivery, SuppressionScope scope, string key, string reason, string? detail) =>
        SuppressionStore.Add(
            session, new Suppression(delivery.WorkspaceId, scope, key, AddressParts.Normalise(delivery.Recipient), reason, detail, delivery.MessageId, default), delivery.PodId, delivery.InboxId, delivery.ThreadId);

    private static void Append(WriteSession session, string type, ReportedDelivery delivery, string facts) =>
        EventStore.Append(session, delivery.WorkspaceId, new NewEvent(type, delivery.PodId, delivery.InboxId, delivery.MessageId, delivery.ThreadId, facts));
}
