#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/model/comparison.h"
#include "tests/unit/suite/fixture.h"

static void
picks_the_environment(void **state)
{
	static const struct {
		const char *option;
		const char *values[5];
		const char *name;
		const char *reason;
	} rows[] = {
		{NULL, {NULL}, "development", "default"},
		{NULL, {"CI", "true", NULL}, "ci", "CI=true"},
		{NULL, {"CI", "false", NULL}, "development", "default"},
		{NULL, {"CI", "0", NULL}, "development", "default"},
		{NULL, {"CI", "", NULL}, "development", "default"},
		{NULL, {"CI", "1", "TARE_ENVIRONMENT", "production", NULL}, "production",
			"TARE_ENVIRONMENT=production"},
		{"ci", {"TARE_ENVIRONMENT", "production", NULL}, "ci", "--environment"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tare_plan *plan = NULL;

		fixture->options.environment = rows[i].option;
		suite_environment = rows[i].values;
		plan = suite_plan(fixture, "suite: t\nbenchmarks: [{name: b, command: x}]\n");
		assert_string_equal(plan->environment, rows[i].name);
		assert_string_equal(plan->environment_reason, rows[i].reason);
	}
}

static void
refuses_an_environment_that_is_not_there(void **state)
{
	static const char *const environment[] = {"TARE_ENVIRONMENT", "labb", NULL};
	struct fixture *fixture = *state;

	fixture->options.environment = "prodution";
	assert_string_equal(suite_case_problems(fixture, "  command: x\n"),
		"--environment: \"prodution\" is no environment of the suite; expected "
		"development, "
		"ci, production or one under `environments`; did you mean \"production\"?\n");
	fixture->options.environment = NULL;
	suite_environment = environment;
	assert_string_equal(suite_problems(fixture, "suite: t\nenvironments: {lab: }\n"
						    "benchmarks: [{name: b, command: x}]\n"),
		"TARE_ENVIRONMENT: \"labb\" is no environment of the suite; expected development, "
		"ci, production or one under `environments`; did you mean \"lab\"?\n");
}

static void
reads_the_gate(void **state)
{
	static const struct {
		const char *text;
		unsigned fail_on;
	} rows[] = {
		{"", 0},
		{"gate: none\n", 0},
		{"gate: regression\n", 1u << TARE_VERDICT_REGRESSION},
		{"gate: {fail_on: [regression, inconclusive]}\n",
			1u << TARE_VERDICT_REGRESSION | 1u << TARE_VERDICT_INCONCLUSIVE},
		{"gate: {fail_on: improvement}\n", 1u << TARE_VERDICT_IMPROVEMENT},
		{"gate: regression\nenvironments: {development: {gate: none}}\n", 0},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tare_plan *plan = suite_plan(fixture,
			tare_arena_printf(fixture->arena,
				"suite: t\n%sbenchmarks: [{name: b, command: x}]\n", rows[i].text));

		assert_int_equal(plan->gate.fail_on, rows[i].fail_on);
		assert_int_equal(plan->gate.asked_for, rows[i].fail_on != 0);
	}
}

static void
checks_options_like_the_suite(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.max_time = "7";
	fixture->options.invocations = "auot";
	fixture->options.runner = "a b";
	assert_string_equal(suite_case_problems(fixture, "  command: p\n"),
		"--invocations: invocations is \"auot\"; expected auto, a whole number from 1, or "
		"a "
		"mapping with min and max; did you mean \"auto\"?\n"
		"--max-time: max_time is wrong: \"7\" has no unit: expected a duration such as "
		"\"500ms\"\n"
		"--runner: runner is \"a b\"; expected auto or the name of a runner, such as "
		"host\n");
}

static void
checks_variables_of_the_command_line(void **state)
{
	struct fixture *fixture = *state;
	const char *variables[] = {"lvel=3"};

	fixture->options.variables = variables;
	fixture->options.variable_count = 1;
	assert_string_equal(suite_problems(fixture, "suite: t\nvars: {level: 1}\n"
						    "benchmarks: [{name: b, command: x}]\n"),
		"--var: the suite has no variable \"lvel\"; expected one of its vars; did you mean "
		"\"level\"?\n");
	variables[0] = "level";
	assert_string_equal(suite_case_problems(fixture, "  command: p\n"),
		"--var: \"level\" has no value; expected NAME=VALUE\n");
	variables[0] = "work_dir=x";
	assert_string_equal(suite_case_problems(fixture, "  command: p\n"),
		"--var: name is \"work_dir\", which tare defines itself; expected another name\n");
	variables[0] = "needed=${a}";
	assert_string_equal(
		suite_words(fixture, &suite_case(fixture, "  command: p ${needed}\n")->program),
		"[p][${a}]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(picks_the_environment, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_an_environment_that_is_not_there, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(reads_the_gate, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			checks_options_like_the_suite, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			checks_variables_of_the_command_line, suite_setup, suite_teardown),
	};

	return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}
