/*
 * The warnings: a closed list, in one table.
 *
 * Each has an id that never changes, says why it matters, and what to do, which depends on what the
 * user already does. What was seen is the sentence of whoever warns. The table is the source of
 * `tare list warnings`, of tare-warnings(7), and of what every report says; runs from another
 * version of tare may have ids that are not in it.
 *
 * tare_warn() is for whoever notices something; readers of journals and stores, which only repeat
 * what was said, use tare_run_warn().
 */
#ifndef TARE_MODEL_WARNING_H
#define TARE_MODEL_WARNING_H

#include <stdarg.h>
#include <stddef.h>

#include "harness/model/run.h"

enum tare_warning_kind {
	TARE_WARN_BIMODAL,
	TARE_WARN_COUNTERS_MISSING,
	TARE_WARN_CPUS_MIXED,
	TARE_WARN_CPUS_SHARED,
	TARE_WARN_DISTURBED,
	TARE_WARN_DISTURBED_VERDICT,
	TARE_WARN_ENVIRONMENT_CHANGED,
	TARE_WARN_IMAGE_LATEST,
	TARE_WARN_ISOLATED_STACK,
	TARE_WARN_JOURNAL_CUT,
	TARE_WARN_LEFTOVERS,
	TARE_WARN_MORE_WARNINGS,
	TARE_WARN_NO_BASE,
	TARE_WARN_NO_LIMITS,
	TARE_WARN_NOT_CLEANED_UP,
	TARE_WARN_NOT_MOVED_ASIDE,
	TARE_WARN_OUTLIERS,
	TARE_WARN_OUTPUT_CUT,
	TARE_WARN_SIMULATION_MISSING,
	TARE_WARN_SIMULATION_UNSTABLE,
	TARE_WARN_SUITES,
	TARE_WARN_THREADS_NOT_PINNED,
	TARE_WARNING_COUNT,
};

/* What a user may do already, as bits. */
enum {
	TARE_HABIT_PINS = 1u << 0,     /* the case has CPUs of its own */
	TARE_HABIT_WARMS_UP = 1u << 1, /* it has warm-ups */
};

enum { TARE_ADVICES_MAX = 3 };

struct tare_warning_about {
	const char *id;      /* "outliers" */
	const char *meaning; /* what was seen, in general */
	const char *why;     /* why it matters */
	/* The first whose habits the user has is given; the last has none. */
	struct {
		unsigned habits;
		const char *text; /* NULL behind the last */
	} advices[TARE_ADVICES_MAX];
};

const struct tare_warning_about *tare_warning_about(enum tare_warning_kind kind);
/* NULL where this version knows no such id. */
const struct tare_warning_about *tare_warning_find(const char *id);
const char *tare_warning_advice(const struct tare_warning_about *about, unsigned habits);
/* "where CPUs are pinned", for the list; "" for none. */
const char *tare_habits_text(unsigned habits);

/* What the user does in this case. */
unsigned tare_case_habits(const struct tare_run_case *one);

/* Adds a warning to the run, once for each sentence. */
void tare_warn(struct tare_run *run, enum tare_warning_kind kind, unsigned habits,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
