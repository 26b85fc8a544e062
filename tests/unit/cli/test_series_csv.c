#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/rng.h"
#include "harness/cli/series_csv.h"
#include "tests/support/close.h"
#include "tests/support/files.h"

static struct tare_arena *arena;
static struct tare_csv csv;
static struct tare_err err;

static int
open_arena(void **state)
{
	(void)state;
	arena = tare_arena_new();
	memset(&csv, 0, sizeof(csv));
	memset(&err, 0, sizeof(err));
	return 0;
}

static int
close_arena(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static enum tare_status
parse(const char *text, const char *time, const char *value, const char *environment)
{
	const struct tare_csv_columns columns = {time, value, environment};

	return tare_csv_parse(
		&csv, arena, tare_arena_strdup(arena, text), strlen(text), "x.csv", &columns, &err);
}

static void
assert_refused(const char *text, const char *value, const char *sentence)
{
	assert_int_equal(parse(text, NULL, value, NULL), TARE_INVALID);
	assert_string_equal(err.text, sentence);
}

static void
reads_columns_by_title_and_by_number(void **state)
{
	(void)state;
	assert_int_equal(parse("when,ms,host\n2,1.5,a\n3,2e3,b\n", "when", "ms", "host"), TARE_OK);
	assert_int_equal(csv.count, 2);
	assert_close(csv.rows[0].value, 1.5, 0.0);
	assert_close(csv.rows[1].value, 2000.0, 0.0);
	assert_string_equal(csv.rows[1].time, "3");
	assert_string_equal(csv.rows[1].environment, "b");
	assert_int_equal(csv.rows[1].line, 3);
	assert_string_equal(csv.value_title, "ms");
	assert_int_equal(parse("when,ms\nx,7\n", NULL, "2", NULL), TARE_OK);
	assert_close(csv.rows[0].value, 7.0, 0.0);
	assert_string_equal(csv.rows[0].time, "");
}

static void
understands_quotes_line_ends_and_a_byte_order_mark(void **state)
{
	(void)state;
	assert_int_equal(parse("\xef\xbb\xbf\"a \"\"x\"\", b\",v\r\n\"two\nlines\",\"3\"\r\n\r\n"
			       "last, 4 ",
				 "a \"x\", b", "v", NULL),
		TARE_OK);
	assert_int_equal(csv.count, 2);
	assert_string_equal(csv.rows[0].time, "two\nlines");
	assert_int_equal(csv.rows[0].line, 2);
	assert_close(csv.rows[0].value, 3.0, 0.0);
	assert_int_equal(csv.rows[1].line, 5);
	assert_close(csv.rows[1].value, 4.0, 0.0);
}

static void
semicolons_and_tabs_separate_where_titles_have_no_comma(void **state)
{
	(void)state;
	assert_int_equal(parse("a;v\n1,5;2\n", "a", "v", NULL), TARE_OK);
	assert_string_equal(csv.rows[0].time, "1,5");
	assert_int_equal(parse("a\tv\nx y\t2\n", "a", "v", NULL), TARE_OK);
	assert_string_equal(csv.rows[0].time, "x y");
}

static void
the_title_of_the_values_tells_what_separates(void **state)
{
	(void)state;
	assert_int_equal(parse("a;ms, mean\n1;2,5\n2;1.5\n", "a", "ms, mean", NULL), TARE_OK);
	assert_close(csv.rows[0].value, 2.5, 0.0);
	assert_close(csv.rows[1].value, 1.5, 0.0);
	assert_int_equal(parse("a|v\n1|2\n", "a", "v", NULL), TARE_OK);
	assert_close(csv.rows[0].value, 2.0, 0.0);
}

static void
a_first_line_of_numbers_is_a_row(void **state)
{
	(void)state;
	assert_int_equal(parse("1,5\n2,6\n", "1", "2", NULL), TARE_OK);
	assert_int_equal(csv.count, 2);
	assert_close(csv.rows[0].value, 5.0, 0.0);
	assert_string_equal(csv.rows[0].time, "1");
	assert_string_equal(csv.value_title, "column 2");
	assert_int_equal(parse("t,5\n2,6\n", "t", "5", NULL), TARE_OK);
	assert_int_equal(csv.count, 1);
}

static void
skips_and_counts_what_is_no_number(void **state)
{
	(void)state;
	assert_int_equal(
		parse("t,v\n1,\n2,nan\n3,inf\n4,1e999\n5,0x10\n6,12ms\n7\n8,-3\n", "t", "v", NULL),
		TARE_OK);
	assert_int_equal(csv.count, 1);
	assert_int_equal(csv.skipped, 7);
	assert_close(csv.rows[0].value, -3.0, 0.0);
}

static void
puts_rows_in_the_order_of_time(void **state)
{
	(void)state;
	assert_int_equal(
		parse("t,v\n2026-03-01,3\n2026-01-01,1\n2026-02-01T10:00Z,2\n", "t", "v", NULL),
		TARE_OK);
	assert_true(csv.reordered);
	for (size_t i = 0; i < 3; i++)
		assert_close(csv.rows[i].value, (double)i + 1.0, 0.0);
	assert_int_equal(parse("t,v\n10,2\n9,1\n10,3\n", "t", "v", NULL), TARE_OK);
	assert_true(csv.reordered);
	for (size_t i = 0; i < 3; i++)
		assert_close(csv.rows[i].value, (double)i + 1.0, 0.0);
}

static void
labels_keep_the_order_of_the_file(void **state)
{
	(void)state;
	assert_int_equal(parse("t,v\nv1.10,1\n2,2\nv1.9,3\n", "t", "v", NULL), TARE_OK);
	assert_false(csv.reordered);
	assert_string_equal(csv.rows[0].time, "v1.10");
	assert_nan(csv.rows[1].at);
}

static void
dates_are_seconds_since_1970(void **state)
{
	static const struct {
		const char *text;
		double seconds;
	} good[] = {{"1970-01-01", 0.0}, {"2000-02-29", 951782400.0},
		{"1969-12-31T23:59:59Z", -1.0}, {"2026-11-21T09:56:09.25Z", 1795254969.25},
		{"2026-11-21 09:56", 1795254960.0}, {"2026-11-21T11:56+02:00", 1795254960.0},
		{"2026-11-21T04:26-0530", 1795254960.0}, {"2026.11.21 9:56:00 +0000", 1795254960.0},
		{"2026/11/21 11:56 +02", 1795254960.0}, {"2026-11-21 09:56 UTC", 1795254960.0},
		{"1970/1/2", 86400.0}, {"1970-02", 2678400.0}};
	static const char *const bad[] = {"", "2026", "2026-13-01", "2026-00-10", "2026-1-",
		"2026.11", "2026-11/21", "2026-01-01T", "2026-01-01T10", "2026-01-01Tab:cd",
		"2026-01-01 10:00 CET", "2026-01-01 25:00", "2026-01-01T10:00+2", "2026-01-01x"};
	double seconds = 0.0;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(tare_date_parse(&seconds, good[i].text));
		assert_close(seconds, good[i].seconds, 1e-6);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(tare_date_parse(&seconds, bad[i]));
}

static void
says_where_and_what_is_wrong(void **state)
{
	(void)state;
	assert_refused("", "v", "x.csv:1: the file is empty; expected a line of titles");
	assert_refused("time,value\n1,2\n", "valeu",
		"x.csv:1: there is no column 'valeu' for --value; did you mean 'value'? the first "
		"of 2 is 'time'");
	assert_refused("time,value\n1,2\n", "3",
		"x.csv:1: there is no column '3' for --value; the first of 2 is 'time'");
	assert_refused("t,v\n1,2\n1,\"x\n2,3\n", "v",
		"x.csv:3:3: a quoted field has no end; expected a closing \"");
	assert_refused("t,v\n1,\"2\"3\n", "v",
		"x.csv:2:6: text behind a closing quote; expected ',' or the end of the line");
	assert_refused("t,v\n1,a\n2,\n", "v",
		"x.csv: no row has a number in column 'v' (2 rows were looked at)");
}

static void
refuses_too_many_columns_and_nul(void **state)
{
	const struct tare_csv_columns columns = {NULL, "v", NULL};
	char nul[] = "v\n1\0002\n", *wide = calloc(1, 5000);

	(void)state;
	assert_int_equal(tare_csv_parse(&csv, arena, nul, sizeof(nul) - 1, "x.csv", &columns, &err),
		TARE_INVALID);
	assert_string_equal(err.text, "x.csv is no text: it has a NUL byte");
	assert_refused("\xff\xfev", "v", "x.csv:1:1: this is UTF-16; expected UTF-8 or ASCII");
	memset(wide, ',', 4000);
	assert_refused(wide, "v", "x.csv:1:1025: more than 1024 columns");
	free(wide);
}

static void
reads_a_file(void **state)
{
	const struct tare_csv_columns columns = {NULL, "v", NULL};
	char *folder = test_folder_make(), *path = test_path(folder, "a.csv");

	(void)state;
	assert_int_equal(tare_csv_read(&csv, arena, path, &columns, &err), TARE_NOT_FOUND);
	test_file_write(path, "v\n5\n", 4);
	assert_int_equal(tare_csv_read(&csv, arena, path, &columns, &err), TARE_OK);
	assert_close(csv.rows[0].value, 5.0, 0.0);
	free(path);
	test_folder_remove(folder);
}

/* Whatever the bytes: an answer, and nothing read or written outside (the sanitizers watch). */
static void
survives_noise(void **state)
{
	static const char alphabet[] = "\",\n\r;\t 12.-e\xc3v";
	const struct tare_csv_columns columns = {"1", "1", "1"};
	struct tare_rng rng;

	(void)state;
	tare_rng_seed(&rng, 5, 0);
	for (size_t trial = 0; trial < 5000; trial++) {
		size_t len = (size_t)tare_rng_below(&rng, 60);
		char *text = tare_xcalloc(len + 1, 1);

		for (size_t i = 0; i < len; i++)
			text[i] = alphabet[tare_rng_below(&rng, sizeof(alphabet) - 1)];
		tare_arena_reset(arena);
		if (tare_csv_parse(&csv, arena, text, len, "x.csv", &columns, &err) == TARE_OK)
			assert_true(csv.count > 0);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_columns_by_title_and_by_number),
		cmocka_unit_test(understands_quotes_line_ends_and_a_byte_order_mark),
		cmocka_unit_test(semicolons_and_tabs_separate_where_titles_have_no_comma),
		cmocka_unit_test(the_title_of_the_values_tells_what_separates),
		cmocka_unit_test(a_first_line_of_numbers_is_a_row),
		cmocka_unit_test(skips_and_counts_what_is_no_number),
		cmocka_unit_test(puts_rows_in_the_order_of_time),
		cmocka_unit_test(labels_keep_the_order_of_the_file),
		cmocka_unit_test(dates_are_seconds_since_1970),
		cmocka_unit_test(says_where_and_what_is_wrong),
		cmocka_unit_test(refuses_too_many_columns_and_nul),
		cmocka_unit_test(reads_a_file),
		cmocka_unit_test(survives_noise),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
