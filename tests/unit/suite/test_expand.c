#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite/fixture.h"

static void
orders_cases_by_benchmark_point_and_variant(void **state)
{
	const struct tare_plan *plan = suite_plan(*state,
		"suite: t\n"
		"variants: [base, head]\n"
		"benchmarks:\n"
		"- {name: a, command: p, matrix: {n: [1, 2]}}\n"
		"- {name: b, command: p, variants: {x: , y: {critical: true}}}\n");
	static const char *const names[] = {
		"a[n=1]@base", "a[n=1]@head", "a[n=2]@base", "a[n=2]@head", "b@x", "b@y"};

	assert_int_equal(plan->case_count, 6);
	assert_int_equal(plan->group_count, 3);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(plan->cases[i].name, names[i]);
		assert_int_equal(plan->cases[i].index, i);
		assert_int_equal(plan->cases[i].group, i / 2);
	}
	assert_string_equal(plan->groups[1].name, "a[n=2]");
	assert_int_equal(plan->groups[1].first_case, 2);
	assert_int_equal(plan->groups[1].case_count, 2);
	assert_false(plan->groups[1].exclusive);
	assert_string_equal(plan->cases[2].parameters[0].name, "n");
	assert_string_equal(plan->cases[2].parameters[0].value, "2");
	assert_false(plan->cases[4].critical);
	assert_true(plan->cases[5].critical);
}

static void
has_one_variant_without_a_name_by_default(void **state)
{
	const struct tare_case *one = suite_case(*state, "  command: p\n");

	assert_string_equal(one->variant, "");
	assert_string_equal(one->name, "b");
	assert_string_equal(one->runner, "host");
	assert_null(one->cpus);
}

static void
takes_samples_and_resources_as_groups_of_the_same_keys(void **state)
{
	static const char suite[] =
		"suite: t\n"
		"defaults: {samples: {warmup: 1, timeout: none}, resources: {cpus: 3}}\n"
		"environments:\n"
		"  ci:\n"
		"    runner: replay\n"
		"    resources: {cpus: 2-3}\n"
		"    samples: {invocations: {min: 4, max: 5}, warmup: 2, precision: 5%,\n"
		"      max_time: 3s, timeout: 4s, on_disturbance: repeat}\n"
		"benchmarks:\n"
		"- {name: a, replay: {wall: 1ms}}\n"
		"- {name: b, replay: {wall: 1ms}, warmup: 7, samples: {max_time: 9s}}\n";
	struct fixture *fixture = *state;
	const struct tare_plan *plan = NULL;

	fixture->options.environment = "ci";
	plan = suite_plan(fixture, suite);
	assert_string_equal(plan->cases[0].cpus, "2-3");
	assert_int_equal(plan->cases[0].invocations_min, 4);
	assert_int_equal(plan->cases[0].invocations_max, 5);
	assert_int_equal(plan->cases[0].warmup, 2);
	assert_true(plan->cases[0].precision == 0.05);
	assert_int_equal(plan->cases[0].max_time_ns, UINT64_C(3000000000));
	assert_true(plan->cases[0].repeats_disturbed);
	assert_int_equal(plan->cases[0].program.timeout_ns, UINT64_C(4000000000));
	assert_int_equal(plan->cases[1].warmup, 7);
	assert_int_equal(plan->cases[1].max_time_ns, UINT64_C(9000000000));
	fixture->options.environment = "development";
	plan = suite_plan(fixture, suite);
	assert_string_equal(plan->cases[0].cpus, "3");
	assert_int_equal(plan->cases[0].warmup, 1);
	assert_false(plan->cases[0].repeats_disturbed);
}

static void
checks_what_is_in_a_group_like_the_key_outside(void **state)
{
	assert_string_equal(
		suite_problems(*state, "suite: t\n"
				       "environments:\n"
				       "  ci:\n"
				       "    samples: {warmup: many, invocation: 3, cpus: 2}\n"
				       "    resources: 4\n"
				       "benchmarks:\n"
				       "- {name: b, command: p, warmup: 1, samples: {warmup: 2}}\n"
				       "- {name: c, command: p, samples: {max_time: \"${x}\"}}\n"),
		"s.yaml:4:23: warmup is \"many\"; expected a whole number, 0 to 1000000\n"
		"s.yaml:4:29: unknown key \"invocation\" in samples; did you mean "
		"\"invocations\"?\n"
		"s.yaml:4:44: key \"cpus\" does not belong in samples; expected it in a "
		"benchmark, `defaults`, a variant, an environment, `resources`\n"
		"s.yaml:5:16: resources is text; expected a mapping such as {cpus: 2, memory: "
		"512MiB}\n"
		"s.yaml:7:46: warmup in samples and in benchmark; expected it once\n"
		"s.yaml:8:45: nothing is called ${x}; expected a parameter, a variable or "
		"${env:NAME} ($${ is a literal ${)\n");
}

