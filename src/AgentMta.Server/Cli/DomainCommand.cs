using System.CommandLine;
using AgentMta.Server.Hosting;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Resolver;
using AgentMta.Server.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta domain add|show|verify</c>.</summary>
internal static class DomainCommand
{
    public static Command Create(ConfigurationFlags flags)
    {
        var commands = new Command("domain", "Sending domains of the workspace");
        commands.Subcommands.Add(One("add", "Set up a domain: DKIM keys, postmaster inbox, the records to publish", flags, AddAsync));
        commands.Subcommands.Add(One("show", "Show a domain with its records", flags, ShowAsync));
        commands.Subcommands.Add(One("verify", "Ask DNS for the records of a domain now", flags, VerifyAsync));
        return commands;
    }

    private static Command One(string verb, string description, ConfigurationFlags flags, Func<CommandCall, CommandStore, SendingDomains, string, Task<int>> body)
    {
        var name = new Argument<string>("domain") { Description = "Domain name" };
        var command = new Command(verb, description) { name };
        command.SetAction(p => CommandCall.RunAsync(p, flags, call => call.WithStoreAsync(async store =>
        {
            var domain = Domain.ReadName(p.GetValue(name)) ?? throw new CommandException(ExitCodes.BadInput, $"'{p.GetValue(name)}' is not a domain name. Give one with at least two labels, such as mail.example.com.");
            // What is verified here decides what the server sends: it is judged by the server's name, smart host and DNS, or not at all.
            if (ServerFacts.Read(store.Folder.Path)?.Disagreements(store.Options).ToList() is { Count: > 0 } faults)
                throw new ConfigurationException(faults);
            using var resolver = await DomainZone.OpenResolverAsync(store.Options, store.Database, store.Keys).ConfigureAwait(false);
            return await body(call, store, Wiring.SendingDomains(store.Options, store.Database, store.Keys, resolver), domain).ConfigureAwait(false);
        })));
        return command;
    }

    private static async Task<int> AddAsync(CommandCall call, CommandStore store, SendingDomains domains, string name)
    {
        var domain = await domains.CreateAsync(store.Scope, new NewDomain(name), CancellationToken.None).ConfigureAwait(false)
            ?? throw new CommandException(ExitCodes.CannotCreate, $"The domain {name} is set up already; agentmta domain show {name} shows its records.");
        return await PrintAsync(call, domains, domain).ConfigureAwait(false);
    }

    private static async Task<int> ShowAsync(CommandCall call, CommandStore store, SendingDomains domains, string name)
    {
        var domain = await new DomainStore(store.Database).GetAsync(store.Scope, name, CancellationToken.None).ConfigureAwait(false);
        return await PrintAsync(call, domains, domain ?? throw Unknown(name)).ConfigureAwait(false);
    }

    private static async Task<int> VerifyAsync(CommandCall call, CommandStore store, SendingDomains domains, string name)
    {
        var domain = await domains.VerifyAsync(store.Scope, name, CancellationToken.None).ConfigureAwait(false) ?? throw Unknown(name);
        await PrintAsync(call, domains, domain).ConfigureAwait(false);
        return domain.Status == DomainStatus.Verified ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static CommandException Unknown(string name) => new(ExitCodes.NoInput, $"There is no domain {name}; set it up with: agentmta domain add {name}");

    private static async Task<int> PrintAsync(CommandCall call, SendingDomains domains, Domain domain)
    {
        var records = await domains.RecordsAsync(domain, CancellationToken.None).ConfigureAwait(false);
        var lines = records.Select(r => $"  {r.Status,-8} {r.Name} {r.Type} {(r.Priority is { } p ? p + " " : "")}{r.Value}{(r.Reason is null ? "" : $"\n           {r.Reason}")}{(r.Found is null || r.Status == "VALID" ? "" : $"\n           found: {r.Found}")}");
        call.Print(
            new { domain.Name, Status = DomainStore.Word(domain.Status), domain.Reason, Records = records },
            $"{domain.Name}: {DomainStore.Word(domain.Status)}\n{string.Join('\n', lines)}");
        return ExitCodes.Ok;
    }
}
