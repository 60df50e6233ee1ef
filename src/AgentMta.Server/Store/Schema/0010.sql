-- Whether somebody answers for the From: an aligned pass, or mail of our own.
ALTER TABLE messages ADD COLUMN aligned INTEGER NOT NULL DEFAULT 0;
