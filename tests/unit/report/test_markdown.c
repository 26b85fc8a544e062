#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sample_run.h"
#include "tests/unit/report/fixture.h"

enum { COMMENT_MAX = 60000 };

static char *
markdown_of(struct fixture *fixture)
{
	char *text = fixture_report("markdown", &fixture->input);

	fixture_free(fixture);
	return text;
}

static void
check_golden(struct fixture *fixture, const char *name)
{
	char *text = markdown_of(fixture);

	assert_golden(name, text);
	free(text);
}

static void
begins_with_the_verdict(void **state)
{
	(void)state;
	check_golden(fixture_typical(), "typical.md");
}

static void
says_that_environments_differ(void **state)
{
	(void)state;
	check_golden(fixture_across_runs(), "across_runs.md");
}

static void
shows_failures(void **state)
{
	(void)state;
	check_golden(fixture_failed(), "failed.md");
}

static void
shows_where_counters_came_from(void **state)
{
	(void)state;
	check_golden(fixture_counted(), "counted.md");
}

static void
tells_once_what_many_cases_failed_of(void **state)
{
	struct fixture *fixture = fixture_large(20, 3);
	char *text;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		sample_run_fail(fixture->run, i, i == 5 ? "alone" : "no such file", "usage: x\n");
	text = markdown_of(fixture);
	assert_int_equal(count_of(text, " failed: "), 2);
	assert_contains(text, " and 27 more failed: no such file\n\n<pre>usage: x\n</pre>");
	assert_contains(text, " failed: alone\n");
	free(text);
}

static void
shows_an_empty_run(void **state)
{
	struct fixture *fixture = fixture_empty();
	char *text;

	(void)state;
	fixture->input.set_count = 1;
	text = markdown_of(fixture);
	assert_lacks(text, "gainst");
	assert_contains(text, "### nothing: 0 cases measured\n");
	assert_lacks(text, "| case |");
	free(text);
}

/* The text without what is between <pre> and </pre>, where Markdown does not look. */
static char *
outside_pre(const char *text)
{
	char *rest = strdup(text);
	char *begin;

	while ((begin = strstr(rest, "<pre>"))) {
		char *end = strstr(begin, "</pre>");

		assert_non_null(end);
		memmove(begin, end + 6, strlen(end + 6) + 1);
	}
	return rest;
}

static size_t
bars_in_line(const char *line)
{
	size_t bars = 0;

	for (; *line && *line != '\n'; line++)
		bars += *line == '|';
	return bars;
}

/* Rows of a table have the bars of its titles. */
static void
check_tables(const char *text)
{
	size_t bars = 0;

	for (const char *line = text; *line; line += *line == '\n') {
		const char *row = strncmp(line, "> ", 2) == 0 ? line + 2 : line;

		if (*row == '|') {
			if (bars > 0)
				assert_int_equal(bars, bars_in_line(row));
			bars = bars_in_line(row);
		} else {
			bars = 0;
		}
		line += strcspn(line, "\n");
	}
}

static void
escapes_hostile_text(void **state)
{
	char *text = markdown_of(fixture_hostile(HOSTILE));
	char *rest = outside_pre(text);

	(void)state;
	check_tables(rest);
	assert_lacks(text, "<script");
	assert_lacks(text, "\x1b");
	assert_lacks(text, "\xff");
	assert_lacks(rest, "@me");
	assert_lacks(rest, " #12");
	assert_lacks(rest, "https://");
	assert_lacks(rest, "www.");
	assert_lacks(rest, "](");
	assert_lacks(rest, "`c`");
	assert_lacks(rest, "_i_");
	assert_lacks(rest, "*b*");
	assert_lacks(rest, "&amp;");
	assert_contains(rest, "&#64;&#8203;me");
	free(rest);
	free(text);
}

static void
ends_pre_only_where_it_means_to(void **state)
{
	char *text = markdown_of(fixture_hostile("</pre></details><img src=x>"));

	(void)state;
	assert_int_equal(count_of(text, "<pre>"), count_of(text, "</pre>"));
	assert_int_equal(count_of(text, "<details>"), count_of(text, "</details>"));
	assert_lacks(text, "<img");
	free(text);
}

static void
stays_within_a_comment(void **state)
{
	char *text = markdown_of(fixture_large(2000, 2));

	(void)state;
	assert_true(strlen(text) < COMMENT_MAX);
	assert_int_equal(20, count_of(text, "**regression**"));
	assert_int_equal(count_of(text, "<details>"), count_of(text, "</details>"));
	assert_contains(text, "\nLeft out to stay below 60000 characters: ");
	check_tables(text);
	free(text);
}

static void
stays_within_a_comment_whatever_the_texts(void **state)
{
	char *long_text = malloc(100001);
	char *text;

	(void)state;
	memset(long_text, '<', 100000);
	long_text[100000] = '\0';
	text = markdown_of(fixture_hostile(long_text));
	assert_true(strlen(text) < COMMENT_MAX);
	assert_int_equal(count_of(text, "<details>"), count_of(text, "</details>"));
	check_tables(text);
	free(text);
	free(long_text);
}

static void
bounds_every_list(void **state)
{
	struct fixture *fixture = fixture_large(500, 2);
	struct tare_missing_case *missing = calloc(3000, sizeof(*missing));
	char *text;

	(void)state;
	for (size_t i = 0; i < 3000; i++)
		missing[i].name = "a-benchmark-that-is-gone";
	fixture->sets->missing = missing;
	fixture->sets->missing_count = 3000;
	for (size_t i = 0; i < fixture->run->case_count; i++) {
		fixture->run->cases[i].status = TARE_CASE_FAILED;
		fixture->run->cases[i].failure = "exit status 1, expected 0";
		fixture->run->cases[i].stderr_tail = "no\n";
	}
	for (size_t i = 0; i < 2000; i++) {
		char id[32];

		snprintf(id, sizeof(id), "warning-%zu", i);
		tare_run_warn(fixture->run, id, "something was seen", "do something");
	}
	text = markdown_of(fixture);
	assert_true(strlen(text) < COMMENT_MAX);
	assert_int_equal(count_of(text, "<details>"), count_of(text, "</details>"));
	free(text);
	free(missing);
}

