#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/json.h"
#include "tests/unit/report/fixture.h"

/* The document read back; frees the fixture. */
static json_t *
report_of(struct fixture *fixture)
{
	char *text = fixture_report("json", &fixture->input);
	struct tare_err err = {0};
	json_t *document = NULL;

	if (tare_json_parse(&document, text, strlen(text), &err) != TARE_OK)
		fail_msg("%s", err.text);
	free(text);
	fixture_free(fixture);
	return document;
}

static const json_t *
at(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		fail_msg("no \"%s\"", key);
	return value;
}

static void
assert_text(const json_t *object, const char *key, const char *expected)
{
	assert_string_equal(expected, json_string_value(at(object, key)));
}

static void
assert_number(const json_t *object, const char *key, double expected)
{
	double got = json_number_value(at(object, key));

	assert_true(json_is_number(at(object, key)));
	if (fabs(got - expected) > 1e-9 * fabs(expected))
		fail_msg("%s is %.17g, not %.17g", key, got, expected);
}

static void
writes_the_documented_format(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *text = fixture_report("json", &fixture->input);

	(void)state;
	assert_golden("typical.json", text);
	free(text);
	fixture_free(fixture);
}

static void
names_its_format_and_version(void **state)
{
	json_t *document = report_of(fixture_empty());

	(void)state;
	assert_text(document, "format", "tare-report");
	assert_number(document, "version", 2);
	assert_int_equal(0, json_array_size(at(document, "cases")));
	assert_int_equal(0, json_array_size(at(document, "comparisons")));
	assert_true(json_is_null(at(document, "gate")));
	assert_true(json_is_null(at(document, "base_run")));
	json_decref(document);
}

static void
holds_metrics_with_samples_in_run_order(void **state)
{
	json_t *document = report_of(fixture_typical());
	const json_t *first = json_array_get(at(document, "cases"), 0);
	const json_t *wall = at(at(first, "metrics"), "wall");
	const json_t *samples = at(wall, "samples");

	(void)state;
	assert_text(first, "benchmark", "gzip");
	assert_text(first, "variant", "base");
	assert_text(at(first, "parameters"), "level", "6");
	assert_text(wall, "unit", "ns");
	assert_text(wall, "better", "lower");
	assert_number(wall, "n", 10);
	assert_number(wall, "median", 10150000);
	assert_number(wall, "mean", 10160000);
	assert_int_equal(2, json_array_size(at(wall, "interval")));
	assert_int_equal(10, json_array_size(samples));
	assert_int_equal(10100000, json_integer_value(json_array_get(samples, 0)));
	assert_int_equal(10200000, json_integer_value(json_array_get(samples, 9)));
	/* What has no values is not there: page faults were not given. */
	assert_null(json_object_get(at(first, "metrics"), "page_faults"));
	json_decref(document);
}

static void
holds_comparisons_with_what_decided_them(void **state)
{
	json_t *document = report_of(fixture_typical());
	const json_t *items = at(document, "comparisons");
	const json_t *first = json_array_get(items, 0);
	const json_t *difference = json_array_get(items, 6);

	(void)state;
	assert_int_equal(7, json_array_size(items));
	assert_text(first, "case", "gzip[level=6]@head");
	assert_text(first, "metric", "wall");
	assert_number(first, "ratio", 1.034);
	assert_number(first, "p_adjusted", 0.004);
	assert_number(first, "mde", 0.0121);
	assert_text(first, "verdict", "regression");
	assert_text(first, "method", "paired");
	assert_true(json_is_null(at(first, "reason")));
	assert_true(json_is_null(at(difference, "ratio")));
	assert_true(json_is_null(at(difference, "interval")));
	assert_true(json_is_null(at(difference, "mde")));
	assert_number(difference, "difference", 3);
	assert_int_equal(2, json_array_size(at(difference, "difference_interval")));
	json_decref(document);
}

