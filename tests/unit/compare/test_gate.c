#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "harness/compare/compare.h"
#include "tests/support/close.h"

enum { ITEM_MAX = 100 };

static struct tare_arena *arena;
static struct tare_comparison items[ITEM_MAX];
static struct tare_comparison_set set;

static int
setup(void **state)
{
	(void)state;
	arena = tare_arena_new();
	for (size_t i = 0; i < ITEM_MAX; i++)
		items[i] = (struct tare_comparison){.metric = {.name = "wall", .gated = true},
			.verdict = TARE_VERDICT_NO_CHANGE,
			.method = TARE_METHOD_PAIRED,
			.n = 20,
			.base_n = 20,
			.head_n = 20,
			.level = 0.05,
			.p_value = 1.0,
			.p_adjusted = NAN};
	set = (struct tare_comparison_set){.items = items, .item_count = 12};
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static struct tare_gate_outcome
decide(unsigned fail_on)
{
	const struct tare_gate gate = {.asked_for = true, .fail_on = fail_on};
	struct tare_gate_outcome outcome;

	tare_compare_gate(&outcome, arena, &set, 1, &gate, NULL);
	return outcome;
}

static const unsigned on_regression = 1u << TARE_VERDICT_REGRESSION;
static const unsigned on_doubt = 1u << TARE_VERDICT_REGRESSION | 1u << TARE_VERDICT_INCONCLUSIVE;

static void
regress(size_t index, double p)
{
	items[index].verdict = TARE_VERDICT_REGRESSION;
	items[index].p_value = p;
}

static void
passes_where_nothing_is_wrong(void **state)
{
	struct tare_gate_outcome outcome = decide(on_doubt);

	(void)state;
	assert_int_equal(outcome.result, TARE_GATE_PASSED);
	assert_int_equal(outcome.gated_count, 12);
	assert_string_equal(
		outcome.sentence, "gate passed: none of 12 comparisons gives a reason to fail");
}

static void
fails_on_a_certain_regression(void **state)
{
	struct tare_gate_outcome outcome;

	(void)state;
	regress(3, 0.001);
	outcome = decide(on_regression);
	assert_int_equal(outcome.result, TARE_GATE_FAILED);
	assert_int_equal(outcome.failed_count, 1);
	assert_string_equal(outcome.sentence, "gate failed: 1 of 12 comparisons is a regression");
	assert_true(items[3].p_triage <= items[3].p_adjusted);
	assert_close(items[3].p_adjusted, 0.012, 1e-15);
	assert_close(items[4].p_adjusted, 1.0, 0.0);
}

static void
a_regression_that_does_not_hold_among_many_is_doubtful(void **state)
{
	struct tare_gate_outcome outcome;

	(void)state;
	regress(3, 0.02);
	outcome = decide(on_regression);
	assert_int_equal(outcome.result, TARE_GATE_PASSED);
	assert_string_equal(outcome.sentence,
		"gate passed: none of 12 comparisons gives a reason to fail; 1 regression is not "
		"certain enough among 12 comparisons: more pairs would settle it");
	outcome = decide(on_doubt);
	assert_int_equal(outcome.result, TARE_GATE_UNDECIDED);
	assert_string_equal(outcome.sentence,
		"gate undecided: 0 of 12 comparisons are inconclusive; 1 regression is not certain "
		"enough among 12 comparisons: more pairs would settle it");
}

static size_t
failed_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < ITEM_MAX; i++)
		count += items[i].failed_gate;
	return count;
}

static void
marks_what_failed_it_and_nothing_else(void **state)
{
	(void)state;
	regress(3, 0.001);
	regress(4, 0.04); /* does not hold among so many */
	regress(5, 0.001);
	items[5].metric.gated = false;
	items[6].verdict = TARE_VERDICT_INCONCLUSIVE;
	items[7].verdict = TARE_VERDICT_IMPROVEMENT;
	decide(on_regression);
	assert_true(items[3].failed_gate);
	assert_int_equal(failed_count(), 1);
	decide(1u << TARE_VERDICT_IMPROVEMENT);
	assert_true(items[7].failed_gate);
	assert_int_equal(failed_count(), 1);
	decide(on_doubt);
	assert_true(items[3].failed_gate);
	assert_true(items[6].failed_gate);
	assert_int_equal(failed_count(), 2);
	decide(1u << TARE_VERDICT_INCONCLUSIVE);
	assert_true(items[6].failed_gate);
	assert_int_equal(failed_count(), 1);
}

