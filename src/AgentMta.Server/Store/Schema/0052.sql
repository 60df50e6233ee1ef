-- Threads and events lie in the order of their keys, without an index beside the table that a message would have to fill too. Messages are never asked for
-- by number: the inbox's counter, in the same transaction, is what makes it the only one.
CREATE TABLE threads_clustered (
  workspace_id TEXT NOT NULL, thread_id TEXT NOT NULL,
  pod_id TEXT NOT NULL, inbox_id TEXT NOT NULL,
  subject TEXT, base_subject TEXT, preview TEXT,
  last_message_id TEXT NOT NULL, message_count BIGINT NOT NULL, size BIGINT NOT NULL,
  senders TEXT NOT NULL, recipients TEXT NOT NULL, labels TEXT NOT NULL,
  timestamp BIGINT NOT NULL, received_at BIGINT, sent_at BIGINT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, thread_id)
) /* clustered */;
INSERT INTO threads_clustered SELECT * FROM threads ORDER BY workspace_id, thread_id;
DROP TABLE threads;
ALTER TABLE threads_clustered RENAME TO threads;
CREATE INDEX threads_inbox ON threads (workspace_id, inbox_id, timestamp, thread_id);
CREATE INDEX threads_pod ON threads (workspace_id, pod_id, timestamp, thread_id);
CREATE INDEX threads_workspace ON threads (workspace_id, timestamp, thread_id);
CREATE INDEX threads_subject ON threads (workspace_id, inbox_id, base_subject, timestamp);

CREATE TABLE events_clustered (
  workspace_id TEXT NOT NULL, cursor BIGINT NOT NULL, event_id TEXT NOT NULL,
  pod_id TEXT, inbox_id TEXT, event_type TEXT NOT NULL,
  message_id TEXT, thread_id TEXT, facts TEXT, created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, cursor)
) /* clustered */;
INSERT INTO events_clustered SELECT * FROM events ORDER BY workspace_id, cursor;
DROP TABLE events;
ALTER TABLE events_clustered RENAME TO events;
CREATE INDEX events_inbox ON events (workspace_id, inbox_id, cursor);
CREATE INDEX events_time ON events (workspace_id, event_type, created_at);
CREATE INDEX events_id ON events (workspace_id, event_id);

DROP INDEX messages_uid;
