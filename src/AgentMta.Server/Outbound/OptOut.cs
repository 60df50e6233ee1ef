using System.Text.Json;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>What a recipient who opted out is shown.</summary>
/// <param name="Address">Who opts out.</param>
/// <param name="Sender">The inbox whose mail ends.</param>
/// <param name="EntityName">The organisation behind it, where the use case names one.</param>
/// <param name="WholeDomain">All mail of the sending domain ends, not the use case's alone.</param>
/// <param name="IsDone">It has ended already.</param>
internal sealed record OptOutState(string Address, string Sender, string? EntityName, string? UseCaseName, bool WholeDomain, bool IsDone);

/// <summary>Opting out by the token of one copy (RFC 8058): looking at it changes nothing, asking for it takes effect before the answer.</summary>
internal sealed class OptOut(Database database, DirectoryStore directory, AddressTokens tokens)
{
    public const string Page = "page";
    public const string OneClick = "one-click";

    /// <summary>Whose token it is; null for one that we never made.</summary>
    public async ValueTask<OptOutState?> FindAsync(string domain, string token, CancellationToken cancellationToken) =>
        await ResolveAsync(domain, token, cancellationToken).ConfigureAwait(false) is not { } target
            ? null
            : await database.ReadAsync(
                session => OutcomeStore.Find(session, target.WorkspaceId, target.DeliveryId) is { } delivery ? State(session, delivery) : null, cancellationToken).ConfigureAwait(false);

    /// <summary>Ends the mail of the token's use case (or of its domain) to the recipient; asking again changes nothing. Null for a token that we never made.</summary>
    /// <param name="via"><see cref="Page"/> or <see cref="OneClick"/>.</param>
    public async Task<OptOutState?> RequestAsync(string domain, string token, string via, CancellationToken cancellationToken) =>
        await ResolveAsync(domain, token, cancellationToken).ConfigureAwait(false) is not { } target
            ? null
            : await database.WriteAsync(
                session =>
                {
                    if (OutcomeStore.Find(session, target.WorkspaceId, target.DeliveryId) is not { } delivery)
                        return null;
                    if (Apply(session, delivery, via))
                        OutcomeStore.InsertUnsubscribe(session, delivery, via);
                    return State(session, delivery);
                },
                cancellationToken).ConfigureAwait(false);

    /// <summary>Suppresses the recipient within the use case's scope and writes message.unsubscribed; false where that was done before.</summary>
    public static bool Apply(WriteSession session, ReportedDelivery delivery, string via)
    {
        var entry = Entry(delivery, $"via {via}");
        if (!SuppressionStore.Add(session, entry, delivery.PodId, delivery.InboxId, delivery.ThreadId))
            return false;
        var facts = new UnsubscribeFacts(delivery.Recipient, via, SuppressionStore.Word(entry.Scope), entry.ScopeKey);
        EventStore.Append(session, delivery.WorkspaceId, new NewEvent(
            EventTypes.Unsubscribed, delivery.PodId, delivery.InboxId, delivery.MessageId, delivery.ThreadId, JsonSerializer.Serialize(facts, DeliveryJson.Default.UnsubscribeFacts)));
        return true;
    }

    private static Suppression Entry(ReportedDelivery delivery, string? detail) => new(
        delivery.WorkspaceId, delivery.UnsubscribeScope == UnsubscribeScope.Setup ? SuppressionScope.Setup : SuppressionScope.UseCase,
        delivery.UnsubscribeScope == UnsubscribeScope.Setup ? delivery.Domain : delivery.UseCaseId, AddressParts.Normalise(delivery.Recipient), Suppression.Unsubscribe, detail, delivery.MessageId,
        default);

    private static OptOutState State(StoreSession session, ReportedDelivery delivery)
    {
        var done = SuppressionStore.Check(session, delivery.WorkspaceId, delivery.UseCaseId, delivery.Domain, [AddressParts.Normalise(delivery.Recipient)]).Count > 0;
        return new OptOutState(
            delivery.Recipient, delivery.InboxId, delivery.EntityName, delivery.UseCaseName, delivery.UnsubscribeScope == UnsubscribeScope.Setup, done);
    }

    private async ValueTask<(string WorkspaceId, string DeliveryId)?> ResolveAsync(string domain, string token, CancellationToken cancellationToken)
    {
        var name = domain.ToLowerInvariant();
        if (!tokens.TryReadToken(TokenKind.Unsubscribe, token.ToLowerInvariant(), name, out var deliveryId))
            return null;
        return await directory.DomainAsync(name, cancellationToken).ConfigureAwait(false) is { } found ? (found.WorkspaceId, deliveryId) : null;
    }
}
