#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/html.h"

static char *written;
static size_t written_len;

static FILE *
begin(void)
{
	return open_memstream(&written, &written_len);
}

static void
expect(FILE *out, const char *text)
{
	fclose(out);
	assert_string_equal(written, text);
	free(written);
}

static void
expect_text(const char *given, const char *expected)
{
	FILE *out = begin();

	html_text(out, given);
	expect(out, expected);
}

static void
escapes_what_markup_is_made_of(void **state)
{
	(void)state;
	expect_text("<a b=\"c\" d='e'>&amp;", "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
}

static void
makes_control_characters_visible(void **state)
{
	(void)state;
	expect_text("\x1b[31m\n\t\r\x7f", "\\x1b[31m\\x0a\\x09\\x0d\\x7f");
}

static void
keeps_utf8_and_replaces_what_is_not(void **state)
{
	(void)state;
	expect_text("\xc3\xa9\xe2\x82\xac", "\xc3\xa9\xe2\x82\xac");
	expect_text("a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd");
	expect_text("\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd");
}

static void
writes_nothing_for_no_text(void **state)
{
	(void)state;
	expect_text(NULL, "");
	expect_text("", "");
}

static void
begins_a_sentence_with_a_capital(void **state)
{
	static const char *const texts[][2] = {{"gate passed", "Gate passed"}, {"<b>", "&lt;b&gt;"},
		{"2 of 3", "2 of 3"}, {"", ""}};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		FILE *out = begin();

		html_sentence(out, texts[i][0]);
		expect(out, texts[i][1]);
	}
}

static void
keeps_lines_in_blocks(void **state)
{
	FILE *out = begin();

	(void)state;
	html_block(out, "a\r\n\tb\n<\x07");
	expect(out, "a\n\tb\n&lt;\\x07");
}

static void
writes_coordinates_with_one_decimal_at_most(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {{0, "0"}, {12, "12"}, {12.34, "12.3"}, {12.96, "13"}, {-0.04, "0"},
		{-3.25, "-3.3"}, {149.95, "150"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *out = begin();

		html_number(out, cases[i].value);
		expect(out, cases[i].text);
	}
}

static void
leaves_out_facts_that_say_nothing(void **state)
{
	FILE *out = begin();

	(void)state;
	html_fact(out, "Release", "");
	html_fact(out, "Release", NULL);
	html_fact(out, "Release", "v1<2");
	expect(out, "<div><dt>Release<dd>v1&lt;2</div>\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_markup_is_made_of),
		cmocka_unit_test(makes_control_characters_visible),
		cmocka_unit_test(keeps_utf8_and_replaces_what_is_not),
		cmocka_unit_test(writes_nothing_for_no_text),
		cmocka_unit_test(begins_a_sentence_with_a_capital),
		cmocka_unit_test(keeps_lines_in_blocks),
		cmocka_unit_test(writes_coordinates_with_one_decimal_at_most),
		cmocka_unit_test(leaves_out_facts_that_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
