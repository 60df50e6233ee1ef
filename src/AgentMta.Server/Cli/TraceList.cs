using System.Globalization;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Cli;

/// <summary>What <c>agentmta trace</c> lists to whom has no id yet: a line each, with the id that leads on.</summary>
internal static class TraceList
{
    /// <summary>Lines of a kind.</summary>
    public const int Newest = 20;

    private static readonly TimeSpan Span = TimeSpan.FromDays(7);

    /// <summary>The newest refusals and sessions.</summary>
    public static async Task<int> NewestAsync(CommandCall call, RefusalStore refusals, SessionStore sessions)
    {
        var any = Refusals(call, await refusals.RecentAsync(null, Newest, CancellationToken.None).ConfigureAwait(false));
        foreach (var session in await sessions.RecentAsync(Newest, CancellationToken.None).ConfigureAwait(false))
        {
            any = true;
            call.Print(new { Session = session }, $"{session.StartedAt:u}  session {session.SessionId}  {session.ClientAddress}  {session.Outcome}, {session.RefusedCount} commands refused");
        }

        if (!any && !call.Parsed.GetValue(CommandCall.JsonOption))
            await Console.Out.WriteLineAsync("Nothing was refused in the last seven days. A message is found by its id or an address: agentmta trace ID.").ConfigureAwait(false);
        return ExitCodes.Ok;
    }

    /// <summary>What came from or to an address, was refused to it, or waits for it; false where there is nothing.</summary>
    public static async Task<bool> ByAddressAsync(CommandCall call, CommandStore store, List<Scope> scopes, RefusalStore refusals, string address)
    {
        var any = Refusals(call, await refusals.ByAddressAsync(address, Newest, CancellationToken.None).ConfigureAwait(false));
        var since = TimeProvider.System.GetUtcNow() - Span;
        foreach (var scope in scopes)
        {
            foreach (var message in await new TraceStore(store.Database).ByAddressAsync(scope, address, since, Newest, CancellationToken.None).ConfigureAwait(false))
            {
                any = true;
                call.Print(
                    new { Message = new { message.MessageId, message.InboxId, message.Direction, message.From, message.To, message.Subject, message.Labels, message.Timestamp } },
                    $"{message.Timestamp:u}  {(message.Direction == "out" ? "outgoing" : "received")} {Plain(message.MessageId)}  {Plain(message.From)} to {Plain(string.Join(", ", message.To))}\n    inbox {message.InboxId}, labels {string.Join(", ", message.Labels)}, subject {Plain(message.Subject)}");
            }

            foreach (var entry in await new DeliveryStore(store.Database).ByRecipientAsync(scope, address, since, Newest, CancellationToken.None).ConfigureAwait(false))
            {
                any = true;
                call.Print(new { Delivery = entry }, string.Create(
                    CultureInfo.InvariantCulture,
                    $"{entry.CreatedAt:u}  delivery {entry.DeliveryId}  to {Plain(entry.Recipient)} from {entry.InboxId}: {entry.State}{(entry.State is "queued" or "deferred" ? $", next try {entry.NextAttemptAt:u}" : "")}, {entry.Attempts} attempts{(entry.LastReply is null ? "" : $"\n    {Plain(entry.LastHost ?? "no host")}: {Plain(entry.LastReply)}")}"));
            }
        }

        return any;
    }

    private static bool Refusals(CommandCall call, List<Refusal> refusals)
    {
        foreach (var refusal in refusals)
            call.Print(new { Refusal = TraceCommand.Shown(refusal) }, $"{refusal.At:u}  refusal {refusal.RefusalId}  {refusal.ClientAddress}  <{Plain(refusal.ReversePath)}> to <{Plain(refusal.Recipient)}>\n    {refusal.Code} {refusal.Status} {Plain(refusal.Reply)}");
        return refusals.Count > 0;
    }

    private static string Plain(string? text) => TraceCommand.Plain(text);
}
