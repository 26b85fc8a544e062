#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/compare/compare.h"
#include "tests/support/close.h"
#include "tests/support/sample_run.h"

static struct tare_run *first, *second;
static struct tare_comparison_set set;

static int
setup(void **state)
{
	(void)state;
	first = sample_run_new("20260102-030405-00000a");
	second = sample_run_new("20260103-030405-00000b");
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

/* Ten values around center, 0.1 % apart. */
static size_t
add(struct tare_run *run, const char *benchmark, const char *variant, size_t group, double center)
{
	size_t index = sample_run_add_case(run, benchmark, variant, group);
	double values[10];

	for (size_t i = 0; i < 10; i++)
		values[i] = center * (1.0 + 0.001 * (double)((i * 7) % 10));
	sample_run_add_values(run, index, TARE_METRIC_WALL, values, 10);
	return index;
}

static void
compare_variants(void)
{
	assert_int_equal(tare_compare_variants(&set, first->arena, first, NULL, NULL), TARE_OK);
}

static void
compare_runs(void)
{
	assert_int_equal(
		tare_compare_runs(&set, second->arena, first, second, NULL, NULL), TARE_OK);
}

static void
variants_are_compared_with_the_first_of_their_group(void **state)
{
	(void)state;
	add(first, "gzip", "gcc", 0, 1e7);
	add(first, "gzip", "clang", 0, 1.1e7);
	add(first, "gzip", "icc", 0, 0.9e7);
	add(first, "xz", "gcc", 1, 1e8);
	add(first, "xz", "clang", 1, 1e8);
	compare_variants();
	assert_false(set.across_runs);
	assert_int_equal(set.item_count, 3);
	assert_int_equal(set.items[0].verdict, TARE_VERDICT_REGRESSION);
	assert_string_equal(set.items[0].case_name, "gzip@clang");
	assert_string_equal(set.items[0].base_label, "gcc");
	assert_int_equal(set.items[1].verdict, TARE_VERDICT_IMPROVEMENT);
	assert_int_equal(set.items[2].base_case, 3);
	assert_int_equal(set.items[2].head_case, 4);
	assert_string_equal(set.base_label, "gcc");
	assert_string_equal(set.head_label, "head");
	assert_int_equal(set.geomean_count, 3);
	assert_close(set.geomean, exp((log(1.1) + log(0.9)) / 3.0), 1e-12);
}

static void
a_run_without_variants_gives_an_empty_set(void **state)
{
	(void)state;
	add(first, "gzip", "", 0, 1e7);
	add(first, "xz", "", 1, 1e7);
	compare_variants();
	assert_int_equal(set.item_count, 0);
	assert_nan(set.geomean);
	assert_int_equal(set.geomean_count, 0);
	assert_string_equal(set.base_label, "base");
}

static void
runs_are_joined_by_name_and_the_missing_are_named(void **state)
{
	(void)state;
	add(first, "gzip", "", 0, 1e7);
	add(first, "gone", "", 1, 1e7);
	add(second, "new", "", 0, 1e7);
	add(second, "gzip", "", 1, 1.05e7);
	compare_runs();
	assert_true(set.across_runs);
	assert_int_equal(set.item_count, 1);
	assert_int_equal(set.items[0].base_case, 0);
	assert_int_equal(set.items[0].head_case, 1);
	assert_int_equal(set.items[0].method, TARE_METHOD_UNPAIRED);
	assert_int_equal(set.items[0].verdict, TARE_VERDICT_REGRESSION);
	assert_int_equal(set.missing_count, 2);
	assert_string_equal(set.missing[0].name, "gone");
	assert_true(set.missing[0].in_base);
	assert_string_equal(set.missing[1].name, "new");
	assert_false(set.missing[1].in_base);
	assert_int_equal(set.geomean_count, 1);
	assert_close(set.geomean_low, set.items[0].ratio_low, 1e-12);
	assert_close(set.geomean_high, set.items[0].ratio_high, 1e-12);
}

static void
one_variant_each_is_joined_whatever_its_name(void **state)
{
	(void)state;
	add(first, "gzip", "old", 0, 1e7);
	add(second, "gzip", "new", 0, 1e7);
	compare_runs();
	assert_int_equal(set.item_count, 1);
	assert_int_equal(set.missing_count, 0);
}

static void
several_variants_are_joined_by_theirs(void **state)
{
	(void)state;
	add(first, "gzip", "gcc", 0, 1e7);
	add(first, "gzip", "clang", 0, 2e7);
	add(second, "gzip", "clang", 0, 2e7);
	compare_runs();
	assert_int_equal(set.item_count, 1);
	assert_int_equal(set.items[0].base_case, 1);
	assert_int_equal(set.missing_count, 1);
	assert_string_equal(set.missing[0].name, "gzip@gcc");
}

static void
labels_are_releases_or_ids(void **state)
{
	(void)state;
	first->release = "v1.2";
	second->release = "v1.3";
	compare_runs();
	assert_string_equal(set.base_label, "v1.2");
	assert_string_equal(set.head_label, "v1.3");
	second->release = "v1.2";
	compare_runs();
	assert_string_equal(set.base_label, "20260102-030405-00000a");
	second->release = "";
	compare_runs();
	assert_string_equal(set.head_label, "20260103-030405-00000b");
}

static void
environments_that_matter_are_listed(void **state)
{
	(void)state;
	compare_runs();
	assert_int_equal(set.environment_difference_count, 0);
	tare_environment_add(
		&second->environment, second->arena, "cpu.governor", "powersave", true);
	tare_environment_add(&second->environment, second->arena, "hostname", "elsewhere", false);
	compare_runs();
	assert_int_equal(set.environment_difference_count, 1);
	assert_string_equal(set.environment_differences[0].key, "cpu.governor");
	assert_null(set.environment_differences[0].base);
}

static void
metrics_of_another_unit_are_not_compared(void **state)
{
	const double values[] = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0};
	size_t x = sample_run_add_case(first, "gzip", "", 0);
	size_t y = sample_run_add_case(second, "gzip", "", 0);
	size_t metric = sample_run_add_metric(first, x, "q", "ns", TARE_LOWER_IS_BETTER, 0.02);

	(void)state;
	sample_run_add_metric(second, y, "q", "bytes", TARE_LOWER_IS_BETTER, 0.02);
	sample_run_add_values(first, x, metric, values, 6);
	sample_run_add_values(second, y, metric, values, 6);
	compare_runs();
	assert_int_equal(set.item_count, 0);
}

