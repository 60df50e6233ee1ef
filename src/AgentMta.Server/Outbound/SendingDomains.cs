using System.Security.Cryptography;
using System.Text.Json;
using AgentMta.Protocol.Dns;
using AgentMta.Protocol.MailAuth.Dkim;
using AgentMta.Server.Model;
using AgentMta.Server.Store;

namespace AgentMta.Server.Outbound;

/// <summary>Sets up sending domains: makes their keys and postmaster, tells the DNS records they need and checks these against live DNS.</summary>
internal sealed class SendingDomains(Database database, DomainStore domains, DkimKeyStore keys, DomainCheck check, TimeProvider time)
{
    private const string RsaSelector = "agentmta-rsa";
    private const string EdSelector = "agentmta-ed";

    /// <summary>Makes a domain with its two DKIM keys and the inbox postmaster@DOMAIN; null where some workspace has it already (but for a claim of another that was never proved: <see cref="DomainStore.ClaimTime"/>).</summary>
    public async Task<Domain?> CreateAsync(Scope scope, NewDomain wanted, CancellationToken cancellationToken)
    {
        using var rsa = DkimKey.GenerateRsa(2048);
        using var ed = DkimKey.GenerateEd25519();
        var (rsaPem, edPem) = (rsa.ToPkcs8Pem(), ed.ToPkcs8Pem());
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        return await database.WriteAsync(
            session =>
            {
                if (DomainStore.IsTaken(session, wanted.Name) && !DomainStore.Reclaim(session, scope.WorkspaceId, wanted.Name))
                    return null;
                // What an earlier set-up left behind: our own stays as it is, another workspace's gives way where it has no mail.
                var address = "postmaster@" + wanted.Name;
                var postmaster = InboxStore.OfAddress(session, address);
                if (postmaster is not null && postmaster.WorkspaceId != scope.WorkspaceId)
                {
                    if (InboxStore.HasHadMail(session, postmaster))
                        return null;
                    InboxStore.DeleteRow(session, postmaster);
                    postmaster = null;
                }

                var pod = scope.PodId ?? WorkspaceStore.DefaultPod(session, scope.WorkspaceId);
                var now = Clock.FromMicros(session.Now);
                var domain = new Domain(
                    scope.WorkspaceId, wanted.Name, pod, wanted.SetupName, DomainStatus.NotStarted, Reason: null, wanted.FeedbackEnabled, wanted.SubdomainsEnabled,
                    wanted.TrackingEnabled, wanted.ClientId, token, Checks: null, VerifiedAt: null, CheckedAt: null, now, now);
                DomainStore.Insert(session, domain);
                keys.Insert(session, new StoredDkimKey(scope.WorkspaceId, wanted.Name, RsaSelector, "rsa", rsaPem, rsa.PublicRecord, now, RetiredAt: null));
                keys.Insert(session, new StoredDkimKey(scope.WorkspaceId, wanted.Name, EdSelector, "ed25519", edPem, ed.PublicRecord, now, RetiredAt: null));
                // RFC 5321 4.5.1: every domain accepts mail for postmaster.
                if (postmaster is null)
                    InboxStore.Create(session, scope.WorkspaceId, pod, address, "Postmaster", useCase: UseCaseStore.OfSender(session, scope.WorkspaceId, address));
                return domain;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The records that the domain needs, with what the last check found.</summary>
    public async Task<IReadOnlyList<DomainRecord>> RecordsAsync(Domain domain, CancellationToken cancellationToken)
    {
        var needed = check.Needed(domain, await keys.ListAsync(domain.WorkspaceId, domain.Name, cancellationToken).ConfigureAwait(false));
        if (domain.Checks is null)
            return needed;
        var last = JsonSerializer.Deserialize(domain.Checks, DomainJson.Default.ListDomainRecord) ?? [];
        return [.. needed.Select(n => last.FirstOrDefault(l => l.Type == n.Type && l.Name == n.Name && l.Value == n.Value) ?? n)];
    }

    /// <summary>Asks DNS for each record now and keeps the outcome; null where the domain is not within the scope.</summary>
    public async Task<Domain?> VerifyAsync(Scope scope, string name, CancellationToken cancellationToken)
    {
        var domain = await domains.GetAsync(scope, name, cancellationToken).ConfigureAwait(false);
        if (domain is null)
            return null;
        var needed = check.Needed(domain, await keys.ListAsync(domain.WorkspaceId, domain.Name, cancellationToken).ConfigureAwait(false));
        var records = new List<DomainRecord>();
        foreach (var record in needed)
            records.Add(await check.AskAsync(record, domain.Name, cancellationToken).ConfigureAwait(false));
        var (status, reason) = Judge(records);
        var checks = JsonSerializer.Serialize(records, DomainJson.Default.ListDomainRecord);
        await database.WriteAsync(session => DomainStore.SaveCheck(session, domain.WorkspaceId, name, status, reason, checks), cancellationToken).ConfigureAwait(false);
        return await domains.GetAsync(scope, name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The records as a zone file that can be imported (RFC 1035 5).</summary>
    public async Task<string> ZoneFileAsync(Domain domain, CancellationToken cancellationToken)
    {
        var records = await RecordsAsync(domain, cancellationToken).ConfigureAwait(false);
        var lines = records.Select(r => r.Type == "MX" ? $"{r.Name}. 3600 IN MX {r.Priority} {r.Value}." : $"{r.Name}. 3600 IN {r.Type} {Quote(r.Value)}");
        return $"; Records of {domain.Name}, written {time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}\n$ORIGIN {domain.Name}.\n" + string.Join('\n', lines) + "\n";
    }

    /// <summary>A text as character-strings of at most 255 octets (RFC 1035 3.3.14).</summary>
    internal static string Quote(string text) => string.Join(' ', text.Chunk(250).Select(part =>
        "\"" + new string(part).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\""));

    private static (DomainStatus Status, string? Reason) Judge(List<DomainRecord> records)
    {
        var open = records.FindAll(r => r.Status != "VALID");
        if (open.Count == 0)
            return (DomainStatus.Verified, null);
        var reason = string.Join(" ", open.Select(r => $"{r.Type} {r.Name}: {r.Reason ?? "is missing"}."));
        if (open.Exists(r => r.Status == "INVALID"))
            return (DomainStatus.Invalid, reason);
        return (open.Count == records.Count ? DomainStatus.Pending : DomainStatus.Failed, reason);
    }
}

/// <summary>What a caller says of a domain to be set up; the name is in lower case, as A-labels.</summary>
internal sealed record NewDomain(string Name, string? SetupName = null, bool FeedbackEnabled = true, bool SubdomainsEnabled = false, bool TrackingEnabled = false, string? ClientId = null);
