using System.CommandLine;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Cli;

/// <summary><c>agentmta key add|list|revoke</c>.</summary>
internal static class KeyCommand
{
    private const int PageSize = 500;

    public static Command Create(ConfigurationFlags flags)
    {
        var name = new Option<string>("--name") { Description = "What the key is for", DefaultValueFactory = _ => "command line" };
        var inbox = new Option<string?>("--inbox") { Description = "Only this inbox (default: the whole workspace)", HelpName = "ADDRESS" };
        var add = new Command("add", "Make an API key; the secret is shown once") { name, inbox };
        add.SetAction(p => CommandCall.RunAsync(p, flags, call => call.WithStoreAsync(store => AddAsync(call, store, p.GetValue(name)!, p.GetValue(inbox)?.ToLowerInvariant()))));
        var list = new Command("list", "List API keys, oldest first");
        list.SetAction(p => CommandCall.RunAsync(p, flags, call => call.WithStoreAsync(store => ListAsync(call, store))));
        var id = new Argument<string>("id") { Description = "Id of the key, as list shows it" };
        var revoke = new Command("revoke", "End an API key at once") { id };
        revoke.SetAction(p => CommandCall.RunAsync(p, flags, call => call.WithStoreAsync(store => RevokeAsync(call, store, p.GetValue(id)!))));
        return new Command("key", "API keys of the workspace") { add, list, revoke };
    }

    private static async Task<int> AddAsync(CommandCall call, CommandStore store, string name, string? inboxId)
    {
        var scope = store.Scope;
        if (inboxId is not null)
        {
            var inbox = await new InboxStore(store.Database).GetAsync(scope, inboxId, CancellationToken.None).ConfigureAwait(false)
                ?? throw new CommandException(ExitCodes.NoInput, $"There is no inbox {inboxId}; agentmta inbox list shows those there are.");
            scope = new Scope(scope.WorkspaceId, inbox.PodId, inbox.InboxId);
        }

        var (key, secret) = await store.Database.WriteAsync(session => ApiKeyStore.Create(session, scope, name, permissions: null)).ConfigureAwait(false);
        call.Print(new { key.ApiKeyId, ApiKey = secret, key.Prefix, key.Name, key.InboxId }, $"{secret}\nThis is shown once. Its id is {key.ApiKeyId}.");
        return ExitCodes.Ok;
    }

    private static async Task<int> ListAsync(CommandCall call, CommandStore store)
    {
        var keys = new ApiKeyStore(store.Database, TimeProvider.System);
        string? after = null;
        while (true)
        {
            var page = await keys.ListAsync(store.Scope, after, PageSize, ascending: true, CancellationToken.None).ConfigureAwait(false);
            foreach (var key in page)
            {
                call.Print(
                    new { key.ApiKeyId, key.Prefix, key.Name, key.PodId, key.InboxId, key.Permissions, key.UsedAt, key.ExpiresAt, key.CreatedAt },
                    $"{key.ApiKeyId}  {key.Prefix}…  {key.InboxId ?? "whole workspace"}  {(key.UsedAt is { } used ? $"used {used:u}" : "never used")}  {key.Name}");
            }

            if (page.Count < PageSize)
                return ExitCodes.Ok;
            after = page[^1].ApiKeyId;
        }
    }

    private static async Task<int> RevokeAsync(CommandCall call, CommandStore store, string id)
    {
        if (!await store.Database.WriteAsync(session => ApiKeyStore.Revoke(session, store.Scope, id)).ConfigureAwait(false))
            throw new CommandException(ExitCodes.NoInput, $"There is no key '{id}'; agentmta key list shows those there are.");
        call.Print(new { ApiKeyId = id, Revoked = true }, $"Revoked {id}.");
        return ExitCodes.Ok;
    }
}
