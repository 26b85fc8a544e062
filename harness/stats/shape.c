#include "harness/stats/shape.h"

#include <math.h>

#include "harness/stats/order.h"

enum { BIMODAL_MIN = 12, BIMODAL_SIDE_MIN = 3 };

void
tare_outliers_count(struct tare_outliers *outliers_out, const double *sorted, size_t n)
{
	double q1, q3, range;

	outliers_out->mild = outliers_out->severe = 0;
	if (n < 4)
		return;
	q1 = tare_quantile(sorted, n, 0.25);
	q3 = tare_quantile(sorted, n, 0.75);
	range = q3 - q1;
	for (size_t i = 0; i < n; i++) {
		double outside = fmax(q1 - sorted[i], sorted[i] - q3);

		if (outside > 3.0 * range)
			outliers_out->severe++;
		else if (outside > 1.5 * range)
			outliers_out->mild++;
	}
}

double
tare_autocorrelation(const double *values, size_t n)
{
	double mean = tare_mean(values, n), scale = 0.0, product = 0.0, square = 0.0;

	if (n < 3)
		return 0.0;
	for (size_t i = 0; i < n; i++)
		scale = fmax(scale, fabs(values[i] - mean));
	if (!(scale > 0.0) || !isfinite(scale))
		return 0.0;
	for (size_t i = 0; i < n; i++) {
		double off = (values[i] - mean) / scale;

		square += off * off;
		if (i > 0)
			product += off * (values[i - 1] - mean) / scale;
	}
	return product / square;
}

/* The number of values in the lower group of the best split, and the share it explains. */
static size_t
best_split(double *explained_out, const double *sorted, size_t n, size_t side_min)
{
	double mean = tare_mean(sorted, n), total = 0.0, below = 0.0, best = 0.0;
	size_t best_count = 0;

	for (size_t i = 0; i < n; i++)
		total += (sorted[i] - mean) * (sorted[i] - mean);
	for (size_t count = 1; count + side_min <= n; count++) {
		double between;

		below += sorted[count - 1] - mean;
		between = below * below * (double)n / ((double)count * (double)(n - count));
		if (count >= side_min && between > best) {
			best = between;
			best_count = count;
		}
	}
	*explained_out = total > 0.0 && isfinite(total) ? best / total : 0.0;
	return best_count;
}

bool
tare_bimodal(const double *sorted, size_t n)
{
	size_t side_min = n / 5 > BIMODAL_SIDE_MIN ? n / 5 : BIMODAL_SIDE_MIN, count;
	double explained, gap, width;

	if (n < BIMODAL_MIN)
		return false;
	count = best_split(&explained, sorted, n, side_min);
	if (count == 0 || explained < 0.8 + 1.5 / (double)n)
		return false;
	gap = sorted[count] - sorted[count - 1];
	width = fmax(tare_quantile(sorted, count, 0.75) - tare_quantile(sorted, count, 0.25),
		tare_quantile(sorted + count, n - count, 0.75) -
			tare_quantile(sorted + count, n - count, 0.25));
	return gap >= width;
}

double
tare_block_correlation(const double *values, size_t n, double center)
{
	double largest = 0.0;
	long double product = 0.0L, square = 0.0L;

	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, fabs(values[i] - center));
	if (!(largest > 0.0) || isinf(largest))
		return 0.0;
	for (size_t i = 0; i + 1 < n; i += 2) {
		long double a = (values[i] - center) / largest;
		long double b = (values[i + 1] - center) / largest;

		product += a * b;
		square += (a * a + b * b) / 2.0L;
	}
	return square > 0.0L ? (double)(product / square) : 0.0;
}
