-- What lists show of the authentication of a message (JSON of the results) and whether somebody answers for its From.
ALTER TABLE messages ADD COLUMN auth_results TEXT;
ALTER TABLE messages ADD COLUMN aligned INTEGER NOT NULL DEFAULT 0;
