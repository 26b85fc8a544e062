/*
 * Series: a metric of a case over runs, or a column of a CSV file, and what its trends are.
 *
 * tare_series_load() makes them out of the store or of a file, as the options that `trend` and
 * `history` share say; tare_series_find_trends() cuts them into segments at both sensitivities.
 * Then they are printed (series_print.h). Everything lives in the arena passed in, and borrows the
 * words of the command line.
 */
#ifndef TARE_CLI_SERIES_H
#define TARE_CLI_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/cli/options.h"
#include "harness/model/metric.h"
#include "harness/stats/trend.h"
#include "harness/store/store.h"

/* What both commands take; the options' structs hold one first. */
struct tare_series_line {
	struct tare_given_count limit;
	const char *format;
	const char *store;
	const char *margin;
	const char *csv;
	const char *time;
	const char *value;
	const char *environment;
	const char *better;
};

/* The entries for a struct that begins with a struct tare_series_line. */
extern const struct tare_option tare_series_options[];

struct tare_series_point {
	double value;
	const char *time; /* a date, or what the file says */
	const char *run;  /* "" for a file, as release */
	const char *release;
	size_t n;                      /* samples behind the value; 0 for a file */
	size_t line;                   /* in the file; 0 for the store */
	struct tare_interval interval; /* of the value; NaN for a file */
};

/* Where it stands against the release before. */
struct tare_series_release {
	const char *name; /* NULL: there is none to compare with */
	bool ratio;       /* else a difference */
	struct tare_interval change;
	size_t base_count; /* points of the release */
	size_t head_count; /* points since, at most TARE_SERIES_RECENT */
};

enum { TARE_SERIES_RECENT = 10 };

struct tare_series {
	const char *case_name; /* NULL for a file */
	struct tare_metric metric;
	bool direction_known; /* metric.better counts */
	struct tare_series_point *points;
	double *values;
	uint32_t *groups; /* another number: another environment */
	size_t count;
	size_t skipped; /* points without a value */
	struct tare_trend gate;
	struct tare_trend triage;
	struct tare_series_release since;
};

struct tare_series_set {
	const char *suite; /* NULL: of no one suite */
	const char *file;  /* NULL: from the store */
	bool reordered;    /* the file was not in the order of time */
	struct tare_series *items;
	size_t count;
};

/* Which of the store's series: NULL means all, for metric those that are gated. */
struct tare_series_choice {
	const char *suite;
	const char *case_name;
	const char *metric;
	bool all_metrics;
};

/* A file where line->csv is set, else the store. TARE_NOT_FOUND is the caller's to say: no series
 * give count 0. */
enum tare_status tare_series_load(struct tare_series_set *set_out, struct tare_arena *arena,
	const struct tare_series_line *line, const struct tare_series_choice *choice,
	struct tare_err *err);

void tare_series_find_trends(struct tare_series_set *set, struct tare_arena *arena);

/* A change that triage sees and the gate does not: no gate's change is within this many points. */
enum { TARE_SERIES_SAME = 5 };
bool tare_series_is_possible(const struct tare_series *series, const struct tare_change *change);

/* "regression", "improvement", or "change" where nobody said what is better. */
const char *tare_series_direction(const struct tare_series *series, double shift, bool ratio);

#endif
