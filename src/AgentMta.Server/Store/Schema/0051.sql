-- Asked for messages that went out alone (proof of a reply): what comes in, most of the rows, needs no entry.
-- The workspace is left out, since with it SQLite takes the primary key instead and looks through all ids of the workspace.
DROP INDEX message_ids_any;
CREATE INDEX message_ids_out ON message_ids (message_id) WHERE direction = 'out';
