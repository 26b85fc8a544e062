#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "harness/cli/options.h"

struct line {
	bool quiet;
	const char *release;
	struct tare_given_count seed;
	struct tare_texts only;
	struct tare_texts lists;
	const char *tune;
};

#define AT(field) offsetof(struct line, field)

static const struct tare_option first[] = {
	{"quiet", 'q', NULL, TARE_OPTION_FLAG, AT(quiet), "say little"},
	{"release", 0, "NAME", TARE_OPTION_TEXT, AT(release), "a label"},
	{0},
};
static const struct tare_option second[] = {
	{"seed", 0, "N", TARE_OPTION_COUNT, AT(seed), "a seed"},
	{"select", 0, "NAME", TARE_OPTION_TEXT, AT(release), "another"},
	{"only", 'o', "GLOB", TARE_OPTION_TEXTS, AT(only), "some"},
	{"list", 'L', "NAME A,B", TARE_OPTION_PAIRS, AT(lists), "lists"},
	{"tune", 0, "SETTINGS", TARE_OPTION_MAYBE, AT(tune), "perhaps with settings"},
	{0},
};
static const struct tare_option *const tables[] = {first, second, NULL};

struct parsed {
	struct line line;
	int first;
	bool help;
	struct tare_err err;
	char *argv[16];
	int argc;
};

static enum tare_status
parse(struct parsed *parsed, const char *text)
{
	static char words[256];

	*parsed = (struct parsed){0};
	snprintf(words, sizeof(words), "%s", text);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		parsed->argv[parsed->argc++] = word;
	return tare_options_parse(&parsed->line, &parsed->first, &parsed->help, parsed->argc,
		parsed->argv, tables, &parsed->err);
}

static void
fills_every_kind(void **state)
{
	struct parsed parsed;

	(void)state;
	assert_int_equal(
		parse(&parsed, "run -q a.yaml --release=v1 --seed 7 -o x --only y -L n 1,2"),
		TARE_OK);
	assert_true(parsed.line.quiet);
	assert_string_equal(parsed.line.release, "v1");
	assert_true(parsed.line.seed.given);
	assert_int_equal(parsed.line.seed.value, 7);
	assert_int_equal(parsed.line.only.count, 2);
	assert_string_equal(parsed.line.only.items[1], "y");
	assert_int_equal(parsed.line.lists.count, 2);
	assert_string_equal(parsed.line.lists.items[1], "1,2");
	assert_string_equal(parsed.argv[parsed.first], "a.yaml");
}

static void
words_behind_two_dashes_are_operands(void **state)
{
	struct parsed parsed;

	(void)state;
	assert_int_equal(parse(&parsed, "run -- --quiet"), TARE_OK);
	assert_false(parsed.line.quiet);
	assert_string_equal(parsed.argv[parsed.first], "--quiet");
}

static void
help_is_found_anywhere(void **state)
{
	struct parsed parsed;

	(void)state;
	assert_int_equal(parse(&parsed, "run a.yaml -h"), TARE_OK);
	assert_true(parsed.help);
	assert_int_equal(parse(&parsed, "run --help"), TARE_OK);
	assert_true(parsed.help);
}

static void
says_what_is_wrong(void **state)
{
	static const char *const cases[][2] = {
		{"run --relaese v1", "there is no option '--relaese'; did you mean '--release'?"},
		{"run --frobnicate", "there is no option '--frobnicate'; see --help"},
		{"run --se 1", "option '--se' is ambiguous; it may be --seed, --select"},
		{"run --se=1", "option '--se' is ambiguous; it may be --seed, --select"},
		{"run -z", "there is no option '-z'; see --help"},
		{"run --release", "option '--release' needs a value"},
		{"run --quiet=yes", "option '--quiet' takes no value"},
		{"run -L n", "--list needs two values: NAME A,B"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed parsed;

		assert_int_equal(parse(&parsed, cases[i][0]), TARE_INVALID);
		assert_string_equal(parsed.err.text, cases[i][1]);
	}
}

static void
a_count_must_be_a_number(void **state)
{
	struct parsed parsed;

	(void)state;
	assert_int_equal(parse(&parsed, "run --seed many"), TARE_INVALID);
	assert_int_equal(strncmp(parsed.err.text, "--seed: ", 8), 0);
}

static void
prints_a_line_for_each_option(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	tare_options_print(out, tables);
	fclose(out);
	assert_string_equal(text, "  -q, --quiet                   say little\n"
				  "      --release NAME            a label\n"
				  "      --seed N                  a seed\n"
				  "      --select NAME             another\n"
				  "  -o, --only GLOB               some\n"
				  "  -L, --list NAME A,B           lists\n"
				  "      --tune[=SETTINGS]         perhaps with settings\n"
				  "  -h, --help                    print this and exit\n");
	free(text);
}

static void
help_that_is_long_goes_on_below_itself(void **state)
{
	static const struct tare_option long_ones[] = {
		{"confirm", 'c', NULL, TARE_OPTION_FLAG, 0,
			"measure again which variants differ or cannot be told apart"},
		{0},
	};
	static const struct tare_option *const both[] = {long_ones, NULL};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	tare_options_print(out, both);
	fclose(out);
	assert_string_equal(text,
		"  -c, --confirm                 measure again which variants differ or cannot be\n"
		"                                told apart\n"
		"  -h, --help                    print this and exit\n");
	free(text);
}

static void
a_value_that_may_be_left_out_is_joined_by_an_equals_sign(void **state)
{
	struct parsed parsed;

	(void)state;
	assert_int_equal(parse(&parsed, "run --tune file"), TARE_OK);
	assert_string_equal(parsed.line.tune, "");
	assert_int_equal(parsed.first, 2);
	assert_string_equal(parsed.argv[parsed.first], "file");
	assert_int_equal(parse(&parsed, "run --tune=thp file"), TARE_OK);
	assert_string_equal(parsed.line.tune, "thp");
	assert_int_equal(parse(&parsed, "run file"), TARE_OK);
	assert_null(parsed.line.tune);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_every_kind),
		cmocka_unit_test(words_behind_two_dashes_are_operands),
		cmocka_unit_test(help_is_found_anywhere),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(a_count_must_be_a_number),
		cmocka_unit_test(prints_a_line_for_each_option),
		cmocka_unit_test(help_that_is_long_goes_on_below_itself),
		cmocka_unit_test(a_value_that_may_be_left_out_is_joined_by_an_equals_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
