/*
 * Rank distributions: Wilcoxon's signed-rank T+ and Mann & Whitney's U under the null hypothesis.
 *
 * struct tare_ranks remembers every exact distribution asked for and lends working memory to
 * harness/stats/hodges_lehmann.h, so that ten thousand comparisons of thirty pairs compute one
 * table. tare_ranks_new() makes one in an arena, which owns it; not for use by two threads. Results
 * do not depend on what was asked before.
 *
 * Exact: signed rank for n <= TARE_SIGNED_RANK_EXACT_MAX (dynamic programming over the ranks, each
 * in or out with probability 1/2, O(n^3) once); Mann-Whitney where min(m,n) * m * n <=
 * TARE_MANN_WHITNEY_EXACT_MAX (coefficients of the Gaussian binomial, O(min(m,n) * m * n) once).
 * Beyond, the normal approximation with continuity correction; at the switch its cdf is off by less
 * than 1e-4 and 2e-4. Both distributions are symmetric and only their lower halves are kept.
 * Source: Lehmann 1975, Nonparametrics, chapters 1 and 3.
 */
#ifndef TARE_STATS_RANK_H
#define TARE_STATS_RANK_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"

enum { TARE_SIGNED_RANK_EXACT_MAX = 128, TARE_MANN_WHITNEY_EXACT_MAX = 2000000 };

struct tare_ranks;

struct tare_ranks *tare_ranks_new(struct tare_arena *arena);

/* Working memory of at least size bytes, valid until the next call with the same slot. */
enum tare_ranks_slot {
	TARE_RANKS_VALUES, /* the caller's: arrays of values */
	TARE_RANKS_ROWS,   /* the rest is for hodges_lehmann.c */
	TARE_RANKS_BOUNDS,
	TARE_RANKS_GATHER,
	TARE_RANKS_SLOT_COUNT,
};
void *tare_ranks_memory(struct tare_ranks *ranks, enum tare_ranks_slot slot, size_t size);

/* P(T+ <= t) for n pairs, t = 0 .. n(n+1)/2. n = 0 gives 1. */
double tare_signed_rank_cdf(struct tare_ranks *ranks, size_t n, uint64_t t);
/* The largest c with P(T+ <= c - 1) <= tail; 0 where n is too small for any. */
uint64_t tare_signed_rank_critical(struct tare_ranks *ranks, size_t n, double tail);

/* P(U <= u) for m and n values, u = 0 .. m n. m = 0 or n = 0 gives 1. */
double tare_mann_whitney_cdf(struct tare_ranks *ranks, size_t m, size_t n, uint64_t u);
/* The largest c with P(U <= c - 1) <= tail; 0 where there are too few values for any. */
uint64_t tare_mann_whitney_critical(struct tare_ranks *ranks, size_t m, size_t n, double tail);

/* The tests themselves on raw values, normal approximation with ties (mid-ranks, corrected
 * variance) and continuity correction: z > 0 where y tends to be larger than x, or d positive.
 * Zeros of d are dropped (Wilcoxon). 0 where all values are tied. work has room for n doubles. */
double tare_mann_whitney_z(const double *x_sorted, size_t m, const double *y_sorted, size_t n);
double tare_signed_rank_z(double *work, const double *d, size_t n);

/* P(Y > X) + P(Y = X) / 2 over all pairs (Vargha & Delaney's A); O(m + n); NaN where one is empty.
 */
double tare_superiority(const double *x_sorted, size_t m, const double *y_sorted, size_t n);

#endif
