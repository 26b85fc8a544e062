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

		assert_int_equal(tare_pattern_read(&pattern, arena, rows[i].text, &err), TARE_OK);
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
		struct tare_arena *arena = tare_arena_new();
		struct tare_pattern pattern = {.group = 99};
		struct tare_err err;

		assert_int_equal(
			tare_pattern_read(&pattern, arena, rows[i].text, &err), TARE_INVALID);
		assert_string_equal(err.text, rows[i].problem);
		assert_int_equal(pattern.group, 99);
		tare_arena_free(arena);
	}
}

static void
refuses_deep_groups_and_long_texts(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_pattern pattern;
	struct tare_err err;
	char text[2000];

	(void)state;
	memset(text, '(', sizeof(text));
	text[60] = '\0';
	assert_int_equal(tare_pattern_read(&pattern, arena, text, &err), TARE_INVALID);
	assert_string_equal(err.text, "nests groups more than 50 deep; expected less");
	memset(text, 'a', sizeof(text));
	text[1025] = '\0';
	assert_int_equal(tare_pattern_read(&pattern, arena, text, &err), TARE_INVALID);
	assert_string_equal(err.text, "has 1025 bytes; expected a regular expression of 1 to 1024");
	tare_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_group_names_out),
		cmocka_unit_test(refuses_with_a_reason),
		cmocka_unit_test(refuses_deep_groups_and_long_texts),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
