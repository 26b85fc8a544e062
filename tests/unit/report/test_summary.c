#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/summary.h"
#include "tests/unit/report/fixture.h"

static void
check_summary(
	struct fixture *fixture, const char *risk, const char *recommendation, const char *headline)
{
	struct tare_report_summary summary;

	tare_report_summarize(&summary, &fixture->input);
	assert_string_equal(risk, tare_risk_name(summary.risk));
	assert_string_equal(recommendation, tare_recommendation_name(summary.recommendation));
	assert_string_equal(headline, summary.headline);
	fixture_free(fixture);
}

/* A typical run whose gated comparisons all have one verdict, and no gate. */
static struct fixture *
all(enum tare_verdict verdict, double p_adjusted)
{
	struct fixture *fixture = fixture_typical();

	for (size_t i = 0; i < fixture->sets->item_count; i++) {
		fixture->sets->items[i].verdict = verdict;
		fixture->sets->items[i].p_adjusted = p_adjusted;
		fixture->sets->items[i].ratio = 1.03;
		fixture->sets->items[i].metric.better = TARE_LOWER_IS_BETTER;
	}
	fixture->input.gate = NULL;
	return fixture;
}

static void
approves_what_did_not_change(void **state)
{
	(void)state;
	check_summary(
		all(TARE_VERDICT_NO_CHANGE, 1), "none", "approve", "no change in 5 comparisons");
	check_summary(fixture_empty(), "none", "approve", "0 cases measured");
}

static void
calls_the_undecided_a_low_risk(void **state)
{
	(void)state;
	check_summary(all(TARE_VERDICT_INCONCLUSIVE, 1), "low", "approve",
		"5 inconclusive in 5 comparisons");
	check_summary(all(TARE_VERDICT_REGRESSION, 0.06), "low", "review",
		"5 regressions in 5 comparisons");
}

static void
calls_a_regression_that_stands_a_medium_risk(void **state)
{
	(void)state;
	check_summary(all(TARE_VERDICT_REGRESSION, 0.05), "medium", "review",
		"5 regressions in 5 comparisons");
	check_summary(all(TARE_VERDICT_REGRESSION, NAN), "medium", "review",
		"5 regressions in 5 comparisons");
}

static void
blocks_regressions_of_critical_cases(void **state)
{
	struct fixture *fixture = all(TARE_VERDICT_REGRESSION, 0.05);

	(void)state;
	fixture->sets->items[0].critical = true;
	check_summary(fixture, "high", "block", "5 regressions in 5 comparisons");
}

static void
blocks_regressions_past_twice_the_margin(void **state)
{
	struct fixture *fixture = fixture_typical();
	struct tare_comparison *item = &fixture->sets->items[0];

	(void)state;
	item->ratio = 1.0399;
	assert_false(tare_comparison_is_blocking(item));
	item->ratio = 1.0401;
	assert_true(tare_comparison_is_blocking(item));
	item->metric.gated = false;
	assert_false(tare_comparison_is_blocking(item));
	item->metric.gated = true;
	item->verdict = TARE_VERDICT_INCONCLUSIVE;
	assert_false(tare_comparison_is_blocking(item));
	item->verdict = TARE_VERDICT_REGRESSION;
	item->metric.better = TARE_HIGHER_IS_BETTER;
	assert_false(tare_comparison_is_blocking(item));
	item->ratio = 0.96;
	assert_true(tare_comparison_is_blocking(item));
	fixture_free(fixture);
}

static void
blocks_what_failed_the_gate(void **state)
{
	(void)state;
	check_summary(fixture_typical(), "medium", "block",
		"1 regression, 1 improvement, 1 inconclusive in 5 comparisons");
}

static void
reviews_failed_cases(void **state)
{
	(void)state;
	check_summary(fixture_failed(), "medium", "review",
		"1 case measured; 1 case failed; the run is incomplete");
}

static void
orders_comparisons_by_what_matters(void **state)
{
	static const size_t expected[] = {0, 4, 2, 5, 3, 1, 6};
	struct tare_arena *arena = tare_arena_new();
	struct fixture *fixture = fixture_typical();
	const struct tare_comparison **items = tare_comparisons_order(arena, fixture->sets);

	(void)state;
	for (size_t i = 0; i < 7; i++)
		assert_ptr_equal(&fixture->sets->items[expected[i]], items[i]);
	fixture->sets->items[3].critical = true;
	items = tare_comparisons_order(arena, fixture->sets);
	assert_ptr_equal(&fixture->sets->items[3], items[3]);
	fixture_free(fixture);
	tare_arena_free(arena);
}

