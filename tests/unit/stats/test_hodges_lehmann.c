#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "harness/base/rng.h"
#include "harness/stats/hodges_lehmann.h"
#include "tests/support/close.h"

enum { BRUTE_MAX = 60 };

static struct tare_arena *arena;
static struct tare_ranks *ranks;

static int
setup(void **state)
{
	(void)state;
	arena = tare_arena_new();
	ranks = tare_ranks_new(arena);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static const double x_known[] = {10.1, 10.3, 9.9, 10.2, 10.0, 10.4, 10.1, 10.6, 9.8, 10.2};
static const double y_known[] = {10.4, 10.5, 10.2, 10.7, 10.3, 10.8, 10.4, 10.6, 10.1, 11.9};

static void
sorted_logs(double *out, const double *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = log(values[i]);
	tare_sort(out, n);
}

/* The upper end is the 24th largest of the 100 ratios, 10.5 / 9.9: P(U <= 23) = .0216, P(U <= 24) =
 * .0262. The 25th, 1.06, would be an interval of 94.8 %. */
static void
unpaired_gives_the_known_answer(void **state)
{
	double x[10], y[10];
	struct tare_sides sides = {x, 10, y, 10};
	struct tare_interval interval;

	(void)state;
	sorted_logs(x, x_known, 10);
	sorted_logs(y, y_known, 10);
	tare_hl_unpaired(&interval, ranks, &sides, 0.05);
	assert_close(exp(interval.estimate), 1.0301515, 5e-8);
	assert_close(exp(interval.low), 1.0097087, 5e-8);
	assert_close(exp(interval.high), 1.0606061, 5e-8);
	assert_close(exp(tare_shift_select(ranks, &sides, 76)), 1.06, 5e-8);
}

/* R's wilcox.test leaves out the difference of zero, and its root finder stops within 1e-4 of the
 * order statistic: it prints 1.034041, 1.024996, 1.096219. */
static void
paired_gives_the_known_answer_without_the_zero(void **state)
{
	double d[10];
	size_t n = 0;
	struct tare_interval interval;

	(void)state;
	for (size_t i = 0; i < 10; i++)
		if (x_known[i] != y_known[i])
			d[n++] = log(y_known[i]) - log(x_known[i]);
	tare_sort(d, n);
	tare_hl_paired(&interval, ranks, d, n, 0.05);
	assert_close(exp(interval.estimate), 1.034041, 5e-5);
	assert_close(exp(interval.low), 1.024996, 5e-5);
	assert_close(exp(interval.high), 1.096219, 5e-5);
}

/* With it: the 28th, 9th and 47th of the 55 averages, worked out in another program. */
static void
paired_gives_the_order_statistics_with_the_zero(void **state)
{
	double d[10];
	struct tare_interval interval;

	(void)state;
	for (size_t i = 0; i < 10; i++)
		d[i] = log(y_known[i]) - log(x_known[i]);
	tare_sort(d, 10);
	tare_hl_paired(&interval, ranks, d, 10, 0.05);
	assert_close(exp(interval.estimate), 1.0303030, 5e-8);
	assert_close(exp(interval.low), 1.0194175, 5e-8);
	assert_close(exp(interval.high), 1.0905597, 5e-8);
}

/* Few distinct values where ties is small. */
static void
draw(struct tare_rng *rng, double *values, size_t n, uint64_t ties)
{
	for (size_t i = 0; i < n; i++)
		values[i] = ties > 0 ? (double)tare_rng_below(rng, ties) : tare_rng_normal(rng);
	tare_sort(values, n);
}

static void
selects_what_sorting_all_averages_selects(void **state)
{
	static double sums[BRUTE_MAX * (BRUTE_MAX + 1) / 2];
	struct tare_rng rng;
	double d[BRUTE_MAX];

	(void)state;
	tare_rng_seed(&rng, 11, 0);
	for (size_t n = 1; n <= BRUTE_MAX; n++) {
		size_t count = 0;

		draw(&rng, d, n, n % 3 == 0 ? 4 : 0);
		for (size_t i = 0; i < n; i++)
			for (size_t j = i; j < n; j++)
				sums[count++] = (d[i] + d[j]) / 2.0;
		tare_sort(sums, count);
		for (size_t rank = 1; rank <= count; rank += 1 + count / 40)
			assert_close(tare_walsh_select(ranks, d, n, rank), sums[rank - 1], 0.0);
		for (size_t i = 0; i < count; i += 1 + count / 40) {
			size_t at_most = i + 1;

			while (at_most < count && sums[at_most] == sums[i])
				at_most++;
			assert_int_equal(tare_walsh_count(d, n, sums[i]), at_most);
		}
	}
}

static void
selects_what_sorting_all_differences_selects(void **state)
{
	static double sums[BRUTE_MAX * BRUTE_MAX];
	struct tare_rng rng;
	double x[BRUTE_MAX], y[BRUTE_MAX];

	(void)state;
	tare_rng_seed(&rng, 12, 0);
	for (size_t m = 1; m <= BRUTE_MAX; m += 7) {
		for (size_t n = 1; n <= BRUTE_MAX; n += 5) {
			struct tare_sides sides = {x, m, y, n};
			size_t count = 0;

			draw(&rng, x, m, (m + n) % 2 != 0 ? 5 : 0);
			draw(&rng, y, n, (m + n) % 2 != 0 ? 5 : 0);
			for (size_t i = 0; i < m; i++)
				for (size_t j = 0; j < n; j++)
					sums[count++] = y[j] - x[i];
			tare_sort(sums, count);
			for (size_t rank = 1; rank <= count; rank += 1 + count / 40)
				assert_close(tare_shift_select(ranks, &sides, rank), sums[rank - 1],
					0.0);
		}
	}
}

static void
p_value_and_interval_say_the_same(void **state)
{
	struct tare_rng rng;
	double d[20], y[15];
	struct tare_sides sides = {d, 20, y, 15};

	(void)state;
	tare_rng_seed(&rng, 13, 0);
	for (size_t trial = 0; trial < 500; trial++) {
		struct tare_interval pair, side;
		double bound = 0.6 * tare_rng_normal(&rng);

		draw(&rng, d, 20, trial % 4 == 0 ? 6 : 0);
		draw(&rng, y, 15, trial % 4 == 0 ? 6 : 0);
		tare_hl_paired(&pair, ranks, d, 20, 0.05);
		tare_hl_unpaired(&side, ranks, &sides, 0.05);
		assert_int_equal(
			pair.low > bound, tare_hl_paired_p_above(ranks, d, 20, bound) <= 0.025);
		assert_int_equal(
			pair.high < bound, tare_hl_paired_p_below(ranks, d, 20, bound) <= 0.025);
		assert_int_equal(
			side.low > bound, tare_hl_unpaired_p_above(ranks, &sides, bound) <= 0.025);
		assert_int_equal(
			side.high < bound, tare_hl_unpaired_p_below(ranks, &sides, bound) <= 0.025);
	}
}

static void
swapping_the_sides_mirrors_the_answer(void **state)
{
	struct tare_rng rng;
	double d[17], mirror[17];
	struct tare_interval there, back;

	(void)state;
	tare_rng_seed(&rng, 14, 0);
	draw(&rng, d, 17, 0);
	for (size_t i = 0; i < 17; i++)
		mirror[i] = -d[16 - i];
	tare_hl_paired(&there, ranks, d, 17, 0.05);
	tare_hl_paired(&back, ranks, mirror, 17, 0.05);
	assert_close(back.estimate, -there.estimate, 0.0);
	assert_close(back.low, -there.high, 0.0);
	assert_close(back.high, -there.low, 0.0);
}

static void
too_few_values_give_no_interval(void **state)
{
	const double d[] = {1.0, 2.0, 3.0, 4.0, 5.0};
	struct tare_sides sides = {d, 3, d, 3}, empty = {d, 0, d, 3};
	struct tare_interval interval;

	(void)state;
	tare_hl_paired(&interval, ranks, d, 5, 0.05);
	assert_close(interval.estimate, 3.0, 0.0);
	assert_nan(interval.low);
	assert_nan(interval.high);
	tare_hl_paired(&interval, ranks, d, 0, 0.05);
	assert_nan(interval.estimate);
	tare_hl_unpaired(&interval, ranks, &sides, 0.05);
	assert_close(interval.estimate, 0.0, 0.0);
	assert_nan(interval.low);
	tare_hl_unpaired(&interval, ranks, &empty, 0.05);
	assert_nan(interval.estimate);
	assert_nan(tare_walsh_select(ranks, d, 3, 0));
	assert_nan(tare_walsh_select(ranks, d, 3, 7));
}

static void
constant_values_give_a_point(void **state)
{
	double d[200];
	struct tare_interval interval;

	(void)state;
	for (size_t i = 0; i < 200; i++)
		d[i] = 0.25;
	tare_hl_paired(&interval, ranks, d, 200, 0.05);
	assert_close(interval.estimate, 0.25, 0.0);
	assert_close(interval.low, 0.25, 0.0);
	assert_close(interval.high, 0.25, 0.0);
}

static void
a_hundred_thousand_pairs_need_little_memory(void **state)
{
	enum { COUNT = 100000 };
	double *d = tare_xcalloc(COUNT, sizeof(*d));
	struct tare_arena *own = tare_arena_new();
	struct tare_rng rng;
	struct tare_interval interval;

	(void)state;
	tare_rng_seed(&rng, 15, 0);
	draw(&rng, d, COUNT, 0);
	tare_hl_paired(&interval, tare_ranks_new(own), d, COUNT, 0.05);
	assert_close(interval.estimate, 0.0, 0.02);
	assert_close(interval.high - interval.low, 2.0 * 1.96 * 1.0233 / sqrt(COUNT), 3e-4);
	assert_true(tare_arena_size_bytes(own) < 16u << 20);
	tare_arena_free(own);
	free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unpaired_gives_the_known_answer),
		cmocka_unit_test(paired_gives_the_known_answer_without_the_zero),
		cmocka_unit_test(paired_gives_the_order_statistics_with_the_zero),
		cmocka_unit_test(selects_what_sorting_all_averages_selects),
		cmocka_unit_test(selects_what_sorting_all_differences_selects),
		cmocka_unit_test(p_value_and_interval_say_the_same),
		cmocka_unit_test(swapping_the_sides_mirrors_the_answer),
		cmocka_unit_test(too_few_values_give_no_interval),
		cmocka_unit_test(constant_values_give_a_point),
		cmocka_unit_test(a_hundred_thousand_pairs_need_little_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
