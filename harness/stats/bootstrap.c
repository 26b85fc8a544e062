#include "harness/stats/bootstrap.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/rng.h"
#include "harness/stats/normal.h"

enum { SIDES_MAX = 2, RESAMPLES_MIN = 100 };

/* Working memory: where each side's invocations begin, and the resample that the statistic sees. */
struct work {
	const struct tare_bootstrap *bootstrap;
	struct tare_rng rng;
	uint64_t random; /* what is left of the last number drawn */
	unsigned halves;
	size_t *starts[SIDES_MAX];
	double *drawn[SIDES_MAX];
	size_t counts[SIDES_MAX];
};

static void
work_begin(struct work *work, struct tare_arena *arena, const struct tare_bootstrap *bootstrap)
{
	*work = (struct work){.bootstrap = bootstrap};
	tare_rng_seed(&work->rng, bootstrap->seed, 0);
	for (size_t side = 0; side < bootstrap->side_count; side++) {
		const struct tare_levels *levels = &bootstrap->sides[side];
		size_t at = 0, largest = 0;

		work->starts[side] =
			tare_arena_alloc(arena, levels->invocation_count, sizeof(size_t));
		for (size_t i = 0; i < levels->invocation_count; i++) {
			work->starts[side][i] = at;
			at += levels->counts[i];
			largest = levels->counts[i] > largest ? levels->counts[i] : largest;
		}
		/* A resample may draw the longest invocation every time. */
		work->drawn[side] =
			tare_arena_alloc(arena, largest * levels->invocation_count, sizeof(double));
	}
}

static double
evaluate(struct work *work)
{
	const struct tare_bootstrap *bootstrap = work->bootstrap;

	return bootstrap->statistic(
		work->drawn, work->counts, bootstrap->side_count, bootstrap->context);
}

/* All values of a side as they are, but for one invocation. */
static void
fill(struct work *work, size_t side, size_t without)
{
	const struct tare_levels *levels = &work->bootstrap->sides[side];
	size_t count = 0;

	for (size_t i = 0; i < levels->invocation_count; i++) {
		if (i == without)
			continue;
		memcpy(work->drawn[side] + count, levels->values + work->starts[side][i],
			levels->counts[i] * sizeof(double));
		count += levels->counts[i];
	}
	work->counts[side] = count;
}

/* Two draws from one random number; below 2^20 the bias of not rejecting any is under 1e-3 of a
 * share. */
static size_t
draw_below(struct work *work, size_t bound)
{
	uint32_t half;

	if (work->halves == 0) {
		work->random = tare_rng_next(&work->rng);
		work->halves = 2;
	}
	half = (uint32_t)work->random;
	work->random >>= 32;
	work->halves--;
	return (size_t)((uint64_t)half * bound >> 32);
}

static void
draw(struct work *work, size_t side)
{
	const struct tare_levels *levels = &work->bootstrap->sides[side];
	size_t count = 0;

	for (size_t i = 0; i < levels->invocation_count; i++) {
		size_t one = draw_below(work, levels->invocation_count);
		const double *values = levels->values + work->starts[side][one];

		if (levels->counts[one] == 1) {
			work->drawn[side][count++] = values[0];
			continue;
		}
		for (size_t j = 0; j < levels->counts[one]; j++)
			work->drawn[side][count++] = values[draw_below(work, levels->counts[one])];
	}
	work->counts[side] = count;
}

/* One side's part of the sums of squares and cubes of the jackknife, in units in which the sides
 * add: an invocation of one among n weighs 1 / n. */
static void
jackknife_side(double sums[2], struct work *work, struct tare_arena *arena, size_t side)
{
	size_t n = work->bootstrap->sides[side].invocation_count;
	double *values = tare_arena_alloc(arena, n, sizeof(*values)), mean;

	for (size_t other = 0; other < work->bootstrap->side_count; other++)
		fill(work, other, SIZE_MAX);
	for (size_t i = 0; i < n; i++) {
		/* Filled again each time: the statistic may have reordered it. */
		for (size_t other = 0; other < work->bootstrap->side_count; other++)
			fill(work, other, other == side ? i : SIZE_MAX);
		values[i] = evaluate(work);
	}
	mean = tare_mean(values, n);
	for (size_t i = 0; i < n; i++) {
		double off = (mean - values[i]) * (double)(n - 1) / (double)n;

		sums[0] += off * off;
		sums[1] += off * off * off;
	}
}

