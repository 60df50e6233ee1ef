namespace AgentMta.Server.Api;

/// <summary>What a status and code mean: why it happens and what helps. The table of docs/api.md and /openapi.json say the same.</summary>
internal sealed record ErrorCode(int Status, string Code, string Cause, string Help);

/// <summary>Every code that an answer of the API can carry; nothing else is served.</summary>
internal static class ErrorCodes
{
    public static readonly IReadOnlyList<ErrorCode> All =
    [
        new(400, "validation_error", "A field of the body or a query parameter is missing or wrong; errors names each.", "Mend what errors names; trying again unchanged is no use."),
        new(400, "bad_request", "The request is no HTTP that the server can read.", "Look at what the client library sends."),
        new(401, "missing_authorization", "There is no Authorization header.", "Send Authorization: Bearer and the API key."),
        new(401, "invalid_token_type", "The Authorization header is not of the type Bearer.", "Send Authorization: Bearer and the API key."),
        new(401, "unknown_api_key", "The key was never made here, or was revoked.", "Take the key of DATA/api-key or make one under /v0/api-keys."),
        new(401, "api_key_expired", "The key's expires_at has passed.", "Make another key."),
        new(403, "missing_permission", "The key is restricted and lacks the permission that the message names.", "Use a key that has it, or give it to this one."),
        new(403, "permission_escalation", "A key tried to give another key what it does not have itself.", "Leave the permission out, or use a key that has it."),
        new(403, "forbidden", "The key's pod or inbox does not reach so far, or a download URL has expired.", "Use a key of the pod or workspace; ask for a new URL."),
        new(403, "message_rejected", "Policy forbids the recipient: a send list, a suppression, or an automatic answer to an automatic message.", "Read fix; change the list or leave the recipient out."),
        new(403, "domain_not_verified", "The sending domain's DNS records are not proved yet.", "Publish what GET /v0/domains/{domain_id} shows and verify it."),
        new(403, "limit_exceeded", "The workspace has as many of these as it may have.", "Delete one."),
        new(403, "already_exists", "The address or domain is in use by this workspace.", "Take another name, or give the same client_id to get the same object again."),
        new(403, "postmaster_needed", "The inbox is the postmaster's of a domain that is set up here, which has to take that mail (RFC 5321 4.5.1).", "Delete the domain first."),
        new(403, "resource_taken", "Another workspace has set the domain up, and has proved it or may still do so.", "Take another domain; if it is yours, try again in 7 days: an unproved claim gives way then."),
        new(404, "not_found", "It does not exist, or lies outside the key's scope: the two look alike.", "Check the id (percent-encoded in paths) and the key's scope."),
        new(405, "method_not_allowed", "The path does not take this method.", "See the Allow header."),
        new(409, "conflict", "An Idempotency-Key was used for another request, a draft is being sent, a message is archived already.", "Read the message; take a new key for a new request."),
        new(409, "already_exists", "The address is suppressed there already.", "Nothing is to be done."),
        new(409, "lease_lost", "The lease is not the newest of the message: another agent has claimed it since, or it was given back or acked.", "Do not answer the message; claim the next one."),
        new(409, "cannot_delete", "The pod is not empty, or is the default one.", "Delete its inboxes and domains first."),
        new(413, "payload_too_large", "The body, or the message made of it, is larger than the server takes.", "Send attachments by url, or a link in the text."),
        new(415, "unsupported_media_type", "The body is not JSON.", "Send it with Content-Type: application/json."),
        new(416, "range_not_satisfiable", "The range of a download lies behind its end.", "Ask for a range within Content-Range."),
        new(422, "unprocessable", "The request is well formed and cannot be done: no recipient, too many, no verified domain, too large a thread.", "Read the message and fix."),
        new(422, "query_range_too_wide", "Metrics were asked for over more days or buckets than one answer has.", "Take a shorter range or a longer period."),
        new(426, "upgrade_required", "GET /v0 is the websocket.", "Connect with a websocket client, or read GET /v0/events."),
        new(429, "rate_limit_exceeded", "The key makes too many requests, or the inbox writes too much mail.", "Wait for Retry-After seconds; use wait= or a websocket instead of polling."),
        new(500, "internal_error", "The server failed; its log says why.", "Try again once; then tell the operator."),
        new(503, "service_unavailable", "Large requests and answers under way take the memory there is for them, or the store cannot be written now (disk full, for mail: less free space than FreeSpaceFloor; shutting down); nothing was changed.", "Try again after Retry-After seconds."),
    ];
}
