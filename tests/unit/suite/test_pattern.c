#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/suite/pattern.h"

static void
takes_group_names_out(void **state)
{
	static const struct {
		const char *text;
		const char *read;
		size_t group;
	} rows[] = {
		{"abc", "abc", 0},
		{"a(b)c", "a(b)c", 1},
		{"(a)(?<x>b)", "(a)(b)", 2},
		{"(?P<time>[0-9.]+) ms", "([0-9.]+) ms", 1},
		{"((a)|(?<n>b))", "((a)|(b))", 3},
		{"[(?<x>]", "[(?<x>]", 0},
		{"(\\d+) ms", "([0-9]+) ms", 1},
		{"\\D\\t\\n\\r", "[^0-9]\t\n\r", 0},
		{"([\\d.]+)\\s\\w", "([0-9.]+)\\s\\w", 1},
		{"[^\\w\\s\\t]", "[^[:alnum:]_[:space:]\t]", 0},
		{"[\\\\n]\\\\d", "[\\\\n]\\\\d", 0},
		{"[a\\]", "[a\\]", 0},
		{"[[:digit:]\\d]", "[[:digit:]0-9]", 0},
		{"[]()]+(a)", "[]()]+(a)", 1},
		{"[^][:digit:](]", "[^][:digit:](]", 0},
		{"\\(?<x>", "\\(?<x>", 0},
		{"a{2,3}b*c+d?", "a{2,3}b*c+d?", 0},
		{"x{1,}", "x{1,}", 0},
		{"a$|^b", "a$|^b", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tare_arena *arena = tare_arena_new();
		struct tare_pattern pattern;
		struct tare_err err;

		assert_int_equal(tare_pattern_check(NULL, rows[i].text, &err), TARE_OK);
		tare_pattern_read(&pattern, arena, rows[i].text);
		assert_string_equal(pattern.text, rows[i].read);
		assert_int_equal(pattern.group, rows[i].group);
		tare_arena_free(arena);
	}
}

static void
refuses_with_a_reason(void **state)
{
	static const struct {
		const char *text;
		const char *problem;
	} rows[] = {
		{"", "has 0 bytes; expected a regular expression of 1 to 1024"},
		{"(a", "is not a regular expression: Unmatched ( or \\(; expected POSIX extended "
		       "syntax"},
		{"a[", "is not a regular expression: Invalid regular expression; expected POSIX "
		       "extended syntax"},
		{"(?:a)", "has \"(?\" without a name; expected a POSIX extended expression, or "
			  "(?<name>...)"},
		{"[\\D]", "has \"\\D\" within brackets; expected the characters themselves"},
		{"[^\\S]", "has \"\\S\" within brackets; expected the characters themselves"},
		{"(?<a b>c)", "has a group name that is not closed; expected (?<name>...)"},
		{"(?<>c)", "has a group name that is not closed; expected (?<name>...)"},
		{"(?<a>b)(?<c>d)", "has two named groups; expected one"},
		{"(a)\\1", "has the back reference \"\\1\"; expected an expression without"},
		{"((((a{1,255}){1,255}){1,255}){1,255})",
			"repeats too much; expected fewer or smaller repetitions"},
		{"((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)",
			"repeats too much; expected fewer or smaller repetitions"},
		{"a{99999999999999999999}",
			"repeats too much; expected fewer or smaller repetitions"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t cost = 99;
		struct tare_err err;

		assert_int_equal(tare_pattern_check(&cost, rows[i].text, &err), TARE_INVALID);
		assert_string_equal(err.text, rows[i].problem);
		assert_int_equal(cost, 99);
	}
}

static void
refuses_what_the_c_library_cannot_stand(void **state)
{
	static const char empty[] =
		"repeats what may match nothing; expected each repetition to match something";
	static const char anchors[] =
		"has too many anchors (^, $, \\b); expected at most 12, repetitions counted";
	static const struct {
		const char *text;
		const char *problem;
	} rows[] = {
		{"(a*)*", empty},
		{"(a?){1,30}", empty},
		{"(a|b*)+", empty},
		{"(a|)+", empty},
		{"()*", empty},
		{"(\\b|x)*", empty},
		{"^*", empty},
		{"((a?)b?)+", empty},
		{"a{0,3}*", empty},
		{"(^a){1,12}", anchors},
		{"a?\\ba?\\ba?\\ba?\\ba?\\ba?\\ba?\\ba?\\ba?\\ba?\\ba?\\ba?\\ba?\\b", anchors},
		{"(a{1,40}){1,40}", "repeats too much; expected fewer or smaller repetitions"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tare_err err = {0};

		assert_int_equal(tare_pattern_check(NULL, rows[i].text, &err), TARE_INVALID);
		assert_string_equal(err.text, rows[i].problem);
	}
}

static void
takes_what_people_write(void **state)
{
	static const char *const texts[] = {
		"^done$",
		"time: +([0-9]+(\\.[0-9]+)?) *ms",
		"^(a|b|c)$|^d$|^e$",
		"([0-9]{1,3}\\.){3}[0-9]{1,3}",
		"\\b[A-Za-z]+\\b.*\\b[0-9]+\\b",
		"(?<v>[-+]?[0-9]*\\.?[0-9]+([eE][-+]?[0-9]+)?)",
		"((ab?)+c)*",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t cost = 0;

		assert_int_equal(tare_pattern_check(&cost, texts[i], NULL), TARE_OK);
		assert_true(cost > 0 && cost < 3000);
	}
}

static void
refuses_deep_groups_and_long_texts(void **state)
{
	struct tare_err err;
	char text[2000];

	(void)state;
	memset(text, '(', sizeof(text));
	text[60] = '\0';
	assert_int_equal(tare_pattern_check(NULL, text, &err), TARE_INVALID);
	assert_string_equal(err.text, "nests groups more than 50 deep; expected less");
	memset(text, 'a', sizeof(text));
	text[1025] = '\0';
	assert_int_equal(tare_pattern_check(NULL, text, &err), TARE_INVALID);
	assert_string_equal(err.text, "has 1025 bytes; expected a regular expression of 1 to 1024");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_group_names_out),
		cmocka_unit_test(refuses_with_a_reason),
		cmocka_unit_test(refuses_what_the_c_library_cannot_stand),
		cmocka_unit_test(takes_what_people_write),
		cmocka_unit_test(refuses_deep_groups_and_long_texts),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
