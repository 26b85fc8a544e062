#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/base/clock.h"

static void
formats_dates_in_utc(void **state)
{
	char text[TARE_TIME_TEXT_MAX];

	(void)state;
	tare_time_format(text, sizeof(text), 0);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	tare_time_format(text, sizeof(text), UINT64_C(1795254969999999999));
	assert_string_equal(text, "2026-11-21T09:56:09Z");
	tare_time_format(text, sizeof(text), UINT64_C(1709208000000000000));
	assert_string_equal(text, "2024-02-29T12:00:00Z");
}

static void
formats_the_last_date_that_64_bits_hold(void **state)
{
	char text[TARE_TIME_TEXT_MAX];

	(void)state;
	tare_time_format(text, sizeof(text), UINT64_MAX);
	assert_string_equal(text, "2554-07-21T23:34:33Z");
}

static void
gives_no_text_where_there_is_no_room(void **state)
{
	char text[8] = "before";

	(void)state;
	tare_time_format(text, sizeof(text), 0);
	assert_string_equal(text, "");
}

static void
turns_the_hands_of_a_fake_clock(void **state)
{
	uint64_t hands_ns = 5;
	struct tare_clock clock = tare_clock_fake(&hands_ns);

	(void)state;
	assert_int_equal(clock.now_ns(clock.context), 5);
	hands_ns = UINT64_MAX;
	assert_true(clock.now_ns(clock.context) == UINT64_MAX);
}

static void
reads_the_real_clocks(void **state)
{
	struct tare_clock clock = tare_clock_real();
	uint64_t before_ns = tare_monotonic_ns();
	uint64_t now_ns = clock.now_ns(clock.context);

	(void)state;
	assert_true(now_ns >= before_ns);
	assert_true(tare_monotonic_ns() >= now_ns);
	/* 2020-09-13: no machine that runs this is older. */
	assert_true(tare_unix_ns() > UINT64_C(1600000000000000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_dates_in_utc),
		cmocka_unit_test(formats_the_last_date_that_64_bits_hold),
		cmocka_unit_test(gives_no_text_where_there_is_no_room),
		cmocka_unit_test(turns_the_hands_of_a_fake_clock),
		cmocka_unit_test(reads_the_real_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
