#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "harness/base/rng.h"
#include "harness/stats/multiple.h"
#include "harness/stats/normal.h"
#include "harness/stats/spending.h"
#include "tests/support/close.h"

static double
bound_of(double level)
{
	return -tare_normal_quantile(level / 2.0);
}

static void
five_equal_looks_have_the_published_bounds(void **state)
{
	/* Lan & DeMets 1983; also Reboussin and others 2000, alpha 0.05 two-sided, with 0.025 on
	 * each side: alpha(t) = 4 - 4 Phi(z_{alpha/4} / sqrt t) spends as ld98's function 1. */
	static const double published[] = {4.8769, 3.3569, 2.6803, 2.2898, 2.0310};
	struct tare_spending spending = {0};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		double t = (double)(i + 1) / 5.0;
		double spent = 2.0 * tare_spending(0.025, t);

		assert_close(bound_of(tare_spending_look(&spending, 10.0 * (double)(i + 1), spent)),
			published[i], 2e-3);
	}
}

static void
one_look_has_all_of_alpha(void **state)
{
	struct tare_spending spending = {0};

	(void)state;
	assert_close(tare_spending_look(&spending, 20.0, 0.05), 0.05, 1e-9);
	/* There is none left. */
	assert_close(tare_spending_look(&spending, 40.0, 0.05), 0.0, 0.0);
}

static void
looks_at_random_distances_spend_alpha_and_no_more(void **state)
{
	enum { TRIALS = 20000 };
	static const double looks[] = {6, 8, 10, 12, 16, 20, 26, 34, 36, 44};
	double levels[10];
	size_t crossed = 0;
	struct tare_spending spending = {0};
	struct tare_rng rng;

	(void)state;
	for (size_t i = 0; i < 10; i++)
		levels[i] = tare_spending_look(
			&spending, looks[i], tare_spending(0.05, looks[i] / 44.0));
	tare_rng_seed(&rng, 1, 0);
	for (size_t trial = 0; trial < TRIALS; trial++) {
		double sum = 0.0, n = 0.0;

		for (size_t i = 0; i < 10; n = looks[i++]) {
			sum += sqrt(looks[i] - n) * tare_rng_normal(&rng);
			if (fabs(sum) / sqrt(looks[i]) > bound_of(levels[i])) {
				crossed++;
				break;
			}
		}
	}
	assert_close((double)crossed / TRIALS, 0.05, 0.005);
}

static void
looks_that_spend_nothing_decide_nothing(void **state)
{
	struct tare_spending spending = {0};

	(void)state;
	assert_close(tare_spending_look(&spending, 6.0, 0.0), 0.0, 0.0);
	assert_close(tare_spending_look(&spending, 8.0, NAN), 0.0, 0.0);
	assert_close(tare_spending_look(&spending, 0.0, 0.01), 0.0, 0.0);
	assert_close(tare_spending_look(&spending, 10.0, 1e-9), 1e-9, 0.0);
	assert_close(tare_spending_look(&spending, 12.0, 0.05), 0.05, 1e-6);
	/* Hardly more than before: only what is new. */
	assert_close(tare_spending_look(&spending, 12.1, 0.06), 0.01, 1e-12);
}

static void
p_values_of_a_look_compare_with_alpha_as_they_did_with_its_level(void **state)
{
	(void)state;
	assert_close(tare_spending_p(0.005, 0.01, 0.05), 0.025, 1e-12);
	assert_true(tare_spending_p(0.0049, 0.01, 0.05) < 0.025);
	assert_true(tare_spending_p(0.0051, 0.01, 0.05) > 0.025);
	assert_close(tare_spending_p(0.5, 0.01, 0.05), 0.5, 1e-12);
	assert_close(tare_spending_p(0.013, 0.05, 0.05), 0.013, 0.0);
	assert_close(tare_spending_p(0.0, 0.01, 0.05), 0.0, 0.0);
	assert_close(tare_spending_p(1.0, 0.01, 0.05), 1.0, 0.0);
	assert_close(tare_spending_p(0.0, 0.0, 0.05), 1.0, 0.0);
	assert_close(tare_spending_p(0.001, 0.0, 0.05), 1.0, 0.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_equal_looks_have_the_published_bounds),
		cmocka_unit_test(one_look_has_all_of_alpha),
		cmocka_unit_test(looks_at_random_distances_spend_alpha_and_no_more),
		cmocka_unit_test(looks_that_spend_nothing_decide_nothing),
		cmocka_unit_test(p_values_of_a_look_compare_with_alpha_as_they_did_with_its_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
