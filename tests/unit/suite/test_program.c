#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite/fixture.h"

#define SECOND UINT64_C(1000000000)

/* A path below the working directory, where suites from memory are. */
static const char *
here(struct fixture *fixture, const char *name)
{
	char *cwd = getcwd(NULL, 0);
	const char *path = tare_arena_printf(fixture->arena, "%s%s", cwd, name);

	free(cwd);
	return path;
}

static void
has_sensible_defaults(void **state)
{
	const struct tare_case *one = suite_case(*state, "  command: p a\n");

	assert_string_equal(suite_words(*state, &one->program), "[p][a]");
	assert_string_equal(one->program.cwd, here(*state, ""));
	assert_int_equal(one->program.timeout_ns, 300 * SECOND);
	assert_int_equal(one->program.stdout_mode, TARE_OUTPUT_DISCARD);
	assert_null(one->program.stdin_path);
	assert_null(one->program.stdin_text);
	assert_int_equal(one->expect.exit_code_count, 1);
	assert_int_equal(one->expect.exit_codes[0], 0);
	assert_null(one->build);
	assert_null(one->setup);
	assert_null(one->prepare);
	assert_null(one->conclude);
	assert_null(one->cleanup);
	assert_int_equal(one->service_count, 0);
}

static void
takes_only_listed_variables_over(void **state)
{
	static const char *const environment[] = {
		"PATH", "/bin", "HOME", "/h", "SECRET", "s", "LC_TIME", "C", "TERM", "x", NULL};
	const struct tare_case *one = NULL;

	suite_environment = environment;
	one = suite_case(*state, "  command: p\n");
	assert_string_equal(one->program.env[0], "HOME=/h");
	assert_string_equal(one->program.env[1], "PATH=/bin");
	assert_null(one->program.env[2]);
	one = suite_case(*state, "  command: p\n  env_inherit: [SECRET, NOPE]\n");
	assert_string_equal(suite_env(&one->program, "SECRET"), "s");
	assert_null(suite_env(&one->program, "NOPE"));
}

static void
takes_variables_over_by_glob(void **state)
{
	static const char *const environment[] = {"TARE_TEST_ONE", "1", "TARE_TEST_TWO", "2", NULL};
	const struct tare_case *one = NULL;

	suite_environment = environment;
	setenv("TARE_TEST_ONE", "x", 1);
	setenv("TARE_TEST_TWO", "x", 1);
	one = suite_case(*state, "  command: p\n  env_inherit: TARE_TEST_*\n");
	assert_string_equal(suite_env(&one->program, "TARE_TEST_ONE"), "1");
	assert_string_equal(suite_env(&one->program, "TARE_TEST_TWO"), "2");
	assert_null(suite_env(&one->program, "PATH"));
}

static void
joins_variables_of_all_levels_sorted(void **state)
{
	static const char *const environment[] = {"HOME", "/h", NULL};
	const struct tare_plan *plan = NULL;

	suite_environment = environment;
	plan = suite_plan(*state,
		"suite: t\n"
		"defaults: {env: {Z: d, A: d, B: d}}\n"
		"benchmarks:\n"
		"- {name: b, command: p, env: {A: b}, variants: [v, {name: w, env: {B: w}}]}\n"
		"- {name: c, command: p}\n"
		"- {name: d, command: p}\n");
	assert_string_equal(plan->cases[0].program.env[0], "A=b");
	assert_string_equal(plan->cases[0].program.env[1], "B=d");
	assert_string_equal(plan->cases[0].program.env[2], "HOME=/h");
	assert_string_equal(plan->cases[0].program.env[3], "Z=d");
	assert_null(plan->cases[0].program.env[4]);
	assert_string_equal(suite_env(&plan->cases[1].program, "B"), "w");
	assert_string_equal(suite_env(&plan->cases[2].program, "A"), "d");
	assert_ptr_equal(plan->cases[2].program.env, plan->cases[3].program.env);
}