static double
acceleration(struct work *work, struct tare_arena *arena)
{
	double sums[2] = {0.0, 0.0}, a;

	for (size_t side = 0; side < work->bootstrap->side_count; side++)
		jackknife_side(sums, work, arena, side);
	a = sums[1] / (6.0 * pow(sums[0], 1.5));
	return isfinite(a) ? a : 0.0;
}

/* The level among the resamples that stands for a normal quantile z after both corrections. */
static double
corrected_level(double bias, double a, double z)
{
	double sum = bias + z;

	return tare_normal_cdf(bias + sum / (1.0 - a * sum));
}

void
tare_bca_interval(struct tare_interval *interval, double *values, size_t count, double acceleration,
	double alpha)
{
	double below = 0.0, bias, z = tare_normal_quantile(alpha / 2.0);

	tare_sort(values, count);
	for (size_t i = 0; i < count && values[i] <= interval->estimate; i++)
		below += values[i] < interval->estimate ? 1.0 : 0.5;
	/* Never quite 0 or 1, where the quantile has no value. */
	below = fmin(fmax(below, 0.5), (double)count - 0.5) / (double)count;
	bias = tare_normal_quantile(below);
	interval->low = tare_quantile(values, count, corrected_level(bias, acceleration, z));
	interval->high = tare_quantile(values, count, corrected_level(bias, acceleration, -z));
}

static bool
can_resample(const struct tare_bootstrap *bootstrap)
{
	for (size_t side = 0; side < bootstrap->side_count; side++)
		if (bootstrap->sides[side].invocation_count < 2)
			return false;
	return true;
}

void
tare_bootstrap_bca(struct tare_interval *interval_out, const struct tare_bootstrap *bootstrap)
{
	struct tare_arena *arena = tare_arena_new();
	struct work work;
	double *values;
	size_t count;

	assert(bootstrap->side_count >= 1 && bootstrap->side_count <= SIDES_MAX);
	assert(bootstrap->resamples >= RESAMPLES_MIN);
	work_begin(&work, arena, bootstrap);
	for (size_t side = 0; side < bootstrap->side_count; side++)
		fill(&work, side, SIZE_MAX);
	interval_out->estimate = evaluate(&work);
	interval_out->low = interval_out->high = NAN;
	if (isfinite(interval_out->estimate) && can_resample(bootstrap)) {
		values = tare_arena_alloc(arena, bootstrap->resamples, sizeof(*values));
		for (size_t i = 0; i < bootstrap->resamples; i++) {
			for (size_t side = 0; side < bootstrap->side_count; side++)
				draw(&work, side);
			values[i] = evaluate(&work);
		}
		count = tare_finite(values, bootstrap->resamples);
		if (2 * count > bootstrap->resamples)
			tare_bca_interval(interval_out, values, count, acceleration(&work, arena),
				bootstrap->alpha);
	}
	tare_arena_free(arena);
}

double
tare_statistic_mean(double *const *sides, const size_t *counts, size_t side_count, void *context)
{
	double first = tare_mean(sides[0], counts[0]);

	(void)context;
	return side_count == 1 ? first : tare_mean(sides[1], counts[1]) / first;
}

/* As tare_quantile() without sorting it all. */
static double
quantile_of(double *values, size_t n, double p)
{
	double position = (double)(n - 1) * p, share, low, high;
	size_t index = (size_t)position;

	if (n == 0)
		return NAN;
	low = tare_select(values, n, index);
	share = position - (double)index;
	if (share == 0.0 || index + 1 >= n)
		return low;
	high = values[index + 1];
	for (size_t i = index + 2; i < n; i++)
		high = fmin(high, values[i]);
	return low * (1.0 - share) + high * share;
}

double
tare_statistic_quantile(
	double *const *sides, const size_t *counts, size_t side_count, void *context)
{
	double p = *(const double *)context, first = quantile_of(sides[0], counts[0], p);

	return side_count == 1 ? first : quantile_of(sides[1], counts[1], p) / first;
}
