#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "harness/base/rng.h"
#include "harness/stats/order.h"
#include "harness/stats/shape.h"
#include "tests/support/close.h"

static void
counts_mild_and_severe_outliers(void **state)
{
	const double values[] = {-30.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 24.0, 60.0};
	struct tare_outliers outliers;

	(void)state;
	tare_outliers_count(&outliers, values, 10);
	assert_int_equal(outliers.mild, 1);
	assert_int_equal(outliers.severe, 2);
	tare_outliers_count(&outliers, values, 3);
	assert_int_equal(outliers.mild + outliers.severe, 0);
}

static void
autocorrelation_tells_drift_from_noise(void **state)
{
	double drift[50], flip[50];

	(void)state;
	for (size_t i = 0; i < 50; i++) {
		drift[i] = (double)i;
		flip[i] = i % 2 != 0 ? 1.0 : -1.0;
	}
	assert_close(tare_autocorrelation(drift, 50), 0.94, 0.01);
	assert_close(tare_autocorrelation(flip, 50), -0.98, 0.01);
}

static void
autocorrelation_of_nothing_is_zero(void **state)
{
	const double same[] = {3.0, 3.0, 3.0, 3.0};
	const double huge[] = {1e308, -1e308, 1e308, -1e308};

	(void)state;
	assert_close(tare_autocorrelation(same, 4), 0.0, 0.0);
	assert_close(tare_autocorrelation(same, 2), 0.0, 0.0);
	assert_close(tare_autocorrelation(NULL, 0), 0.0, 0.0);
	assert_close(tare_autocorrelation(huge, 4), -0.75, 1e-9);
}

static void
block_correlation_tells_whether_neighbours_agree(void **state)
{
	const double alike[] = {1.0, 1.0, -2.0, -2.0, 3.0, 3.0};
	const double against[] = {1.0, -1.0, -2.0, 2.0};
	const double odd[] = {5.0, 6.0, 4.0, 4.0, 99.0};
	const double huge[] = {1e308, 1e308, -1e308, -1e308};

	(void)state;
	assert_close(tare_block_correlation(alike, 6, 0.0), 1.0, 1e-15);
	assert_close(tare_block_correlation(against, 4, 0.0), -1.0, 1e-15);
	/* The last has no partner: (0 * 1 + 1) over (0.5 + 1). */
	assert_close(tare_block_correlation(odd, 5, 5.0), 2.0 / 3.0, 1e-15);
	assert_close(tare_block_correlation(huge, 4, 0.0), 1.0, 1e-15);
}

static void
block_correlation_of_nothing_is_zero(void **state)
{
	const double same[] = {3.0, 3.0, 3.0, 3.0};
	const double strange[] = {NAN, 1.0, INFINITY, 2.0};

	(void)state;
	assert_close(tare_block_correlation(NULL, 0, 0.0), 0.0, 0.0);
	assert_close(tare_block_correlation(same, 1, 0.0), 0.0, 0.0);
	assert_close(tare_block_correlation(same, 4, 3.0), 0.0, 0.0);
	assert_close(tare_block_correlation(strange, 4, 0.0), 0.0, 0.0);
}

static double
bimodal_rate(struct tare_rng *rng, size_t n, double gap)
{
	double values[64];
	size_t found = 0;

	for (size_t trial = 0; trial < 2000; trial++) {
		for (size_t i = 0; i < n; i++)
			values[i] = tare_rng_normal(rng) + (i % 2 != 0 ? gap : 0.0);
		tare_sort(values, n);
		found += tare_bimodal(values, n);
	}
	return (double)found / 2000.0;
}

static void
sees_two_modes_and_seldom_where_there_is_one(void **state)
{
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 7, 0);
	assert_true(bimodal_rate(&rng, 12, 0.0) < 0.01);
	assert_true(bimodal_rate(&rng, 20, 0.0) < 0.01);
	assert_true(bimodal_rate(&rng, 60, 0.0) < 0.01);
	assert_true(bimodal_rate(&rng, 30, 8.0) > 0.9);
	assert_true(bimodal_rate(&rng, 11, 100.0) == 0.0);
}

static void
constant_values_have_one_mode(void **state)
{
	double same[20];

	(void)state;
	for (size_t i = 0; i < 20; i++)
		same[i] = 4.0;
	assert_false(tare_bimodal(same, 20));
	for (size_t i = 10; i < 20; i++)
		same[i] = 5.0;
	assert_true(tare_bimodal(same, 20));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_mild_and_severe_outliers),
		cmocka_unit_test(autocorrelation_tells_drift_from_noise),
		cmocka_unit_test(autocorrelation_of_nothing_is_zero),
		cmocka_unit_test(block_correlation_tells_whether_neighbours_agree),
		cmocka_unit_test(block_correlation_of_nothing_is_zero),
		cmocka_unit_test(sees_two_modes_and_seldom_where_there_is_one),
		cmocka_unit_test(constant_values_have_one_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