static void
a_gate_that_could_not_have_failed_is_undecided(void **state)
{
	struct tare_gate_outcome outcome;

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		items[i].n = 6;
		regress(i, 1.0 / 64.0);
	}
	outcome = decide(on_regression);
	assert_int_equal(outcome.result, TARE_GATE_UNDECIDED);
	assert_string_equal(outcome.sentence,
		"gate undecided: 12 of 12 comparisons are regressions, but with so few invocations "
		"no "
		"regression among 12 comparisons can be certain; raise invocations");
}

static void
pairs_are_pairs_where_only_differences_can_be_had(void **state)
{
	(void)state;
	for (size_t i = 0; i < 12; i++) {
		items[i].method = TARE_METHOD_DIFFERENCE;
		items[i].n = items[i].base_n = items[i].head_n = 6;
		regress(i, 1.0 / 64.0);
	}
	assert_int_equal(decide(on_regression).result, TARE_GATE_UNDECIDED);
	/* Six against six that are no pairs can give 1 / 924. */
	set.across_runs = true;
	assert_int_equal(decide(on_regression).result, TARE_GATE_PASSED);
}

static void
what_looks_have_spent_makes_a_regression_impossible(void **state)
{
	(void)state;
	items[0].n = 9;
	regress(0, 0.02);
	assert_int_equal(decide(on_regression).result, TARE_GATE_PASSED);
	items[0].level = 0.01;
	assert_int_equal(decide(on_regression).result, TARE_GATE_UNDECIDED);
}

static void
inconclusive_is_undecided_only_where_it_counts(void **state)
{
	struct tare_gate_outcome outcome;

	(void)state;
	items[0].verdict = items[1].verdict = TARE_VERDICT_INCONCLUSIVE;
	assert_int_equal(decide(on_regression).result, TARE_GATE_PASSED);
	outcome = decide(on_doubt);
	assert_int_equal(outcome.result, TARE_GATE_UNDECIDED);
	assert_string_equal(
		outcome.sentence, "gate undecided: 2 of 12 comparisons are inconclusive");
	regress(3, 0.0);
	assert_int_equal(decide(on_doubt).result, TARE_GATE_FAILED);
}

static void
counts_only_what_is_gated(void **state)
{
	struct tare_gate_outcome outcome;

	(void)state;
	regress(3, 0.0);
	items[3].metric.gated = false;
	outcome = decide(on_regression);
	assert_int_equal(outcome.result, TARE_GATE_PASSED);
	assert_int_equal(outcome.gated_count, 11);
	assert_nan(items[3].p_adjusted);
}

static void
improvements_fail_it_where_asked(void **state)
{
	(void)state;
	items[3].verdict = TARE_VERDICT_IMPROVEMENT;
	assert_int_equal(decide(on_regression).result, TARE_GATE_PASSED);
	assert_string_equal(decide(1u << TARE_VERDICT_IMPROVEMENT).sentence,
		"gate failed: 1 of 12 comparisons is an improvement");
}

static void
says_where_there_is_nothing_to_compare(void **state)
{
	(void)state;
	set.item_count = 0;
	assert_string_equal(
		decide(on_regression).sentence, "gate passed: there was nothing to compare");
	assert_int_equal(decide(on_doubt).result, TARE_GATE_UNDECIDED);
}

static void
adjusts_over_all_sets_even_when_not_asked(void **state)
{
	struct tare_comparison_set sets[2] = {set, {.items = items + 50, .item_count = 8}};
	struct tare_gate gate = {0};
	struct tare_gate_outcome outcome;

	(void)state;
	items[50].p_value = 0.001;
	tare_compare_gate(&outcome, arena, sets, 2, &gate, NULL);
	assert_int_equal(outcome.result, TARE_GATE_NOT_ASKED);
	assert_int_equal(outcome.gated_count, 20);
	assert_close(items[50].p_adjusted, 0.02, 1e-15);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(passes_where_nothing_is_wrong),
		TEST(fails_on_a_certain_regression),
		TEST(a_regression_that_does_not_hold_among_many_is_doubtful),
		TEST(marks_what_failed_it_and_nothing_else),
		TEST(a_gate_that_could_not_have_failed_is_undecided),
		TEST(pairs_are_pairs_where_only_differences_can_be_had),
		TEST(what_looks_have_spent_makes_a_regression_impossible),
		TEST(inconclusive_is_undecided_only_where_it_counts),
		TEST(counts_only_what_is_gated),
		TEST(improvements_fail_it_where_asked),
		TEST(says_where_there_is_nothing_to_compare),
		TEST(adjusts_over_all_sets_even_when_not_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
