using System.CommandLine;
using AgentMta.Server.Store;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta turns</c>: which messages agents have claimed and not answered yet, and how many of them.</summary>
internal static class TurnsCommand
{
    private const int PageSize = 500;

    public static Command Create(ConfigurationFlags flags)
    {
        var inbox = new Option<string?>("--inbox") { Description = "Only this inbox", HelpName = "ADDRESS" };
        var totals = new Option<bool>("--totals") { Description = "Counts by inbox and state" };
        var list = new Command("list", "List messages that were claimed and not acked, by when they may be claimed again") { inbox, totals };
        list.SetAction(p => CommandCall.RunAsync(p, flags, call => call.WithStoreAsync(store => ListAsync(call, store, p.GetValue(inbox)?.ToLowerInvariant(), p.GetValue(totals)))));
        return new Command("turns", "Messages that agents work on") { list };
    }

    private static async Task<int> ListAsync(CommandCall call, CommandStore store, string? inbox, bool isTotals)
    {
        var turns = new TurnStore(store.Database);
        var now = store.Database.Time.GetUtcNow();
        var counts = new SortedDictionary<(string Inbox, string State), int>();
        (long, string)? after = null;
        while (true)
        {
            var page = await turns.OpenAsync(store.Scope, inbox, after, PageSize, CancellationToken.None).ConfigureAwait(false);
            foreach (var turn in page)
            {
                var state = turn.Word(now);
                counts[(turn.InboxId, state)] = counts.GetValueOrDefault((turn.InboxId, state)) + 1;
                if (!isTotals)
                {
                    call.Print(
                        new { turn.InboxId, turn.MessageId, State = state, turn.Token.Attempt, turn.Holder, turn.LeaseUntil, turn.DueAt, turn.Reason },
                        $"{turn.InboxId}  {turn.MessageId}  {state}, {(state == "leased" ? "until" : "free since or from")} {turn.DueAt:u}, claim {turn.Token.Attempt} by key {turn.Holder}{(turn.Reason is null ? "" : $"\n    {turn.Reason}")}");
                }
            }

            if (page.Count < PageSize)
                break;
            after = (Model.Clock.ToMicros(page[^1].DueAt), page[^1].MessageKey);
        }

        if (isTotals)
        {
            foreach (var ((address, state), count) in counts)
                call.Print(new { InboxId = address, State = state, Count = count }, $"{count,8}  {state,-8} {address}");
        }

        if (counts.Count == 0 && !call.Parsed.GetValue(CommandCall.JsonOption))
            await Console.Out.WriteLineAsync("No message is claimed.").ConfigureAwait(false);
        return ExitCodes.Ok;
    }
}
