#include "harness/stats/rank.h"

#include <math.h>
#include <stdbool.h>

#include "harness/stats/normal.h"
#include "harness/stats/order.h"

enum { BUCKET_COUNT = 256, MEMORY_MIN = 4096 };

/* The lower half of a symmetric distribution over 0 .. top. */
struct table {
	struct table *next;
	size_t m;
	size_t n;
	uint64_t top;
	size_t count; /* top / 2 + 1 */
	double *cdf;
};

struct tare_ranks {
	struct tare_arena *arena;
	struct table *signed_rank[TARE_SIGNED_RANK_EXACT_MAX + 1];
	struct table *mann_whitney[BUCKET_COUNT];
	struct {
		void *block;
		size_t size;
	} memory[TARE_RANKS_SLOT_COUNT];
};

struct tare_ranks *
tare_ranks_new(struct tare_arena *arena)
{
	struct tare_ranks *ranks = tare_arena_alloc(arena, 1, sizeof(*ranks));

	ranks->arena = arena;
	return ranks;
}

void *
tare_ranks_memory(struct tare_ranks *ranks, enum tare_ranks_slot slot, size_t size)
{
	if (ranks->memory[slot].size < size || ranks->memory[slot].block == NULL) {
		/* The old block stays with the arena: doubling bounds what that wastes. */
		size_t grown = 2 * ranks->memory[slot].size;

		if (grown < size)
			grown = size;
		if (grown < MEMORY_MIN)
			grown = MEMORY_MIN;
		ranks->memory[slot].block = tare_arena_alloc(ranks->arena, grown, 1);
		ranks->memory[slot].size = grown;
	}
	return ranks->memory[slot].block;
}

static struct table *
table_new(struct tare_arena *arena, size_t m, size_t n, uint64_t top)
{
	struct table *table = tare_arena_alloc(arena, 1, sizeof(*table));

	table->m = m;
	table->n = n;
	table->top = top;
	table->count = (size_t)(top / 2) + 1;
	table->cdf = tare_arena_alloc(arena, table->count, sizeof(*table->cdf));
	return table;
}

static void
table_accumulate(struct table *table, double total)
{
	double sum = 0.0;

	for (size_t i = 0; i < table->count; i++) {
		sum += table->cdf[i];
		table->cdf[i] = sum / total;
	}
}

static double
table_cdf(const struct table *table, uint64_t value)
{
	if (value >= table->top)
		return 1.0;
	if (value < table->count)
		return table->cdf[value];
	return 1.0 - table->cdf[table->top - value - 1];
}

/* How many of the lower half are at most tail. */
static uint64_t
table_critical(const struct table *table, double tail)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->cdf[middle] <= tail)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct table *
signed_rank_table(struct tare_ranks *ranks, size_t n)
{
	struct table *table = ranks->signed_rank[n];

	if (table != NULL)
		return table;
	table = table_new(ranks->arena, n, n, (uint64_t)n * (n + 1) / 2);
	table->cdf[0] = 1.0;
	for (size_t rank = 1; rank <= n; rank++) {
		for (size_t t = table->count; t-- > rank;)
			table->cdf[t] = 0.5 * (table->cdf[t] + table->cdf[t - rank]);
		for (size_t t = 0; t < rank && t < table->count; t++)
			table->cdf[t] *= 0.5;
	}
	table_accumulate(table, 1.0);
	ranks->signed_rank[n] = table;
	return table;
}

/* Coefficients of prod_{i=1..m} (1 - q^(n+i)) / (1 - q^i): after each i they are the counts for (i,
 * n), so nothing is subtracted that was not added before. */
static const struct table *
mann_whitney_table(struct tare_ranks *ranks, size_t m, size_t n)
{
	struct table **bucket = &ranks->mann_whitney[(m * 31 + n) % BUCKET_COUNT];
	struct table *table = *bucket;
	double total = 1.0;

	while (table != NULL && (table->m != m || table->n != n))
		table = table->next;
	if (table != NULL)
		return table;
	table = table_new(ranks->arena, m, n, (uint64_t)m * n);
	table->cdf[0] = 1.0;
	for (size_t i = 1; i <= m; i++) {
		for (size_t k = table->count; k-- > n + i;)
			table->cdf[k] -= table->cdf[k - n - i];
		for (size_t k = i; k < table->count; k++)
			table->cdf[k] += table->cdf[k - i];
		total *= (double)(n + i) / (double)i;
	}
	table_accumulate(table, total);
	table->next = *bucket;
	*bucket = table;
	return table;
}

static double
approximate_cdf(double value, double mean, double variance)
{
	return tare_normal_cdf((value + 0.5 - mean) / sqrt(variance));
}

static uint64_t
approximate_critical(double tail, double mean, double variance)
{
	double rank = floor(mean + 0.5 + tare_normal_quantile(tail) * sqrt(variance));

	return rank > 0.0 ? (uint64_t)rank : 0;
}

static double
signed_rank_variance(double n)
{
	return n * (n + 1.0) * (2.0 * n + 1.0) / 24.0;
}

double
tare_signed_rank_cdf(struct tare_ranks *ranks, size_t n, uint64_t t)
{
	double count = (double)n;

	if (n <= TARE_SIGNED_RANK_EXACT_MAX)
		return table_cdf(signed_rank_table(ranks, n), t);
	return approximate_cdf((double)t, count * (count + 1.0) / 4.0, signed_rank_variance(count));
}