static enum tare_status
only_host(const char *key, const char *text, struct tare_err *err)
{
	if (strcmp(text, "host") == 0)
		return TARE_OK;
	return tare_err_set(err, TARE_INVALID, "no %s is \"%s\"", key, text);
}

static void
says_everything_that_is_wrong_at_once(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.check_value = only_host;
	assert_string_equal(
		suite_problems(fixture, "suite: t\n"
					"colour: red\n"
					"benchmarks:\n"
					"- {name: a, command: \"p ${nope}\", timeot: 3s}\n"
					"- {name: a, command: p, invocations: {min: 9, max: 3}}\n"
					"- {name: c}\n"
					"- {name: d, command: \"${env:UNSET}\", variants: [x, x]}\n"
					"- {name: e, command: p, metrics: {m: {regex: \"((\"}}}\n"
					"- {name: f, comand: p}\n"
					"- {name: g, command: p, runner: hots, cpus: sprad:2}\n"
					"- {name: h, command: p, matrix: {n: [1, 1]}}\n"),
		"s.yaml:2:1: unknown key \"colour\" in suite; expected one of suite, description, "
		"include, vars, defaults, environments, variants, matrix, gate, correct, "
		"counter_groups, "
		"benchmarks\n"
		"s.yaml:4:22: nothing is called ${nope}; expected a parameter, a variable or "
		"${env:NAME} ($${ is a literal ${)\n"
		"s.yaml:4:35: unknown key \"timeot\" in benchmark; did you mean \"timeout\"?\n"
		"s.yaml:5:10: benchmark \"a\" again; expected each name once, and it is in "
		"s.yaml:4\n"
		"s.yaml:5:38: min 9 is more than max 3; expected it the other way round\n"
		"s.yaml:6:3: nothing to run in benchmark \"c\"; expected command, shell or "
		"replay\n"
		"s.yaml:7:22: environment variable UNSET is not set; expected a value, or "
		"${env:UNSET:-text}\n"
		"s.yaml:7:52: variant \"x\" again; expected each name once, as in line 7\n"
		"s.yaml:8:46: regex is not a regular expression: Unmatched ( or \\(; expected "
		"POSIX extended syntax\n"
		"s.yaml:9:13: unknown key \"comand\" in benchmark; did you mean \"command\"?\n"
		"s.yaml:10:33: no runner is \"hots\"\n"
		"s.yaml:10:45: cpus is \"sprad:2\"; did you mean \"spread:2\"?\n"
		"s.yaml:11:3: case \"h[n=1]\" again; expected parameters that tell the points "
		"apart\n");
}

/* A name that is missing because of a problem that is told is no second problem. */
static void
does_not_complain_of_what_a_known_problem_took_away(void **state)
{
	static const char *const suites[] = {
		"vars: {x: 1}\nvarz: {y: 1}\nbenchmarks: [{name: b, command: \"${x} ${y}\"}]\n",
		("defalts: {vars: {y: 1}, command: p}\n"
		 "benchmarks: [{name: b}, {name: c, shell: \"${y}\"}]\n"),
		"benchmarks: [{name: b, params: {y: [1]}, command: \"${y}\"}]\n",
		"benchmarks: [{name: b, matrix: {y: [[1]]}, command: \"${y}\"}]\n",
		"matrix: {y: [[1]]}\nbenchmarks: [{name: b, command: \"${y}\"}]\n",
		"includes: x.yaml\nbenchmarks: [{name: b}, {name: c, command: \"${y}\"}]\n",
		"include: absent.yaml\nbenchmarks: [{name: b}, {name: c, command: \"${y}\"}]\n",
		"vars: [y]\nbenchmarks: [{name: b, command: \"${y}\"}]\n",
		"benchmarks: [{name: b, command: \"${y}\", variants: [{name: v, var: {y: 1}}]}]\n",
		"benchmarks: [{name: b, cmd: p}]\n",
		"benchmarks: [{name: b, vars: {a: 1}, vars: {y: 1}, command: \"${y}\"}]\n",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		suite_problems(
			fixture, tare_arena_printf(fixture->arena, "suite: t\n%s", suites[i]));
		if (fixture->problems.total != 1)
			print_error("%s%s\n", suites[i], fixture->problems.texts[1]);
		assert_int_equal(fixture->problems.total, 1);
	}
}

