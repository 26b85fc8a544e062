#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/suite/fixture.h"

#define BENCHMARK "suite: t\nbenchmarks:\n- name: b\n  command: c\n"

struct row {
	const char *text;    /* behind a good benchmark */
	const char *problem; /* of line 5 */
};

static void
check_rows(struct fixture *fixture, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *text =
			tare_arena_printf(fixture->arena, BENCHMARK "  %s\n", rows[i].text);
		const char *expected =
			tare_arena_printf(fixture->arena, "s.yaml:5:%s\n", rows[i].problem);

		assert_string_equal(suite_problems(fixture, text), expected);
	}
}

static void
checks_scalars(void **state)
{
	static const struct row rows[] = {
		{"timeout: 10",
			"12: timeout is wrong: \"10\" has no unit: expected a duration such as "
			"\"500ms\""},
		{"timeout: 5 parsecs",
			"12: timeout is wrong: \"5 parsecs\" is not a duration: unknown "
			"unit \"parsecs\", expected ns, us, ms, s, min or h"},
		{"timeout: never",
			"12: timeout is \"never\"; expected a duration such as 5min, or none"},
		{"timeout:", "11: timeout is empty; expected a duration such as 5min, or none"},
		{"timeout: [1s]",
			"12: timeout is a list; expected a duration such as 5min, or none"},
		{"precision: 0.02", "14: precision is wrong: \"0.02\" has no unit: expected a "
				    "percentage such as "
				    "\"5%\""},
		{"warmup: -1", "11: warmup is \"-1\"; expected a whole number, 0 to 1000000"},
		{"warmup: 3x", "11: warmup is \"3x\"; expected a whole number, 0 to 1000000"},
		{"warmup: 1e3", "11: warmup is \"1e3\"; expected a whole number, 0 to 1000000"},
		{"warmup: {a: 1}", "11: warmup is a mapping; expected a whole number"},
		{"invocations: 0",
			"16: invocations is \"0\"; expected a whole number, 1 to 100000000"},
		{"invocations: atuo",
			"16: invocations is \"atuo\"; expected auto, a whole number from 1, or "
			"a mapping with min and max; did you mean \"auto\"?"},
		{"critical: yes", "13: critical is \"yes\"; expected true or false"},
		{"critical: ture", "13: critical is \"ture\"; expected true or false; did you mean "
				   "\"true\"?"},
		{"runner: 'a b'",
			"11: runner is \"a b\"; expected auto or the name of a runner, such "
			"as host"},
		{"stdout: trash",
			"11: stdout is \"trash\"; expected discard, capture or a mapping with "
			"`file`"},
		{"stdin: ''", "10: stdin has 0 bytes; expected a path"},
		{"tags: [a, 'b c']",
			"13: an item of tags is \"b c\"; expected a word of letters, digits and "
			"_-.:/+"},
		{"setup: '  '", "10: setup is blank; expected a script"},
		{"setup: []", "10: setup is an empty list; expected a list of the program and its "
			      "arguments"},
		{"expect: {exit: 256}", "18: exit is \"256\"; expected an exit code, 0 to 255"},
		{"expect: {stdout: '(a'}", "20: stdout is not a regular expression: Unmatched ( or "
					   "\\(; expected POSIX "
					   "extended syntax"},
		{"env: {1A: x}", "9: a name in env is \"1A\"; expected the name of an environment "
				 "variable"},
		{"env: {A: [x]}", "12: env \"A\" is a list; expected text"},
		{"env: [A]",
			"8: env is a list; expected a mapping of environment variables and texts"},
		{"env_inherit: A-B",
			"16: env_inherit is \"A-B\"; expected the name of an environment "
			"variable, in which * and ? stand for others"},
		{"vars: {suite_dir: x}", "10: a name in vars is \"suite_dir\", which tare defines "
					 "itself; expected another name"},
		{"metrics: {wall: {regex: a}}",
			"20: `regex` for wall, which tare always measures; expected only gate and "
			"margin, or another name"},
		{"metrics: {a: {json: 'a..b'}}",
			"23: json is \"a..b\"; expected a path such as results[0].time"},
		{"metrics: {a: {regex: x, better: more}}",
			"35: better is \"more\"; expected lower or higher"},
		{"services: {a: {command: x, ready: {tcp: 99999}}}",
			"43: tcp is \"99999\"; expected a port, or host:port, such as "
			"127.0.0.1:8080"},
		{"description: [x]", "16: description is a list; expected a description"},
	};

	check_rows(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void
checks_keys(void **state)
{
	static const struct row rows[] = {
		{"wramup: 1", "3: unknown key \"wramup\" in benchmark; did you mean \"warmup\"?"},
		{"runs: 1", "3: unknown key \"runs\" in benchmark; did you mean \"invocations\"?"},
		{"teardown: x",
			"3: unknown key \"teardown\" in benchmark; did you mean \"cleanup\"?"},
		{"command: d", "3: key \"command\" again; expected once, as in line 4"},
		{"gate: none", "3: key \"gate\" does not belong in benchmark; expected it in an "
			       "environment"},
		{"expect: {ext: 1}", "12: unknown key \"ext\" in expect; did you mean \"exit\"?"},
		{"expect: {zebra: 1}", "12: unknown key \"zebra\" in expect; expected one of exit, "
				       "stdout, stderr"},
		{"stdin: {}", "10: no `text` in stdin; expected text"},
		{"variants: [{name: a, matrix: {}}]",
			"24: key \"matrix\" does not belong in variant; expected it in a "
			"benchmark, `defaults`"},
		{"services: [{name: a}]",
			"14: service says nothing; expected one of command, shell"},
		{"services: [{command: a}]", "14: no `name` in service; expected a name"},
		{"services: {a: {command: x, ready: {tcp: 1, file: y}}}",
			"37: tcp, file in one ready; expected exactly one of tcp, unix, file, "
			"command"},
		{"metrics: {a: {regex: x, lines: y}}", "16: regex, lines in one metric; expected "
						       "exactly one of regex, json, lines"},
	};

	check_rows(*state, rows, sizeof(rows) / sizeof(rows[0]));
}

static void
refuses_two_things_to_run(void **state)
{
	assert_string_equal(suite_case_problems(*state, "  command: a\n  shell: b\n"),
		"s.yaml:3:3: command, shell in one benchmark; expected exactly one of command, "
		"shell, replay\n");
}

static void
splits_commands_without_a_shell(void **state)
{
	assert_string_equal(suite_case_problems(*state, "  command: a | b\n"),
		"s.yaml:4:12: command is wrong: \"a | b\" holds |, which needs a shell: quote it, "
		"or "
		"use `shell:`\n");
	assert_string_equal(suite_case_problems(*state, "  command: ' '\n"),
		"s.yaml:4:12: command is empty; expected a program to run\n");
	assert_string_equal(suite_case_problems(*state, "  command: a 'b\n"),
		"s.yaml:4:12: command is wrong: \"a 'b\" has a single quote (') that is not "
		"closed\n");
}

static void
finds_all_problems_at_once(void **state)
{
	assert_string_equal(suite_problems(*state, "suite: t\n"
						   "gate: regresion\n"
						   "defaults:\n"
						   "  timeout: 3\n"
						   "benchmarks:\n"
						   "- name: a\n"
						   "  command: x ${nope}\n"
						   "  warmup: many\n"
						   "- name: a\n"
						   "- comand: y\n"),
		"s.yaml:2:7: gate is \"regresion\"; expected a verdict, none, or a mapping with "
		"fail_on; did you mean \"regression\"?\n"
		"s.yaml:4:12: timeout is wrong: \"3\" has no unit: expected a duration such as "
		"\"500ms\"\n"
		"s.yaml:7:12: nothing is called ${nope}; expected a parameter, a variable or "
		"${env:NAME} ($${ is a literal ${)\n"
		"s.yaml:8:11: warmup is \"many\"; expected a whole number, 0 to 1000000\n"
		"s.yaml:9:3: nothing to run in benchmark \"a\"; expected command, shell or replay\n"
		"s.yaml:9:9: benchmark \"a\" again; expected each name once, and it is in "
		"s.yaml:6\n"
		"s.yaml:10:3: no `name` in benchmark; expected a name\n"
		"s.yaml:10:3: unknown key \"comand\" in benchmark; did you mean \"command\"?\n");
}

static void
says_nothing_twice_where_one_problem_leads_to_another(void **state)
{
	/* The name is missing because its key is misspelt. */
	assert_string_equal(
		suite_case_problems(*state, "  command: x ${level}\n  matirx: {level: [1]}\n"),
		"s.yaml:5:3: unknown key \"matirx\" in benchmark; did you mean \"matrix\"?\n");
	assert_string_equal(
		suite_case_problems(*state, "  command: x ${level}\n  matrix: {level: 1}\n"),
		"s.yaml:5:19: matrix \"level\" is text; expected a list of values\n");
}

static void
leaves_out_what_has_a_problem_of_the_file(void **state)
{
	/* Found by fuzzing: the text ends at the NUL, and was never checked as an expression. */
	assert_string_equal(
		suite_case_problems(*state, "  command: x\n  expect: {stdout: \"(a\\0\"}\n"),
		"s.yaml:5:20: text holds a NUL; expected none\n");
	assert_string_equal(
		suite_case_problems(*state, "  command: x\n  expect: {exit: 1, exit: x}\n"),
		"s.yaml:5:21: key \"exit\" again; expected once, as in line 5\n");
}

static void
refuses_what_is_no_mapping(void **state)
{
	assert_string_equal(
		suite_problems(*state, "[a]"), "s.yaml:1:1: suite is a list; expected a mapping\n");
	assert_string_equal(
		suite_problems(*state, "hello"), "s.yaml:1:1: suite is text; expected a mapping\n");
	assert_string_equal(suite_problems(*state, "suite: t\nbenchmarks: [x]\n"),
		"s.yaml:2:14: an item of benchmarks is text; expected a mapping with name and "
		"command\n");
	assert_string_equal(suite_problems(*state, "suite: t\nbenchmarks: x\n"),
		"s.yaml:2:13: benchmarks is \"x\"; expected a list of benchmarks, or a mapping of "
		"names and benchmarks\n");
}

static void
shows_hostile_text_safely(void **state)
{
	assert_string_equal(suite_case_problems(*state, "  command: x\n  \"a\\e[2J\": 1\n"),
		"s.yaml:5:3: unknown key \"a\\x1b[2J\" in benchmark; expected one of name, "
		"description, tags, matrix, variants, vars, command, shell, replay, build, setup, "
		"prepare, conclude, cleanup, services, cwd, env, env_inherit, stdin, stdout, "
		"expect, "
		"timeout, warmup, invocations, precision, max_time, on_disturbance, "
		"randomize_environment, metrics, "
		"counters, "
		"counters_required, counter_scope, "
		"margin, critical, "
		"runner, cpus, numa, threads, image, samples, resources\n");
}

static void
checks_values_again_once_names_are_replaced(void **state)
{
	assert_string_equal(
		suite_case_problems(*state, "  command: x\n  vars: {n: few}\n  warmup: ${n}\n"),
		"s.yaml:6:11: warmup is \"few\"; expected a whole number, 0 to 1000000\n");
	assert_int_equal(
		suite_case(*state, "  command: x\n  vars: {n: 4}\n  warmup: ${n}\n")->warmup, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(checks_scalars, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(checks_keys, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_two_things_to_run, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			splits_commands_without_a_shell, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			finds_all_problems_at_once, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			says_nothing_twice_where_one_problem_leads_to_another, suite_setup,
			suite_teardown),
		cmocka_unit_test_setup_teardown(
			leaves_out_what_has_a_problem_of_the_file, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_what_is_no_mapping, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			shows_hostile_text_safely, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			checks_values_again_once_names_are_replaced, suite_setup, suite_teardown),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
