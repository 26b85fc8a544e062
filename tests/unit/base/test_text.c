#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int
setup(void **state)
{
	*state = tare_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	tare_arena_free(*state);
	return 0;
}

static void
accepts_valid_utf8(void **state)
{
	static const char *const texts[] = {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80",
		"\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80",
		"\xF4\x8F\xBF\xBF", "sieben Spr\xC3\xBCnge, acht \xF0\x9F\x90\x8E"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(tare_utf8_check(texts[i], strlen(texts[i])), strlen(texts[i]));
	assert_int_equal(tare_utf8_check("a\0b", 3), 3);
}

static void
finds_the_first_invalid_byte(void **state)
{
	static const char *const invalid[] = {
		"\x80", /* continuation without a start */
		"\xBF",
		"\xC0\x80", /* overlong */
		"\xC1\xBF",
		"\xE0\x9F\xBF",
		"\xF0\x8F\xBF\xBF",
		"\xED\xA0\x80", /* surrogates */
		"\xED\xBF\xBF",
		"\xF4\x90\x80\x80", /* past U+10FFFF */
		"\xF5\x80\x80\x80",
		"\xFE",
		"\xFF",
		"\xC3", /* cut off */
		"\xE2\x82",
		"\xF0\x9F\x90",
		"\xC3(", /* no continuation */
		"\xE2\x82(",
		"\xF0\x9F\x90(",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(invalid); i++) {
		/* Before, across and behind the boundary of eight that ASCII is skipped by. */
		for (size_t offset = 0; offset < 18; offset++) {
			char text[64];

			memset(text, 'a', offset);
			strcpy(text + offset, invalid[i]);
			strcat(text, offset % 2 ? "" : "zzzzzzzzzz");
			assert_int_equal(tare_utf8_check(text, strlen(text)), offset);
		}
	}
}

static void
does_not_read_behind_the_text(void **state)
{
	/* On the heap, so that a sanitizer sees one byte too many. */
	char *cut = malloc(2);

	(void)state;
	memcpy(cut, "\xE2\x82", 2);
	assert_int_equal(tare_utf8_check(cut, 2), 0);
	free(cut);
}

static void
suggests_the_nearest_word(void **state)
{
	static const char *const names[] = {"warmup", "repeat", "timeout", "command", "ms", "min"};
	static const struct {
		const char *word;
		const char *near;
	} rows[] = {
		{"warmup", "warmup"},
		{"WarmUp", "warmup"},
		{"warmpu", "warmup"},  /* neighbours swapped */
		{"warmups", "warmup"}, /* one too many */
		{"wamup", "warmup"},   /* one too few */
		{"tiemuot", "timeout"},
		{"m", "ms"},
		{"comamnds", "command"},
		{"xyz", NULL},
		{"warpu", NULL}, /* a swap and a letter: two, and five letters allow one */
		{"wapu", NULL},
		{"something else", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *near = tare_text_nearest(rows[i].word, names, COUNT(names));

		if (rows[i].near && !near)
			fail_msg("nothing is near \"%s\"", rows[i].word);
		if (rows[i].near)
			assert_string_equal(near, rows[i].near);
		else if (near)
			fail_msg("\"%s\" is near \"%s\"", rows[i].word, near);
	}
	assert_null(tare_text_nearest("warmup", NULL, 0));
}

static void
prefers_the_first_of_equally_near_words(void **state)
{
	static const char *const names[] = {"cat", "bat"};

	(void)state;
	assert_string_equal(tare_text_nearest("hat", names, 2), "cat");
}

static void
suggests_nothing_for_words_of_absurd_length(void **state)
{
	size_t len = 1000000;
	char *word = malloc(len + 1);
	const char *names[2] = {word, "ms"};

	(void)state;
	memset(word, 'm', len);
	word[len] = '\0';
	assert_null(tare_text_nearest(word, names, 2));
	assert_string_equal(tare_text_nearest("m", names, 2), "ms");
	word[64] = '\0';
	assert_ptr_equal(tare_text_nearest(word, names, 2), word);
	word[64] = 'm';
	word[67] = '\0';
	assert_ptr_equal(tare_text_nearest(
				 "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm",
				 names, 2),
		word);
	free(word);
}

/* The words joined by '|', each in front of one. */
static char *
split_joined(struct tare_arena *arena, const char *text)
{
	struct tare_err err = {0};
	char **argv = NULL;
	size_t argc = 99;
	char *joined = tare_arena_strdup(arena, "");

	if (tare_text_shell_split(arena, &argv, &argc, text, &err) != TARE_OK)
		fail_msg("%s", err.text);
	assert_null(argv[argc]);
	for (size_t i = 0; i < argc; i++)
		joined = tare_arena_printf(arena, "%s|%s", joined, argv[i]);
	return joined;
}

static void
splits_like_a_shell(void **state)
{
	static const struct {
		const char *text;
		const char *words;
	} rows[] = {
		{"", ""},
		{" \t\n ", ""},
		{"a", "|a"},
		{"  sort  -n\tfile ", "|sort|-n|file"},
		{"a 'b c' d", "|a|b c|d"},
		{"a \"b c\" d", "|a|b c|d"},
		{"a b\\ c", "|a|b c"},
		{"--name='x y'z", "|--name=x yz"},
		{"''", "|"},
		{"a '' \"\" b", "|a|||b"},
		{"'it'\\''s'", "|it's"},
		{"\"\\\"\\\\\\$\\`\"", "|\"\\$`"},
		{"\"a\\b\"", "|a\\b"},
		{"'a\\b'", "|a\\b"},
		{"\\;\\|\\&\\<\\>\\(\\)\\`", "|;|&<>()`"},
		{"';|&<>()`$(x)'", "|;|&<>()`$(x)"},
		{"\";|&<>()\"", "|;|&<>()"},
		{"\"\\$(x)\"", "|$(x)"},
		{"$HOME ${x} *.c ~", "|$HOME|${x}|*.c|~"},
		{"a # b", "|a|#|b"},
		{"one \\\n two", "|one|two"},
		{"on\\\ne", "|one"},
		{"\"on\\\ne\"", "|one"},
		{"\n\na b\n\n", "|a|b"},
		{"'a\nb' c", "|a\nb|c"},
		{"\xC3\xA9t\xC3\xA9 \xFF", "|\xC3\xA9t\xC3\xA9|\xFF"},
		{"a b c d e f g h i j k l m n o p q", "|a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q"},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(split_joined(*state, rows[i].text), rows[i].words);
}

static void
refuses_what_only_a_shell_can_do(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} rows[] = {
		{"a;b", "\"a;b\" holds ;, which needs a shell: quote it, or use `shell:`"},
		{"a | b", "\"a | b\" holds |, which needs a shell: quote it, or use `shell:`"},
		{"a &", "\"a &\" holds &, which needs a shell: quote it, or use `shell:`"},
		{"a <b", "\"a <b\" holds <, which needs a shell: quote it, or use `shell:`"},
		{"a >b", "\"a >b\" holds >, which needs a shell: quote it, or use `shell:`"},
		{"(a)", "\"(a)\" holds (, which needs a shell: quote it, or use `shell:`"},
		{"a)", "\"a)\" holds ), which needs a shell: quote it, or use `shell:`"},
		{"`a`", "\"`a`\" holds `, which needs a shell: quote it, or use `shell:`"},
		{"x$(a)", "\"x$(a)\" holds $(, which needs a shell: quote it, or use `shell:`"},
		{"\"$(a)\"",
			"\"\"$(a)\"\" holds $(, which needs a shell: quote it, or use `shell:`"},
		{"\"`a`\"", "\"\"`a`\"\" holds `, which needs a shell: quote it, or use `shell:`"},
		{"a\nb", "\"a\nb\" holds a second line, which needs a shell: quote it, or use "
			 "`shell:`"},
		{"a 'b", "\"a 'b\" has a single quote (') that is not closed"},
		{"a \"b", "\"a \"b\" has a double quote (\") that is not closed"},
		{"a \"b\\\"", "\"a \"b\\\"\" has a double quote (\") that is not closed"},
		{"a \"b\\", "\"a \"b\\\" has a double quote (\") that is not closed"},
		{"a\\", "\"a\\\" ends in a backslash: expected a character after it"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char **argv = NULL;
		size_t argc = 99;
		struct tare_err err = {0};

		assert_int_equal(tare_text_shell_split(*state, &argv, &argc, rows[i].text, &err),
			strstr(rows[i].sentence, "needs a shell") ? TARE_UNSUPPORTED
								  : TARE_INVALID);
		assert_string_equal(err.text, rows[i].sentence);
		assert_null(argv);
		assert_int_equal(argc, 99);
	}
}

static void
shortens_the_command_in_messages(void **state)
{
	char *text = tare_arena_alloc(*state, 5001, 1);
	char **argv;
	size_t argc;
	struct tare_err err = {0};

	memset(text, 'a', 5000);
	memcpy(text + 199, "\xC3\xA9", 2);
	text[4999] = ';';
	assert_int_equal(tare_text_shell_split(*state, &argv, &argc, text, &err), TARE_UNSUPPORTED);
	assert_non_null(strstr(
		err.text, "aaa...\" holds ;, which needs a shell: quote it, or use `shell:`"));
	assert_int_equal(tare_utf8_check(err.text, strlen(err.text)), strlen(err.text));
}

static char *
quoted(struct tare_arena *arena, const char *word)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&bytes, &len);
	char *copy;

	assert_non_null(out);
	tare_text_shell_quote(out, word);
	fclose(out);
	copy = tare_arena_strdup(arena, bytes);
	free(bytes);
	return copy;
}

static void
quotes_only_where_needed(void **state)
{
	static const struct {
		const char *word;
		const char *quoted;
	} rows[] = {
		{"plain-1.0_x/y:z,@%+", "plain-1.0_x/y:z,@%+"},
		{"--level=3", "--level=3"},
		{"-DX=1=2", "-DX=1=2"},
		{"X=1", "'X=1'"},
		{"", "''"},
		{"a b", "'a b'"},
		{"it's", "'it'\\''s'"},
		{"$x", "'$x'"},
		{"~", "'~'"},
		{"*.c", "'*.c'"},
		{"--x=$(y)", "'--x=$(y)'"},
		{"a\nb", "'a\nb'"},
		{"#", "'#'"},
		{"!x", "'!x'"},
		{"{a,b}", "'{a,b}'"},
		{"\xC3\xA9", "'\xC3\xA9'"},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(quoted(*state, rows[i].word), rows[i].quoted);
}

static void
reads_back_every_byte_it_quotes(void **state)
{
	for (int byte = 1; byte < 256; byte++) {
		char word[] = {'a', (char)byte, '\'', (char)byte, '\0'};
		const char *joined = split_joined(*state, quoted(*state, word));

		assert_string_equal(joined + 1, word);
	}
}

static void
makes_what_drives_a_terminal_visible(void **state)
{
	static const struct {
		const char *text;
		const char *safe;
	} rows[] = {
		{"plain \xC3\xA9 \xF0\x9F\x90\x8E", "plain \xC3\xA9 \xF0\x9F\x90\x8E"},
		{"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"},
		{"a\nb\r\tc", "a\\nb\\r\\tc"},
		{"\x01\x7f", "\\x01\\x7f"},
		{"\xFFz\xC3", "\\xffz\\xc3"},
		{"\xC2\x9B"
		 "31m",
			"\\xc2\\x9b31m"}, /* CSI as one character */
		{"\xC2\xA0", "\xC2\xA0"},
		{"\xE2\x80\xAE"
		 "abc",
			"\\xe2\\x80\\xaeabc"}, /* right-to-left override */
		{"\xE2\x81\xA6", "\\xe2\\x81\\xa6"},
		{"\xE2\x80\xA6", "\xE2\x80\xA6"}, /* an ellipsis is only an ellipsis */
		{"", ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(tare_text_safe(*state, rows[i].text), rows[i].safe);
}

static void
keeps_newlines_and_tabs_where_asked(void **state)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&bytes, &len);

	(void)state;
	tare_text_print_safe(out, "a\n\tb\r\x1b", true);
	fclose(out);
	assert_string_equal(bytes, "a\n\tb\\r\\x1b");
	free(bytes);
}

static void
matches_globs(void **state)
{
	static const struct {
		const char *pattern;
		const char *text;
		bool matches;
	} rows[] = {
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "anything", true},
		{"a*", "abc", true},
		{"*c", "abc", true},
		{"*b", "abc", false},
		{"a*c", "ac", true},
		{"a**c", "abbc", true},
		{"*ab*ab*", "xabyabz", true},
		{"*ab*ab*", "xabyaz", false},
		{"*aab", "aaaab", true},
		{"?", "a", true},
		{"?", "", false},
		{"?", "ab", false},
		{"a?c", "abc", true},
		{"?", "\xC3\xA9", true}, /* one character, not one byte */
		{"??", "\xC3\xA9", false},
		{"*??", "\xC3\xA9", false},
		{"?*?", "\xC3\xA9\xF0\x9F\x90\x8E", true},
		{"[a]", "a", false}, /* nothing else is special */
		{"[a]", "[a]", true},
		{"a", "A", false},
		{"sort/*", "sort/n=10", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (tare_text_glob(rows[i].pattern, rows[i].text) != rows[i].matches)
			fail_msg("\"%s\" and \"%s\"", rows[i].pattern, rows[i].text);
	}
}

static void
matches_hostile_globs_in_bounded_time(void **state)
{
	/* Exponential matchers never come back from this. */
	char pattern[401];
	char text[4001];

	(void)state;
	for (size_t i = 0; i < 400; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[400] = '\0';
	memset(text, 'a', 4000);
	text[4000] = '\0';
	assert_true(tare_text_glob(pattern, text));
	text[3999] = 'b';
	assert_false(tare_text_glob(pattern, text));
}

static const char *
tail(const char *text, size_t max_lines, size_t max_len)
{
	return tare_text_tail(text, strlen(text), max_lines, max_len);
}

static void
shows_the_last_lines(void **state)
{
	(void)state;
	assert_string_equal(tail("one\ntwo\nthree\n", 2, 100), "two\nthree\n");
	assert_string_equal(tail("one\ntwo\nthree", 2, 100), "two\nthree");
	assert_string_equal(tail("one\ntwo\nthree", 9, 100), "one\ntwo\nthree");
	assert_string_equal(tail("one\ntwo\nthree", 9, 10), "two\nthree");
	assert_string_equal(tail("one\ntwo\nthree", 9, 9), "two\nthree");
	assert_string_equal(tail("one\ntwo\nthree", 9, 8), "three");
	assert_string_equal(tail("a\n\n\n", 2, 100), "\n\n");
	assert_string_equal(tail("\n", 1, 100), "\n");
	assert_string_equal(tail("", 3, 100), "");
	assert_string_equal(tail("one\ntwo", 0, 100), "");
}

static void
shows_the_end_of_a_line_that_is_too_long(void **state)
{
	(void)state;
	assert_string_equal(tail("one long line", 3, 4), "line");
	assert_string_equal(tail("x\none long line\n", 3, 5), "line\n");
	assert_string_equal(tail("\xC3\xA9\xC3\xA9\xC3\xA9", 3, 3), "\xC3\xA9");
	assert_string_equal(tail("one", 3, 0), "");
}

static void
finds_words_in_lists_only_as_a_whole(void **state)
{
	(void)state;
	assert_true(tare_text_has_word("performance powersave", "powersave"));
	assert_true(tare_text_has_word("performance, powersave", "performance"));
	assert_true(tare_text_has_word("one\n", "one"));
	assert_true(tare_text_has_word("3000000, 300000", "300000"));
	assert_true(tare_text_has_word("aaa aa", "aa"));
	assert_false(tare_text_has_word("3000000", "300000"));
	assert_false(tare_text_has_word("amd-pstate-epp", "amd-pstate"));
	assert_false(tare_text_has_word("a  b", ""));
	assert_false(tare_text_has_word(NULL, "a"));
	assert_false(tare_text_has_word("a", NULL));
}

static void
finds_a_number_by_the_beginning_of_its_line(void **state)
{
	static const char stat[] = "usage_usec 1234\nuser_usec 5\nthrottled_usec x\nnr -3\nlast 7";
	static const char pressure[] =
		"some avg10=0.25 avg60=0.10 total=345\nfull avg10=0.00\nx total=9\n";

	(void)state;
	assert_true(tare_text_number(stat, "usage_usec ", NULL) == 1234.0);
	assert_true(tare_text_number(stat, "last ", NULL) == 7.0);
	assert_true(isnan(tare_text_number(stat, "usec ", NULL)));
	assert_true(isnan(tare_text_number(stat, "throttled_usec ", NULL)));
	assert_true(isnan(tare_text_number(stat, "nr ", NULL)));
	assert_true(isnan(tare_text_number("", "nr ", NULL)));
	assert_true(tare_text_number(pressure, "some ", " total=") == 345.0);
	assert_true(isnan(tare_text_number(pressure, "full ", " total=")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_number_by_the_beginning_of_its_line),
		cmocka_unit_test(accepts_valid_utf8),
		cmocka_unit_test(finds_the_first_invalid_byte),
		cmocka_unit_test(does_not_read_behind_the_text),
		cmocka_unit_test(suggests_the_nearest_word),
		cmocka_unit_test(prefers_the_first_of_equally_near_words),
		cmocka_unit_test(suggests_nothing_for_words_of_absurd_length),
		cmocka_unit_test(splits_like_a_shell),
		cmocka_unit_test(refuses_what_only_a_shell_can_do),
		cmocka_unit_test(shortens_the_command_in_messages),
		cmocka_unit_test(quotes_only_where_needed),
		cmocka_unit_test(reads_back_every_byte_it_quotes),
		cmocka_unit_test(makes_what_drives_a_terminal_visible),
		cmocka_unit_test(keeps_newlines_and_tabs_where_asked),
		cmocka_unit_test(matches_globs),
		cmocka_unit_test(matches_hostile_globs_in_bounded_time),
		cmocka_unit_test(finds_words_in_lists_only_as_a_whole),
		cmocka_unit_test(shows_the_last_lines),
		cmocka_unit_test(shows_the_end_of_a_line_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
