#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/stats/order.h"
#include "tests/support/close.h"

static void
leaves_out_what_is_not_finite(void **state)
{
	double values[] = {1.0, NAN, INFINITY, 2.0, -INFINITY, 3.0};

	(void)state;
	assert_int_equal(tare_finite(values, 6), 3);
	assert_close(values[0], 1.0, 0.0);
	assert_close(values[1], 2.0, 0.0);
	assert_close(values[2], 3.0, 0.0);
}

static void
sorts_few_and_many(void **state)
{
	double values[500];
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 1, 0);
	for (size_t n = 0; n <= 500; n += 25) {
		for (size_t i = 0; i < n; i++)
			values[i] = (double)tare_rng_below(&rng, 100);
		tare_sort(values, n);
		for (size_t i = 1; i < n; i++)
			assert_true(values[i - 1] <= values[i]);
	}
}

/* Median-of-three partitions of these take off two values each (Musser 1997). */
static void
sorts_what_partitions_badly(void **state)
{
	enum { HALF = 2000, KILLER = 2 * HALF };
	static double values[KILLER];

	(void)state;
	for (size_t i = 0; i < HALF; i++) {
		values[i] = i % 2 == 0 ? (double)i + 1.0 : (double)(i + HALF);
		values[HALF + i] = 2.0 * (double)(i + 1);
	}
	tare_sort(values, KILLER);
	for (size_t i = 1; i < KILLER; i++)
		assert_true(values[i - 1] <= values[i]);
	for (size_t i = 0; i < KILLER; i++)
		values[i] = (double)(i < HALF ? i : KILLER - i);
	tare_sort(values, KILLER);
	for (size_t i = 1; i < KILLER; i++)
		assert_true(values[i - 1] <= values[i]);
}

static void
selects_what_sorting_selects(void **state)
{
	double values[200], sorted[200];
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 2, 0);
	for (size_t trial = 0; trial < 2000; trial++) {
		size_t n = 1 + (size_t)tare_rng_below(&rng, 200);
		size_t rank = (size_t)tare_rng_below(&rng, n);
		uint64_t distinct = 1 + tare_rng_below(&rng, trial % 2 != 0 ? 4 : 1000);

		for (size_t i = 0; i < n; i++)
			sorted[i] = values[i] = (double)tare_rng_below(&rng, distinct);
		tare_sort(sorted, n);
		assert_close(tare_select(values, n, rank), sorted[rank], 0.0);
		for (size_t i = 0; i < n; i++)
			assert_true(
				i < rank ? values[i] <= values[rank] : values[i] >= values[rank]);
	}
}

static void
quantiles_interpolate(void **state)
{
	const double values[] = {1.0, 2.0, 4.0, 8.0};

	(void)state;
	assert_close(tare_quantile(values, 4, 0.0), 1.0, 0.0);
	assert_close(tare_quantile(values, 4, 0.25), 1.75, 1e-15);
	assert_close(tare_quantile(values, 4, 1.0), 8.0, 0.0);
	assert_close(tare_quantile(values, 4, 7.0), 8.0, 0.0);
	assert_close(tare_median(values, 4), 3.0, 0.0);
	assert_close(tare_median(values, 3), 2.0, 0.0);
	assert_nan(tare_quantile(values, 4, NAN));
}

static void
empty_and_single_samples_are_defined(void **state)
{
	const double one = 7.0;
	struct tare_interval interval;

	(void)state;
	assert_nan(tare_median(NULL, 0));
	assert_nan(tare_quantile(NULL, 0, 0.5));
	assert_nan(tare_mean(NULL, 0));
	assert_nan(tare_sd(&one, 1));
	assert_close(tare_median(&one, 1), 7.0, 0.0);
	tare_median_interval(&interval, &one, 1, 0.05);
	assert_close(interval.estimate, 7.0, 0.0);
	assert_nan(interval.low);
	tare_median_interval(&interval, NULL, 0, 0.05);
	assert_nan(interval.estimate);
	assert_nan(interval.high);
}

static void
sums_of_huge_values_do_not_overflow(void **state)
{
	const double values[] = {1e308, 1e308, 1.5e308};

	(void)state;
	assert_close(tare_mean(values, 3), 1.1666666666666667e308, 1e293);
	assert_true(isfinite(tare_sd(values, 3)));
	assert_close(tare_median(values, 2), 1e308, 0.0);
	assert_close(tare_midpoint(-1.7e308, 1.7e308), 0.0, 0.0);
}

/* Ranks by the binomial distribution: tables of Conover 1999. */
static void
median_interval_uses_the_binomial_ranks(void **state)
{
	static const struct {
		size_t n;
		size_t rank; /* 0: none */
	} cases[] = {
		{5, 0}, {6, 1}, {8, 1}, {9, 2}, {10, 2}, {12, 3}, {20, 6}, {30, 10}, {100, 40}};
	double values[100];
	struct tare_interval interval;

	(void)state;
	for (size_t i = 0; i < 100; i++)
		values[i] = (double)(i + 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tare_median_interval(&interval, values, cases[i].n, 0.05);
		if (cases[i].rank == 0) {
			assert_nan(interval.low);
			continue;
		}
		assert_close(interval.low, (double)cases[i].rank, 0.0);
		assert_close(interval.high, (double)(cases[i].n + 1 - cases[i].rank), 0.0);
	}
}

static void
large_median_intervals_meet_the_exact_ones_at_the_switch(void **state)
{
	double values[1024];
	struct tare_interval exact, approximate;

	(void)state;
	for (size_t i = 0; i < 1024; i++)
		values[i] = (double)(i + 1);
	tare_median_interval(&exact, values, 1022, 0.05);
	tare_median_interval(&approximate, values, 1024, 0.05);
	assert_close(approximate.low, exact.low + 1.0, 1.0);
	assert_close(approximate.high, exact.high + 1.0, 1.0);
}

static void
spreads_are_those_of_the_textbook(void **state)
{
	const double values[] = {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0};
	double copy[8];

	(void)state;
	assert_close(tare_mean(values, 8), 5.0, 1e-15);
	assert_close(tare_sd(values, 8), 2.1380899352993952, 1e-14);
	assert_close(tare_mad_sd(copy, values, 8), 1.4826 * 0.5, 1e-15);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_out_what_is_not_finite),
		cmocka_unit_test(sorts_few_and_many),
		cmocka_unit_test(sorts_what_partitions_badly),
		cmocka_unit_test(selects_what_sorting_selects),
		cmocka_unit_test(quantiles_interpolate),
		cmocka_unit_test(empty_and_single_samples_are_defined),
		cmocka_unit_test(sums_of_huge_values_do_not_overflow),
		cmocka_unit_test(median_interval_uses_the_binomial_ranks),
		cmocka_unit_test(large_median_intervals_meet_the_exact_ones_at_the_switch),
		cmocka_unit_test(spreads_are_those_of_the_textbook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
