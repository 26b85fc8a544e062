#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "harness/store/summary.h"
#include "tests/support/sample_run.h"

static void
leaves_out_what_is_no_number_and_what_is_infinite(void **state)
{
	struct tare_run *run = sample_run_new("20260101-000000-000001");
	size_t one = sample_run_add_case(run, "gzip", "", 0);
	const double values[] = {5, NAN, 1, INFINITY, 3};
	struct tare_column_summary summary;
	double scratch[5];

	(void)state;
	sample_run_add_values(run, one, TARE_METRIC_WALL, values, 5);
	tare_column_summarise(&summary, scratch, &run->cases[one].samples, TARE_METRIC_WALL);
	assert_int_equal(summary.n, 3);
	assert_true(summary.median.estimate == 3);
	assert_true(isnan(summary.median.low));
	tare_column_summarise(&summary, scratch, &run->cases[one].samples, TARE_METRIC_USER);
	assert_int_equal(summary.n, 0);
	assert_true(isnan(summary.median.estimate));
	tare_run_free(run);
}

static void
counts_failed_cases_and_all_else_that_tells_how_far_a_run_is(void **state)
{
	struct tare_run *run = sample_run_new("20260101-000000-000001");
	struct tare_run_extent extent;

	(void)state;
	sample_run_add_case(run, "gzip", "", 0);
	sample_run_fail(run, sample_run_add_case(run, "xz", "", 1), "exit status 1", NULL);
	tare_run_warn(run, "noise", "noisy", "wait");
	extent = tare_run_extent(run);
	assert_int_equal(tare_run_failed_count(run), 1);
	assert_int_equal(extent.failed_count, 1);
	assert_int_equal(extent.warning_count, 1);
	assert_int_equal(extent.status, TARE_RUN_OPEN);
	tare_run_free(run);
}

static void
a_run_is_replaced_only_while_it_is_incomplete_and_only_by_more(void **state)
{
	const struct tare_run_extent complete = {TARE_RUN_COMPLETE, 10, 0, 0};
	const struct tare_run_extent open = {TARE_RUN_OPEN, 10, 0, 0};
	const struct tare_run_extent interrupted = {TARE_RUN_INTERRUPTED, 10, 0, 0};
	const struct tare_run_extent resumed = {TARE_RUN_OPEN, 11, 0, 0};
	const struct tare_run_extent failed = {TARE_RUN_OPEN, 10, 1, 0};
	const struct tare_run_extent warned = {TARE_RUN_OPEN, 10, 0, 1};

	(void)state;
	assert_false(tare_run_has_more(&resumed, &complete));
	assert_false(tare_run_has_more(&open, &open));
	assert_true(tare_run_has_more(&interrupted, &open));
	assert_true(tare_run_has_more(&complete, &interrupted));
	assert_false(tare_run_has_more(&open, &interrupted));
	assert_true(tare_run_has_more(&resumed, &interrupted));
	assert_false(tare_run_has_more(&interrupted, &resumed));
	assert_true(tare_run_has_more(&failed, &open));
	assert_true(tare_run_has_more(&warned, &open));
	assert_false(tare_run_has_more(&warned, &failed));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_out_what_is_no_number_and_what_is_infinite),
		cmocka_unit_test(counts_failed_cases_and_all_else_that_tells_how_far_a_run_is),
		cmocka_unit_test(a_run_is_replaced_only_while_it_is_incomplete_and_only_by_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
