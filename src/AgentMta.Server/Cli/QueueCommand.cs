using System.CommandLine;
using AgentMta.Server.Store;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta queue list</c>: what waits, for whom, since when and why.</summary>
internal static class QueueCommand
{
    private const int PageSize = 500;

    public static Command Create(ConfigurationFlags flags)
    {
        var destination = new Option<string?>("--destination") { Description = "Only mail for this domain", HelpName = "DOMAIN" };
        var totals = new Option<bool>("--totals") { Description = "Counts by destination and state" };
        var list = new Command("list", "List deliveries that wait, oldest first") { destination, totals };
        list.SetAction(p => CommandCall.RunAsync(p, flags, call => call.WithStoreAsync(store =>
            p.GetValue(totals) ? TotalsAsync(call, store) : ListAsync(call, store, p.GetValue(destination)?.ToLowerInvariant()))));
        return new Command("queue", "Mail on its way out") { list };
    }

    private static async Task<int> ListAsync(CommandCall call, CommandStore store, string? destination)
    {
        var queue = new DeliveryStore(store.Database);
        string? after = null;
        var any = false;
        while (true)
        {
            var page = await queue.ListAsync(store.Scope, destination, after, PageSize, CancellationToken.None).ConfigureAwait(false);
            foreach (var entry in page)
            {
                any = true;
                var state = entry.InFlight ? "in flight" : entry.State == "held" ? "held" : $"{entry.State}, next try {entry.NextAttemptAt:u}";
                call.Print(entry, $"{entry.DeliveryId}  {entry.Recipient}  {state}, {entry.Attempts} attempts, from {entry.InboxId} since {entry.CreatedAt:u}{(entry.LastReply is null ? "" : $"\n    {entry.LastHost}: {entry.LastReply}")}");
            }

            if (page.Count < PageSize)
                break;
            after = page[^1].DeliveryId;
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
