#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/stats/rank.h"
#include "tests/support/close.h"

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

static void
signed_rank_is_that_of_all_sign_patterns(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 12; n++) {
		unsigned counts[79] = {0}, below = 0;

		for (unsigned signs = 0; signs < 1u << n; signs++) {
			unsigned sum = 0;

			for (unsigned i = 0; i < n; i++)
				sum += (signs >> i & 1) * (i + 1);
			counts[sum]++;
		}
		for (unsigned t = 0; t <= n * (n + 1) / 2; t++) {
			below += counts[t];
			assert_close(tare_signed_rank_cdf(ranks, n, t), below / (double)(1u << n),
				1e-15);
		}
	}
}

/* The u of every choice of m ranks out of m + n, as a bit pattern, into counts; how many there are.
 */
static unsigned
count_choices(unsigned *counts, unsigned m, unsigned n)
{
	unsigned total = 0;

	for (unsigned set = 0; set < 1u << (m + n); set++) {
		unsigned u = 0, seen = 0;

		if ((unsigned)__builtin_popcount(set) != m)
			continue;
		for (unsigned i = 0; i < m + n; i++) {
			if ((set >> i & 1) != 0)
				u += i - seen++;
		}
		counts[u]++;
		total++;
	}
	return total;
}

static void
mann_whitney_is_that_of_all_choices(void **state)
{
	(void)state;
	for (unsigned m = 1; m <= 6; m++) {
		for (unsigned n = 1; n <= 6; n++) {
			unsigned counts[37] = {0}, below = 0;
			unsigned total = count_choices(counts, m, n);

			for (unsigned u = 0; u <= m * n; u++) {
				below += counts[u];
				assert_close(tare_mann_whitney_cdf(ranks, m, n, u),
					below / (double)total, 1e-15);
			}
		}
	}
}

/* Wilcoxon & Wilcox 1964 and Mann & Whitney 1947, two-sided 5 %: the largest T or U that rejects.
 */
static void
critical_values_are_those_of_the_tables(void **state)
{
	static const unsigned t[][2] = {
		{6, 0}, {7, 2}, {8, 3}, {9, 5}, {10, 8}, {15, 25}, {20, 52}, {25, 89}, {30, 137}};
	static const unsigned u[][2] = {
		{4, 0}, {5, 2}, {6, 5}, {8, 13}, {10, 23}, {15, 64}, {20, 127}};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(tare_signed_rank_critical(ranks, t[i][0], 0.025), t[i][1] + 1);
	for (size_t i = 0; i < sizeof(u) / sizeof(u[0]); i++)
		assert_int_equal(
			tare_mann_whitney_critical(ranks, u[i][0], u[i][0], 0.025), u[i][1] + 1);
	assert_int_equal(tare_signed_rank_critical(ranks, 5, 0.025), 0);
	assert_int_equal(tare_mann_whitney_critical(ranks, 3, 3, 0.025), 0);
	assert_int_equal(tare_mann_whitney_critical(ranks, 0, 3, 0.025), 0);
}

/* As pwilcox(u, 100, 100), pwilcox(0, 5, 2000) and psignrank(t, 128) of R 4.2. */
static void
large_tables_keep_their_digits(void **state)
{
	(void)state;
	assert_close(tare_mann_whitney_cdf(ranks, 100, 100, 4000), 0.007188544260578886, 1e-12);
	assert_close(
		tare_mann_whitney_cdf(ranks, 100, 100, 3000) / 3.385765332249109e-07, 1.0, 1e-9);
	assert_close(tare_mann_whitney_cdf(ranks, 5, 2000, 500) / 8.742881078395829e-06, 1.0, 1e-9);
	assert_close(tare_signed_rank_cdf(ranks, 128, 3000), 0.003520327461588613, 1e-12);
}

static void
approximations_meet_the_tables_at_the_switch(void **state)
{
	uint64_t exact, beyond;

	(void)state;
	exact = tare_signed_rank_critical(ranks, TARE_SIGNED_RANK_EXACT_MAX, 0.025);
	beyond = tare_signed_rank_critical(ranks, TARE_SIGNED_RANK_EXACT_MAX + 1, 0.025);
	/* One pair more moves the critical value by about n / 2 - 1.96 * 3 sqrt(n / 3) / 4. */
	assert_in_range(beyond - exact, 50, 60);
	assert_close(tare_signed_rank_cdf(ranks, 129, beyond - 1), 0.025, 2e-4);
	exact = tare_mann_whitney_critical(ranks, 125, 125, 0.025);
	beyond = tare_mann_whitney_critical(ranks, 127, 127, 0.025);
	assert_in_range(beyond - exact, 200, 250);
}

static void
cdf_reaches_one_and_sides_may_be_swapped(void **state)
{
	(void)state;
	assert_close(tare_signed_rank_cdf(ranks, 0, 0), 1.0, 0.0);
	assert_close(tare_signed_rank_cdf(ranks, 10, 55), 1.0, 0.0);
	assert_close(tare_signed_rank_cdf(ranks, 10, 1000), 1.0, 0.0);
	assert_close(tare_mann_whitney_cdf(ranks, 0, 9, 0), 1.0, 0.0);
	assert_close(
		tare_mann_whitney_cdf(ranks, 9, 4, 7), tare_mann_whitney_cdf(ranks, 4, 9, 7), 0.0);
}

/* As wilcox.test(correct = TRUE, exact = FALSE) of R 4.2: p = 2 Phi(-|z|). */
static void
z_corrects_ties_and_continuity(void **state)
{
	const double x[] = {1.0, 2.0, 2.0, 3.0, 4.0}, y[] = {2.0, 3.0, 4.0, 4.0, 5.0, 6.0};
	const double d[] = {1.0, -2.0, 3.0, 3.0, 0.0, 4.0, 5.0, -1.0};
	double work[8];

	(void)state;
	assert_close(tare_mann_whitney_z(x, 5, y, 6), 1.67784560576271, 1e-6);
	assert_close(tare_mann_whitney_z(y, 6, x, 5), -1.67784560576271, 1e-6);
	assert_close(tare_signed_rank_z(work, d, 8), 1.52674007342395, 1e-6);
}

static void
z_of_nothing_is_zero(void **state)
{
	const double same[] = {2.0, 2.0, 2.0}, zeros[] = {0.0, 0.0};
	double work[3];

	(void)state;
	assert_close(tare_mann_whitney_z(same, 3, same, 3), 0.0, 0.0);
	assert_close(tare_mann_whitney_z(same, 0, same, 3), 0.0, 0.0);
	assert_close(tare_signed_rank_z(work, zeros, 2), 0.0, 0.0);
}

static void
superiority_counts_ties_half(void **state)
{
	const double x[] = {1.0, 2.0}, y[] = {2.0, 3.0};

	(void)state;
	assert_close(tare_superiority(x, 2, y, 2), 0.875, 0.0);
	assert_close(tare_superiority(y, 2, x, 2), 0.125, 0.0);
	assert_nan(tare_superiority(x, 0, y, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_rank_is_that_of_all_sign_patterns),
		cmocka_unit_test(mann_whitney_is_that_of_all_choices),
		cmocka_unit_test(critical_values_are_those_of_the_tables),
		cmocka_unit_test(large_tables_keep_their_digits),
		cmocka_unit_test(approximations_meet_the_tables_at_the_switch),
		cmocka_unit_test(cdf_reaches_one_and_sides_may_be_swapped),
		cmocka_unit_test(z_corrects_ties_and_continuity),
		cmocka_unit_test(z_of_nothing_is_zero),
		cmocka_unit_test(superiority_counts_ties_half),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
