CREATE INDEX events_time ON events (workspace_id, event_type, created_at);
CREATE INDEX pods_time ON pods (workspace_id, created_at, pod_id);

-- Drafts: content is the JSON of what a client wrote. send_status: scheduled, sending, failed or NULL.
CREATE TABLE drafts (
  workspace_id TEXT NOT NULL, draft_id TEXT NOT NULL,
  pod_id TEXT NOT NULL, inbox_id TEXT NOT NULL, client_id TEXT,
  labels TEXT NOT NULL, content TEXT NOT NULL,
  send_status TEXT, send_at BIGINT, fault TEXT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, draft_id)
);
CREATE UNIQUE INDEX drafts_client ON drafts (workspace_id, inbox_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX drafts_inbox ON drafts (workspace_id, inbox_id, updated_at, draft_id);
CREATE INDEX drafts_pod ON drafts (workspace_id, pod_id, updated_at, draft_id);
CREATE INDEX drafts_workspace ON drafts (workspace_id, updated_at, draft_id);
CREATE INDEX drafts_due ON drafts (send_at) WHERE send_status IN ('scheduled', 'sending');

CREATE TABLE draft_attachments (
  workspace_id TEXT NOT NULL, draft_id TEXT NOT NULL, attachment_id TEXT NOT NULL,
  filename TEXT, content_type TEXT, inline INTEGER NOT NULL, content_id TEXT, size BIGINT NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY (workspace_id, draft_id, attachment_id)
);
