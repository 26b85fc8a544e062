#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/compare/compare.h"
#include "harness/stats/multiple.h"
#include "tests/support/close.h"
#include "tests/support/sample_run.h"

enum { PLANNED = 30 };

static struct tare_run *run;
static struct tare_case cases[3];
static struct tare_group group;
static struct tare_plan plan;

static int
setup(void **state)
{
	(void)state;
	run = sample_run_new("20260102-030405-00000a");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tare_run_free(run);
	return 0;
}

/* By a plan of its own, as if nothing had been looked at before. */
static void
take_look(struct tare_look *look_out, size_t budget, enum tare_stop end)
{
	struct tare_looking looking = {.budget = budget, .budget_end = TARE_STOP_TIME};

	for (size_t i = 0; i < run->case_count; i++)
		run->cases[i].look_count = 0;
	tare_compare_look(look_out, &looking, run, &plan, &group, end);
}

/* variants cases of n values, the second factor times as slow, with noise of 2 x spread. */
static struct tare_look
look(size_t variants, size_t n, double factor, double spread)
{
	static const char *const names[] = {"base", "head", "other"};
	double values[64];
	struct tare_look result;
	struct tare_rng rng;

	tare_rng_seed(&rng, 5, n);
	for (size_t i = 0; i < variants; i++) {
		size_t index = sample_run_add_case(run, "gzip", names[i], 0);

		for (size_t j = 0; j < n; j++)
			values[j] = 1e7 * (i == 0 ? 1.0 : factor) *
				    (1.0 + spread * tare_rng_normal(&rng));
		sample_run_add_values(run, index, TARE_METRIC_WALL, values, n);
		cases[i] = (struct tare_case){.precision = 0.02,
			.metrics = run->cases[index].metrics,
			.metric_count = TARE_BUILTIN_METRIC_COUNT};
	}
	group = (struct tare_group){.first_case = 0, .case_count = variants};
	plan.groups = &group;
	plan.group_count = 1;
	plan.cases = cases;
	plan.case_count = variants;
	take_look(&result, PLANNED, TARE_STOP_NOT);
	return result;
}

static void
one_variant_stops_at_its_precision(void **state)
{
	struct tare_look seen = look(1, 10, 1.0, 0.01);

	(void)state;
	assert_int_not_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "precision reached");
	assert_true(seen.half_width > 0.001 && seen.half_width < 0.02);
}

static void
one_variant_goes_on_while_it_spreads(void **state)
{
	struct tare_look seen = look(1, 10, 1.0, 0.2);

	(void)state;
	assert_int_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "precision not reached yet");
}

static void
fewer_than_six_never_stop(void **state)
{
	struct tare_look seen = look(1, 5, 1.0, 0.0);

	(void)state;
	assert_int_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "too few pairs to decide anything");
	assert_nan(seen.half_width);
}

static void
constant_values_are_precise(void **state)
{
	struct tare_look seen = look(1, 6, 1.0, 0.0);

	(void)state;
	assert_int_not_equal(seen.stop, TARE_STOP_NOT);
	assert_close(seen.half_width, 0.0, 0.0);
}

static void
a_clear_regression_stops_early_but_not_at_once(void **state)
{
	struct tare_look seen = look(2, 8, 1.5, 0.03);

	(void)state;
	assert_int_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "no verdict yet");
	teardown(NULL);
	setup(NULL);
	seen = look(2, 16, 1.5, 0.03);
	assert_int_not_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "verdict reached");
}

static void
no_change_is_a_verdict_too(void **state)
{
	struct tare_look seen = look(2, 20, 1.0, 0.01);

	(void)state;
	assert_int_not_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "verdict reached");
}

static void
a_change_at_the_margin_is_given_up_when_it_is_known_well(void **state)
{
	struct tare_look seen = look(2, 12, 1.02, 0.001);

	(void)state;
	assert_int_not_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "precision reached");
}

