#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/compare/compare.h"
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
	tare_compare_look(&result, run->arena, run, &group, &plan, PLANNED);
	return result;
}

static void
one_variant_stops_at_its_precision(void **state)
{
	struct tare_look seen = look(1, 10, 1.0, 0.01);

	(void)state;
	assert_true(seen.stop);
	assert_string_equal(seen.reason, "precision reached");
	assert_true(seen.half_width > 0.001 && seen.half_width < 0.02);
}

static void
one_variant_goes_on_while_it_spreads(void **state)
{
	struct tare_look seen = look(1, 10, 1.0, 0.2);

	(void)state;
	assert_false(seen.stop);
	assert_string_equal(seen.reason, "precision not reached yet");
}

static void
fewer_than_six_never_stop(void **state)
{
	struct tare_look seen = look(1, 5, 1.0, 0.0);

	(void)state;
	assert_false(seen.stop);
	assert_string_equal(seen.reason, "too few pairs to decide anything");
	assert_nan(seen.half_width);
}

static void
constant_values_are_precise(void **state)
{
	struct tare_look seen = look(1, 6, 1.0, 0.0);

	(void)state;
	assert_true(seen.stop);
	assert_close(seen.half_width, 0.0, 0.0);
}

static void
a_clear_regression_stops_early_but_not_at_once(void **state)
{
	struct tare_look seen = look(2, 8, 1.5, 0.01);

	(void)state;
	assert_false(seen.stop);
	assert_string_equal(seen.reason, "no verdict yet");
	teardown(NULL);
	setup(NULL);
	seen = look(2, 16, 1.5, 0.01);
	assert_true(seen.stop);
	assert_string_equal(seen.reason, "verdict reached");
}

static void
no_change_is_a_verdict_too(void **state)
{
	struct tare_look seen = look(2, 20, 1.0, 0.01);

	(void)state;
	assert_true(seen.stop);
	assert_string_equal(seen.reason, "verdict reached");
}

static void
a_change_at_the_margin_is_given_up_when_it_is_known_well(void **state)
{
	struct tare_look seen = look(2, 12, 1.02, 0.001);

	(void)state;
	assert_true(seen.stop);
	assert_string_equal(seen.reason, "too close to the margin to be worth more");
}

static void
a_gate_over_many_groups_wants_more(void **state)
{
	struct tare_group groups[200];

	(void)state;
	look(2, 10, 1.5, 0.05);
	for (size_t i = 0; i < 200; i++)
		groups[i] = group;
	plan.groups = groups;
	plan.group_count = 200;
	plan.gate = (struct tare_gate){.asked_for = true, .fail_on = 1};
	{
		struct tare_look seen;

		/* All are planned and measured: 2^-10 is less than alpha, but not a 200th of it. */
		tare_compare_look(&seen, run->arena, run, &group, &plan, 10);
		assert_false(seen.stop);
		plan.gate.asked_for = false;
		tare_compare_look(&seen, run->arena, run, &group, &plan, 10);
		assert_true(seen.stop);
	}
}

/* The second of three has three pairs and no more; the third is as slow as it. */
static void
a_failed_case_neither_stops_the_others_nor_counts(void **state)
{
	struct tare_look seen;

	(void)state;
	look(3, 16, 1.5, 0.01);
	run->cases[1].samples.total = run->cases[1].samples.count = 3;
	tare_compare_look(&seen, run->arena, run, &group, &plan, PLANNED);
	assert_false(seen.stop);
	assert_string_equal(seen.reason, "too few pairs to decide anything");
	sample_run_fail(run, 1, "exit status 1", NULL);
	tare_compare_look(&seen, run->arena, run, &group, &plan, PLANNED);
	assert_true(seen.stop);
	assert_string_equal(seen.reason, "verdict reached");
}

static void
a_failed_case_does_not_make_the_others_stop_early(void **state)
{
	struct tare_look seen;

	(void)state;
	look(3, 8, 1.5, 0.01);
	sample_run_fail(run, 1, "exit status 1", NULL);
	tare_compare_look(&seen, run->arena, run, &group, &plan, PLANNED);
	assert_false(seen.stop);
	assert_string_equal(seen.reason, "no verdict yet");
}

static void
without_the_first_the_others_go_to_their_precision(void **state)
{
	struct tare_look seen;

	(void)state;
	look(3, 16, 1.5, 0.2);
	sample_run_fail(run, 0, "exit status 1", NULL);
	tare_compare_look(&seen, run->arena, run, &group, &plan, PLANNED);
	assert_false(seen.stop);
	assert_string_equal(seen.reason, "precision not reached yet");
	teardown(NULL);
	setup(NULL);
	look(3, 16, 1.5, 0.01);
	sample_run_fail(run, 0, "exit status 1", NULL);
	tare_compare_look(&seen, run->arena, run, &group, &plan, PLANNED);
	assert_true(seen.stop);
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
		TEST(a_gate_over_many_groups_wants_more),
		TEST(a_failed_case_neither_stops_the_others_nor_counts),
		TEST(a_failed_case_does_not_make_the_others_stop_early),
		TEST(without_the_first_the_others_go_to_their_precision),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
