/*
 * What a store derives from a run, the same in every store: its line in a list, the points of its
 * history, and whether one state of a run has more than another. Pure functions.
 */
#ifndef TARE_STORE_SUMMARY_H
#define TARE_STORE_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/model/run.h"
#include "harness/stats/order.h"

/* Values of a metric that are there, and their median with its 95 % interval; all NaN without
 * values, low and high NaN where there are too few. */
struct tare_column_summary {
	size_t n;
	struct tare_interval median;
};

/* scratch has room for samples->count values. */
void tare_column_summarise(struct tare_column_summary *summary_out, double *scratch,
	const struct tare_samples *samples, size_t metric);

size_t tare_run_failed_count(const struct tare_run *run);

/* How far a run has come: as it is in a store, or as it is offered to one. */
struct tare_run_extent {
	enum tare_run_status status;
	uint64_t invocation_count;
	size_t failed_count;
	size_t warning_count;
};

struct tare_run_extent tare_run_extent(const struct tare_run *run);
/* Whether what is offered is to replace what is stored: only of an incomplete run, and only by more
 * invocations, or by an end, failures or warnings that it did not have. */
bool tare_run_has_more(const struct tare_run_extent *offered, const struct tare_run_extent *stored);

#endif
