/*
 * A run as everything after measuring sees it: header, cases, samples.
 *
 * It is filled while measuring, or read from a journal or a store, and looks the same from any of
 * them. One arena owns all strings and arrays; sample columns grow in memory of their own, freed by
 * tare_run_free().
 *
 * Samples are columns: for each case one row per kept invocation, in the order they were run.
 * Memory is bounded: past TARE_SAMPLES_MAX rows of a case the samples keep every second pair, then
 * every fourth, and so on (stride), always the same pairs for every variant of a group, so that
 * estimates stay paired and unbiased. Everything is in the journal; `total` says how many there
 * were.
 */
#ifndef TARE_MODEL_RUN_H
#define TARE_MODEL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/model/counter.h"
#include "harness/model/environment.h"
#include "harness/model/look.h"
#include "harness/model/metric.h"
#include "harness/model/noise.h"
#include "harness/model/plan.h"

enum { TARE_RUN_ID_MAX = 32, TARE_SAMPLES_MAX = 16384, TARE_LOOKS_MAX = 1000 };

/* The columns of one case. NaN: the metric has no value in that row. */
struct tare_samples {
	size_t count;    /* rows kept */
	uint64_t total;  /* measured invocations that succeeded, warmups left out */
	uint64_t stride; /* rows keep pairs divisible by this; 1 until the cap is met */
	size_t capacity;
	size_t metric_count;
	uint32_t *pairs;    /* [count] the pair, or round, of the row: joins variants */
	uint64_t *start_ns; /* [count] since the run began */
	uint32_t *labels;   /* [count] what disturbed it: bits of enum tare_disturbance */
	double **values;    /* [metric_count][count], base units, reduced over iterations */
};

enum tare_case_status {
	TARE_CASE_PENDING, /* nothing measured yet */
	TARE_CASE_OK,
	TARE_CASE_FAILED, /* a hook or an invocation failed; samples before it are kept */
};

const char *tare_case_status_name(enum tare_case_status status); /* "pending", "ok", "failed" */
bool tare_case_status_parse(enum tare_case_status *status_out, const char *text);

struct tare_run_case {
	const char *benchmark;
	const char *variant;
	const char *name; /* as in struct tare_case */
	struct tare_parameter *parameters;
	size_t parameter_count;
	const char **tags;
	size_t tag_count;
	size_t group; /* cases of one group are variants of each other; the first is the base */
	const char *command; /* for people: the command line, shell-quoted, without its secrets */
	const char *runner;
	const char *cpus; /* the pins as applied, "" where none */
	/* For people, what was asked and what it came to: "cores:2: 2 cores on NUMA node 0; memory
	 * interleave; threads pinned"; "" where nothing was. */
	const char *placement;
	bool critical;
	struct tare_metric *metrics;
	size_t metric_count;
	struct tare_samples samples;
	struct tare_counting *counting; /* [metric_count]; NULL where no metric is counted */
	struct tare_noise_sum noise;    /* over all measured invocations, kept or not */
	enum tare_case_status status;
	const char *failure;     /* sentence, NULL unless failed */
	const char *stderr_tail; /* last lines, NULL where none */
	const char *stop_reason; /* why measuring stopped: tare_stop_reason(), NULL where unknown */
	struct tare_case_look *looks; /* in the order they were taken */
	size_t look_count;
	size_t look_capacity;
	uint64_t warmup_count;
};

enum tare_run_status {
	TARE_RUN_OPEN, /* no closing line: running, or killed */
	TARE_RUN_COMPLETE,
	TARE_RUN_INTERRUPTED,
};
const char *tare_run_status_name(enum tare_run_status status); /* "open", "complete", ... */
bool tare_run_status_parse(enum tare_run_status *status_out, const char *text);

struct tare_warning {
	const char *id;     /* a short stable word: "few_samples" */
	const char *text;   /* what was seen */
	const char *advice; /* what to do */
};

struct tare_run {
	struct tare_arena *arena;
	char id[TARE_RUN_ID_MAX]; /* "20261121-095609-3fa9c2" */
	const char *suite;
	const char *suite_file;
	const char *suite_digest;
	const char *description;
	const char *release;          /* "" where none */
	const char *environment_name; /* "ci" */
	const char *command_line;     /* repeats the run, shell-quoted, with its seed */
	const char *version;          /* of tare */
	uint64_t seed;
	uint64_t started_unix_ns;
	uint64_t duration_ns; /* 0 while open */
	struct tare_environment environment;
	struct tare_gate gate;
	struct tare_run_case *cases;
	size_t case_count;
	uint64_t invocation_count; /* every journalled invocation, warmups and failures too */
	uint64_t last_seq;         /* highest seq in the journal, 0 where none; seq starts at 1 */
	enum tare_run_status status;
	struct tare_warning *warnings;
	size_t warning_count;
	size_t warning_capacity;
};

