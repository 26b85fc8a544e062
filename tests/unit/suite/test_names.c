#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "harness/base/arena.h"
#include "harness/suite/names.h"

static void
remembers_the_first_of_a_name(void **state)
{
	struct tare_names names;
	size_t first = 77;

	(void)state;
	tare_names_init(&names);
	assert_false(tare_names_has(&names, "a"));
	assert_true(tare_names_add(&names, &first, "a", 3));
	assert_int_equal(first, 77);
	assert_false(tare_names_add(&names, &first, "a", 4));
	assert_int_equal(first, 3);
	assert_true(tare_names_has(&names, "a"));
	assert_false(tare_names_has(&names, "b"));
	tare_names_free(&names);
}

static void
holds_many_names(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_names names;
	size_t first = 0;

	(void)state;
	tare_names_init(&names);
	for (size_t i = 0; i < 10000; i++)
		assert_true(
			tare_names_add(&names, &first, tare_arena_printf(arena, "name-%zu", i), i));
	assert_int_equal(names.count, 10000);
	for (size_t i = 0; i < 10000; i += 77) {
		assert_false(
			tare_names_add(&names, &first, tare_arena_printf(arena, "name-%zu", i), 0));
		assert_int_equal(first, i);
	}
	tare_names_free(&names);
	assert_int_equal(names.count, 0);
	tare_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembers_the_first_of_a_name),
		cmocka_unit_test(holds_many_names),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
