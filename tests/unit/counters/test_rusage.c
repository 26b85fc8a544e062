#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/counters/counters.h"

static const struct tare_agent_record record = {
	.user_ns = 3000000,
	.sys_ns = 1000000,
	.minor_faults = 70,
	.major_faults = 5,
	.voluntary_switches = 11,
	.involuntary_switches = 2,
};

static double
value_of(const char *name)
{
	const struct tare_counter_place here = {.root = ""};
	struct tare_counter_source source = {0};

	assert_int_equal(tare_counters_rusage.find(&source, NULL, &here, name, NULL), TARE_OK);
	assert_int_equal(source.origin.quality, TARE_QUALITY_ACCOUNTED);
	return tare_counters_rusage.from_record(&source, &record);
}

static void
takes_its_values_out_of_the_record(void **state)
{
	(void)state;
	assert_true(value_of("page-faults") == 75.0);
	assert_true(value_of("minor-faults") == 70.0);
	assert_true(value_of("major-faults") == 5.0);
	assert_true(value_of("context-switches") == 13.0);
	assert_true(value_of("involuntary-switches") == 2.0);
	assert_true(value_of("task-clock") == 4e6);
	assert_true(value_of("user-time") == 3e6);
	assert_true(value_of("system-time") == 1e6);
}

static void
does_not_know_the_hardware(void **state)
{
	const struct tare_counter_place here = {.root = ""};
	struct tare_counter_source source;

	(void)state;
	assert_int_equal(
		tare_counters_rusage.find(&source, NULL, &here, "cycles", NULL), TARE_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_its_values_out_of_the_record),
		cmocka_unit_test(does_not_know_the_hardware),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
