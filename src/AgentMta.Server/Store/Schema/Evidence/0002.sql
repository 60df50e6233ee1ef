-- Sessions in which something went wrong: refused commands or messages, failed authentication, TLS failures, limits. They belong to no workspace;
-- refused is JSON [{"command","argument","reply","at"},…], the first of them.
CREATE TABLE sessions (
  session_id TEXT NOT NULL PRIMARY KEY,
  role TEXT NOT NULL, client_address TEXT NOT NULL, client_port INTEGER NOT NULL,
  helo TEXT, tls TEXT, tls_cipher TEXT, user_name TEXT,
  outcome TEXT NOT NULL, commands INTEGER NOT NULL,
  accepted INTEGER NOT NULL, rejected INTEGER NOT NULL, octets BIGINT NOT NULL,
  refused_count INTEGER NOT NULL, refused TEXT NOT NULL,
  elapsed BIGINT NOT NULL, started_at BIGINT NOT NULL
);
CREATE INDEX sessions_time ON sessions (started_at);
CREATE INDEX refusals_session ON refusals (session_id);
