#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "harness/counters/counters.h"
#include "tests/support/perf_shim.h"

static struct tare_arena *arena;
static struct tare_counters *counters;

static int
set_up(void **state)
{
	const struct tare_counter_place nothing = {.root = "/nonexistent", .path = ""};

	(void)state;
	arena = tare_arena_new();
	counters = tare_counters_new(arena, &nothing);
	perf_shim = (struct perf_shim){.has_pmu = true};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static const struct tare_counter_source *
found(const char *name)
{
	const struct tare_counter_source *source = NULL;
	struct tare_err err = {0};

	if (tare_counters_find(&source, counters, name, &err) != TARE_OK)
		fail_msg("%s: %s", name, err.text);
	return source;
}

static void
takes_the_first_that_works(void **state)
{
	(void)state;
	assert_string_equal(found("instructions")->origin.provider, "perf");
	assert_string_equal(found("page-faults")->origin.provider, "perf_sw");
	assert_string_equal(found("page-faults")->unit, "count");
	assert_string_equal(found("task-clock")->unit, "ns");
	assert_string_equal(found("user-time")->origin.provider, "rusage");
	assert_string_equal(found("nothing")->origin.provider, "null");
}

static void
goes_further_down_where_the_first_does_not_work(void **state)
{
	(void)state;
	perf_shim.refuse_errno = EACCES;
	assert_string_equal(found("page-faults")->origin.provider, "rusage");
	assert_string_equal(found("task-clock")->origin.provider, "rusage");
}

static void
asks_one_provider_where_that_is_said(void **state)
{
	(void)state;
	assert_string_equal(found("rusage/page-faults")->origin.provider, "rusage");
	assert_string_equal(found("rusage/task-clock")->unit, "ns");
	assert_string_equal(found("perf_sw/page-faults")->origin.provider, "perf_sw");
}

static void
probes_a_name_once(void **state)
{
	const struct tare_counter_source *source = found("cycles");
	unsigned opened = perf_shim.opened;

	(void)state;
	assert_ptr_equal(found("cycles"), source);
	assert_int_equal(perf_shim.opened, opened);
}

static void
gives_the_reason_of_everyone_who_knows_the_name(void **state)
{
	const struct tare_counter_source *source = NULL;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(
		tare_counters_find(&source, counters, "cpu-pressure", &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text,
		"cgroup: the run has no cgroup of its own; it needs a unified hierarchy and "
		"permission to make a directory in it");
	perf_shim = (struct perf_shim){.refuse_errno = ENOENT};
	assert_int_equal(
		tare_counters_find(&source, counters, "data-reads", &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, "valgrind: there is no 'valgrind' on PATH; install it");
	assert_int_equal(
		tare_counters_find(&source, counters, "bus-cycles", &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text,
		"perf: this machine has no such hardware counter (few virtual machines have any)");
	assert_null(source);
}

static void
says_what_was_probably_meant(void **state)
{
	const struct tare_counter_source *source = NULL;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(
		tare_counters_find(&source, counters, "instuctions", &err), TARE_NOT_FOUND);
	assert_string_equal(err.text, "no provider knows it, was 'instructions' meant?");
	assert_int_equal(tare_counters_find(&source, counters, "zzzzzzzzz", &err), TARE_NOT_FOUND);
	assert_string_equal(err.text, "no provider knows it; tare list counters has the names");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_the_first_that_works, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			goes_further_down_where_the_first_does_not_work, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			asks_one_provider_where_that_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(probes_a_name_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			gives_the_reason_of_everyone_who_knows_the_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_what_was_probably_meant, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
