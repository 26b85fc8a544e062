#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "report/counting.h"
#include "report/summary.h"
#include "tests/support/sample_run.h"
#include "tests/unit/report/fixture.h"

static struct fixture *fixture;

static int
set_up(void **state)
{
	(void)state;
	fixture = fixture_counted();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_free(fixture);
	return 0;
}

static void
gathers_a_counter_over_the_cases(void **state)
{
	struct tare_counting_row *rows;
	size_t count;

	(void)state;
	tare_counting_read(&rows, &count, fixture->run->arena, fixture->run);
	assert_int_equal(count, 4);
	assert_string_equal(rows[0].name, "cycles");
	assert_int_equal(rows[0].case_count, 2);
	assert_int_equal(rows[0].counting.used, 3);
	assert_int_equal(rows[0].counting.invalid, 1);
	assert_true(rows[0].counting.coverage_min == 0.625);
	assert_string_equal(rows[3].counter->provider, "valgrind");
}

static void
keeps_what_came_from_elsewhere_apart(void **state)
{
	struct tare_counting_row *rows;
	struct tare_counter other =
		*fixture->run->cases[1].metrics[TARE_BUILTIN_METRIC_COUNT].counter;
	size_t count;

	(void)state;
	other.scope = "program and its descendants, without the kernel";
	fixture->run->cases[1].metrics[TARE_BUILTIN_METRIC_COUNT].counter = &other;
	tare_counting_read(&rows, &count, fixture->run->arena, fixture->run);
	assert_int_equal(count, 5);
	assert_string_equal(rows[0].name, "cycles");
	assert_string_equal(rows[4].name, "cycles");
	assert_string_equal(rows[4].counter->scope, other.scope);
	assert_int_equal(rows[4].case_count, 1);
}

static void
has_nothing_to_say_of_a_run_without_counters(void **state)
{
	struct fixture *typical = fixture_typical();
	struct tare_counting_row *rows;
	size_t count;
	char *text = fixture_report("text", &typical->input);

	(void)state;
	tare_counting_read(&rows, &count, typical->run->arena, typical->run);
	assert_int_equal(count, 0);
	assert_lacks(text, "provider");
	free(text);
	fixture_free(typical);
}

static void
says_how_much_of_the_time_was_counted(void **state)
{
	char text[TARE_COVERAGE_TEXT_MAX];

	(void)state;
	tare_coverage_text(
		text, &(struct tare_counting){.used = 4, .coverage_sum = 4.0, .coverage_min = 1.0});
	assert_string_equal(text, "100 %");
	tare_coverage_text(text,
		&(struct tare_counting){.used = 4, .coverage_sum = 3.999, .coverage_min = 0.999});
	assert_string_equal(text, "99 %");
	tare_coverage_text(text,
		&(struct tare_counting){.used = 2, .coverage_sum = 1.24, .coverage_min = 0.31});
	assert_string_equal(text, "62 % (at least 31 %)");
	tare_coverage_text(text, &(struct tare_counting){.thin = 3, .coverage_min = 1.0});
	assert_string_equal(text, "");
}

static void
says_why_values_are_missing(void **state)
{
	struct tare_arena *arena = fixture->run->arena;

	(void)state;
	assert_null(
		tare_counting_note(arena, &(struct tare_counting_row){.counting = {.used = 3}}));
	assert_string_equal(
		tare_counting_note(arena, &(struct tare_counting_row){.counting = {.thin = 2}}),
		"not used: 2 counted for less than 25 % of the time");
	assert_string_equal(
		tare_counting_note(
			arena, &(struct tare_counting_row){.counting = {.thin = 2, .invalid = 1}}),
		"not used: 2 counted for less than 25 % of the time, 1 whose task clock is not the "
		"program's CPU time");
	assert_string_equal(tare_counting_note(arena, &(struct tare_counting_row){.case_count = 3,
							      .undefined_count = 2}),
		"no value in 2 of 3 cases: the formula divides by zero, or its result is too "
		"large");
}

