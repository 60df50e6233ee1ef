-- The start asks which files are named, and read every raw with its content for it.
CREATE INDEX raws_file ON raws (file) WHERE file IS NOT NULL;
