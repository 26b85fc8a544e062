#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/stages/order.h"

static void
a_block_is_its_own_mirror(void **state)
{
	(void)state;
	for (uint32_t block = 0; block < 50; block++) {
		size_t first[4], second[4];

		tare_order_pair(first, 4, 7, 3, 2 * block);
		tare_order_pair(second, 4, 7, 3, 2 * block + 1);
		for (size_t i = 0; i < 4; i++)
			assert_int_equal(first[i], second[3 - i]);
	}
}

static void
every_variant_is_in_every_pair_once(void **state)
{
	(void)state;
	for (uint32_t pair = 0; pair < 100; pair++) {
		size_t order[5];
		unsigned seen = 0;

		tare_order_pair(order, 5, 99, 1, pair);
		for (size_t i = 0; i < 5; i++)
			seen |= 1u << order[i];
		assert_int_equal(seen, 31);
	}
}

static void
both_orders_of_two_come_about_equally_often(void **state)
{
	int base_first = 0;

	(void)state;
	for (uint32_t block = 0; block < 1000; block++) {
		size_t order[2];

		tare_order_pair(order, 2, 42, 0, 2 * block);
		base_first += order[0] == 0;
	}
	assert_in_range(base_first, 450, 550);
}

static void
the_seed_decides_the_order(void **state)
{
	size_t a[8], b[8], other[8];
	int differences = 0;

	(void)state;
	for (uint32_t pair = 0; pair < 20; pair += 2) {
		tare_order_pair(a, 8, 5, 2, pair);
		tare_order_pair(b, 8, 5, 2, pair);
		tare_order_pair(other, 8, 6, 2, pair);
		assert_memory_equal(a, b, sizeof(a));
		differences += memcmp(a, other, sizeof(a)) != 0;
	}
	assert_true(differences >= 9);
}

static void
a_round_keeps_every_group(void **state)
{
	size_t groups[10], again[10];
	size_t sum = 0;

	(void)state;
	for (size_t i = 0; i < 10; i++)
		groups[i] = again[i] = i * 3;
	tare_order_round(groups, 10, 1, 4);
	tare_order_round(again, 10, 1, 4);
	assert_memory_equal(groups, again, sizeof(groups));
	for (size_t i = 0; i < 10; i++)
		sum += groups[i];
	assert_int_equal(sum, 135);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_its_own_mirror),
		cmocka_unit_test(every_variant_is_in_every_pair_once),
		cmocka_unit_test(both_orders_of_two_come_about_equally_often),
		cmocka_unit_test(the_seed_decides_the_order),
		cmocka_unit_test(a_round_keeps_every_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
