#include "harness/store/summary.h"

#include <assert.h>
#include <math.h>

#define ALPHA 0.05

void
tare_column_summarise(struct tare_column_summary *summary_out, double *scratch,
	const struct tare_samples *samples, size_t metric)
{
	size_t count = tare_samples_values(scratch, samples, metric);

	/* Infinities have no place in order statistics; a suite's metric may report one. */
	count = tare_finite(scratch, count);
	tare_sort(scratch, count);
	summary_out->n = count;
	tare_median_interval(&summary_out->median, scratch, count, ALPHA);
}

size_t
tare_run_failed_count(const struct tare_run *run)
{
	size_t count = 0;

	for (size_t i = 0; i < run->case_count; i++)
		count += run->cases[i].status == TARE_CASE_FAILED;
	return count;
}

struct tare_run_extent
tare_run_extent(const struct tare_run *run)
{
	return (struct tare_run_extent){
		.status = run->status,
		.invocation_count = run->invocation_count,
		.failed_count = tare_run_failed_count(run),
		.warning_count = run->warning_count,
	};
}

/* An interrupted run says more than one that merely stops. */
static int
status_rank(enum tare_run_status status)
{
	switch (status) {
	case TARE_RUN_OPEN:
		return 0;
	case TARE_RUN_INTERRUPTED:
		return 1;
	case TARE_RUN_COMPLETE:
		return 2;
	}
	assert(!"a status without a rank");
	return 0;
}

bool
tare_run_has_more(const struct tare_run_extent *offered, const struct tare_run_extent *stored)
{
	int offered_rank = status_rank(offered->status);
	int stored_rank = status_rank(stored->status);

	if (stored->status == TARE_RUN_COMPLETE)
		return false;
	if (offered->invocation_count != stored->invocation_count)
		return offered->invocation_count > stored->invocation_count;
	if (offered_rank != stored_rank)
		return offered_rank > stored_rank;
	if (offered->failed_count != stored->failed_count)
		return offered->failed_count > stored->failed_count;
	return offered->warning_count > stored->warning_count;
}
