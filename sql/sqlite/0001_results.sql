-- The history of runs. sql/README.md explains the tables and how to query them by hand.
-- Times and sizes are in base units: nanoseconds, bytes, counts. Blobs: harness/store/pack.h.

CREATE TABLE suites (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE releases (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

-- An environment is stored once for all runs that recorded the very same facts.
CREATE TABLE environments (
	id INTEGER PRIMARY KEY,
	digest TEXT NOT NULL UNIQUE, -- SHA-256 over fingerprint and facts, in their order
	fingerprint TEXT NOT NULL
) STRICT;

CREATE TABLE environment_facts (
	environment_id INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE,
	position INTEGER NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	matters INTEGER NOT NULL CHECK (matters IN (0, 1)),
	PRIMARY KEY (environment_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
	id INTEGER PRIMARY KEY,
	run TEXT NOT NULL UNIQUE, -- the run id people see
	suite_id INTEGER NOT NULL REFERENCES suites,
	release_id INTEGER REFERENCES releases, -- NULL: the run belongs to no release
	environment_id INTEGER NOT NULL REFERENCES environments,
	environment_name TEXT NOT NULL,
	suite_file TEXT NOT NULL,
	suite_digest TEXT NOT NULL,
	description TEXT NOT NULL,
	command_line TEXT NOT NULL,
	version TEXT NOT NULL,
	seed TEXT NOT NULL, -- decimal: 64 bits without a sign
	started_unix_ns INTEGER NOT NULL,
	duration_ns INTEGER NOT NULL,
	status TEXT NOT NULL CHECK (status IN ('open', 'complete', 'interrupted')),
	gate_asked INTEGER NOT NULL CHECK (gate_asked IN (0, 1)),
	-- Sum of 1 regression, 2 improvement, 4 no change, 8 inconclusive.
	gate_fail_on INTEGER NOT NULL,
	case_count INTEGER NOT NULL,
	failed_count INTEGER NOT NULL,
	warning_count INTEGER NOT NULL,
	invocation_count INTEGER NOT NULL, -- warmups and failures too
	last_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_by_start ON runs (started_unix_ns, run);
CREATE INDEX runs_by_suite ON runs (suite_id);
CREATE INDEX runs_by_release ON runs (release_id);
CREATE INDEX runs_by_environment ON runs (environment_id);

CREATE TABLE warnings (
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	position INTEGER NOT NULL,
	warning TEXT NOT NULL, -- a short stable word
	text TEXT NOT NULL,
	advice TEXT NOT NULL,
	PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;

-- What is measured, the same row for every run that measures it.
CREATE TABLE cases (
	id INTEGER PRIMARY KEY,
	digest TEXT NOT NULL UNIQUE, -- SHA-256 over suite, name, benchmark, variant and parameters
	suite_id INTEGER NOT NULL REFERENCES suites,
	name TEXT NOT NULL,
	benchmark TEXT NOT NULL,
	variant TEXT NOT NULL
) STRICT;
CREATE INDEX cases_by_name ON cases (name);
CREATE INDEX cases_by_suite ON cases (suite_id);

CREATE TABLE case_parameters (
	case_id INTEGER NOT NULL REFERENCES cases ON DELETE CASCADE,
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (case_id, position)
) STRICT, WITHOUT ROWID;

-- A case as one run measured it.
CREATE TABLE run_cases (
	id INTEGER PRIMARY KEY,
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	position INTEGER NOT NULL,
	case_id INTEGER NOT NULL REFERENCES cases,
	case_group INTEGER NOT NULL, -- cases of one group are variants of each other
	command TEXT NOT NULL,
	runner TEXT NOT NULL,
	cpus TEXT NOT NULL,
	critical INTEGER NOT NULL CHECK (critical IN (0, 1)),
	status TEXT NOT NULL CHECK (status IN ('pending', 'ok', 'failed')),
	failure TEXT,
	stderr_tail TEXT,
	stop_reason TEXT,
	warmup_count INTEGER NOT NULL,
	sample_count INTEGER NOT NULL, -- rows kept
	sample_total INTEGER NOT NULL, -- invocations that succeeded, warmups left out
	stride INTEGER NOT NULL, -- the rows kept are those whose pair it divides
	pairs BLOB NOT NULL, -- packed, one per row: joins variants
	start_ns BLOB NOT NULL, -- packed, one per row: since the run began
	UNIQUE (run_id, position)
) STRICT;
CREATE INDEX run_cases_by_case ON run_cases (case_id);

CREATE TABLE run_case_tags (
	run_case_id INTEGER NOT NULL REFERENCES run_cases ON DELETE CASCADE,
	position INTEGER NOT NULL,
	tag TEXT NOT NULL,
	PRIMARY KEY (run_case_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	unit TEXT NOT NULL,
	better TEXT NOT NULL CHECK (better IN ('lower', 'higher')),
	exact INTEGER NOT NULL CHECK (exact IN (0, 1)),
	gated INTEGER NOT NULL CHECK (gated IN (0, 1)),
	margin REAL NOT NULL,
	UNIQUE (name, unit, better, exact, gated, margin)
) STRICT;

-- One column of a case: the raw values, and what they come to.
CREATE TABLE samples (
	run_case_id INTEGER NOT NULL REFERENCES run_cases ON DELETE CASCADE,
	position INTEGER NOT NULL,
	metric_id INTEGER NOT NULL REFERENCES metrics,
	n INTEGER NOT NULL, -- rows that have a value
	median REAL, -- NULL: no value
	low REAL, -- 95 % interval of the median; NULL: too few values
	high REAL,
	"values" BLOB NOT NULL, -- packed, one per row
	PRIMARY KEY (run_case_id, position)
) STRICT, WITHOUT ROWID;

-- What a run was compared with.
CREATE TABLE comparisons (
	id INTEGER PRIMARY KEY,
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	base_label TEXT NOT NULL,
	head_label TEXT NOT NULL,
	across_runs INTEGER NOT NULL CHECK (across_runs IN (0, 1)),
	geomean REAL, -- of the ratios of "wall"
	geomean_low REAL,
	geomean_high REAL,
	geomean_count INTEGER NOT NULL,
	UNIQUE (run_id, base_label)
) STRICT;

-- One case and metric of a comparison.
CREATE TABLE verdicts (
	comparison_id INTEGER NOT NULL REFERENCES comparisons ON DELETE CASCADE,
	position INTEGER NOT NULL,
	case_name TEXT NOT NULL,
	benchmark TEXT NOT NULL,
	base_label TEXT NOT NULL,
	head_label TEXT NOT NULL,
	base_case INTEGER NOT NULL, -- position in the base run's cases
	head_case INTEGER NOT NULL,
	base_metric INTEGER NOT NULL, -- position in the case's metrics
	head_metric INTEGER NOT NULL,
	metric_id INTEGER NOT NULL REFERENCES metrics,
	critical INTEGER NOT NULL CHECK (critical IN (0, 1)),
	method TEXT NOT NULL,
	n INTEGER NOT NULL,
	base_n INTEGER NOT NULL,
	head_n INTEGER NOT NULL,
	base_median REAL,
	head_median REAL,
	ratio REAL, -- head / base
	ratio_low REAL,
	ratio_high REAL,
	difference REAL, -- head - base, where zeros or negatives forbid a ratio
	difference_low REAL,
	difference_high REAL,
	confidence REAL,
	superiority REAL,
	mde REAL,
	p_value REAL,
	p_adjusted REAL,
	verdict TEXT NOT NULL,
	below_margin INTEGER NOT NULL CHECK (below_margin IN (0, 1)),
	missing_pairs INTEGER NOT NULL,
	reason TEXT,
	sentence TEXT,
	PRIMARY KEY (comparison_id, position)
) STRICT;

-- Cases that only one side of a comparison has.
CREATE TABLE missing_cases (
	comparison_id INTEGER NOT NULL REFERENCES comparisons ON DELETE CASCADE,
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	in_base INTEGER NOT NULL CHECK (in_base IN (0, 1)),
	PRIMARY KEY (comparison_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE environment_differences (
	comparison_id INTEGER NOT NULL REFERENCES comparisons ON DELETE CASCADE,
	position INTEGER NOT NULL,
	key TEXT NOT NULL,
	base TEXT, -- NULL: not recorded there
	head TEXT,
	matters INTEGER NOT NULL CHECK (matters IN (0, 1)),
	PRIMARY KEY (comparison_id, position)
) STRICT, WITHOUT ROWID;

-- The three views are for people and their tools; tare itself does not read them.

CREATE VIEW run_list AS
SELECT
	runs.run,
	suites.name AS suite,
	releases.name AS release,
	runs.environment_name,
	environments.fingerprint,
	datetime(runs.started_unix_ns / 1000000000, 'unixepoch') AS started_utc,
	runs.duration_ns / 1e9 AS duration_seconds,
	runs.status,
	runs.case_count,
	runs.failed_count,
	runs.invocation_count
FROM runs
JOIN suites ON suites.id = runs.suite_id
JOIN environments ON environments.id = runs.environment_id
LEFT JOIN releases ON releases.id = runs.release_id;

CREATE VIEW metric_history AS
SELECT
	suites.name AS suite,
	cases.name AS case_name,
	cases.benchmark,
	cases.variant,
	metrics.name AS metric,
	metrics.unit,
	metrics.better,
	runs.run,
	releases.name AS release,
	environments.fingerprint,
	datetime(runs.started_unix_ns / 1000000000, 'unixepoch') AS started_utc,
	samples.n,
	samples.median,
	samples.low,
	samples.high
FROM samples
JOIN run_cases ON run_cases.id = samples.run_case_id
JOIN cases ON cases.id = run_cases.case_id
JOIN metrics ON metrics.id = samples.metric_id
JOIN runs ON runs.id = run_cases.run_id
JOIN suites ON suites.id = runs.suite_id
JOIN environments ON environments.id = runs.environment_id
LEFT JOIN releases ON releases.id = runs.release_id;

CREATE VIEW verdict_list AS
SELECT
	runs.run,
	suites.name AS suite,
	releases.name AS release,
	verdicts.base_label,
	verdicts.head_label,
	verdicts.case_name,
	metrics.name AS metric,
	metrics.unit,
	verdicts.verdict,
	verdicts.ratio,
	verdicts.ratio_low,
	verdicts.ratio_high,
	verdicts.p_adjusted,
	verdicts.mde,
	verdicts.n,
	verdicts.critical,
	verdicts.sentence
FROM verdicts
JOIN comparisons ON comparisons.id = verdicts.comparison_id
JOIN runs ON runs.id = comparisons.run_id
JOIN suites ON suites.id = runs.suite_id
JOIN metrics ON metrics.id = verdicts.metric_id
LEFT JOIN releases ON releases.id = runs.release_id;
