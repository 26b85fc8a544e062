/*
 * What a sample looks like: outliers, two modes, memory from one value to the next. Pure functions.
 *
 * They lead to warnings, never to values being left out.
 */
#ifndef TARE_STATS_SHAPE_H
#define TARE_STATS_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

struct tare_outliers {
	size_t mild;   /* between 1.5 and 3 interquartile ranges outside the quartiles */
	size_t severe; /* further out (Tukey 1977) */
};
/* All 0 for n < 4. O(n). */
void tare_outliers_count(struct tare_outliers *outliers_out, const double *sorted, size_t n);

/* Lag-1 autocorrelation in the order given, the mean taken off; 0 for n < 3 or constant values.
 * O(n). */
double tare_autocorrelation(const double *values, size_t n);

/* How alike the two values of each block are, 2i and 2i + 1 in the order given: the correlation
 * within classes (Fisher 1925) about the centre passed in, between -1 and 1; 0 where all values are
 * at the centre or n < 2. An odd last value is left out. O(n). */
double tare_block_correlation(const double *values, size_t n, double center);

/* Whether the sample falls into two groups: the best split in two (least squares, each side at
 * least 3 values and a fifth of all) explains at least 0.8 + 1.5 / n of the variance and the gap
 * between the groups is at least as wide as the wider group's interquartile range. Found by
 * simulation: one normal sample of 12 to 100 is called bimodal in fewer than 1 % of cases; a
 * uniform one explains only 0.75. False for n < 12. O(n). */
bool tare_bimodal(const double *sorted, size_t n);

#endif
