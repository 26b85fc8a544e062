/*
 * What a container makes of a time: T_container = alpha + beta T_host, and back. Pure.
 *
 * The line is fitted to workloads of at least two lengths, the same on both sides and measured in
 * pairs. A pair's rest, container - beta host, has no noise that both sides share, and its median
 * is what a line must explain: least squares of these medians on the host's medians, weighted with
 * their standard errors (1.2533 MAD / sqrt n, the median's under a normal distribution), gives
 * alpha and what is missing of beta; that is repeated until nothing is missing, so that errors of
 * both sides count (the effective variance of York 1966). The covariance is (X'WX)^-1, times chi^2
 * over its degrees of freedom where that is more than 1, as where the line does not fit.
 *
 * Nanoseconds; beta has no unit.
 */
#ifndef TARE_CALIBRATE_FIT_H
#define TARE_CALIBRATE_FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/model/correction.h"
#include "harness/stats/order.h"

enum { TARE_FIT_LENGTHS_MAX = 8 };

/* One workload: host[i] and container[i] are a pair. */
struct tare_fit_length {
	const double *host;
	const double *container;
	size_t n;
};

struct tare_fit {
	double alpha;
	double beta;
	double alpha_variance;
	double beta_variance;
	double covariance;
	double misfit;   /* chi^2 over its degrees of freedom; NaN for two lengths */
	double shortest; /* workload: the host's median */
};

/* False where there are fewer than two lengths, fewer than 3 pairs of one, or all are of one
 * length. */
bool tare_fit_line(struct tare_fit *fit_out, const struct tare_fit_length *lengths, size_t count);

/* Intervals of 95 %. */
struct tare_interval tare_fit_alpha(const struct tare_fit *fit);
struct tare_interval tare_fit_beta(const struct tare_fit *fit);

/* The line with nothing taken off that is not sure to be there: an alpha whose interval covers 0 is
 * 0, a beta whose interval covers 1 is 1. Their uncertainty stays. */
struct tare_correction_line tare_fit_correction(const struct tare_fit *fit);

#endif
