#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/stats/trend.h"
#include "tests/support/close.h"

/* Annual flow of the Nile at Aswan, 1871 to 1970, 10^8 m^3 (Cobb 1978). */
static const double nile[100] = {1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935,
	1110, 994, 1020, 960, 1180, 799, 958, 1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100,
	774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969, 831, 726, 456, 824, 702, 1120,
	1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944,
	984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749,
	838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714,
	740};

static struct tare_arena *arena;

static int
open_arena(void **state)
{
	(void)state;
	arena = tare_arena_new();
	return 0;
}

static int
close_arena(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static struct tare_trend
trend_of(const double *values, size_t n)
{
	struct tare_trend trend;

	tare_trend_find(&trend, arena, values, NULL, n, &tare_trend_gate);
	return trend;
}

/* values = 100 (1 + sd noise), times factor from `at` on. */
static void
draw_step(double *values, size_t n, double sd, size_t at, double factor)
{
	struct tare_rng rng;

	tare_rng_seed(&rng, 11, n + at);
	for (size_t i = 0; i < n; i++)
		values[i] = 100.0 * exp(sd * tare_rng_normal(&rng)) * (i < at ? 1.0 : factor);
}

static void
the_nile_breaks_after_1898(void **state)
{
	struct tare_trend trend = trend_of(nile, 100);

	(void)state;
	assert_int_equal(trend.change_count, 1);
	assert_int_equal(trend.changes[0].index, 28);
	assert_true(trend.ratios);
	assert_close(trend.changes[0].shift.estimate, 0.77, 0.02);
	assert_true(trend.changes[0].shift.low < 0.77 && trend.changes[0].shift.high > 0.77);
	assert_true(trend.changes[0].shift.high < 0.9 && trend.changes[0].p < 1e-4);
	assert_int_equal(trend.segment_count, 2);
	assert_int_equal(trend.segments[0].begin, 0);
	assert_int_equal(trend.segments[0].end, 28);
	assert_int_equal(trend.segments[1].begin, 28);
	assert_int_equal(trend.segments[1].end, 100);
	assert_close(trend.segments[0].median, 1120.0, 15.0);
	assert_true(trend.segments[0].spread > 50.0 && trend.segments[0].spread < 200.0);
}

static void
finds_the_newest_points_and_calls_few_of_them_provisional(void **state)
{
	double values[60];

	(void)state;
	for (size_t newest = 3; newest <= 8; newest++) {
		struct tare_trend trend;

		draw_step(values, 60, 0.01, 60 - newest, 1.08);
		trend = trend_of(values, 60);
		assert_int_equal(trend.change_count, 1);
		assert_int_equal(trend.changes[0].index, 60 - newest);
		assert_int_equal(trend.changes[0].provisional, newest < 5);
		assert_close(trend.changes[0].shift.estimate, 1.08, 0.02);
	}
	draw_step(values, 60, 0.01, 58, 1.5);
	assert_int_equal(trend_of(values, 60).change_count, 0);
}

static void
spikes_are_no_change_points(void **state)
{
	double values[80];

	(void)state;
	draw_step(values, 80, 0.01, 80, 1.0);
	values[3] *= 3.0;
	values[40] *= 5.0;
	values[41] *= 0.2;
	values[79] *= 10.0;
	assert_int_equal(trend_of(values, 80).change_count, 0);
}

/* Nobody would call five minutes of a busy machine a new level. */
static void
a_cluster_of_four_spikes_is_no_change_point(void **state)
{
	double values[60];
	struct tare_trend trend;

	(void)state;
	draw_step(values, 60, 0.01, 60, 1.0);
	for (size_t i = 30; i < 34; i++)
		values[i] *= 1.3 + 0.02 * (double)(i % 3);
	values[34] *= 1.01;
	trend = trend_of(values, 60);
	assert_int_equal(trend.change_count, 0);
}

static void
long_segments_show_steps_of_one_sigma(void **state)
{
	double values[300];
	struct tare_trend trend;

	(void)state;
	draw_step(values, 300, 0.02, 150, 1.02);
	trend = trend_of(values, 300);
	assert_int_equal(trend.change_count, 1);
	assert_in_range(trend.changes[0].index, 140, 160);
	assert_true(trend.changes[0].shift.low > 1.0);
}

/* Cut in two, this slope would have two levels one sigma apart. */
static void
a_slope_is_not_cut_into_steps(void **state)
{
	double values[300];
	struct tare_trend trend;

	(void)state;
	draw_step(values, 300, 0.02, 300, 1.0);
	for (size_t i = 0; i < 300; i++)
		values[i] *= exp(0.02 * 2.0 * (double)i / 300.0);
	trend = trend_of(values, 300);
	assert_int_equal(trend.change_count, 0);
	assert_true(trend.creeps);
}

/* 10,000 points have a hundred times as many places for chance as a hundred. */
static void
a_long_series_has_to_show_more(void **state)
{
	static double values[10000];
	struct tare_trend trend;

	(void)state;
	draw_step(values, 10000, 0.02, 10000, 1.0);
	trend = trend_of(values, 10000);
	assert_int_equal(trend.change_count, 0);
}

static void
finds_down_and_back(void **state)
{
	double values[80];
	struct tare_trend trend;

	(void)state;
	draw_step(values, 80, 0.01, 80, 1.0);
	for (size_t i = 40; i < 46; i++)
		values[i] *= 0.9;
	trend = trend_of(values, 80);
	assert_int_equal(trend.change_count, 2);
	assert_int_equal(trend.changes[0].index, 40);
	assert_int_equal(trend.changes[1].index, 46);
	assert_false(trend.changes[1].provisional);
}

static void
exact_steps_of_constants_are_found(void **state)
{
	double values[40];
	struct tare_trend trend;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		values[i] = i < 25 ? 1000.0 : 1001.0;
	trend = trend_of(values, 40);
	assert_int_equal(trend.change_count, 1);
	assert_int_equal(trend.changes[0].index, 25);
	assert_close(trend.changes[0].shift.low, 1.001, 1e-12);
	assert_close(trend.changes[0].shift.high, 1.001, 1e-12);
	assert_close(trend.segments[0].spread, 0.0, 0.0);
}

static void
a_change_below_the_margin_is_none(void **state)
{
	const struct tare_trend_options options = {.level = 1e-4, .margin = 0.05, .sigmas = 1.5};
	const struct tare_trend_options triage = tare_trend_triage(&options);
	struct tare_trend trend;
	double values[60];

	(void)state;
	draw_step(values, 60, 0.002, 30, 1.03);
	tare_trend_find(&trend, arena, values, NULL, 60, &options);
	assert_int_equal(trend.change_count, 0);
	tare_trend_find(&trend, arena, values, NULL, 60, &triage);
	assert_int_equal(trend.change_count, 1);
	assert_int_equal(trend.changes[0].index, 30);
}

static void
ties_of_coarse_values_are_no_change(void **state)
{
	double values[100];
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 12, 0);
	for (size_t i = 0; i < 100; i++)
		values[i] = tare_rng_uniform(&rng) < 0.7 ? 10.0 : 11.0;
	assert_int_equal(trend_of(values, 100).change_count, 0);
}

