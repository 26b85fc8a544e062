#include "harness/stats/multiple.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "harness/stats/normal.h"

static double
known(double p)
{
	return isnan(p) ? 1.0 : p;
}

static int
compare_by_p(const void *left, const void *right, void *context)
{
	const double *p = context;
	size_t a = *(const size_t *)left, b = *(const size_t *)right;

	if (known(p[a]) != known(p[b]))
		return known(p[a]) < known(p[b]) ? -1 : 1;
	return (a > b) - (a < b);
}

static void
sort_by_p(size_t *order, const double *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), compare_by_p, (void *)(uintptr_t)p);
}

void
tare_holm(double *adjusted_out, size_t *order, const double *p, size_t n)
{
	double largest = 0.0;

	sort_by_p(order, p, n);
	for (size_t i = 0; i < n; i++) {
		largest = fmax(largest, fmin(1.0, known(p[order[i]]) * (double)(n - i)));
		adjusted_out[order[i]] = largest;
	}
}

void
tare_benjamini_hochberg(double *adjusted_out, size_t *order, const double *p, size_t n)
{
	double smallest = 1.0;

	sort_by_p(order, p, n);
	for (size_t i = n; i-- > 0;) {
		smallest = fmin(smallest, known(p[order[i]]) * (double)n / (double)(i + 1));
		adjusted_out[order[i]] = smallest;
	}
}

double
tare_spending(double alpha, double t)
{
	if (isnan(t) || t <= 0.0)
		return 0.0;
	if (t >= 1.0)
		return alpha;
	return 2.0 * tare_normal_cdf(tare_normal_quantile(alpha / 2.0) / sqrt(t));
}
