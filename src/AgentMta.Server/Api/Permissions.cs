namespace AgentMta.Server.Api;

/// <summary>The rights that a key can be restricted to.</summary>
internal static class Permissions
{
    /// <summary>Every permission of the wire contract.</summary>
    public static readonly IReadOnlySet<string> All = new HashSet<string>(StringComparer.Ordinal)
    {
        "inbox_read", "inbox_create", "inbox_update", "inbox_delete",
        "message_read", "message_send", "message_update", "message_delete",
        "label_spam_read", "label_blocked_read", "label_unauthenticated_read", "label_trash_read",
        "draft_read", "draft_create", "draft_update", "draft_delete", "draft_send",
        "webhook_read", "webhook_create", "webhook_update", "webhook_delete",
        "domain_read", "domain_create", "domain_update", "domain_delete",
        "list_entry_read", "list_entry_create", "list_entry_delete",
        "metrics_read",
        "api_key_read", "api_key_create", "api_key_update", "api_key_delete",
        "pod_read", "pod_create", "pod_delete",
        "provider_connect", "provider_share_owner",
    };
}
