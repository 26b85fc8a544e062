#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/report/fixture.h"

enum { CSV_COLUMNS = 29, SAMPLES_COLUMNS = 13 };

/* One cell of RFC 4180, unquoted in place; moves *text behind it and its separator, which it gives:
 * ',' or '\n', or 0 at the end. */
static char
next_cell(char **cell_out, char **text)
{
	char *from = *text;
	char *to = *text;
	char separator;

	*cell_out = to;
	if (*from == '"') {
		for (from++; *from != '"' || from[1] == '"'; *to++ = *from++) {
			assert_int_not_equal(0, *from);
			from += *from == '"';
		}
		from++;
	} else {
		while (*from && *from != ',' && *from != '\r') {
			assert_int_not_equal('"', *from);
			*to++ = *from++;
		}
	}
	separator = *from;
	if (separator == '\r') {
		from++;
		assert_int_equal('\n', *from);
		separator = '\n';
	}
	*text = from + (separator != '\0');
	*to = '\0';
	return separator;
}

/* Every row has as many cells as expected, and none that a spreadsheet would run. */
static size_t
check_table(const char *reporter, struct fixture *fixture, size_t columns)
{
	char *bytes = fixture_report(reporter, &fixture->input);
	char *text = bytes;
	size_t rows = 0;

	while (*text) {
		size_t cells = 0;
		char separator;
		char *cell;

		do {
			separator = next_cell(&cell, &text);
			if (*cell && strchr("=+-@", *cell))
				fail_msg("a formula: %s", cell);
			cells++;
		} while (separator == ',');
		assert_int_equal(columns, cells);
		assert_int_equal('\n', separator);
		rows++;
	}
	free(bytes);
	fixture_free(fixture);
	return rows;
}

static void
check_golden(const char *reporter, struct fixture *fixture, const char *name)
{
	char *text = fixture_report(reporter, &fixture->input);

	assert_golden(name, text);
	free(text);
	fixture_free(fixture);
}

static void
has_a_row_for_each_case_and_metric(void **state)
{
	(void)state;
	check_golden("csv", fixture_typical(), "typical.csv");
	assert_int_equal(1 + 6 * 4, check_table("csv", fixture_typical(), CSV_COLUMNS));
}

static void
has_a_row_for_each_sample(void **state)
{
	(void)state;
	check_golden("samples", fixture_failed(), "failed_samples.csv");
	assert_int_equal(
		1 + 6 * 4 * 10, check_table("samples", fixture_typical(), SAMPLES_COLUMNS));
}

static void
loses_no_case_that_was_not_measured(void **state)
{
	(void)state;
	check_golden("csv", fixture_failed(), "failed.csv");
	assert_int_equal(1 + 3, check_table("csv", fixture_failed(), CSV_COLUMNS));
}

static void
has_titles_without_any_case(void **state)
{
	(void)state;
	assert_int_equal(1, check_table("csv", fixture_empty(), CSV_COLUMNS));
	assert_int_equal(1, check_table("samples", fixture_empty(), SAMPLES_COLUMNS));
}

static void
keeps_hostile_text_in_its_cell(void **state)
{
	static const char *const texts[] = {HOSTILE, "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "a,b",
		"\"", "\"\"\r\n\"", "'=1", "\xff=1", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		check_table("csv", fixture_hostile(texts[i]), CSV_COLUMNS);
		check_table("samples", fixture_hostile(texts[i]), SAMPLES_COLUMNS);
	}
}

static void
puts_an_apostrophe_before_formulas(void **state)
{
	struct fixture *fixture = fixture_hostile("=cmd()");
	char *text = fixture_report("csv", &fixture->input);

	(void)state;
	assert_contains(text, ",\"'=cmd()\",");
	assert_lacks(text, ",=cmd()");
	free(text);
	fixture_free(fixture);
}

static void
replaces_controls_and_invalid_bytes(void **state)
{
	struct fixture *fixture = fixture_hostile("a\x1b[31m\xff");
	char *text = fixture_report("csv", &fixture->input);

	(void)state;
	assert_contains(text, "\"a\xEF\xBF\xBD[31m\xEF\xBF\xBD\"");
	assert_null(strchr(text, '\x1b'));
	free(text);
	fixture_free(fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_row_for_each_case_and_metric),
		cmocka_unit_test(has_a_row_for_each_sample),
		cmocka_unit_test(loses_no_case_that_was_not_measured),
		cmocka_unit_test(has_titles_without_any_case),
		cmocka_unit_test(keeps_hostile_text_in_its_cell),
		cmocka_unit_test(puts_an_apostrophe_before_formulas),
		cmocka_unit_test(replaces_controls_and_invalid_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
