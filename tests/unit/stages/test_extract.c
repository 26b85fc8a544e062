#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/rng.h"
#include "harness/stages/extract.h"
#include "tests/support/close.h"

enum { OWN = TARE_BUILTIN_METRIC_COUNT, COUNT = TARE_BUILTIN_METRIC_COUNT + 1 };

/* A case with one metric of its own behind the built-in ones. */
struct fixture {
	struct tare_arena *arena;
	struct tare_metric metrics[COUNT];
	struct tare_metric_rule rules[COUNT];
	double values[COUNT];
	struct tare_case subject;
	struct tare_sample sample;
	struct tare_err err;
};

static void
fixture_init(struct fixture *fixture, struct tare_metric_rule rule)
{
	*fixture = (struct fixture){.arena = tare_arena_new()};
	fixture->metrics[OWN].name = "ops";
	fixture->rules[OWN] = rule;
	fixture->subject.metrics = fixture->metrics;
	fixture->subject.rules = fixture->rules;
	fixture->subject.metric_count = COUNT;
	fixture->sample.values = fixture->values;
	fixture->values[OWN] = NAN;
}

static enum tare_status
extract(struct fixture *fixture, const char *text)
{
	const struct tare_output output = {.text = {text, ""}, .len = {strlen(text), 0}};
	struct tare_extractor *extractor;
	enum tare_status status = tare_extractor_new(&extractor, &fixture->subject, &fixture->err);

	if (status != TARE_OK)
		return status;
	assert_true(tare_extractor_reads_output(extractor));
	status = tare_extract_metrics(
		extractor, &fixture->sample, fixture->arena, &output, &fixture->err);
	tare_extractor_free(extractor);
	return status;
}

static void
check_value(struct tare_metric_rule rule, const char *text, double expected)
{
	struct fixture fixture;

	fixture_init(&fixture, rule);
	assert_int_equal(extract(&fixture, text), TARE_OK);
	assert_true(fixture.values[OWN] == expected);
	tare_arena_free(fixture.arena);
}

static void
check_failure(struct tare_metric_rule rule, const char *text, const char *expected)
{
	struct fixture fixture;

	fixture_init(&fixture, rule);
	assert_int_equal(extract(&fixture, text), TARE_FAILED);
	assert_string_equal(fixture.err.text, expected);
	tare_arena_free(fixture.arena);
}

static const struct tare_metric_rule regex_rule = {
	.source = TARE_SOURCE_REGEX, .pattern = "^rate: ([0-9.,]+)", .group = 1};
static const struct tare_metric_rule json_rule = {.source = TARE_SOURCE_JSON, .path = "a.b[1].c"};
static const struct tare_metric_rule lines_rule = {
	.source = TARE_SOURCE_LINES, .line_name = "latency", .written_unit = "ms"};

static void
a_regex_takes_its_group(void **state)
{
	(void)state;
	check_value(regex_rule, "x\nrate: 1,234.5 per second\n", 1234.5);
}

static void
several_matches_reduce_by_median_and_are_kept(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, regex_rule);
	assert_int_equal(extract(&fixture, "rate: 3\nrate: 1\nrate: 10\nrate: 2\n"), TARE_OK);
	assert_true(fixture.values[OWN] == 2.5);
	assert_int_equal(fixture.sample.iteration_counts[OWN], 4);
	assert_true(fixture.sample.iterations[OWN][0] == 3.0);
	assert_true(fixture.sample.iterations[OWN][2] == 10.0);
	tare_arena_free(fixture.arena);
}

static void
each_reduction_does_what_its_name_says(void **state)
{
	static const struct {
		enum tare_reduce reduce;
		double expected;
	} cases[] = {
		{TARE_REDUCE_MEDIAN, 3.0},
		{TARE_REDUCE_MEAN, 4.0},
		{TARE_REDUCE_MIN, 1.0},
		{TARE_REDUCE_MAX, 8.0},
		{TARE_REDUCE_SUM, 12.0},
		{TARE_REDUCE_FIRST, 8.0},
		{TARE_REDUCE_LAST, 3.0},
		{TARE_REDUCE_P90, 7.0},
		{TARE_REDUCE_P95, 7.5},
		{TARE_REDUCE_P99, 7.9},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double values[] = {8.0, 1.0, 3.0};

		assert_close(tare_reduce(values, 3, cases[i].reduce), cases[i].expected, 1e-12);
	}
}

