-- How far the log of arrivals has been taken into this file. One row; salt names the run of the server that writes the log, so that the log of another
-- history of this file (a restored backup) is never taken for its own.
CREATE TABLE arrival_log (salt BIGINT NOT NULL, epoch BIGINT NOT NULL);
INSERT INTO arrival_log (salt, epoch) VALUES (0, 0);
