-- The results of authentication as JSON, so that lists show them without reading the raws; the evidence stays there.
ALTER TABLE messages ADD COLUMN authentication TEXT;
