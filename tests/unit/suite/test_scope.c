#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite/fixture.h"

static void
replaces_names_after_splitting(void **state)
{
	const struct tare_case *one =
		suite_case(*state, "  vars: {a: 'x  y', b: 'z${a}', e: ''}\n"
				   "  command: p ${a} '${b}' \"-${a}-\" ${e} $${a}\n");

	assert_string_equal(suite_words(*state, &one->program), "[p][x  y][zx  y][-x  y-][][${a}]");
}

static void
replaces_names_in_lists_scripts_and_mappings(void **state)
{
	const struct tare_case *one =
		suite_case(*state, "  vars: {a: x}\n"
				   "  shell: 'echo ${a} $HOME $(ls) $${HOME}'\n"
				   "  setup: [mk, '${a}']\n"
				   "  env: {A: '${a}${a}'}\n"
				   "  stdin: {text: 'in ${a}'}\n");

	assert_string_equal(suite_words(*state, &one->program),
		"[/bin/sh][-e][-c][echo x $HOME $(ls) ${HOME}]");
	assert_string_equal(suite_words(*state, one->setup), "[mk][x]");
	assert_string_equal(suite_env(&one->program, "A"), "xx");
	assert_string_equal(one->program.stdin_text, "in x");
}

static void
knows_its_own_names(void **state)
{
	struct fixture *fixture = *state;
	char *here = getcwd(NULL, 0);
	const struct tare_case *one = NULL;

	fixture->options.scratch_root = "/scratch";
	one = suite_case(fixture,
		"  variants: [v]\n"
		"  command: p ${suite_dir} ${work_dir} ${scratch_dir} ${benchmark} ${variant}\n");
	assert_string_equal(suite_words(fixture, &one->program),
		tare_arena_printf(fixture->arena,
			"[p][%s][%s/.tare/work_dir/t][/scratch/case-0][b][v]", here, here));
	free(here);
}

static void
takes_the_nearest_of_several_meanings(void **state)
{
	struct fixture *fixture = *state;
	static const char suite[] = "suite: t\n"
				    "vars: {a: top, b: top, c: top, d: top, e: top}\n"
				    "defaults: {vars: {b: defaults, c: defaults, d: defaults}}\n"
				    "environments: {ci: {vars: {c: ci, d: ci, e: ci}}}\n"
				    "benchmarks:\n"
				    "- name: b\n"
				    "  vars: {d: benchmark, e: benchmark}\n"
				    "  variants: [{name: v, vars: {e: variant}}]\n"
				    "  command: p ${a} ${b} ${c} ${d} ${e}\n";
	const char *over[] = {"e=line", "a=1=2"};

	fixture->options.environment = "ci";
	assert_string_equal(suite_words(fixture, &suite_plan(fixture, suite)->cases[0].program),
		"[p][top][defaults][ci][benchmark][variant]");
	fixture->options.variables = over;
	fixture->options.variable_count = 2;
	assert_string_equal(suite_words(fixture, &suite_plan(fixture, suite)->cases[0].program),
		"[p][1=2][defaults][ci][benchmark][line]");
}

static void
prefers_parameters_to_variables(void **state)
{
	assert_string_equal(
		suite_words(*state, &suite_case(*state, "  vars: {a: var}\n  matrix: {a: [m]}\n"
							"  command: p ${a}\n")
					     ->program),
		"[p][m]");
}

static void
reads_environment_variables(void **state)
{
	static const char *const environment[] = {
		"HOME", "/home/me", "EMPTY", "", "BAD", "\xff", NULL};

	suite_environment = environment;
	assert_string_equal(
		suite_words(
			*state, &suite_case(*state,
					"  command: [p, '${env:HOME}', '${env:EMPTY}', "
					"'${env:EMPTY:-e}', '${env:NO:-a:-b}', '${env:NO:-}']\n")
					 ->program),
		"[p][/home/me][][e][a:-b][]");
	assert_string_equal(suite_case_problems(*state, "  command: [p, '${env:NO}']\n"),
		"s.yaml:4:16: environment variable NO is not set; expected a value, or "
		"${env:NO:-text}\n");
	assert_string_equal(suite_case_problems(*state, "  command: [p, '${env:BAD}']\n"),
		"s.yaml:4:16: environment variable BAD is not UTF-8; expected a value, or "
		"${env:BAD:-text}\n");
	assert_string_equal(suite_case_problems(*state, "  command: [p, '${env:A B}']\n"),
		"s.yaml:4:16: ${env:A B} has no name of an environment variable; expected "
		"${env:NAME} or ${env:NAME:-text}\n");
}

