#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/report/fixture.h"

static char *
junit_of(struct fixture *fixture)
{
	char *text = fixture_report("junit", &fixture->input);

	fixture_free(fixture);
	return text;
}

static void
check_golden(struct fixture *fixture, const char *name)
{
	char *text = junit_of(fixture);

	assert_golden(name, text);
	free(text);
}

/* Tags are balanced, attributes are quoted, and no byte is there that XML 1.0 forbids. */
static void
check_xml(const char *text)
{
	char open[8][32];
	size_t depth = 0;

	for (const char *at = text; *at; at++)
		assert_true((unsigned char)*at >= 0x20 || *at == '\n' || *at == '\t');
	text += strcspn(text, "\n");
	for (const char *at = text; (at = strchr(at, '<')); at++) {
		const char *end = at + 1;
		size_t len = strcspn(at + 1, " />");
		bool quoted = false;

		for (; quoted || *end != '>'; end++) {
			assert_int_not_equal(0, *end);
			assert_int_not_equal('<', *end);
			quoted ^= *end == '"';
		}
		if (at[1] == '/') {
			assert_true(depth > 0);
			len = strcspn(at + 2, ">");
			depth--;
			assert_int_equal(strlen(open[depth]), len);
			assert_memory_equal(open[depth], at + 2, len);
		} else if (end[-1] != '/') {
			assert_true(depth < 8 && len < 32);
			memcpy(open[depth], at + 1, len);
			open[depth++][len] = '\0';
		}
		at = end;
	}
	assert_int_equal(0, depth);
}

static void
fails_what_failed_the_gate(void **state)
{
	(void)state;
	check_golden(fixture_typical(), "typical.xml");
}

static void
fails_cases_that_failed(void **state)
{
	(void)state;
	check_golden(fixture_failed(), "failed.xml");
}

static void
fails_no_regression_without_a_gate(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *text;

	(void)state;
	fixture->input.gate = NULL;
	fixture->sets->items[0].failed_gate = false;
	text = junit_of(fixture);
	assert_lacks(text, "<failure");
	assert_contains(text, "<skipped message=\"regression +3.4 % [+2.5 %, +4.6 %], n = 10\"/>");
	free(text);
}

static void
fails_the_inconclusive_where_the_gate_wants_a_decision(void **state)
{
	struct fixture *fixture = fixture_typical();
	char *text;

	(void)state;
	fixture->sets->items[0].failed_gate = false;
	fixture->sets->items[2].failed_gate = true;
	fixture->gate.result = TARE_GATE_UNDECIDED;
	text = junit_of(fixture);
	assert_int_equal(1, count_of(text, "<failure type=\"inconclusive\""));
	free(text);
}

static void
writes_an_empty_run(void **state)
{
	char *text = junit_of(fixture_empty());

	(void)state;
	check_xml(text);
	assert_contains(text, "<testsuites name=\"nothing\" tests=\"0\" failures=\"0\"");
	free(text);
}

static void
keeps_hostile_text_as_text(void **state)
{
	static const char *const texts[] = {HOSTILE, "]]>", "\"/><x a=\"", "</failure>", "&#27;",
		"\x01\x02\x1f\x7f", "\xEF\xBF\xBE\xEF\xBF\xBF", "\xC3\x28", "a\r\nb\tc", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *text = junit_of(fixture_hostile(texts[i]));

		check_xml(text);
		assert_lacks(text, "<script");
		assert_lacks(text, "]]>");
		assert_lacks(text, "\xEF\xBF\xBE");
		assert_lacks(text, "\xff");
		free(text);
	}
}

static void
counts_what_it_lists(void **state)
{
	char *text = junit_of(fixture_large(300, 2));

	(void)state;
	check_xml(text);
	assert_int_equal(900, count_of(text, "<testcase "));
	assert_contains(text,
		"<testsuites name=\"large\" tests=\"900\" failures=\"0\" errors=\"0\" "
		"skipped=\"6\"");
	assert_int_equal(6, count_of(text, "<skipped "));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fails_what_failed_the_gate),
		cmocka_unit_test(fails_cases_that_failed),
		cmocka_unit_test(fails_no_regression_without_a_gate),
		cmocka_unit_test(fails_the_inconclusive_where_the_gate_wants_a_decision),
		cmocka_unit_test(writes_an_empty_run),
		cmocka_unit_test(keeps_hostile_text_as_text),
		cmocka_unit_test(counts_what_it_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
