#include "harness/stats/hodges_lehmann.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

/* So few candidates are looked at one by one; so few sums are written out for all of an interval.
 */
enum { GATHER_MAX = 96, WRITE_OUT_MAX = 2048 };

/* Sums rows[i] + columns[j] with both sorted, so that sums grow along each row and down each
 * column. Triangle: rows are columns and only j >= i counts. */
struct grid {
	const double *rows;
	size_t row_count;
	const double *columns;
	size_t column_count;
	bool triangle;
};

/* The columns of one row that may still hold the wanted sum, and where the pivot cuts it. */
struct bounds {
	uint32_t low;
	uint32_t high;
	uint32_t less;  /* first column whose sum is not below the pivot */
	uint32_t equal; /* first column whose sum is above it */
};

static uint32_t
clamp(size_t value, uint32_t low, uint32_t high)
{
	if (value < low)
		return low;
	return value > high ? high : (uint32_t)value;
}

/* splitmix64: pivots need no more than that, and repeat. */
static uint64_t
pivot_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static double
candidate(const struct grid *grid, const struct bounds *bounds, uint64_t index)
{
	size_t row = 0;

	while (index >= bounds[row].high - bounds[row].low) {
		index -= bounds[row].high - bounds[row].low;
		row++;
	}
	return grid->rows[row] + grid->columns[bounds[row].low + index];
}

