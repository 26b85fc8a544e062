#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "harness/compare/evidence.h"
#include "harness/stats/normal.h"
#include "tests/support/close.h"
#include "tests/support/sample_run.h"

static struct tare_run *run;
static struct tare_ranks *ranks;

static int
setup(void **state)
{
	(void)state;
	run = sample_run_new("20260102-030405-00000a");
	sample_run_add_case(run, "a", "base", 0);
	sample_run_add_case(run, "a", "head", 0);
	ranks = tare_ranks_new(run->arena);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tare_run_free(run);
	return 0;
}

static struct tare_evidence
gather(const double *x, size_t m, const double *y, size_t n, bool paired)
{
	struct tare_evidence evidence;

	sample_run_add_values(run, 0, 0, x, m);
	sample_run_add_values(run, 1, 0, y, n);
	tare_evidence_gather(
		&evidence, ranks, &run->cases[0].samples, 0, &run->cases[1].samples, 0, paired);
	return evidence;
}

static void
positive_values_are_compared_by_their_logs(void **state)
{
	const double x[] = {1.0, 2.0, 4.0}, y[] = {2.0, 6.0, 16.0};
	struct tare_evidence evidence = gather(x, 3, y, 3, true);

	(void)state;
	assert_true(evidence.logs);
	assert_true(evidence.paired);
	assert_int_equal(evidence.d_n, 3);
	assert_close(evidence.d[0], log(2.0), 1e-15);
	assert_close(evidence.d[2], log(4.0), 1e-15);
	assert_close(evidence.se, tare_sd(evidence.d, 3) / sqrt(3.0), 1e-15);
	assert_close(tare_evidence_delta(&evidence, 0.02), log(1.02), 1e-15);
}

static void
a_zero_makes_them_plain_differences(void **state)
{
	const double x[] = {0.0, 2.0, 4.0}, y[] = {2.0, 6.0, 16.0};
	struct tare_evidence evidence = gather(x, 3, y, 3, true);

	(void)state;
	assert_false(evidence.logs);
	assert_close(evidence.d[2], 12.0, 0.0);
	/* Half way between the medians 2 and 6. */
	assert_close(tare_evidence_delta(&evidence, 0.1), 0.4, 1e-15);
}

static void
size_is_the_mean_where_medians_are_zero(void **state)
{
	const double x[] = {0.0, 0.0, 0.0}, y[] = {0.0, 0.0, 12.0};
	struct tare_evidence evidence = gather(x, 3, y, 3, true);

	(void)state;
	assert_close(evidence.size, 2.0, 1e-15);
}

static void
few_zero_differences_are_left_out_and_many_kept(void **state)
{
	double x[10], y[10];
	struct tare_evidence evidence;

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		x[i] = 1.0;
		y[i] = i < 2 ? 1.0 : 2.0 + (double)i;
	}
	evidence = gather(x, 10, y, 10, true);
	assert_int_equal(evidence.n, 10);
	assert_int_equal(evidence.d_n, 8);
	run->cases[1].samples.values[0][2] = 1.0;
	tare_evidence_gather(
		&evidence, ranks, &run->cases[0].samples, 0, &run->cases[1].samples, 0, true);
	assert_int_equal(evidence.d_n, 10);
}

static void
sides_may_differ_in_length(void **state)
{
	const double x[] = {3.0, 1.0}, y[] = {2.0, 5.0, 4.0};
	struct tare_evidence evidence = gather(x, 2, y, 3, false);

	(void)state;
	assert_false(evidence.paired);
	assert_int_equal(evidence.n, 2);
	assert_close(evidence.sides.x[0], 0.0, 0.0);
	assert_close(evidence.sides.y[2], log(5.0), 1e-15);
	assert_close(evidence.superiority, 5.0 / 6.0, 1e-15);
}

/* Eight pairs; the second of each block has the first one's noise, times `like`. */
static struct tare_evidence
gather_blocks(double like, double skip)
{
	static const double noise[] = {0.03, -0.02, 0.05, -0.06};
	double x[8], y[8];

	for (size_t i = 0; i < 8; i++) {
		x[i] = 10.0;
		y[i] = 10.0 * exp(noise[i / 2] * (i % 2 == 0 ? 1.0 : like));
	}
	y[3] = skip != 0.0 ? skip : y[3];
	return gather(x, 8, y, 8, true);
}

static void
pairs_that_move_together_widen_everything(void **state)
{
	struct tare_evidence evidence = gather_blocks(1.0, 0.0);
	double widening = sqrt(2.0 - 0.85 / 2.0);

	(void)state;
	/* Four blocks whose pairs are the same: correlation 1, less what chance may do. */
	assert_close(evidence.widening, widening, 1e-12);
	assert_close(evidence.se, widening * tare_sd(evidence.d, 8) / sqrt(8.0), 1e-12);
	assert_close(tare_evidence_level(&evidence, 0.05),
		2.0 * tare_normal_cdf(tare_normal_quantile(0.025) * widening), 1e-12);
	/* All past the bound: 2^-8, if the pairs were independent. */
	assert_close(tare_evidence_p_above(ranks, &evidence, -1.0),
		tare_normal_cdf(tare_normal_quantile(ldexp(1.0, -8)) / widening), 1e-12);
	assert_close(tare_evidence_p_above(ranks, &evidence, 1.0), 1.0, 0.0);
	tare_evidence_no_widening(&evidence);
	assert_close(evidence.se, tare_sd(evidence.d, 8) / sqrt(8.0), 1e-12);
	assert_close(tare_evidence_p_above(ranks, &evidence, -1.0), ldexp(1.0, -8), 0.0);
}

static void
interval_and_p_agree_where_they_are_widened(void **state)
{
	struct tare_evidence evidence = gather_blocks(0.7, 0.0);
	struct tare_interval interval;

	(void)state;
	assert_true(evidence.widening > 1.05);
	tare_evidence_interval(&interval, ranks, &evidence, 0.1);
	assert_true(tare_evidence_p_above(ranks, &evidence, interval.low - 1e-9) <= 0.05);
	assert_true(tare_evidence_p_above(ranks, &evidence, interval.low + 1e-9) > 0.05);
	assert_true(tare_evidence_p_below(ranks, &evidence, interval.high + 1e-9) <= 0.05);
	assert_true(tare_evidence_p_below(ranks, &evidence, interval.high - 1e-9) > 0.05);
}

static void
pairs_that_move_against_each_other_or_miss_their_partner_change_nothing(void **state)
{
	struct tare_evidence evidence = gather_blocks(-1.0, 0.0);

	(void)state;
	assert_close(evidence.widening, 1.0, 0.0);
	assert_close(tare_evidence_level(&evidence, 0.05), 0.05, 0.0);
	/* A pair without value: which two are a block is no longer certain. */
	evidence = gather_blocks(1.0, NAN);
	assert_int_equal(evidence.n, 7);
	assert_close(evidence.widening, 1.0, 0.0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(positive_values_are_compared_by_their_logs),
		TEST(a_zero_makes_them_plain_differences),
		TEST(size_is_the_mean_where_medians_are_zero),
		TEST(few_zero_differences_are_left_out_and_many_kept),
		TEST(sides_may_differ_in_length),
		TEST(pairs_that_move_together_widen_everything),
		TEST(interval_and_p_agree_where_they_are_widened),
		TEST(pairs_that_move_against_each_other_or_miss_their_partner_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
