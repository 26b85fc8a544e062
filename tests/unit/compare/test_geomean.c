#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "harness/base/rng.h"
#include "harness/compare/compare.h"
#include "tests/support/close.h"
#include "tests/support/sample_run.h"

enum { VALUES_MAX = 64 };

static struct tare_run *first, *second;
static struct tare_rng rng;

static int
setup(void **state)
{
	(void)state;
	first = sample_run_new("20260102-030405-00000a");
	second = sample_run_new("20260103-030405-00000b");
	tare_rng_seed(&rng, 7, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tare_run_free(first);
	tare_run_free(second);
	return 0;
}

/* A case of normal values, or of a long tail, relative to center. */
static void
add(struct tare_run *run, const char *name, const char *variant, size_t group, double center,
	double sd, size_t n)
{
	size_t index = sample_run_add_case(run, name, variant, group);
	double values[VALUES_MAX];

	for (size_t i = 0; i < n; i++)
		values[i] = center * exp(sd * tare_rng_normal(&rng));
	sample_run_add_values(run, index, TARE_METRIC_WALL, values, n);
}

static struct tare_comparison_set
variants_of(struct tare_run *run)
{
	struct tare_comparison_set set;

	assert_int_equal(tare_compare_variants(&set, run->arena, run, NULL, NULL), TARE_OK);
	return set;
}

static struct tare_comparison_set
runs_of(struct tare_run *base, struct tare_run *head)
{
	struct tare_comparison_set set;

	assert_int_equal(tare_compare_runs(&set, head->arena, base, head, NULL, NULL), TARE_OK);
	return set;
}

/* What intervals of normal errors add up to. */
static double
in_quadrature(const struct tare_comparison_set *set)
{
	double sum = 0.0;
	size_t count = 0;

	for (size_t i = 0; i < set->item_count; i++) {
		double half = (log(set->items[i].ratio_high) - log(set->items[i].ratio_low)) / 2.0;

		sum += half * half;
		count++;
	}
	return sqrt(sum) / (double)count;
}

static double
half_width(const struct tare_comparison_set *set)
{
	return (log(set->geomean_high) - log(set->geomean_low)) / 2.0;
}

static void
is_as_wide_as_the_errors_of_its_cases(void **state)
{
	struct tare_comparison_set set;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		add(first, "b", "base", i, 1e7, 0.03, 20);
		add(first, "b", "head", i, 1.1e7, 0.03, 20);
	}
	set = variants_of(first);
	assert_int_equal(set.geomean_count, 8);
	assert_true(set.geomean_low < set.geomean && set.geomean < set.geomean_high);
	assert_true(fabs(half_width(&set) / in_quadrature(&set) - 1.0) < 0.1);
}

static void
is_the_same_each_time_and_mirrored_for_the_mirrored(void **state)
{
	struct tare_comparison_set set, again, back;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char name[] = {(char)('a' + i), '\0'};

		add(first, name, "", i, 1e7, 0.03, 12);
		add(second, name, "", i, 1.1e7, 0.05, 9);
	}
	set = runs_of(first, second);
	again = runs_of(first, second);
	back = runs_of(second, first);
	assert_true(set.geomean_low == again.geomean_low);
	assert_true(set.geomean_high == again.geomean_high);
	assert_close(back.geomean * set.geomean, 1.0, 1e-12);
	/* Other random numbers fall on each side. */
	assert_close(back.geomean_high * set.geomean_low, 1.0, 2e-3);
	assert_close(back.geomean_low * set.geomean_high, 1.0, 2e-3);
}

/* Two heads against one base share its noise: their mean is not twice as certain. */
static void
variants_that_share_a_base_are_drawn_together(void **state)
{
	struct tare_comparison_set set;
	double alone;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		add(first, "b", "base", i, 1e7, 0.05, 40);
		add(first, "b", "head", i, 1e7, 1e-4, 40);
		add(first, "b", "next", i, 1e7, 1e-4, 40);
	}
	set = variants_of(first);
	assert_int_equal(set.geomean_count, 4);
	alone = in_quadrature(&set);
	assert_true(half_width(&set) > 1.25 * alone && half_width(&set) < 1.55 * alone);
}

/* Where a case's shift is drawn to one side, so is the mean's. */
static void
a_long_tail_shows(void **state)
{
	struct tare_comparison_set set;
	double low, high;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		double base[16], head[16];
		size_t index = sample_run_add_case(first, "b", "base", i);

		for (size_t j = 0; j < 16; j++) {
			base[j] = 1e7;
			head[j] = 1e7 * exp(0.001 * exp((double)j / 3.0));
		}
		sample_run_add_values(first, index, TARE_METRIC_WALL, base, 16);
		index = sample_run_add_case(first, "b", "head", i);
		sample_run_add_values(first, index, TARE_METRIC_WALL, head, 16);
	}
	set = variants_of(first);
	low = log(set.geomean / set.geomean_low);
	high = log(set.geomean_high / set.geomean);
	assert_true(high > 1.2 * low);
}