static void
a_margin_of_nothing_goes_on_to_the_precision(void **state)
{
	struct tare_look seen = look(2, 10, 1.0, 0.05);

	(void)state;
	for (size_t i = 0; i < 2; i++)
		run->cases[i].metrics[TARE_METRIC_WALL].margin = 0.0;
	take_look(&seen, PLANNED, TARE_STOP_NOT);
	assert_int_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "no verdict yet");
	cases[1].precision = 0.5;
	take_look(&seen, PLANNED, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "precision reached");
	cases[1].precision = 0.0;
	take_look(&seen, PLANNED, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "no verdict yet");
}

static void
a_gate_over_many_groups_wants_more(void **state)
{
	struct tare_group groups[200];

	(void)state;
	look(2, 12, 1.5, 0.05);
	for (size_t i = 0; i < 200; i++)
		groups[i] = group;
	plan.groups = groups;
	plan.group_count = 200;
	plan.gate = (struct tare_gate){.asked_for = true, .fail_on = 1};
	{
		struct tare_look seen;

		/* 2^-12 is less than what twelve of twenty may spend, but not than a 200th. */
		take_look(&seen, 20, TARE_STOP_NOT);
		assert_int_equal(seen.stop, TARE_STOP_NOT);
		plan.gate.asked_for = false;
		take_look(&seen, 20, TARE_STOP_NOT);
		assert_int_equal(seen.stop, TARE_STOP_DECIDED);
	}
}

static void
a_look_leaves_what_it_saw(void **state)
{
	const struct tare_case_look *record;
	struct tare_comparison item;

	(void)state;
	look(2, 16, 1.5, 0.03);
	assert_int_equal(run->cases[0].look_count, 0);
	assert_int_equal(run->cases[1].look_count, 1);
	record = &run->cases[1].looks[0];
	assert_int_equal(record->pairs, 16);
	assert_int_equal(record->pairs_planned, PLANNED);
	assert_int_equal(record->metric, TARE_METRIC_WALL);
	assert_true(record->compared && record->logs);
	assert_close(record->alpha_spent, tare_spending(0.05, 16.0 / PLANNED), 1e-12);
	/* The first look that spends anything: nothing was crossed before. */
	assert_close(record->boundary, record->alpha_spent, 1e-6);
	assert_int_equal(record->verdict, TARE_VERDICT_REGRESSION);
	assert_int_equal(record->decision, TARE_STOP_DECIDED);
	tare_compare_cases(
		&item, run->arena, &run->cases[0], &run->cases[1], TARE_METRIC_WALL, true, NULL);
	assert_close(record->estimate, item.ratio, 0.0);
	assert_true(record->low < item.ratio_low && record->high > item.ratio_high);
	assert_true(record->p_value > item.p_value);
}

static void
the_look_at_the_end_has_all_that_is_left(void **state)
{
	struct tare_look seen;

	(void)state;
	look(2, 10, 1.02, 0.2);
	take_look(&seen, PLANNED, TARE_STOP_TIME);
	assert_int_equal(seen.stop, TARE_STOP_TIME);
	assert_string_equal(seen.reason, "time budget used up");
	assert_close(run->cases[1].looks[0].alpha_spent, 0.05, 0.0);
	assert_close(run->cases[1].looks[0].boundary, 0.05, 1e-6);
	/* A plan that the budget ends, ends with its reason. */
	take_look(&seen, 10, TARE_STOP_NOT);
	assert_int_equal(seen.stop, TARE_STOP_TIME);
}

static void
an_only_case_leaves_its_median(void **state)
{
	const struct tare_case_look *record;

	(void)state;
	look(1, 10, 1.0, 0.2);
	assert_int_equal(run->cases[0].look_count, 1);
	record = &run->cases[0].looks[0];
	assert_false(record->compared);
	assert_true(record->low < record->estimate && record->estimate < record->high);
	assert_nan(record->p_value);
	assert_int_equal(record->decision, TARE_STOP_NOT);
	assert_close(tare_compare_level(&run->cases[0], 0.05), 0.05, 0.0);
}

static void
a_look_taken_again_is_told_once(void **state)
{
	struct tare_looking looking = {.budget = PLANNED};
	struct tare_look seen;

	(void)state;
	look(2, 8, 1.5, 0.03);
	tare_looking_take_up(&looking, run, &group, 8);
	tare_compare_look(&seen, &looking, run, &plan, &group, TARE_STOP_NOT);
	assert_int_equal(run->cases[1].look_count, 1);
	assert_close(looking.spending.spent, run->cases[1].looks[0].alpha_spent, 0.0);
}

