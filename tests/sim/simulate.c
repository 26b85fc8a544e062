#include "tests/sim/simulate.h"

#include <math.h>
#include <stdlib.h>

#include "harness/stats/order.h"
#include "tests/support/sample_run.h"

enum { SIGMA_POINTS = 20000 };
#define AR1_RHO 0.6

const char *const noise_names[NOISE_COUNT] = {"normal", "lognormal", "t3", "bimodal", "ar1 .6",
	"3 % outliers", "drift alone", "bursts", "load in steps"};

static double
draw_one(struct tare_rng *rng, enum noise noise, double before)
{
	double z = tare_rng_normal(rng), sum = 0.0;

	switch (noise) {
	case NOISE_LOGNORMAL:
		return exp(z) - 1.0;
	case NOISE_T3:
		for (size_t i = 0; i < 3; i++) {
			double part = tare_rng_normal(rng);

			sum += part * part;
		}
		return z / sqrt(sum / 3.0);
	case NOISE_BIMODAL:
		return z + (tare_rng_uniform(rng) < 0.5 ? -2.0 : 2.0);
	case NOISE_AR1:
	case NOISE_DRIFT:
		return AR1_RHO * before + sqrt(1.0 - AR1_RHO * AR1_RHO) * z;
	case NOISE_OUTLIERS:
		return z + (tare_rng_uniform(rng) < 0.03 ? 10.0 : 0.0);
	default:
		return z;
	}
}

/* What comes on top of white noise and lasts. */
static void
add_load(struct tare_rng *rng, double *values, size_t n, enum noise noise)
{
	double load = 0.0;
	uint64_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (noise == NOISE_BURSTS && left-- == 0) {
			bool begins = tare_rng_uniform(rng) < 0.1;

			left = begins ? tare_rng_below(rng, 5) : 0;
			load = begins ? 20.0 * tare_rng_uniform(rng) : 0.0;
		} else if (noise == NOISE_STEPS && tare_rng_uniform(rng) < 0.1) {
			load = 6.0 * tare_rng_uniform(rng);
		}
		values[i] += load;
	}
}

void
noise_draw(struct tare_rng *rng, double *values, size_t n, enum noise noise)
{
	double before = tare_rng_normal(rng);

	for (size_t i = 0; i < n; i++)
		values[i] = before = draw_one(rng, noise, before);
	for (size_t i = 0; i < n && noise == NOISE_AR1; i++)
		values[i] = (values[i] + tare_rng_normal(rng)) * M_SQRT1_2;
	if (noise == NOISE_BURSTS || noise == NOISE_STEPS)
		add_load(rng, values, n, noise);
}

double
noise_sigma(enum noise noise)
{
	static double sigmas[NOISE_COUNT];
	double *values, *copy;
	struct tare_rng rng;

	if (sigmas[noise] > 0.0)
		return sigmas[noise];
	values = tare_xcalloc(2 * SIGMA_POINTS, sizeof(*values));
	copy = values + SIGMA_POINTS;
	tare_rng_seed(&rng, 1, noise);
	noise_draw(&rng, values, SIGMA_POINTS, noise);
	sigmas[noise] = tare_mad_sd(copy, values, SIGMA_POINTS);
	free(values);
	return sigmas[noise];
}

void
bench_open(struct bench *bench, size_t group_count, size_t pairs_max)
{
	double *ones = tare_xcalloc(pairs_max, sizeof(*ones));

	*bench = (struct bench){.group_count = group_count, .pairs_max = pairs_max};
	bench->run = sample_run_new("20260102-030405-00000a");
	for (size_t i = 0; i < 2 * group_count; i++) {
		size_t index =
			sample_run_add_case(bench->run, "b", i % 2 == 0 ? "base" : "head", i / 2);

		sample_run_add_values(bench->run, index, TARE_METRIC_WALL, ones, pairs_max);
		if (i < 2)
			bench->cases[i] = (struct tare_case){.precision = 0.02,
				.metrics = bench->run->cases[index].metrics,
				.metric_count = bench->run->cases[index].metric_count};
	}
	bench->group.case_count = 2;
	bench->plan = (struct tare_plan){
		.groups = &bench->group, .group_count = 1, .cases = bench->cases, .case_count = 2};
	free(ones);
}

void
bench_close(struct bench *bench)
{
	tare_run_free(bench->run);
}

static void
draw_group(struct bench *bench, size_t group, struct tare_rng *rng, double sd, double shift,
	const double *noise)
{
	double *base = bench->run->cases[2 * group].samples.values[TARE_METRIC_WALL];
	double *head = bench->run->cases[2 * group + 1].samples.values[TARE_METRIC_WALL];
	size_t coin = 0;

	for (size_t pair = 0; pair < bench->pairs_max; pair++) {
		size_t second;

		if (pair % 2 == 0)
			coin = (size_t)tare_rng_below(rng, 2);
		second = (pair + coin) % 2; /* A B B A or B A A B */

		base[pair] = 1e7 * exp(sd * noise[2 * pair + second]);
		head[pair] = 1e7 * exp(sd * noise[2 * pair + 1 - second] + shift);
	}
}

void
bench_draw(struct bench *bench, struct tare_rng *rng, enum noise noise, double sd, double shift)
{
	double *values = tare_xcalloc(2 * bench->pairs_max, sizeof(*values));

	for (size_t group = 0; group < bench->group_count; group++) {
		noise_draw(rng, values, 2 * bench->pairs_max, noise);
		draw_group(bench, group, rng, sd, shift, values);
	}
	bench_cut(bench, bench->pairs_max);
	bench->run->cases[1].look_count = 0;
	free(values);
}

void
bench_cut(struct bench *bench, size_t pairs)
{
	for (size_t i = 0; i < 2 * bench->group_count; i++) {
		bench->run->cases[i].samples.count = pairs;
		bench->run->cases[i].samples.total = pairs;
	}
}

void
bench_compare(
	struct tare_comparison *item_out, struct tare_arena *scratch, const struct bench *bench)
{
	tare_arena_reset(scratch);
	tare_compare_cases(item_out, scratch, &bench->run->cases[0], &bench->run->cases[1],
		TARE_METRIC_WALL, true, NULL);
}

bool
misses(double low, double high, double truth)
{
	return low > truth || high < truth;
}

static double
slack(size_t trials, double bound)
{
	return 3.0 * sqrt(bound * (1.0 - bound) / (double)trials);
}

bool
within(size_t count, size_t trials, double bound)
{
	return (double)count / (double)trials <= bound + slack(trials, bound);
}

bool
at_least(size_t count, size_t trials, double bound)
{
	return (double)count / (double)trials >= bound - slack(trials, bound);
}
