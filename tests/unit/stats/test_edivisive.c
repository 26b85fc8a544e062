#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/stats/edivisive.h"
#include "tests/support/close.h"

static double
mean_distance(const double *x, size_t m, const double *y, size_t n, bool same)
{
	double sum = 0.0, pairs = 0.0;

	for (size_t i = 0; i < m; i++)
		for (size_t j = same ? i + 1 : 0; j < n; j++, pairs += 1.0)
			sum += fabs(x[i] - y[j]);
	return sum / pairs;
}

static double
energy_by_definition(const double *values, size_t n, size_t at, size_t width)
{
	size_t m = at < width ? at : width, k = n - at < width ? n - at : width;
	const double *x = values + at - m, *y = values + at;

	if (m < 2 || k < 2)
		return 0.0;
	return (double)(m * k) / (double)(m + k) *
	       (2.0 * mean_distance(x, m, y, k, false) - mean_distance(x, m, x, m, true) -
		       mean_distance(y, k, y, k, true));
}

static void
sliding_agrees_with_the_definition(void **state)
{
	double values[60], statistic[60];
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 3, 0);
	for (size_t i = 0; i < 60; i++)
		values[i] = tare_rng_normal(&rng) + (i < 25 ? 0.0 : 2.0);
	for (size_t width = 1; width <= 70; width += 3) {
		tare_energy_scan(statistic, values, 60, width);
		for (size_t i = 0; i < 60; i++)
			assert_close(
				statistic[i], energy_by_definition(values, 60, i, width), 1e-9);
	}
}

static void
marks_the_first_of_equal_peaks(void **state)
{
	const double statistic[] = {0.0, 1.0, 5.0, 5.0, 1.0, 0.0, 2.0, 0.0, 9.0};
	bool marks[9] = {false};

	(void)state;
	tare_peaks_mark(marks, statistic, 9, 1, 1.5);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(marks[i], i == 2 || i == 6 || i == 8);
}

static void
a_peak_hides_smaller_ones_within_reach(void **state)
{
	const double statistic[] = {0.0, 3.0, 0.0, 4.0, 0.0, 0.0, 0.0, 3.0};
	bool marks[8] = {false};

	(void)state;
	tare_peaks_mark(marks, statistic, 8, 3, 0.0);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(marks[i], i == 3 || i == 7);
}

static void
chooses_the_boundaries_that_pay(void **state)
{
	const double values[] = {0, 0.1, 0, 0.1, 0, 5, 5.1, 5, 5.1, 5};
	bool marks[11] = {false, false, true, false, false, true, false, false, true};
	double work[48];

	(void)state;
	tare_boundaries_choose(marks, NULL, work, values, 10, 0.5, 2);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(marks[i], i == 5);
}

static void
keeps_what_is_forced(void **state)
{
	const double values[10] = {0};
	const bool forced[10] = {false, true, false, false, true};
	bool marks[11] = {false, true, false, false, true, false, true};
	double work[48];

	(void)state;
	tare_boundaries_choose(marks, forced, work, values, 10, 0.5, 3);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(marks[i], i == 1 || i == 4);
}

static void
nothing_of_nothing(void **state)
{
	bool mark = false;
	double statistic = 0.0, work[8];

	(void)state;
	tare_energy_scan(&statistic, NULL, 0, 5);
	tare_peaks_mark(&mark, &statistic, 0, 5, 0.0);
	tare_boundaries_choose(&mark, NULL, work, NULL, 0, 1.0, 3);
	assert_false(mark);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sliding_agrees_with_the_definition),
		cmocka_unit_test(marks_the_first_of_equal_peaks),
		cmocka_unit_test(a_peak_hides_smaller_ones_within_reach),
		cmocka_unit_test(chooses_the_boundaries_that_pay),
		cmocka_unit_test(keeps_what_is_forced),
		cmocka_unit_test(nothing_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
