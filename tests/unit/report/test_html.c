#include <ctype.h>
#include <math.h>
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

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char *
page_of(struct fixture *fixture)
{
	char *page = fixture_report("html", &fixture->input);

	fixture_free(fixture);
	return page;
}

/* Cuts out what stands between two marks, everywhere: the golden file is about the page and not
 * about its style and script. */
static void
cut(char *page, const char *begin, const char *end)
{
	char *to = page;
	char *from = page;
	char *at;

	while ((at = strstr(from, begin))) {
		size_t len = (size_t)(at - from) + strlen(begin);

		memmove(to, from, len);
		to += len;
		from = strstr(at + strlen(begin), end);
		assert_non_null(from);
		from += strlen(end);
	}
	memmove(to, from, strlen(from) + 1);
}

static void
check_golden(struct fixture *fixture, const char *name)
{
	char *page = page_of(fixture);

	cut(page, "<style>", "</style>");
	cut(page, "<script>", "</script>");
	cut(page, "'sha256-", "'");
	assert_golden(name, page);
	free(page);
}

static void
writes_the_page_of_a_typical_run(void **state)
{
	(void)state;
	check_golden(fixture_typical(), "typical.html");
}

static void
writes_the_page_of_two_runs(void **state)
{
	(void)state;
	check_golden(fixture_across_runs(), "across_runs.html");
}

static void
writes_the_page_of_a_run_that_failed(void **state)
{
	(void)state;
	check_golden(fixture_failed(), "failed.html");
}

static bool
is_among(const char *word, size_t len, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (strlen(words[i]) == len && strncmp(words[i], word, len) == 0)
			return true;
	return false;
}

static const char *const elements[] = {"html", "head", "meta", "link", "title", "style", "script",
	"body", "a", "header", "p", "span", "h1", "h2", "h3", "h4", "h5", "strong", "ul", "li", "b",
	"small", "nav", "main", "section", "dl", "dt", "dd", "div", "svg", "defs", "path", "circle",
	"rect", "line", "use", "text", "table", "caption", "thead", "tbody", "tr", "th", "td",
	"label", "input", "select", "option", "output", "button", "details", "summary", "code", "g",
	"figure", "figcaption", "pre", "br", "footer", NULL};

static const char *const attributes[] = {"lang", "charset", "http-equiv", "content", "name", "rel",
	"href", "class", "id", "role", "scope", "rowspan", "colspan", "aria-label",
	"aria-labelledby", "aria-describedby", "aria-hidden", "aria-live", "width", "height", "x",
	"y", "x1", "x2", "y1", "y2", "r", "d", "dy", "viewBox", "preserveAspectRatio", "data-n",
	"data-l", "data-low", "data-high", "data-unit", "data-filter", "data-copy", "hidden",
	"type", "value", "placeholder", "tabindex", "open", NULL};

/* Reads one attribute; returns what follows it. */
static const char *
check_attribute(const char *at)
{
	size_t len = strcspn(at, "= >");

	if (!is_among(at, len, attributes))
		fail_msg("unexpected attribute: %.60s", at);
	at += len;
	if (*at != '=')
		return at;
	if (at[1] == '"')
		return strchr(at + 2, '"') + 1;
	return at + strcspn(at, " >");
}

/* Reads one tag as a browser would, and accepts only what this page writes. */
static const char *
check_tag(const char *at)
{
	size_t len;

	at += *at == '/';
	len = strcspn(at, " >/");
	if (!is_among(at, len, elements))
		fail_msg("unexpected element: %.60s", at);
	for (at += len; *at != '>'; at += strspn(at, " /")) {
		assert_int_not_equal(*at, '\0');
		if (*at != ' ' && *at != '/')
			at = check_attribute(at);
	}
	return at + 1;
}

/* The whole page is made of its own elements and attributes and nothing else: what came from
 * outside stayed text. */
static void
check_markup(const char *page)
{
	const char *at = strstr(page, "<html");

	while ((at = strchr(at, '<'))) {
		bool raw = strncmp(at, "<style>", 7) == 0 || strncmp(at, "<script>", 8) == 0;

		at = check_tag(at + 1);
		if (raw)
			at = strstr(at, "</");
	}
}