static void
an_empty_match_does_not_loop_for_ever(void **state)
{
	struct tare_metric_rule rule = {.source = TARE_SOURCE_REGEX, .pattern = "x*"};

	(void)state;
	check_failure(rule, "abc", "metric 'ops': '' is not a number");
}

static void
json_paths_walk_objects_and_arrays(void **state)
{
	struct tare_metric_rule all = {.source = TARE_SOURCE_JSON, .path = "jobs[*].t"};

	(void)state;
	check_value(json_rule, "{\"a\": {\"b\": [0, {\"c\": 7.5}]}}", 7.5);
	check_value(all, "{\"jobs\": [{\"t\": 1}, {\"t\": 5}, {\"t\": 3}]}", 3.0);
}

static void
lines_convert_the_unit_that_stands_there(void **state)
{
	struct tare_metric_rule rows = lines_rule;
	struct tare_metric_rule bare = lines_rule;

	rows.written_unit = "rows";
	bare.written_unit = NULL;
	(void)state;
	check_value(lines_rule, "latency: 2\n", 2e6);
	check_value(lines_rule, "  latency : 1.5 s\r\nother: 9 ms\n", 1.5e9);
	check_value(lines_rule, "latency: 2 sec, best of 3\n", 2e9);
	check_value(lines_rule, "latency: 2 \u00b5s\nlatency: 2 \u03bcs\n", 2e3);
	check_value(rows, "latency: 2 lines\n", 2);
	check_value(bare, "latency: 2 s\n", 2);
}

static void
a_unit_that_means_something_else_is_a_failure(void **state)
{
	(void)state;
	check_failure(lines_rule, "latency: 2 MiB\n",
		"metric 'ops': its line gives 'MiB' for a unit, and the suite ms; expected ms or "
		"one like it");
	check_failure(lines_rule, "latency: 2 ms\nlatency: 2 bananas\n",
		"metric 'ops': its line gives 'bananas' for a unit, and the suite ms; expected ms "
		"or one like it");
	check_failure(lines_rule, "latency: 2 %\n",
		"metric 'ops': its line gives '%' for a unit, and the suite ms; expected ms or one "
		"like it");
	check_failure(lines_rule, "latency: 2e\n",
		"metric 'ops': its line gives 'e' for a unit, and the suite ms; expected ms or one "
		"like it");
}

static void
a_metric_that_is_not_there_is_a_failure(void **state)
{
	(void)state;
	check_failure(regex_rule, "nothing\nat all",
		"metric 'ops': nothing in stdout matches '^rate: ([0-9.,]+)'; it begins with "
		"'nothing'");
	check_failure(regex_rule, " \n",
		"metric 'ops': nothing in stdout matches '^rate: ([0-9.,]+)'; it is empty");
	check_failure(regex_rule,
		"\xff"
		"a",
		"metric 'ops': nothing in stdout matches '^rate: ([0-9.,]+)'; it is no text");
	check_failure(regex_rule,
		"0123456789012345678901234567890123456789012345678901234567\u00e9\u00e9",
		"metric 'ops': nothing in stdout matches '^rate: ([0-9.,]+)'; it begins with "
		"'0123456789012345678901234567890123456789012345678901234567\u00e9'");
	check_failure(regex_rule,
		"01234567890123456789012345678901234567890123456789012345678\u00e9",
		"metric 'ops': nothing in stdout matches '^rate: ([0-9.,]+)'; it begins with "
		"'01234567890123456789012345678901234567890123456789012345678'");
	check_failure(lines_rule, "latency: fast",
		"metric 'ops': stdout has no line 'latency: NUMBER'; it begins with 'latency: "
		"fast'");
	check_failure(json_rule, "{\"a\": 1}",
		"metric 'ops': stdout has no number at 'a.b[1].c'; it begins with '{\"a\": 1}'");
	check_failure(regex_rule, "rate: .", "metric 'ops': '.' is not a number");
}

