#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "harness/model/counter.h"

static void
takes_a_whole_count_as_it_is(void **state)
{
	const struct tare_agent_reading reading = {123456789, 5000, 5000};
	struct tare_counted counted = tare_counter_scale(&reading);

	(void)state;
	assert_true(counted.value == 123456789.0);
	assert_true(counted.coverage == 1.0);
}

static void
scales_what_took_turns(void **state)
{
	const struct tare_agent_reading reading = {1000, 4000, 2000};
	struct tare_counted counted = tare_counter_scale(&reading);

	(void)state;
	assert_true(counted.value == 2000.0);
	assert_true(counted.coverage == 0.5);
}

static void
does_not_use_less_than_a_quarter(void **state)
{
	const struct tare_agent_reading enough = {1000, 4000, 1000};
	const struct tare_agent_reading too_little = {1000, 4000, 999};

	(void)state;
	assert_true(tare_counter_scale(&enough).value == 4000.0);
	assert_true(isnan(tare_counter_scale(&too_little).value));
	assert_true(tare_counter_scale(&too_little).coverage == 999.0 / 4000.0);
}

static void
does_not_use_what_was_never_enabled(void **state)
{
	const struct tare_agent_reading in_error = {0, 0, 0};

	(void)state;
	assert_true(isnan(tare_counter_scale(&in_error).value));
	assert_true(tare_counter_scale(&in_error).coverage == 0.0);
}

static void
keeps_a_count_of_zero(void **state)
{
	const struct tare_agent_reading none = {0, 1000, 1000};

	(void)state;
	assert_true(tare_counter_scale(&none).value == 0.0);
}

static void
guards_by_two_percent_or_a_millisecond(void **state)
{
	(void)state;
	assert_true(tare_counters_guard(1e6, 2e6, 0));     /* 1 ms of 2 */
	assert_false(tare_counters_guard(0.9e6, 2e6, 0));  /* 1.1 ms */
	assert_true(tare_counters_guard(0.98e9, 1e9, 0));  /* 2 % of 1 s */
	assert_false(tare_counters_guard(0.97e9, 1e9, 0)); /* 3 % */
	assert_false(tare_counters_guard(1.03e9, 1e9, 0));
	assert_true(tare_counters_guard(0.0, 0.0, 0));
	assert_false(tare_counters_guard(0.0, 1e9, 0)); /* a set-user-ID program drops its events */
}

/* Found on a busy machine: events are off while a switch goes on. */
static void
guards_less_closely_where_threads_were_switched(void **state)
{
	(void)state;
	assert_false(tare_counters_guard(185.8e6, 193.7e6, 0));
	assert_true(tare_counters_guard(185.8e6, 193.7e6, 192));
	assert_false(tare_counters_guard(0.0, 193.7e6, 192));
}

static void
has_each_portable_name_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < tare_counter_name_count; i++) {
		assert_ptr_equal(
			tare_counter_name_find(tare_counter_names[i].name), &tare_counter_names[i]);
		assert_true(strlen(tare_counter_names[i].name) < TARE_METRIC_NAME_MAX);
		assert_non_null(tare_counter_names[i].unit);
	}
	assert_null(tare_counter_name_find("cycle"));
	assert_string_equal(tare_counter_name_find("task-clock")->unit, "ns");
	assert_string_equal(tare_counter_name_find("energy-package")->unit, "uJ");
}

static void
names_its_qualities(void **state)
{
	(void)state;
	assert_string_equal(tare_counter_quality_name(TARE_QUALITY_COUNTED), "counted");
	assert_string_equal(tare_counter_quality_name(TARE_QUALITY_ACCOUNTED), "accounted");
	assert_string_equal(tare_counter_quality_name(TARE_QUALITY_SIMULATED), "simulated");
	assert_string_equal(tare_counter_quality_name(TARE_QUALITY_DERIVED), "derived");
}

static void
checks_every_part_of_what_was_counted(void **state)
{
	struct tare_agent_counts counts = {.seq = 7, .count = 2, .set = 1};
	uint64_t check = tare_counts_check(&counts);

	(void)state;
	counts.readings[1].running_ns = 1;
	assert_true(tare_counts_check(&counts) != check);
	counts.readings[1].running_ns = 0;
	counts.readings[2].value = 9; /* not one of the two */
	assert_true(tare_counts_check(&counts) == check);
	counts.seq = 8;
	assert_true(tare_counts_check(&counts) != check);
}

/* Whatever else ran there, the clock of the CPUs saw the program too. */
static void
guards_cpus_by_the_time_they_were_watched(void **state)
{
	(void)state;
	assert_true(tare_counters_guard_cpus(9e9, 1e9));
	assert_true(tare_counters_guard_cpus(0.98e9, 1e9));
	assert_false(tare_counters_guard_cpus(0.97e9, 1e9));
	assert_true(tare_counters_guard_cpus(0.2e6, 1e6));
	assert_false(tare_counters_guard_cpus(0.0, 1e5));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_whole_count_as_it_is),
		cmocka_unit_test(scales_what_took_turns),
		cmocka_unit_test(does_not_use_less_than_a_quarter),
		cmocka_unit_test(does_not_use_what_was_never_enabled),
		cmocka_unit_test(keeps_a_count_of_zero),
		cmocka_unit_test(guards_by_two_percent_or_a_millisecond),
		cmocka_unit_test(guards_cpus_by_the_time_they_were_watched),
		cmocka_unit_test(guards_less_closely_where_threads_were_switched),
		cmocka_unit_test(has_each_portable_name_once),
		cmocka_unit_test(names_its_qualities),
		cmocka_unit_test(checks_every_part_of_what_was_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
