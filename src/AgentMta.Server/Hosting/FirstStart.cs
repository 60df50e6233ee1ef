using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;

namespace AgentMta.Server.Hosting;

/// <summary>What an empty data folder gets: a workspace, its API key, the domain with its DKIM keys, and the inbox agent@DOMAIN.</summary>
internal sealed class FirstStart(ServerOptions options, DataFolder folder, Database database, SendingDomains domains)
{
    /// <summary>Makes what is missing; a start that was cut short goes on where it stopped. Returns what was made, for people.</summary>
    public async Task<FirstStartResult?> RunAsync(CancellationToken cancellationToken)
    {
        var workspaces = await new WorkspaceStore(database).AllAsync(cancellationToken).ConfigureAwait(false);
        var name = options.Domain.ToLowerInvariant();
        var agent = "agent@" + name;
        var scope = workspaces.Count > 0
            ? new Scope(workspaces[0].WorkspaceId)
            : new Scope((await database.WriteAsync(session => WorkspaceStore.Create(session, "default"), cancellationToken).ConfigureAwait(false)).WorkspaceId);
        if (File.Exists(folder.ApiKeyFile) && workspaces.Count > 0)
            return null;
        var isClosed = name == DevelopmentZone.Domain;
        if (await new DomainStore(database).GetAsync(scope, name, cancellationToken).ConfigureAwait(false) is null)
            await domains.CreateAsync(scope, new NewDomain(name), cancellationToken).ConfigureAwait(false);
        var secret = await database.WriteAsync(
            session =>
            {
                if (!InboxStore.IsTaken(session, agent))
                    InboxStore.Create(session, scope.WorkspaceId, WorkspaceStore.DefaultPod(session, scope.WorkspaceId), agent, "Agent");
                return ApiKeyStore.Create(session, scope, "first start", permissions: null).Secret;
            },
            cancellationToken).ConfigureAwait(false);
        PrivateFile.WriteNew(folder.ApiKeyFile, secret + "\n");
        return new FirstStartResult(name, agent, secret, isClosed);
    }
}

/// <summary>What a first start made.</summary>
/// <param name="Secret">The API key; shown this once, and kept in DATA/api-key.</param>
/// <param name="IsDevelopment">The built-in overlay verifies the domain; otherwise its records have to be published.</param>
internal sealed record FirstStartResult(string Domain, string InboxId, string Secret, bool IsDevelopment);
