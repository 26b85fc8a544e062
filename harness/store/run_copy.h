/*
 * Deep copies of runs and comparisons, for stores that keep them in memory.
 */
#ifndef TARE_STORE_RUN_COPY_H
#define TARE_STORE_RUN_COPY_H

#include "harness/base/arena.h"
#include "harness/model/comparison.h"
#include "harness/model/run.h"

/* The caller owns the copy: tare_run_free(). */
struct tare_run *tare_run_copy(const struct tare_run *run);

/* Everything of the copy is in the arena. */
void tare_metric_copy(
	struct tare_metric *copy_out, struct tare_arena *arena, const struct tare_metric *metric);
void tare_comparison_set_copy(struct tare_comparison_set *copy_out, struct tare_arena *arena,
	const struct tare_comparison_set *set);

#endif
