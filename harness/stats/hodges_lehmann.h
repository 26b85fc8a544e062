/*
 * The Hodges-Lehmann estimators and their exact intervals.
 *
 * Paired: the median of the Walsh averages (d_i + d_j) / 2, i <= j, with the c-th smallest and c-th
 * largest, c from the signed-rank distribution. Unpaired: the median of y_j - x_i with the c-th
 * smallest and largest, c from the Mann-Whitney distribution. The averages are never stored: they
 * form a matrix with sorted rows and columns in which order statistics are found by random pivots,
 * O(n) each (Monahan 1984, after Johnson & Mizoguchi 1978): expected O(n log n) time, 32 bytes per
 * row. Pivots come from a fixed seed: the same data give the same answer on every machine. Sources:
 * Hodges & Lehmann 1963; Lehmann 1975.
 *
 * All arrays are sorted and finite; |values| up to 1e307, so that sums do not overflow; at most
 * 2^31 values. n = 0 gives NaN. Ties need nothing special: intervals get conservative.
 */
#ifndef TARE_STATS_HODGES_LEHMANN_H
#define TARE_STATS_HODGES_LEHMANN_H

#include <stddef.h>
#include <stdint.h>

#include "harness/stats/order.h"
#include "harness/stats/rank.h"

/* Two samples; the shift is y against x. */
struct tare_sides {
	const double *x;
	size_t m;
	const double *y;
	size_t n;
};

/* The rank-th smallest (1 .. n(n+1)/2) Walsh average of d; (1 .. m n) difference y_j - x_i. */
double tare_walsh_select(struct tare_ranks *ranks, const double *d, size_t n, uint64_t rank);
double tare_shift_select(struct tare_ranks *ranks, const struct tare_sides *sides, uint64_t rank);

/* How many Walsh averages, or differences y_j - x_i, are at most bound. O(m + n). */
uint64_t tare_walsh_count(const double *d, size_t n, double bound);
uint64_t tare_shift_count(struct tare_ranks *ranks, const struct tare_sides *sides, double bound);

/* Estimate and interval at the two-sided level alpha. */
void tare_hl_paired(struct tare_interval *interval_out, struct tare_ranks *ranks, const double *d,
	size_t n, double alpha);
void tare_hl_unpaired(struct tare_interval *interval_out, struct tare_ranks *ranks,
	const struct tare_sides *sides, double alpha);

/* One-sided p-value against "the shift is at most bound": P(T <= averages at most bound). It is at
 * most tail exactly where the lower end of the interval at alpha = 2 tail is above bound. Ties with
 * the bound count against. */
double tare_hl_paired_p_above(struct tare_ranks *ranks, const double *d, size_t n, double bound);
double tare_hl_unpaired_p_above(
	struct tare_ranks *ranks, const struct tare_sides *sides, double bound);
/* The mirror image: against "the shift is at least bound". */
double tare_hl_paired_p_below(struct tare_ranks *ranks, const double *d, size_t n, double bound);
double tare_hl_unpaired_p_below(
	struct tare_ranks *ranks, const struct tare_sides *sides, double bound);

#endif
