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

#include "harness/base/digest.h"
#include "harness/base/file.h"
#include "tests/unit/suite/fixture.h"

static char directory[64];

static int
enter(void **state)
{
	char template[] = "/tmp/tare-suite-XXXXXX";
	char *made = mkdtemp(template);

	if (made == NULL)
		return -1;
	snprintf(directory, sizeof(directory), "%s", made);
	return suite_setup(state);
}

static int
leave(void **state)
{
	suite_teardown(state);
	return tare_dir_remove(directory, NULL) == TARE_OK ? 0 : -1;
}

static const char *
path_of(struct fixture *fixture, const char *name)
{
	return tare_path_join(fixture->arena, directory, name);
}

static void
write_file(struct fixture *fixture, const char *name, const char *text)
{
	const char *path = path_of(fixture, name);
	FILE *file = NULL;

	assert_int_equal(tare_dir_make(tare_path_dirname(fixture->arena, path), NULL), TARE_OK);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Loads and expands a file; its problems, with the directory cut off, a line each. */
static const char *
load(struct fixture *fixture, const char *name)
{
	size_t len = strlen(directory) + 1;
	const char *text = "";
	const struct tare_suite_from from = {.name = path_of(fixture, name)};
	enum tare_status status = tare_suite_load(&fixture->suite, &fixture->problems,
		fixture->arena, &from, &fixture->options, &fixture->err);

	if (status == TARE_OK)
		status = tare_suite_expand(&fixture->plan, &fixture->problems, fixture->arena,
			fixture->suite, &fixture->options, &fixture->err);
	assert_int_equal(status == TARE_OK, fixture->problems.total == 0);
	for (size_t i = 0; i < fixture->problems.count; i++)
		text = tare_arena_printf(
			fixture->arena, "%s%s\n", text, fixture->problems.texts[i] + len);
	return text;
}

#define ONE "suite: t\nbenchmarks:\n- {name: b, command: x}\n"

static void
reads_a_file(void **state)
{
	struct fixture *fixture = *state;
	char digest[TARE_DIGEST_TEXT_MAX];

	write_file(fixture, "a.yaml",
		"suite: t\ndescription: d\n"
		"benchmarks: [{name: b, command: x}]\n");
	assert_string_equal(load(fixture, "a.yaml"), "");
	assert_string_equal(fixture->plan->suite, "t");
	assert_string_equal(fixture->plan->description, "d");
	assert_string_equal(fixture->plan->file, path_of(fixture, "a.yaml"));
	assert_string_equal(fixture->plan->cases[0].program.cwd, directory);
	assert_string_equal(fixture->plan->cases[0].file, path_of(fixture, "a.yaml"));
	assert_int_equal(fixture->plan->cases[0].line, 3);
	tare_digest_bytes(digest,
		"suite: t\ndescription: d\n"
		"benchmarks: [{name: b, command: x}]\n",
		strlen("suite: t\ndescription: d\nbenchmarks: [{name: b, command: x}]\n"));
	assert_string_equal(fixture->plan->digest, digest);
}

static void
has_no_file_when_it_comes_from_memory(void **state)
{
	assert_string_equal(suite_plan(*state, ONE)->file, "");
}

static void
joins_included_files_and_lets_the_including_one_win(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "a.yaml",
		"suite: t\n"
		"include: [sub/b.yaml]\n"
		"vars: {x: from-a}\n"
		"defaults: {warmup: 1, env: {E: a}}\n"
		"benchmarks: [{name: a, command: 'p ${x} ${y}'}]\n");
	write_file(fixture, "sub/b.yaml",
		"include: c.yaml\n"
		"vars: {x: from-b, y: from-b}\n"
		"defaults: {warmup: 2, timeout: 7s, env: {E: b, F: b}}\n"
		"variants: [v]\n"
		"gate: regression\n"
		"environments: {lab: {cpus: 1}}\n"
		"benchmarks: [{name: b, command: 'q ${suite_dir}'}]\n");
	write_file(fixture, "sub/c.yaml", "variants: [w]\ndefaults: {timeout: 9s, max_time: 3s}\n");
	fixture->options.environment = "lab";
	assert_string_equal(load(fixture, "a.yaml"), "");
	assert_int_equal(fixture->plan->case_count, 2);
	assert_string_equal(fixture->plan->cases[0].name, "a@v");
	assert_string_equal(
		suite_words(fixture, &fixture->plan->cases[0].program), "[p][from-a][from-b]");
	assert_int_equal(fixture->plan->cases[0].warmup, 1);
	assert_int_equal(fixture->plan->cases[0].program.timeout_ns, 7000000000);
	assert_int_equal(fixture->plan->cases[0].max_time_ns, 3000000000);
	assert_string_equal(suite_env(&fixture->plan->cases[0].program, "E"), "a");
	assert_string_equal(suite_env(&fixture->plan->cases[0].program, "F"), "b");
	assert_string_equal(fixture->plan->cases[0].cpus, "1");
	assert_true(fixture->plan->gate.asked_for);
	/* Where a text is written is where it counts from. */
	assert_string_equal(fixture->plan->cases[1].program.cwd, path_of(fixture, "sub"));
	assert_string_equal(fixture->plan->cases[1].program.argv[1], path_of(fixture, "sub"));
}

