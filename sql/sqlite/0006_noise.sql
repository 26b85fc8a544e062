-- What disturbed all measured samples of a case, also those whose rows were not kept: how many (NULL in runs
-- that were stored before there was this: then the rows tell), the lowest and the highest frequency that was
-- read (kHz; 0: never), and how many of them by kind, as named in harness/model/noise.c.
ALTER TABLE run_cases ADD COLUMN disturbed INTEGER;
ALTER TABLE run_cases ADD COLUMN khz_low REAL NOT NULL DEFAULT 0;
ALTER TABLE run_cases ADD COLUMN khz_high REAL NOT NULL DEFAULT 0;
CREATE TABLE disturbances (
	run_case_id INTEGER NOT NULL REFERENCES run_cases ON DELETE CASCADE,
	kind TEXT NOT NULL,
	samples INTEGER NOT NULL,
	PRIMARY KEY (run_case_id, kind)
) STRICT, WITHOUT ROWID;