static void
a_comma_separates_thousands_or_is_no_number(void **state)
{
	struct tare_metric_rule rule = {
		.source = TARE_SOURCE_REGEX, .pattern = "^rate: (.*)$", .group = 1};

	(void)state;
	check_value(rule, "rate: 1,234,567", 1234567);
	check_value(rule, "rate: 12,345.25", 12345.25);
	check_value(rule, "rate: -1,234", -1234);
	check_value(rule, "rate: 12, and more", 12);
	check_failure(rule, "rate: 1,5", "metric 'ops': '1,5' is not a number");
	check_failure(rule, "rate: 1,2345", "metric 'ops': '1,2345' is not a number");
	check_failure(rule, "rate: ,123", "metric 'ops': ',123' is not a number");
	check_failure(rule, "rate: 1.5,123", "metric 'ops': '1.5,123' is not a number");
	check_failure(rule, "rate: inf", "metric 'ops': 'inf' is not a number");
}

static void
a_value_past_all_numbers_is_none(void **state)
{
	(void)state;
	check_failure(lines_rule, "latency: 1e305", "metric 'ops': its value is too large");
}

static void
a_number_that_is_too_long_is_none(void **state)
{
	char text[160] = "rate: ";

	(void)state;
	memset(text + 6, '1', 100);
	check_failure(regex_rule, text,
		"metric 'ops': '1111111111111111111111111111111111111111' is not a number");
}

static void
the_word_behind_the_number_is_its_unit(void **state)
{
	(void)state;
	check_value(lines_rule, "latency: 2 us (best of 3)\n", 2e3);
	check_value(lines_rule, "latency: 1,500us\n", 1.5e6);
	check_value(lines_rule, "latency: 1e3 us\n", 1e6);
	check_value(lines_rule, "latency:\t7\tns\r\n", 7);
	check_failure(lines_rule, "latency\n: 7",
		"metric 'ops': stdout has no line 'latency: NUMBER'; it begins with 'latency'");
	check_failure(lines_rule, "lat",
		"metric 'ops': stdout has no line 'latency: NUMBER'; it begins with 'lat'");
}

static void
matches_may_be_anchored_anywhere(void **state)
{
	struct tare_metric_rule word = {.source = TARE_SOURCE_REGEX,
		.pattern = "[0-9]+",
		.group = 0,
		.reduce = TARE_REDUCE_SUM};

	(void)state;
	check_value(regex_rule, "rate: 1 rate: 100\nrate: 3\n", 2);
	check_value(word, "1 2\n33x4", 40);
}

static void
output_may_hold_any_byte(void **state)
{
	static const char text[] = "\0\xff\nrate: 5\n\0\nrate: 7\n\0";
	const struct tare_output output = {.text = {text, NULL}, .len = {sizeof(text) - 1, 0}};
	struct fixture fixture;
	struct tare_extractor *extractor;

	(void)state;
	fixture_init(&fixture, regex_rule);
	assert_int_equal(tare_extractor_new(&extractor, &fixture.subject, &fixture.err), TARE_OK);
	assert_int_equal(tare_extract_metrics(
				 extractor, &fixture.sample, fixture.arena, &output, &fixture.err),
		TARE_OK);
	assert_int_equal(fixture.sample.iteration_counts[OWN], 2);
	assert_true(fixture.values[OWN] == 6);
	tare_extractor_free(extractor);
	tare_arena_free(fixture.arena);
}

/* Random bytes, of which many are those that rules look for. */
static size_t
random_text(struct tare_rng *rng, char *text, size_t max)
{
	static const char *const pieces[] = {"\nrate: 1", "\nlatency: 5", ":", " ", "\n", "1", ",",
		"234", ".", "5", "e", "-", "{\"a\":", "[", "]", "}", "\"b\"", "ms", "us", "\xff",
		"nan"};
	size_t len = 0, count = (size_t)tare_rng_below(rng, 60);

	for (size_t i = 0; i < count; i++) {
		const char *piece = pieces[tare_rng_below(rng, 21)];

		if (len + strlen(piece) + 2 > max)
			break;
		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
		if (tare_rng_below(rng, 10) == 0)
			text[len++] = (char)tare_rng_below(rng, 256);
	}
	text[len] = '\0';
	return len;
}