static void
the_comparison_has_what_the_looks_left(void **state)
{
	struct tare_case_look cut = {.pairs = 10,
		.pairs_planned = 20,
		.compared = true,
		.alpha_spent = tare_spending(0.05, 0.5),
		.boundary = 0.0056};
	struct tare_comparison_set set;
	double level;

	(void)state;
	look(2, 16, 1.5, 0.03);
	level = run->cases[1].looks[0].boundary;
	assert_close(tare_compare_level(&run->cases[1], 0.05), level, 0.0);
	assert_int_equal(tare_compare_variants(&set, run->arena, run, NULL, NULL), TARE_OK);
	assert_close(set.items[0].level, level, 0.0);
	assert_close(set.items[0].confidence, 0.95, 0.0);
	assert_close(set.items[0].ratio_low, run->cases[1].looks[0].low, 0.0);
	/* Cut off after ten of sixteen: the rest decides with what ten had left. */
	run->cases[1].look_count = 0;
	tare_run_add_look(run, 1, &cut);
	assert_true(tare_compare_level(&run->cases[1], 0.05) > 0.045);
	assert_true(tare_compare_level(&run->cases[1], 0.05) < 0.05);
}

/* The second of three has three pairs and no more; the third is as slow as it. */
static void
a_failed_case_neither_stops_the_others_nor_counts(void **state)
{
	struct tare_look seen;

	(void)state;
	look(3, 16, 1.5, 0.01);
	run->cases[1].samples.total = run->cases[1].samples.count = 3;
	take_look(&seen, PLANNED, TARE_STOP_NOT);
	assert_int_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "too few pairs to decide anything");
	sample_run_fail(run, 1, "exit status 1", NULL);
	take_look(&seen, PLANNED, TARE_STOP_NOT);
	assert_int_not_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "verdict reached");
}

static void
a_failed_case_does_not_make_the_others_stop_early(void **state)
{
	struct tare_look seen;

	(void)state;
	look(3, 8, 1.5, 0.03);
	sample_run_fail(run, 1, "exit status 1", NULL);
	take_look(&seen, PLANNED, TARE_STOP_NOT);
	assert_int_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "no verdict yet");
}

static void
without_the_first_the_others_go_to_their_precision(void **state)
{
	struct tare_look seen;

	(void)state;
	look(3, 16, 1.5, 0.2);
	sample_run_fail(run, 0, "exit status 1", NULL);
	take_look(&seen, PLANNED, TARE_STOP_NOT);
	assert_int_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "precision not reached yet");
	teardown(NULL);
	setup(NULL);
	look(3, 16, 1.5, 0.01);
	sample_run_fail(run, 0, "exit status 1", NULL);
	take_look(&seen, PLANNED, TARE_STOP_NOT);
	assert_int_not_equal(seen.stop, TARE_STOP_NOT);
	assert_string_equal(seen.reason, "precision reached");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_variant_stops_at_its_precision),
		TEST(one_variant_goes_on_while_it_spreads),
		TEST(fewer_than_six_never_stop),
		TEST(constant_values_are_precise),
		TEST(a_clear_regression_stops_early_but_not_at_once),
		TEST(no_change_is_a_verdict_too),
		TEST(a_change_at_the_margin_is_given_up_when_it_is_known_well),
		TEST(a_margin_of_nothing_goes_on_to_the_precision),
		TEST(a_gate_over_many_groups_wants_more),
		TEST(a_look_leaves_what_it_saw),
		TEST(the_look_at_the_end_has_all_that_is_left),
		TEST(an_only_case_leaves_its_median),
		TEST(a_look_taken_again_is_told_once),
		TEST(the_comparison_has_what_the_looks_left),
		TEST(a_failed_case_neither_stops_the_others_nor_counts),
		TEST(a_failed_case_does_not_make_the_others_stop_early),
		TEST(without_the_first_the_others_go_to_their_precision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
