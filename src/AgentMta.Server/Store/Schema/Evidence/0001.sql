-- What was refused: kept in a file of its own and written without a flush, so that refusing spam can neither fill nor slow the database of mail.
-- workspace_id and inbox_id are '' where the refusal belongs to nobody here (an unknown recipient, a relay attempt).
CREATE TABLE refusals (
  workspace_id TEXT NOT NULL, refusal_id TEXT NOT NULL,
  pod_id TEXT NOT NULL, inbox_id TEXT NOT NULL,
  stage TEXT NOT NULL, session_id TEXT NOT NULL, transaction_id TEXT,
  client_address TEXT NOT NULL, helo TEXT, tls TEXT, reverse_path TEXT, recipient TEXT,
  code INTEGER NOT NULL, status TEXT, reply TEXT NOT NULL, verdicts TEXT, authentication TEXT,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, refusal_id)
);
CREATE INDEX refusals_id ON refusals (refusal_id);
CREATE INDEX refusals_time ON refusals (created_at);
CREATE INDEX refusals_workspace ON refusals (workspace_id, created_at, refusal_id);

-- Greylisting: a client network, a sender and a recipient that met before. passed_at is set once a retry came in time.
CREATE TABLE greylist (
  workspace_id TEXT NOT NULL, use_case_id TEXT NOT NULL, network TEXT NOT NULL, sender TEXT NOT NULL,
  first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, passed_at BIGINT,
  PRIMARY KEY (workspace_id, use_case_id, network, sender)
);
CREATE INDEX greylist_time ON greylist (last_at);
