/*
 * The bootstrap with bias correction and acceleration (BCa, Efron 1987), for statistics without an
 * exact interval.
 *
 * Hierarchical: invocations are drawn with replacement, then iterations within each that was drawn
 * (Kalibera & Jones 2013). Two-sample: both sides are drawn for every resample and the statistic
 * sees both, so that a ratio is formed before anything is sorted. The acceleration comes from a
 * jackknife that leaves out one invocation at a time, of each side. Seeded: the same seed gives the
 * same interval.
 *
 * Error: the interval's ends are random themselves; with 10,000 resamples their level is within
 * 0.002 of alpha / 2. BCa is second-order correct for smooth statistics and somewhat too narrow for
 * few invocations: at 10, 95 % intervals of a mean cover about 92 %. Cost: resamples times the
 * statistic.
 */
#ifndef TARE_STATS_BOOTSTRAP_H
#define TARE_STATS_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/stats/order.h"

/* One side: the iterations of all invocations behind each other, counts[i] of invocation i, at
 * least 1. */
struct tare_levels {
	const double *values;
	const size_t *counts;
	size_t invocation_count;
};

/* A statistic of one or two sides: lists of values, n of each; not sorted, and may be reordered.
 * side_count is 1 or 2. NaN: it has no value there. */
typedef double (*tare_statistic)(
	double *const *sides, const size_t *counts, size_t side_count, void *context);

struct tare_bootstrap {
	const struct tare_levels *sides; /* [side_count] */
	size_t side_count;               /* 1 or 2 */
	tare_statistic statistic;
	void *context;
	size_t resamples; /* at least 100 */
	double alpha;     /* two-sided */
	uint64_t seed;
};

/* Without interval (NaN) where a side has fewer than two invocations, the statistic has no value,
 * or more than half of the resamples give none. Where all resamples agree the interval is that
 * point. */
void tare_bootstrap_bca(struct tare_interval *interval_out, const struct tare_bootstrap *bootstrap);

/* The last step alone, for who draws differently: the interval from resampled values, which are
 * sorted, and the acceleration. estimate is filled in before. count is at least 1. */
void tare_bca_interval(struct tare_interval *interval, double *values, size_t count,
	double acceleration, double alpha);

/* Ready-made statistics: of one side its value, of two sides the second over the first. mean has no
 * context; quantile's is a double *, the share. */
double tare_statistic_mean(
	double *const *sides, const size_t *counts, size_t side_count, void *context);
double tare_statistic_quantile(
	double *const *sides, const size_t *counts, size_t side_count, void *context);

#endif
