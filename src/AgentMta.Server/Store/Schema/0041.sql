-- An index for the order of each list, so that a page costs the same whatever there is.

-- What the plain list of an inbox shows: without archived and hidden mail, however much of it lies in between.
ALTER TABLE messages ADD COLUMN shown INTEGER GENERATED ALWAYS AS (
  instr(labels, '"archived"') = 0 AND instr(labels, '"spam"') = 0 AND instr(labels, '"blocked"') = 0 AND instr(labels, '"unauthenticated"') = 0 AND instr(labels, '"trash"') = 0) VIRTUAL;
CREATE INDEX messages_shown ON messages (workspace_id, inbox_id, timestamp, message_key) WHERE shown = 1;

CREATE INDEX inboxes_pod ON inboxes (workspace_id, pod_id, created_at, inbox_id);
CREATE INDEX domains_created ON domains (workspace_id, created_at, domain);
CREATE INDEX domains_pod ON domains (workspace_id, pod_id, created_at, domain);
CREATE INDEX use_cases_pod ON use_cases (workspace_id, pod_id, use_case_id);
CREATE INDEX api_keys_live ON api_keys (workspace_id, api_key_id) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_pod ON api_keys (workspace_id, pod_id, api_key_id) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_inbox ON api_keys (workspace_id, inbox_id, api_key_id) WHERE revoked_at IS NULL;
CREATE INDEX webhooks_pod ON webhooks (workspace_id, pod_id, created_at, webhook_id);
CREATE INDEX webhooks_inbox ON webhooks (workspace_id, inbox_id, created_at, webhook_id);

DROP INDEX suppressions_time;
CREATE INDEX suppressions_time ON suppressions (workspace_id, created_at, address, scope, scope_key);
CREATE INDEX suppressions_key ON suppressions (workspace_id, scope, scope_key, created_at, address);
CREATE INDEX suppressions_address ON suppressions (workspace_id, address, created_at, scope, scope_key);

CREATE INDEX deliveries_waiting ON deliveries (workspace_id, delivery_id) WHERE state IN ('queued', 'deferred', 'held');
CREATE INDEX deliveries_waiting_for ON deliveries (workspace_id, destination, delivery_id) WHERE state IN ('queued', 'deferred', 'held');
DROP INDEX deliveries_message;
CREATE INDEX deliveries_message ON deliveries (workspace_id, message_key, delivery_id);
