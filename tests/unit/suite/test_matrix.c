#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite/fixture.h"

/* The names of all cases, a line each. */
static const char *
names_of(struct fixture *fixture, const char *matrix)
{
	const struct tare_plan *plan = suite_plan(fixture,
		tare_arena_printf(fixture->arena,
			"suite: t\nbenchmarks:\n- name: b\n  command: p\n  matrix:\n%s", matrix));
	const char *text = "";

	for (size_t i = 0; i < plan->case_count; i++)
		text = tare_arena_printf(fixture->arena, "%s%s\n", text, plan->cases[i].name);
	return text;
}

static const char *
problems_of(struct fixture *fixture, const char *matrix)
{
	return suite_case_problems(
		fixture, tare_arena_printf(fixture->arena, "  command: p\n  matrix:\n%s", matrix));
}

static void
multiplies_values_in_the_order_written(void **state)
{
	assert_string_equal(names_of(*state, "    level: [6, 1]\n    input: [text, random]\n"),
		"b[level=6,input=text]\n"
		"b[level=6,input=random]\n"
		"b[level=1,input=text]\n"
		"b[level=1,input=random]\n");
}

static void
keeps_values_as_written(void **state)
{
	assert_string_equal(names_of(*state, "    v: [1.10, true, 007, '', no]\n"),
		"b[v=1.10]\nb[v=true]\nb[v=007]\nb[v=]\nb[v=no]\n");
}

static void
excludes_by_any_part_of_a_point(void **state)
{
	assert_string_equal(names_of(*state, "    a: [1, 2, 3]\n    b: [x, y]\n"
					     "    exclude: [{a: 2}, {a: 3, b: x}]\n"),
		"b[a=1,b=x]\nb[a=1,b=y]\nb[a=3,b=y]\n");
}

static void
includes_as_github_actions_does(void **state)
{
	/* The example of its documentation, in short. */
	assert_string_equal(names_of(*state, "    fruit: [apple, pear]\n"
					     "    animal: [cat, dog]\n"
					     "    include:\n"
					     "    - {color: green}\n"
					     "    - {color: pink, animal: cat}\n"
					     "    - {fruit: apple, shape: circle}\n"
					     "    - {fruit: banana}\n"
					     "    - {fruit: banana, animal: cat}\n"),
		"b[fruit=apple,animal=cat,color=pink,shape=circle]\n"
		"b[fruit=apple,animal=dog,color=green,shape=circle]\n"
		"b[fruit=pear,animal=cat,color=pink]\n"
		"b[fruit=pear,animal=dog,color=green]\n"
		"b[fruit=banana]\n"
		"b[fruit=banana,animal=cat]\n");
}

static void
makes_points_of_includes_alone(void **state)
{
	assert_string_equal(
		names_of(*state, "    include: [{a: 1, b: 2}, {a: 3}]\n"), "b[a=1,b=2]\nb[a=3]\n");
}

static void
replaces_variables_in_values(void **state)
{
	const struct tare_plan *plan = suite_plan(*state, "suite: t\n"
							  "benchmarks:\n"
							  "- name: b\n"
							  "  vars: {v: w}\n"
							  "  matrix: {a: ['${v}${benchmark}']}\n"
							  "  command: p ${a}\n"
							  "- name: c\n"
							  "  command: p\n");

	assert_string_equal(plan->cases[0].name, "b[a=wb]");
	assert_string_equal(plan->cases[0].program.argv[1], "wb");
	assert_string_equal(plan->cases[1].name, "c");
}

static void
takes_the_matrix_of_the_suite_or_its_own(void **state)
{
	const struct tare_plan *plan =
		suite_plan(*state, "suite: t\n"
				   "matrix: {a: [1, 2]}\n"
				   "benchmarks:\n"
				   "- {name: b, command: p}\n"
				   "- {name: c, command: p, matrix: {z: [0]}}\n"
				   "- {name: d, command: p}\n");

	assert_int_equal(plan->case_count, 5);
	assert_string_equal(plan->cases[1].name, "b[a=2]");
	assert_string_equal(plan->cases[2].name, "c[z=0]");
	assert_string_equal(plan->cases[4].name, "d[a=2]");
	plan = suite_plan(*state, "suite: t\n"
				  "defaults: {matrix: {a: [1]}}\n"
				  "benchmarks: [{name: b, command: p}]\n");
	assert_string_equal(plan->cases[0].name, "b[a=1]");
	assert_string_equal(suite_problems(*state, "suite: t\n"
						   "matrix: {a: [1]}\n"
						   "defaults: {matrix: {a: [1]}}\n"
						   "benchmarks: [{name: b, command: p}]\n"),
		"s.yaml:3:20: matrix in defaults and in the suite; expected one of them\n");
}

