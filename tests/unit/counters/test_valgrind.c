#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
check_refused(const char *text, const char *sentence)
{
	const char *names[TARE_VALGRIND_EVENTS_MAX];
	uint64_t counts[TARE_VALGRIND_EVENTS_MAX];
	struct tare_err err = {0};
	size_t count = 99;

	assert_int_equal(
		tare_valgrind_parse(names, counts, &count, tare_arena_strdup(arena, text), &err),
		TARE_OUTSIDE);
	assert_string_equal(err.text, sentence);
	assert_int_equal(count, 99);
}

static void
reads_events_and_their_sums(void **state)
{
	char text[] = "desc: I1 cache: 32768 B\ncmd: ./a\nevents: Ir Dr\nfl=a.c\nfn=main\n"
		      "1 10 2\nsummary: 123456789012 22\n";
	const char *names[TARE_VALGRIND_EVENTS_MAX];
	uint64_t counts[TARE_VALGRIND_EVENTS_MAX];
	size_t count = 0;

	(void)state;
	assert_int_equal(tare_valgrind_parse(names, counts, &count, text, NULL), TARE_OK);
	assert_int_equal(count, 2);
	assert_string_equal(names[0], "Ir");
	assert_int_equal(counts[0], 123456789012);
	assert_string_equal(names[1], "Dr");
	assert_int_equal(counts[1], 22);
}

static void
refuses_files_that_are_not_whole(void **state)
{
	char many[512] = "events:";

	(void)state;
	check_refused(
		"", "valgrind's file has no 'events:' line; the program may have been killed");
	check_refused("events: Ir\nfn=main\n",
		"valgrind's file has no 'summary:' line; the program may have been killed");
	check_refused("events: Ir Dr\nsummary: 12\n", "valgrind's file has 2 events and 1 sums");
	check_refused("events: Ir\nsummary: -12\n", "valgrind's file has 1 events and 0 sums");
	check_refused("events: Ir\nsummary: 99999999999999999999\n",
		"valgrind's file has 1 events and 0 sums");
	for (int i = 0; i < 33; i++)
		strcat(many, " x");
	strcat(many, "\nsummary: 1\n");
	check_refused(many, "valgrind's file has more than 32 events");
}

static void
adds_up_the_processes_of_a_program(void **state)
{
	struct tare_counter_source source = {.ops = &tare_counters_valgrind};
	struct tare_metric metrics[2] = {{.name = "wall"}, {.name = "instructions"}};
	struct tare_metric_rule rules[2] = {{0}, {.counter = &source}};
	struct tare_case subject = {.metrics = metrics, .rules = rules, .metric_count = 2};
	double values[2] = {5.0, 0.0};
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(tare_valgrind_values(values, &subject, folder, &err), TARE_OUTSIDE);
	assert_string_equal(err.text, "valgrind wrote no file");
	test_file_put(folder, "100", "events: Ir\nsummary: 1000\n");
	test_file_put(folder, "101", "events: Ir\nsummary: 234\n");
	assert_int_equal(tare_valgrind_values(values, &subject, folder, NULL), TARE_OK);
	assert_true(values[1] == 1234.0);
	assert_true(values[0] == 5.0);
}

static void
asks_for_caches_only_where_they_are_wanted(void **state)
{
	struct tare_counter_source source = {.ops = &tare_counters_valgrind};
	struct tare_metric metric = {.name = "instructions"};
	struct tare_metric_rule rule = {.counter = &source};
	char *argv[] = {(char[]){"prog"}, (char[]){"-x"}, NULL};
	struct tare_case subject = {.metrics = &metric,
		.rules = &rule,
		.metric_count = 1,
		.program = {.argv = argv, .argc = 2, .stdout_mode = TARE_OUTPUT_CAPTURE}};
	const struct tare_program *program;

	(void)state;
	program = tare_valgrind_program(arena, &subject, "/d");
	assert_int_equal(program->argc, 10);
	assert_string_equal(program->argv[4], "--cache-sim=no");
	assert_string_equal(program->argv[6], "--cachegrind-out-file=/d/%p");
	assert_string_equal(program->argv[8], "prog");
	assert_string_equal(program->argv[9], "-x");
	assert_null(program->argv[10]);
	assert_int_equal(program->stdout_mode, TARE_OUTPUT_DISCARD);
	source.type = 1; /* data-reads */
	program = tare_valgrind_program(arena, &subject, "/d");
	assert_string_equal(program->argv[4], "--cache-sim=yes");
	assert_string_equal(program->argv[5], "--branch-sim=no");
}

static void
is_looked_for_on_the_path(void **state)
{
	const struct tare_counter_place nowhere = {.root = "", .path = folder};
	struct tare_counter_source source;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(tare_counters_valgrind.supported(&nowhere, &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, "there is no 'valgrind' on PATH; install it");
	assert_int_equal(tare_counters_valgrind.find(&source, arena, &nowhere, "cycles", &err),
		TARE_NOT_FOUND);
}

static void
does_not_believe_a_valgrind_that_fails(void **state)
{
	const struct tare_counter_place fake = {.root = "", .path = folder};
	char sentence[4200];
	struct tare_err err = {0};

	(void)state;
	test_file_put(folder, "valgrind", "#!/bin/sh\nexit 1\n");
	snprintf(sentence, sizeof(sentence), "%s/valgrind", folder);
	assert_int_equal(chmod(sentence, 0755), 0);
	assert_int_equal(tare_counters_valgrind.supported(&fake, &err), TARE_UNSUPPORTED);
	snprintf(sentence, sizeof(sentence),
		"'%s/valgrind' cannot run even /bin/true; try it by hand", folder);
	assert_string_equal(err.text, sentence);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_events_and_their_sums, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			refuses_files_that_are_not_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			adds_up_the_processes_of_a_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			asks_for_caches_only_where_they_are_wanted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_looked_for_on_the_path, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			does_not_believe_a_valgrind_that_fails, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
