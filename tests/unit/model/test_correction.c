#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "harness/model/correction.h"

static const double z = 1.959963984540054;
static const struct tare_correction_line line = {
	.alpha = 100, .beta = 2, .alpha_variance = 100, .beta_variance = 1e-4, .covariance = -0.01};

/* (T - alpha) / beta with all variances; by hand: host 1000, variance (25 + 100 + 100 - 20) / 4. */
static void
a_correction_carries_all_uncertainty(void **state)
{
	const struct tare_span raw = {2100, 2100 - 5 * z, 2100 + 5 * z};
	const struct tare_span got = tare_correction_span(&line, &raw);

	(void)state;
	assert_true(fabs(got.estimate - 1000) < 1e-9);
	assert_true(fabs(got.high - got.estimate - z * sqrt(205.0 / 4)) < 1e-9);
	assert_true(fabs(got.estimate - got.low - z * sqrt(205.0 / 4)) < 1e-9);
}

static void
what_is_not_sure_is_not_taken_off_but_its_uncertainty_stays(void **state)
{
	const struct tare_correction_line unsure = {.beta = 1, .alpha_variance = 400};
	const struct tare_span raw = {1000, 1000, 1000};
	const struct tare_span got = tare_correction_span(&unsure, &raw);

	(void)state;
	assert_false(tare_correction_changes(&unsure));
	assert_true(tare_correction_changes(&line));
	assert_true(got.estimate == 1000);
	assert_true(fabs(got.high - 1000 - 20 * z) < 1e-9);
}

static void
without_a_line_a_time_is_what_it_is(void **state)
{
	(void)state;
	assert_true(tare_correction_value(NULL, 7) == 7);
	assert_true(tare_correction_value(&line, 2100) == 1000);
}

/* By hand: d/dalpha = -1/2000, d/dbeta = -1/2; 100/4e6 + 1e-4/4 - 2 * 0.01/4000 = 4.5e-5. */
static void
the_log_of_a_ratio_has_the_uncertainty_of_its_corrected_side(void **state)
{
	(void)state;
	assert_true(fabs(tare_correction_shift_variance(NULL, 5, &line, 2100) - 4.5e-5) < 1e-12);
	assert_true(fabs(tare_correction_shift_variance(&line, 2100, NULL, 5) - 4.5e-5) < 1e-12);
	assert_true(tare_correction_shift_variance(NULL, 5, NULL, 5) == 0);
}

/* beta is of both sides and goes; alpha weighs more on the shorter: (1/2000 - 1/4000)^2 * 100. */
static void
one_calibration_of_both_sides_is_one_uncertainty(void **state)
{
	struct tare_correction_line other = line;

	(void)state;
	assert_true(
		fabs(tare_correction_shift_variance(&line, 2100, &line, 4100) - 6.25e-6) < 1e-12);
	assert_true(tare_correction_shift_variance(&line, 2100, &line, 2100) < 1e-18);
	assert_true(fabs(tare_correction_shift_variance(&line, 2100, &other, 2100) - 9e-5) < 1e-12);
}

static void
says_what_is_taken_off(void **state)
{
	static const struct {
		double alpha, beta;
		const char *text;
	} rules[] = {
		{5e5, 2, "(raw - 500 us) / 2.00000"},
		{0, 1, "not corrected: the interval covers zero"},
		{5e5, 1, "raw - 500 us; nothing is divided: the interval of beta covers one"},
		{0, 2, "raw / 2.00000; nothing is subtracted: the interval of alpha covers zero"},
		{-5e5, 2, "(raw + 500 us) / 2.00000"},
		{-5e5, 1,
			"raw + 500 us; nothing is divided: the interval of beta covers one; "
			"negative overhead: the container takes less than the host"},
		{0, 0.9,
			"raw / 0.90000; nothing is subtracted: the interval of alpha covers zero; "
			"negative overhead: the container takes less than the host"},
	};
	struct tare_arena *arena = tare_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct tare_correction_line one = {
			.alpha = rules[i].alpha, .beta = rules[i].beta};

		assert_string_equal(tare_correction_rule(arena, &one), rules[i].text);
	}
	tare_arena_free(arena);
}

static void
finds_the_line_of_a_case(void **state)
{
	struct tare_corrected cases[2] = {{.inside = false}, {.inside = true, .line = &line}};
	const struct tare_correction correction = {.cases = cases, .case_count = 2};

	(void)state;
	assert_null(tare_correction_of(NULL, 0));
	assert_null(tare_correction_of(&correction, 0));
	assert_ptr_equal(tare_correction_of(&correction, 1), &line);
	assert_null(tare_correction_of(&correction, 2));
}

/* A quota of half a core, weighed with programs of 60 ms, does nothing to one of 4 ms. */
static void
does_not_reach_below_what_was_weighed_where_a_limit_acts(void **state)
{
	const struct tare_correction_line limited = {.beta = 2.0, .shortest_ns = 120e6};
	const struct tare_correction_line plain = {.beta = 1.004, .shortest_ns = 120e6};

	(void)state;
	assert_false(tare_correction_reaches(&limited, 4e6));
	assert_false(tare_correction_reaches(&limited, 107e6));
	assert_true(tare_correction_reaches(&limited, 109e6));
	assert_true(tare_correction_reaches(&plain, 4e6));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_correction_carries_all_uncertainty),
		cmocka_unit_test(what_is_not_sure_is_not_taken_off_but_its_uncertainty_stays),
		cmocka_unit_test(without_a_line_a_time_is_what_it_is),
		cmocka_unit_test(the_log_of_a_ratio_has_the_uncertainty_of_its_corrected_side),
		cmocka_unit_test(one_calibration_of_both_sides_is_one_uncertainty),
		cmocka_unit_test(says_what_is_taken_off),
		cmocka_unit_test(finds_the_line_of_a_case),
		cmocka_unit_test(does_not_reach_below_what_was_weighed_where_a_limit_acts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