static void
shows_hostile_text_as_text(void **state)
{
	static const char *const attacks[] = {HOSTILE,
		"<script>alert(1)</script><img src=x onerror=alert(2)>\"' onload=alert(3) x='",
		"</title></style></script></textarea></pre>--><svg onload=alert(1)>",
		"\" autofocus a=\"", "]]>&lt;&#60;script&#62;", "%s%n%d", "\xc0\xbcscript\xc0\xbe",
		"\xf0\x9f"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(attacks); i++) {
		char *page = page_of(fixture_hostile(attacks[i]));

		check_markup(page);
		assert_int_equal(count_of(page, "<script"), 1);
		assert_int_equal(count_of(page, "</script"), 1);
		assert_int_equal(count_of(page, "<style"), 1);
		free(page);
	}
}

static void
shows_where_counters_came_from(void **state)
{
	char *page = page_of(fixture_counted());

	(void)state;
	check_markup(page);
	assert_contains(page, "<li><a href=\"#counters\">Counters</a>");
	assert_contains(page,
		"<tr><th scope=row>cycles<td>perf<td>PERF_COUNT_HW_CPU_CYCLES<td>program and its "
		"descendants<td>counted<td>87 % (at least 62 %)<td>3<td>not used: 1 whose task "
		"clock "
		"is not the program&#39;s CPU time\n");
	free(page);
	page = page_of(fixture_typical());
	assert_lacks(page, "id=counters");
	free(page);
}

static void
shows_a_benchmark_named_script(void **state)
{
	char *page = page_of(fixture_hostile("<script>"));

	(void)state;
	assert_contains(page, "class=name>&lt;script&gt;</a>");
	free(page);
}

static void
accepts_its_own_markup_in_every_kind_of_report(void **state)
{
	struct fixture *fixtures[] = {fixture_typical(), fixture_across_runs(), fixture_empty(),
		fixture_failed(), fixture_counted(), fixture_large(200, 3)};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(fixtures); i++) {
		char *page = page_of(fixtures[i]);

		check_markup(page);
		free(page);
	}
}

static void
needs_nothing_from_outside(void **state)
{
	char *page = page_of(fixture_typical());

	(void)state;
	assert_contains(page, "content=\"default-src 'none'; style-src 'sha256-");
	assert_lacks(page, "unsafe-inline");
	assert_lacks(page, "http:");
	assert_lacks(page, "https:");
	assert_lacks(page, "url(");
	assert_lacks(page, "@import");
	assert_lacks(page, " style=");
	free(page);
}

/* Every id on the page once, and every link to an id that is there. */
static void
check_links(const char *page)
{
	for (const char *at = page; (at = strstr(at, "href=\"#")); at++) {
		char id[64];
		char quoted[80];
		char last[80];

		snprintf(id, sizeof(id), "%.*s", (int)strcspn(at + 7, "\""), at + 7);
		snprintf(quoted, sizeof(quoted), " id=%s>", id);
		snprintf(last, sizeof(last), " id=%s ", id);
		assert_int_equal(count_of(page, quoted) + count_of(page, last), 1);
	}
	for (const char *at = page; (at = strstr(at, "<a href=#c")); at++) {
		char id[64];

		snprintf(id, sizeof(id), " id=%.*s>", (int)strcspn(at + 9, ">"), at + 9);
		assert_int_equal(count_of(page, id), 1);
	}
}

static void
links_lead_somewhere(void **state)
{
	struct fixture *fixtures[] = {fixture_typical(), fixture_across_runs(), fixture_empty(),
		fixture_failed(), fixture_large(20, 3)};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(fixtures); i++) {
		char *page = page_of(fixtures[i]);

		check_links(page);
		free(page);
	}
}

static void
headings_leave_out_no_level(void **state)
{
	char *page = page_of(fixture_across_runs());
	int level = 0;

	(void)state;
	for (const char *at = page; (at = strstr(at, "<h")); at++) {
		if (!isdigit((unsigned char)at[2]))
			continue;
		assert_true(at[2] - '0' <= level + 1);
		level = at[2] - '0';
	}
	assert_int_equal(count_of(page, "<h1>"), 1);
	free(page);
}

