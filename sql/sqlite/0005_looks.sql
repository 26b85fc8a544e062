-- The looks that adaptive measuring took at a case (harness/model/look.h): what they spent of alpha decides
-- at which level a comparison of the run is made later. Runs stored before there were these have none.
CREATE TABLE looks (
	run_case_id INTEGER NOT NULL REFERENCES run_cases ON DELETE CASCADE,
	position INTEGER NOT NULL,
	phase INTEGER NOT NULL, -- 1: the second measuring, of --confirm
	pairs INTEGER NOT NULL,
	pairs_planned INTEGER NOT NULL,
	metric INTEGER NOT NULL, -- position in samples
	compared INTEGER NOT NULL CHECK (compared IN (0, 1)), -- 0: an only case
	logs INTEGER NOT NULL CHECK (logs IN (0, 1)), -- 1: estimate, low and high are ratios
	estimate REAL,
	low REAL, -- NULL where there was no interval at this level yet
	high REAL,
	p_value REAL,
	alpha_spent REAL NOT NULL, -- two-sided, up to and with this look
	boundary REAL NOT NULL, -- two-sided level of this look
	verdict TEXT NOT NULL,
	decision TEXT NOT NULL, -- why measuring ended, '' where it went on
	PRIMARY KEY (run_case_id, position)
) STRICT, WITHOUT ROWID;
