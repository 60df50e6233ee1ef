using System.Security.Cryptography;
using AgentMta.Protocol.Addresses;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Api;

/// <summary>Which address a new inbox or use case may have: on a domain of the workspace, of a form that every mail system takes.</summary>
internal static class InboxAddress
{
    private const string Alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
    private const int RandomLength = 12;

    /// <summary>The domain that answers for addresses on this name: itself, or a parent that has subdomains switched on.</summary>
    public static Domain Owner(StoreSession session, Scope scope, string name)
    {
        var domain = DomainName.Normalise(name) ?? throw ApiException.Invalid("domain", $"'{name}' is not a domain name.");
        // A pod may use what is set up for the whole workspace: its addresses are its own all the same.
        var workspace = new Scope(scope.WorkspaceId);
        if (DomainStore.Get(session, workspace, domain) is { } own && IsUsable(own, scope, session))
            return own;
        for (var dot = domain.IndexOf('.', StringComparison.Ordinal); dot > 0; dot = domain.IndexOf('.', dot + 1))
        {
            if (DomainStore.Get(session, workspace, domain[(dot + 1)..]) is { SubdomainsEnabled: true } parent && IsUsable(parent, scope, session))
                return parent;
        }

        throw new ApiException(422, "unprocessable", $"The workspace has no verified domain {domain}.", "Set the domain up under /v0/domains, publish its records and verify it.");
    }

    /// <summary>The address of this user name.</summary>
    public static string Read(string userName, string domain)
    {
        var name = userName.Trim().ToLowerInvariant();
        var address = $"{name}@{domain}";
        if (name.Contains('@', StringComparison.Ordinal) || name.Length > Mailbox.MaxLocalPart || Mailbox.Parse(address) is null || name.Contains('"', StringComparison.Ordinal))
            throw ApiException.Invalid("username", "It is the part of an address before the @: letters, digits, dot, hyphen, underscore.");
        if (name is ['b' or 'f' or 'u', '+', ..])
            throw ApiException.Invalid("username", "b+, f+ and u+ begin addresses of the server itself.");
        return address;
    }

    /// <summary>Refuses a further inbox where the workspace has as many as it may have.</summary>
    public static void CheckQuota(StoreSession session, Scope scope, ApiOptions options)
    {
        if (options.MaxInboxes > 0 && InboxStore.Count(session, scope.WorkspaceId) >= options.MaxInboxes)
            throw new ApiException(403, "limit_exceeded", $"The workspace has {options.MaxInboxes} inboxes, which is all it may have.", "Delete one, or have the operator raise Api:MaxInboxes.");
    }

    /// <summary>A name that nobody has.</summary>
    public static string RandomName() => RandomNumberGenerator.GetString(Alphabet, RandomLength);

    private static bool IsUsable(Domain domain, Scope scope, StoreSession session) =>
        domain.Status == DomainStatus.Verified && (scope.PodId is null || domain.PodId == scope.PodId || domain.PodId == WorkspaceStore.DefaultPod(session, scope.WorkspaceId));

    /// <summary>RFC 5321 4.5.1, RFC 2142: as long as the domain is there, its postmaster takes mail, and takes that of abuse with it.</summary>
    public static async Task CheckDeletableAsync(ApiServices services, string workspaceId, string address, CancellationToken cancellationToken)
    {
        if (!address.StartsWith("postmaster@", StringComparison.Ordinal))
            return;
        var domain = address["postmaster@".Length..];
        if (await new DomainStore(services.Database).GetAsync(new Scope(workspaceId), domain, cancellationToken).ConfigureAwait(false) is not null)
            throw new ApiException(403, "postmaster_needed", $"{domain} has to take mail for its postmaster, and for abuse, which comes here too.", $"Delete the domain first (DELETE /v0/domains/{domain}), or delete the messages alone.");
    }
}
