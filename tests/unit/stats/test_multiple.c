#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/stats/multiple.h"
#include "tests/support/close.h"

static const double p[] = {0.001, 0.01, 0.02, 0.04, 0.5};

static void
holm_gives_the_known_answer(void **state)
{
	const double want[] = {0.005, 0.04, 0.06, 0.08, 0.5};
	double adjusted[5];
	size_t order[5];

	(void)state;
	tare_holm(adjusted, order, p, 5);
	for (size_t i = 0; i < 5; i++)
		assert_close(adjusted[i], want[i], 1e-15);
}

static void
benjamini_hochberg_gives_the_known_answer(void **state)
{
	const double want[] = {0.005, 0.025, 0.1 / 3.0, 0.05, 0.5};
	double adjusted[5];
	size_t order[5];

	(void)state;
	tare_benjamini_hochberg(adjusted, order, p, 5);
	for (size_t i = 0; i < 5; i++)
		assert_close(adjusted[i], want[i], 1e-15);
}

static void
order_does_not_matter_and_unknown_counts_as_one(void **state)
{
	const double shuffled[] = {0.5, NAN, 0.001, 0.04};
	double adjusted[4];
	size_t order[4];

	(void)state;
	tare_holm(adjusted, order, shuffled, 4);
	assert_close(adjusted[2], 0.004, 1e-15);
	assert_close(adjusted[3], 0.12, 1e-15);
	assert_close(adjusted[0], 1.0, 0.0);
	assert_close(adjusted[1], 1.0, 0.0);
	tare_benjamini_hochberg(adjusted, order, shuffled, 4);
	assert_close(adjusted[2], 0.004, 1e-15);
	assert_close(adjusted[3], 0.08, 1e-15);
	assert_close(adjusted[0], 2.0 / 3.0, 1e-15);
	assert_close(adjusted[1], 1.0, 0.0);
}

static void
no_tests_at_all_are_allowed(void **state)
{
	double adjusted[1] = {7.0};
	size_t order[1];

	(void)state;
	tare_holm(adjusted, order, p, 0);
	tare_benjamini_hochberg(adjusted, order, p, 0);
	assert_close(adjusted[0], 7.0, 0.0);
}

static void
spending_starts_low_and_ends_at_alpha(void **state)
{
	(void)state;
	assert_close(tare_spending(0.05, 0.0), 0.0, 0.0);
	assert_close(tare_spending(0.05, -1.0), 0.0, 0.0);
	assert_close(tare_spending(0.05, NAN), 0.0, 0.0);
	assert_close(tare_spending(0.05, 0.25), 8.857e-5, 1e-7);
	assert_close(tare_spending(0.05, 0.5), 0.005575, 1e-6);
	assert_close(tare_spending(0.05, 0.75), 0.023625, 1e-5);
	assert_close(tare_spending(0.05, 1.0), 0.05, 0.0);
	assert_close(tare_spending(0.05, 2.0), 0.05, 0.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holm_gives_the_known_answer),
		cmocka_unit_test(benjamini_hochberg_gives_the_known_answer),
		cmocka_unit_test(order_does_not_matter_and_unknown_counts_as_one),
		cmocka_unit_test(no_tests_at_all_are_allowed),
		cmocka_unit_test(spending_starts_low_and_ends_at_alpha),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
