/*
 * Order statistics of one sample: sorting, quantiles, the median and its interval, spread.
 *
 * Pure functions on arrays of finite doubles; tare_finite() makes such an array of any other. A
 * parameter named `sorted` is in ascending order. An empty sample gives NaN. Sums are kept in long
 * double, so that values up to 1e308 do not overflow.
 */
#ifndef TARE_STATS_ORDER_H
#define TARE_STATS_ORDER_H

#include <stdbool.h>
#include <stddef.h>

/* An estimate and its interval; low and high are NaN where there are too few values for one. */
struct tare_interval {
	double estimate;
	double low;
	double high;
};

/* Moves the finite values to the front, in order, and returns how many there are. */
size_t tare_finite(double *values, size_t n);

/* Ascending; O(n log n). NaN is not allowed. */
void tare_sort(double *values, size_t n);

/* The value with that rank (0 for the smallest), moved to its place with nothing larger before it
 * and nothing smaller behind; expected O(n). rank < n; NaN is not allowed. */
double tare_select(double *values, size_t n, size_t rank);

/* Half way between a and b, without overflow. */
double tare_midpoint(double a, double b);

/* Linear interpolation between order statistics at (n - 1) p (type 7 of Hyndman & Fan 1996). */
double tare_quantile(const double *sorted, size_t n, double p);
double tare_median(const double *sorted, size_t n);
/* The median of values in any order; copy has room for n, may be values, and is
 * sorted afterwards. */
double tare_median_of(double *copy, const double *values, size_t n);

/* The median with [x_(k), x_(n+1-k)], k the largest with P(Bin(n, 1/2) <= k - 1) <= alpha / 2:
 * exact for any continuous distribution, conservative with ties. Without interval for n < 6 at
 * 0.05. From n = 1024 on the binomial is replaced by the normal with continuity correction; k is
 * then within one of the exact rank. */
void tare_median_interval(
	struct tare_interval *interval_out, const double *sorted, size_t n, double alpha);

double tare_mean(const double *values, size_t n);
/* Sample standard deviation (n - 1 in the denominator); NaN for n < 2. */
double tare_sd(const double *values, size_t n);
/* 1.4826 times the median absolute deviation from the median; copy has room for n and is spoilt. */
double tare_mad_sd(double *copy, const double *values, size_t n);

#endif