static void
covers_every_file_with_the_digest(void **state)
{
	struct fixture *fixture = *state;
	char digest[TARE_DIGEST_TEXT_MAX];

	write_file(fixture, "a.yaml", "include: b.yaml\n" ONE);
	write_file(fixture, "b.yaml", "vars: {a: 1}\n");
	assert_string_equal(load(fixture, "a.yaml"), "");
	memcpy(digest, fixture->plan->digest, sizeof(digest));
	assert_string_equal(load(fixture, "a.yaml"), "");
	assert_string_equal(fixture->plan->digest, digest);
	write_file(fixture, "b.yaml", "vars: {a: 2}\n");
	assert_string_equal(load(fixture, "a.yaml"), "");
	assert_string_not_equal(fixture->plan->digest, digest);
}

static void
refuses_circles_and_allows_diamonds(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "a.yaml", "include: [b.yaml]\n" ONE);
	write_file(fixture, "b.yaml", "\ninclude: ['../x/a.yaml']\n");
	write_file(fixture, "self.yaml", "include: self.yaml\n" ONE);
	write_file(fixture, "top.yaml", "include: [l.yaml, r.yaml]\nsuite: t\n");
	write_file(fixture, "l.yaml", "include: base.yaml\n");
	write_file(fixture, "r.yaml", "include: ./base.yaml\n");
	write_file(fixture, "base.yaml", "benchmarks: [{name: b, command: x}]\n");
	write_file(fixture, "b.yaml", "\ninclude: [a.yaml]\n");
	assert_string_equal(load(fixture, "a.yaml"),
		"b.yaml:2:11: including \"a.yaml\" goes round in a circle; expected a file that "
		"does not lead back here\n");
	assert_string_equal(load(fixture, "self.yaml"),
		"self.yaml:1:10: including \"self.yaml\" goes round in a circle; expected a file "
		"that does not lead back here\n");
	assert_string_equal(load(fixture, "top.yaml"), "");
	assert_int_equal(fixture->plan->case_count, 1);
}

static void
reports_problems_of_all_files(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "a.yaml",
		"include: [bad.yaml, missing.yaml, '.']\n"
		"suite: t\nbenchmarks:\n- {name: b, command: x, warmup: y}\n");
	write_file(fixture, "bad.yaml", "a: [\n");
	load(fixture, "a.yaml");
	assert_int_equal(fixture->problems.total, 4);
	assert_string_equal(fixture->problems.texts[0],
		tare_arena_printf(fixture->arena,
			"%s/a.yaml:1:21: cannot include: cannot read \"%s/missing.yaml\": No such "
			"file or directory; expected a suite file",
			directory, directory));
	assert_string_equal(fixture->problems.texts[1],
		tare_arena_printf(fixture->arena,
			"%s/a.yaml:1:35: cannot include: \"%s/.\" is a directory; expected a suite "
			"file",
			directory, directory));
	assert_non_null(strstr(fixture->problems.texts[2], "a.yaml:4:33: warmup is \"y\""));
	assert_non_null(strstr(fixture->problems.texts[3], "bad.yaml:2:1: not YAML: "));
}

