-- The queue's working columns and indexes. prefix: header fields of this copy alone (RFC 8058 fields and its signature), sent in front of the
-- shared raw; NULL where all recipients get the same bytes.
ALTER TABLE deliveries ADD COLUMN prefix BLOB;
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE state IN ('queued', 'deferred');
CREATE INDEX deliveries_work ON deliveries (destination, next_attempt_at) WHERE state IN ('queued', 'deferred');
CREATE INDEX deliveries_inbox ON deliveries (workspace_id, inbox_id, created_at);
CREATE INDEX suppressions_time ON suppressions (workspace_id, created_at, address);
CREATE INDEX idempotency_age ON idempotency_keys (created_at);
CREATE INDEX deliveries_late ON deliveries (created_at) WHERE state = 'deferred' AND delay_reported = 0;