static void
looks_into_the_environments_that_are_not_picked(void **state)
{
	static const char suite[] = "suite: t\n"
				    "environments:\n"
				    "  development: {vars: {token: none}}\n"
				    "  ci: {vars: {token: \"${env:CI_TOKEN}\"}, runner: x}\n"
				    "  lab: {invocations: {min: 9, max: 3}}\n"
				    "benchmarks: [{name: b, command: \"p ${token}\"}]\n";
	struct fixture *fixture = *state;

	fixture->options.check_value = only_host;
	assert_string_equal(suite_problems(fixture, suite), "");
	fixture->options.all_environments = true;
	assert_string_equal(suite_problems(fixture, suite),
		"s.yaml:4:50: no runner is \"x\"\n"
		"s.yaml:5:22: min 9 is more than max 3; expected it the other way round\n"
		"s.yaml:6:33: nothing is called ${token}; expected a parameter, a variable or "
		"${env:NAME} ($${ is a literal ${)\n");
}

static void
bounds_tags_and_environments(void **state)
{
	struct fixture *fixture = *state;
	const char *tags = "t0";
	const char *environments = "";

	for (int i = 1; i <= TARE_SUITE_TAG_MAX; i++)
		tags = tare_arena_printf(fixture->arena, "%s, t%d", tags, i);
	assert_string_equal(
		suite_case_problems(fixture,
			tare_arena_printf(fixture->arena, "  command: p\n  tags: [%s]\n", tags)),
		"s.yaml:3:3: 201 tags; expected at most 200\n");
	for (int i = 0; i <= TARE_SUITE_ENVIRONMENT_MAX; i++)
		environments = tare_arena_printf(fixture->arena, "%s  e%d:\n", environments, i);
	assert_string_equal(
		suite_problems(fixture,
			tare_arena_printf(fixture->arena,
				"suite: t\nenvironments:\n%sbenchmarks: [{name: b, command: p}]\n",
				environments)),
		"s.yaml:203:3: more than 200 environments; expected fewer\n");
}

static void
lets_the_stronger_level_win(void **state)
{
	struct fixture *fixture = *state;
	static const char suite[] =
		"suite: t\n"
		"defaults: {warmup: 1, precision: 1%, max_time: 1s, timeout: 1s}\n"
		"environments:\n"
		"  ci: {precision: 2%, max_time: 2s, timeout: 2s}\n"
		"benchmarks:\n"
		"- name: b\n"
		"  command: p\n"
		"  max_time: 3s\n"
		"  timeout: 3s\n"
		"  variants: [v, {name: w, timeout: 4s, command: q}]\n";
	const struct tare_plan *plan = NULL;

	fixture->options.environment = "ci";
	plan = suite_plan(fixture, suite);
	assert_int_equal(plan->cases[0].warmup, 1);
	assert_true(plan->cases[0].precision == 0.02);
	assert_int_equal(plan->cases[0].max_time_ns, UINT64_C(3000000000));
	assert_int_equal(plan->cases[0].program.timeout_ns, UINT64_C(3000000000));
	assert_int_equal(plan->cases[1].program.timeout_ns, UINT64_C(4000000000));
	assert_string_equal(plan->cases[1].program.argv[0], "q");
	fixture->options.max_time = "7s";
	fixture->options.cpus = "0-1";
	fixture->options.invocations = "20";
	fixture->options.runner = "slurm";
	plan = suite_plan(fixture, suite);
	assert_int_equal(plan->cases[0].max_time_ns, UINT64_C(7000000000));
	assert_string_equal(plan->cases[0].cpus, "0-1");
	assert_string_equal(plan->cases[0].runner, "slurm");
	assert_int_equal(plan->cases[0].invocations_max, 20);
	assert_false(plan->cases[0].invocations_auto);
}

static void
lets_a_variant_replace_what_runs(void **state)
{
	const struct tare_plan *plan =
		suite_plan(*state, "suite: t\n"
				   "defaults: {shell: s}\n"
				   "benchmarks:\n"
				   "- {name: b, command: p, variants: [v, {name: w, shell: x}, "
				   "{name: r, replay: {wall: "
				   "1ms}}]}\n"
				   "- {name: c}\n");

	assert_string_equal(plan->cases[0].program.argv[0], "p");
	assert_string_equal(plan->cases[1].program.argv[3], "x");
	assert_string_equal(plan->cases[2].runner, "replay");
	assert_string_equal(plan->cases[3].program.argv[3], "s");
}