static void
names_every_drawing(void **state)
{
	char *page = page_of(fixture_typical());

	(void)state;
	assert_true(count_of(page, "role=img") > 5);
	assert_int_equal(count_of(page, "role=img"), count_of(page, "<title>") - 1);
	assert_int_equal(count_of(page, "<svg"),
		count_of(page, "role=img") +
			count_of(page, "<svg class=\"strip axis\" aria-hidden=true") +
			count_of(page, "<svg aria-hidden=true") +
			count_of(page, "<svg class=y-axis aria-hidden=true") +
			count_of(page, "<svg width=0 height=0 aria-hidden=true"));
	free(page);
}

static void
begins_each_case_with_its_plain_sentence(void **state)
{
	char *page = page_of(fixture_typical());

	(void)state;
	assert_contains(page,
		"<p class=lead>Head takes 3.4 % longer than base; differences under 2 % "
		"would not count; we are sure of at least 2.5 %.</p>");
	free(page);
}

static void
says_why_a_verdict_is_inconclusive(void **state)
{
	char *page = page_of(fixture_typical());

	(void)state;
	assert_contains(page, "and differences from 2 % on count; the interval covers the "
			      "margin; about 6 more pairs would decide.</p>");
	free(page);
}

static void
folds_away_what_is_only_watched(void **state)
{
	char *page = page_of(fixture_typical());
	const char *fold = strstr(page, "Metrics that changed and are only watched</summary>");

	(void)state;
	assert_non_null(fold);
	assert_contains(fold, "<h5>user <small>");
	assert_int_equal(count_of(page, "only watched</summary>"), 1);
	free(page);
}

static void
says_what_would_have_been_seen(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *page;

	(void)state;
	/* No spread is known of the others. */
	fixture->sets->items[0].spread = 0.01;
	page = page_of(fixture);
	assert_int_equal(count_of(page, "<summary>What would have been seen</summary>"), 1);
	assert_contains(page, "where the ratios of pairs differ by 1\xc2\xa0%");
	assert_contains(page, "<tr><th scope=row>6<td>3.9\xc2\xa0%<td>0\xc2\xa0%<td>2");
	assert_contains(page, "<tr class=this><th scope=row>10 (this run)<td>");
	assert_contains(page, "<tr><th scope=row>50<td>2.4\xc2\xa0%<td>0\xc2\xa0%<td>2");
	assert_int_equal(count_of(page, "<th scope=row>10 (this run)"), 1);
	free(page);
}

static void
shows_what_adaptive_measuring_saw(void **state)
{
	char *page = page_of(fixture_typical());
	const char *drawing = strstr(page, "<svg class=looks role=img>");

	(void)state;
	assert_contains(page, "Look by look: 3 looks, after 6, 8 and 10 pairs; then it stopped: "
			      "verdict reached. ");
	assert_contains(page, "<title>wall: the interval at each of 3 looks, over the number of "
			      "pairs</title><rect class=band ");
	assert_contains(page, "<tr><th scope=row>6<td>+3.1 %<td>too few for one<td>100\xc2\xa0%");
	assert_contains(page, "<tr><th scope=row>10<td>+3.4 %<td>+2.2 % to +5.0 %<td>98.9\xc2\xa0%"
			      "<td>1.5\xc2\xa0%<td>regression<td>verdict reached");
	assert_non_null(drawing);
	*strstr(drawing, "</svg>") = '\0';
	assert_int_equal(count_of(drawing, "<line class=ci "), 2);
	assert_int_equal(count_of(drawing, "<use class=mark "), 3);
	free(page);
}

static void
shows_looks_at_an_only_case(void **state)
{
	struct fixture *fixture = fixture_failed();
	struct tare_case_look look = {.pairs = 6, .estimate = 5e6, .low = 4e6, .high = 7e6};
	char *page;

	(void)state;
	tare_run_add_look(fixture->run, 2, &look);
	look.pairs = 9;
	look.decision = TARE_STOP_PRECISE;
	tare_run_add_look(fixture->run, 2, &look);
	page = page_of(fixture);
	assert_contains(page, "Look by look: 2 looks, after 6 and 9 invocations; then it stopped: "
			      "precision reached.");
	assert_contains(page, "<tr><th scope=row>6<td>5 ms<td>4 ms to 7 ms<td>go on");
	assert_lacks(page, "Who looks often");
	free(page);
}

