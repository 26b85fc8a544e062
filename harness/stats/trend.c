#include "harness/stats/trend.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "harness/stats/shape.h"
#include "harness/stats/trend_search.h"

#define INTERVAL_Z    1.959963984540054
#define TRIAGE_LEVEL  1e-3
#define TRIAGE_SIGMAS 1.0
#define TRIAGE_MARGIN 0.25
#define CREEP_LEVEL   1e-3
#define CREEP_SIGMAS  1.0
#define RHO_MAX       0.9

const struct tare_trend_options tare_trend_gate = {.level = 1e-4, .margin = 0.0, .sigmas = 1.5};

struct tare_trend_options
tare_trend_triage(const struct tare_trend_options *gate)
{
	return (struct tare_trend_options){.level = fmax(gate->level, TRIAGE_LEVEL),
		.margin = gate->margin * TRIAGE_MARGIN,
		.sigmas = fmin(gate->sigmas, TRIAGE_SIGMAS)};
}

static void
search_open(struct tare_trend_search *search, struct tare_arena *scratch, size_t n)
{
	search->n = n;
	search->ranks = tare_ranks_new(scratch);
	search->values = tare_arena_alloc(scratch, n, sizeof(double));
	search->forced = tare_arena_alloc(scratch, n, sizeof(bool));
	search->tame = tare_arena_alloc(scratch, n, sizeof(double));
	search->work = tare_arena_alloc(scratch, 4 * (n + 2), sizeof(double));
	search->left = tare_arena_alloc(scratch, n, sizeof(double));
	search->right = tare_arena_alloc(scratch, n, sizeof(double));
	search->marks = tare_arena_alloc(scratch, n + 1, sizeof(bool));
	search->edges = tare_arena_alloc(scratch, n + 1, sizeof(struct tare_edge));
}

/* Logs where all values are positive; else below 1 by a power of two, so that nothing overflows. */
static bool
scale_values(struct tare_trend_search *search, int *exponent_out, const double *values)
{
	bool positive = true;
	double largest = 0.0;

	*exponent_out = 0;
	for (size_t i = 0; i < search->n; i++) {
		assert(isfinite(values[i]));
		positive = positive && values[i] > 0.0;
		largest = fmax(largest, fabs(values[i]));
	}
	if (!positive && largest > 0.0)
		(void)frexp(largest, exponent_out);
	for (size_t i = 0; i < search->n; i++)
		search->values[i] = positive ? log(values[i]) : ldexp(values[i], -*exponent_out);
	return positive;
}

/* The order statistics of the differences that Mann & Whitney's distribution gives, its spread
 * inflated; where there are too few, the estimate and its standard error. */
static void
edge_interval(struct tare_interval *shift_out, struct tare_trend_search *search, size_t index)
{
	const struct tare_edge *edge = &search->edges[index];
	struct tare_sides sides = tare_edge_sides(search, index);
	double z = INTERVAL_Z * sqrt(tare_edge_inflation(edge, search->autocorrelation));
	double total = (double)sides.m * (double)sides.n;
	double rank = floor(
		(total + 1.0) / 2.0 - z * sqrt(total * (double)(sides.m + sides.n + 1) / 12.0));

	shift_out->estimate = tare_median_shift(search, &sides);
	if (rank >= 1.0) {
		shift_out->low = tare_shift_select(search->ranks, &sides, (uint64_t)rank);
		shift_out->high =
			tare_shift_select(search->ranks, &sides, (uint64_t)(total + 1.0 - rank));
	} else {
		shift_out->low = shift_out->estimate - INTERVAL_Z * edge->standard_error;
		shift_out->high = shift_out->estimate + INTERVAL_Z * edge->standard_error;
	}
}

static double
sorted_median(double *copy, const double *values, size_t n)
{
	memcpy(copy, values, n * sizeof(*copy));
	tare_sort(copy, n);
	return tare_median(copy, n);
}

/* Through the medians of the first and the last third (Tukey 1977): quick, and good enough
 * to see what a slope leaves. */
static double
resistant_slope(double *copy, const double *values, size_t n)
{
	size_t third = (n + 2) / 3;

	if (n < 2)
		return 0.0;
	return (sorted_median(copy, values + n - third, third) -
		       sorted_median(copy, values, third)) /
	       (double)(n - third);
}

static void
fill_changes(struct tare_trend *trend, struct tare_arena *arena, struct tare_trend_search *search)
{
	trend->change_count = search->edge_count;
	trend->changes = tare_arena_alloc(arena, search->edge_count, sizeof(*trend->changes));
	for (size_t i = 0; i < search->edge_count; i++) {
		const struct tare_edge *edge = &search->edges[i];

		trend->changes[i] = (struct tare_change){.index = edge->at,
			.p = edge->p,
			.provisional = edge->n < TARE_TREND_SIDE_MIN,
			.forced = edge->forced,
			.significant = edge->score >= 1.0};
		edge_interval(&trend->changes[i].shift, search, i);
	}
}

