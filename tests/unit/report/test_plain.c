#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/plain.h"

static struct tare_arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = tare_arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static struct tare_comparison
comparison(const char *metric, double ratio, double low, double high, enum tare_verdict verdict)
{
	return (struct tare_comparison){
		.base_label = "base",
		.head_label = "head",
		.metric = {.name = metric, .unit = "ns", .margin = 0.02},
		.method = TARE_METHOD_PAIRED,
		.ratio = ratio,
		.ratio_low = low,
		.ratio_high = high,
		.difference = NAN,
		.difference_low = NAN,
		.difference_high = NAN,
		.verdict = verdict,
	};
}

static void
assert_says(const struct tare_comparison *item, const char *sentence)
{
	assert_string_equal(tare_plain_sentence(arena, item), sentence);
}

static void
says_how_much_longer_and_of_what_one_is_sure(void **state)
{
	struct tare_comparison item =
		comparison("wall", 1.048, 1.039, 1.061, TARE_VERDICT_REGRESSION);

	(void)state;
	assert_says(&item, "head takes 4.8 % longer than base; differences under 2 % would not "
			   "count; we are sure of at least 3.9 %");
}

static void
says_how_much_less_time_an_improvement_takes(void **state)
{
	struct tare_comparison item =
		comparison("wall", 0.803, 0.79, 0.8066, TARE_VERDICT_IMPROVEMENT);

	(void)state;
	assert_says(&item, "head takes 19.7 % less time than base; differences under 2 % would "
			   "not count; we are sure of at least 19.3 %");
}

static void
says_times_where_percentages_would_be_large(void **state)
{
	struct tare_comparison item = comparison("wall", 3.073, 2.94, 3.2, TARE_VERDICT_REGRESSION);

	(void)state;
	assert_says(&item, "head takes 3.1 times as long as base; differences under 2 % would not "
			   "count; we are sure of at least 2.9 times");
	item.ratio = 10.753;
	item.ratio_low = 1.8;
	assert_says(&item, "head takes 10.75 times as long as base; differences under 2 % would "
			   "not count; we are sure of at least 80.0 %");
	item.ratio_low = 123456;
	item.ratio = 2e6;
	assert_says(&item, "head takes 2e+06 times as long as base; differences under 2 % would "
			   "not count; we are sure of at least 1.235e+05 times");
}

static void
says_whether_another_metric_became_worse(void **state)
{
	struct tare_comparison item =
		comparison("throughput", 0.9, 0.88, 0.93, TARE_VERDICT_REGRESSION);

	(void)state;
	item.metric.better = TARE_HIGHER_IS_BETTER;
	assert_says(&item, "throughput of head is 10.0 % lower than that of base, which is worse; "
			   "differences under 2 % would not count; we are sure of at least 7.0 %");
	item = comparison("throughput", 2.5, 2.2, 2.9, TARE_VERDICT_IMPROVEMENT);
	assert_says(&item, "throughput of head is 2.5 times that of base, which is better; "
			   "differences under 2 % would not count; we are sure of at least 2.2 "
			   "times");
}

static void
says_that_constants_do_not_vary(void **state)
{
	struct tare_comparison item = comparison("size", 1.05, 1.05, 1.05, TARE_VERDICT_REGRESSION);

	(void)state;
	item.method = TARE_METHOD_EXACT;
	assert_says(&item, "size of head is 5.0 % higher than that of base, which is worse; "
			   "differences under 2 % would not count; these values do not vary");
	item = comparison("size", 1, 1, 1, TARE_VERDICT_NO_CHANGE);
	item.method = TARE_METHOD_EXACT;
	assert_says(&item, "size of head is like that of base: there is no difference at all");
}

static void
says_that_no_change_is_less_than_what_counts(void **state)
{
	struct tare_comparison item =
		comparison("wall", 1.001, 0.991, 1.021, TARE_VERDICT_NO_CHANGE);

	(void)state;
	assert_says(&item, "head takes as long as base: if there is a difference, it is smaller "
			   "than the 2 % that would count");
	item.below_margin = true;
	item.ratio = 1.0044;
	assert_says(&item, "head takes 0.44 % longer than base: that is real, but too little to "
			   "count; only differences of 2 % and more do");
}

static void
says_what_may_be_true_where_nothing_is_known(void **state)
{
	struct tare_comparison item =
		comparison("wall", 1.02, 0.988, 1.063, TARE_VERDICT_INCONCLUSIVE);

	(void)state;
	item.reason = "the values spread too widely: about 6 more pairs would probably decide";
	assert_says(&item, "we cannot tell yet whether head takes longer than base: the truth may "
			   "be anything from 1.2 % shorter to 6.3 % longer, and differences from "
			   "2 % on count; the values spread too widely: about 6 more pairs would "
			   "probably decide");
	item = comparison("rate", 2.5, 1.01, 4, TARE_VERDICT_INCONCLUSIVE);
	assert_says(&item, "we cannot tell yet whether rate of head differs from that of base: the "
			   "truth may be anything from 1.0 % higher to 4.0 times, and differences "
			   "from 2 % on count");
}

static void
says_that_too_little_was_measured(void **state)
{
	struct tare_comparison item = comparison("wall", 1.02, NAN, NAN, TARE_VERDICT_INCONCLUSIVE);

	(void)state;
	item.reason = "5 pairs are too few to decide anything: at least 6 are needed";
	assert_says(&item, "too little was measured to tell whether head takes longer than base: 5 "
			   "pairs are too few to decide anything: at least 6 are needed");
	item.reason = NULL;
	item.metric.name = "rate";
	assert_says(&item, "too little was measured to tell whether rate of head differs from that "
			   "of base");
}

static void
says_differences_in_units(void **state)
{
	struct tare_comparison item =
		comparison("major_faults", NAN, NAN, NAN, TARE_VERDICT_REGRESSION);

	(void)state;
	item.method = TARE_METHOD_DIFFERENCE;
	item.metric.unit = "count";
	item.difference = 12;
	item.difference_low = 7;
	item.difference_high = 15;
	assert_says(&item, "major_faults of head is 12 higher than that of base, which is worse; "
			   "differences under 2 % would not count; we are sure of at least 7");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_how_much_longer_and_of_what_one_is_sure),
		cmocka_unit_test(says_how_much_less_time_an_improvement_takes),
		cmocka_unit_test(says_times_where_percentages_would_be_large),
		cmocka_unit_test(says_whether_another_metric_became_worse),
		cmocka_unit_test(says_that_constants_do_not_vary),
		cmocka_unit_test(says_that_no_change_is_less_than_what_counts),
		cmocka_unit_test(says_what_may_be_true_where_nothing_is_known),
		cmocka_unit_test(says_that_too_little_was_measured),
		cmocka_unit_test(says_differences_in_units),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
