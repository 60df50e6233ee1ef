using System.CommandLine;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta inbox add|list</c>.</summary>
internal static class InboxCommand
{
    private const int PageSize = 500;

    public static Command Create(ConfigurationFlags flags)
    {
        var address = new Argument<string>("address") { Description = "Address on a domain of the workspace" };
        var name = new Option<string?>("--name") { Description = "Display name" };
        var threadOnly = new Option<bool>("--thread-only") { Description = "Accept only proven replies, no cold mail" };
        var unsubscribable = new Option<bool>("--unsubscribable") { Description = "Recipients may opt out (RFC 8058 headers)" };
        var add = new Command("add", "Make an inbox") { address, name, threadOnly, unsubscribable };
        add.SetAction(p => CommandCall.RunAsync(p, flags, call => call.WithStoreAsync(store =>
            AddAsync(call, store, p.GetValue(address)!, p.GetValue(name), p.GetValue(threadOnly), p.GetValue(unsubscribable)))));
        var list = new Command("list", "List inboxes, oldest first");
        list.SetAction(p => CommandCall.RunAsync(p, flags, call => call.WithStoreAsync(store => ListAsync(call, store))));
        return new Command("inbox", "Inboxes of the workspace") { add, list };
    }

    private static async Task<int> AddAsync(CommandCall call, CommandStore store, string address, string? name, bool threadOnly, bool unsubscribable)
    {
        address = address.Trim().ToLowerInvariant();
        var domain = address[(address.LastIndexOf('@') + 1)..];
        if (Protocol.Addresses.Mailbox.Parse(address) is null)
            throw new CommandException(ExitCodes.BadInput, $"'{address}' is not an address.");
        var inbox = await store.Database.WriteAsync(session =>
        {
            if (DomainStore.Get(session, store.Scope, domain) is not { } owner)
                throw new CommandException(ExitCodes.NoHost, $"The workspace has no domain '{domain}': add it with: agentmta domain add {domain}");
            if (InboxStore.IsTaken(session, address))
                throw new CommandException(ExitCodes.CannotCreate, $"The inbox {address} exists already.");
            var now = Clock.FromMicros(session.Now);
            UseCase? useCase = null;
            if (threadOnly || unsubscribable)
            {
                useCase = new UseCase(store.Scope.WorkspaceId, Ids.New(session.Time), owner.PodId, address, EmailType.Transactional, unsubscribable, !threadOnly, UnsubscribeScope.UseCase, null, null, IsDefault: false, now, now);
                UseCaseStore.Insert(session, useCase);
            }

            return InboxStore.Create(session, store.Scope.WorkspaceId, owner.PodId, address, name, useCase: useCase);
        }).ConfigureAwait(false);
        call.Print(new { inbox.InboxId, inbox.PodId, inbox.DisplayName, inbox.UseCaseId }, $"Made the inbox {inbox.InboxId}.");
        return ExitCodes.Ok;
    }

    private static async Task<int> ListAsync(CommandCall call, CommandStore store)
    {
        var inboxes = new InboxStore(store.Database);
        (long CreatedAt, string InboxId)? after = null;
        while (true)
        {
            var page = await inboxes.ListAsync(store.Scope, after, PageSize, ascending: true, CancellationToken.None).ConfigureAwait(false);
            foreach (var inbox in page)
                call.Print(new { inbox.InboxId, inbox.PodId, inbox.DisplayName, inbox.UseCaseId, inbox.CreatedAt }, inbox.DisplayName is null ? inbox.InboxId : $"{inbox.InboxId}  {inbox.DisplayName}");
            if (page.Count < PageSize)
                return ExitCodes.Ok;
            after = (page[^1].CreatedAt.ToMicros(), page[^1].InboxId);
        }
    }
}
