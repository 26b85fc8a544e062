#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/model/warning.h"
#include "report/table.h"
#include "tests/support/sample_run.h"
#include "tests/unit/report/fixture.h"

static size_t
longest_line(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);

		if (tare_display_width(line) > longest)
			longest = tare_display_width(line);
		free(line);
		text += len + (text[len] == '\n');
	}
	return longest;
}

static void
check_golden(struct fixture *fixture, const char *name)
{
	char *text = fixture_report("text", &fixture->input);

	assert_golden(name, text);
	free(text);
	fixture_free(fixture);
}

static void
shows_a_typical_run(void **state)
{
	(void)state;
	check_golden(fixture_typical(), "typical.txt");
}

static void
shows_more_columns_on_a_wide_terminal(void **state)
{
	struct fixture *fixture = fixture_typical();

	(void)state;
	fixture->input.width = 120;
	check_golden(fixture, "typical_wide.txt");
}

static void
colours_only_where_allowed(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *plain = fixture_report("text", &fixture->input);

	(void)state;
	assert_null(strchr(plain, '\x1b'));
	free(plain);
	fixture->input.color = true;
	check_golden(fixture, "typical_color.txt");
}

static void
warns_loudly_when_environments_differ(void **state)
{
	(void)state;
	check_golden(fixture_across_runs(), "across_runs.txt");
}

static void
shows_failures_with_their_stderr(void **state)
{
	(void)state;
	check_golden(fixture_failed(), "failed.txt");
}

static void
tells_once_what_many_cases_failed_of(void **state)
{
	struct fixture *fixture = fixture_large(20, 3);
	char *text;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		sample_run_fail(fixture->run, i, i == 5 ? "alone" : "no such file", "usage: x\n");
	text = fixture_report("text", &fixture->input);
	assert_int_equal(count_of(text, "failed: "), 2);
	assert_contains(text, "\nfailed: 39 cases: no such file\n  ");
	assert_contains(text, " 27 more\n  | usage: x\n");
	assert_contains(text, ": alone\n  | usage: x\n");
	free(text);
	fixture_free(fixture);
}

static void
says_why_measuring_ended_where_it_ended_by_itself(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *text = fixture_report("text", &fixture->input);

	(void)state;
	assert_contains(text, "stopped: time budget used up (4 cases), verdict reached (2 cases); "
			      "the most "
			      "time\ntook xz[level=6]@head, 1.751 s of 3.748 s\n");
	free(text);
	for (size_t i = 0; i < fixture->run->case_count; i++)
		fixture->run->cases[i].stop_reason = "all invocations done";
	sample_run_fail(fixture->run, 0, "exit status 1", NULL);
	text = fixture_report("text", &fixture->input);
	assert_lacks(text, "stopped:");
	free(text);
	fixture_free(fixture);
}

static void
lists_no_end_of_warnings(void **state)
{
	struct fixture *fixture = fixture_empty();
	char *text;

	(void)state;
	for (size_t i = 0; i < 30; i++)
		tare_run_warn(fixture->run, tare_arena_printf(fixture->run->arena, "kind_%zu", i),
			"seen", "");
	text = fixture_report("text", &fixture->input);
	assert_int_equal(count_of(text, "warning: "), 20);
	assert_contains(
		text, "and 10 more kinds of warnings; the html and json reports have them\n");
	free(text);
	fixture_free(fixture);
}

static void
says_once_what_to_do_about_warnings_of_one_kind(void **state)
{
	struct fixture *fixture = fixture_empty();
	char *text;

	(void)state;
	for (size_t i = 0; i < 9; i++)
		tare_warn(fixture->run, TARE_WARN_NO_BASE, 0, "x[n=%zu] failed", i);
	text = fixture_report("text", &fixture->input);
	assert_contains(text,
		"\nwarning: x[n=0] failed\n"
		"         x[n=1] failed\n"
		"         x[n=2] failed\n"
		"         x[n=3] failed\n"
		"         and 5 more\n"
		"         why: the others are compared with the first, so that there is nothing\n"
		"         to compare\n"
		"         do: mend it, or put a variant that works first\n");
	free(text);
	fixture_free(fixture);
}

