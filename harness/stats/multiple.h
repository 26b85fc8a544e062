/*
 * Many tests and many looks: adjusted p-values and spent alpha. Pure functions.
 */
#ifndef TARE_STATS_MULTIPLE_H
#define TARE_STATS_MULTIPLE_H

#include <stddef.h>

/* Adjusted p-values by Holm 1979 (family-wise error) and by Benjamini & Hochberg 1995 (false
 * discovery rate), at the places of the given ones. order has room for n. A NaN counts as 1. O(n
 * log n). */
void tare_holm(double *adjusted_out, size_t *order, const double *p, size_t n);
void tare_benjamini_hochberg(double *adjusted_out, size_t *order, const double *p, size_t n);

/* Alpha that may be spent up to the share t of the planned sample, in the manner of O'Brien &
 * Fleming 1979 (Lan & DeMets 1983): 2 - 2 Phi(z_{alpha/2} / sqrt t). t <= 0 gives 0, t >= 1 gives
 * alpha. */
double tare_spending(double alpha, double t);

#endif
