#include "harness/stats/theil_sen.h"

#include <math.h>

#include "harness/stats/normal.h"
#include "harness/stats/order.h"

enum { KENDALL_MIN = 4 };

/* Values are used at this step, so that there are at most TARE_SLOPE_VALUES_MAX. */
static size_t
step_for(size_t n)
{
	return n <= TARE_SLOPE_VALUES_MAX ? 1 : (n - 1) / (TARE_SLOPE_VALUES_MAX - 1) + 1;
}

static size_t
kept(size_t n)
{
	return n == 0 ? 0 : (n - 1) / step_for(n) + 1;
}

size_t
tare_slope_room(size_t n)
{
	return kept(n) * (kept(n) + 1) / 2;
}

/* Sum over groups of tied values of t (t - 1) (2 t + 5). */
static double
tie_term(double *sorted, size_t n)
{
	double sum = 0.0;
	size_t first = 0;

	tare_sort(sorted, n);
	for (size_t i = 1; i <= n; i++) {
		double tied = (double)(i - first);

		if (i < n && sorted[i] == sorted[first])
			continue;
		sum += tied * (tied - 1.0) * (2.0 * tied + 5.0);
		first = i;
	}
	return sum;
}

double
tare_kendall_z(double *copy, const double *values, size_t n, double inflation)
{
	double count = (double)n, s = 0.0, variance;

	if (n < KENDALL_MIN)
		return 0.0;
	for (size_t j = 0; j < n; j++) {
		copy[j] = values[j];
		for (size_t i = 0; i < j; i++)
			s += (double)((values[j] > values[i]) - (values[j] < values[i]));
	}
	variance = (count * (count - 1.0) * (2.0 * count + 5.0) - tie_term(copy, n)) / 18.0;
	if (!(variance > 0.0))
		return 0.0;
	s = s > 0.0 ? fmax(s - 1.0, 0.0) : fmin(s + 1.0, 0.0);
	return s / sqrt(variance * fmax(inflation, 1.0));
}

static size_t
write_slopes(double *slopes, const double *values, size_t n, size_t step)
{
	size_t count = 0;

	for (size_t j = step; j < n; j += step)
		for (size_t i = 0; i < j; i += step)
			slopes[count++] =
				(values[j] / 2.0 - values[i] / 2.0) / ((double)(j - i) / 2.0);
	return count;
}

/* The order statistics of the slopes that Kendall's distribution gives (Sen 1968). */
static void
slope_interval(struct tare_slope *slope, double *slopes, size_t count, size_t n, double inflation)
{
	double values = (double)n, off;
	double sd = sqrt(values * (values - 1.0) * (2.0 * values + 5.0) / 18.0);

	off = -tare_normal_quantile(0.025) * sd * sqrt(fmax(inflation, 1.0));
	if (off + 2.0 > (double)count)
		return;
	slope->low = tare_select(slopes, count, (size_t)(((double)count - off) / 2.0) - 1);
	slope->high = tare_select(slopes, count, (size_t)ceil(((double)count + off) / 2.0));
}

void
tare_slope_find(struct tare_slope *slope_out, double *work, const double *values, size_t n,
	double inflation)
{
	size_t step = step_for(n), used = kept(n), count;

	*slope_out = (struct tare_slope){.slope = NAN, .low = NAN, .high = NAN, .p = 1.0, .n = n};
	if (n < 2)
		return;
	for (size_t i = 0; i < used; i++)
		work[i] = values[i * step];
	slope_out->p = fmin(1.0,
		2.0 * tare_normal_cdf(-fabs(tare_kendall_z(work + used, work, used, inflation))));
	count = write_slopes(work, values, n, step);
	slope_out->slope = tare_select(work, count, count / 2);
	if (count % 2 == 0)
		slope_out->slope =
			tare_midpoint(slope_out->slope, tare_select(work, count, count / 2 - 1));
	slope_interval(slope_out, work, count, used, inflation);
}
