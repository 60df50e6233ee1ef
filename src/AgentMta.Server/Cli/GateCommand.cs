using System.CommandLine;
using System.Globalization;
using System.Net;
using AgentMta.Protocol.Mime;
using AgentMta.Server.Hosting;
using AgentMta.Server.Inbound;
using AgentMta.Server.Model;
using AgentMta.Server.Store;
using AgentMta.Server.Store.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta gate</c>: what the gates would decide under other settings, shown on mail that came. Nothing is stored.</summary>
internal static class GateCommand
{
    private const int DefaultDays = 7;

    private static readonly Argument<FileInfo[]> Files = new("FILE") { Description = "Messages as received; without any, the stored ones are taken", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<string?> Since = new("--since") { Description = "How far back stored messages are taken, such as 12h or 7d (default 7d)", HelpName = "TIME" };
    private static readonly Option<string?> Policy = new("--policy") { Description = "Configuration with the changed Receiver section, which wins over the environment; without it the stored verdicts are compared with today's configuration", HelpName = "FILE" };
    private static readonly Option<string> Ip = new("--ip") { Description = "Client address of the files", HelpName = "IP", DefaultValueFactory = _ => "127.0.0.1" };
    private static readonly Option<string> Helo = new("--helo") { Description = "HELO name of the files", HelpName = "NAME", DefaultValueFactory = _ => "localhost" };
    private static readonly Option<string?> MailFrom = new("--mail-from") { Description = "Reverse-path of the files (default: their Return-Path, else their From)", HelpName = "ADDR" };
    private static readonly Option<string?> To = new("--to") { Description = "Inbox that the files are for (default: the first of ours in To and Cc)", HelpName = "ADDR" };

    public static Command Create(ConfigurationFlags flags)
    {
        var command = new Command("gate", "Show which verdicts would differ under a changed policy") { Files, Since, Policy, Ip, Helo, MailFrom, To };
        command.SetAction((p, cancellationToken) => CommandCall.RunAsync(p, flags, call => call.WithStoreAsync(store => RunAsync(call, store, cancellationToken))));
        return command;
    }

    private static async Task<int> RunAsync(CommandCall call, CommandStore store, CancellationToken cancellationToken)
    {
        var since = call.Parsed.GetValue(Since);
        var span = Span(since);
        if (since is not null && call.Parsed.GetValue(Files)!.Length > 0)
            throw new CommandException(ExitCodes.Usage, $"--since {since} chooses among the stored messages, and files are given: leave one of the two out.");
        var policy = call.Parsed.GetValue(Policy);
        // Only the section counts: paths and listeners of the file are not looked at.
        var changed = policy is null ? null : ConfigurationReader.ReadPolicy(policy).Receiver;
        using var dns = await DomainZone.OpenResolverAsync(store.Options, store.Database, store.Keys).ConfigureAwait(false);
        await using var evidence = SqliteDatabase.OpenEvidence(store.Folder.Evidence, TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
        await using var refusals = new RefusalStore(evidence, TimeProvider.System, NullLogger<RefusalStore>.Instance);
        using var spool = new RawSpool(store.Folder.Raws, 0, TimeProvider.System);
        using var meter = new ReceiverMeter();
        var present = store.Options.ReceiverOptions();
        var before = Replay(present);
        var after = changed is null ? null : Replay(changed with { HostName = present.HostName, Postmaster = changed.Postmaster ?? present.Postmaster });

        var (seen, differing) = (0, 0);
        await foreach (var (name, message, stored) in MessagesAsync(call, store, spool, before, span, cancellationToken).ConfigureAwait(false))
        {
            using var raw = message.Raw;
            seen++;
            var now = await before.Replay.JudgeAsync(message, cancellationToken).ConfigureAwait(false);
            var (old, then) = after is null ? (stored, now) : (now, await after.Replay.JudgeAsync(message, cancellationToken).ConfigureAwait(false));
            if (old is not null && old.IsSameAs(then))
                continue;
            differing++;
            call.Print(new { Message = name, Recipient = message.Recipients[0].Address, Before = old, After = then }, old is null ? $"{name}: {then}\n    {then.Reason}" : $"{name} for {message.Recipients[0].Address}\n    {old} -> {then}\n    {then.Reason}");
        }

        if (!call.Parsed.GetValue(CommandCall.JsonOption))
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{seen} messages, {differing} {(changed is null && call.Parsed.GetValue(Files)!.Length > 0 ? "judged" : "verdicts would differ")}. Lists, senders and DNS are as they are today.")).ConfigureAwait(false);
        return ExitCodes.Ok;

        Replayed Replay(ReceiverOptions options)
        {
            var time = new ReplayTime();
            var services = ReceiverServices.Create(
                options, store.Database, evidence, spool, refusals, new DirectoryStore(store.Database), dns, store.Keys, meter, time, NullLoggerFactory.Instance);
            return new Replayed(new GateReplay(services, time), services);
        }
    }

    private static async IAsyncEnumerable<(string Name, IncomingMessage Message, ReplayOutcome? Stored)> MessagesAsync(
        CommandCall call, CommandStore store, RawSpool spool, Replayed replay, TimeSpan span, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var file in call.Parsed.GetValue(Files)!)
            yield return (file.ToString(), await ReadAsync(call, file, replay.Services.Recipients, cancellationToken).ConfigureAwait(false), null);
        if (call.Parsed.GetValue(Files)!.Length > 0)
            yield break;
        var traces = new TraceStore(store.Database);
        var messages = new MessageStore(store.Database);
        var since = TimeProvider.System.GetUtcNow() - span;
        TracedMessage? last = null;
        while (await traces.ReceivedAsync(store.Scope, since, last, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (var row in page)
            {
                last = row;
                if (await messages.RawAsync(store.Scope, row.InboxId, row.MessageId, cancellationToken).ConfigureAwait(false) is not { } raw)
                    continue;
                var content = raw.File is { } name ? spool.Open(name) : new RawContent(raw.Content ?? []);
                if (GateReplay.Read(row.Session, row.Verdicts, row.InboxId, content, row.Timestamp) is { } message)
                    yield return (row.MessageId, message, GateReplay.Stored(row.Verdicts));
                else
                    content.Dispose();
            }
        }
    }

    private static async Task<IncomingMessage> ReadAsync(CommandCall call, FileInfo file, Recipients recipients, CancellationToken cancellationToken)
    {
        if (!file.Exists)
            throw new CommandException(ExitCodes.NoInput, $"There is no file '{file}'.");
        if (!IPAddress.TryParse(call.Parsed.GetValue(Ip), out var ip))
            throw new CommandException(ExitCodes.Usage, "--ip needs an address.");
        var bytes = await File.ReadAllBytesAsync(file.FullName, cancellationToken).ConfigureAwait(false);
        var headers = HeaderList.Parse(bytes);
        var to = call.Parsed.GetValue(To);
        foreach (var address in to is null ? Addresses(headers, "To").Concat(Addresses(headers, "Cc")) : [])
        {
            if (await recipients.ResolveAsync(address, cancellationToken).ConfigureAwait(false) is null)
                continue;
            to = address;
            break;
        }

        return new IncomingMessage
        {
            TransactionId = "",
            Session = new SessionInfo { SessionId = "", Role = DoorRole.Mx, ClientAddress = ip, Helo = call.Parsed.GetValue(Helo)!, Extended = true },
            ReversePath = call.Parsed.GetValue(MailFrom) ?? headers.First("Return-Path")?.Text.Trim().Trim('<', '>') ?? Addresses(headers, "From").FirstOrDefault() ?? "",
            Recipients = [new IncomingRecipient(to ?? throw new CommandException(ExitCodes.Usage, $"'{file}' names no inbox of this server; say --to ADDR."))],
            Raw = new RawContent(bytes),
            ReceivedAt = TimeProvider.System.GetUtcNow(),
        };
    }

    private static IEnumerable<string> Addresses(HeaderList headers, string field) =>
        headers.All(field).SelectMany(h => AgentMta.Protocol.Addresses.AddressParser.ParseList(h.RawValue.Span)).Select(a => a.Address);

    private static TimeSpan Span(string? text)
    {
        if (text is null)
            return TimeSpan.FromDays(DefaultDays);
        if (!int.TryParse(text.AsSpan(0, Math.Max(0, text.Length - 1)), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 100_000)
            throw new CommandException(ExitCodes.Usage, $"--since {text}: a number with m, h or d is expected, such as 7d.");
        return text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => throw new CommandException(ExitCodes.Usage, $"--since {text}: a number with m, h or d is expected, such as 7d."),
        };
    }

    private sealed record Replayed(GateReplay Replay, ReceiverServices Services);
}
