#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/model/look.h"

static void
every_reason_is_read_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TARE_STOP_KIND_COUNT; i++)
		assert_int_equal(tare_stop_parse(tare_stop_reason((enum tare_stop)i)), i);
}

static void
says_why_in_words(void **state)
{
	(void)state;
	assert_string_equal(tare_stop_reason(TARE_STOP_DECIDED), "verdict reached");
	assert_string_equal(tare_stop_reason(TARE_STOP_PRECISE), "precision reached");
	assert_string_equal(tare_stop_reason(TARE_STOP_TIME), "time budget used up");
	assert_string_equal(tare_stop_reason(TARE_STOP_COUNT), "count budget used up");
	assert_string_equal(tare_stop_reason(TARE_STOP_DONE), "all invocations done");
	assert_string_equal(tare_stop_reason(TARE_STOP_FAILED), "a case failed");
	assert_string_equal(tare_stop_reason(TARE_STOP_NOT), "");
}

static void
other_reasons_are_none(void **state)
{
	(void)state;
	assert_int_equal(tare_stop_parse("tea time"), TARE_STOP_NOT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_is_read_back),
		cmocka_unit_test(says_why_in_words),
		cmocka_unit_test(other_reasons_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