static void
random_output_gives_numbers_or_a_failure(void **state)
{
	const struct tare_metric_rule any = {
		.source = TARE_SOURCE_REGEX, .pattern = "([a-z]*)(: )*([-0-9.,e]+)", .group = 3};
	const struct tare_metric_rule rules[] = {regex_rule, json_rule, lines_rule, any};
	struct tare_rng rng;
	char text[512];
	size_t found = 0;

	(void)state;
	tare_rng_seed(&rng, 7, 0);
	for (size_t i = 0; i < 20000; i++) {
		struct tare_output output = {.text = {text, NULL}};
		struct tare_extractor *extractor;
		struct fixture fixture;
		enum tare_status status;

		fixture_init(&fixture, rules[i % 4]);
		output.len[0] = random_text(&rng, text, sizeof(text));
		assert_int_equal(tare_extractor_new(&extractor, &fixture.subject, NULL), TARE_OK);
		status = tare_extract_metrics(
			extractor, &fixture.sample, fixture.arena, &output, &fixture.err);
		if (status == TARE_OK) {
			assert_true(isfinite(fixture.values[OWN]));
			found++;
		} else {
			assert_int_equal(status, TARE_FAILED);
			assert_int_not_equal(fixture.err.text[0], 0);
		}
		tare_extractor_free(extractor);
		tare_arena_free(fixture.arena);
	}
	assert_in_range(found, 200, 19000);
}

static void
output_that_is_not_json_says_so(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, json_rule);
	assert_int_equal(extract(&fixture, "{\"a\": "), TARE_FAILED);
	assert_non_null(strstr(fixture.err.text, "metric 'ops': stdout is not JSON: "));
	tare_arena_free(fixture.arena);
}

static void
numbers_past_the_limit_are_left(void **state)
{
	struct fixture fixture;
	size_t len = 8 * (TARE_MATCHES_MAX + 10);
	char *text = malloc(len + 1);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < len; i += 8)
		memcpy(text + i, "rate: 1\n", 8);
	text[len] = '\0';
	fixture_init(&fixture, regex_rule);
	assert_int_equal(extract(&fixture, text), TARE_OK);
	assert_int_equal(fixture.sample.iteration_counts[OWN], TARE_MATCHES_MAX);
	tare_arena_free(fixture.arena);
	free(text);
}

static void
expectations_are_checked_on_both_streams(void **state)
{
	const char *want_out[] = {"^done$"};
	const char *want_err[] = {"0 errors"};
	struct tare_case subject = {
		.expect = {.stdout_patterns = want_out,
			.stdout_pattern_count = 1,
			.stderr_patterns = want_err,
			.stderr_pattern_count = 1},
	};
	struct tare_output good = {.text = {"a\ndone\n", "0 errors"}, .len = {7, 8}};
	struct tare_output bad = {.text = {"a\ndone\n", "2 errors"}, .len = {7, 8}};
	struct tare_output none = {.text = {NULL, NULL}};
	struct tare_extractor *extractor;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(tare_extractor_new(&extractor, &subject, &err), TARE_OK);
	assert_int_equal(tare_extract_check(extractor, &good, &err), TARE_OK);
	assert_int_equal(tare_extract_check(extractor, &bad, &err), TARE_FAILED);
	assert_string_equal(
		err.text, "stderr does not match '0 errors'; it begins with '2 errors'");
	assert_int_equal(tare_extract_check(extractor, &none, &err), TARE_FAILED);
	assert_string_equal(err.text, "stdout does not match '^done$'; it is empty");
	tare_extractor_free(extractor);
}

static void
a_line_too_long_to_match_is_refused(void **state)
{
	char *text = calloc(1, TARE_MATCHED_LINE_MAX + 32);

	(void)state;
	assert_non_null(text);
	strcpy(text, "rate: 7\n");
	memset(text + 8, 'x', TARE_MATCHED_LINE_MAX);
	check_value(regex_rule, text, 7.0);
	memset(text + 8, 'x', TARE_MATCHED_LINE_MAX + 1);
	check_failure(regex_rule, text,
		"metric 'ops': stdout has a line of 8193 bytes, patterns are matched against lines "
		"of "
		"at most 8192; print shorter lines, or use `json:` or `lines:`");
	free(text);
}

static struct tare_metric_rule
rule_of(const char *pattern)
{
	return (struct tare_metric_rule){
		.source = TARE_SOURCE_REGEX, .pattern = pattern, .group = 1};
}

