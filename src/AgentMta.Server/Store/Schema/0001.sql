-- One row group a block. Times are UTC microseconds; ids are text made by the server, sortable by time; workspace_id comes first.
-- Portable SQL only: what differs between engines lies in Store/Sqlite and Store/Postgres. A table that is marked clustered may lie in the order of its
-- key where an engine can do that: its rows are short and found by it, and each spares a second tree.

CREATE TABLE workspaces (
  workspace_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  default_pod_id TEXT NOT NULL,
  event_cursor BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL
);

CREATE TABLE pods (
  workspace_id TEXT NOT NULL, pod_id TEXT NOT NULL,
  name TEXT NOT NULL, client_id TEXT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, pod_id)
);
CREATE UNIQUE INDEX pods_client ON pods (workspace_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE api_keys (
  workspace_id TEXT NOT NULL, api_key_id TEXT NOT NULL,
  pod_id TEXT, inbox_id TEXT,
  name TEXT NOT NULL, prefix TEXT NOT NULL, secret_hash BLOB NOT NULL,
  permissions TEXT,
  used_at BIGINT, expires_at BIGINT, revoked_at BIGINT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, api_key_id)
);
CREATE UNIQUE INDEX api_keys_secret ON api_keys (secret_hash);

-- A setup: a tenant's name and its sending domain. A domain belongs to one workspace.
CREATE TABLE domains (
  workspace_id TEXT NOT NULL, domain TEXT NOT NULL,
  pod_id TEXT NOT NULL, setup_name TEXT,
  status TEXT NOT NULL, reason TEXT,
  feedback_enabled INTEGER NOT NULL DEFAULT 1, subdomains_enabled INTEGER NOT NULL DEFAULT 0, tracking_enabled INTEGER NOT NULL DEFAULT 0,
  client_id TEXT, verification_token TEXT NOT NULL, checks TEXT,
  verified_at BIGINT, checked_at BIGINT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, domain)
);
CREATE UNIQUE INDEX domains_name ON domains (domain);

-- Private keys are encrypted with the master key (label dkim).
CREATE TABLE dkim_keys (
  workspace_id TEXT NOT NULL, domain TEXT NOT NULL, selector TEXT NOT NULL,
  algorithm TEXT NOT NULL, private_key BLOB NOT NULL, public_record TEXT NOT NULL,
  created_at BIGINT NOT NULL, retired_at BIGINT,
  PRIMARY KEY (workspace_id, domain, selector)
);

CREATE TABLE use_cases (
  workspace_id TEXT NOT NULL, use_case_id TEXT NOT NULL,
  pod_id TEXT NOT NULL, sender TEXT NOT NULL,
  email_type TEXT NOT NULL, unsubscribable INTEGER NOT NULL, accepts_cold_inbound INTEGER NOT NULL,
  unsubscribe_scope TEXT NOT NULL, entity_name TEXT, name TEXT,
  is_default INTEGER NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, use_case_id)
);
CREATE UNIQUE INDEX use_cases_sender ON use_cases (workspace_id, sender);

-- inbox_id is the address itself, lower case; one owner in the whole server.
CREATE TABLE inboxes (
  workspace_id TEXT NOT NULL, inbox_id TEXT NOT NULL,
  pod_id TEXT NOT NULL, use_case_id TEXT NOT NULL,
  display_name TEXT, client_id TEXT, metadata TEXT,
  uidvalidity BIGINT NOT NULL, next_uid BIGINT NOT NULL DEFAULT 1, modseq BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id)
);
CREATE UNIQUE INDEX inboxes_address ON inboxes (inbox_id);
CREATE UNIQUE INDEX inboxes_client ON inboxes (workspace_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX inboxes_created ON inboxes (workspace_id, created_at, inbox_id);

-- Allow and block lists; pod_id and inbox_id are '' at the wider scopes.
CREATE TABLE lists (
  workspace_id TEXT NOT NULL, pod_id TEXT NOT NULL, inbox_id TEXT NOT NULL,
  direction TEXT NOT NULL, list_type TEXT NOT NULL, entry TEXT NOT NULL, entry_type TEXT NOT NULL,
  reason TEXT, read_only INTEGER NOT NULL DEFAULT 0, created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, pod_id, inbox_id, direction, list_type, entry)
) /* clustered */;

