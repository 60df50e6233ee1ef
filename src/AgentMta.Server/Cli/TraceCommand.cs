using System.CommandLine;
using System.Text;
using System.Text.Json;
using AgentMta.Server.Api;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta trace ID</c>: all that is kept about a refusal, session, transaction, message or delivery.</summary>
internal static class TraceCommand
{
    public static Command Create(ConfigurationFlags flags)
    {
        var id = new Argument<string?>("ID")
        {
            Description = "The id in brackets of a refusal's reply, the id in a 250, a Message-ID, a session id or a delivery id; or an address (ann@example.com, @example.com) for what came from it and went to it within seven days; without any of them the newest refusals and sessions are listed",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("trace", "Tell what became of a message, and why") { id };
        command.SetAction(p => CommandCall.RunAsync(p, flags, call => call.WithStoreAsync(store => RunAsync(call, store, p.GetValue(id)))));
        return command;
    }

    private static async Task<int> RunAsync(CommandCall call, CommandStore store, string? id)
    {
        var time = TimeProvider.System;
        await using var evidence = SqliteDatabase.OpenEvidence(store.Folder.Evidence, time, NullLogger<SqliteDatabase>.Instance);
        await using var refusals = new RefusalStore(evidence, time, NullLogger<RefusalStore>.Instance);
        await using var sessions = new SessionStore(evidence, time, NullLogger<SessionStore>.Instance);
        return id is null ? await TraceList.NewestAsync(call, refusals, sessions).ConfigureAwait(false) : await FindAsync(call, store, refusals, sessions, Clean(id)).ConfigureAwait(false);
    }

    private static async Task<int> FindAsync(CommandCall call, CommandStore store, RefusalStore refusals, SessionStore sessions, string id)
    {
        var found = new List<Refusal>();
        if (await refusals.FindAsync(id, CancellationToken.None).ConfigureAwait(false) is { } refusal)
            found.Add(refusal);
        else if (Ids.IsId(id))
            found.AddRange(await refusals.RecentAsync(id, TraceList.Newest, CancellationToken.None).ConfigureAwait(false));
        var session = await sessions.FindAsync(found.Count > 0 ? found[0].SessionId : id, CancellationToken.None).ConfigureAwait(false);
        var messages = await MessagesAsync(call, store, id).ConfigureAwait(false);
        var reports = await ReportsAsync(call, store, id).ConfigureAwait(false);
        if (found.Count == 0 && session is null && messages.Count == 0 && reports.Count == 0)
        {
            if (id.Contains('@', StringComparison.Ordinal) && await TraceList.ByAddressAsync(call, store, await ScopesAsync(call, store).ConfigureAwait(false), refusals, id.Trim('<', '>')).ConfigureAwait(false))
                return ExitCodes.Ok;
            throw new CommandException(ExitCodes.NoInput, $"Nothing is kept under '{id}'. Refusals and sessions are kept for seven days, and a session only where something was refused in it.{(id.Contains('@', StringComparison.Ordinal) ? " Mail from or to an address is looked for in those seven days as well." : "")}");
        }

        if (session is not null)
            call.Print(new { Session = session }, Text(session));
        foreach (var one in found)
            call.Print(new { Refusal = Shown(one) }, Text(one));
        foreach (var report in reports)
        {
            var trace = TraceResponse.Of(report.MessageId ?? "", null, report.Authentication, report.Session, wholeWorkspace: true);
            call.Print(
                new { Report = report with { Facts = "", Session = null, Authentication = null }, Facts = TraceResponse.Json(report.Facts), trace.Session, trace.Authentication },
                Text(report) + trace.Text);
        }

        var queue = new DeliveryStore(store.Database);
        foreach (var message in messages)
        {
            var scope = new Scope(message.WorkspaceId);
            var deliveries = new List<object>();
            var text = new StringBuilder();
            foreach (var entry in await queue.OfMessageAsync(scope, message.InboxId, message.MessageId, CancellationToken.None).ConfigureAwait(false))
            {
                var attempts = await queue.AttemptsAsync(scope, entry.DeliveryId, CancellationToken.None).ConfigureAwait(false);
                deliveries.Add(new { Delivery = entry, Attempts = attempts });
                Deliveries(text, entry, attempts);
            }

            var trace = TraceResponse.Of(message.MessageId, message.Verdicts, message.Authentication, message.Session, wholeWorkspace: true);
            call.Print(
                new { Message = message with { Verdicts = null, Session = null, Authentication = null }, trace.Session, trace.Authentication, trace.Gates, trace.Reply, Deliveries = deliveries },
                Header(message) + trace.Text + text);
        }

        return ExitCodes.Ok;
    }

    private static async Task<List<TracedMessage>> MessagesAsync(CommandCall call, CommandStore store, string id)
    {
        var traces = new TraceStore(store.Database);
        var found = new List<TracedMessage>();
        foreach (var scope in await ScopesAsync(call, store).ConfigureAwait(false))
        {
            found.AddRange(await traces.ByMessageIdAsync(scope, id.StartsWith('<') ? id : $"<{id}>", CancellationToken.None).ConfigureAwait(false));
            if (found.Count > 0 || !Ids.IsId(id))
                continue;
            found.AddRange(await traces.ByDeliveryAsync(scope, id, CancellationToken.None).ConfigureAwait(false));
            found.AddRange(await traces.BySessionAsync(scope, id, CancellationToken.None).ConfigureAwait(false));
        }

        return found;
    }

    private static async Task<List<TracedReport>> ReportsAsync(CommandCall call, CommandStore store, string id)
    {
        var found = new List<TracedReport>();
        if (!Ids.IsId(id))
            return found;
        foreach (var scope in await ScopesAsync(call, store).ConfigureAwait(false))
            found.AddRange(await new TraceStore(store.Database).ReportsAsync(scope, id, CancellationToken.None).ConfigureAwait(false));
        return found;
    }

    private static async Task<List<Scope>> ScopesAsync(CommandCall call, CommandStore store) => call.Parsed.GetValue(CommandCall.WorkspaceOption) is not null
        ? [store.Scope]
        : [.. (await new WorkspaceStore(store.Database).AllAsync(CancellationToken.None).ConfigureAwait(false)).Select(w => new Scope(w.WorkspaceId))];

    // As pasted from a reply: "… try again [0abc]".
    private static string Clean(string id) => id.Trim().Trim('[', ']');

    internal static RefusalResponse Shown(Refusal refusal) => RefusalResponse.Of(refusal);

    private static string Header(TracedMessage message) =>
        $"""
        Message    {message.MessageId}
                   {(message.Direction == "out" ? "outgoing, taken" : "received")} {message.Timestamp:u}, {message.Size} octets, inbox {message.InboxId}
                   from {Plain(message.From)} to {Plain(string.Join(", ", message.To))}
                   subject {Plain(message.Subject)}
                   labels {string.Join(", ", message.Labels)}
        Thread     {message.ThreadId}

        """.ReplaceLineEndings("\n");

    private static string Text(KeptSession session)
    {
        var text = new StringBuilder()
            .Append(CultureText($"Session    {session.SessionId}, {session.Role}, {session.StartedAt:u}, {session.ElapsedMs:0} ms, ended: {session.Outcome}\n"))
            .Append(CultureText($"Client     {session.ClientAddress}:{session.ClientPort}, HELO {session.Helo} {session.Tls} {session.TlsCipher} {session.User}\n"))
            .Append(CultureText($"           {session.Commands} commands, {session.RefusedCount} refused; {session.MessagesAccepted} messages accepted, {session.MessagesRefused} refused\n"));
        foreach (var command in session.Refused.EnumerateArray())
            text.Append(CultureText($"  {Member(command, "command")} {Member(command, "argument")}: {Member(command, "reply")}\n"));
        return Plain(text.ToString().TrimEnd('\n'), keepLines: true);
    }

    private static string Text(Refusal refusal)
    {
        var head = Plain($"{(refusal.Stage == RefusalStore.Duplicate ? "Duplicate" : "Refusal"),-10} {refusal.RefusalId} at {refusal.Stage}, {refusal.At:u}, session {refusal.SessionId}\n           {refusal.ClientAddress}, HELO {refusal.Helo}, <{refusal.ReversePath}> to <{refusal.Recipient}>\n           {refusal.Code} {refusal.Status} {refusal.Reply}\n", keepLines: true);
        var verdicts = TraceResponse.Json(refusal.Verdicts);
        return (head + TraceText.Write(null, TraceResponse.Json(refusal.Authentication), TraceText.Member(verdicts, "gates"), TraceText.Member(verdicts, "reply"))).TrimEnd('\n');
    }

    private static string Text(TracedReport report) => Plain(
        CultureText(
            $"""
            {(report.Kind == "opt-out" ? "Opt-out" : "Report"),-10} {report.Id}, {report.Kind}, {report.At:u}, {(report.ProcessedAt is { } done ? CultureText($"acted on {done:u}") : "not acted on yet")}
                       about {report.MessageId ?? "a message that is deleted"} of {(report.InboxId.Length > 0 ? report.InboxId : "an inbox that is deleted")}
                       says {report.Facts}

            """).ReplaceLineEndings("\n"),
        keepLines: true);

    private static void Deliveries(StringBuilder text, QueueEntry entry, List<DeliveryAttempt> attempts)
    {
        text.Append(CultureText($"Delivery   {entry.DeliveryId} to {Plain(entry.Recipient)}: {entry.State}{(entry.State is "queued" or "deferred" ? $", next try {entry.NextAttemptAt:u}" : "")}\n"));
        foreach (var attempt in attempts)
        {
            text.Append(CultureText($"  {attempt.Attempt}. {attempt.StartedAt:u}, {attempt.Elapsed.TotalMilliseconds:0} ms, relay {Plain(attempt.Host ?? "none")}[{attempt.Address ?? "none"}] tls {attempt.Tls ?? "none"}: {attempt.Outcome}, {Plain(attempt.Reply)}\n"));
            foreach (var line in (attempt.Dialogue ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
                text.Append("       ").Append(Plain(line.TrimEnd('\r'))).Append('\n');
        }
    }

    private static string CultureText(FormattableString text) => FormattableString.Invariant(text);

    private static string Member(JsonElement value, string name) => TraceText.Member(value, name)?.ToString() ?? "";

    /// <summary>What strangers wrote must not move the reader's cursor.</summary>
    internal static string Plain(string? text, bool keepLines = false) => string.Concat((text ?? "").Select(c => char.IsControl(c) && !(keepLines && c == '\n') ? '?' : c));
}
