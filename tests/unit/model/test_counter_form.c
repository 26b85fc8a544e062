#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/model/counter.h"

static void
check(const char *name, enum tare_counter_form form)
{
	if (tare_counter_form_of(name) != form)
		fail_msg("'%s' is of form %d", name, tare_counter_form_of(name));
}

static void
knows_portable_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < tare_counter_name_count; i++)
		check(tare_counter_names[i].name, TARE_COUNTER_PORTABLE);
}

static void
takes_what_cpus_manuals_write_for_native(void **state)
{
	static const char *const names[] = {"PAPI_TOT_INS", "PAPI_MY_OWN", "INST_RETIRED:ANY",
		"inst_retired.any", "perf::CYCLES", "perf::L1-DCACHE-LOADS", "LLC-LOADS",
		"BACLEARS", "cpu_clk_unhalted", "adl_glc::INST_RETIRED:ANY:u=1", "r01c2"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check(names[i], TARE_COUNTER_NATIVE);
	for (size_t i = 0; tare_counter_presets[i] != NULL; i++)
		check(tare_counter_presets[i], TARE_COUNTER_NATIVE);
}

static void
knows_what_nobody_can_count(void **state)
{
	static const char *const names[] = {"cyclse", "Cycles", "cache_misses", "branch_Misses",
		"L1-dcache-lods", "instructions2", "l1_dcache-loads", "rxyz", "r0123456789abcdef0"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check(names[i], TARE_COUNTER_UNKNOWN);
}

static void
guesses_what_was_meant(void **state)
{
	static const char *const own[] = {"mine", "memory-traffic"};

	(void)state;
	assert_string_equal(tare_counter_nearest("cyclse", NULL, 0), "cycles");
	assert_string_equal(tare_counter_nearest("cache_misses", NULL, 0), "cache-misses");
	assert_string_equal(tare_counter_nearest("PAPI_TOT_CYX", NULL, 0), "PAPI_TOT_CYC");
	assert_string_equal(tare_counter_nearest("memory-trafic", own, 2), "memory-traffic");
	assert_string_equal(tare_counter_nearest("perf::PAGE-FAULT", NULL, 0), "page-faults");
	assert_string_equal(tare_counter_nearest("BRANCH-MISES", NULL, 0), "branch-misses");
	assert_null(tare_counter_nearest("adl_glc::INST_RETIRED:ANY:u=1", NULL, 0));
	assert_null(tare_counter_nearest("perf::", NULL, 0));
	assert_null(tare_counter_nearest("nothing-like-it", own, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_portable_names),
		cmocka_unit_test(takes_what_cpus_manuals_write_for_native),
		cmocka_unit_test(knows_what_nobody_can_count),
		cmocka_unit_test(guesses_what_was_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
