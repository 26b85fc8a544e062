#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/model/metric.h"

static void
lists_the_builtin_metrics_by_position(void **state)
{
	static const char *const names[] = {"wall", "user", "sys", "cpu", "max_rss", "page_faults",
		"major_faults", "context_switches", "involuntary_switches"};

	(void)state;
	assert_int_equal(TARE_BUILTIN_METRIC_COUNT, sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < TARE_BUILTIN_METRIC_COUNT; i++)
		assert_string_equal(tare_builtin_metrics[i].name, names[i]);
	assert_string_equal(tare_builtin_metrics[TARE_METRIC_CPU].unit, "ns");
	assert_string_equal(tare_builtin_metrics[TARE_METRIC_MAX_RSS].unit, "bytes");
	assert_string_equal(tare_builtin_metrics[TARE_METRIC_PAGE_FAULTS].unit, "count");
}

static void
gates_wall_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < TARE_BUILTIN_METRIC_COUNT; i++) {
		const struct tare_metric *metric = &tare_builtin_metrics[i];

		assert_int_equal(metric->gated, i == TARE_METRIC_WALL);
		assert_int_equal(metric->better, TARE_LOWER_IS_BETTER);
		assert_false(metric->exact);
		assert_true(metric->margin == TARE_DEFAULT_MARGIN);
	}
}

static void
names_the_better_side(void **state)
{
	(void)state;
	assert_string_equal(tare_better_name(TARE_LOWER_IS_BETTER), "lower");
	assert_string_equal(tare_better_name(TARE_HIGHER_IS_BETTER), "higher");
}

static void
finds_a_metric_by_its_whole_name(void **state)
{
	const size_t count = TARE_BUILTIN_METRIC_COUNT;

	(void)state;
	assert_int_equal(
		tare_metric_find(tare_builtin_metrics, count, "max_rss"), TARE_METRIC_MAX_RSS);
	assert_int_equal(tare_metric_find(tare_builtin_metrics, count, "max"), count);
	assert_int_equal(tare_metric_find(tare_builtin_metrics, 4, "max_rss"), 4);
	assert_int_equal(tare_metric_find(NULL, 0, "wall"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_the_builtin_metrics_by_position),
		cmocka_unit_test(gates_wall_only),
		cmocka_unit_test(names_the_better_side),
		cmocka_unit_test(finds_a_metric_by_its_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
