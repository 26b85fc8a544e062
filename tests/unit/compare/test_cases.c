#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/base/rng.h"
#include "harness/compare/compare.h"
#include "tests/support/close.h"
#include "tests/support/sample_run.h"

static struct tare_run *run;
static size_t base, head;

static int
setup(void **state)
{
	(void)state;
	run = sample_run_new("20260102-030405-00000a");
	base = sample_run_add_case(run, "gzip", "base", 0);
	head = sample_run_add_case(run, "gzip", "head", 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tare_run_free(run);
	return 0;
}

static struct tare_comparison
compare(size_t metric, bool paired)
{
	struct tare_comparison item;

	tare_compare_cases(
		&item, run->arena, &run->cases[base], &run->cases[head], metric, paired, NULL);
	return item;
}

static struct tare_comparison
compare_wall(const double *x, size_t m, const double *y, size_t n)
{
	sample_run_add_values(run, base, TARE_METRIC_WALL, x, m);
	if (n > 0)
		sample_run_add_values(run, head, TARE_METRIC_WALL, y, n);
	return compare(TARE_METRIC_WALL, true);
}

static const double x_known[] = {
	10.1e6, 10.3e6, 9.9e6, 10.2e6, 10.0e6, 10.4e6, 10.1e6, 10.6e6, 9.8e6, 10.2e6};
static const double y_known[] = {
	10.4e6, 10.5e6, 10.2e6, 10.7e6, 10.3e6, 10.8e6, 10.4e6, 10.6e6, 10.1e6, 11.9e6};

static void
known_pairs_are_a_regression(void **state)
{
	struct tare_comparison item = compare_wall(x_known, 10, y_known, 10);

	(void)state;
	assert_int_equal(item.method, TARE_METHOD_PAIRED);
	assert_int_equal(item.verdict, TARE_VERDICT_REGRESSION);
	/* 1.034041 and so on in wilcox.test, whose root finder stops 1e-4 short. */
	assert_close(item.ratio, 1.034041, 5e-5);
	assert_close(item.ratio_low, 1.024996, 5e-5);
	assert_close(item.ratio_high, 1.096219, 5e-5);
	assert_int_equal(item.n, 10);
	assert_close(item.spread, 0.041716919, 1e-8); /* statistics.stdev() of the log ratios */
	assert_close(item.base_median, 10.15e6, 1.0);
	assert_close(item.confidence, 0.95, 1e-15);
	assert_nan(item.p_adjusted);
	assert_nan(item.difference);
	assert_string_equal(item.sentence,
		"head is 3.4 % slower than base (95 % interval 2.5 % to 9.6 %): "
		"a regression past the 2 % margin");
}

static void
known_sides_are_inconclusive_unpaired(void **state)
{
	struct tare_comparison item;

	(void)state;
	compare_wall(x_known, 10, y_known, 10);
	item = compare(TARE_METRIC_WALL, false);
	assert_int_equal(item.method, TARE_METHOD_UNPAIRED);
	assert_int_equal(item.verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_close(item.ratio, 1.0301515, 5e-8);
	assert_close(item.ratio_low, 1.0097087, 5e-8);
	assert_close(item.ratio_high, 1.0606061, 5e-8);
	/* The root of the mean of the two variances. */
	assert_close(item.spread, 0.036585525, 1e-8);
	assert_true(item.below_margin);
	assert_true(item.missing_pairs > 0);
}

static void
swapping_base_and_head_mirrors_the_verdict(void **state)
{
	struct tare_comparison there = compare_wall(x_known, 10, y_known, 10), back;
	size_t kept = base;

	(void)state;
	base = head;
	head = kept;
	back = compare(TARE_METRIC_WALL, true);
	assert_int_equal(back.verdict, TARE_VERDICT_IMPROVEMENT);
	assert_close(back.ratio, 1.0 / there.ratio, 1e-14);
	assert_close(back.ratio_low, 1.0 / there.ratio_high, 1e-14);
	assert_close(back.superiority, 1.0 - there.superiority, 1e-15);
	assert_string_equal(back.sentence,
		"base is 3.3 % faster than head (95 % interval 2.4 % to 8.8 %): "
		"an improvement past the 2 % margin");
}

static void
units_do_not_change_the_verdict(void **state)
{
	double x[10], y[10];
	struct tare_comparison item;

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		x[i] = x_known[i] * 1000.0;
		y[i] = y_known[i] * 1000.0;
	}
	item = compare_wall(x, 10, y, 10);
	assert_int_equal(item.verdict, TARE_VERDICT_REGRESSION);
	assert_close(item.ratio_low, 1.024996, 5e-5);
}

static void
higher_is_better_turns_the_verdict_and_not_the_ratio(void **state)
{
	struct tare_comparison item;
	size_t metric = sample_run_add_metric(
		run, base, "throughput", "bytes/s", TARE_HIGHER_IS_BETTER, 0.02);

	(void)state;
	sample_run_add_metric(run, head, "throughput", "bytes/s", TARE_HIGHER_IS_BETTER, 0.02);
	sample_run_add_values(run, base, metric, y_known, 10);
	sample_run_add_values(run, head, metric, x_known, 10);
	item = compare(metric, true);
	assert_int_equal(item.verdict, TARE_VERDICT_REGRESSION);
	assert_close(item.ratio, 0.967049, 5e-5);
	assert_true(item.p_value <= 0.025);
	assert_true(item.superiority > 0.5);
	assert_string_equal(item.sentence,
		"throughput of head is 3.3 % lower than of base (95 % interval 2.4 % to 8.8 %): "
		"a regression past the 2 % margin");
}

static void
equal_samples_show_no_change(void **state)
{
	double x[20], y[20];
	struct tare_rng rng;
	struct tare_comparison item;

	(void)state;
	tare_rng_seed(&rng, 3, 0);
	for (size_t i = 0; i < 20; i++) {
		x[i] = 1e7 * (1.0 + 0.003 * tare_rng_normal(&rng));
		y[i] = 1e7 * (1.0 + 0.003 * tare_rng_normal(&rng));
	}
	item = compare_wall(x, 20, y, 20);
	assert_int_equal(item.verdict, TARE_VERDICT_NO_CHANGE);
	assert_null(item.reason);
	assert_int_equal(item.missing_pairs, 0);
	assert_true(item.mde > 0.02 && item.mde < 0.03);
}

static void
a_small_real_change_is_said_to_be_below_the_margin(void **state)
{
	double x[10], y[10];
	struct tare_comparison item;

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		x[i] = 1e7 + 1e4 * (double)i;
		y[i] = x[i] * (1.004 + 1e-4 * (double)i);
	}
	item = compare_wall(x, 10, y, 10);
	assert_int_equal(item.verdict, TARE_VERDICT_NO_CHANGE);
	assert_true(item.below_margin);
	assert_string_equal(item.sentence,
		"head is 0.44 % slower than base (95 % interval 0.41 % to 0.47 %): "
		"real but below the 2 % margin");
}