static void
zeros_and_negatives_give_differences(void **state)
{
	double values[40];
	struct tare_trend trend;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		values[i] = (i < 20 ? -3.0 : 4.0) + 0.1 * (double)(i % 3);
	trend = trend_of(values, 40);
	assert_false(trend.ratios);
	assert_int_equal(trend.change_count, 1);
	assert_int_equal(trend.changes[0].index, 20);
	assert_close(trend.changes[0].shift.estimate, 7.0, 0.15);
	assert_close(trend.segments[1].median, 4.1, 1e-12);
}

static void
another_environment_forces_a_boundary(void **state)
{
	uint32_t groups[40];
	struct tare_trend trend;
	double values[40];

	(void)state;
	draw_step(values, 40, 0.01, 40, 1.0);
	for (size_t i = 0; i < 40; i++)
		groups[i] = i >= 2 && i < 21 ? 7 : 9;
	tare_trend_find(&trend, arena, values, groups, 40, &tare_trend_gate);
	assert_int_equal(trend.change_count, 2);
	assert_int_equal(trend.changes[0].index, 2);
	assert_int_equal(trend.changes[1].index, 21);
	assert_true(trend.changes[0].forced && trend.changes[1].forced);
	assert_false(trend.changes[0].significant || trend.changes[1].significant);
	for (size_t i = 21; i < 40; i++)
		values[i] *= 1.2;
	tare_trend_find(&trend, arena, values, groups, 40, &tare_trend_gate);
	assert_int_equal(trend.change_count, 2);
	assert_true(trend.changes[1].significant);
}