/* The number in the comment's last line; 0 where nothing was left out. */
static size_t
left_out_of(const char *text)
{
	static const char before[] = "\nLeft out to stay below 60000 characters: ";
	const char *line = strstr(text, before);

	return line ? strtoul(line + sizeof(before) - 1, NULL, 10) : 0;
}

/* The list that piece begins or ends the entries of is shown in part, and the rest of it and of the
 * facts behind it is counted. */
static void
check_left_out(struct fixture *fixture, const char *piece, size_t entries)
{
	size_t facts = fixture->run->environment.fact_count + 3;
	char *text = markdown_of(fixture);
	size_t shown = count_of(text, piece);

	assert_in_range(shown, 1, entries - 1);
	assert_int_equal(shown + left_out_of(text), entries + facts);
	assert_int_equal(count_of(text, "<details>"), count_of(text, "</details>"));
	assert_true(strlen(text) < COMMENT_MAX);
	free(text);
}

static void
counts_the_warnings_it_leaves_out(void **state)
{
	struct fixture *fixture = fixture_empty();
	char text[301];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < 900; i++) {
		char id[32];

		snprintf(id, sizeof(id), "warning-%zu", i);
		tare_run_warn(fixture->run, id, text, "do something");
	}
	check_left_out(fixture, "- warning: ", 900);
}

static void
counts_the_missing_cases_it_leaves_out(void **state)
{
	struct fixture *fixture = fixture_empty();
	struct tare_missing_case *missing = calloc(3000, sizeof(*missing));

	(void)state;
	for (size_t i = 0; i < 3000; i++)
		missing[i].name = "a-benchmark-that-is-gone";
	fixture->sets->missing = missing;
	fixture->sets->missing_count = 3000;
	fixture->input.set_count = 1;
	check_left_out(fixture, " only in the head\n", 3000);
	free(missing);
}

static void
counts_the_differences_it_leaves_out(void **state)
{
	struct fixture *fixture = fixture_empty();
	struct tare_fact_difference *differences = calloc(3000, sizeof(*differences));

	(void)state;
	for (size_t i = 0; i < 3000; i++)
		differences[i] = (struct tare_fact_difference){
			.key = "cpu.governor", .base = "performance", .head = "powersave"};
	fixture->sets->environment_differences = differences;
	fixture->sets->environment_difference_count = 3000;
	fixture->input.set_count = 1;
	check_left_out(fixture, "> | cpu.governor | ", 3000);
	free(differences);
}

static void
counts_the_facts_it_leaves_out(void **state)
{
	struct fixture *fixture = fixture_empty();
	struct tare_run *run = fixture->run;
	size_t before = run->environment.fact_count;
	char *text;

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		char key[32];

		snprintf(key, sizeof(key), "a-fact-%zu", i);
		tare_environment_add(
			&run->environment, run->arena, key, "of thirty letters or so", true);
	}
	text = fixture_report("markdown", &fixture->input);
	assert_in_range(left_out_of(text), 1, 2999);
	assert_int_equal(count_of(text, "| a-fact-") + left_out_of(text), 3000);
	assert_int_equal(run->environment.fact_count, before + 3000);
	free(text);
	fixture_free(fixture);
}

static void
says_how_many_disturbed_cases_it_names(void **state)
{
	struct fixture *fixture = fixture_large(30, 4);
	char *text;

	(void)state;
	for (size_t i = 0; i < fixture->run->case_count; i++)
		fixture->run->cases[i].noise.disturbed = 1;
	text = markdown_of(fixture);
	assert_contains(text, "Disturbed samples in 60 cases");
	assert_contains(text, "\nThe 40 most disturbed of 60.\n");
	free(text);
}

static void
says_why_no_change_may_leave_the_margin(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *text;

	(void)state;
	fixture->sets->items[5].ratio_high = 1.021;
	text = fixture_report("markdown", &fixture->input);
	assert_contains(text, "[+0.50 %, +2.1 %] | 10 | no change: by the 90 % interval, which "
			      "lies inside the margin of 2 % |");
	free(text);
	fixture_free(fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_with_the_verdict),
		cmocka_unit_test(says_that_environments_differ),
		cmocka_unit_test(shows_failures),
		cmocka_unit_test(shows_where_counters_came_from),
		cmocka_unit_test(tells_once_what_many_cases_failed_of),
		cmocka_unit_test(shows_an_empty_run),
		cmocka_unit_test(escapes_hostile_text),
		cmocka_unit_test(ends_pre_only_where_it_means_to),
		cmocka_unit_test(stays_within_a_comment),
		cmocka_unit_test(stays_within_a_comment_whatever_the_texts),
		cmocka_unit_test(bounds_every_list),
		cmocka_unit_test(counts_the_warnings_it_leaves_out),
		cmocka_unit_test(counts_the_missing_cases_it_leaves_out),
		cmocka_unit_test(counts_the_differences_it_leaves_out),
		cmocka_unit_test(counts_the_facts_it_leaves_out),
		cmocka_unit_test(says_how_many_disturbed_cases_it_names),
		cmocka_unit_test(says_why_no_change_may_leave_the_margin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