static void
geomean_has_no_interval_where_a_case_has_none(void **state)
{
	size_t few;
	const double values[] = {1e7, 1e7, 1e7};

	(void)state;
	add(first, "gzip", "", 0, 1e7);
	add(second, "gzip", "", 0, 1e7);
	few = sample_run_add_case(first, "xz", "", 1);
	sample_run_add_values(first, few, TARE_METRIC_WALL, values, 3);
	few = sample_run_add_case(second, "xz", "", 1);
	sample_run_add_values(second, few, TARE_METRIC_WALL, values, 3);
	compare_runs();
	assert_int_equal(set.geomean_count, 2);
	assert_close(set.geomean, 1.0, 1e-12);
	assert_nan(set.geomean_low);
}

static void
compares_again_without_what_was_disturbed(void **state)
{
	size_t base = add(first, "x", "base", 0, 10e6);
	size_t head = add(first, "x", "head", 0, 10e6);
	const struct tare_undisturbed *rest;

	(void)state;
	compare_variants();
	assert_null(set.items[0].undisturbed);
	for (size_t i = 0; i < 3; i++) {
		first->cases[head].samples.values[TARE_METRIC_WALL][i] *= 5;
		first->cases[head].samples.labels[i] = 1;
	}
	first->cases[base].samples.labels[3] = 1;
	compare_variants();
	rest = set.items[0].undisturbed;
	assert_non_null(rest);
	assert_int_equal(set.items[0].n, 10);
	assert_int_equal(set.items[0].verdict, TARE_VERDICT_INCONCLUSIVE);
	assert_int_equal(rest->base_disturbed, 1);
	assert_int_equal(rest->head_disturbed, 3);
	assert_int_equal(rest->n, 6);
	assert_close(rest->ratio, 1, 1e-12);
	assert_int_equal(rest->verdict, TARE_VERDICT_NO_CHANGE);
}

static void
has_nothing_left_where_all_were_disturbed(void **state)
{
	size_t head;

	(void)state;
	add(first, "x", "base", 0, 10e6);
	head = add(first, "x", "head", 0, 10e6);
	for (size_t i = 0; i < 10; i++)
		first->cases[head].samples.labels[i] = 1;
	compare_variants();
	assert_int_equal(set.items[0].undisturbed->n, 0);
	assert_int_equal(set.items[0].undisturbed->verdict, TARE_VERDICT_INCONCLUSIVE);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(compares_again_without_what_was_disturbed),
		TEST(has_nothing_left_where_all_were_disturbed),
		TEST(variants_are_compared_with_the_first_of_their_group),
		TEST(a_run_without_variants_gives_an_empty_set),
		TEST(runs_are_joined_by_name_and_the_missing_are_named),
		TEST(one_variant_each_is_joined_whatever_its_name),
		TEST(several_variants_are_joined_by_theirs),
		TEST(labels_are_releases_or_ids),
		TEST(environments_that_matter_are_listed),
		TEST(metrics_of_another_unit_are_not_compared),
		TEST(geomean_has_no_interval_where_a_case_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
