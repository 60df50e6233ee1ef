using System.CommandLine;
using System.Globalization;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta queue list|hold|release|flush|drop</c>: what waits, for whom, since when and why; and a hand on it.</summary>
internal static class QueueCommand
{
    private const int PageSize = 500;

    private static readonly string Soon = string.Create(CultureInfo.InvariantCulture, $" A running server tries within {QueueWorker.LongestWait.TotalSeconds} seconds.");

    private delegate Task<int> Change(DeliveryStore queue, Scope scope, string? destination, string? deliveryId, CancellationToken cancellationToken);

    public static Command Create(ConfigurationFlags flags)
    {
        var destination = new Option<string?>("--destination") { Description = "Only mail for this domain", HelpName = "DOMAIN" };
        var totals = new Option<bool>("--totals") { Description = "Counts by destination and state" };
        var list = new Command("list", "List deliveries that wait, oldest first") { destination, totals };
        list.SetAction(p => CommandCall.RunAsync(p, flags, call => call.WithStoreAsync(store =>
            p.GetValue(totals) ? TotalsAsync(call, store) : ListAsync(call, store, p.GetValue(destination)?.ToLowerInvariant()))));
        return new Command("queue", "Mail on its way out")
        {
            list,
            One("hold", "Keep what waits from being tried, until it is released", "Held", flags, (queue, scope, domain, id, token) => queue.HoldAsync(scope, domain, id, token)),
            One("release", "Let held deliveries go now", "Released", flags, (queue, scope, domain, id, token) => queue.ReleaseHeldAsync(scope, domain, id, token)),
            One("flush", "Make deferred deliveries due now", "Made due", flags, (queue, scope, domain, id, token) => queue.FlushAsync(scope, domain, id, token)),
            One("drop", "Give up what waits; its senders see message.rejected", "Dropped", flags, (queue, scope, domain, id, token) => queue.DropAsync(scope, domain, id, token)),
        };
    }

    private static Command One(string verb, string description, string done, ConfigurationFlags flags, Change change)
    {
        var destination = new Option<string?>("--destination") { Description = "What waits for this domain", HelpName = "DOMAIN" };
        var delivery = new Option<string?>("--delivery") { Description = "One delivery, by the id that list shows", HelpName = "ID" };
        var all = new Option<bool>("--all") { Description = "All that waits" };
        var command = new Command(verb, description) { destination, delivery, all };
        command.SetAction(p => CommandCall.RunAsync(p, flags, call =>
        {
            var (domain, id) = (p.GetValue(destination)?.ToLowerInvariant(), p.GetValue(delivery));
            if ((domain is not null ? 1 : 0) + (id is not null ? 1 : 0) + (p.GetValue(all) ? 1 : 0) != 1)
                throw new CommandException(ExitCodes.Usage, $"Say what to {verb}: --destination DOMAIN, --delivery ID or --all.");
            return call.WithStoreAsync(async store =>
            {
                var count = await change(new DeliveryStore(store.Database), store.Scope, domain, id, CancellationToken.None).ConfigureAwait(false);
                call.Print(new { Changed = count }, $"{done}: {count} {(count == 1 ? "delivery" : "deliveries")}.{(count > 0 && verb is "release" or "flush" ? Soon : "")}");
                return count > 0 || id is null ? ExitCodes.Ok : throw new CommandException(ExitCodes.NoInput, $"Nothing to {verb} under '{id}': it is not in the queue, in flight, or so already; see agentmta queue list.");
            });
        }));
        return command;
    }

    private static async Task<int> ListAsync(CommandCall call, CommandStore store, string? destination)
    {
        var queue = new DeliveryStore(store.Database);
        string? after = null;
        var any = false;
        while (true)
        {
            var page = await queue.ListAsync(store.Scope, destination, after, PageSize, CancellationToken.None).ConfigureAwait(false);
            foreach (var entry in page.Rows)
            {
                any = true;
                var state = entry.InFlight ? "in flight" : entry.State == "held" ? "held" : $"{entry.State}, next try {entry.NextAttemptAt:u}";
                call.Print(entry, $"{entry.DeliveryId}  {entry.Recipient}  {state}, {entry.Attempts} attempts, from {entry.InboxId} since {entry.CreatedAt:u}{(entry.LastReply is null ? "" : $"\n    {entry.LastHost ?? "no host"}: {entry.LastReply}")}");
            }

            if (page.Next is null)
                break;
            after = page.Next[0];
        }

        if (!any && !call.Parsed.GetValue(CommandCall.JsonOption))
            await Console.Out.WriteLineAsync("The queue is empty.").ConfigureAwait(false);
        return ExitCodes.Ok;
    }

    private static async Task<int> TotalsAsync(CommandCall call, CommandStore store)
    {
        foreach (var total in await new DeliveryStore(store.Database).TotalsAsync(store.Scope, CancellationToken.None).ConfigureAwait(false))
            call.Print(total, $"{total.Count,8}  {total.State,-9} {total.Destination}  oldest {total.Oldest:u}  {total.LastReply}");
        return ExitCodes.Ok;
    }
}
