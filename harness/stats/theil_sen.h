/*
 * Slope without outliers: Theil 1950 and Sen 1968, with Kendall's test of a trend.
 *
 * The slope is the median of all (y_j - y_i) / (x_j - x_i), its interval the order statistics that
 * Kendall's distribution gives; here x is the position 0, 1, 2 ... Pure, O(n^2) for at most
 * TARE_SLOPE_VALUES_MAX values; of more, every k-th is taken (k the smallest that is enough).
 */
#ifndef TARE_STATS_THEIL_SEN_H
#define TARE_STATS_THEIL_SEN_H

#include <stddef.h>

enum { TARE_SLOPE_VALUES_MAX = 256 };

struct tare_slope {
	double slope; /* per position; NaN for n < 2 */
	double low;   /* 95 %; NaN where there are too few values */
	double high;
	double p; /* Kendall's, two-sided; 1 for n < 4 or constant values */
	size_t n; /* values it is made of, before any were left out */
};

/* values are finite. work has room for tare_slope_room(n) doubles. inflation >= 1 multiplies the
 * variance of Kendall's statistic where neighbours resemble each other (Hamed & Rao 1998). */
size_t tare_slope_room(size_t n);
void tare_slope_find(struct tare_slope *slope_out, double *work, const double *values, size_t n,
	double inflation);

/* Kendall's S = concordant - discordant pairs in order, standardised with ties and continuity
 * corrected; 0 where it is not defined. copy has room for n. O(n^2). */
double tare_kendall_z(double *copy, const double *values, size_t n, double inflation);

#endif