/* Values of a journal from outside may be anything. */
static void
survives_looks_out_of_the_ordinary(void **state)
{
	static const double values[] = {NAN, 0, -1, 1e300, 5e-324, INFINITY};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
		struct fixture *fixture = fixture_typical();
		char *page;

		for (size_t k = 0; k < 3; k++) {
			struct tare_case_look *look = &fixture->run->cases[1].looks[k];

			look->estimate = k == i % 3 ? values[i] : 1;
			look->low = values[(i + k) % ARRAY_COUNT(values)];
			look->pairs = k == 2 && i == 0 ? 0 : UINT32_MAX;
			look->boundary = values[i];
		}
		page = page_of(fixture);
		check_markup(page);
		assert_lacks(page, "y=\"nan");
		assert_lacks(page, "y=\"inf");
		free(page);
	}
}

static void
draws_the_most_relevant_and_says_how_many_there_are(void **state)
{
	char *page = page_of(fixture_large(200, 2));
	const char *forest = strstr(page, "<table class=forest");
	const char *table = strstr(page, "<table id=grid");

	(void)state;
	assert_contains(page, "The 60 most relevant of 200 comparisons are drawn");
	assert_non_null(forest);
	assert_non_null(table);
	*strstr(forest, "</table>") = '\0';
	assert_int_equal(count_of(forest, "<tr role=row><th scope=row"), 60);
	/* The first is a regression: they come first. */
	assert_true(strstr(forest, "regression") < strstr(forest, "inconclusive"));
	*strstr(table, "</table>") = '\0';
	assert_true(count_of(table, "<tr><th scope=row>") >= 200);
	free(page);
}

static void
thins_out_dots_and_says_so(void **state)
{
	char *page = page_of(fixture_large(1, 1000));
	const char *dots = strstr(page, "data-l=\"base\" d=\"");

	(void)state;
	assert_contains(page, "of 2000 dots every 14th is drawn");
	assert_non_null(dots);
	*strstr(dots, "\"/>") = '\0';
	assert_int_equal(count_of(dots, "h0"), 72);
	free(page);
}

static void
stays_small_with_two_thousand_cases(void **state)
{
	char *page = page_of(fixture_large(1000, 30));

	(void)state;
	assert_true(strlen(page) < 10000000);
	assert_int_equal(count_of(page, "<details class=case"), 1000);
	assert_int_equal(count_of(page, "<figure>"), 1000);
	assert_contains(page, "metrics that are only watched and did not change are left out");
	assert_lacks(page, "<td>user<td>");
	free(page);
}

static void
warns_where_environments_differ(void **state)
{
	char *page = page_of(fixture_across_runs());

	(void)state;
	assert_contains(page,
		"<strong>The two runs were made in different environments</strong>: 2 "
		"facts that matter differ");
	assert_contains(page, "only in v1.2.0");
	free(page);
}

static void
says_that_a_run_was_interrupted_and_what_failed(void **state)
{
	char *page = page_of(fixture_failed());

	(void)state;
	assert_contains(page, "<strong>The run was interrupted.</strong>");
	assert_contains(page, "Exit status 1, expected 0. 2 good samples were kept.");
	assert_contains(page, "reading input\nno such file: a&lt;b&gt;\n</pre>");
	assert_contains(page, "<p class=lead>Nothing was measured. </p>");
	free(page);
}

static void
tells_once_what_many_cases_failed_of(void **state)
{
	struct fixture *fixture = fixture_large(20, 3);
	char *page;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		sample_run_fail(fixture->run, i, i == 5 ? "alone" : "no such file", "usage: x\n");
	page = page_of(fixture);
	check_markup(page);
	check_links(page);
	assert_contains(
		page, "<h3>39 cases</h3>\n<p>No such file. 117 good samples were kept.</p>");
	assert_int_equal(count_of(page, "<pre tabindex=0>usage: x\n</pre>"), 2);
	assert_contains(page, "<details><summary>27 more</summary>");
	free(page);
}