static void
reports_names_that_nobody_defined(void **state)
{
	assert_string_equal(
		suite_case_problems(*state, "  matrix: {level: [1]}\n  command: p ${levle}\n"),
		"s.yaml:5:12: nothing is called ${levle}; did you mean \"level\"?\n");
	assert_string_equal(suite_case_problems(*state, "  command: p ${suite_dri}\n"),
		"s.yaml:4:12: nothing is called ${suite_dri}; did you mean \"suite_dir\"?\n");
	assert_string_equal(suite_case_problems(*state, "  command: p ${}\n"),
		"s.yaml:4:12: nothing is called ${}; expected a parameter, a variable or "
		"${env:NAME} "
		"($${ is a literal ${)\n");
	assert_string_equal(suite_case_problems(*state, "  command: p ${a\n"),
		"s.yaml:4:12: ${ is not closed; expected ${name}, or $${ for a literal ${\n");
}

static void
reports_where_a_variable_is_written(void **state)
{
	assert_string_equal(
		suite_case_problems(*state, "  command: p ${a}\n  vars:\n    a: x ${nope}\n"),
		"s.yaml:6:8: nothing is called ${nope}; expected a parameter, a variable or "
		"${env:NAME} ($${ is a literal ${)\n");
}

static void
refuses_circles(void **state)
{
	assert_string_equal(suite_case_problems(*state, "  command: p ${a}\n"
							"  vars:\n"
							"    a: ${b}\n"
							"    b: x ${a}\n"),
		"s.yaml:6:8: ${a} goes round in a circle; expected it to end in a text\n");
	assert_string_equal(suite_case_problems(*state, "  command: p ${a}\n  vars: {a: '${a}'}\n"),
		"s.yaml:5:13: ${a} goes round in a circle; expected it to end in a text\n");
}

static void
refuses_endless_work(void **state)
{
	struct fixture *fixture = *state;
	const char *vars = "";

	/* Ten of the next, nine levels deep; the last of them says something, or nothing. */
	for (int i = 0; i < 9; i++)
		vars = tare_arena_printf(fixture->arena,
			"%s    v%d: ${v%d}${v%d}${v%d}${v%d}${v%d}${v%d}${v%d}${v%d}${v%d}${v%d}\n",
			vars, i, i + 1, i + 1, i + 1, i + 1, i + 1, i + 1, i + 1, i + 1, i + 1,
			i + 1);
	assert_string_equal(suite_case_problems(fixture,
				    tare_arena_printf(fixture->arena,
					    "  command: p ${v0}\n  vars:\n%s    v9: ''\n", vars)),
		"s.yaml:14:9: replacing names takes more than 10000 steps; expected fewer names in "
		"names\n");
}

static void
refuses_long_texts_and_deep_variables(void **state)
{
	struct fixture *fixture = *state;
	char *filler = tare_arena_alloc(fixture->arena, 4001, 1);
	const char *text = "";

	memset(filler, 'x', 4000);
	for (int i = 0; i < 300; i++)
		text = tare_arena_printf(fixture->arena, "%s${a}", text);
	assert_string_equal(suite_case_problems(fixture,
				    tare_arena_printf(fixture->arena,
					    "  shell: %s\n  vars: {a: %s}\n", text, filler)),
		"s.yaml:4:10: text longer than 1048576 bytes after replacing names; expected "
		"less\n");
	text = "";
	for (int i = 0; i < 40; i++)
		text = tare_arena_printf(fixture->arena, "%s    v%d: ${v%d}\n", text, i, i + 1);
	assert_string_equal(suite_case_problems(fixture,
				    tare_arena_printf(fixture->arena,
					    "  command: p ${v0}\n  vars:\n%s    v40: x\n", text)),
		"s.yaml:38:10: variables nested more than 32 deep; expected less\n");
}

static void
knows_no_scratch_directory_while_building(void **state)
{
	assert_string_equal(
		suite_case_problems(*state, "  command: p\n  build: touch ${scratch_dir}/x\n"),
		"s.yaml:5:10: ${scratch_dir} is not known here; expected ${work_dir} for what is "
		"there before a case begins\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			replaces_names_after_splitting, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			replaces_names_in_lists_scripts_and_mappings, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(knows_its_own_names, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			takes_the_nearest_of_several_meanings, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			prefers_parameters_to_variables, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			reads_environment_variables, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			reports_names_that_nobody_defined, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			reports_where_a_variable_is_written, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(refuses_circles, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(refuses_endless_work, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_long_texts_and_deep_variables, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			knows_no_scratch_directory_while_building, suite_setup, suite_teardown),
	};

	return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
