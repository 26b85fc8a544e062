/*
 * Trends: where the level of a series changed, and whether it creeps.
 *
 * A series is one value per run in the order of time. tare_trend_find() cuts it into segments of
 * one level each; a boundary between two is a change point. Everything is on the log scale where
 * all values are positive, else on the scale of the differences. Results are in the arena passed
 * in; the values are only read.
 *
 * How: (1) A change of the environment (groups) forces a boundary. (2) Candidates are the local
 * maxima of the energy statistic of E-divisive (Matteson & James 2014, alpha = 1) over windows of
 * several widths, harness/stats/edivisive.h, thinned out to the set with the least squares of
 * winsorised values plus a penalty for each boundary. (3) Boundaries are pruned bottom-up, the
 * weakest first: one stays while its evidence passes the level, the Hodges-Lehmann shift between
 * its neighbours is at least the margin and large enough to be seen, both sides have
 * TARE_TREND_SIDE_MIN points that are no mere spikes; the newest segment may be shorter and is then
 * provisional. (4) Boundaries are put where the absolute deviations from the two levels are least.
 *
 * Large enough is `sigmas` robust standard deviations, times 1 + 0.4 autocorrelation; or, between
 * long segments, one and a half times what the level asks of it in standard errors, unless a
 * straight line through both sides leaves less than the step does: people see a step of one sigma
 * that lasted a hundred points.
 *
 * Evidence is the two-sided p-value of Mann & Whitney's test, its z divided by the root of the
 * variance inflation that the lag-1 autocorrelation brings to means of that many values. Where
 * the sides hardly overlap (at least 92 % of the pairs are the right way round), the shift against
 * its standard error counts too, as a t with 25 degrees of freedom, and so does the step by
 * generalised least squares for noise of that autocorrelation: the ranks of few points cannot
 * say how far apart they are. Over 200 points the level falls with their number. Single spikes and
 * clusters of up to four are never change points: they are fewer than any segment.
 *
 * Cost: O(n) for the windows, O(c^2) for c candidates (at most n / 3), O(n log n) for each test: a
 * series of 10,000 values takes about 0.05 s, one of 500 about 1 ms. Valid for any finite values;
 * n = 0 gives no segments. The same values give the same answer on every machine.
 */
#ifndef TARE_STATS_TREND_H
#define TARE_STATS_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/stats/order.h"
#include "harness/stats/theil_sen.h"

enum { TARE_TREND_SIDE_MIN = 5, TARE_TREND_PROVISIONAL_MIN = 3 };

struct tare_trend_options {
	double level;  /* the p-value a boundary has to reach */
	double margin; /* the smallest relative change that matters; on differences it is not used
			*/
	double sigmas; /* the smallest shift in robust standard deviations, of short segments */
};

/* The gate: 1e-4, 1.5 sigmas; few false alarms. Triage: 1e-3, 1 sigma and a quarter of the margin;
 * for people who look for something. */
extern const struct tare_trend_options tare_trend_gate;
struct tare_trend_options tare_trend_triage(const struct tare_trend_options *gate);

struct tare_change {
	size_t index; /* the first point of the new segment */
	/* The new level against the old one with its 95 % interval: a ratio, or a difference. */
	struct tare_interval shift;
	double p;         /* two-sided, inflated for autocorrelation; the confidence is 1 - p */
	bool provisional; /* the new segment has fewer than TARE_TREND_SIDE_MIN points */
	bool forced;      /* the environment changed here; significant says whether the level did */
	bool significant;
};

struct tare_segment {
	size_t begin;
	size_t end; /* exclusive */
	double median;
	double spread; /* robust standard deviation, in units of the values */
};

struct tare_trend {
	bool ratios; /* shifts are ratios, slopes relative changes per point; else differences */
	struct tare_change *changes; /* by index; one less than segments */
	size_t change_count;
	struct tare_segment *segments;
	size_t segment_count;
	double autocorrelation;  /* of lag 1, around the levels */
	struct tare_slope creep; /* in the last segment, per point */
	bool creeps; /* p <= 1e-3, and over the segment at least the margin and one robust sigma */
};

/* groups may be NULL: groups[i] != groups[i - 1] forces a boundary before i. */
void tare_trend_find(struct tare_trend *trend_out, struct tare_arena *arena, const double *values,
	const uint32_t *groups, size_t n, const struct tare_trend_options *options);

#endif
