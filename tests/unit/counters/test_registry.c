#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/counters/counters.h"

static void
goes_down_from_hardware_to_a_simulator(void **state)
{
	static const char *const names[] = {
		"perf", "papi", "rusage", "perf_sw", "cgroup", "energy", "valgrind", "null"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(tare_counter_providers[i]->name, names[i]);
	assert_null(tare_counter_providers[sizeof(names) / sizeof(names[0])]);
}

static void
has_what_each_way_of_counting_needs(void **state)
{
	(void)state;
	for (size_t i = 0; tare_counter_providers[i]; i++) {
		const struct tare_counter_ops *ops = tare_counter_providers[i];

		assert_non_null(ops->summary);
		assert_non_null(ops->supported);
		assert_non_null(ops->find);
		assert_int_equal(ops->read != NULL, ops->way == TARE_WAY_AROUND);
		assert_int_equal(ops->from_record != NULL, ops->way == TARE_WAY_RECORD);
		/* A provider that was not built has nothing to attach. */
		if (ops->attach)
			assert_int_equal(ops->way, TARE_WAY_EVENT);
	}
}

static void
says_why_a_provider_is_not_here(void **state)
{
	const struct tare_counter_place nowhere = {.root = "/nonexistent", .path = ""};

	(void)state;
	for (size_t i = 0; tare_counter_providers[i]; i++) {
		struct tare_err err = {0};
		enum tare_status status = tare_counter_providers[i]->supported(&nowhere, &err);

		assert_true(status == TARE_OK || status == TARE_UNSUPPORTED);
		assert_int_equal(status == TARE_OK, err.text[0] == '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_down_from_hardware_to_a_simulator),
		cmocka_unit_test(has_what_each_way_of_counting_needs),
		cmocka_unit_test(says_why_a_provider_is_not_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
