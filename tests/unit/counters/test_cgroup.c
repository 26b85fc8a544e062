#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "harness/base/file.h"
#include "harness/counters/counters.h"
#include "tests/support/files.h"

static struct tare_arena *arena;
static char *folder;

static int
set_up(void **state)
{
	(void)state;
	arena = tare_arena_new();
	folder = test_folder_make();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	test_folder_remove(folder);
	tare_arena_free(arena);
	return 0;
}

static void
reads_cpu_time_and_pressure_in_nanoseconds(void **state)
{
	const struct tare_counter_place place = {.root = "", .cgroup = folder};
	struct tare_counter_source source;
	double value = 0.0;

	(void)state;
	test_file_put(folder, "cpu.stat", "usage_usec 1234\nuser_usec 1000\nthrottled_usec 7\n");
	test_file_put(folder, "cpu.pressure",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=99\nfull avg10=0.00 total=5\n");
	assert_int_equal(tare_counters_cgroup.find(&source, arena, &place, "cgroup-cpu-time", NULL),
		TARE_OK);
	assert_string_equal(source.origin.event, "cpu.stat: usage_usec");
	assert_int_equal(tare_counters_cgroup.read(&value, &source, &place, NULL), TARE_OK);
	assert_true(value == 1234000.0);
	assert_int_equal(
		tare_counters_cgroup.find(&source, arena, &place, "throttled-time", NULL), TARE_OK);
	assert_int_equal(tare_counters_cgroup.read(&value, &source, &place, NULL), TARE_OK);
	assert_true(value == 7000.0);
	assert_int_equal(
		tare_counters_cgroup.find(&source, arena, &place, "cpu-pressure", NULL), TARE_OK);
	assert_int_equal(tare_counters_cgroup.read(&value, &source, &place, NULL), TARE_OK);
	assert_true(value == 99000.0);
}

static void
check_refused(const struct tare_counter_place *place, const char *name, const char *sentence)
{
	struct tare_counter_source source;
	struct tare_err err = {0};

	assert_int_equal(
		tare_counters_cgroup.find(&source, arena, place, name, &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, sentence);
}

static void
says_what_the_cgroup_lacks(void **state)
{
	const struct tare_counter_place none = {.root = ""};
	const struct tare_counter_place place = {.root = "", .cgroup = folder};

	(void)state;
	test_file_put(folder, "cpu.stat", "usage_usec 1234\n");
	test_file_put(folder, "io.pressure", "some avg10=0.00\n");
	check_refused(&none, "cpu-pressure",
		"the run has no cgroup of its own; it needs a unified hierarchy and permission to "
		"make a directory in it");
	check_refused(
		&place, "cpu-pressure", "cannot read cpu.pressure: No such file or directory");
	check_refused(&place, "throttled-time", "cpu.stat has no 'throttled_usec'");
	check_refused(&place, "io-pressure", "io.pressure has no 'some'");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			reads_cpu_time_and_pressure_in_nanoseconds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_what_the_cgroup_lacks, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
