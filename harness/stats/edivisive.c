#include "harness/stats/edivisive.h"

#include <math.h>

/* The two windows around a position, with the sums of the distances within and between them. */
struct windows {
	const double *values;
	size_t begin; /* of the left one, which ends where the right one begins */
	size_t middle;
	size_t end;
	double left;
	double right;
	double between;
};

static double
distances(const double *values, size_t begin, size_t end, double value)
{
	double sum = 0.0;

	for (size_t i = begin; i < end; i++)
		sum += fabs(values[i] - value);
	return sum;
}

/* The first value of the right window becomes the last of the left one. */
static void
shift_middle(struct windows *at)
{
	double value = at->values[at->middle];
	double to_left = distances(at->values, at->begin, at->middle, value);
	double to_right = distances(at->values, at->middle + 1, at->end, value);

	at->left += to_left;
	at->right -= to_right;
	at->between += to_right - to_left;
	at->middle++;
}

static void
drop_first(struct windows *at)
{
	double value = at->values[at->begin];

	at->left -= distances(at->values, at->begin + 1, at->middle, value);
	at->between -= distances(at->values, at->middle, at->end, value);
	at->begin++;
}

static void
take_next(struct windows *at)
{
	double value = at->values[at->end];

	at->right += distances(at->values, at->middle, at->end, value);
	at->between += distances(at->values, at->begin, at->middle, value);
	at->end++;
}

static double
energy(const struct windows *at)
{
	double m = (double)(at->middle - at->begin), n = (double)(at->end - at->middle);

	if (m < 2.0 || n < 2.0)
		return 0.0;
	return m * n / (m + n) *
	       (2.0 * at->between / (m * n) - 2.0 * at->left / (m * (m - 1.0)) -
		       2.0 * at->right / (n * (n - 1.0)));
}

void
tare_energy_scan(double *statistic_out, const double *values, size_t n, size_t width)
{
	struct windows at = {.values = values};

	while (at.end < n && at.end < width)
		take_next(&at);
	for (size_t i = 0; i < n; i++) {
		statistic_out[i] = energy(&at);
		shift_middle(&at);
		if (at.middle - at.begin > width)
			drop_first(&at);
		if (at.end < n)
			take_next(&at);
	}
}

void
tare_peaks_mark(bool *marks, const double *statistic, size_t n, size_t reach, double floor)
{
	for (size_t i = 0; i < n; i++) {
		size_t first = i > reach ? i - reach : 0, last = i + reach < n ? i + reach : n - 1;
		bool peak = statistic[i] > floor;

		for (size_t j = first; peak && j <= last; j++)
			peak = j < i ? statistic[j] < statistic[i] : statistic[j] <= statistic[i];
		if (peak)
			marks[i] = true;
	}
}

/* One place where a segment may end: a mark, or the end of the series. */
struct choice {
	const double *sums;    /* of the values before i */
	const double *squares; /* and of their squares */
	double penalty;
	size_t side_min;
};

static double
squares_around_mean(const struct choice *choice, size_t begin, size_t end)
{
	double sum = choice->sums[end] - choice->sums[begin];

	return fmax(0.0,
		choice->squares[end] - choice->squares[begin] - sum * sum / (double)(end - begin));
}

/* The best beginning of a segment that ends at `end`: best[] holds the cost up to each mark. */
static size_t
choose_begin(double *cost_out, const struct choice *choice, const bool *marks, const bool *forced,
	const double *best, size_t end)
{
	size_t chosen = end, begin = end;

	*cost_out = INFINITY;
	while (begin-- > 0) {
		bool stop = begin == 0 || (forced && forced[begin]);
		double cost;

		if (!stop && (!marks[begin] || end - begin < choice->side_min))
			continue;
		cost = best[begin] + squares_around_mean(choice, begin, end) + choice->penalty;
		/* A short piece counts only where nothing else is possible. */
		if (end - begin < choice->side_min)
			cost += 1e6 * (choice->penalty + choice->squares[end]);
		if (cost < *cost_out) {
			*cost_out = cost;
			chosen = begin;
		}
		if (stop)
			break;
	}
	return chosen;
}

void
tare_boundaries_choose(bool *marks, const bool *forced, double *work, const double *values,
	size_t n, double penalty, size_t side_min)
{
	double *sums = work, *squares = sums + n + 1, *best = squares + n + 1;
	double *from = best + n + 1;
	const struct choice choice = {sums, squares, penalty, side_min};
	size_t end = n;

	if (n == 0)
		return;
	sums[0] = squares[0] = best[0] = 0.0;
	for (size_t i = 0; i < n; i++) {
		sums[i + 1] = sums[i] + values[i];
		squares[i + 1] = squares[i] + values[i] * values[i];
	}
	for (size_t i = 1; i <= n; i++) {
		if (i == n || marks[i] || (forced && forced[i]))
			from[i] = (double)choose_begin(&best[i], &choice, marks, forced, best, i);
	}
	for (size_t i = 0; i < n; i++)
		marks[i] = false;
	while (end > 0) {
		end = (size_t)from[end];
		marks[end] = true;
	}
	marks[0] = false;
}