static void
a_pattern_is_matched_within_lines(void **state)
{
	(void)state;
	check_value(rule_of("^a([0-9]+)$"), "a1\nab\na3", 2);
	check_failure(rule_of("a[[:space:]]+([0-9]+)"), "a\n1\n",
		"metric 'ops': nothing in stdout matches 'a[[:space:]]+([0-9]+)'; it begins with "
		"'a'");
	/* What ends with a line feed has nothing behind it, and that is a part too. */
	check_value(rule_of("^($|[0-9])"), "7 8", 7);
}

static void
a_pattern_with_a_line_feed_is_matched_over_lines(void **state)
{
	char *long_text = calloc(1, TARE_MATCHED_WHOLE_MAX + 2);

	(void)state;
	check_value(rule_of("total:\n *([0-9]+)"), "x\ntotal:\n  12\n", 12);
	for (size_t i = 0; i <= TARE_MATCHED_WHOLE_MAX; i++)
		long_text[i] = i % 80 == 79 ? '\n' : '.';
	check_failure(rule_of("total:\n *([0-9]+)"), long_text,
		"metric 'ops': stdout: there are 16385 bytes, and a pattern over several lines is "
		"matched against at most 16384; print less, or match within a line");
	free(long_text);
}

static void
matching_ends_when_it_is_interrupted(void **state)
{
	static volatile sig_atomic_t interrupted = 1;
	const char *patterns[] = {"^x"};
	const struct tare_output output = {.text = {"a\nrate: 3\n", ""}, .len = {10, 0}};
	struct tare_extractor *extractor;
	struct fixture fixture;

	(void)state;
	fixture_init(&fixture, regex_rule);
	fixture.subject.expect.stdout_patterns = patterns;
	fixture.subject.expect.stdout_pattern_count = 1;
	assert_int_equal(tare_extractor_new(&extractor, &fixture.subject, NULL), TARE_OK);
	assert_false(tare_extractor_reads_errors(extractor));
	tare_extractor_watch(extractor, &interrupted);
	assert_int_equal(tare_extract_metrics(
				 extractor, &fixture.sample, fixture.arena, &output, &fixture.err),
		TARE_INTERRUPTED);
	assert_int_equal(tare_extract_check(extractor, &output, &fixture.err), TARE_INTERRUPTED);
	interrupted = 0;
	assert_int_equal(tare_extract_metrics(
				 extractor, &fixture.sample, fixture.arena, &output, &fixture.err),
		TARE_OK);
	assert_int_equal(tare_extract_check(extractor, &output, &fixture.err), TARE_FAILED);
	tare_extractor_free(extractor);
	tare_arena_free(fixture.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_too_long_to_match_is_refused),
		cmocka_unit_test(a_regex_takes_its_group),
		cmocka_unit_test(several_matches_reduce_by_median_and_are_kept),
		cmocka_unit_test(each_reduction_does_what_its_name_says),
		cmocka_unit_test(an_empty_match_does_not_loop_for_ever),
		cmocka_unit_test(json_paths_walk_objects_and_arrays),
		cmocka_unit_test(lines_convert_the_unit_that_stands_there),
		cmocka_unit_test(a_unit_that_means_something_else_is_a_failure),
		cmocka_unit_test(a_metric_that_is_not_there_is_a_failure),
		cmocka_unit_test(a_comma_separates_thousands_or_is_no_number),
		cmocka_unit_test(a_value_past_all_numbers_is_none),
		cmocka_unit_test(a_number_that_is_too_long_is_none),
		cmocka_unit_test(the_word_behind_the_number_is_its_unit),
		cmocka_unit_test(matches_may_be_anchored_anywhere),
		cmocka_unit_test(output_may_hold_any_byte),
		cmocka_unit_test(random_output_gives_numbers_or_a_failure),
		cmocka_unit_test(output_that_is_not_json_says_so),
		cmocka_unit_test(numbers_past_the_limit_are_left),
		cmocka_unit_test(expectations_are_checked_on_both_streams),
		cmocka_unit_test(a_pattern_is_matched_within_lines),
		cmocka_unit_test(a_pattern_with_a_line_feed_is_matched_over_lines),
		cmocka_unit_test(matching_ends_when_it_is_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