uint64_t
tare_signed_rank_critical(struct tare_ranks *ranks, size_t n, double tail)
{
	double count = (double)n;

	if (n <= TARE_SIGNED_RANK_EXACT_MAX)
		return table_critical(signed_rank_table(ranks, n), tail);
	return approximate_critical(tail, count * (count + 1.0) / 4.0, signed_rank_variance(count));
}

static bool
mann_whitney_exact(size_t m, size_t n)
{
	/* m is the smaller one; tested by division, which cannot overflow. */
	return m == 0 || (m <= TARE_MANN_WHITNEY_EXACT_MAX &&
				 n <= (size_t)TARE_MANN_WHITNEY_EXACT_MAX / m / m);
}

double
tare_mann_whitney_cdf(struct tare_ranks *ranks, size_t m, size_t n, uint64_t u)
{
	size_t small = m < n ? m : n, large = m < n ? n : m;
	double product = (double)m * (double)n;

	if (mann_whitney_exact(small, large))
		return table_cdf(mann_whitney_table(ranks, small, large), u);
	return approximate_cdf(
		(double)u, product / 2.0, product * ((double)m + (double)n + 1.0) / 12.0);
}

uint64_t
tare_mann_whitney_critical(struct tare_ranks *ranks, size_t m, size_t n, double tail)
{
	size_t small = m < n ? m : n, large = m < n ? n : m;
	double product = (double)m * (double)n;

	if (mann_whitney_exact(small, large))
		return table_critical(mann_whitney_table(ranks, small, large), tail);
	return approximate_critical(
		tail, product / 2.0, product * ((double)m + (double)n + 1.0) / 12.0);
}

/* A walk over the distinct values of two sorted arrays together. */
struct merge {
	const double *x, *y;
	size_t m, n;
	size_t x_at, y_at;     /* values below the current one */
	size_t x_tied, y_tied; /* values equal to it */
};

static bool
merge_next(struct merge *merge)
{
	double value;

	merge->x_at += merge->x_tied;
	merge->y_at += merge->y_tied;
	merge->x_tied = merge->y_tied = 0;
	if (merge->x_at == merge->m && merge->y_at == merge->n)
		return false;
	if (merge->x_at == merge->m)
		value = merge->y[merge->y_at];
	else if (merge->y_at == merge->n)
		value = merge->x[merge->x_at];
	else
		value = fmin(merge->x[merge->x_at], merge->y[merge->y_at]);
	while (merge->x_at + merge->x_tied < merge->m &&
		merge->x[merge->x_at + merge->x_tied] == value)
		merge->x_tied++;
	while (merge->y_at + merge->y_tied < merge->n &&
		merge->y[merge->y_at + merge->y_tied] == value)
		merge->y_tied++;
	return true;
}

static double
corrected_z(double statistic, double mean, double variance)
{
	double off = statistic - mean;

	if (!(variance > 0.0))
		return 0.0;
	off = off > 0.0 ? fmax(off - 0.5, 0.0) : fmin(off + 0.5, 0.0);
	return off / sqrt(variance);
}

double
tare_mann_whitney_z(const double *x_sorted, size_t m, const double *y_sorted, size_t n)
{
	struct merge merge = {.x = x_sorted, .y = y_sorted, .m = m, .n = n};
	double u = 0.0, ties = 0.0, product = (double)m * (double)n, all = (double)(m + n);

	if (m == 0 || n == 0)
		return 0.0;
	while (merge_next(&merge)) {
		double tied = (double)(merge.x_tied + merge.y_tied);

		u += (double)merge.y_tied * ((double)merge.x_at + 0.5 * (double)merge.x_tied);
		ties += tied * tied * tied - tied;
	}
	return corrected_z(
		u, product / 2.0, product / 12.0 * (all + 1.0 - ties / (all * (all - 1.0))));
}

double
tare_signed_rank_z(double *work, const double *d, size_t n)
{
	size_t positive = 0, negative = 0;
	struct merge merge = {0};
	double t = 0.0, ties = 0.0, count;

	for (size_t i = 0; i < n; i++) {
		if (d[i] > 0.0)
			work[positive++] = d[i];
		else if (d[i] < 0.0)
			work[n - ++negative] = -d[i];
	}
	tare_sort(work, positive);
	tare_sort(work + n - negative, negative);
	merge = (struct merge){.x = work, .m = positive, .y = work + n - negative, .n = negative};
	while (merge_next(&merge)) {
		double tied = (double)(merge.x_tied + merge.y_tied);

		t += (double)merge.x_tied *
		     ((double)(merge.x_at + merge.y_at) + 0.5 * (tied + 1.0));
		ties += tied * tied * tied - tied;
	}
	count = (double)(positive + negative);
	return corrected_z(
		t, count * (count + 1.0) / 4.0, signed_rank_variance(count) - ties / 48.0);
}

double
tare_superiority(const double *x_sorted, size_t m, const double *y_sorted, size_t n)
{
	struct merge merge = {.x = x_sorted, .y = y_sorted, .m = m, .n = n};
	double u = 0.0;

	if (m == 0 || n == 0)
		return NAN;
	while (merge_next(&merge))
		u += (double)merge.y_tied * ((double)merge.x_at + 0.5 * (double)merge.x_tied);
	return u / ((double)m * (double)n);
}
