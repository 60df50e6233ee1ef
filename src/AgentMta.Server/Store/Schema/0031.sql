-- Greylisting of a use case: 1 always, 0 never, NULL as the server's setting says.
ALTER TABLE use_cases ADD COLUMN greylist INTEGER;
