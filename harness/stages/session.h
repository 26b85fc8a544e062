/*
 * The session: the one struct in which stages meet.
 *
 * The command line fills `options`; each stage reads what earlier stages made and adds its own
 * part. tare_session_new() makes an empty one, tare_session_free() gives everything back, whatever
 * stage was reached. Everything a stage makes lives in `arena` unless noted.
 */
#ifndef TARE_STAGES_SESSION_H
#define TARE_STAGES_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/model/comparison.h"
#include "harness/model/correction.h"
#include "harness/model/journal.h"
#include "harness/model/plan.h"
#include "harness/model/run.h"
#include "harness/pin/topology.h"
#include "harness/suite/suite.h"

/* One --report FORMAT=PATH; path "-" is standard output. */
struct tare_report_request {
	const char *format; /* a name of the registry */
	const char *path;
	bool written; /* set by the report stage */
};

enum { TARE_REPORTS_MAX = 16 };

struct tare_session_options {
	const char *suite_path; /* NULL for suite_text */
	const char *suite_text; /* tare bench: the suite it wrote itself */
	const char *suite_name; /* stands for the file of suite_text */
	struct tare_expand_options expand;
	uint64_t seed; /* where has_seed */
	bool has_seed;
	const char *release;      /* "" where none */
	const char *command_line; /* that repeats the run, shell-quoted */
	const char *baseline;     /* run, release or journal; NULL: none */
	const char *gate;         /* --gate, for this command only; NULL: the run's own */
	bool confirm;             /* --confirm: what is doubtful is measured again */
	bool mixed_runners;       /* what ran in a container may be compared with the host */
	const char *correct;      /* --correct: "container", "none"; NULL: as the suite says */
	bool must_correct;        /* --correct=container that cannot be done is an error */
	uint64_t max_age_ns;  /* between run and calibration; 0: as the suite says, or 30 days */
	const double *margin; /* over every metric's own; NULL: none */
	const char *journal_path; /* NULL: STATE/runs/RUN.ndjson */
	const char *resume_path;  /* a journal to go on with; NULL: a fresh run */
	const char *state_dir;    /* ".tare" */
	const char *store_url;    /* NULL: the default store */
	bool use_store;
	bool keep_journal; /* false: none is written (tare bench) */
	struct tare_report_request reports[TARE_REPORTS_MAX];
	size_t report_count;
	bool quiet;
	FILE *progress;         /* where progress goes; NULL: nowhere */
	bool progress_terminal; /* progress is a terminal of progress_width columns */
	int progress_width;
	bool color; /* for the summary on standard output */
	int width;
	/* Changed by the signal handler, each time; the measuring stage sets it back once it has
	 * stopped, so that cleanup runs and a second signal can stop that too. NULL: never
	 * interrupted. */
	volatile sig_atomic_t *interrupted;
};

/* What stages need and make, as bits. */
enum tare_part {
	TARE_PART_SUITE = 1u << 0,
	TARE_PART_PLAN = 1u << 1,
	TARE_PART_RUN = 1u << 2,        /* run identified, environment described, journal open */
	TARE_PART_SAMPLES = 1u << 3,    /* measured, or read */
	TARE_PART_BASELINE = 1u << 4,   /* base is loaded, or there is none */
	TARE_PART_CORRECTION = 1u << 5, /* calibrations were looked for where one is asked for */
	TARE_PART_VERDICTS = 1u << 6,
	TARE_PART_STORED = 1u << 7,
	TARE_PART_REPORTS = 1u << 8,
};

struct tare_session {
	struct tare_session_options options;
	struct tare_arena *arena;
	unsigned parts;
	struct tare_problems problems; /* of the suite */
	struct tare_suite *suite;
	struct tare_plan *plan;
	const struct tare_topology *topology; /* NULL until a stage asked for it */
	struct tare_run *run;                 /* owned */
	struct tare_journal *journal;         /* owned; NULL when closed */
	const char *journal_path;
	struct tare_run *base;                   /* owned; NULL where nothing is compared with */
	struct tare_correction *correction;      /* of run; NULL where nothing is to be corrected */
	struct tare_correction *base_correction; /* of base, likewise */
	const struct tare_weights *weights;      /* where run is a calibration itself */
	struct tare_comparison_set sets[2];      /* variants, then across runs */
	size_t set_count;
	struct tare_gate_outcome gate;
	bool interrupted;
	/* The machine, or a runner, failed while measuring: deferred says how, and what was
	 * measured until then, or besides, is here all the same. */
	bool broke_down;
	/* What failed of stages after which the rest still made sense: the store, reports. */
	struct tare_err deferred;
};

struct tare_session *tare_session_new(void);
void tare_session_free(struct tare_session *session); /* NULL is allowed */

/* This machine's, read once, with the affinity that tare was started with. */
enum tare_status tare_session_topology(const struct tare_topology **topology_out,
	struct tare_session *session, struct tare_err *err);

/* What the exit code says of a finished session; see harness/cli/command.h. */
bool tare_session_has_failed_case(const struct tare_session *session);

#endif
