using AgentMta.Server.Model;

namespace AgentMta.Server.Store;

/// <content>How workspaces, domains and inboxes come to be: each with its rows and its events, within the caller's transaction.</content>
internal sealed partial class DirectoryStore
{
    /// <summary>Makes a workspace with its default pod; returns the scope of that pod.</summary>
    public static Scope CreateWorkspace(WriteSession session, string name)
    {
        var (workspaceId, podId) = (Ids.New(session.Time), Ids.New(session.Time));
        session.Execute(
            "INSERT INTO workspaces (workspace_id, name, default_pod_id, created_at) VALUES (@p1, @p2, @p3, @p4)", workspaceId, name, podId, session.Now);
        CreatePod(session, workspaceId, podId, "Default Pod");
        return new Scope(workspaceId, podId);
    }

    /// <summary>Makes a further pod.</summary>
    public static void CreatePod(WriteSession session, string workspaceId, string podId, string name, string? clientId = null)
    {
        session.Execute(
            "INSERT INTO pods (workspace_id, pod_id, name, client_id, created_at, updated_at) VALUES (@p1, @p2, @p3, @p4, @p5, @p5)",
            workspaceId, podId, name, clientId, session.Now);
        EventStore.Append(session, workspaceId, new NewEvent(EventTypes.PodCreated, podId));
    }

    /// <summary>Makes a domain (lower case, A-labels) together with its inbox postmaster@DOMAIN (RFC 5321 4.5.1).</summary>
    public static void CreateDomain(WriteSession session, string workspaceId, string podId, string domain, string status, string? setupName = null)
    {
        session.Execute(
            """
            INSERT INTO domains (workspace_id, domain, pod_id, setup_name, status, verification_token, verified_at, created_at, updated_at)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, CASE WHEN @p5 = 'verified' THEN @p7 END, @p7, @p7)
            """,
            workspaceId, domain, podId, setupName, status, Ids.New(session.Time), session.Now);
        EventStore.Append(session, workspaceId, new NewEvent(EventTypes.DomainCreated, podId, Facts: $$"""{"domain":"{{domain}}"}"""));
        CreateInbox(session, workspaceId, podId, $"postmaster@{domain}");
    }

    /// <summary>Makes an inbox with a default use case of its own: transactional, accepts cold inbound, not unsubscribable (design.md, Data).</summary>
    public static UseCase CreateInbox(WriteSession session, string workspaceId, string podId, string address, string? displayName = null)
    {
        var now = Clock.FromMicros(session.Now);
        var useCase = new UseCase(
            workspaceId, Ids.New(session.Time), podId, address, EmailType.Transactional, Unsubscribable: false, AcceptsColdInbound: true, UnsubscribeScope.UseCase,
            EntityName: null, Name: null, IsDefault: true, now, now);
        CreateInbox(session, useCase, displayName);
        return useCase;
    }

    /// <summary>Makes a use case and the inbox of its sender address.</summary>
    public static void CreateInbox(WriteSession session, UseCase useCase, string? displayName, string? clientId = null, string? metadata = null)
    {
        session.Execute(
            """
            INSERT INTO use_cases (workspace_id, use_case_id, pod_id, sender, email_type, unsubscribable, accepts_cold_inbound, unsubscribe_scope,
              entity_name, name, is_default, created_at, updated_at)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12, @p12)
            """,
            useCase.WorkspaceId, useCase.UseCaseId, useCase.PodId, useCase.Sender, useCase.EmailType == EmailType.Marketing ? "marketing" : "transactional",
            useCase.Unsubscribable ? 1 : 0, useCase.AcceptsColdInbound ? 1 : 0, useCase.UnsubscribeScope == UnsubscribeScope.Setup ? "setup" : "use_case",
            useCase.EntityName, useCase.Name, useCase.IsDefault ? 1 : 0, session.Now);
        session.Execute(
            """
            INSERT INTO inboxes (workspace_id, inbox_id, pod_id, use_case_id, display_name, client_id, metadata, uidvalidity, created_at, updated_at)
            VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p9)
            """,
            useCase.WorkspaceId, useCase.Sender, useCase.PodId, useCase.UseCaseId, displayName, clientId, metadata, session.Now / 1_000_000, session.Now);
        EventStore.Append(session, useCase.WorkspaceId, new NewEvent(EventTypes.UseCaseCreated, useCase.PodId, useCase.Sender, Facts: $$"""{"use_case_id":"{{useCase.UseCaseId}}"}"""));
        EventStore.Append(session, useCase.WorkspaceId, new NewEvent(EventTypes.InboxCreated, useCase.PodId, useCase.Sender));
    }
}
