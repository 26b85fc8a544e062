/*
 * What a run cost and why each case stopped, so that all reports say the same.
 *
 * Time is that of the measured programs themselves, by their wall time: warm-ups, hooks and what
 * the harness does are left out. Where samples were thinned out it is scaled up from those kept.
 * Pure functions; results live in the arena passed in.
 */
#ifndef TARE_REPORT_COST_H
#define TARE_REPORT_COST_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/model/run.h"

enum { TARE_STOP_COSTS_MAX = 16 };

struct tare_case_cost {
	uint64_t invocations; /* measured */
	double time_ns;
	double share;        /* of the run's, 0 to 1 */
	const char *stopped; /* why: the stop reason, "failed", "not measured", or "cut off" */
};

/* The cases that stopped for one reason. */
struct tare_stop_cost {
	const char *stopped;
	size_t case_count;
	double time_ns;
};

struct tare_run_cost {
	double time_ns;
	struct tare_case_cost *cases; /* as in the run */
	size_t case_count;
	struct tare_stop_cost *stops; /* most cases first */
	size_t stop_count;
	size_t costliest; /* position in cases; case_count where nothing was measured */
};

void tare_run_cost_read(
	struct tare_run_cost *cost_out, struct tare_arena *arena, const struct tare_run *run);

/* Positions in cost->cases, the most time first. */
const size_t *tare_run_cost_order(struct tare_arena *arena, const struct tare_run_cost *cost);

#endif