static void
tells_a_missing_file_from_a_wrong_one(void **state)
{
	struct fixture *fixture = *state;
	struct tare_suite *untouched = (struct tare_suite *)state;
	struct tare_suite *suite = untouched;
	const struct tare_suite_from absent = {.name = path_of(fixture, "no.yaml")};
	const struct tare_suite_from folder = {.name = directory};

	assert_int_equal(tare_suite_load(&suite, &fixture->problems, fixture->arena, &absent, NULL,
				 &fixture->err),
		TARE_NOT_FOUND);
	assert_string_equal(fixture->err.text,
		tare_arena_printf(fixture->arena,
			"cannot read \"%s/no.yaml\": No such file or directory", directory));
	assert_int_equal(fixture->problems.total, 0);
	assert_int_equal(tare_suite_load(&suite, &fixture->problems, fixture->arena, &folder, NULL,
				 &fixture->err),
		TARE_INVALID);
	assert_ptr_equal(suite, untouched);
	assert_string_equal(
		fixture->err.text, tare_arena_printf(fixture->arena,
					   "%s: a directory; expected a suite file", directory));
}

static void
refuses_a_large_file_before_reading_it(void **state)
{
	struct fixture *fixture = *state;
	size_t before = 0;

	write_file(fixture, "large.yaml", "");
	assert_int_equal(truncate(path_of(fixture, "large.yaml"), 100 << 20), 0);
	before = tare_arena_size_bytes(fixture->arena);
	load(fixture, "large.yaml");
	assert_int_equal(fixture->problems.total, 1);
	assert_non_null(strstr(fixture->problems.texts[0],
		"large.yaml: 104857600 bytes; expected at most 16777216"));
	assert_true(tare_arena_size_bytes(fixture->arena) - before < 1 << 20);
}

static void
reads_no_pipe_that_is_included(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, "a.yaml", "include: pipe\n" ONE);
	assert_int_equal(mkfifo(path_of(fixture, "pipe"), 0600), 0);
	load(fixture, "a.yaml");
	assert_int_equal(fixture->problems.total, 1);
	assert_non_null(strstr(fixture->problems.texts[0], "pipe\" is not a file; expected"));
}

static void
refuses_too_many_files(void **state)
{
	struct fixture *fixture = *state;
	char name[32];

	for (int i = 0; i < 70; i++) {
		snprintf(name, sizeof(name), "f%d.yaml", i);
		write_file(fixture, name,
			tare_arena_printf(fixture->arena, "include: f%d.yaml\n", i + 1));
	}
	write_file(fixture, "a.yaml", "include: f0.yaml\n" ONE);
	assert_string_equal(load(fixture, "a.yaml"),
		"f63.yaml:1:10: more than 64 included files; expected fewer\n");
}

static void
bounds_the_work_for_regular_expressions(void **state)
{
	struct fixture *fixture = *state;
	const char *one = "'[a-z]{1,900}', ";
	char *list = tare_arena_alloc(fixture->arena, 20000, 1);
	const char *problems = NULL;

	for (size_t i = 0; i < 1000; i++)
		memcpy(list + i * strlen(one), one, strlen(one));
	problems = suite_case_problems(
		fixture, tare_arena_printf(
				 fixture->arena, "  command: x\n  expect: {stdout: [%s]}\n", list));
	assert_non_null(strstr(problems, "an item of stdout is one regular expression too many; "
					 "expected fewer or simpler ones in a suite\n"));
}

static void
wants_a_name_and_benchmarks(void **state)
{
	assert_string_equal(suite_problems(*state, "benchmarks: [{name: b, command: x}]\n"),
		"s.yaml:1:1: no `suite` in the suite; expected its name\n");
	assert_string_equal(suite_problems(*state, "suite: t\n"),
		"s.yaml:1:1: no benchmarks in the suite; expected at least one\n");
	assert_string_equal(suite_problems(*state, "suite: t\nbenchmarks: []\n"),
		"s.yaml:1:1: no benchmarks in the suite; expected at least one\n");
}

