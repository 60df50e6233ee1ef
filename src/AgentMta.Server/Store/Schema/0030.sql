-- Who answers a received message. A row is made when the message is first claimed, not when it comes in: until then its label unread says that it waits.
-- state: leased, waiting (given back), done. A lease is (lease_owner, lease_until, attempt); due_at is when somebody else may take the turn: at the end of the
-- lease, or of the delay that was asked for when it was given back. holder is the API key that has it.
CREATE TABLE turns (
  workspace_id TEXT NOT NULL, message_key TEXT NOT NULL,
  pod_id TEXT NOT NULL, inbox_id TEXT NOT NULL,
  state TEXT NOT NULL, attempt BIGINT NOT NULL, due_at BIGINT NOT NULL,
  lease_owner TEXT NOT NULL, lease_until BIGINT NOT NULL, holder TEXT NOT NULL, reason TEXT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, message_key)
);
CREATE INDEX turns_due ON turns (workspace_id, inbox_id, due_at, message_key) WHERE state <> 'done';
