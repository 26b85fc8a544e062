#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "harness/stages/choose.h"

static const char *there;
static unsigned asked;

static enum tare_status
supported(const char *runner, struct tare_err *err)
{
	asked++;
	if (strcmp(runner, there) == 0)
		return TARE_OK;
	return tare_err_set(err, TARE_UNSUPPORTED, "%s is asleep", runner);
}

static int
setup(void **state)
{
	unsetenv("BENCHMARK_MODE");
	there = "";
	asked = 0;
	*state = tare_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	unsetenv("BENCHMARK_MODE");
	tare_arena_free(*state);
	return 0;
}

static void
decides_by_the_first_line_that_fits(void **state)
{
	static const struct {
		const char *mode, *baseline, *environment, *there, *runner, *reason;
	} table[] = {
		{"docker", "host", "production", "", "docker", "BENCHMARK_MODE=docker"},
		{"bare_metal", "docker", "ci", "docker", "host", "BENCHMARK_MODE=bare_metal"},
		{"", "host", "ci", "docker", "host", "as in the baseline"},
		{NULL, "podman", "production", "", "podman", "as in the baseline"},
		{NULL, NULL, "production", "docker", "host", "environment production"},
		{NULL, NULL, "ci", "", "docker", "environment ci"},
		{NULL, NULL, "development", "docker", "docker",
			"environment development, and docker answers"},
		{NULL, NULL, "lab", "podman", "podman", "environment lab, and podman answers"},
		{NULL, NULL, "development", "", "host", "no container engine: docker is asleep"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct tare_choice_grounds grounds = {.mode = table[i].mode,
			.baseline_runner = table[i].baseline,
			.environment = table[i].environment,
			.supported = supported};
		struct tare_choice choice = {0};

		there = table[i].there;
		assert_int_equal(tare_runner_choose(&choice, *state, &grounds, NULL), TARE_OK);
		assert_string_equal(choice.runner, table[i].runner);
		assert_string_equal(choice.reason, table[i].reason);
	}
}

static void
asks_no_engine_where_that_decides_nothing(void **state)
{
	const struct tare_choice_grounds grounds = {.environment = "ci", .supported = supported};
	struct tare_choice choice = {0};

	assert_int_equal(tare_runner_choose(&choice, *state, &grounds, NULL), TARE_OK);
	assert_int_equal(asked, 0);
}

static void
refuses_a_mode_it_does_not_know(void **state)
{
	const struct tare_choice_grounds grounds = {.mode = "metal", .environment = "ci"};
	struct tare_choice choice = {0};
	struct tare_err err = {0};

	assert_int_equal(tare_runner_choose(&choice, *state, &grounds, &err), TARE_INVALID);
	assert_string_equal(err.text, "BENCHMARK_MODE is 'metal'; expected docker or bare_metal");
	assert_null(choice.runner);
}

static void
tells_each_choice_once_and_leaves_what_was_named(void **state)
{
	static const struct tare_metric_rule rules[TARE_BUILTIN_METRIC_COUNT + 1] = {
		[TARE_BUILTIN_METRIC_COUNT] = {.source = TARE_SOURCE_RUNNER}};
	struct tare_case cases[3] = {
		{.name = "a", .runner = "auto"},
		{.name = "b", .runner = "replay"},
		{.name = "c", .runner = "auto"},
	};
	struct tare_plan plan = {.environment = "production", .cases = cases, .case_count = 3};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	cases[0].metric_count = TARE_BUILTIN_METRIC_COUNT + 1;
	cases[0].rules = (struct tare_metric_rule *)(uintptr_t)rules;
	assert_int_equal(tare_plan_choose_runners(&plan, *state, NULL, out, NULL), TARE_OK);
	fclose(out);
	assert_string_equal(text, "runner auto: host (environment production)\n");
	assert_string_equal(cases[0].runner, "host");
	assert_int_equal(cases[0].metric_count, TARE_BUILTIN_METRIC_COUNT);
	assert_string_equal(cases[1].runner, "replay");
	assert_string_equal(cases[2].runner, "host");
	free(text);
}

static void
does_as_the_baseline_did(void **state)
{
	struct tare_run_case before[] = {{.name = "a", .runner = "docker"},
		{.name = "b", .runner = "replay"}, {.name = "c", .runner = "elsewhere"}};
	struct tare_run base = {.cases = before, .case_count = 3};
	struct tare_case cases[4] = {
		{.name = "a", .runner = "auto"},
		{.name = "b", .runner = "auto"},
		{.name = "c", .runner = "auto"},
		{.name = "d", .runner = "auto"},
	};
	struct tare_plan plan = {.environment = "production", .cases = cases, .case_count = 4};

	assert_int_equal(tare_plan_choose_runners(&plan, *state, &base, NULL, NULL), TARE_OK);
	assert_string_equal(cases[0].runner, "docker");
	assert_string_equal(cases[1].runner, "host");
	assert_string_equal(cases[2].runner, "host");
	assert_string_equal(cases[3].runner, "host");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			decides_by_the_first_line_that_fits, setup, teardown),
		cmocka_unit_test_setup_teardown(
			asks_no_engine_where_that_decides_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_a_mode_it_does_not_know, setup, teardown),
		cmocka_unit_test_setup_teardown(
			tells_each_choice_once_and_leaves_what_was_named, setup, teardown),
		cmocka_unit_test_setup_teardown(does_as_the_baseline_did, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