static void
knows_the_keys_of_other_tools(void **state)
{
	assert_string_equal(
		suite_problems(*state, "suite: t\n"
				       "benchmarks:\n"
				       "- {name: a, cmd: x, max_runs: 3}\n"
				       "- {name: b, command: x, working-directory: /tmp}\n"
				       "- {name: c, command: x, timeout-minutes: 3}\n"),
		"s.yaml:3:13: unknown key \"cmd\" in benchmark; did you mean \"command\"?\n"
		"s.yaml:3:21: unknown key \"max_runs\" in benchmark; did you mean "
		"\"invocations\"?\n"
		"s.yaml:4:25: unknown key \"working-directory\" in benchmark; did you mean "
		"\"cwd\"?\n"
		"s.yaml:5:25: unknown key \"timeout-minutes\" in benchmark; did you mean "
		"\"timeout\"?\n");
}

static void
refuses_a_timeout_of_no_time(void **state)
{
	assert_string_equal(suite_problems(*state,
				    "suite: t\nbenchmarks: [{name: a, command: x, timeout: 0s}]\n"),
		"s.yaml:2:45: timeout is \"0s\", which is no time; expected a duration such as "
		"5min, or none\n");
}

static void
reads_benchmarks_as_a_mapping(void **state)
{
	const struct tare_plan *plan =
		suite_plan(*state, "suite: t\nbenchmarks: {a: {command: x}, b: {shell: y}}\n");

	assert_int_equal(plan->case_count, 2);
	assert_string_equal(plan->cases[1].name, "b");
	assert_string_equal(
		suite_problems(*state, "suite: t\nbenchmarks: {a: {name: x, command: x}}\n"),
		"s.yaml:2:18: key \"name\" does not belong in benchmark; expected no other name "
		"than the one before the colon\n");
	assert_string_equal(suite_problems(*state, "suite: t\n"
						   "defaults: {name: x}\n"
						   "variants: {v: {name: w}}\n"
						   "environments: {ci: {name: y}}\n"
						   "benchmarks: [{name: a, command: x}]\n"),
		"s.yaml:2:12: key \"name\" does not belong in defaults; expected it in a "
		"benchmark, a variant\n"
		"s.yaml:3:16: key \"name\" does not belong in variant; expected no other name than "
		"the one before the colon\n"
		"s.yaml:4:21: key \"name\" does not belong in environment; expected it in a "
		"benchmark, a variant\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_a_file, enter, leave),
		cmocka_unit_test_setup_teardown(
			has_no_file_when_it_comes_from_memory, enter, leave),
		cmocka_unit_test_setup_teardown(
			joins_included_files_and_lets_the_including_one_win, enter, leave),
		cmocka_unit_test_setup_teardown(covers_every_file_with_the_digest, enter, leave),
		cmocka_unit_test_setup_teardown(refuses_circles_and_allows_diamonds, enter, leave),
		cmocka_unit_test_setup_teardown(reports_problems_of_all_files, enter, leave),
		cmocka_unit_test_setup_teardown(
			tells_a_missing_file_from_a_wrong_one, enter, leave),
		cmocka_unit_test_setup_teardown(
			refuses_a_large_file_before_reading_it, enter, leave),
		cmocka_unit_test_setup_teardown(reads_no_pipe_that_is_included, enter, leave),
		cmocka_unit_test_setup_teardown(refuses_too_many_files, enter, leave),
		cmocka_unit_test_setup_teardown(
			bounds_the_work_for_regular_expressions, enter, leave),
		cmocka_unit_test_setup_teardown(wants_a_name_and_benchmarks, enter, leave),
		cmocka_unit_test_setup_teardown(knows_the_keys_of_other_tools, enter, leave),
		cmocka_unit_test_setup_teardown(refuses_a_timeout_of_no_time, enter, leave),
		cmocka_unit_test_setup_teardown(reads_benchmarks_as_a_mapping, enter, leave),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