static void
replayed_pairs_share_no_block(void **state)
{
	double x[10], y[10];
	struct tare_comparison item;

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		x[i] = 1e7 + 1e4 * (double)i;
		y[i] = x[i] * (1.004 + 1e-4 * (double)i);
	}
	run->cases[head].runner = "replay";
	item = compare_wall(x, 10, y, 10);
	/* The Walsh averages of rank 9 and 47 of 55. */
	assert_close(item.ratio_low, sqrt(1.004 * 1.0043), 1e-4);
	assert_string_equal(item.sentence,
		"head is 0.44 % slower than base (95 % interval 0.42 % to 0.47 %): "
		"real but below the 2 % margin");
}

static void
too_few_pairs_say_how_many_are_missing(void **state)
{
	struct tare_comparison item = compare_wall(x_known, 5, y_known, 5);

	(void)state;
	assert_int_equal(item.verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_int_equal(item.missing_pairs, 1);
	assert_nan(item.ratio_low);
	assert_string_equal(
		item.reason, "5 pairs are too few to decide anything: at least 6 are needed");
	assert_string_equal(item.sentence,
		"cannot tell whether head differs from base: 5 pairs are too few to decide "
		"anything: at least 6 are needed");
}

static void
one_pair_and_one_invocation_are_defined(void **state)
{
	struct tare_comparison item = compare_wall(x_known, 1, y_known, 1);

	(void)state;
	assert_int_equal(item.missing_pairs, 5);
	assert_nan(item.mde);
	assert_string_equal(
		item.reason, "1 pair is too few to decide anything: at least 6 are needed");
	item = compare(TARE_METRIC_WALL, false);
	assert_int_equal(item.missing_pairs, 3);
	assert_string_equal(item.reason,
		"1 invocation on one side is too few to decide anything: at least 4 are needed");
}

static void
a_side_without_values_is_named(void **state)
{
	struct tare_comparison item = compare_wall(x_known, 10, NULL, 0);

	(void)state;
	assert_int_equal(item.verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_string_equal(item.reason, "the head has no values of wall");
	assert_int_equal(item.head_n, 0);
	assert_nan(item.ratio);
	assert_close(item.p_value, 1.0, 0.0);
}

static void
no_values_at_all_are_defined(void **state)
{
	struct tare_comparison item = compare(TARE_METRIC_WALL, true);

	(void)state;
	assert_int_equal(item.verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_string_equal(item.reason, "neither side has values to compare");
}

static void
wide_spread_says_how_many_pairs_would_decide(void **state)
{
	const double x[] = {100e6, 110e6, 95e6, 105e6, 98e6, 103e6, 99e6, 101e6};
	const double y[] = {112e6, 104e6, 109e6, 103e6, 114e6, 108e6, 101e6, 116e6};
	struct tare_comparison item = compare_wall(x, 8, y, 8);

	(void)state;
	assert_int_equal(item.verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_in_range(item.missing_pairs, 1, 60);
	assert_non_null(strstr(item.reason, "the values spread too widely: about "));
	assert_non_null(strstr(item.reason, " more pairs would probably decide"));
	assert_non_null(strstr(item.sentence, "cannot tell yet: head is "));
}

static void
counts_of_different_origin_are_not_compared(void **state)
{
	static const struct tare_counter counted = {.provider = "perf",
		.event = "PERF_COUNT_HW_INSTRUCTIONS",
		.scope = "program",
		.quality = TARE_QUALITY_COUNTED};
	static const struct tare_counter simulated = {.provider = "valgrind",
		.event = "cachegrind Ir",
		.scope = "program, without the kernel",
		.quality = TARE_QUALITY_SIMULATED};
	struct tare_comparison item;
	size_t metric = sample_run_add_metric(
		run, base, "instructions", "count", TARE_LOWER_IS_BETTER, 0.001);

	(void)state;
	sample_run_add_metric(run, head, "instructions", "count", TARE_LOWER_IS_BETTER, 0.001);
	sample_run_add_values(run, base, metric, x_known, 10);
	sample_run_add_values(run, head, metric, y_known, 10);
	run->cases[base].metrics[metric].counter = &counted;
	run->cases[head].metrics[metric].counter = &simulated;
	item = compare(metric, true);
	assert_int_equal(item.verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_string_equal(item.reason,
		"instructions is counted by perf (program) in the base and simulated by valgrind "
		"(program, without the kernel) in the head, which cannot be compared");
	assert_true(isnan(item.ratio));
	run->cases[head].metrics[metric].counter = &counted;
	assert_int_equal(compare(metric, true).verdict, TARE_VERDICT_REGRESSION);
}

static void
exact_constants_need_one_value(void **state)
{
	struct tare_comparison item;
	double instructions = 1e9, more = 1.03e9;
	size_t metric = sample_run_add_metric(
		run, base, "instructions", "count", TARE_LOWER_IS_BETTER, 0.02);

	(void)state;
	sample_run_add_metric(run, head, "instructions", "count", TARE_LOWER_IS_BETTER, 0.02);
	run->cases[base].metrics[metric].exact = run->cases[head].metrics[metric].exact = true;
	sample_run_add_values(run, base, metric, &instructions, 1);
	sample_run_add_values(run, head, metric, &more, 1);
	item = compare(metric, true);
	assert_int_equal(item.method, TARE_METHOD_EXACT);
	assert_int_equal(item.verdict, TARE_VERDICT_REGRESSION);
	assert_close(item.ratio, 1.03, 1e-12);
	assert_close(item.p_value, 0.0, 0.0);
	assert_string_equal(item.sentence, "instructions of head is 3.0 % higher than of base: a "
					   "regression past the 2 % margin");
	run->cases[head].metrics[metric].margin = 0.03;
	item = compare(metric, true);
	assert_int_equal(item.verdict, TARE_VERDICT_NO_CHANGE);
	assert_true(item.below_margin);
}

static void
constant_samples_on_both_sides_are_decided(void **state)
{
	double x[6], y[6];
	struct tare_comparison item;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		x[i] = 4096.0;
		y[i] = 8192.0;
	}
	item = compare_wall(x, 6, y, 6);
	assert_int_equal(item.verdict, TARE_VERDICT_REGRESSION);
	assert_close(item.ratio_low, 2.0, 1e-14);
	assert_close(item.mde, 0.02, 1e-12);
	sample_run_add_values(run, base, TARE_METRIC_MAX_RSS, x, 6);
	sample_run_add_values(run, head, TARE_METRIC_MAX_RSS, x, 6);
	item = compare(TARE_METRIC_MAX_RSS, true);
	assert_int_equal(item.verdict, TARE_VERDICT_NO_CHANGE);
	assert_close(item.ratio, 1.0, 0.0);
}

static void
zeros_and_negatives_are_compared_by_difference(void **state)
{
	const double x[] = {0.0, 2.0, 1.0, 3.0, 2.0, 1.0},
		     y[] = {20.0, 21.0, 22.0, 20.0, 24.0, 25.0};
	const double zero[6] = {0.0};
	struct tare_comparison item;

	(void)state;
	sample_run_add_values(run, base, TARE_METRIC_CONTEXT_SWITCHES, x, 6);
	sample_run_add_values(run, head, TARE_METRIC_CONTEXT_SWITCHES, y, 6);
	item = compare(TARE_METRIC_CONTEXT_SWITCHES, true);
	assert_int_equal(item.method, TARE_METHOD_DIFFERENCE);
	assert_nan(item.ratio);
	assert_close(item.difference, 20.5, 0.51);
	assert_int_equal(item.verdict, TARE_VERDICT_REGRESSION);
	sample_run_add_values(run, base, TARE_METRIC_MAJOR_FAULTS, zero, 6);
	sample_run_add_values(run, head, TARE_METRIC_MAJOR_FAULTS, zero, 6);
	item = compare(TARE_METRIC_MAJOR_FAULTS, true);
	assert_int_equal(item.verdict, TARE_VERDICT_NO_CHANGE);
	assert_close(item.difference, 0.0, 0.0);
	assert_nan(item.mde);
	assert_nan(item.spread);
}

static void
values_that_are_no_numbers_are_left_out(void **state)
{
	double x[12], y[12];
	struct tare_comparison item;

	(void)state;
	memcpy(x, x_known, sizeof(x_known));
	memcpy(y, y_known, sizeof(y_known));
	x[10] = NAN;
	y[10] = 10e6;
	x[11] = 10e6;
	y[11] = INFINITY;
	item = compare_wall(x, 12, y, 12);
	assert_int_equal(item.n, 10);
	assert_int_equal(item.base_n, 11);
	assert_close(item.ratio, 1.034041, 5e-5);
}

static void
huge_values_do_not_overflow(void **state)
{
	const double x[] = {1e308, -1.7e308, 1e308, -1.7e308, 1.7e308, 1e308};
	const double y[] = {-1e308, 1.7e308, 1.7e308, -1.7e308, -1.7e308, 1e308};
	struct tare_comparison item = compare_wall(x, 6, y, 6);

	(void)state;
	assert_int_equal(item.verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_true(isfinite(item.difference_low));
	assert_true(isfinite(item.difference_high));
}

static void
pairs_that_never_match_are_two_samples(void **state)
{
	struct tare_comparison item;

	(void)state;
	compare_wall(x_known, 8, y_known, 8);
	for (size_t i = 0; i < 8; i++)
		run->cases[head].samples.pairs[i] += 100;
	item = compare(TARE_METRIC_WALL, true);
	assert_int_equal(item.method, TARE_METHOD_UNPAIRED);
}

static void
zeros_drop_out_unless_they_are_many(void **state)
{
	double x[10], y[10];
	struct tare_comparison item;

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		x[i] = 1e7;
		y[i] = i < 7 ? 1e7 : 1.05e7;
	}
	item = compare_wall(x, 10, y, 10);
	assert_close(item.ratio, 1.0, 0.0);
	assert_int_not_equal(item.verdict, TARE_VERDICT_REGRESSION);
}

static void
options_set_margin_and_level(void **state)
{
	const double margin = 0.5;
	const struct tare_compare_options options = {.alpha = 0.001, .margin = &margin};
	struct tare_comparison item;

	(void)state;
	compare_wall(x_known, 10, y_known, 10);
	tare_compare_cases(&item, run->arena, &run->cases[base], &run->cases[head],
		TARE_METRIC_WALL, true, &options);
	assert_close(item.metric.margin, 0.5, 0.0);
	assert_close(item.confidence, 0.999, 1e-12);
	assert_string_equal(
		item.reason, "9 pairs are too few to decide anything: at least 11 are needed");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(known_pairs_are_a_regression),
		TEST(known_sides_are_inconclusive_unpaired),
		TEST(swapping_base_and_head_mirrors_the_verdict),
		TEST(units_do_not_change_the_verdict),
		TEST(higher_is_better_turns_the_verdict_and_not_the_ratio),
		TEST(equal_samples_show_no_change),
		TEST(a_small_real_change_is_said_to_be_below_the_margin),
		TEST(replayed_pairs_share_no_block),
		TEST(too_few_pairs_say_how_many_are_missing),
		TEST(one_pair_and_one_invocation_are_defined),
		TEST(a_side_without_values_is_named),
		TEST(no_values_at_all_are_defined),
		TEST(wide_spread_says_how_many_pairs_would_decide),
		TEST(counts_of_different_origin_are_not_compared),
		TEST(exact_constants_need_one_value),
		TEST(constant_samples_on_both_sides_are_decided),
		TEST(zeros_and_negatives_are_compared_by_difference),
		TEST(values_that_are_no_numbers_are_left_out),
		TEST(huge_values_do_not_overflow),
		TEST(pairs_that_never_match_are_two_samples),
		TEST(zeros_drop_out_unless_they_are_many),
		TEST(options_set_margin_and_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