static void
fill_segments(struct tare_trend *trend, struct tare_arena *arena,
	const struct tare_trend_search *search, const double *values)
{
	double *copy = search->left;
	size_t begin = 0;

	trend->segment_count = search->edge_count + 1;
	trend->segments = tare_arena_alloc(arena, trend->segment_count, sizeof(*trend->segments));
	for (size_t i = 0; i < trend->segment_count; i++) {
		struct tare_segment *segment = &trend->segments[i];
		size_t count = search->edges[i].at - begin;

		*segment = (struct tare_segment){.begin = begin, .end = begin + count};
		memcpy(copy, values + begin, count * sizeof(*copy));
		tare_sort(copy, count);
		segment->median = tare_median(copy, count);
		segment->spread = tare_robust_sd(copy, count, segment->median);
		begin = segment->end;
	}
}

/* The slope in the last segment. Its test allows for the autocorrelation of what the slope leaves,
 * not of the values, which a slope alone makes high. */
static void
fill_creep(struct tare_trend *trend, struct tare_trend_search *search, struct tare_arena *scratch)
{
	size_t begin = trend->segments[trend->segment_count - 1].begin, n = search->n - begin;
	const double *values = search->values + begin;
	double *work = tare_arena_alloc(scratch, tare_slope_room(n), sizeof(double));
	double *rest = search->work, rho, change, sigma;
	double first_slope = resistant_slope(rest, values, n);
	struct tare_slope *slope = &trend->creep;

	for (size_t i = 0; i < n; i++)
		rest[i] = values[i] - first_slope * (double)i;
	rho = tare_autocorrelation(rest, n);
	rho = fmin(fmax(rho + (1.0 + 3.0 * fmax(rho, 0.0)) / (double)n, 0.0), RHO_MAX);
	tare_slope_find(slope, work, values, n, (1.0 + rho) / (1.0 - rho));
	tare_sort(rest, n);
	sigma = tare_robust_sd(rest, n, tare_median(rest, n));
	change = n < 2 ? 0.0 : fabs(slope->slope) * (double)(n - 1);
	trend->creeps = slope->p <= CREEP_LEVEL &&
			change >= fmax(search->margin, CREEP_SIGMAS * sigma) && change > 0.0;
}

static void
interval_to_ratio(struct tare_interval *interval)
{
	interval->estimate = exp(interval->estimate);
	interval->low = exp(interval->low);
	interval->high = exp(interval->high);
}

/* Back from the scale of the search. */
static void
unscale(struct tare_trend *trend, int exponent)
{
	struct tare_slope *creep = &trend->creep;

	for (size_t i = 0; i < trend->change_count; i++) {
		struct tare_interval *shift = &trend->changes[i].shift;

		if (trend->ratios) {
			interval_to_ratio(shift);
			continue;
		}
		shift->estimate = ldexp(shift->estimate, exponent);
		shift->low = ldexp(shift->low, exponent);
		shift->high = ldexp(shift->high, exponent);
	}
	creep->slope = trend->ratios ? expm1(creep->slope) : ldexp(creep->slope, exponent);
	creep->low = trend->ratios ? expm1(creep->low) : ldexp(creep->low, exponent);
	creep->high = trend->ratios ? expm1(creep->high) : ldexp(creep->high, exponent);
}

void
tare_trend_find(struct tare_trend *trend_out, struct tare_arena *arena, const double *values,
	const uint32_t *groups, size_t n, const struct tare_trend_options *options)
{
	struct tare_trend_search search = {.options = *options};
	struct tare_arena *scratch;
	int exponent;

	*trend_out = (struct tare_trend){0};
	trend_out->creep = (struct tare_slope){NAN, NAN, NAN, 1.0, 0};
	if (n == 0)
		return;
	scratch = tare_arena_new();
	search_open(&search, scratch, n);
	trend_out->ratios = scale_values(&search, &exponent, values);
	search.margin = trend_out->ratios ? log1p(options->margin) : 0.0;
	for (size_t i = 1; groups && i < n; i++)
		search.forced[i] = groups[i] != groups[i - 1];
	tare_trend_search(&search);
	trend_out->autocorrelation = search.autocorrelation;
	fill_changes(trend_out, arena, &search);
	fill_segments(trend_out, arena, &search, values);
	fill_creep(trend_out, &search, scratch);
	unscale(trend_out, exponent);
	tare_arena_free(scratch);
}
