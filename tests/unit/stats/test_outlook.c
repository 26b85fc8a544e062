#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/stats/outlook.h"
#include "harness/stats/power.h"
#include "tests/support/close.h"

static struct tare_arena *arena;
static struct tare_ranks *ranks;

static int
set_up(void **state)
{
	(void)state;
	arena = tare_arena_new();
	ranks = tare_ranks_new(arena);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static struct tare_outlook
pairs(size_t n)
{
	return (struct tare_outlook){
		.paired = true, .n = n, .sd = 0.02, .delta = 0.02, .alpha = 0.05};
}

static void
knows_the_level_the_exact_test_attains(void **state)
{
	struct tare_outlook ten = pairs(10);

	(void)state;
	/* P(T+ <= 8) for 10 pairs is 25 / 1024. */
	assert_close(tare_outlook_mde(ranks, &ten, 0.8),
		tare_mde(0.02, 0.02 / sqrt(10.0), 9, 25.0 / 1024.0, 0.8), 1e-12);
}

static void
wants_every_pair_where_there_are_only_six(void **state)
{
	struct tare_outlook six = pairs(6);

	(void)state;
	assert_close(tare_outlook_mde(ranks, &six, 0.8),
		tare_mde_unanimous(0.02, 0.02 / sqrt(6.0), 6, 0.8), 1e-12);
}

static void
finds_nothing_with_too_few(void **state)
{
	struct tare_outlook five = pairs(5);
	struct tare_outlook three = {.n = 3, .sd = 0.01, .delta = 0.02, .alpha = 0.05};

	(void)state;
	assert_nan(tare_outlook_mde(ranks, &five, 0.8));
	assert_close(tare_outlook_power(ranks, &five, 10.0), 0.0, 0.0);
	assert_nan(tare_outlook_mde(ranks, &three, 0.8));
	assert_close(tare_outlook_power(ranks, &three, 10.0), 0.0, 0.0);
}

static void
power_undoes_the_smallest_change(void **state)
{
	static const size_t sizes[] = {6, 7, 8, 10, 15, 25, 50, 500};
	static const double powers[] = {0.1, 0.5, 0.8, 0.95};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t k = 0; k < 8; k++) {
			struct tare_outlook outlook = pairs(sizes[i]);
			double power = powers[k % 4];

			outlook.paired = k < 4;
			assert_close(tare_outlook_power(ranks, &outlook,
					     tare_outlook_mde(ranks, &outlook, power)),
				power, 1e-4);
		}
	}
}

static void
power_grows_with_the_change_and_with_the_pairs(void **state)
{
	static const double changes[] = {0.0, 0.01, 0.02, 0.03, 0.05, 0.1};
	struct tare_outlook few = pairs(8), many = pairs(50);
	double before = -1.0;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		double power = tare_outlook_power(ranks, &few, changes[i]);

		assert_true(power >= before);
		if (changes[i] > few.delta)
			assert_true(tare_outlook_power(ranks, &many, changes[i]) >= power);
		before = power;
	}
	assert_close(tare_outlook_power(ranks, &many, 0.1), 1.0, 0.0);
	assert_close(tare_outlook_power(ranks, &many, 0.0), 0.0, 0.0);
}

static void
two_samples_see_less_than_pairs_of_the_same_spread(void **state)
{
	struct tare_outlook paired = pairs(20), unpaired = pairs(20);

	(void)state;
	unpaired.paired = false;
	assert_true(
		tare_outlook_mde(ranks, &unpaired, 0.8) > tare_outlook_mde(ranks, &paired, 0.8));
	assert_true(tare_outlook_power(ranks, &unpaired, 0.035) <
		    tare_outlook_power(ranks, &paired, 0.035));
}

static void
without_spread_the_margin_decides(void **state)
{
	struct tare_outlook constant = pairs(10);

	(void)state;
	constant.sd = 0.0;
	assert_close(tare_outlook_mde(ranks, &constant, 0.8), 0.02, 0.0);
	assert_close(tare_outlook_power(ranks, &constant, 0.021), 1.0, 0.0);
	assert_close(tare_outlook_power(ranks, &constant, 0.02), 0.0, 0.0);
	constant.sd = NAN;
	assert_nan(tare_outlook_mde(ranks, &constant, 0.8));
	assert_nan(tare_outlook_power(ranks, &constant, 0.05));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_level_the_exact_test_attains),
		cmocka_unit_test(wants_every_pair_where_there_are_only_six),
		cmocka_unit_test(finds_nothing_with_too_few),
		cmocka_unit_test(power_undoes_the_smallest_change),
		cmocka_unit_test(power_grows_with_the_change_and_with_the_pairs),
		cmocka_unit_test(two_samples_see_less_than_pairs_of_the_same_spread),
		cmocka_unit_test(without_spread_the_margin_decides),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