static void
reads_how_often(void **state)
{
	static const struct {
		const char *text;
		bool is_auto;
		uint32_t min;
		uint32_t max;
	} rows[] = {
		{"", true, 6, 1000},
		{"  invocations: auto\n", true, 6, 1000},
		{"  invocations: 20\n", false, 20, 20},
		{"  invocations: {min: 10, max: 30}\n", true, 10, 30},
		{"  invocations: {min: 2000}\n", true, 2000, 2000},
		{"  invocations: {max: 3}\n", true, 3, 3},
		{"  invocations: {max: 30}\n", true, 6, 30},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tare_case *one = suite_case(fixture,
			tare_arena_printf(fixture->arena, "  command: p\n%s", rows[i].text));

		assert_int_equal(one->invocations_auto, rows[i].is_auto);
		assert_int_equal(one->invocations_min, rows[i].min);
		assert_int_equal(one->invocations_max, rows[i].max);
	}
	assert_string_equal(
		suite_case_problems(fixture, "  command: p\n  invocations: {min: 5, max: 4}\n"),
		"s.yaml:5:16: min 5 is more than max 4; expected it the other way round\n");
}

#define TAGGED                                                                   \
	"suite: t\ndefaults: {tags: all}\nvariants: [base, head]\nbenchmarks:\n" \
	"- {name: one, command: p, tags: [fast, all]}\n"                         \
	"- {name: two, command: p, matrix: {n: [1, 2]}}\n"

