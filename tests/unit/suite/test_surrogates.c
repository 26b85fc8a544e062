#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/suite/surrogates.h"

static void
check(const char *text, const char *wanted)
{
	struct tare_arena *arena = tare_arena_new();
	const char *joined = tare_surrogates_join(arena, text, strlen(text));

	assert_string_equal(joined, wanted);
	tare_arena_free(arena);
}

static void
check_untouched(const char *text)
{
	struct tare_arena *arena = tare_arena_new();

	assert_ptr_equal(tare_surrogates_join(arena, text, strlen(text)), text);
	tare_arena_free(arena);
}

static void
joins_pairs_and_keeps_what_follows_in_its_place(void **state)
{
	(void)state;
	check("{\"a\": \"\\uD83D\\uDE00!\", \"b\": 1}", "{\"a\": \"\\U0001F600!\"  , \"b\": 1}");
	check("{\"\\ud800\\udc00\\udbff\\udfff\": [\"x\", true]}",
		"{\"\\U00010000\\U0010FFFF\"    : [\"x\", true]}");
	check(" {\n\"a\":-1.5e3,\"b\":\"\\\\\\\"\\ud83d\\ude00\"\r\n}\n",
		" {\n\"a\":-1.5e3,\"b\":\"\\\\\\\"\\U0001F600\"  \r\n}\n");
}

static void
leaves_escaped_backslashes_and_single_halves(void **state)
{
	(void)state;
	check("{\"a\": \"\\\\ud83d\\\\ude00\"}", "{\"a\": \"\\\\ud83d\\\\ude00\"}");
	check("{\"a\": \"\\ud83dx\\ude00\\ud83d\"}", "{\"a\": \"\\ud83dx\\ude00\\ud83d\"}");
	check("{\"a\": \"\\ud83d\\u0041\"}", "{\"a\": \"\\ud83d\\u0041\"}");
	check("{\"a\": \"\\ud83d\\ude0\"}", "{\"a\": \"\\ud83d\\ude0\"}");
}

static void
leaves_alone_what_is_not_json(void **state)
{
	static const char *const texts[] = {
		"",
		"{\"a\": 1}",
		"a: \"\\ud83d\\ude00\"",
		"[\"\\ud83d\\ude00\"]",
		"{a: '\\ud83d\\ude00'}",
		"{a: \"\\ud83d\\ude00\"}",
		"{\"a\": x\"\\ud83d\\ude00\"}",
		"{\"a\": \"\\ud83d\\ude00\"} # \"",
		"{\"a\": \"\\ud83d\\ude00",
		"{\"a\": \"\\ud83d\\ude00\n\"}",
		"{\"a\": \"\\ud83d\\ude00\\",
		"{\"a\": \"\\ud83d\\ud",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_untouched(texts[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_pairs_and_keeps_what_follows_in_its_place),
		cmocka_unit_test(leaves_escaped_backslashes_and_single_halves),
		cmocka_unit_test(leaves_alone_what_is_not_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