/* An empty run with an arena of its own. */
struct tare_run *tare_run_new(void);
void tare_run_free(struct tare_run *run); /* NULL is allowed */

/* Fills id, started_unix_ns and tare's version; everything that is text is "" until it is set. */
void tare_run_identify(struct tare_run *run, uint64_t unix_ns, uint64_t entropy);
/* Copies what the plan says (suite, cases, gate); the run needs the plan no more. The cases' cpus
 * are "" until somebody pins. */
void tare_run_from_plan(struct tare_run *run, const struct tare_plan *plan);
/* Makes one->counting where a metric of the case is counted; its metrics are there by then. */
void tare_run_case_count(struct tare_run_case *one, struct tare_arena *arena);
/* A copy in the arena; NULL of NULL. */
const struct tare_counter *tare_counter_copy(
	struct tare_arena *arena, const struct tare_counter *counter);
/* Adds a warning unless the same id and text is there, or a thousand others. Strings are copied. */
void tare_run_warn(struct tare_run *run, const char *id, const char *text, const char *advice);

/* What one invocation measured. values[metric] in base units, NaN where there is none. */
struct tare_sample {
	uint64_t seq; /* 1, 2, ... in the order of the run */
	uint32_t case_index;
	uint32_t pair; /* joins variants; warmups count from 0 too */
	bool warmup;
	bool ok;
	uint64_t start_ns; /* since the run began */
	double *values;    /* [metric_count of the case] */
	/* Where the program reported several values of a metric: the list it was reduced from.
	 * NULL, or [metric_count] lists of iteration_counts[metric] values (0: not iterated). */
	double **iterations;
	size_t *iteration_counts;
	/* NULL, or [metric_count]: how the values that were counted came about. */
	const struct tare_counted *counted;
	bool counts_invalid;    /* the guard said that no event of this invocation can be right */
	uint32_t padding_bytes; /* by which its environment was longer; 0: not padded */
	/* NULL: nothing was read around it. */
	const struct tare_noise *noise;
	uint32_t labels;         /* what disturbed it: bits of enum tare_disturbance */
	const char *failure;     /* not ok: the sentence */
	const char *stderr_tail; /* not ok: NULL or the last lines */
};

/* Adds a sample to its case: counts it, keeps its row unless warm-up, failed or decimated. The
 * first failure sets the case's status, failure and stderr_tail. */
void tare_run_add_sample(struct tare_run *run, const struct tare_sample *sample);

/* Adds a look to its case, unless the case has TARE_LOOKS_MAX or has looked at as many pairs of the
 * metric in that phase already. Copied. */
void tare_run_add_look(struct tare_run *run, size_t case_index, const struct tare_case_look *look);

void tare_samples_init(struct tare_samples *samples, size_t metric_count);
void tare_samples_free(struct tare_samples *samples);
/* Appends a row, of which there may be TARE_SAMPLES_MAX; total is the caller's to count. */
void tare_samples_add(
	struct tare_samples *samples, uint32_t pair, uint64_t start_ns, const double *values);
/* Labels the row that was added last. */
void tare_samples_label(struct tare_samples *samples, uint32_t labels);
/* How many rows carry a label. */
size_t tare_samples_disturbed(const struct tare_samples *samples);
/* What the labels of its rows come to. */
struct tare_noise_sum tare_samples_noise(const struct tare_samples *samples);
/* The rows without a label, in memory of their own: tare_samples_free(). total is their number. */
void tare_samples_undisturbed(struct tare_samples *out, const struct tare_samples *samples);
/* Keeps the rows whose pair the stride divides, and remembers the stride. */
void tare_samples_thin(struct tare_samples *samples, uint64_t stride);

/* Pairs the rows of a and b that carry the same pair number and a value for the metric (of each):
 * a_out and b_out have room for min(a->count, b->count). Returns how many. */
size_t tare_samples_pair(double *a_out, double *b_out, const struct tare_samples *a,
	size_t a_metric, const struct tare_samples *b, size_t b_metric);
/* The values of one metric without NaN; out has room for samples->count. */
size_t tare_samples_values(double *out, const struct tare_samples *samples, size_t metric);

/* Identity of a case across runs: name, without the variant if without_variant. In the arena. */
char *tare_case_name(struct tare_arena *arena, const char *benchmark,
	const struct tare_parameter *parameters, size_t parameter_count, const char *variant);

#endif