static void
says_that_nothing_was_measured(void **state)
{
	struct fixture *fixture = fixture_empty();
	char *text = fixture_report("text", &fixture->input);

	(void)state;
	assert_contains(text, "0 cases, 0 invocations");
	assert_contains(text, "\n0 cases measured\n");
	free(text);
	/* Variants were looked for, and there were none. */
	fixture->input.set_count = 1;
	fixture->sets->base_label = "base";
	text = fixture_report("text", &fixture->input);
	assert_lacks(text, "base");
	free(text);
	fixture_free(fixture);
}

static void
says_a_single_comparison_in_one_line(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *text;

	(void)state;
	fixture->sets->item_count = 1;
	fixture->sets->geomean_count = 1;
	text = fixture_report("text", &fixture->input);
	assert_contains(
		text, "  wall of head: 1.034x of base, +3.4 % [+2.5 %, +4.6 %]  regression\n");
	free(text);
	fixture_free(fixture);
}

static void
keeps_to_the_width_of_the_terminal(void **state)
{
	struct fixture *fixture = fixture_typical();

	(void)state;
	for (int width = 64; width <= 160; width += 16) {
		char *text;

		fixture->input.width = width;
		text = fixture_report("text", &fixture->input);
		if (longest_line(text) > (size_t)width)
			fail_msg("%zu columns at width %d", longest_line(text), width);
		assert_contains(text, "10.15 ms");
		assert_contains(text, "[+29.1 %, +31.2 %]");
		free(text);
	}
	fixture_free(fixture);
}

static void
lets_no_outside_text_drive_the_terminal(void **state)
{
	struct fixture *fixture = fixture_hostile(HOSTILE);
	char *text = fixture_report("text", &fixture->input);

	(void)state;
	assert_null(strchr(text, '\x1b'));
	assert_null(strchr(text, '\r'));
	assert_null(strchr(text, '\xff'));
	assert_contains(text, "\\x1b[31m\\xff\\r");
	free(text);
	fixture_free(fixture);
}

static void
lists_what_stands_out_of_a_large_suite(void **state)
{
	struct fixture *fixture = fixture_large(1000, 7);
	char *text = fixture_report("text", &fixture->input);

	(void)state;
	assert_true(count_of(text, "\n") < 100);
	assert_int_equal(10, count_of(text, "  regression\n"));
	assert_int_equal(10, count_of(text, "  inconclusive\n"));
	assert_contains(text, "\n  980 without change\n");
	assert_contains(text, "1990 cases without regression, improvement or failure not listed");
	assert_contains(text, "10 regressions, 10 inconclusive in 1000 comparisons\n");
	free(text);
	fixture_free(fixture);
}

static void
lists_every_case_where_nothing_was_compared(void **state)
{
	struct fixture *fixture = fixture_large(200, 2);
	char *text;

	(void)state;
	fixture->input.set_count = 0;
	text = fixture_report("text", &fixture->input);
	assert_int_equal(200, count_of(text, "@base"));
	assert_int_equal(200, count_of(text, "@head"));
	assert_lacks(text, "not listed");
	free(text);
	fixture_free(fixture);
}

static void
shows_where_counters_came_from(void **state)
{
	struct fixture *fixture = fixture_counted();

	(void)state;
	fixture->input.width = 160;
	check_golden(fixture, "counted.txt");
}

static void
leaves_out_intervals_that_cannot_be_had(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *text;

	(void)state;
	for (size_t i = 0; i < fixture->sets->item_count; i++) {
		fixture->sets->items[i].ratio_low = NAN;
		fixture->sets->items[i].ratio_high = NAN;
		fixture->sets->items[i].mde = NAN;
	}
	fixture->sets->geomean_low = NAN;
	text = fixture_report("text", &fixture->input);
	assert_lacks(text, "nan");
	assert_contains(text, "+3.4 %            n/a  regression");
	free(text);
	fixture_free(fixture);
}

