/*
 * E-divisive's statistic over sliding windows: where do the values before and after differ?
 *
 * For windows x before position i and y from i on, of at most `width` values each,
 *   q(i) = m n / (m + n) (2 mean |x - y| - mean |x - x'| - mean |y - y'|),
 * means over distinct pairs (Matteson & James 2014, equation 5 with alpha = 1). It is 0 on average
 * where both come from one distribution, and grows with n where they do not. Windows slide by
 * updating sums: O(n width) instead of O(n^2). Pure functions on finite values whose differences
 * and sums do not overflow.
 */
#ifndef TARE_STATS_EDIVISIVE_H
#define TARE_STATS_EDIVISIVE_H

#include <stdbool.h>
#include <stddef.h>

/* statistic_out[i] for i = 0 .. n - 1; 0 where a window has fewer than 2 values. */
void tare_energy_scan(double *statistic_out, const double *values, size_t n, size_t width);

/* Sets marks[i] where statistic[i] is above floor and the first of the largest within reach. */
void tare_peaks_mark(bool *marks, const double *statistic, size_t n, size_t reach, double floor);

/* Thins out marks: keeps those boundaries that minimise the squares around the means of the
 * segments plus penalty for each boundary, no segment shorter than side_min (but where marks force
 * that). forced, which may be NULL, says which of them stay. Dynamic programming, O(c^2) for c
 * marks; work has room for 4 (n + 2) doubles. */
void tare_boundaries_choose(bool *marks, const bool *forced, double *work, const double *values,
	size_t n, double penalty, size_t side_min);

#endif