static void
constant_cases_leave_a_point(void **state)
{
	struct tare_comparison_set set;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		add(first, "b", "base", i, 1e7, 0.0, 8);
		add(first, "b", "head", i, 1.2e7, 0.0, 8);
	}
	set = variants_of(first);
	assert_close(set.geomean, 1.2, 1e-12);
	assert_close(set.geomean_low, 1.2, 1e-12);
	assert_close(set.geomean_high, 1.2, 1e-12);
}

/* A constant one among others adds nothing to what is not known. */
static void
a_constant_case_among_others_counts_for_the_mean(void **state)
{
	struct tare_comparison_set set;

	(void)state;
	add(first, "a", "base", 0, 1e7, 0.0, 20);
	add(first, "a", "head", 0, 1.2e7, 0.0, 20);
	add(first, "b", "base", 1, 1e7, 0.02, 20);
	add(first, "b", "head", 1, 1e7, 0.02, 20);
	set = variants_of(first);
	assert_close(set.geomean, sqrt(1.2 * set.items[1].ratio), 1e-12);
	assert_true(fabs(half_width(&set) / in_quadrature(&set) - 1.0) < 0.15);
}

/* What the pairs of its blocks share widens the interval of six pairs past any that six can give.
 */
static void
a_case_without_an_interval_of_its_own_takes_none_from_the_mean(void **state)
{
	static const double shared[] = {1.02e7, 1.021e7, 0.99e7, 0.989e7, 1.03e7, 1.031e7};
	static const double ones[] = {1e7, 1e7, 1e7, 1e7, 1e7, 1e7};
	struct tare_comparison_set set;

	(void)state;
	sample_run_add_values(
		first, sample_run_add_case(first, "a", "base", 0), TARE_METRIC_WALL, ones, 6);
	sample_run_add_values(
		first, sample_run_add_case(first, "a", "head", 0), TARE_METRIC_WALL, shared, 6);
	add(first, "b", "base", 1, 1e7, 0.002, 20);
	add(first, "b", "head", 1, 1e7, 0.002, 20);
	set = variants_of(first);
	assert_int_equal(set.geomean_count, 2);
	assert_nan(set.items[0].ratio_low);
	/* The other one alone would leave 0.1 %. */
	assert_true(half_width(&set) > 0.006);
	assert_true(half_width(&set) < 0.02);
}

/* Too few to say anything of one case say nothing of the suite. */
static void
a_case_of_too_few_pairs_leaves_no_interval(void **state)
{
	struct tare_comparison_set set;

	(void)state;
	add(first, "a", "base", 0, 1e7, 0.002, 5);
	add(first, "a", "head", 0, 1e7, 0.002, 5);
	add(first, "b", "base", 1, 1e7, 0.002, 20);
	add(first, "b", "head", 1, 1e7, 0.002, 20);
	set = variants_of(first);
	assert_int_equal(set.geomean_count, 2);
	assert_nan(set.geomean_low);
	assert_nan(set.geomean_high);
}

/* So many that drawing would take too long: their sum is normal. */
static void
very_many_cases_add_in_quadrature(void **state)
{
	struct tare_comparison_set set;

	(void)state;
	for (size_t i = 0; i < 1500; i++) {
		add(first, "b", "base", i, 1e7, 0.02, 10);
		add(first, "b", "head", i, 1.03e7, 0.02, 10);
	}
	set = variants_of(first);
	assert_int_equal(set.geomean_count, 1500);
	assert_close(set.geomean, 1.03, 0.002);
	assert_true(fabs(half_width(&set) / in_quadrature(&set) - 1.0) < 0.05);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(is_as_wide_as_the_errors_of_its_cases),
		TEST(is_the_same_each_time_and_mirrored_for_the_mirrored),
		TEST(variants_that_share_a_base_are_drawn_together),
		TEST(a_long_tail_shows),
		TEST(constant_cases_leave_a_point),
		TEST(a_constant_case_among_others_counts_for_the_mean),
		TEST(a_case_without_an_interval_of_its_own_takes_none_from_the_mean),
		TEST(a_case_of_too_few_pairs_leaves_no_interval),
		TEST(very_many_cases_add_in_quadrature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
