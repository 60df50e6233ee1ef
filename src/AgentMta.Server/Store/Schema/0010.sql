-- What lists show of the authentication of a message (JSON of the results) and whether somebody answers for its From.
ALTER TABLE messages ADD COLUMN auth_results TEXT;
ALTER TABLE messages ADD COLUMN aligned INTEGER NOT NULL DEFAULT 0;
CREATE INDEX events_time ON events (workspace_id, event_type, created_at);
CREATE INDEX pods_time ON pods (workspace_id, created_at, pod_id);
