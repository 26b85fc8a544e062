#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/base/arena.h"
#include "harness/base/rng.h"
#include "harness/stats/theil_sen.h"
#include "tests/support/close.h"

static struct tare_slope
slope_of(const double *values, size_t n, double inflation)
{
	double *work = tare_xcalloc(tare_slope_room(n) + 1, sizeof(*work));
	struct tare_slope slope;

	tare_slope_find(&slope, work, values, n, inflation);
	free(work);
	return slope;
}

static void
finds_the_slope_of_a_line_with_a_wild_point(void **state)
{
	double values[20];
	struct tare_slope slope;

	(void)state;
	for (size_t i = 0; i < 20; i++)
		values[i] = 7.0 + 0.5 * (double)i;
	values[11] = 1e6;
	slope = slope_of(values, 20, 1.0);
	assert_close(slope.slope, 0.5, 1e-12);
	assert_true(slope.low <= 0.5 && slope.high >= 0.5);
	assert_true(slope.p < 1e-6);
	assert_int_equal(slope.n, 20);
}

/* S = 9 - 1 of 10 pairs, variance 5 4 15 / 18: z = 7 / sqrt(16.67). */
static void
kendalls_z_is_as_in_the_books(void **state)
{
	const double values[] = {1.0, 2.0, 4.0, 3.0, 5.0};
	const double tied[] = {1.0, 2.0, 2.0, 3.0};
	double copy[5];

	(void)state;
	assert_close(tare_kendall_z(copy, values, 5, 1.0), 7.0 / sqrt(300.0 / 18.0), 1e-12);
	assert_close(tare_kendall_z(copy, values, 5, 4.0), 3.5 / sqrt(300.0 / 18.0), 1e-12);
	/* S = 5; variance (4 3 13 - 2 1 9) / 18 */
	assert_close(tare_kendall_z(copy, tied, 4, 1.0), 4.0 / sqrt(138.0 / 18.0), 1e-12);
}

static void
noise_has_no_slope(void **state)
{
	size_t outside = 0, alarms = 0;
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 4, 0);
	for (size_t trial = 0; trial < 1000; trial++) {
		double values[30];
		struct tare_slope slope;

		for (size_t i = 0; i < 30; i++)
			values[i] = tare_rng_normal(&rng);
		slope = slope_of(values, 30, 1.0);
		outside += slope.low > 0.0 || slope.high < 0.0;
		alarms += slope.p < 0.05;
	}
	assert_in_range(outside, 25, 70);
	assert_in_range(alarms, 25, 70);
}

static void
degenerate_series_have_defined_answers(void **state)
{
	const double same[] = {3.0, 3.0, 3.0, 3.0, 3.0};
	const double huge[] = {-1e308, 1e308, 1e308, 1e308};

	(void)state;
	assert_nan(slope_of(NULL, 0, 1.0).slope);
	assert_nan(slope_of(same, 1, 1.0).slope);
	assert_close(slope_of(same, 5, 1.0).slope, 0.0, 0.0);
	assert_close(slope_of(same, 5, 1.0).p, 1.0, 0.0);
	assert_nan(slope_of(same, 2, 1.0).low);
	assert_true(isfinite(slope_of(huge, 4, 1.0).slope) || isinf(slope_of(huge, 4, 1.0).slope));
}

static void
long_series_are_thinned(void **state)
{
	size_t n = 10000;
	double *values = tare_xcalloc(n, sizeof(*values));
	struct tare_slope slope;

	(void)state;
	assert_true(tare_slope_room(n) <= TARE_SLOPE_VALUES_MAX * (TARE_SLOPE_VALUES_MAX + 1) / 2);
	for (size_t i = 0; i < n; i++)
		values[i] = 0.25 * (double)i;
	slope = slope_of(values, n, 1.0);
	assert_close(slope.slope, 0.25, 1e-12);
	assert_int_equal(slope.n, n);
	free(values);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_slope_of_a_line_with_a_wild_point),
		cmocka_unit_test(kendalls_z_is_as_in_the_books),
		cmocka_unit_test(noise_has_no_slope),
		cmocka_unit_test(degenerate_series_have_defined_answers),
		cmocka_unit_test(long_series_are_thinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