static double
choose_pivot(const struct grid *grid, const struct bounds *bounds, uint64_t total, uint64_t *state)
{
	double a = candidate(grid, bounds, pivot_random(state) % total);
	double b = candidate(grid, bounds, pivot_random(state) % total);
	double c = candidate(grid, bounds, pivot_random(state) % total);

	return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Cuts every row at the pivot; how many candidates are below it, and how many at most it. */
static void
cut(uint64_t counts_out[2], const struct grid *grid, struct bounds *bounds, double pivot)
{
	size_t less = grid->column_count, equal = grid->column_count;

	counts_out[0] = counts_out[1] = 0;
	for (size_t row = 0; row < grid->row_count; row++) {
		struct bounds *bound = &bounds[row];

		while (less > 0 && grid->rows[row] + grid->columns[less - 1] >= pivot)
			less--;
		while (equal > 0 && grid->rows[row] + grid->columns[equal - 1] > pivot)
			equal--;
		bound->less = clamp(less, bound->low, bound->high);
		bound->equal = clamp(equal, bound->low, bound->high);
		counts_out[0] += bound->less - bound->low;
		counts_out[1] += bound->equal - bound->low;
	}
}

/* Few are left: look at all of them. */
static double
gather(struct tare_ranks *ranks, const struct grid *grid, const struct bounds *bounds,
	uint64_t total, uint64_t rank)
{
	double *sums = tare_ranks_memory(ranks, TARE_RANKS_GATHER, (size_t)total * sizeof(*sums));
	size_t count = 0;

	for (size_t row = 0; row < grid->row_count; row++)
		for (uint32_t column = bounds[row].low; column < bounds[row].high; column++)
			sums[count++] = grid->rows[row] + grid->columns[column];
	return tare_select(sums, count, rank);
}

/* The sum with the given rank, 0 for the smallest. */
static double
grid_select(struct tare_ranks *ranks, const struct grid *grid, uint64_t rank)
{
	struct bounds *bounds =
		tare_ranks_memory(ranks, TARE_RANKS_BOUNDS, grid->row_count * sizeof(*bounds));
	uint64_t state = 0, total = 0, counts[2];

	for (size_t row = 0; row < grid->row_count; row++) {
		bounds[row].low = grid->triangle ? (uint32_t)row : 0;
		bounds[row].high = (uint32_t)grid->column_count;
		total += bounds[row].high - bounds[row].low;
	}
	assert(rank < total);
	while (total > GATHER_MAX) {
		double pivot = choose_pivot(grid, bounds, total, &state);

		cut(counts, grid, bounds, pivot);
		if (rank >= counts[0] && rank < counts[1])
			return pivot;
		for (size_t row = 0; row < grid->row_count; row++) {
			if (rank < counts[0])
				bounds[row].high = bounds[row].less;
			else
				bounds[row].low = bounds[row].equal;
		}
		if (rank < counts[0]) {
			total = counts[0];
		} else {
			total -= counts[1];
			rank -= counts[1];
		}
	}
	return gather(ranks, grid, bounds, total, rank);
}

/* How many sums are at most bound, or below it if strictly. */
static uint64_t
grid_count(const struct grid *grid, double bound, bool strictly)
{
	size_t column = grid->column_count;
	uint64_t count = 0;

	for (size_t row = 0; row < grid->row_count; row++) {
		size_t first = grid->triangle ? row : 0;

		while (column > 0 &&
			(strictly ? grid->rows[row] + grid->columns[column - 1] >= bound
				  : grid->rows[row] + grid->columns[column - 1] > bound))
			column--;
		if (column <= first)
			break;
		count += column - first;
	}
	return count;
}

static struct grid
walsh_grid(const double *d, size_t n)
{
	return (struct grid){d, n, d, n, true};
}

/* The rows are -x, ascending. */
static struct grid
shift_grid(struct tare_ranks *ranks, const struct tare_sides *sides)
{
	double *rows = tare_ranks_memory(ranks, TARE_RANKS_ROWS, sides->m * sizeof(*rows));

	for (size_t i = 0; i < sides->m; i++)
		rows[i] = -sides->x[sides->m - 1 - i];
	return (struct grid){rows, sides->m, sides->y, sides->n, false};
}

static uint64_t
walsh_total(size_t n)
{
	return (uint64_t)n * (n + 1) / 2;
}

double
tare_walsh_select(struct tare_ranks *ranks, const double *d, size_t n, uint64_t rank)
{
	struct grid grid = walsh_grid(d, n);

	if (rank == 0 || rank > walsh_total(n))
		return NAN;
	return grid_select(ranks, &grid, rank - 1) / 2.0;
}

double
tare_shift_select(struct tare_ranks *ranks, const struct tare_sides *sides, uint64_t rank)
{
	struct grid grid = shift_grid(ranks, sides);

	if (rank == 0 || rank > (uint64_t)sides->m * sides->n)
		return NAN;
	return grid_select(ranks, &grid, rank - 1);
}

uint64_t
tare_walsh_count(const double *d, size_t n, double bound)
{
	struct grid grid = walsh_grid(d, n);

	return grid_count(&grid, 2.0 * bound, false);
}

uint64_t
tare_shift_count(struct tare_ranks *ranks, const struct tare_sides *sides, double bound)
{
	struct grid grid = shift_grid(ranks, sides);

	return grid_count(&grid, bound, false);
}

/* All sums of a small grid. */
static double *
write_out(struct tare_ranks *ranks, const struct grid *grid, size_t total)
{
	double *sums = tare_ranks_memory(ranks, TARE_RANKS_GATHER, total * sizeof(*sums)),
	       *at = sums;

	for (size_t row = 0; row < grid->row_count; row++)
		for (size_t column = grid->triangle ? row : 0; column < grid->column_count;
			column++)
			*at++ = grid->rows[row] + grid->columns[column];
	return sums;
}

/* The interval of a small grid: the median first, then each end in the half that it left. */
static void
small_interval(struct tare_interval *interval_out, double *sums, size_t total, size_t critical)
{
	size_t middle = total / 2;
	double upper = tare_select(sums, total, middle);

	interval_out->estimate =
		total % 2 != 0 ? upper
			       : tare_midpoint(tare_select(sums, middle, middle - 1), upper);
	if (critical == 0)
		return;
	interval_out->low = tare_select(sums, middle + 1, critical - 1);
	interval_out->high = tare_select(sums + middle, total - middle, total - critical - middle);
}

/* Median and the c-th smallest and largest of the grid's total sums. */
static void
grid_interval(struct tare_interval *interval_out, struct tare_ranks *ranks, const struct grid *grid,
	uint64_t total, uint64_t critical)
{
	interval_out->estimate = interval_out->low = interval_out->high = NAN;
	if (total == 0)
		return;
	if (total <= WRITE_OUT_MAX) {
		small_interval(interval_out, write_out(ranks, grid, (size_t)total), (size_t)total,
			(size_t)critical);
		return;
	}
	interval_out->estimate = grid_select(ranks, grid, (total - 1) / 2);
	if (total % 2 == 0)
		interval_out->estimate =
			tare_midpoint(interval_out->estimate, grid_select(ranks, grid, total / 2));
	if (critical == 0)
		return;
	interval_out->low = grid_select(ranks, grid, critical - 1);
	interval_out->high = grid_select(ranks, grid, total - critical);
}

void
tare_hl_paired(struct tare_interval *interval_out, struct tare_ranks *ranks, const double *d,
	size_t n, double alpha)
{
	struct grid grid = walsh_grid(d, n);

	grid_interval(interval_out, ranks, &grid, walsh_total(n),
		n > 0 ? tare_signed_rank_critical(ranks, n, alpha / 2.0) : 0);
	interval_out->estimate /= 2.0;
	interval_out->low /= 2.0;
	interval_out->high /= 2.0;
}

void
tare_hl_unpaired(struct tare_interval *interval_out, struct tare_ranks *ranks,
	const struct tare_sides *sides, double alpha)
{
	struct grid grid = shift_grid(ranks, sides);
	uint64_t total = (uint64_t)sides->m * sides->n;

	grid_interval(interval_out, ranks, &grid, total,
		total > 0 ? tare_mann_whitney_critical(ranks, sides->m, sides->n, alpha / 2.0) : 0);
}

double
tare_hl_paired_p_above(struct tare_ranks *ranks, const double *d, size_t n, double bound)
{
	return tare_signed_rank_cdf(ranks, n, tare_walsh_count(d, n, bound));
}

double
tare_hl_paired_p_below(struct tare_ranks *ranks, const double *d, size_t n, double bound)
{
	struct grid grid = walsh_grid(d, n);

	return tare_signed_rank_cdf(
		ranks, n, walsh_total(n) - grid_count(&grid, 2.0 * bound, true));
}

double
tare_hl_unpaired_p_above(struct tare_ranks *ranks, const struct tare_sides *sides, double bound)
{
	return tare_mann_whitney_cdf(
		ranks, sides->m, sides->n, tare_shift_count(ranks, sides, bound));
}

double
tare_hl_unpaired_p_below(struct tare_ranks *ranks, const struct tare_sides *sides, double bound)
{
	struct grid grid = shift_grid(ranks, sides);

	return tare_mann_whitney_cdf(ranks, sides->m, sides->n,
		(uint64_t)sides->m * sides->n - grid_count(&grid, bound, true));
}
