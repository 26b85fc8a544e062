/*
 * Failed cases, those that failed alike together: one missing file fails a whole matrix, and one
 * paragraph is enough to say so.
 *
 * Alike means the same sentence and the same last lines of stderr. Groups come in the order of
 * their first cases, cases in the order of the run. Pure; results live in the arena passed in and
 * point into the run.
 */
#ifndef TARE_REPORT_FAILURES_H
#define TARE_REPORT_FAILURES_H

#include <stddef.h>

#include "harness/base/arena.h"
#include "harness/model/run.h"

/* So many cases of one failure a short report names; the rest it counts. */
enum { TARE_FAILED_NAMES_MAX = 12 };

struct tare_failure {
	const char *text;        /* the sentence; never NULL or "" */
	const char *stderr_tail; /* "" where none */
	const size_t *cases;     /* positions in run->cases */
	size_t case_count;
};

/* Returns how many; *failures_out is in the arena. */
size_t tare_failures_read(
	struct tare_failure **failures_out, struct tare_arena *arena, const struct tare_run *run);

#endif