static void
selects_cases(void **state)
{
	static const struct {
		const char *pattern;
		size_t count;
		const char *first;
	} rows[] = {
		{"one@head", 1, "one@head"},
		{"one", 2, "one@base"},
		{"two*", 4, "two[n=1]@base"},
		{"two[n=2]", 2, "two[n=2]@base"},
		{"*@head", 3, "one@head"},
		{"tag:fast", 2, "one@base"},
		{"tag:a*", 6, "one@base"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tare_plan *plan = NULL;

		fixture->options.only = &rows[i].pattern;
		fixture->options.only_count = 1;
		plan = suite_plan(fixture, TAGGED);
		assert_int_equal(plan->case_count, rows[i].count);
		assert_string_equal(plan->cases[0].name, rows[i].first);
	}
}

static void
refuses_a_selection_of_nothing(void **state)
{
	static const char *const only[] = {"one", "tag:slow"};
	struct fixture *fixture = *state;

	fixture->options.only = only;
	fixture->options.only_count = 2;
	assert_string_equal(suite_problems(fixture, TAGGED),
		"--only: no case is like \"tag:slow\"; expected a case, a benchmark or tag:NAME, "
		"in "
		"which * and ? stand for others\n");
}

static void
joins_tags(void **state)
{
	const struct tare_plan *plan = suite_plan(*state, TAGGED);

	assert_int_equal(plan->cases[0].tag_count, 2);
	assert_string_equal(plan->cases[0].tags[0], "all");
	assert_string_equal(plan->cases[0].tags[1], "fast");
	assert_int_equal(plan->cases[2].tag_count, 1);
}

static void
names_folders_safely(void **state)
{
	struct fixture *fixture = *state;
	const struct tare_plan *plan =
		suite_plan(fixture, "suite: '../a b/$(x)'\nbenchmarks: [{name: b, command: x}]\n");
	const char *end = strstr(plan->work_dir, "/.tare/work_dir/");

	assert_non_null(end);
	assert_string_equal(end, "/.tare/work_dir/-.-a-b---x-");
	assert_non_null(strstr(plan->cases[0].scratch_dir, "/.tare/scratch/case-0"));
}

static void
refuses_more_cases_than_anybody_runs(void **state)
{
	struct fixture *fixture = *state;
	const char *list = "0";

	for (int i = 1; i < 300; i++)
		list = tare_arena_printf(fixture->arena, "%s, %d", list, i);
	assert_string_equal(
		suite_case_problems(fixture,
			tare_arena_printf(fixture->arena,
				"  command: p\n  matrix: {a: [%s], b: [%s]}\n  variants: [x, y]\n",
				list, list)),
		"s.yaml:3:3: more than 100000 cases; expected fewer\n");
}

static void
expands_ten_thousand_benchmarks(void **state)
{
	struct fixture *fixture = *state;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	const struct tare_plan *plan = NULL;

	assert_non_null(out);
	fputs("suite: t\nvariants: [base, head]\nbenchmarks:\n", out);
	for (int i = 0; i < 10000; i++)
		fprintf(out, "- {name: b%d, command: p %d}\n", i, i);
	fclose(out);
	plan = suite_plan(fixture, text);
	free(text);
	assert_int_equal(plan->case_count, 20000);
	assert_string_equal(plan->cases[19999].name, "b9999@head");
	/* The same again: a suite is only read. */
	assert_int_equal(tare_suite_expand(&fixture->plan, &fixture->problems, fixture->arena,
				 fixture->suite, &fixture->options, &fixture->err),
		TARE_OK);
	assert_int_equal(fixture->plan->case_count, 20000);
}

static void
leaves_the_plan_alone_where_there_are_problems(void **state)
{
	struct fixture *fixture = *state;
	struct tare_plan *untouched = (struct tare_plan *)state;

	fixture->plan = untouched;
	suite_case_problems(fixture, "  command: p ${x}\n");
	assert_ptr_equal(fixture->plan, untouched);
	assert_int_equal(fixture->err.status, TARE_INVALID);
	suite_case_problems(fixture, "  description: d\n");
	assert_string_equal(fixture->err.text,
		"s.yaml:3:3: nothing to run in benchmark \"b\"; expected command, shell or replay");
	assert_ptr_equal(fixture->plan, untouched);
}

/* Says of each value that was asked for that it is not here. */
static enum tare_status
has_nothing(void *context, const char *key, const char *text, struct tare_err *err)
{
	size_t *asked = context;

	++*asked;
	return tare_err_set(err, TARE_UNSUPPORTED, "no %s %s here", key, text);
}

static void
asks_for_advice_on_what_is_measured_here(void **state)
{
	static const char *const expected[] = {"s.yaml:4:21: no cpus 2 here",
		"s.yaml:6:31: no numa local here", "s.yaml:7:19: no counters INST_RETIRED here",
		"s.yaml:9:13: no counters_required cycles here"};
	struct fixture *fixture = *state;
	size_t asked = 0;

	fixture->options.check_here = has_nothing;
	fixture->options.check_here_context = &asked;
	fixture->options.all_environments = true;
	suite_plan(fixture, "suite: t\ndefaults:\n  command: p\n  resources: {cpus: 2}\n"
			    "benchmarks:\n"
			    "- {name: a, resources: {numa: local},\n"
			    "  counters: [ipc, INST_RETIRED]}\n"
			    "- name: b\n"
			    "  counters: cycles\n"
			    "  counters_required: true\n"
			    "- {name: c, replay: {wall: 1ms}, resources: {cpus: 7}}\n"
			    "environments:\n"
			    "  production: {resources: {cpus: 8}}\n");
	assert_int_equal(fixture->problems.advice_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(fixture->problems.advice[i], expected[i]);
}

static void
keeps_where_cpus_and_memory_are_written(void **state)
{
	struct fixture *fixture = *state;
	const struct tare_case *one =
		suite_case(fixture, "  command: p\n  resources:\n    cpus: 2\n    numa: local\n");

	assert_string_equal(one->cpus_at, "s.yaml:6:11");
	assert_string_equal(one->numa_at, "s.yaml:7:11");
	fixture->options.cpus = "3";
	one = suite_case(fixture, "  command: p\n  resources: {cpus: 2}\n");
	assert_string_equal(one->cpus_at, "--cpus");
	assert_null(one->numa_at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			orders_cases_by_benchmark_point_and_variant, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			has_one_variant_without_a_name_by_default, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			takes_samples_and_resources_as_groups_of_the_same_keys, suite_setup,
			suite_teardown),
		cmocka_unit_test_setup_teardown(checks_what_is_in_a_group_like_the_key_outside,
			suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			says_everything_that_is_wrong_at_once, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(does_not_complain_of_what_a_known_problem_took_away,
			suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(looks_into_the_environments_that_are_not_picked,
			suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			bounds_tags_and_environments, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			lets_the_stronger_level_win, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			lets_a_variant_replace_what_runs, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(reads_how_often, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(selects_cases, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_a_selection_of_nothing, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(joins_tags, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(names_folders_safely, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_more_cases_than_anybody_runs, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			expands_ten_thousand_benchmarks, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			asks_for_advice_on_what_is_measured_here, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			keeps_where_cpus_and_memory_are_written, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(leaves_the_plan_alone_where_there_are_problems,
			suite_setup, suite_teardown),
	};

	return cmocka_run_group_tests_name("expand", tests, NULL, NULL);
}