-- One raw for one end of data and workspace, byte for byte as it came. trace is what we prepend; removed lists the ranges
-- (JSON [[offset,length],…]) of foreign Authentication-Results that carried our id. content or file, never both.
CREATE TABLE raws (
  workspace_id TEXT NOT NULL, raw_id TEXT NOT NULL,
  size BIGINT NOT NULL, content BLOB, file TEXT,
  trace BLOB, removed TEXT,
  session TEXT, authentication TEXT,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, raw_id)
);

CREATE TABLE threads (
  workspace_id TEXT NOT NULL, thread_id TEXT NOT NULL,
  pod_id TEXT NOT NULL, inbox_id TEXT NOT NULL,
  subject TEXT, base_subject TEXT, preview TEXT,
  last_message_id TEXT NOT NULL, message_count BIGINT NOT NULL, size BIGINT NOT NULL,
  senders TEXT NOT NULL, recipients TEXT NOT NULL, labels TEXT NOT NULL,
  timestamp BIGINT NOT NULL, received_at BIGINT, sent_at BIGINT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, thread_id)
);
CREATE INDEX threads_inbox ON threads (workspace_id, inbox_id, timestamp, thread_id);
CREATE INDEX threads_pod ON threads (workspace_id, pod_id, timestamp, thread_id);
CREATE INDEX threads_workspace ON threads (workspace_id, timestamp, thread_id);
CREATE INDEX threads_subject ON threads (workspace_id, inbox_id, base_subject, timestamp);

-- One message for each inbox that took or sent it. Bodies are read from the raw; preview, attachments (with their ranges) and
-- the header facts of lists are kept here. direction: in, out.
CREATE TABLE messages (
  workspace_id TEXT NOT NULL, message_key TEXT NOT NULL,
  pod_id TEXT NOT NULL, inbox_id TEXT NOT NULL, thread_id TEXT NOT NULL, raw_id TEXT NOT NULL,
  message_id TEXT NOT NULL, direction TEXT NOT NULL,
  uid BIGINT NOT NULL, modseq BIGINT NOT NULL,
  timestamp BIGINT NOT NULL,
  from_addr TEXT NOT NULL, to_addrs TEXT NOT NULL, cc_addrs TEXT, bcc_addrs TEXT, reply_to TEXT,
  subject TEXT, preview TEXT, labels TEXT NOT NULL, attachments TEXT,
  in_reply_to TEXT, refs TEXT, size BIGINT NOT NULL,
  content_hash BLOB NOT NULL, verdicts TEXT, resolved_key TEXT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, message_key)
);
CREATE UNIQUE INDEX messages_id ON messages (workspace_id, inbox_id, message_id);
CREATE UNIQUE INDEX messages_uid ON messages (workspace_id, inbox_id, uid);
CREATE INDEX messages_time ON messages (workspace_id, inbox_id, timestamp, message_key);
CREATE INDEX messages_thread ON messages (workspace_id, thread_id, timestamp, message_key);
CREATE INDEX messages_raw ON messages (workspace_id, raw_id);

-- Every Message-ID this inbox knows, also of deleted messages (message_key NULL) and aliases (ids a submitting client chose or a
-- relay's final 250 named). For outbound ones recipients holds the envelope's addresses: proof of a reply asks here. direction: in, out,
-- or ref for an id that was only referred to so far, so that a late parent finds its thread.
CREATE TABLE message_ids (
  workspace_id TEXT NOT NULL, inbox_id TEXT NOT NULL, message_id TEXT NOT NULL,
  message_key TEXT, thread_id TEXT NOT NULL, use_case_id TEXT NOT NULL,
  direction TEXT NOT NULL, recipients TEXT, content_hash BLOB, created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, message_id)
) /* clustered */;
CREATE INDEX message_ids_any ON message_ids (workspace_id, message_id);

-- Two threads that turned out to be one (a late parent): the old id keeps naming the thread that took its messages.
CREATE TABLE thread_merges (
  workspace_id TEXT NOT NULL, thread_id TEXT NOT NULL,
  inbox_id TEXT NOT NULL, into_thread_id TEXT NOT NULL, created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, thread_id)
);
CREATE INDEX thread_merges_into ON thread_merges (workspace_id, into_thread_id);

-- Who has written to an inbox and was let in: first contact is what is not here.
CREATE TABLE contacts (
  workspace_id TEXT NOT NULL, inbox_id TEXT NOT NULL, address TEXT NOT NULL, created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, address)
) /* clustered */;

-- Mailing lists (List-Id, RFC 2919) whose own domain authenticated mail that was aligned when it came: their later mail may fail DMARC.
CREATE TABLE mailing_lists (
  workspace_id TEXT NOT NULL, inbox_id TEXT NOT NULL, list_id TEXT NOT NULL, domain TEXT NOT NULL, created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, list_id, domain)
) /* clustered */;