static void
add_derived_case(struct tare_run *run, const char *formula, const char *name)
{
	static struct tare_counter counted = {
		.quality = TARE_QUALITY_ACCOUNTED, .provider = "p", .event = "e", .scope = "s"};
	struct tare_counter *derived = tare_arena_alloc(run->arena, 1, sizeof(*derived));
	struct tare_metric *metrics = tare_arena_alloc(run->arena, 2, sizeof(*metrics));
	double **values = tare_arena_alloc(run->arena, 2, sizeof(*values));
	struct tare_run_case *one = &run->cases[run->case_count++];

	*derived = counted;
	derived->quality = TARE_QUALITY_DERIVED;
	derived->event = formula;
	metrics[0] = (struct tare_metric){.name = "faults", .counter = &counted};
	metrics[1] = (struct tare_metric){.name = name, .counter = derived};
	for (size_t i = 0; i < 2; i++) {
		values[i] = tare_arena_alloc(run->arena, 2, sizeof(**values));
		values[i][0] = values[i][1] = NAN;
	}
	values[0][1] = 7;
	*one = (struct tare_run_case){.metrics = metrics, .metric_count = 2};
	one->samples.values = values;
	one->samples.count = 2;
	one->counting = tare_arena_alloc(run->arena, 2, sizeof(*one->counting));
	one->counting[0].used = 1;
}

static void
says_that_a_formula_has_no_value(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_run_case cases[3] = {0};
	struct tare_run run = {.arena = arena, .cases = cases};
	struct tare_counting_row *rows;
	size_t count;

	(void)state;
	add_derived_case(&run, "faults / (faults - faults)", "nothing");
	add_derived_case(&run, "faults / (faults - faults)", "nothing");
	add_derived_case(&run, "other / faults", "unknown");
	cases[1].counting[1].used = 1;
	tare_counting_read(&rows, &count, arena, &run);
	assert_int_equal(count, 3);
	assert_null(tare_counting_note(arena, &rows[0]));
	assert_string_equal(tare_counting_note(arena, &rows[1]),
		"no value in 1 of 2 cases: the formula divides by zero, or its result is too "
		"large");
	/* That is for want of what it is made of. */
	assert_null(tare_counting_note(arena, &rows[2]));
	cases[1].counting[1].used = 0;
	tare_counting_read(&rows, &count, arena, &run);
	assert_string_equal(tare_counting_note(arena, &rows[1]),
		"no value: the formula divides by zero, or its result is too large");
	cases[0].samples.count = cases[1].samples.count = 0;
	tare_counting_read(&rows, &count, arena, &run);
	assert_null(tare_counting_note(arena, &rows[1]));
	tare_arena_free(arena);
}

static void
counts_values_and_not_invocations(void **state)
{
	double *values = tare_xcalloc(tare_report_rows_max(fixture->run), sizeof(*values));
	struct tare_figures figures;

	(void)state;
	tare_figures_read(&figures, values, &fixture->run->cases[0], TARE_BUILTIN_METRIC_COUNT + 3);
	assert_int_equal(figures.total, 1);
	tare_figures_read(&figures, values, &fixture->run->cases[0], TARE_METRIC_WALL);
	assert_int_equal(figures.total, 2);
	free(values);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			gathers_a_counter_over_the_cases, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			keeps_what_came_from_elsewhere_apart, set_up, tear_down),
		cmocka_unit_test(has_nothing_to_say_of_a_run_without_counters),
		cmocka_unit_test(says_how_much_of_the_time_was_counted),
		cmocka_unit_test_setup_teardown(says_why_values_are_missing, set_up, tear_down),
		cmocka_unit_test(says_that_a_formula_has_no_value),
		cmocka_unit_test_setup_teardown(
			counts_values_and_not_invocations, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
