#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/table.h"

static const struct tare_table_column columns[] = {
	{.title = "case"},
	{.title = "median", .right = true},
	{.title = "n", .right = true, .spare = 1},
	{.title = "min", .right = true, .spare = 2},
};

static void
check(size_t width, bool color, const struct tare_table_cell (*rows)[4], size_t row_count,
	const char *expected)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_table table;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	tare_table_begin(&table, arena, columns, 4);
	for (size_t i = 0; i < row_count; i++)
		tare_table_row(&table, rows[i]);
	tare_table_write(&table, out, 0, width, color);
	fclose(out);
	assert_string_equal(expected, text);
	free(text);
	tare_arena_free(arena);
}

static void
lines_columns_up(void **state)
{
	static const struct tare_table_cell rows[][4] = {
		{{"gzip", NULL}, {"10.15 ms", NULL}, {"10", NULL}, {"9", NULL}},
		{{"zstandard", NULL}, {"3 ms", NULL}, {"8", NULL}, {"2", NULL}},
	};

	(void)state;
	check(80, false, rows, 2,
		"case         median   n  min\n"
		"gzip       10.15 ms  10    9\n"
		"zstandard      3 ms   8    2\n");
}

static void
lines_up_by_columns_not_by_bytes(void **state)
{
	static const struct tare_table_cell rows[][4] = {
		{{"größe", NULL}, {"1 ms", NULL}, {0}, {0}},
		{{"圧縮", NULL}, {"2 ms", NULL}, {0}, {0}},
		{{"e\xCC\x81tude", NULL}, {"3 ms", NULL}, {0}, {0}},
	};

	(void)state;
	check(80, false, rows, 3,
		"case   median\n"
		"größe    1 ms\n"
		"圧縮     2 ms\n"
		"e\xCC\x81tude    3 ms\n");
}

static void
leaves_out_the_least_important_columns_first(void **state)
{
	static const struct tare_table_cell rows[][4] = {
		{{"a-name-of-twenty-five-cols", NULL}, {"10.15 ms", NULL}, {"10", NULL},
			{"9.80", NULL}},
	};

	(void)state;
	check(44, false, rows, 1,
		"case                          median   n\n"
		"a-name-of-twenty-five-cols  10.15 ms  10\n");
	check(39, false, rows, 1,
		"case                          median\n"
		"a-name-of-twenty-five-cols  10.15 ms\n");
}

static void
shortens_names_in_the_middle_and_never_numbers(void **state)
{
	static const struct tare_table_cell rows[][4] = {
		{{"a-name-of-twenty-five-cols", NULL}, {"10.15 ms", NULL}, {0}, {0}},
	};

	(void)state;
	check(24, false, rows, 1,
		"case              median\n"
		"a-name…ve-cols  10.15 ms\n");
	check(1, false, rows, 1,
		"case        median\n"
		"a-n…cols  10.15 ms\n");
}

static void
writes_styles_only_in_colour(void **state)
{
	static const struct tare_table_cell rows[][4] = {
		{{"gzip", NULL}, {"1 ms", "\x1b[1m"}, {0}, {0}},
	};

	(void)state;
	check(80, false, rows, 1, "case  median\ngzip    1 ms\n");
	check(80, true, rows, 1,
		"\x1b[2mcase\x1b[0m  \x1b[2mmedian\x1b[0m\n"
		"gzip    \x1b[1m1 ms\x1b[0m\n");
}

static void
hides_a_column(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_table table;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	tare_table_begin(&table, arena, columns, 4);
	tare_table_row(&table,
		(struct tare_table_cell[]){{"a", NULL}, {"b", NULL}, {"c", NULL}, {"d", NULL}});
	tare_table_note(&table, "a note under it");
	tare_table_hide(&table, 1);
	tare_table_write(&table, out, 2, 80, false);
	fclose(out);
	assert_string_equal("  case  n  min\n  a     c    d\n    a note under it\n", text);
	free(text);
	tare_arena_free(arena);
}

static void
check_wrapped(const char *text, size_t indent, size_t width, const char *expected)
{
	char *got = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&got, &len);

	tare_display_wrapped(out, text, indent, width);
	fclose(out);
	assert_string_equal(expected, got);
	free(got);
}

static void
wraps_between_words(void **state)
{
	(void)state;
	check_wrapped("short", 0, 30, "short\n");
	check_wrapped("one two three four five six seven", 4, 28,
		"one two three four five\n    six seven\n");
	check_wrapped("", 0, 30, "\n");
	check_wrapped("a-word-that-is-longer-than-the-whole-line of text", 0, 24,
		"a-word-that-is-longer-than-the-whole-line\nof text\n");
}

static void
pads_by_what_is_seen(void **state)
{
	static const char *const texts[][2] = {
		{"ab", "ab  |"}, {"\xC3\xA4", "\xC3\xA4   |"}, {"abcde", "abcde|"}, {"", "    |"}};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *got = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&got, &len);

		tare_display_padded(out, texts[i][0], 4);
		fputc('|', out);
		fclose(out);
		assert_string_equal(texts[i][1], got);
		free(got);
	}
}

static void
check_shortened(const char *text, size_t width, const char *expected)
{
	char *got = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&got, &len);

	tare_display_shortened(out, text, width);
	fclose(out);
	assert_string_equal(expected, got);
	free(got);
}

static void
shortens_between_characters(void **state)
{
	(void)state;
	check_shortened("abcdefghij", 10, "abcdefghij");
	check_shortened("abcdefghij", 5, "ab…ij");
	check_shortened("abcdefghij", 4, "a…ij");
	check_shortened("abcdefghij", 1, "…");
	check_shortened("abcdefghij", 0, "");
	check_shortened("圧縮圧縮圧縮", 6, "圧…縮");
	check_shortened("\xff\xff\xff\xff", 3, "\xff…\xff");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_columns_up),
		cmocka_unit_test(lines_up_by_columns_not_by_bytes),
		cmocka_unit_test(leaves_out_the_least_important_columns_first),
		cmocka_unit_test(shortens_names_in_the_middle_and_never_numbers),
		cmocka_unit_test(writes_styles_only_in_colour),
		cmocka_unit_test(hides_a_column),
		cmocka_unit_test(wraps_between_words),
		cmocka_unit_test(pads_by_what_is_seen),
		cmocka_unit_test(shortens_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