static void
tells_the_usage_of_few_cases(void **state)
{
	struct fixture *fixture = fixture_typical();
	struct tare_run *run = fixture->run;
	char *text;

	(void)state;
	fixture->input.set_count = 0;
	for (size_t i = 0; i < run->case_count; i++)
		for (size_t k = 0; k < run->cases[i].samples.count; k++)
			run->cases[i].samples.values[TARE_METRIC_SYS][k] = i == 0 ? 0.0 : 710500.0;
	run->case_count = 5;
	text = fixture_report("text", &fixture->input);
	assert_lacks(text, "max_rss");
	free(text);
	run->case_count = 4;
	text = fixture_report("text", &fixture->input);
	assert_int_equal(count_of(text, "user "), 4);
	assert_contains(text, "\n  user 9.135 ms, sys 0, max_rss 10.15 MiB\n");
	assert_contains(text, "\n  user 9.446 ms, sys 710.5 us, max_rss 10.15 MiB\n");
	free(text);
	run->cases[0].metrics[TARE_METRIC_USER].gated = true;
	text = fixture_report("text", &fixture->input);
	assert_int_equal(count_of(text, "max_rss"), 3);
	free(text);
	for (size_t i = 0; i < run->cases[1].samples.count; i++)
		run->cases[1].samples.values[TARE_METRIC_SYS][i] = NAN;
	text = fixture_report("text", &fixture->input);
	assert_int_equal(count_of(text, "max_rss"), 2);
	free(text);
	run->case_count = 6;
	fixture_free(fixture);
}

/* Only wall, as a journal from elsewhere may have it. */
static void
tells_no_usage_where_metrics_are_missing(void **state)
{
	struct fixture *fixture = fixture_typical();
	struct tare_run *run = fixture->run;
	const struct tare_run_case full = run->cases[0];
	char *text;

	(void)state;
	fixture->input.set_count = 0;
	run->case_count = 1;
	run->cases[0].metrics = malloc(sizeof(struct tare_metric)); /* what is past it is a fault */
	assert_non_null(run->cases[0].metrics);
	run->cases[0].metrics[0] = full.metrics[0];
	run->cases[0].metric_count = run->cases[0].samples.metric_count = 1;
	text = fixture_report("text", &fixture->input);
	assert_contains(text, run->cases[0].name);
	assert_lacks(text, "max_rss");
	free(text);
	free(run->cases[0].metrics);
	run->cases[0] = full;
	run->case_count = 6;
	fixture_free(fixture);
}

static void
shows_a_description_of_several_lines_in_one(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *text;

	(void)state;
	fixture->run->description = "two lines\nof text\n";
	text = fixture_report("text", &fixture->input);
	assert_contains(text, "compression  two lines of text\nrun ");
	free(text);
	fixture_free(fixture);
}

static void
says_why_no_change_may_leave_the_margin(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *text;

	(void)state;
	fixture->sets->items[5].ratio_high = 1.021;
	text = fixture_report("text", &fixture->input);
	assert_contains(
		text, "no change\n    by the 90 % interval, which lies inside the margin of 2 %\n");
	free(text);
	fixture_free(fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_a_typical_run),
		cmocka_unit_test(shows_more_columns_on_a_wide_terminal),
		cmocka_unit_test(colours_only_where_allowed),
		cmocka_unit_test(warns_loudly_when_environments_differ),
		cmocka_unit_test(shows_failures_with_their_stderr),
		cmocka_unit_test(tells_once_what_many_cases_failed_of),
		cmocka_unit_test(says_why_measuring_ended_where_it_ended_by_itself),
		cmocka_unit_test(lists_no_end_of_warnings),
		cmocka_unit_test(says_once_what_to_do_about_warnings_of_one_kind),
		cmocka_unit_test(says_that_nothing_was_measured),
		cmocka_unit_test(says_a_single_comparison_in_one_line),
		cmocka_unit_test(keeps_to_the_width_of_the_terminal),
		cmocka_unit_test(lets_no_outside_text_drive_the_terminal),
		cmocka_unit_test(lists_what_stands_out_of_a_large_suite),
		cmocka_unit_test(lists_every_case_where_nothing_was_compared),
		cmocka_unit_test(shows_where_counters_came_from),
		cmocka_unit_test(leaves_out_intervals_that_cannot_be_had),
		cmocka_unit_test(tells_the_usage_of_few_cases),
		cmocka_unit_test(tells_no_usage_where_metrics_are_missing),
		cmocka_unit_test(shows_a_description_of_several_lines_in_one),
		cmocka_unit_test(says_why_no_change_may_leave_the_margin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
