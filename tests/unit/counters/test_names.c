#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/counters/counters.h"
#include "harness/counters/names.h"

static void
knows_names_with_their_provider(void **state)
{
	static const char *const names[] = {"cycles", "rusage/page-faults", "perf/cycles",
		"perf_sw/task-clock", "cgroup/cpu-pressure", "energy/energy-cores",
		"valgrind/instructions", "papi/PAPI_TOT_INS", "papi/INST_RETIRED:ANY",
		"perf/r01c2"};
	struct tare_err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (tare_counter_provider_check(names[i], &err) != TARE_OK)
			fail_msg("%s: %s", names[i], err.text);
}

static void
refuses_what_no_machine_has(void **state)
{
	static const char *const table[][2] = {
		{"ruasge/page-faults",
			"there is no provider \"ruasge\"; did you mean \"rusage/page-faults\"?"},
		{"nonsense/cycles",
			"there is no provider \"nonsense\"; tare list counters names them"},
		{"rusage/cycles", "provider rusage counts no \"cycles\"; expected one of its own "
				  "counters, or \"cycles\" of any provider"},
	};
	struct tare_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		err = (struct tare_err){0};
		assert_int_equal(tare_counter_provider_check(table[i][0], &err), TARE_INVALID);
		assert_string_equal(err.text, table[i][1]);
	}
}

static void
has_a_provider_for_every_portable_name(void **state)
{
	const struct tare_counter_place place = {.root = ""};
	struct tare_arena *arena = tare_arena_new();

	(void)state;
	for (size_t i = 0; i < tare_counter_name_count; i++) {
		bool known = false;

		for (size_t j = 0; tare_counter_providers[j] != NULL; j++) {
			struct tare_counter_source source;

			known = known ||
				tare_counter_providers[j]->find(&source, arena, &place,
					tare_counter_names[i].name, NULL) != TARE_NOT_FOUND;
		}
		if (!known)
			fail_msg("nobody counts %s", tare_counter_names[i].name);
	}
	tare_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_names_with_their_provider),
		cmocka_unit_test(refuses_what_no_machine_has),
		cmocka_unit_test(has_a_provider_for_every_portable_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
