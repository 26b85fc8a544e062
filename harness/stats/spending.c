#include "harness/stats/spending.h"

#include <math.h>

#include "harness/stats/normal.h"

#define GRID_LOW (-5.0)
/* Less alpha than this takes nothing noticeable off the density. */
#define NEGLIGIBLE 1e-7
/* Looks closer than this are narrower than the grid resolves. */
#define CLOSEST 0.015

static double
grid_step(double end)
{
	return (end - GRID_LOW) / (TARE_SPENDING_GRID - 1);
}

/* Simpson's. */
static double
grid_weight(size_t i, double step)
{
	if (i == 0 || i == TARE_SPENDING_GRID - 1)
		return step / 3.0;
	return step * (i % 2 != 0 ? 4.0 : 2.0) / 3.0;
}

/* P(not crossed before, and above z at n). */
static double
crossing(const struct tare_spending *spending, double n, double z)
{
	double step = grid_step(spending->end), sd = sqrt(n - spending->n), sum = 0.0;

	if (spending->n == 0.0)
		return tare_normal_cdf(-z);
	for (size_t i = 0; i < TARE_SPENDING_GRID; i++) {
		double before = GRID_LOW + (double)i * step;
		double gap = (z * sqrt(n) - before * sqrt(spending->n)) / sd;

		if (gap < 8.0)
			sum += grid_weight(i, step) * spending->density[i] * tare_normal_cdf(-gap);
	}
	return sum;
}

static double
bound_for(const struct tare_spending *spending, double n, double tail)
{
	/* Not higher than where nothing was crossed before. */
	double low = 0.0, high = fmax(0.0, -tare_normal_quantile(tail));

	for (size_t step = 0; step < 24; step++) {
		double middle = (low + high) / 2.0;

		if (crossing(spending, n, middle) > tail)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/*
 * The density at z, n, without that of the step: the old density folded with a normal one of the
 * increment. Gaps are equally spaced, so each factor exp(-gap^2 / 2) is the one before times a
 * ratio that itself changes by a constant factor: two multiplications instead of an exponential.
 */
static double
fold(const struct tare_spending *spending, double n, double z)
{
	double old_step = grid_step(spending->end), sd = sqrt(n - spending->n), sum = 0.0;
	double first = (z * sqrt(n) - GRID_LOW * sqrt(spending->n)) / sd;
	double width = old_step * sqrt(spending->n) / sd;
	double skipped = fmax(0.0, ceil((first - 7.0) / width));
	double gap = first - skipped * width, factor = exp(-gap * gap / 2.0);
	double ratio = exp((gap - width / 2.0) * width), slowing = exp(-width * width);

	for (size_t i = (size_t)skipped; i < TARE_SPENDING_GRID && gap > -7.0; i++) {
		sum += grid_weight(i, old_step) * spending->density[i] * factor;
		factor *= ratio;
		ratio *= slowing;
		gap -= width;
	}
	return sum;
}

static void
go_on(struct tare_spending *spending, double n, double bound)
{
	double step = grid_step(bound);
	double scale = sqrt(n / (n - spending->n)) / sqrt(2.0 * M_PI);
	double density[TARE_SPENDING_GRID];

	for (size_t i = 0; i < TARE_SPENDING_GRID; i++) {
		double z = GRID_LOW + (double)i * step;

		density[i] = spending->n == 0.0 ? exp(-z * z / 2.0) / sqrt(2.0 * M_PI)
						: scale * fold(spending, n, z);
	}
	for (size_t i = 0; i < TARE_SPENDING_GRID; i++)
		spending->density[i] = density[i];
	spending->n = n;
	spending->end = bound;
}

double
tare_spending_look(struct tare_spending *spending, double n, double spent)
{
	double more = spent - spending->spent, bound;

	if (!(more > 0.0) || !(n > 0.0))
		return 0.0;
	spending->spent = spent;
	if (more < NEGLIGIBLE || n - spending->n < CLOSEST * n)
		return more;
	bound = bound_for(spending, n, more / 2.0);
	go_on(spending, n, bound);
	return 2.0 * tare_normal_cdf(-bound);
}

double
tare_spending_p(double p, double level, double alpha)
{
	if (level == alpha || !(p > 0.0))
		return level > 0.0 ? p : 1.0;
	if (!(level > 0.0) || !(p < 1.0))
		return 1.0;
	return tare_normal_cdf(tare_normal_quantile(p) * tare_normal_quantile(alpha / 2.0) /
			       tare_normal_quantile(level / 2.0));
}
