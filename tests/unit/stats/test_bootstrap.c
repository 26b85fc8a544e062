#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/stats/bootstrap.h"
#include "tests/support/close.h"

enum { INVOCATIONS = 20, ITERATIONS = 5 };

static double values[2][INVOCATIONS * ITERATIONS];
static size_t counts[INVOCATIONS];
static struct tare_levels sides[2];
static struct tare_bootstrap bootstrap;

/* Both sides: invocation effects with sd `between`, iterations with sd `within`, around 100. */
static void
draw(uint64_t seed, size_t iterations, double between, double within)
{
	struct tare_rng rng;

	tare_rng_seed(&rng, seed, 0);
	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0; i < INVOCATIONS; i++) {
			double center = 100.0 + between * tare_rng_normal(&rng);

			counts[i] = iterations;
			for (size_t j = 0; j < iterations; j++)
				values[side][i * iterations + j] =
					center + within * tare_rng_normal(&rng);
		}
		sides[side] = (struct tare_levels){values[side], counts, INVOCATIONS};
	}
	bootstrap = (struct tare_bootstrap){.sides = sides,
		.side_count = 1,
		.statistic = tare_statistic_mean,
		.resamples = 2000,
		.alpha = 0.05,
		.seed = 1};
}

static void
interval_of_a_mean_is_as_wide_as_theory_has_it(void **state)
{
	struct tare_interval interval;
	double sd;

	(void)state;
	draw(1, 1, 3.0, 0.0);
	tare_bootstrap_bca(&interval, &bootstrap);
	sd = tare_sd(values[0], INVOCATIONS) * sqrt(19.0 / 20.0);
	assert_close(interval.estimate, tare_mean(values[0], INVOCATIONS), 1e-12);
	assert_close(interval.high - interval.low, 2.0 * 1.96 * sd / sqrt(20.0), 0.2);
}

static void
interval_leans_to_the_side_of_the_long_tail(void **state)
{
	struct tare_interval interval;

	(void)state;
	draw(2, 1, 1.0, 0.0);
	for (size_t i = 0; i < INVOCATIONS; i++)
		values[0][i] = exp(values[0][i] - 100.0);
	tare_bootstrap_bca(&interval, &bootstrap);
	assert_true(interval.high - interval.estimate > 1.1 * (interval.estimate - interval.low));
}

static void
iterations_within_an_invocation_do_not_count_as_many(void **state)
{
	struct tare_interval interval;

	(void)state;
	draw(3, ITERATIONS, 3.0, 0.1);
	tare_bootstrap_bca(&interval, &bootstrap);
	/* 100 values, but 20 invocations: 2 * 1.96 * 3 / sqrt(20) and not / sqrt(100). */
	assert_true(interval.high - interval.low > 1.8);
}

static void
ratio_of_two_sides_covers_its_truth(void **state)
{
	size_t missed = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct tare_interval interval;

		draw(100 + seed, 2, 2.0, 1.0);
		bootstrap.side_count = 2;
		bootstrap.resamples = 400;
		bootstrap.seed = seed;
		tare_bootstrap_bca(&interval, &bootstrap);
		missed += interval.low > 1.0 || interval.high < 1.0;
	}
	assert_in_range(missed, 3, 33);
}

static void
quantiles_are_those_of_the_sorted_sample(void **state)
{
	double p = 0.9, copy[INVOCATIONS];
	struct tare_interval interval;

	(void)state;
	draw(4, 1, 3.0, 0.0);
	for (size_t i = 0; i < INVOCATIONS; i++)
		copy[i] = values[0][i];
	tare_sort(copy, INVOCATIONS);
	bootstrap.statistic = tare_statistic_quantile;
	bootstrap.context = &p;
	tare_bootstrap_bca(&interval, &bootstrap);
	assert_close(interval.estimate, tare_quantile(copy, INVOCATIONS, 0.9), 1e-12);
	assert_true(interval.low < interval.estimate && interval.high >= interval.estimate);
}

static void
seeds_repeat(void **state)
{
	struct tare_interval first, second, other;

	(void)state;
	draw(5, 1, 3.0, 0.0);
	tare_bootstrap_bca(&first, &bootstrap);
	tare_bootstrap_bca(&second, &bootstrap);
	bootstrap.seed = 2;
	tare_bootstrap_bca(&other, &bootstrap);
	assert_close(first.low, second.low, 0.0);
	assert_close(first.high, second.high, 0.0);
	assert_true(other.low != first.low);
}

static void
degenerate_samples_are_defined(void **state)
{
	struct tare_interval interval;

	(void)state;
	draw(6, 1, 0.0, 0.0);
	tare_bootstrap_bca(&interval, &bootstrap);
	assert_close(interval.low, 100.0, 0.0);
	assert_close(interval.high, 100.0, 0.0);
	sides[0].invocation_count = 1;
	tare_bootstrap_bca(&interval, &bootstrap);
	assert_close(interval.estimate, 100.0, 0.0);
	assert_nan(interval.low);
	sides[0].invocation_count = 0;
	tare_bootstrap_bca(&interval, &bootstrap);
	assert_nan(interval.estimate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interval_of_a_mean_is_as_wide_as_theory_has_it),
		cmocka_unit_test(interval_leans_to_the_side_of_the_long_tail),
		cmocka_unit_test(iterations_within_an_invocation_do_not_count_as_many),
		cmocka_unit_test(ratio_of_two_sides_covers_its_truth),
		cmocka_unit_test(quantiles_are_those_of_the_sorted_sample),
		cmocka_unit_test(seeds_repeat),
		cmocka_unit_test(degenerate_samples_are_defined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