CREATE TABLE message_labels (
  workspace_id TEXT NOT NULL, inbox_id TEXT NOT NULL, label TEXT NOT NULL, timestamp BIGINT NOT NULL, message_key TEXT NOT NULL,
  PRIMARY KEY (workspace_id, inbox_id, label, timestamp, message_key)
) /* clustered */;

-- The queue: one row a recipient. state: queued, deferred, held, delivered, bounced, dropped. A lease is (owner, until, attempt).
CREATE TABLE deliveries (
  workspace_id TEXT NOT NULL, delivery_id TEXT NOT NULL,
  pod_id TEXT NOT NULL, inbox_id TEXT NOT NULL, use_case_id TEXT NOT NULL,
  message_key TEXT NOT NULL, message_id TEXT NOT NULL, thread_id TEXT NOT NULL, raw_id TEXT NOT NULL,
  reverse_path TEXT NOT NULL, recipient TEXT NOT NULL, destination TEXT NOT NULL,
  state TEXT NOT NULL, attempts BIGINT NOT NULL DEFAULT 0,
  next_attempt_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, delay_reported INTEGER NOT NULL DEFAULT 0,
  lease_owner TEXT, lease_until BIGINT, lease_attempt BIGINT NOT NULL DEFAULT 0,
  options TEXT,
  last_status TEXT, last_reply TEXT, last_host TEXT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, delivery_id)
);
CREATE INDEX deliveries_due ON deliveries (state, next_attempt_at) WHERE state IN ('queued', 'deferred');
CREATE INDEX deliveries_destination ON deliveries (destination, state) WHERE state IN ('queued', 'deferred', 'held');
CREATE INDEX deliveries_message ON deliveries (workspace_id, message_key);

CREATE TABLE attempts (
  workspace_id TEXT NOT NULL, delivery_id TEXT NOT NULL, attempt BIGINT NOT NULL,
  started_at BIGINT NOT NULL, elapsed BIGINT NOT NULL,
  remote_host TEXT, remote_address TEXT, tls TEXT,
  outcome TEXT NOT NULL, reply_code INTEGER, enhanced_status TEXT, reply TEXT, dialogue TEXT,
  PRIMARY KEY (workspace_id, delivery_id, attempt)
);

-- scope_key: the use case's id, the domain of its setup, or '*' for the whole workspace.
CREATE TABLE suppressions (
  workspace_id TEXT NOT NULL, scope TEXT NOT NULL, scope_key TEXT NOT NULL, address TEXT NOT NULL,
  reason TEXT NOT NULL, detail TEXT, message_id TEXT, created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, address, scope, scope_key)
);

-- What Inbound and the public unsubscribe page write; the outcome worker alone acts on it.
CREATE TABLE reports (
  workspace_id TEXT NOT NULL, report_id TEXT NOT NULL,
  kind TEXT NOT NULL, message_key TEXT NOT NULL, raw_id TEXT NOT NULL, facts TEXT NOT NULL,
  created_at BIGINT NOT NULL, processed_at BIGINT,
  PRIMARY KEY (workspace_id, report_id)
);
CREATE INDEX reports_open ON reports (created_at) WHERE processed_at IS NULL;

CREATE TABLE unsubscribe_requests (
  workspace_id TEXT NOT NULL, request_id TEXT NOT NULL,
  delivery_id TEXT NOT NULL, address TEXT NOT NULL, via TEXT NOT NULL,
  created_at BIGINT NOT NULL, processed_at BIGINT,
  PRIMARY KEY (workspace_id, request_id)
);
CREATE INDEX unsubscribe_open ON unsubscribe_requests (created_at) WHERE processed_at IS NULL;

CREATE TABLE events (
  workspace_id TEXT NOT NULL, cursor BIGINT NOT NULL, event_id TEXT NOT NULL,
  pod_id TEXT, inbox_id TEXT, event_type TEXT NOT NULL,
  message_id TEXT, thread_id TEXT, facts TEXT, created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, cursor)
);
CREATE INDEX events_inbox ON events (workspace_id, inbox_id, cursor);

CREATE TABLE idempotency_keys (
  workspace_id TEXT NOT NULL, idempotency_key TEXT NOT NULL,
  request_hash BLOB NOT NULL, message_id TEXT NOT NULL, thread_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, idempotency_key)
);
