#include "calibrate/fit.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/arena.h"

enum { ROUNDS = 20, PAIRS_MIN = 3 };
static const double z95 = 1.959963984540054;
/* Of a median, in standard errors of a mean: sqrt(pi / 2). */
static const double median_loss = 1.2533141373155;
/* No clock is better than this, of what it measures. */
static const double finest = 1e-7;

/* One length, with what is left of the pairs once beta is taken off. */
struct spot {
	double x;  /* the host's median */
	double y;  /* the median rest */
	double se; /* of y */
};

static void
look(struct spot *spot, double *work, const struct tare_fit_length *length, double beta)
{
	double *rest = work, *copy = work + length->n;

	spot->x = tare_median_of(copy, length->host, length->n);
	for (size_t i = 0; i < length->n; i++)
		rest[i] = length->container[i] - beta * length->host[i];
	spot->se = median_loss * tare_mad_sd(copy, rest, length->n) / sqrt((double)length->n);
	spot->se = fmax(spot->se, finest * spot->x);
	tare_sort(rest, length->n);
	spot->y = tare_median(rest, length->n);
}

/* Weighted least squares of y on x; the slope is what is missing of beta. */
static bool
solve(struct tare_fit *fit, const struct spot *spots, size_t count)
{
	double s = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, mean, slope, chi2 = 0, scale = 1;

	for (size_t i = 0; i < count; i++) {
		double w = 1 / (spots[i].se * spots[i].se);

		s += w;
		sx += w * spots[i].x;
		sy += w * spots[i].y;
	}
	mean = sx / s;
	for (size_t i = 0; i < count; i++) {
		double w = 1 / (spots[i].se * spots[i].se), dx = spots[i].x - mean;

		sxx += w * dx * dx;
		sxy += w * dx * spots[i].y;
	}
	if (!(sxx > 0) || !isfinite(sxx))
		return false;
	slope = sxy / sxx;
	fit->alpha = sy / s - slope * mean;
	for (size_t i = 0; i < count; i++) {
		double rest = (spots[i].y - fit->alpha - slope * spots[i].x) / spots[i].se;

		chi2 += rest * rest;
	}
	fit->misfit = count > 2 ? chi2 / (double)(count - 2) : NAN;
	if (fit->misfit > 1)
		scale = fit->misfit;
	fit->beta += slope;
	fit->beta_variance = scale / sxx;
	fit->alpha_variance = scale * (1 / s + mean * mean / sxx);
	fit->covariance = -scale * mean / sxx;
	return true;
}

static bool
has_enough(size_t *most_out, const struct tare_fit_length *lengths, size_t count)
{
	size_t most = 0;

	if (count < 2 || count > TARE_FIT_LENGTHS_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (lengths[i].n < PAIRS_MIN)
			return false;
		most = lengths[i].n > most ? lengths[i].n : most;
	}
	*most_out = most;
	return true;
}

bool
tare_fit_line(struct tare_fit *fit_out, const struct tare_fit_length *lengths, size_t count)
{
	struct tare_fit fit = {.beta = 1};
	struct spot spots[TARE_FIT_LENGTHS_MAX] = {0};
	size_t most = 0;
	double *work;
	bool found = true;

	if (!has_enough(&most, lengths, count))
		return false;
	work = tare_xcalloc(2 * most, sizeof(*work));
	for (int round = 0; found && round < ROUNDS; round++) {
		double before = fit.beta;

		for (size_t i = 0; i < count; i++)
			look(&spots[i], work, &lengths[i], fit.beta);
		found = solve(&fit, spots, count);
		if (fabs(fit.beta - before) <= 1e-12 * fabs(before))
			break;
	}
	free(work);
	/* With a slope that is not above 0 a container would take time away. */
	if (!found || !(fit.beta > 0))
		return false;
	fit.shortest = spots[0].x;
	for (size_t i = 1; i < count; i++)
		fit.shortest = fmin(fit.shortest, spots[i].x);
	*fit_out = fit;
	return true;
}

static struct tare_interval
around(double estimate, double variance)
{
	double reach = z95 * sqrt(variance);

	return (struct tare_interval){estimate, estimate - reach, estimate + reach};
}

struct tare_interval
tare_fit_alpha(const struct tare_fit *fit)
{
	return around(fit->alpha, fit->alpha_variance);
}

struct tare_interval
tare_fit_beta(const struct tare_fit *fit)
{
	return around(fit->beta, fit->beta_variance);
}

struct tare_correction_line
tare_fit_correction(const struct tare_fit *fit)
{
	const struct tare_interval alpha = tare_fit_alpha(fit), beta = tare_fit_beta(fit);

	return (struct tare_correction_line){
		.alpha = alpha.low <= 0 && alpha.high >= 0 ? 0 : fit->alpha,
		.beta = beta.low <= 1 && beta.high >= 1 ? 1 : fit->beta,
		.alpha_variance = fit->alpha_variance,
		.beta_variance = fit->beta_variance,
		.covariance = fit->covariance,
		.shortest_ns = fit->alpha + fit->beta * fit->shortest,
	};
}
