#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/text.h"

static void
keeps_status_and_sentence(void **state)
{
	struct tare_err err;

	(void)state;
	assert_int_equal(tare_err_set(&err, TARE_INVALID, "%s has %d", "\"x\"", 3), TARE_INVALID);
	assert_int_equal(err.status, TARE_INVALID);
	assert_string_equal(err.text, "\"x\" has 3");
}

static void
appends_the_text_of_errno_and_keeps_errno(void **state)
{
	struct tare_err err;

	(void)state;
	errno = ENOENT;
	assert_int_equal(
		tare_err_errno(&err, TARE_NOT_FOUND, "cannot open \"%s\"", "x"), TARE_NOT_FOUND);
	assert_string_equal(err.text, "cannot open \"x\": No such file or directory");
	assert_int_equal(errno, ENOENT);
}

static void
puts_places_in_front(void **state)
{
	struct tare_err err;

	(void)state;
	tare_err_set(&err, TARE_OUTSIDE, "no space");
	assert_int_equal(tare_err_where(&err, "journal %d", 7), TARE_OUTSIDE);
	assert_int_equal(tare_err_where(&err, "measure"), TARE_OUTSIDE);
	assert_string_equal(err.text, "measure: journal 7: no space");
}

static void
takes_its_own_text_as_an_argument(void **state)
{
	struct tare_err err;

	(void)state;
	tare_err_set(&err, TARE_INVALID, "inner");
	tare_err_set(&err, TARE_OUTSIDE, "outer (%s)", err.text);
	assert_string_equal(err.text, "outer (inner)");
}

static void
does_not_read_percent_signs_of_the_sentence_again(void **state)
{
	struct tare_err err;

	(void)state;
	tare_err_set(&err, TARE_INVALID, "%s", "%s%n");
	tare_err_where(&err, "%s", "5%d");
	assert_string_equal(err.text, "5%d: %s%n");
}

static void
cuts_long_sentences_with_dots(void **state)
{
	struct tare_err err;

	(void)state;
	tare_err_set(&err, TARE_INVALID, "%*s", 5000, "x");
	assert_int_equal(strlen(err.text), TARE_ERR_TEXT_MAX - 1);
	assert_string_equal(err.text + TARE_ERR_TEXT_MAX - 5, " ...");
	tare_err_set(&err, TARE_INVALID, "%*s", TARE_ERR_TEXT_MAX - 1, "x");
	assert_string_equal(err.text + TARE_ERR_TEXT_MAX - 5, "   x");
}

static void
cuts_between_characters(void **state)
{
	/* Four bytes a character; the shift moves the cut through one of them. */
	static const char *const shifts[] = {"", "a", "aa", "aaa"};
	struct tare_err err;
	char long_text[2001];

	(void)state;
	for (size_t i = 0; i < 2000; i += 4)
		memcpy(long_text + i, "\xF0\x9F\x98\x80", 4);
	long_text[2000] = '\0';
	for (size_t i = 0; i < 4; i++) {
		tare_err_set(&err, TARE_INVALID, "%s%s", shifts[i], long_text);
		assert_int_equal(tare_utf8_check(err.text, strlen(err.text)), strlen(err.text));
		assert_string_equal(err.text + strlen(err.text) - 3, "...");
	}
}

static void
cuts_where_a_place_makes_it_too_long(void **state)
{
	struct tare_err err;

	(void)state;
	tare_err_set(&err, TARE_FAILED, "%*s", TARE_ERR_TEXT_MAX - 1, "x");
	assert_int_equal(tare_err_where(&err, "where"), TARE_FAILED);
	assert_memory_equal(err.text, "where:  ", 8);
	assert_string_equal(err.text + TARE_ERR_TEXT_MAX - 4, "...");
}

static void
discards_the_sentence_where_nobody_asks(void **state)
{
	(void)state;
	assert_int_equal(tare_err_set(NULL, TARE_INVALID, "x"), TARE_INVALID);
	assert_int_equal(tare_err_errno(NULL, TARE_UNSUPPORTED, "x"), TARE_UNSUPPORTED);
	assert_int_not_equal(tare_err_where(NULL, "x"), TARE_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_status_and_sentence),
		cmocka_unit_test(appends_the_text_of_errno_and_keeps_errno),
		cmocka_unit_test(puts_places_in_front),
		cmocka_unit_test(takes_its_own_text_as_an_argument),
		cmocka_unit_test(does_not_read_percent_signs_of_the_sentence_again),
		cmocka_unit_test(cuts_long_sentences_with_dots),
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(cuts_where_a_place_makes_it_too_long),
		cmocka_unit_test(discards_the_sentence_where_nobody_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
