#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "harness/model/run.h"

enum { ROWS = 8 };

struct row {
	uint32_t pair;
	double value;
};

static struct tare_samples
make(const struct row *rows, size_t count)
{
	struct tare_samples samples;

	tare_samples_init(&samples, 1);
	for (size_t i = 0; i < count; i++)
		tare_samples_add(&samples, rows[i].pair, 1000 * i, &rows[i].value);
	return samples;
}

/* Pairs a and b and compares with what was expected, two values a pair. */
static void
check_pairs(struct tare_samples *a, struct tare_samples *b, const double *expected, size_t count)
{
	double a_values[ROWS];
	double b_values[ROWS];

	assert_int_equal(tare_samples_pair(a_values, b_values, a, 0, b, 0), count);
	for (size_t i = 0; i < count; i++) {
		assert_true(a_values[i] == expected[2 * i]);
		assert_true(b_values[i] == expected[2 * i + 1]);
	}
	tare_samples_free(a);
	tare_samples_free(b);
}

static void
starts_empty_with_stride_one(void **state)
{
	struct tare_samples samples;

	(void)state;
	tare_samples_init(&samples, 3);
	assert_int_equal(samples.count, 0);
	assert_int_equal(samples.total, 0);
	assert_int_equal(samples.stride, 1);
	assert_int_equal(samples.metric_count, 3);
	tare_samples_free(&samples);
	assert_null(samples.values);
}

static void
keeps_columns_in_order_while_it_grows(void **state)
{
	struct tare_samples samples;

	(void)state;
	tare_samples_init(&samples, 2);
	for (uint32_t i = 0; i < 1000; i++)
		tare_samples_add(&samples, i, 10 * i, (double[]){i, -(double)i});
	assert_int_equal(samples.count, 1000);
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(samples.pairs[i], i);
		assert_int_equal(samples.start_ns[i], 10 * i);
		assert_true(samples.values[0][i] == i);
		assert_true(samples.values[1][i] == -(double)i);
	}
	tare_samples_free(&samples);
}

static void
thins_to_pairs_the_stride_divides(void **state)
{
	const struct row rows[] = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {6, 6}, {8, 7}};
	struct tare_samples samples = make(rows, 7);

	(void)state;
	tare_samples_thin(&samples, 4);
	assert_int_equal(samples.stride, 4);
	assert_int_equal(samples.count, 3);
	assert_int_equal(samples.pairs[1], 4);
	assert_int_equal(samples.start_ns[1], 4000);
	assert_true(samples.values[0][2] == 7);
	tare_samples_free(&samples);
}

static void
joins_rows_of_the_same_pair(void **state)
{
	const struct row a_rows[] = {{0, 1}, {1, 2}, {3, 4}, {5, 6}};
	const struct row b_rows[] = {{1, 20}, {2, 30}, {3, 40}};
	struct tare_samples a = make(a_rows, 4);
	struct tare_samples b = make(b_rows, 3);

	(void)state;
	check_pairs(&a, &b, (double[]){2, 20, 4, 40}, 2);
}

static void
leaves_out_pairs_without_a_value_on_either_side(void **state)
{
	const struct row a_rows[] = {{0, NAN}, {1, 2}, {2, 3}};
	const struct row b_rows[] = {{0, 10}, {1, NAN}, {2, 30}};
	struct tare_samples a = make(a_rows, 3);
	struct tare_samples b = make(b_rows, 3);

	(void)state;
	check_pairs(&a, &b, (double[]){3, 30}, 1);
}

/* A resumed run first journals what was pending: its pairs may come after later ones. */
static void
joins_rows_that_came_out_of_order(void **state)
{
	const struct row a_rows[] = {{0, 1}, {2, 3}, {1, 2}, {3, 4}};
	const struct row b_rows[] = {{3, 40}, {0, 10}, {1, 20}};
	struct tare_samples a = make(a_rows, 4);
	struct tare_samples b = make(b_rows, 3);

	(void)state;
	check_pairs(&a, &b, (double[]){1, 10, 2, 20, 4, 40}, 3);
}

static void
joins_repeated_pairs_one_to_one(void **state)
{
	const struct row a_rows[] = {{7, 1}, {7, 2}, {7, 3}};
	const struct row b_rows[] = {{7, 10}, {7, 20}};
	struct tare_samples a = make(a_rows, 3);
	struct tare_samples b = make(b_rows, 2);

	(void)state;
	check_pairs(&a, &b, (double[]){1, 10, 2, 20}, 2);
}

static void
joins_nothing_with_nothing(void **state)
{
	const struct row rows[] = {{0, 1}};
	struct tare_samples a = make(rows, 1);
	struct tare_samples b = make(rows, 0);

	(void)state;
	check_pairs(&a, &b, NULL, 0);
}

static void
joins_different_metrics_of_the_same_samples(void **state)
{
	struct tare_samples samples;
	double a[1];
	double b[1];

	(void)state;
	tare_samples_init(&samples, 2);
	tare_samples_add(&samples, 0, 0, (double[]){5, 7});
	assert_int_equal(tare_samples_pair(a, b, &samples, 0, &samples, 1), 1);
	assert_true(a[0] == 5);
	assert_true(b[0] == 7);
	tare_samples_free(&samples);
}

static void
gives_values_without_the_missing(void **state)
{
	const struct row rows[] = {{0, 1}, {1, NAN}, {2, 3}};
	struct tare_samples samples = make(rows, 3);
	double values[3];

	(void)state;
	assert_int_equal(tare_samples_values(values, &samples, 0), 2);
	assert_true(values[0] == 1);
	assert_true(values[1] == 3);
	tare_samples_free(&samples);
}

static void
keeps_labels_with_their_rows(void **state)
{
	struct tare_samples samples, rest;

	(void)state;
	tare_samples_init(&samples, 1);
	for (uint32_t i = 0; i < 8; i++) {
		tare_samples_add(&samples, i, 10 * i, (double[]){i});
		if (i == 2 || i == 3)
			tare_samples_label(&samples, i);
	}
	assert_int_equal(tare_samples_disturbed(&samples), 2);
	tare_samples_undisturbed(&rest, &samples);
	assert_int_equal(rest.count, 6);
	assert_int_equal(rest.total, 6);
	assert_int_equal(rest.pairs[2], 4);
	assert_true(rest.values[0][2] == 4);
	assert_true(rest.start_ns[2] == 40);
	assert_int_equal(tare_samples_disturbed(&rest), 0);
	tare_samples_free(&rest);
	tare_samples_thin(&samples, 2);
	assert_int_equal(tare_samples_disturbed(&samples), 1);
	assert_int_equal(samples.labels[1], 2);
	tare_samples_free(&samples);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_empty_with_stride_one),
		cmocka_unit_test(keeps_columns_in_order_while_it_grows),
		cmocka_unit_test(keeps_labels_with_their_rows),
		cmocka_unit_test(thins_to_pairs_the_stride_divides),
		cmocka_unit_test(joins_rows_of_the_same_pair),
		cmocka_unit_test(leaves_out_pairs_without_a_value_on_either_side),
		cmocka_unit_test(joins_rows_that_came_out_of_order),
		cmocka_unit_test(joins_repeated_pairs_one_to_one),
		cmocka_unit_test(joins_nothing_with_nothing),
		cmocka_unit_test(joins_different_metrics_of_the_same_samples),
		cmocka_unit_test(gives_values_without_the_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
