-- Event subscriptions. pod_id and inbox_id are where the webhook was made (NULL at the root) and bound it for good; pod_ids and inbox_ids (JSON) narrow it further.
-- secrets and headers are JSON, encrypted with the master key. event_cursor: every event up to here was delivered, or has a row in webhook_deliveries.
CREATE TABLE webhooks (
  workspace_id TEXT NOT NULL, webhook_id TEXT NOT NULL,
  pod_id TEXT, inbox_id TEXT, client_id TEXT,
  url TEXT NOT NULL, event_types TEXT NOT NULL, pod_ids TEXT, inbox_ids TEXT,
  secrets BLOB NOT NULL, headers BLOB,
  enabled INTEGER NOT NULL DEFAULT 1, event_cursor BIGINT NOT NULL, failing_since BIGINT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, webhook_id)
);
CREATE UNIQUE INDEX webhooks_client ON webhooks (workspace_id, COALESCE(pod_id, ''), COALESCE(inbox_id, ''), client_id) WHERE client_id IS NOT NULL;
CREATE INDEX webhooks_created ON webhooks (workspace_id, created_at, webhook_id);

-- What did not arrive at the first try. state: waiting, delivered, dead (a dead letter, until it is replayed).
CREATE TABLE webhook_deliveries (
  workspace_id TEXT NOT NULL, webhook_id TEXT NOT NULL, event_cursor BIGINT NOT NULL,
  event_id TEXT NOT NULL, event_type TEXT NOT NULL,
  state TEXT NOT NULL, attempts BIGINT NOT NULL, next_attempt_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, webhook_id, event_cursor)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (workspace_id, webhook_id, next_attempt_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (workspace_id, webhook_id, event_cursor) WHERE state = 'dead';
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (updated_at) WHERE state <> 'waiting';

-- The tries that failed: status is that of the answer (NULL without one), fault what went wrong instead.
CREATE TABLE webhook_attempts (
  workspace_id TEXT NOT NULL, webhook_id TEXT NOT NULL, event_cursor BIGINT NOT NULL, started_at BIGINT NOT NULL,
  elapsed BIGINT NOT NULL, status INTEGER, fault TEXT,
  PRIMARY KEY (workspace_id, webhook_id, event_cursor, started_at)
);

-- Replays name events by id, and by time through the order of ids.
CREATE INDEX events_id ON events (workspace_id, event_id);