static void
gives_hooks_the_surroundings_of_the_program(void **state)
{
	const struct tare_case *one = suite_case(*state, "  command: p\n"
							 "  cwd: sub\n"
							 "  env: {A: b}\n"
							 "  timeout: 3s\n"
							 "  build: make all\n"
							 "  setup: [mkdir, -p, x y]\n"
							 "  prepare: sync; true\n"
							 "  conclude: [c]\n"
							 "  cleanup: 'rm -rf x'\n");

	assert_string_equal(
		suite_words(*state, &one->build->program), "[/bin/sh][-e][-c][make all]");
	assert_string_equal(one->build->label, "b");
	assert_string_equal(suite_words(*state, one->setup), "[mkdir][-p][x y]");
	assert_string_equal(suite_words(*state, one->prepare), "[/bin/sh][-e][-c][sync; true]");
	assert_string_equal(suite_words(*state, one->conclude), "[c]");
	assert_string_equal(suite_words(*state, one->cleanup), "[/bin/sh][-e][-c][rm -rf x]");
	assert_string_equal(one->setup->cwd, here(*state, "/sub"));
	assert_string_equal(suite_env(one->setup, "A"), "b");
	assert_int_equal(one->program.timeout_ns, 3 * SECOND);
	assert_int_equal(one->setup->timeout_ns, 1800 * SECOND);
}

static void
may_wait_for_ever(void **state)
{
	const struct tare_case *one =
		suite_case(*state, "  command: p\n  timeout: none\n  setup: s\n");

	assert_int_equal(one->program.timeout_ns, 0);
	assert_int_equal(one->setup->timeout_ns, 0);
}

static void
builds_the_same_thing_once(void **state)
{
	const struct tare_plan *plan =
		suite_plan(*state, "suite: t\n"
				   "variants: [base, head]\n"
				   "defaults: {build: 'make ${variant}'}\n"
				   "benchmarks:\n"
				   "- {name: a, command: p, matrix: {n: [1, 2]}}\n"
				   "- {name: b, command: p}\n"
				   "- {name: c, command: p, cwd: elsewhere}\n");

	assert_int_equal(plan->case_count, 8);
	assert_int_equal(plan->build_count, 4);
	assert_ptr_equal(plan->cases[0].build, plan->cases[2].build);
	assert_ptr_equal(plan->cases[0].build, plan->cases[4].build);
	assert_ptr_not_equal(plan->cases[0].build, plan->cases[1].build);
	assert_ptr_not_equal(plan->cases[0].build, plan->cases[6].build);
	assert_string_equal(plan->builds[1]->label, "a@head");
}

static void
reads_input_and_output(void **state)
{
	const struct tare_case *one =
		suite_case(*state, "  command: p\n  stdin: data/in\n  stdout: {file: /tmp/out}\n");

	assert_string_equal(one->program.stdin_path, here(*state, "/data/in"));
	assert_int_equal(one->program.stdout_mode, TARE_OUTPUT_FILE);
	assert_string_equal(one->program.stdout_path, "/tmp/out");
	one = suite_case(*state, "  command: p\n  stdin: {text: abc}\n  stdout: capture\n");
	assert_string_equal(one->program.stdin_text, "abc");
	assert_int_equal(one->program.stdout_mode, TARE_OUTPUT_CAPTURE);
}

static void
captures_output_that_is_read(void **state)
{
	assert_int_equal(
		suite_case(*state, "  command: p\n  expect: {stdout: ok}\n")->program.stdout_mode,
		TARE_OUTPUT_CAPTURE);
	assert_int_equal(suite_case(*state, "  command: p\n  metrics: {a: {regex: x}}\n")
				 ->program.stdout_mode,
		TARE_OUTPUT_CAPTURE);
	assert_int_equal(suite_case(*state, "  command: p\n  metrics: {a: {regex: x, stream: "
					    "stderr}}\n  expect: {stderr: y}\n")
				 ->program.stdout_mode,
		TARE_OUTPUT_DISCARD);
	assert_string_equal(suite_case_problems(*state,
				    "  command: p\n  stdout: discard\n  expect: {stdout: ok}\n"),
		"s.yaml:5:11: stdout is not captured, but a metric or expectation reads it; "
		"expected capture\n");
}

static void
reads_expectations(void **state)
{
	const struct tare_case *one = suite_case(*state,
		"  command: p\n"
		"  expect: {exit: [0, 3], stdout: ['^a$', '(?<x>b)'], stderr: c}\n");

	assert_int_equal(one->expect.exit_code_count, 2);
	assert_int_equal(one->expect.exit_codes[1], 3);
	assert_int_equal(one->expect.stdout_pattern_count, 2);
	assert_string_equal(one->expect.stdout_patterns[1], "(b)");
	assert_string_equal(one->expect.stderr_patterns[0], "c");
	assert_int_equal(
		suite_case(*state, "  command: p\n  expect: {exit: 7}\n")->expect.exit_codes[0], 7);
}

