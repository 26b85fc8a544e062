#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/rng.h"

enum { DRAWS = 100000 };

/* Seeded with splitmix64 of 0, whose first outputs are published with the reference code. */
static void
seeds_by_splitmix64(void **state)
{
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 0, 0);
	assert_true(rng.state[0] == UINT64_C(0xE220A8397B1DCDAF));
	assert_true(rng.state[1] == UINT64_C(0x6E789E6AA1B965F4));
	assert_true(rng.state[2] == UINT64_C(0x06C45D188009454F));
	assert_true(rng.state[3] == UINT64_C(0xF88BB8A8724C81EC));
}

/* The state 1, 2, 3, 4 and what the reference implementation gives from it. */
static void
agrees_with_the_reference_sequence(void **state)
{
	static const uint64_t expected[] = {
		UINT64_C(41943041),
		UINT64_C(58720359),
		UINT64_C(3588806011781223),
		UINT64_C(3591011842654386),
		UINT64_C(9228616714210784205),
		UINT64_C(9973669472204895162),
		UINT64_C(14011001112246962877),
		UINT64_C(12406186145184390807),
		UINT64_C(15849039046786891736),
		UINT64_C(10450023813501588000),
	};
	struct tare_rng rng = {{1, 2, 3, 4}};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_true(tare_rng_next(&rng) == expected[i]);
}

static void
repeats_itself_for_the_same_seed_and_differs_for_another_stream(void **state)
{
	struct tare_rng first, same, other;
	int equal = 0;

	(void)state;
	tare_rng_seed(&first, 42, 1);
	tare_rng_seed(&same, 42, 1);
	tare_rng_seed(&other, 42, 2);
	for (int i = 0; i < 100; i++) {
		uint64_t drawn = tare_rng_next(&first);

		assert_true(drawn == tare_rng_next(&same));
		equal += drawn == tare_rng_next(&other);
	}
	assert_int_equal(equal, 0);
}

static void
stays_below_the_bound(void **state)
{
	static const uint64_t bounds[] = {
		1, 2, 3, 1000, UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1, UINT64_MAX};
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 1, 0);
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		for (int draw = 0; draw < 1000; draw++)
			assert_true(tare_rng_below(&rng, bounds[i]) < bounds[i]);
	}
}

/* A bound of 3 * 2^62 is where a plain modulo would give the lower third twice as often. */
static void
draws_below_a_bound_without_bias(void **state)
{
	const uint64_t third = UINT64_C(1) << 62;
	struct tare_rng rng;
	int counts[3] = {0};

	(void)state;
	tare_rng_seed(&rng, 2, 0);
	for (int i = 0; i < DRAWS; i++)
		counts[tare_rng_below(&rng, 3 * third) / third]++;
	/* Five standard deviations of a binomial with p = 1/3. */
	for (int i = 0; i < 3; i++)
		assert_in_range(counts[i], DRAWS / 3 - 746, DRAWS / 3 + 746);
}

static void
draws_uniformly_from_zero_up_to_one(void **state)
{
	struct tare_rng rng;
	double sum = 0;

	(void)state;
	tare_rng_seed(&rng, 3, 0);
	for (int i = 0; i < DRAWS; i++) {
		double drawn = tare_rng_uniform(&rng);

		assert_true(drawn >= 0 && drawn < 1);
		sum += drawn;
	}
	/* Five standard errors of the mean. */
	assert_true(fabs(sum / DRAWS - 0.5) < 5 * sqrt(1.0 / 12 / DRAWS));
}

static void
keeps_the_largest_uniform_below_one(void **state)
{
	/* rotl(s0 + s3, 23) + s0 is all ones for s0 = 0, s3 = ~0. */
	struct tare_rng rng = {{0, 1, 1, UINT64_MAX}};

	(void)state;
	assert_true(tare_rng_uniform(&rng) == 1 - 0x1p-53);
}

static void
draws_normally_with_mean_0_and_deviation_1(void **state)
{
	struct tare_rng rng;
	double sum = 0, squares = 0;
	int beyond_two = 0;

	(void)state;
	tare_rng_seed(&rng, 4, 0);
	for (int i = 0; i < DRAWS; i++) {
		double drawn = tare_rng_normal(&rng);

		sum += drawn;
		squares += drawn * drawn;
		beyond_two += fabs(drawn) > 2;
	}
	/* Five standard errors each; the last share is 2 (1 - Phi(2)) = 0.0455. */
	assert_true(fabs(sum / DRAWS) < 5 / sqrt(DRAWS));
	assert_true(fabs(squares / DRAWS - 1) < 5 * sqrt(2.0 / DRAWS));
	assert_true(fabs((double)beyond_two / DRAWS - 0.0455) < 5 * sqrt(0.0455 * 0.9545 / DRAWS));
}

static void
shuffles_every_order_about_as_often(void **state)
{
	enum { ROUNDS = 60000 };
	int counts[27] = {0};
	struct tare_rng rng;
	int orders = 0;

	(void)state;
	tare_rng_seed(&rng, 5, 0);
	for (int i = 0; i < ROUNDS; i++) {
		size_t items[3] = {0, 1, 2};

		tare_rng_shuffle(&rng, items, 3);
		counts[items[0] * 9 + items[1] * 3 + items[2]]++;
	}
	for (int i = 0; i < 27; i++) {
		if (counts[i] == 0)
			continue;
		orders++;
		/* Five standard deviations of a binomial with p = 1/6. */
		assert_in_range(counts[i], ROUNDS / 6 - 457, ROUNDS / 6 + 457);
	}
	assert_int_equal(orders, 6);
}

static void
shuffles_nothing_and_one(void **state)
{
	struct tare_rng rng;
	size_t item = 9;

	(void)state;
	tare_rng_seed(&rng, 6, 0);
	tare_rng_shuffle(&rng, NULL, 0);
	tare_rng_shuffle(&rng, &item, 1);
	assert_int_equal(item, 9);
}

static void
takes_fresh_seeds_that_fit_a_double(void **state)
{
	uint64_t first = tare_rng_entropy();
	uint64_t second = tare_rng_entropy();

	(void)state;
	assert_true(first != second);
	assert_true(first < UINT64_C(1) << 53 && second < UINT64_C(1) << 53);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeds_by_splitmix64),
		cmocka_unit_test(agrees_with_the_reference_sequence),
		cmocka_unit_test(repeats_itself_for_the_same_seed_and_differs_for_another_stream),
		cmocka_unit_test(stays_below_the_bound),
		cmocka_unit_test(draws_below_a_bound_without_bias),
		cmocka_unit_test(draws_uniformly_from_zero_up_to_one),
		cmocka_unit_test(keeps_the_largest_uniform_below_one),
		cmocka_unit_test(draws_normally_with_mean_0_and_deviation_1),
		cmocka_unit_test(shuffles_every_order_about_as_often),
		cmocka_unit_test(shuffles_nothing_and_one),
		cmocka_unit_test(takes_fresh_seeds_that_fit_a_double),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