static void
reads_figures_of_a_metric(void **state)
{
	struct fixture *fixture = fixture_typical();
	double *values = calloc(tare_report_rows_max(fixture->run), sizeof(*values));
	struct tare_figures figures;

	(void)state;
	tare_figures_read(&figures, values, &fixture->run->cases[0], TARE_METRIC_WALL);
	assert_int_equal(10, figures.n);
	assert_int_equal(10, figures.total);
	assert_true(figures.median == 10150000 && figures.min == 9800000);
	assert_true(figures.low == 9900000 && figures.high == 10400000);
	assert_true(values[0] == 9800000 && values[9] == 10600000);
	tare_figures_read(&figures, values, &fixture->run->cases[0], TARE_METRIC_PAGE_FAULTS);
	assert_int_equal(0, figures.n);
	assert_true(isnan(figures.median) && isnan(figures.low) && isnan(figures.min));
	free(values);
	fixture_free(fixture);
}

static void
check_column(double value, double scale_of, const char *unit, const char *expected)
{
	char text[TARE_UNITS_TEXT_MAX];

	tare_summary_column(text, value, scale_of, unit);
	assert_string_equal(expected, text);
}

static void
writes_a_column_in_one_scale(void **state)
{
	(void)state;
	check_column(10.1e6, 10.1e6, "ns", "10.10 ms");
	check_column(9.8e6, 10.1e6, "ns", "9.80 ms");
	check_column(999e3, 1.1e6, "ns", "0.999 ms");
	check_column(123456789, 123456789, "ns", "123.5 ms");
	check_column(2881.7e3, 672.8e3, "ns", "2882 us");
	check_column(12, 12, "count", "12");
	check_column(1.5, 1.5, "", "1.500");
	check_column(NAN, 1, "ns", "n/a");
	check_column(1, NAN, "ns", "1 ns");
	check_column(0, 0, "count", "0");
	check_column(INFINITY, 1, "ns", "inf s");
}

static void
writes_changes_that_have_no_ratio(void **state)
{
	struct fixture *fixture = fixture_typical();
	struct tare_comparison *item = &fixture->sets->items[6];
	char change[TARE_UNITS_TEXT_MAX];
	char interval[TARE_INTERVAL_TEXT_MAX];

	(void)state;
	tare_change_text(change, item);
	tare_interval_text(interval, item);
	assert_string_equal("+3", change);
	assert_string_equal("[+2, +4]", interval);
	item->base_median = 30;
	tare_change_text(change, item);
	tare_interval_text(interval, item);
	assert_string_equal("+10.0 %", change);
	assert_string_equal("[+6.7 %, +13.3 %]", interval);
	item->difference_low = NAN;
	tare_interval_text(interval, item);
	assert_string_equal("n/a", interval);
	fixture_free(fixture);
}

static void
names_the_head_only_where_there_is_one(void **state)
{
	struct fixture *fixture = fixture_typical();

	(void)state;
	fixture->sets->head_label = "something else";
	assert_string_equal("head", tare_set_head_label(fixture->sets));
	fixture->sets->items[3].head_label = "clang";
	assert_string_equal("", tare_set_head_label(fixture->sets));
	fixture->sets->across_runs = true;
	assert_string_equal("something else", tare_set_head_label(fixture->sets));
	fixture->sets->head_label = NULL;
	assert_string_equal("", tare_set_head_label(fixture->sets));
	fixture_free(fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(approves_what_did_not_change),
		cmocka_unit_test(calls_the_undecided_a_low_risk),
		cmocka_unit_test(calls_a_regression_that_stands_a_medium_risk),
		cmocka_unit_test(blocks_regressions_of_critical_cases),
		cmocka_unit_test(blocks_regressions_past_twice_the_margin),
		cmocka_unit_test(blocks_what_failed_the_gate),
		cmocka_unit_test(reviews_failed_cases),
		cmocka_unit_test(orders_comparisons_by_what_matters),
		cmocka_unit_test(reads_figures_of_a_metric),
		cmocka_unit_test(writes_a_column_in_one_scale),
		cmocka_unit_test(writes_changes_that_have_no_ratio),
		cmocka_unit_test(names_the_head_only_where_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
