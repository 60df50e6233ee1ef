using System.Net;
using AgentMta.Protocol.Smtp;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Hands mail for our own inboxes to the receiver (design.md, Between our own inboxes): storing the copy and completing the delivery is its one transaction.</summary>
internal sealed class LocalRoute(AcceptMessage accept, DirectoryStore directory, DeliveryStore store, RawSpool spool, DeliveryRun run, OutboundOptions options)
{
    private const int AtOnce = 16;

    private static readonly string Verified = DomainStore.Word(DomainStatus.Verified);

    /// <summary>Whether this server takes the destination's mail. A domain that is not verified proves nothing: its mail goes out.</summary>
    public async ValueTask<bool> TakesAsync(string destination, CancellationToken cancellationToken) =>
        await directory.DomainAsync(destination, cancellationToken).ConfigureAwait(false) is { } domain && domain.Status == Verified;

    /// <summary>Delivers each recipient's copy by itself, as one may refuse where another takes it; several at a time, for the store commits them together.</summary>
    public Task DeliverAsync(IEnumerable<LeasedDelivery> deliveries, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            deliveries, new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (delivery, _) =>
            {
                if (cancellationToken.IsCancellationRequested)
                    await run.ReleaseAsync([delivery]).ConfigureAwait(false);
                else
                    await DeliverAsync(delivery, cancellationToken).ConfigureAwait(false);
            });

    private async Task DeliverAsync(LeasedDelivery delivery, CancellationToken cancellationToken)
    {
        var startedAt = run.Time.GetUtcNow();
        var batch = new QueueBatch([delivery]);
        try
        {
            using var content = await run.ContentAsync(batch, cancellationToken).ConfigureAwait(false);
            if (content is null)
                return;
            var reply = await HandOverAsync(delivery, content, startedAt, cancellationToken).ConfigureAwait(false);
            // The receiver has completed the delivery, but for a copy that the inbox already had.
            if (!reply.IsPositive || await store.IsHeldAsync(delivery, CancellationToken.None).ConfigureAwait(false))
                await run.FailAsync(batch, reply, run.Trace(startedAt, AttemptTrace.LocalHost, reply.ToString()), CancellationToken.None).ConfigureAwait(false);
            else
                await run.EndLocallyAsync(delivery, reply, run.Trace(startedAt, AttemptTrace.LocalHost)).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await run.ReleaseAsync([delivery]).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            await run.FailAsync(batch, new SmtpReply(451, "4.3.0", e.Message), run.Trace(startedAt, AttemptTrace.LocalHost), CancellationToken.None).ConfigureAwait(false);
        }
    }

    // The copy of the other inbox is bytes of its own, in a file of its own where it is large.
    private async Task<SmtpReply> HandOverAsync(LeasedDelivery delivery, RawContent content, DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        var octets = delivery.Prefix is null ? content.Bytes : Join(delivery.Prefix, content.Bytes.Span);
        using var raw = await spool.CopyAsync(octets).ConfigureAwait(false);
        var reply = new SmtpReply(451, "4.3.0", "local error");
        try
        {
            return reply = await accept(Message(delivery, raw, startedAt), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!reply.IsPositive && raw.File is { } file)
                spool.Delete(file);
        }
    }

    private IncomingMessage Message(LeasedDelivery delivery, RawContent raw, DateTimeOffset now)
    {
        var id = Ids.New(run.Time);
        return new IncomingMessage
        {
            TransactionId = id,
            Session = new SessionInfo { SessionId = id, Role = DoorRole.Local, ClientAddress = IPAddress.Loopback, Helo = options.HostName, Extended = true, User = delivery.InboxId },
            ReversePath = delivery.ReversePath,
            Recipients = [new IncomingRecipient(delivery.Recipient, delivery.Options.Notify, delivery.Options.OriginalRecipient)],
            Raw = raw,
            ReceivedAt = now,
            SmtpUtf8 = delivery.Options.Utf8,
            EightBit = delivery.Options.EightBit,
            RequireTls = delivery.Options.RequireTls,
            LocalHandOff = new LocalHandOff(delivery.WorkspaceId, delivery.DeliveryId, delivery.LeaseOwner, delivery.LeaseAttempt, delivery.InboxId),
        };
    }

    private static byte[] Join(byte[] prefix, ReadOnlySpan<byte> content)
    {
        var joined = new byte[prefix.Length + content.Length];
        prefix.CopyTo(joined, 0);
        content.CopyTo(joined.AsSpan(prefix.Length));
        return joined;
    }
}