static void
says_first_that_a_variant_failed(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *page;

	(void)state;
	fixture->sets->item_count = 0;
	fixture->input.set_count = 0;
	sample_run_fail(fixture->run, 1, "no such file", NULL);
	for (size_t c = 0; c < 2; c++)
		sample_run_fail(fixture->run, 2 + c, "no such file", NULL);
	page = page_of(fixture);
	assert_contains(page,
		"<p class=lead>A variant failed, so that there is nothing to compare. "
		"Base: It takes ");
	assert_contains(page,
		"<p class=lead>Every variant failed, so that there is nothing to compare. </p>");
	free(page);
}

static void
survives_comparisons_of_cases_that_are_not_there(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *page;

	(void)state;
	fixture->sets->items[0].head_case = 99;
	fixture->sets->items[1].head_metric = 99;
	fixture->sets->items[2].base_case = 99;
	fixture->sets->items[3].base_metric = 99;
	page = page_of(fixture);
	check_markup(page);
	check_links(page);
	free(page);
}

static void
survives_values_out_of_the_ordinary(void **state)
{
	static const double ratios[] = {0, 1e-300, 1e300, 1.0000001, 1e9};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(ratios); i++) {
		struct fixture *fixture = fixture_typical();
		char *page;

		for (size_t k = 0; k < 6; k++) {
			fixture->sets->items[k].ratio = ratios[i];
			fixture->sets->items[k].ratio_low = ratios[i] / 2;
			fixture->sets->items[k].ratio_high = ratios[i] * 2;
		}
		for (size_t k = 0; k < fixture->run->case_count; k++)
			fixture->run->cases[k].samples.values[TARE_METRIC_WALL][k % 3] = 1e308;
		page = page_of(fixture);
		check_markup(page);
		assert_lacks(page, "\"nan");
		assert_lacks(page, "inf%");
		assert_lacks(page, "nan%");
		free(page);
	}
}

static void
reports_a_stream_that_is_full(void **state)
{
	struct fixture *fixture = fixture_typical();
	FILE *out = fopen("/dev/full", "w");
	struct tare_err err;

	(void)state;
	assert_non_null(out);
	assert_int_equal(
		tare_reporter_find("html")->write(out, &fixture->input, &err), TARE_OUTSIDE);
	assert_string_equal(err.text, "cannot write the HTML report: No space left on device");
	fclose(out);
	fixture_free(fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_page_of_a_typical_run),
		cmocka_unit_test(writes_the_page_of_two_runs),
		cmocka_unit_test(writes_the_page_of_a_run_that_failed),
		cmocka_unit_test(shows_hostile_text_as_text),
		cmocka_unit_test(shows_where_counters_came_from),
		cmocka_unit_test(shows_a_benchmark_named_script),
		cmocka_unit_test(accepts_its_own_markup_in_every_kind_of_report),
		cmocka_unit_test(needs_nothing_from_outside),
		cmocka_unit_test(links_lead_somewhere),
		cmocka_unit_test(headings_leave_out_no_level),
		cmocka_unit_test(names_every_drawing),
		cmocka_unit_test(begins_each_case_with_its_plain_sentence),
		cmocka_unit_test(says_why_a_verdict_is_inconclusive),
		cmocka_unit_test(folds_away_what_is_only_watched),
		cmocka_unit_test(says_what_would_have_been_seen),
		cmocka_unit_test(shows_what_adaptive_measuring_saw),
		cmocka_unit_test(shows_looks_at_an_only_case),
		cmocka_unit_test(survives_looks_out_of_the_ordinary),
		cmocka_unit_test(draws_the_most_relevant_and_says_how_many_there_are),
		cmocka_unit_test(thins_out_dots_and_says_so),
		cmocka_unit_test(stays_small_with_two_thousand_cases),
		cmocka_unit_test(warns_where_environments_differ),
		cmocka_unit_test(says_that_a_run_was_interrupted_and_what_failed),
		cmocka_unit_test(tells_once_what_many_cases_failed_of),
		cmocka_unit_test(says_first_that_a_variant_failed),
		cmocka_unit_test(survives_comparisons_of_cases_that_are_not_there),
		cmocka_unit_test(survives_values_out_of_the_ordinary),
		cmocka_unit_test(reports_a_stream_that_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