static void
takes_from_and_adds_to_the_matrix_of_the_suite(void **state)
{
	const struct tare_plan *plan =
		suite_plan(*state, "suite: t\n"
				   "matrix:\n"
				   "  a: [1, 2, '${w}']\n"
				   "  exclude: [{a: 1}]\n"
				   "  include: [{a: 9}]\n"
				   "vars: {w: 3}\n"
				   "benchmarks:\n"
				   "- {name: b, command: p, matrix: {exclude: [{a: 2}]}}\n"
				   "- {name: c, command: p, matrix: {include: [{a: 2, z: y}]}}\n"
				   "- {name: d, command: p}\n");
	static const char *const names[] = {
		"b[a=3]", "b[a=9]", "c[a=2,z=y]", "c[a=3]", "c[a=9]", "d[a=2]", "d[a=3]", "d[a=9]"};

	assert_int_equal(plan->case_count, 8);
	for (size_t i = 0; i < 8; i++)
		assert_string_equal(plan->cases[i].name, names[i]);
	assert_string_equal(
		suite_problems(*state,
			"suite: t\n"
			"matrix: {a: [1], exclude: [{a: 2}]}\n"
			"benchmarks:\n"
			"- {name: b, command: p, matrix: {exclude: [{b: 1}, {a: 1}]}}\n"),
		"s.yaml:4:45: exclude names \"b\", which the matrix does not have; expected "
		"one of its parameters; did you mean \"a\"?\n");
}

static void
reports_what_is_wrong(void **state)
{
	assert_string_equal(problems_of(*state, "    a: 1\n"),
		"s.yaml:6:8: matrix \"a\" is text; expected a list of values\n");
	assert_string_equal(problems_of(*state, "    a: []\n"),
		"s.yaml:6:8: matrix \"a\" is an empty list; expected a list of values\n");
	assert_string_equal(problems_of(*state, "    a: [[1]]\n"),
		"s.yaml:6:9: an item of matrix \"a\" is a list; expected a text, number, true or "
		"false\n");
	assert_string_equal(problems_of(*state, "    level: [1]\n    exclude: [{levl: 1}]\n"),
		"s.yaml:7:16: exclude names \"levl\", which the matrix does not have; expected one "
		"of its parameters; did you mean \"level\"?\n");
	assert_string_equal(problems_of(*state, "    a: [1]\n    exclude: [{a: 1}]\n"),
		"s.yaml:6:5: matrix without a point; expected exclude to leave one\n");
	assert_string_equal(problems_of(*state, "    1a: [1]\n"),
		"s.yaml:6:5: a name in matrix is \"1a\"; expected a letter, then letters, digits, "
		"_ "
		"or -, at most 64\n");
	assert_string_equal(problems_of(*state, "    a: [\"x\\ny\"]\n"),
		"s.yaml:6:9: an item of matrix \"a\" is \"x\\ny\"; expected one line of at most "
		"200 "
		"bytes\n");
}

static void
refuses_points_that_look_the_same(void **state)
{
	assert_string_equal(problems_of(*state, "    a: [1, 2, 1]\n"),
		"s.yaml:3:3: case \"b[a=1]\" again; expected parameters that tell the points "
		"apart\n");
}

static void
refuses_more_points_than_anybody_runs(void **state)
{
	struct fixture *fixture = *state;
	const char *list = "0";

	for (int i = 1; i < 400; i++)
		list = tare_arena_printf(fixture->arena, "%s, %d", list, i);
	assert_string_equal(problems_of(fixture, tare_arena_printf(fixture->arena,
							 "    a: [%s]\n    b: [%s]\n    c: [%s]\n",
							 list, list, list)),
		"s.yaml:6:5: matrix with more than 100000 points; expected fewer\n");
}

/* A list of so many items, # being the number of each. */
static const char *
numbers(struct fixture *fixture, const char *format, size_t count)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	const char *copy;

	assert_non_null(out);
	fputc('[', out);
	for (size_t i = 0; i < count; i++) {
		for (const char *at = format; *at; at++) {
			if (*at == '#')
				fprintf(out, "%zu", i);
			else
				fputc(*at, out);
		}
		fputs(i + 1 < count ? ", " : "", out);
	}
	fputc(']', out);
	fclose(out);
	copy = tare_arena_strdup(fixture->arena, text);
	free(text);
	return copy;
}

static void
refuses_matrices_that_take_too_long(void **state)
{
	static const char wanted[] =
		"s.yaml:6:5: matrix that takes too long to multiply out; expected fewer points, "
		"parameters, or entries of exclude and include\n";
	struct fixture *fixture = *state;
	const char *points = tare_arena_printf(fixture->arena, "    a: %s\n    b: %s\n",
		numbers(fixture, "#", 300), numbers(fixture, "#", 300));
	const char *text = points;

	for (size_t i = 0; i < 200; i++)
		text = tare_arena_printf(fixture->arena, "%s    p%zu: [1]\n", text, i);
	assert_string_equal(problems_of(fixture, text), wanted);
	text = tare_arena_printf(fixture->arena, "%s    exclude: %s\n", points,
		numbers(fixture, "{a: 0, b: #x}", 600));
	assert_string_equal(problems_of(fixture, text), wanted);
	text = tare_arena_printf(
		fixture->arena, "%s    include: %s\n", points, numbers(fixture, "{c#: 1}", 100));
	assert_string_equal(problems_of(fixture, text), wanted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			multiplies_values_in_the_order_written, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			keeps_values_as_written, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			excludes_by_any_part_of_a_point, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			includes_as_github_actions_does, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			makes_points_of_includes_alone, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			replaces_variables_in_values, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			takes_the_matrix_of_the_suite_or_its_own, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(takes_from_and_adds_to_the_matrix_of_the_suite,
			suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(reports_what_is_wrong, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_points_that_look_the_same, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_more_points_than_anybody_runs, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_matrices_that_take_too_long, suite_setup, suite_teardown),
	};

	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