static void
every_point_may_be_another_environment(void **state)
{
	uint32_t groups[10];
	struct tare_trend trend;
	double values[10];

	(void)state;
	draw_step(values, 10, 0.01, 10, 1.0);
	for (size_t i = 0; i < 10; i++)
		groups[i] = (uint32_t)i;
	tare_trend_find(&trend, arena, values, groups, 10, &tare_trend_gate);
	assert_int_equal(trend.segment_count, 10);
	assert_int_equal(trend.change_count, 9);
}

static void
slow_creep_shows_as_a_slope(void **state)
{
	double values[50];
	struct tare_trend trend;

	(void)state;
	for (size_t i = 0; i < 50; i++)
		values[i] = 100.0 * exp(0.003 * (double)(i * 7 % 11));
	assert_false(trend_of(values, 50).creeps);
	for (size_t i = 0; i < 50; i++)
		values[i] *= exp(0.0006 * (double)i);
	trend = trend_of(values, 50);
	assert_int_equal(trend.change_count, 0);
	assert_true(trend.creeps);
	assert_close(trend.creep.slope, 0.0006, 0.0002);
}

static void
scale_does_not_matter(void **state)
{
	static const double scales[] = {1e-300, 1e-9, 1.0, 1e9, 1e300};
	double values[60], scaled[60];

	(void)state;
	draw_step(values, 60, 0.02, 33, 1.1);
	for (size_t k = 0; k < 5; k++) {
		struct tare_trend trend;

		for (size_t i = 0; i < 60; i++)
			scaled[i] = scales[k] * values[i];
		trend = trend_of(scaled, 60);
		assert_int_equal(trend.change_count, 1);
		assert_in_range(trend.changes[0].index, 32, 34);
		for (size_t i = 0; i < 60; i++)
			scaled[i] = -scaled[i];
		trend = trend_of(scaled, 60);
		assert_int_equal(trend.change_count, 1);
		assert_in_range(trend.changes[0].index, 32, 34);
	}
}

static void
degenerate_series_have_defined_answers(void **state)
{
	double values[20] = {0};

	(void)state;
	assert_int_equal(trend_of(NULL, 0).segment_count, 0);
	assert_nan(trend_of(NULL, 0).creep.slope);
	for (size_t n = 1; n < 20; n++) {
		struct tare_trend trend = trend_of(values, n);

		assert_int_equal(trend.change_count, 0);
		assert_int_equal(trend.segment_count, 1);
		assert_int_equal(trend.segments[0].end, n);
	}
	for (size_t i = 0; i < 20; i++)
		values[i] = i % 2 != 0 ? 1e308 : -1e308;
	assert_int_equal(trend_of(values, 20).change_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nile_breaks_after_1898),
		cmocka_unit_test(finds_the_newest_points_and_calls_few_of_them_provisional),
		cmocka_unit_test(spikes_are_no_change_points),
		cmocka_unit_test(a_cluster_of_four_spikes_is_no_change_point),
		cmocka_unit_test(long_segments_show_steps_of_one_sigma),
		cmocka_unit_test(a_slope_is_not_cut_into_steps),
		cmocka_unit_test(a_long_series_has_to_show_more),
		cmocka_unit_test(finds_down_and_back),
		cmocka_unit_test(exact_steps_of_constants_are_found),
		cmocka_unit_test(a_change_below_the_margin_is_none),
		cmocka_unit_test(ties_of_coarse_values_are_no_change),
		cmocka_unit_test(zeros_and_negatives_give_differences),
		cmocka_unit_test(another_environment_forces_a_boundary),
		cmocka_unit_test(every_point_may_be_another_environment),
		cmocka_unit_test(slow_creep_shows_as_a_slope),
		cmocka_unit_test(scale_does_not_matter),
		cmocka_unit_test(degenerate_series_have_defined_answers),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
