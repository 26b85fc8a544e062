#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/suite/fixture.h"

static void
reads_names_and_mappings_in_one_list(void **state)
{
	const struct tare_plan *plan =
		suite_plan(*state, "suite: t\n"
				   "variants: [base, {name: 'my head', env: {A: b}, tags: new}]\n"
				   "benchmarks: [{name: b, command: p}]\n");

	assert_int_equal(plan->case_count, 2);
	assert_string_equal(plan->cases[0].name, "b@base");
	assert_string_equal(plan->cases[1].name, "b@my head");
	assert_null(suite_env(&plan->cases[0].program, "A"));
	assert_string_equal(suite_env(&plan->cases[1].program, "A"), "b");
	assert_int_equal(plan->cases[0].tag_count, 0);
	assert_string_equal(plan->cases[1].tags[0], "new");
}

static void
reads_a_mapping_of_names(void **state)
{
	const struct tare_plan *plan = suite_plan(*state,
		"suite: t\n"
		"benchmarks: [{name: b, command: p, variants: {z: , a: {command: q}}}]\n");

	assert_string_equal(plan->cases[0].name, "b@z");
	assert_string_equal(plan->cases[1].name, "b@a");
	assert_string_equal(plan->cases[1].program.argv[0], "q");
}

static void
refuses_what_a_variant_cannot_be(void **state)
{
	static const struct {
		const char *variants;
		const char *problem;
	} rows[] = {
		{"[]", "13: variants is an empty list; expected a list of variants"},
		{"{}", "13: variants is an empty mapping; expected a mapping of names and "
		       "variants"},
		{"v", "13: variants is \"v\"; expected a list of variants, or a mapping of names "
		      "and "
		      "variants"},
		{"[[a]]", "14: an item of variants is a list; expected a name, or a mapping with "
			  "name "
			  "and what is different"},
		{"[{command: x}]", "14: no `name` in variant; expected a name"},
		{"['${a}']", "14: an item of variants is \"${a}\"; expected a fixed name, to which "
			     "parameters are added"},
		{"[' a']", "14: an item of variants is \" a\"; expected one line without blanks "
			   "around it"},
		{"{a: x}",
			"17: variants \"a\" is \"x\"; expected a mapping of what is different, or "
			"nothing"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
			suite_case_problems(fixture,
				tare_arena_printf(fixture->arena, "  command: p\n  variants: %s\n",
					rows[i].variants)),
			tare_arena_printf(fixture->arena, "s.yaml:5:%s\n", rows[i].problem));
}

static void
refuses_names_given_twice(void **state)
{
	assert_string_equal(
		suite_case_problems(*state, "  command: p\n  variants: [v, {name: v}]\n"),
		"s.yaml:5:17: variant \"v\" again; expected each name once, as in line 5\n");
	assert_string_equal(suite_problems(*state, "suite: t\nbenchmarks:\n"
						   "- {name: b, command: x}\n"
						   "- {name: b, command: x}\n"),
		"s.yaml:4:10: benchmark \"b\" again; expected each name once, and it is in "
		"s.yaml:3\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			reads_names_and_mappings_in_one_list, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			reads_a_mapping_of_names, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_what_a_variant_cannot_be, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_names_given_twice, suite_setup, suite_teardown),
	};

	return cmocka_run_group_tests_name("variants", tests, NULL, NULL);
}