static void
says_first_what_a_pipeline_asks(void **state)
{
	json_t *document = report_of(fixture_typical());
	const json_t *summary = at(document, "summary");
	const json_t *regressions = at(document, "performance_regressions");
	const json_t *first = json_array_get(regressions, 0);

	(void)state;
	assert_text(document, "risk_level", "medium");
	assert_text(document, "recommendation", "block");
	assert_true(json_is_true(at(document, "regressions_found")));
	assert_number(document, "total_regressions", 1);
	assert_number(document, "blocking_regressions", 0);
	assert_int_equal(1, json_array_size(regressions));
	assert_text(first, "operation", "gzip[level=6]@head");
	assert_text(first, "metric", "wall");
	assert_number(first, "delta_percent", 3.4);
	assert_number(first, "p_adjusted", 0.004);
	assert_int_equal(1, json_array_size(at(document, "performance_improvements")));
	assert_true(json_array_size(at(document, "worth_a_look")) > 0);
	assert_true(json_array_size(at(document, "worth_a_look")) <
		    json_array_size(at(document, "comparisons")));
	assert_number(summary, "total_comparisons", 5);
	assert_number(summary, "total_inconclusive", 1);
	assert_text(at(document, "gate"), "result", "failed");
	json_decref(document);
}

static void
holds_failures_and_single_samples(void **state)
{
	json_t *document = report_of(fixture_failed());
	const json_t *cases = at(document, "cases");
	const json_t *failed = json_array_get(cases, 0);
	const json_t *single = at(at(json_array_get(cases, 2), "metrics"), "wall");

	(void)state;
	assert_text(failed, "status", "failed");
	assert_text(failed, "failure", "exit status 1, expected 0");
	assert_text(failed, "stderr", "reading input\nno such file: a<b>\n");
	assert_text(json_array_get(cases, 1), "status", "pending");
	assert_number(single, "median", 5000000);
	assert_true(json_is_null(at(single, "interval")));
	assert_true(json_is_null(at(single, "sd")));
	assert_text(at(document, "run"), "status", "interrupted");
	json_decref(document);
}

static void
says_of_each_counter_where_it_came_from(void **state)
{
	json_t *document = report_of(fixture_counted());
	const json_t *join = json_array_get(at(document, "cases"), 1);
	const json_t *cycles = at(at(join, "counters"), "cycles");
	const json_t *instructions = at(at(join, "counters"), "instructions");

	(void)state;
	assert_text(cycles, "provider", "perf");
	assert_text(cycles, "event", "PERF_COUNT_HW_CPU_CYCLES");
	assert_text(cycles, "scope", "program and its descendants");
	assert_text(cycles, "quality", "counted");
	assert_number(cycles, "coverage", 0.625);
	assert_number(cycles, "coverage_min", 0.625);
	assert_number(cycles, "used", 1);
	assert_number(cycles, "invalid", 1);
	assert_number(instructions, "thin", 1);
	assert_text(at(at(join, "counters"), "ipc"), "quality", "derived");
	assert_null(json_object_get(at(join, "counters"), "wall"));
	json_decref(document);
	document = report_of(fixture_typical());
	assert_null(json_object_get(json_array_get(at(document, "cases"), 0), "counters"));
	json_decref(document);
}

static void
keeps_hostile_text_as_text(void **state)
{
	json_t *document = report_of(fixture_hostile("\"}]\n\x1b[31m<script>\xff"));

	(void)state;
	assert_text(json_array_get(at(document, "comparisons"), 0), "case",
		"\"}]\n\x1b[31m<script>\xEF\xBF\xBD");
	assert_text(at(document, "run"), "suite", "\"}]\n\x1b[31m<script>\xEF\xBF\xBD");
	json_decref(document);
}

static void
holds_what_differs_across_runs(void **state)
{
	json_t *document = report_of(fixture_across_runs());
	const json_t *set = json_array_get(at(document, "comparison_sets"), 0);
	const json_t *fact = json_array_get(at(set, "environment_differences"), 1);
	const json_t *missing = at(set, "missing");

	(void)state;
	assert_text(at(document, "base_run"), "release", "v1.2.0");
	assert_true(json_is_true(at(set, "across_runs")));
	assert_number(at(set, "geomean"), "ratio", 1.0162);
	assert_text(fact, "key", "cpu.governor");
	assert_true(json_is_null(at(fact, "base")));
	assert_text(json_array_get(missing, 0), "only_in", "base");
	assert_text(json_array_get(missing, 1), "only_in", "head");
	json_decref(document);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_documented_format),
		cmocka_unit_test(names_its_format_and_version),
		cmocka_unit_test(holds_metrics_with_samples_in_run_order),
		cmocka_unit_test(holds_comparisons_with_what_decided_them),
		cmocka_unit_test(says_first_what_a_pipeline_asks),
		cmocka_unit_test(holds_failures_and_single_samples),
		cmocka_unit_test(says_of_each_counter_where_it_came_from),
		cmocka_unit_test(keeps_hostile_text_as_text),
		cmocka_unit_test(holds_what_differs_across_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
