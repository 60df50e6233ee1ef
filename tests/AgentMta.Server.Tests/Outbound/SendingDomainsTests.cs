using AgentMta.Protocol.Dns;
using AgentMta.Server.Model;
using AgentMta.Server.Outbound;
using AgentMta.Server.Store;
using AgentMta.Server.Tests.Support;

namespace AgentMta.Server.Tests.Outbound;

/// <summary>Whose a domain is that two workspaces want.</summary>
public sealed class SendingDomainsTests : IAsyncLifetime
{
    private const string Wanted = "victim.example";

    private readonly ManualTimeProvider _time = new();
    private TestStore _store = null!;
    private SendingDomains _domains = null!;
    private Scope _squatter = new("");

    public async Task InitializeAsync()
    {
        _store = await TestStore.OpenAsync(_time);
        _time.Advance(TimeSpan.FromSeconds(1)); // the first workspace, which is the operator's, is the older one
        _squatter = await _store.AddWorkspaceAsync("squatter", "squatter.test");
        _domains = new SendingDomains(
            _store.Database, new DomainStore(_store.Database), new DkimKeyStore(_store.Database, _store.Keys), new DomainCheck(new ZoneOverlay([]), "mx.agentmta.test", null), _time);
        Assert.NotNull(await CreateAsync(_squatter));
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task A_claim_that_was_never_proved_gives_way_after_a_week()
    {
        Assert.Null(await CreateAsync(_store.Scope));
        _time.Advance(DomainStore.ClaimTime - TimeSpan.FromMinutes(1));
        Assert.Null(await CreateAsync(_store.Scope));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull(await CreateAsync(_store.Scope));

        Assert.Equal([_store.WorkspaceId], await _store.RowsAsync("SELECT workspace_id FROM domains WHERE domain = @p1", Wanted));
        Assert.Equal([_store.WorkspaceId, _store.WorkspaceId], await _store.RowsAsync("SELECT workspace_id FROM dkim_keys WHERE domain = @p1", Wanted));
        Assert.Equal([_store.WorkspaceId], await _store.RowsAsync("SELECT workspace_id FROM inboxes WHERE inbox_id = @p1", "postmaster@" + Wanted));
        Assert.Equal(_store.WorkspaceId, (await _store.Directory.InboxAsync("postmaster@" + Wanted, default))!.WorkspaceId);
        Assert.Equal(_store.WorkspaceId, (await _store.Directory.DomainAsync(Wanted, default))!.WorkspaceId);
        // Who lost it is told, in its own log.
        Assert.Equal(
            ["inbox.deleted", "domain.deleted"],
            await _store.RowsAsync("SELECT event_type FROM events WHERE workspace_id = @p1 AND event_type IN ('inbox.deleted', 'domain.deleted') ORDER BY cursor", _squatter.WorkspaceId));
        // And it has no way back but the same one.
        Assert.Null(await CreateAsync(_squatter));
    }

    [Fact]
    public async Task A_domain_can_be_set_up_again_and_finds_its_postmaster_as_it_was()
    {
        await DeleteAsync(_squatter);
        Assert.NotNull(await CreateAsync(_squatter));
        Assert.Equal([_squatter.WorkspaceId], await _store.RowsAsync("SELECT workspace_id FROM inboxes WHERE inbox_id = @p1", "postmaster@" + Wanted));

        // Also where the inbox alone was deleted, or its use case stayed.
        await DeleteAsync(_squatter);
        await _store.Database.WriteAsync(session => session.Execute("DELETE FROM inboxes WHERE inbox_id = @p1", "postmaster@" + Wanted));
        Assert.NotNull(await CreateAsync(_squatter));
        Assert.Equal([_squatter.WorkspaceId], await _store.RowsAsync("SELECT workspace_id FROM inboxes WHERE inbox_id = @p1", "postmaster@" + Wanted));
    }

    [Fact]
    public async Task The_postmaster_that_another_workspace_left_behind_gives_way_unless_it_has_mail()
    {
        await DeleteAsync(_squatter);
        await _store.Database.WriteAsync(session => MessageStore.InsertId(session, _squatter.WorkspaceId, "postmaster@" + Wanted, "<a@x.test>", "m", "t", "u", MessageDirection.In, null, null));
        Assert.Null(await CreateAsync(_store.Scope));
        Assert.Empty(await _store.RowsAsync("SELECT workspace_id FROM domains WHERE domain = @p1", Wanted));

        await _store.Database.WriteAsync(session => session.Execute("DELETE FROM message_ids WHERE inbox_id = @p1", "postmaster@" + Wanted));
        Assert.NotNull(await CreateAsync(_store.Scope));
        Assert.Equal([_store.WorkspaceId], await _store.RowsAsync("SELECT workspace_id FROM inboxes WHERE inbox_id = @p1", "postmaster@" + Wanted));
    }

    [Fact]
    public async Task What_the_operator_set_up_or_somebody_works_with_never_gives_way()
    {
        var own = new NewDomain("operator.example");
        Assert.NotNull(await _domains.CreateAsync(_store.Scope, own, CancellationToken.None));
        await _store.AddInboxAsync("agent@" + Wanted, scope: _squatter);
        _time.Advance(2 * DomainStore.ClaimTime);

        Assert.Null(await _domains.CreateAsync(_squatter, own, CancellationToken.None));
        Assert.Null(await CreateAsync(_store.Scope));
        Assert.Equal([_squatter.WorkspaceId, _squatter.WorkspaceId], await _store.RowsAsync("SELECT workspace_id FROM inboxes WHERE inbox_id LIKE '%@' || @p1", Wanted));
    }

    [Fact]
    public async Task A_claim_gives_way_without_what_lies_on_domains_below_it()
    {
        await _store.AddInboxAsync("agent@sub." + Wanted, scope: _squatter);
        _time.Advance(DomainStore.ClaimTime);
        Assert.NotNull(await CreateAsync(_store.Scope));
        Assert.Equal([_squatter.WorkspaceId], await _store.RowsAsync("SELECT workspace_id FROM inboxes WHERE inbox_id = @p1", "agent@sub." + Wanted));
    }

    [Fact]
    public async Task A_claim_that_was_proved_once_stays()
    {
        await _store.Database.WriteAsync(session =>
        {
            DomainStore.SaveCheck(session, _squatter.WorkspaceId, Wanted, DomainStatus.Verified, null, "[]");
            DomainStore.SaveCheck(session, _squatter.WorkspaceId, Wanted, DomainStatus.Failed, "gone for now", "[]");
        });
        _time.Advance(TimeSpan.FromDays(100));
        Assert.Null(await CreateAsync(_store.Scope));
    }

    [Fact]
    public async Task A_claim_with_mail_stays()
    {
        await _store.Database.WriteAsync(session => session.Execute(
            "INSERT INTO message_ids (workspace_id, inbox_id, message_id, message_key, thread_id, use_case_id, direction, created_at) VALUES (@p1, @p2, '<a@b>', NULL, 't', 'u', 'in', 0)",
            _squatter.WorkspaceId, "postmaster@" + Wanted));
        _time.Advance(TimeSpan.FromDays(100));
        Assert.Null(await CreateAsync(_store.Scope));
    }

    [Fact]
    public async Task The_same_workspace_keeps_its_own_claim()
    {
        _time.Advance(TimeSpan.FromDays(100));
        Assert.Null(await CreateAsync(_squatter));
        Assert.Equal([_squatter.WorkspaceId], await _store.RowsAsync("SELECT workspace_id FROM domains WHERE domain = @p1", Wanted));
    }

    private async Task DeleteAsync(Scope scope) => Assert.True(await _store.Database.WriteAsync(session => DomainStore.Delete(session, scope, Wanted)));

    private Task<Domain?> CreateAsync(Scope scope) => _domains.CreateAsync(scope, new NewDomain(Wanted), CancellationToken.None);
}