static void
reads_services(void **state)
{
	const struct tare_case *one = suite_case(*state,
		"  command: p\n"
		"  env: {A: a, B: b}\n"
		"  services:\n"
		"  - {name: one, command: serve -p 1, ready: {tcp: 8080}, env: {B: c}, cwd: d}\n"
		"  - {name: two, shell: 'exec x', ready: {tcp: '[::1]:99'}, ready_timeout: 1s}\n"
		"  - {name: three, command: [y], ready: {tcp: 'db:5'}, stop_timeout: 2s}\n"
		"  - {name: four, command: y, ready: {unix: s.sock}}\n"
		"  - {name: five, command: y, ready: {file: /run/x}}\n"
		"  - {name: six, command: y, ready: {command: curl -s x}}\n"
		"  - {name: seven, command: y}\n");
	const struct tare_service *services = one->services;

	assert_int_equal(one->service_count, 7);
	assert_string_equal(services[0].name, "one");
	assert_string_equal(suite_words(*state, &services[0].program), "[serve][-p][1]");
	assert_string_equal(suite_env(&services[0].program, "A"), "a");
	assert_string_equal(suite_env(&services[0].program, "B"), "c");
	assert_string_equal(services[0].program.cwd, here(*state, "/d"));
	assert_int_equal(services[0].program.timeout_ns, 0);
	assert_int_equal(services[0].ready_kind, TARE_READY_TCP);
	assert_string_equal(services[0].ready_host, "127.0.0.1");
	assert_int_equal(services[0].ready_port, 8080);
	assert_int_equal(services[0].ready_timeout_ns, 10 * SECOND);
	assert_int_equal(services[0].stop_timeout_ns, 5 * SECOND);
	assert_string_equal(services[1].ready_host, "::1");
	assert_int_equal(services[1].ready_port, 99);
	assert_int_equal(services[1].ready_timeout_ns, SECOND);
	assert_string_equal(services[2].ready_host, "db");
	assert_int_equal(services[2].stop_timeout_ns, 2 * SECOND);
	assert_int_equal(services[3].ready_kind, TARE_READY_UNIX);
	assert_string_equal(services[3].ready_path, here(*state, "/s.sock"));
	assert_int_equal(services[4].ready_kind, TARE_READY_FILE);
	assert_string_equal(services[4].ready_path, "/run/x");
	assert_int_equal(services[5].ready_kind, TARE_READY_COMMAND);
	assert_string_equal(suite_words(*state, services[5].ready_command), "[curl][-s][x]");
	assert_int_equal(services[6].ready_kind, TARE_READY_NONE);
	assert_true(((struct fixture *)*state)->plan->groups[0].exclusive);
}

static void
reads_services_as_a_mapping(void **state)
{
	const struct tare_case *one =
		suite_case(*state, "  command: p\n  services: {db: {command: x}}\n");

	assert_string_equal(one->services[0].name, "db");
	assert_string_equal(suite_case_problems(*state, "  command: p\n  services: [{name: a, "
							"command: x}, {name: a, command: y}]\n"),
		"s.yaml:5:44: service \"a\" again; expected each name once\n");
}

static void
refuses_a_socket_path_that_the_kernel_cannot_hold(void **state)
{
	struct fixture *fixture = *state;
	char path[120];
	const char *problems = NULL;

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	problems = suite_case_problems(fixture,
		tare_arena_printf(fixture->arena,
			"  command: p\n  services: {a: {command: x, ready: {unix: %s}}}\n", path));
	assert_non_null(strstr(problems, "is too long; expected at most 107 bytes\n"));
}

static void
refuses_an_empty_program_name(void **state)
{
	assert_string_equal(suite_case_problems(*state, "  vars: {p: ''}\n  command: ${p} x\n"),
		"s.yaml:5:12: command has an empty first word; expected a program\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(has_sensible_defaults, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			takes_only_listed_variables_over, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			takes_variables_over_by_glob, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			joins_variables_of_all_levels_sorted, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			gives_hooks_the_surroundings_of_the_program, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(may_wait_for_ever, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			builds_the_same_thing_once, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			reads_input_and_output, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			captures_output_that_is_read, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(reads_expectations, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(reads_services, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			reads_services_as_a_mapping, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(refuses_a_socket_path_that_the_kernel_cannot_hold,
			suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_an_empty_program_name, suite_setup, suite_teardown),
	};

	return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
