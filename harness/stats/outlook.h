/*
 * Outlook: what a sample of another size would have shown, at the spread that was seen.
 *
 * Pure functions on a plan: n pairs (or n values on each side) whose differences (values) have the
 * standard deviation sd, tested for a shift past delta at the two-sided level alpha by the exact
 * signed-rank (Mann-Whitney) test. Formulas are those of harness/stats/power.h, with the level that
 * the exact test attains. All on one scale, e.g. logs. Cost: that of the distribution, which
 * `ranks` remembers, and for the power 14 steps of halving. Good to 10 % of the shift from n = 6 on
 * for normal values (tests/sim/sim_ab).
 */
#ifndef TARE_STATS_OUTLOOK_H
#define TARE_STATS_OUTLOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/rank.h"

struct tare_outlook {
	bool paired;
	size_t n;  /* pairs, or values on each side */
	double sd; /* of a pair's difference, or of a value */
	double delta;
	double alpha;
};

/* The smallest true shift that is found with this power; NaN where n is too small to find any, or
 * sd is NaN. */
double tare_outlook_mde(struct tare_ranks *ranks, const struct tare_outlook *outlook, double power);

/* The chance that a true shift of this size is found, to 1e-4: 0 where n is too small to find any,
 * NaN where sd is. */
double tare_outlook_power(
	struct tare_ranks *ranks, const struct tare_outlook *outlook, double shift);

#endif
