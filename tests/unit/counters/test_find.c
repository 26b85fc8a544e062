#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/counters/counters.h"
#include "tests/support/files.h"
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
	assert_string_equal(found("page-faults")->origin.provider, "rusage");
	assert_string_equal(found("cpu-migrations")->origin.provider, "perf_sw");
	assert_string_equal(found("page-faults")->unit, "count");
	assert_string_equal(found("task-clock")->unit, "ns");
	assert_string_equal(found("user-time")->origin.provider, "rusage");
	assert_string_equal(found("nothing")->origin.provider, "null");
}

static struct tare_counters *
counters_with_valgrind(const char *folder, const char *script)
{
	const struct tare_counter_place place = {.root = "/nonexistent", .path = folder};
	char *path = test_path(folder, "valgrind");

	test_file_write(path, script, strlen(script));
	assert_int_equal(chmod(path, 0755), 0);
	free(path);
	return tare_counters_new(arena, &place);
}

static void
goes_further_down_where_the_first_does_not_work(void **state)
{
	char *folder = test_folder_make();

	(void)state;
	perf_shim = (struct perf_shim){.refuse_errno = ENOENT};
	counters = counters_with_valgrind(folder,
		"#!/bin/sh\nfor word; do case $word in --cachegrind-out-file=*)\n"
		"printf 'events: Ir\\nfn=main\\n1 5\\nsummary: 5\\n' >\"${word#*=}\"\n"
		";; esac; done\n");
	assert_string_equal(found("instructions")->origin.provider, "valgrind");
	assert_string_equal(found("page-faults")->origin.provider, "rusage");
	test_folder_remove(folder);
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

/* A "valgrind" that counts how often it is called, and fails. */
static void
tries_a_simulator_once_for_all_names(void **state)
{
	const struct tare_counter_source *source = NULL;
	char *folder = test_folder_make();
	char *note = test_path(folder, "calls"), *calls;
	struct tare_err err = {0};

	(void)state;
	counters = counters_with_valgrind(
		folder, tare_arena_printf(arena, "#!/bin/sh\necho called >>'%s'\nexit 1\n", note));
	assert_int_equal(
		tare_counters_find(&source, counters, "data-reads", &err), TARE_UNSUPPORTED);
	assert_int_equal(
		tare_counters_find(&source, counters, "data-writes", &err), TARE_UNSUPPORTED);
	assert_non_null(strstr(err.text, "cannot run even /bin/true"));
	calls = test_file_read(note, NULL);
	assert_string_equal(calls, "called\n");
	free(calls);
	free(note);
	test_folder_remove(folder);
}

static void
looks_for_nothing_of_this_machine_in_a_container(void **state)
{
	const struct tare_counter_place place = {.root = "/nonexistent", .cgroup = "/run"};
	const struct tare_counter_source *source = NULL;
	struct tare_err err = {0};

	(void)state;
	counters = tare_counters_for(tare_counters_new(arena, &place), true, false);
	assert_int_equal(
		tare_counters_find(&source, counters, "data-reads", &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, "valgrind: it runs on this machine, and not in a container");
	assert_int_equal(
		tare_counters_find(&source, counters, "cpu-pressure", &err), TARE_UNSUPPORTED);
	assert_string_equal(
		err.text, "cgroup: a container has a cgroup of its own, which its engine keeps");
	assert_string_equal(found("instructions")->origin.provider, "perf");
	assert_ptr_equal(tare_counters_for(counters, true, false), counters);
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

static void
looks_again_where_events_count_on_cpus(void **state)
{
	const struct tare_counter_place place = {.root = ""};
	struct tare_counters *on_cpus;

	(void)state;
	perf_shim.has_cpus = true;
	counters = tare_counters_new(arena, &place);
	on_cpus = tare_counters_for(counters, false, true);
	assert_string_equal(found("instructions")->origin.scope, "program and its descendants");
	assert_ptr_equal(tare_counters_for(counters, false, true), on_cpus);
	counters = on_cpus;
	assert_string_equal(
		found("instructions")->origin.scope, "CPUs of the case, whatever runs there");
	/* What costs nothing is taken as before. */
	assert_string_equal(found("page-faults")->origin.provider, "rusage");
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
			tries_a_simulator_once_for_all_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			looks_for_nothing_of_this_machine_in_a_container, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			looks_again_where_events_count_on_cpus, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			gives_the_reason_of_everyone_who_knows_the_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_what_was_probably_meant, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
