/*
 * The search behind harness/stats/trend.h: boundaries between the segments of a series.
 *
 * Internal to this folder: trend.c scales the values, fills a struct tare_trend_search, searches,
 * and makes results of the edges that are left. All memory is the caller's.
 */
#ifndef TARE_STATS_TREND_SEARCH_H
#define TARE_STATS_TREND_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/hodges_lehmann.h"
#include "harness/stats/trend.h"

/* A boundary between two segments, and what speaks for it. */
struct tare_edge {
	size_t at;
	bool forced;
	bool exact; /* z_ranks is from the exact distribution */
	size_t m;   /* points before and after, up to the next boundaries */
	size_t n;
	double shift;
	double sigma;          /* around the two levels */
	double standard_error; /* of the shift */
	double apart;          /* share of pairs that are the right way round, 0.5 to 1 */
	bool solid;            /* not just spikes on a short side */
	double z_ranks;        /* before inflation */
	double p;
	double score; /* at least 1 where it stays */
};

struct tare_trend_search {
	struct tare_trend_options options;
	struct tare_ranks *ranks;
	size_t n;
	double *values;          /* [n] on a scale where shifts add up */
	bool *forced;            /* [n] */
	double margin;           /* on the scale of values */
	double *tame;            /* [n] winsorised, median 0 */
	double *work;            /* [4 (n + 2)] */
	double *left;            /* [n] sorted copies of the sides of an edge */
	double *right;           /* [n] */
	bool *marks;             /* [n], false */
	struct tare_edge *edges; /* [n + 1]: edge_count, and one at n behind them */
	size_t edge_count;
	double sigma; /* around all levels */
	double autocorrelation;
};

/* From values, forced and margin to edges, sigma and autocorrelation. n > 0. */
void tare_trend_search(struct tare_trend_search *search);

/* The values on both sides of an edge, sorted, in left and right. */
struct tare_sides tare_edge_sides(struct tare_trend_search *search, size_t index);

/* The Hodges-Lehmann shift between sides as tare_edge_sides() gives them. */
double tare_median_shift(struct tare_trend_search *search, const struct tare_sides *sides);

/* Variance of the difference of the sides' means with lag-1 autocorrelation rho, against that of
 * independent values: 1 + 2 sum (1 - k / n) rho^k for each side. */
double tare_edge_inflation(const struct tare_edge *edge, double rho);

/* 1.4826 times the median distance from centre; where more than half of the values are equal, from
 * the mean distance without the largest tenth. Spoils values. */
double tare_robust_sd(double *values, size_t n, double centre);

#endif
