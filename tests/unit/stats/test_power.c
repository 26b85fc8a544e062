#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/stats/power.h"
#include "tests/support/close.h"

static void
smallest_pairs_are_six_eight_and_twelve(void **state)
{
	(void)state;
	assert_int_equal(tare_smallest_pairs(0.05), 6);
	assert_int_equal(tare_smallest_pairs(0.01), 8);
	assert_int_equal(tare_smallest_pairs(0.0005), 12);
	assert_int_equal(tare_smallest_pairs(0.0), 1074);
}

static void
mde_is_margin_plus_what_the_spread_hides(void **state)
{
	(void)state;
	/* 1.02333 (1.95996 + 0.84162) 0.01 */
	assert_close(tare_mde(0.02, 0.01, 1000000, 0.025, 0.8), 0.0486694, 1e-6);
	/* 1.02333 (2.26216 + 0.88340) 0.01: Student's with 9 degrees */
	assert_close(tare_mde(0.02, 0.01, 9, 0.025, 0.8), 0.0521868, 1e-6);
	assert_close(tare_mde(0.02, 0.0, 9, 0.025, 0.8), 0.02, 0.0);
	assert_nan(tare_mde(0.02, NAN, 9, 0.025, 0.8));
	assert_nan(tare_mde(0.02, 0.01, 0, 0.025, 0.8));
}

/* P(one of 6 normal values is past 0) = Phi(1.793) = .8^(1/6); E[sd] = .9515 sigma for 6 values. */
static void
mde_of_a_unanimous_test_wants_every_pair(void **state)
{
	(void)state;
	assert_close(tare_mde_unanimous(0.0, 0.9515 / sqrt(6.0), 6, 0.8), 1.793, 2e-3);
	assert_nan(tare_mde_unanimous(0.0, 0.1, 1, 0.8));
}

static void
needed_pairs_undo_the_mde(void **state)
{
	double sd = 0.03;
	size_t n = tare_needed(0.01, sd, 0.025, 0.8);

	(void)state;
	assert_int_equal(n, 74);
	assert_true(tare_mde(0.0, sd / sqrt((double)n), 1000000, 0.025, 0.8) <= 0.01);
	assert_true(tare_mde(0.0, sd / sqrt((double)(n - 1)), 1000000, 0.025, 0.8) > 0.01);
}

static void
needed_pairs_are_bounded_and_unknown_without_a_gap(void **state)
{
	(void)state;
	assert_int_equal(tare_needed(1e-9, 1.0, 0.025, 0.8), TARE_NEEDED_MAX);
	assert_int_equal(tare_needed(0.0, 1.0, 0.025, 0.8), 0);
	assert_int_equal(tare_needed(-1.0, 1.0, 0.025, 0.8), 0);
	assert_int_equal(tare_needed(1.0, NAN, 0.025, 0.8), 0);
	assert_int_equal(tare_needed(1.0, 0.0, 0.025, 0.8), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smallest_pairs_are_six_eight_and_twelve),
		cmocka_unit_test(mde_is_margin_plus_what_the_spread_hides),
		cmocka_unit_test(mde_of_a_unanimous_test_wants_every_pair),
		cmocka_unit_test(needed_pairs_undo_the_mde),
		cmocka_unit_test(needed_pairs_are_bounded_and_unknown_without_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
