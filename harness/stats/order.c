#include "harness/stats/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/normal.h"

enum { INSERTION_MAX = 48, SELECT_SORT_MAX = 12, BINOMIAL_EXACT_MAX = 1023 };

size_t
tare_finite(double *values, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (isfinite(values[i]))
			values[kept++] = values[i];
	return kept;
}

static int
compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static void
swap(double *a, double *b)
{
	double kept = *a;

	*a = *b;
	*b = kept;
}

/* Hoare's partition by the median of three: values[0 .. result) <= pivot <= values[result .. n),
 * and neither side is empty. n >= 3. */
static size_t
partition(double *values, size_t n)
{
	size_t low = 0, high = n - 1, middle = n / 2;
	double pivot;

	if (values[middle] < values[low])
		swap(&values[middle], &values[low]);
	if (values[high] < values[low])
		swap(&values[high], &values[low]);
	if (values[high] < values[middle])
		swap(&values[high], &values[middle]);
	pivot = values[middle];
	for (;;) {
		while (values[low] < pivot)
			low++;
		while (values[high] > pivot)
			high--;
		if (low >= high)
			break;
		swap(&values[low++], &values[high--]);
	}
	return low;
}

static void
sort_few(double *values, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		double value = values[i];
		size_t j = i;

		for (; j > 0 && values[j - 1] > value; j--)
			values[j] = values[j - 1];
		values[j] = value;
	}
}

/* Introsort (Musser 1997): libc's sort, which calls back for every comparison, only where the
 * values make partitions bad. */
static void
sort_within(double *values, size_t n, size_t depth)
{
	while (n > INSERTION_MAX) {
		size_t cut;

		if (depth-- == 0) {
			qsort(values, n, sizeof(*values), compare_doubles);
			return;
		}
		cut = partition(values, n);
		sort_within(values, cut, depth);
		values += cut;
		n -= cut;
	}
	sort_few(values, n);
}

void
tare_sort(double *values, size_t n)
{
	size_t depth = 2;

	for (size_t left = n; left > 1; left /= 2)
		depth += 2;
	sort_within(values, n, depth);
}

double
tare_select(double *values, size_t n, size_t rank)
{
	size_t first = 0;

	while (n > SELECT_SORT_MAX) {
		size_t cut = partition(values + first, n);

		if (rank - first < cut) {
			n = cut;
		} else {
			first += cut;
			n -= cut;
		}
	}
	sort_few(values + first, n);
	return values[rank];
}

double
tare_midpoint(double a, double b)
{
	double sum = a + b;

	return isfinite(sum) ? sum / 2.0 : a / 2.0 + b / 2.0;
}

double
tare_quantile(const double *sorted, size_t n, double p)
{
	double position, low, share;
	size_t index;

	if (n == 0 || isnan(p))
		return NAN;
	position = (double)(n - 1) * fmin(fmax(p, 0.0), 1.0);
	index = (size_t)position;
	if (index + 1 >= n)
		return sorted[n - 1];
	low = sorted[index];
	share = position - (double)index;
	return low * (1.0 - share) + sorted[index + 1] * share;
}

double
tare_median(const double *sorted, size_t n)
{
	if (n == 0)
		return NAN;
	return n % 2 != 0 ? sorted[n / 2] : tare_midpoint(sorted[n / 2 - 1], sorted[n / 2]);
}

double
tare_median_of(double *copy, const double *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		copy[i] = values[i];
	tare_sort(copy, n);
	return tare_median(copy, n);
}

/* The largest k with P(Bin(n, 1/2) <= k - 1) <= tail; 0: there is none. */
static size_t
binomial_rank(size_t n, double tail)
{
	double term = ldexp(1.0, -(int)n), below = term;
	size_t k = 0;

	while (k < n && below <= tail) {
		k++;
		term *= (double)(n - k + 1) / (double)k;
		below += term;
	}
	return k;
}

void
tare_median_interval(
	struct tare_interval *interval_out, const double *sorted, size_t n, double alpha)
{
	size_t k;

	interval_out->estimate = tare_median(sorted, n);
	interval_out->low = interval_out->high = NAN;
	if (n <= BINOMIAL_EXACT_MAX) {
		k = binomial_rank(n, alpha / 2.0);
	} else {
		double rank = (double)n / 2.0 - 0.5 +
			      tare_normal_quantile(alpha / 2.0) * sqrt((double)n) / 2.0;
		k = rank < 0.0 ? 0 : (size_t)rank + 1;
	}
	if (k == 0 || 2 * k > n + 1)
		return;
	interval_out->low = sorted[k - 1];
	interval_out->high = sorted[n - k];
}

double
tare_mean(const double *values, size_t n)
{
	long double sum = 0.0L;

	if (n == 0)
		return NAN;
	for (size_t i = 0; i < n; i++)
		sum += (long double)values[i];
	return (double)(sum / (long double)n);
}

double
tare_sd(const double *values, size_t n)
{
	long double mean = 0.0L, sum = 0.0L;

	if (n < 2)
		return NAN;
	for (size_t i = 0; i < n; i++)
		mean += (long double)values[i];
	mean /= (long double)n;
	for (size_t i = 0; i < n; i++) {
		long double off = (long double)values[i] - mean;

		sum += off * off;
	}
	return (double)sqrtl(sum / (long double)(n - 1));
}

double
tare_mad_sd(double *copy, const double *values, size_t n)
{
	double median;

	memcpy(copy, values, n * sizeof(*copy));
	tare_sort(copy, n);
	median = tare_median(copy, n);
	for (size_t i = 0; i < n; i++)
		copy[i] = fabs(values[i] - median);
	tare_sort(copy, n);
	return 1.4826 * tare_median(copy, n);
}
