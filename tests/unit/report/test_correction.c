#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "report/correction.h"
#include "tests/support/sample_run.h"
#include "tests/unit/report/fixture.h"

static struct tare_weights weights = {.id = "20260102-030405-00000c"};
static const struct tare_correction_line line = {.alpha = 5e5, .beta = 2, .by = &weights};
static const struct tare_correction_line nothing = {.beta = 1, .by = &weights};

static struct tare_comparison_correction
sides(bool decides)
{
	return (struct tare_comparison_correction){.decides = decides,
		.head_line = &line,
		.raw_ratio = 2.05,
		.raw_low = 2.04,
		.raw_high = 2.06,
		.raw_verdict = TARE_VERDICT_REGRESSION,
		.ratio = 1.001,
		.low = 0.995,
		.high = 1.007};
}

static void
raw_figures_stand_beside_corrected_ones_and_the_other_way_round(void **state)
{
	const struct tare_comparison_correction mixed = sides(true), alike = sides(false);
	struct tare_comparison item = {.correction = &mixed};
	struct tare_arena *arena = tare_arena_new();

	(void)state;
	assert_string_equal(tare_correction_beside(arena, &item),
		"raw +105.0 % [+104.0 %, +106.0 %], regression; corrected by calibration "
		"20260102-030405-00000c");
	item.correction = &alike;
	assert_string_equal(tare_correction_beside(arena, &item),
		"corrected +0.10 % [-0.50 %, +0.70 %] by calibration 20260102-030405-00000c; the "
		"verdict is of raw times, both from containers");
	item.correction = NULL;
	assert_null(tare_correction_beside(arena, &item));
	assert_null(tare_corrected_by(&item));
	tare_arena_free(arena);
}

static void
says_why_nothing_is_taken_off(void **state)
{
	const struct tare_corrected one = {.inside = true, .line = &line},
				    none = {.inside = true, .line = &nothing},
				    refused = {.inside = true, .why_not = "it is too old"},
				    host = {.inside = false};

	(void)state;
	assert_string_equal(tare_correction_remark(&one), "");
	assert_string_equal(
		tare_correction_remark(&none), "not corrected: the interval covers zero");
	assert_string_equal(tare_correction_remark(&refused), "it is too old");
	assert_string_equal(tare_correction_remark(&host), "");
}

static void
an_interval_that_is_not_there_is_left_out(void **state)
{
	const struct tare_span known = {1e7, 9e6, 1.1e7}, few = {1e7, NAN, NAN};
	struct tare_arena *arena = tare_arena_new();

	(void)state;
	assert_string_equal(tare_span_text(arena, &known), "10 ms [9 ms, 11 ms]");
	assert_string_equal(tare_span_text(arena, &few), "10 ms");
	assert_string_equal(tare_ratio_text(arena, 1.5, NAN, NAN), "+50.0 %");
	tare_arena_free(arena);
}

/* One case in a container and one on the host, told of in every report. */
static void
every_report_has_raw_and_corrected_times(void **state)
{
	static const char *const reporters[] = {"text", "markdown", "json", "csv", "html"};
	struct fixture *fixture = fixture_typical();
	struct tare_corrected *cases =
		tare_arena_alloc(fixture->run->arena, fixture->run->case_count, sizeof(*cases));
	const struct tare_weights *calibrations[] = {&weights};
	struct tare_correction correction = {.asked = "the suite",
		.cases = cases,
		.case_count = fixture->run->case_count,
		.calibrations = calibrations,
		.calibration_count = 1,
		.corrected_count = 1};

	(void)state;
	cases[1] = (struct tare_corrected){.inside = true,
		.line = &line,
		.raw = {20.5e6, 20e6, 21e6},
		.host = {12.5e6, 12.25e6, 12.75e6}};
	fixture->input.correction = &correction;
	for (size_t i = 0; i < sizeof(reporters) / sizeof(reporters[0]); i++) {
		char *text = fixture_report(reporters[i], &fixture->input);

		assert_contains(text, weights.id);
		assert_contains(text, i == 2 || i == 3 ? "12500000" : "12.5 ms");
		free(text);
	}
	fixture_free(fixture);
}

static void
a_refusal_stands_in_place_of_times(void **state)
{
	static const char *const reporters[] = {"text", "markdown", "json", "html"};
	struct fixture *fixture = fixture_typical();
	struct tare_corrected *cases =
		tare_arena_alloc(fixture->run->arena, fixture->run->case_count, sizeof(*cases));
	struct tare_correction correction = {.asked = "the suite",
		.cases = cases,
		.case_count = fixture->run->case_count,
		.refusal = "there is none"};

	(void)state;
	fixture->input.correction = &correction;
	for (size_t i = 0; i < sizeof(reporters) / sizeof(reporters[0]); i++) {
		char *text = fixture_report(reporters[i], &fixture->input);

		assert_contains(text, "there is none");
		assert_lacks(text, "only wall time is corrected");
		free(text);
	}
	fixture_free(fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_figures_stand_beside_corrected_ones_and_the_other_way_round),
		cmocka_unit_test(says_why_nothing_is_taken_off),
		cmocka_unit_test(an_interval_that_is_not_there_is_left_out),
		cmocka_unit_test(every_report_has_raw_and_corrected_times),
		cmocka_unit_test(a_refusal_stands_in_place_of_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
