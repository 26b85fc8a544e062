#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint64_t untouched = 77;

static void
reads_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {
		{"0ns", 0},
		{"1ns", 1},
		{"500ms", 500000000},
		{"1.5ms", 1500000},
		{"2 s", 2000000000},
		{"0.1us", 100},
		{"007us", 7000},
		{"2min", UINT64_C(120000000000)},
		{"1.25h", UINT64_C(4500000000000)},
		{"0.000000001s", 1},
		{"0.4ns", 0},
		{"18446744073709551615ns", UINT64_MAX},
		{"18446744073.709551615s", UINT64_MAX},
		{"0.1234567890123456789012345678901234567890s", 123456789},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t ns = untouched;
		struct tare_err err;

		if (tare_duration_parse(&ns, rows[i].text, &err) != TARE_OK)
			fail_msg("%s", err.text);
		if (ns != rows[i].ns)
			fail_msg("\"%s\" gave %llu", rows[i].text, (unsigned long long)ns);
	}
}

struct refusal {
	const char *text;
	const char *sentence;
};

static void
refuses_what_is_no_duration(void **state)
{
	static const struct refusal rows[] = {
		{"5", "\"5\" has no unit: expected a duration such as \"500ms\""},
		{"5 ", "\"5 \" has no unit: expected a duration such as \"500ms\""},
		{"-5ms", "\"-5ms\" is negative: expected a duration such as \"500ms\""},
		{"99999999999999999999s", "\"99999999999999999999s\" is too large for a duration"},
		{"18446744073709551616ns",
			"\"18446744073709551616ns\" is too large for a duration"},
		{"18446744074s", "\"18446744074s\" is too large for a duration"},
		{"18446744073.8s", "\"18446744073.8s\" is too large for a duration"},
		{"5124096h", "\"5124096h\" is too large for a duration"},
		{"10mss", "\"10mss\" is not a duration: unknown unit \"mss\", "
			  "did you mean \"ms\"?"},
		{"10MS", "\"10MS\" is not a duration: unknown unit \"MS\", did you mean \"ms\"?"},
		{"5m", "\"5m\" is not a duration: unknown unit \"m\", expected ns, us, ms, s, min "
		       "or "
		       "h"},
		{"3 parsecs", "\"3 parsecs\" is not a duration: unknown unit \"parsecs\", "
			      "expected ns, us, ms, s, min or h"},
		{"0x10ms", "\"0x10ms\" is not a duration: unknown unit \"x10ms\", "
			   "expected ns, us, ms, s, min or h"},
		{"1e3ms", "\"1e3ms\" is not a duration: unknown unit \"e3ms\", "
			  "expected ns, us, ms, s, min or h"},
		{"5  ms", "\"5  ms\" is not a duration: unknown unit \" ms\", "
			  "did you mean \"ms\"?"},
		{"5ms;rm", "\"5ms;rm\" is not a duration: unknown unit \"ms;rm\", "
			   "expected ns, us, ms, s, min or h"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t ns = untouched;
		struct tare_err err = {0};

		assert_int_equal(tare_duration_parse(&ns, rows[i].text, &err), TARE_INVALID);
		assert_string_equal(err.text, rows[i].sentence);
		assert_true(ns == untouched);
	}
}

static void
refuses_durations_without_a_plain_number(void **state)
{
	static const char *const texts[] = {"", " ", "ms", "nan ms", "inf", "infs", "+5ms", " 5ms",
		".5ms", "5.ms", "5..5ms", "-", "--5ms", "-nan", "\n5ms", "\xD9\xA5ms", "1,000ms,"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts) - 1; i++) {
		uint64_t ns = untouched;
		struct tare_err err = {0};
		char expected[200];

		assert_int_equal(tare_duration_parse(&ns, texts[i], &err), TARE_INVALID);
		snprintf(expected, sizeof(expected),
			"\"%s\" is not a duration: expected a number and a unit such as \"500ms\"",
			texts[i]);
		assert_string_equal(err.text, expected);
		assert_true(ns == untouched);
	}
	assert_int_equal(tare_duration_parse(&(uint64_t){0}, "1,000ms", NULL), TARE_INVALID);
}

static void
reads_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {
		{"0B", 0},
		{"17B", 17},
		{"1kB", 1000},
		{"1KB", 1000},
		{"1KiB", 1024},
		{"2GiB", UINT64_C(2147483648)},
		{"1.5 MiB", 1572864},
		{"3MB", 3000000},
		{"3GB", UINT64_C(3000000000)},
		{"3TB", UINT64_C(3000000000000)},
		{"16777215TiB", UINT64_C(16777215) << 40},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t bytes = untouched;
		struct tare_err err;

		if (tare_size_parse(&bytes, rows[i].text, &err) != TARE_OK)
			fail_msg("%s", err.text);
		if (bytes != rows[i].bytes)
			fail_msg("\"%s\" gave %llu", rows[i].text, (unsigned long long)bytes);
	}
}

static void
refuses_what_is_no_size(void **state)
{
	static const struct refusal rows[] = {
		{"4096", "\"4096\" has no unit: expected a size such as \"2GiB\""},
		{"-1B", "\"-1B\" is negative: expected a size such as \"2GiB\""},
		{"16777216TiB", "\"16777216TiB\" is too large for a size"},
		{"1gib", "\"1gib\" is not a size: unknown unit \"gib\", did you mean \"GiB\"?"},
		{"1 furlong",
			"\"1 furlong\" is not a size: unknown unit \"furlong\", expected B, kB, "
			"MB, GB, TB, KiB, MiB, GiB or TiB"},
		{"", "\"\" is not a size: expected a number and a unit such as \"2GiB\""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t bytes = untouched;
		struct tare_err err = {0};

		assert_int_equal(tare_size_parse(&bytes, rows[i].text, &err), TARE_INVALID);
		assert_string_equal(err.text, rows[i].sentence);
		assert_true(bytes == untouched);
	}
}

static void
reads_percentages_as_ratios(void **state)
{
	double ratio = -1;

	(void)state;
	assert_int_equal(tare_percent_parse(&ratio, "5%", NULL), TARE_OK);
	assert_true(ratio == 0.05);
	assert_int_equal(tare_percent_parse(&ratio, "0.5 %", NULL), TARE_OK);
	assert_true(ratio == 0.005);
	assert_int_equal(tare_percent_parse(&ratio, "250%", NULL), TARE_OK);
	assert_true(ratio == 2.5);
	assert_int_equal(tare_percent_parse(&ratio, "0%", NULL), TARE_OK);
	assert_true(ratio == 0);
}

static void
refuses_what_is_no_percentage(void **state)
{
	static const struct refusal rows[] = {
		{"5", "\"5\" has no unit: expected a percentage such as \"5%\""},
		{"0.05", "\"0.05\" has no unit: expected a percentage such as \"5%\""},
		{"-5%", "\"-5%\" is negative: expected a percentage such as \"5%\""},
		{"nan%", "\"nan%\" is not a percentage: expected a number and a unit such as "
			 "\"5%\""},
		{"inf%", "\"inf%\" is not a percentage: expected a number and a unit such as "
			 "\"5%\""},
		{"1e400%", "\"1e400%\" is not a percentage: unknown unit \"e400%\", expected %"},
		{"%", "\"%\" is not a percentage: expected a number and a unit such as \"5%\""},
		{"5%%", "\"5%%\" is not a percentage: unknown unit \"%%\", did you mean \"%\"?"},
		{"5%n", "\"5%n\" is not a percentage: unknown unit \"%n\", did you mean \"%\"?"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double ratio = -1;
		struct tare_err err = {0};

		assert_int_equal(tare_percent_parse(&ratio, rows[i].text, &err), TARE_INVALID);
		assert_string_equal(err.text, rows[i].sentence);
		assert_true(ratio == -1);
	}
}

static void
refuses_percentages_that_no_double_holds(void **state)
{
	char text[500];
	double ratio = -1;
	struct tare_err err = {0};

	(void)state;
	memset(text, '9', 400);
	strcpy(text + 400, "%");
	assert_int_equal(tare_percent_parse(&ratio, text, &err), TARE_INVALID);
	assert_non_null(strstr(err.text, "999...\" is too large for a percentage"));
	assert_true(ratio == -1);
}

static void
shortens_what_it_quotes_between_characters(void **state)
{
	char text[20000];
	struct tare_err err = {0};

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(tare_duration_parse(&(uint64_t){0}, text, &err), TARE_INVALID);
	assert_string_equal(err.text,
		"\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" is not a "
		"duration: expected a number and a unit such as \"500ms\"");
	for (size_t i = 1; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xC3\xA9", 2);
	assert_int_equal(tare_duration_parse(&(uint64_t){0}, text, &err), TARE_INVALID);
	assert_int_equal(tare_utf8_check(err.text, strlen(err.text)), strlen(err.text));
}

static void
reads_counts_up_to_their_limit(void **state)
{
	uint64_t count = untouched;

	(void)state;
	assert_int_equal(tare_count_parse(&count, "0", 10, NULL), TARE_OK);
	assert_true(count == 0);
	assert_int_equal(tare_count_parse(&count, "10", 10, NULL), TARE_OK);
	assert_true(count == 10);
	assert_int_equal(
		tare_count_parse(&count, "18446744073709551615", UINT64_MAX, NULL), TARE_OK);
	assert_true(count == UINT64_MAX);
}

static void
refuses_what_is_no_count(void **state)
{
	static const struct refusal rows[] = {
		{"11", "\"11\" is too large: expected at most 10"},
		{"18446744073709551616",
			"\"18446744073709551616\" is too large: expected at most 10"},
		{"", "\"\" is not a count: expected a whole number"},
		{"-1", "\"-1\" is not a count: expected a whole number"},
		{"+1", "\"+1\" is not a count: expected a whole number"},
		{" 1", "\" 1\" is not a count: expected a whole number"},
		{"1 ", "\"1 \" is not a count: expected a whole number"},
		{"3x", "\"3x\" is not a count: expected a whole number"},
		{"1.0", "\"1.0\" is not a count: expected a whole number"},
		{"1e1", "\"1e1\" is not a count: expected a whole number"},
		{"0x1", "\"0x1\" is not a count: expected a whole number"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t count = untouched;
		struct tare_err err = {0};

		assert_int_equal(tare_count_parse(&count, rows[i].text, 10, &err), TARE_INVALID);
		assert_string_equal(err.text, rows[i].sentence);
		assert_true(count == untouched);
	}
}

static void
formats_values_with_four_digits_and_a_fitting_unit(void **state)
{
	static const struct {
		double value;
		const char *unit;
		const char *text;
	} rows[] = {
		{0, "ns", "0 ns"},
		{0.25, "ns", "0.25 ns"},
		{999, "ns", "999 ns"},
		{12345678, "ns", "12.35 ms"},
		{-12345678, "ns", "-12.35 ms"},
		{999940, "ns", "999.9 us"},
		{999960, "ns", "1 ms"},
		{1e9, "ns", "1 s"},
		{72.345e9, "ns", "72.34 s"},
		{123456e9, "ns", "123456 s"},
		{512, "bytes", "512 B"},
		{1023, "bytes", "1023 B"},
		{1024, "bytes", "1 KiB"},
		{1292785156, "bytes", "1.204 GiB"},
		{1048063, "bytes", "1023 KiB"},
		{1048570, "bytes", "1 MiB"},
		{83.1e6, "bytes/s", "83.1 MB/s"},
		{1234, "count", "1234"},
		{9999, "count", "9999"},
		{12345, "count", "12.35 k"},
		{1234567890, "count", "1.235 G"},
		{0.0345, "ratio", "3.45 %"},
		{2.5, "ratio", "250 %"},
		{1234567, "fps", "1234567 fps"},
		{3.14159, "score", "3.142 score"},
		{3.14159, "", "3.142"},
		{1e300, "x", "1e+300 x"},
		{NAN, "ns", "n/a"},
		{INFINITY, "ns", "inf s"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[TARE_UNITS_TEXT_MAX];

		tare_value_format(text, sizeof(text), rows[i].value, rows[i].unit);
		assert_string_equal(text, rows[i].text);
	}
}

static void
cuts_a_unit_that_is_too_long_for_the_text(void **state)
{
	char text[8];

	(void)state;
	tare_value_format(text, sizeof(text), 1, "requests per second");
	assert_string_equal(text, "1 reque");
}

static void
formats_durations_with_minutes_and_hours(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{0, "0 ns"},
		{12345678, "12.35 ms"},
		{UINT64_C(59990000000), "59.99 s"},
		{UINT64_C(59994999999), "59.99 s"},
		{UINT64_C(59996000000), "1 min 0 s"},
		{UINT64_C(60000000000), "1 min 0 s"},
		{UINT64_C(72345000000), "1 min 12 s"},
		{UINT64_C(119600000000), "2 min 0 s"},
		{UINT64_C(3599400000000), "59 min 59 s"},
		{UINT64_C(3599600000000), "1 h 0 min"},
		{UINT64_C(4320000000000), "1 h 12 min"},
		{UINT64_MAX, "5124095 h 34 min"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[TARE_UNITS_TEXT_MAX];

		tare_duration_format(text, sizeof(text), rows[i].ns);
		assert_string_equal(text, rows[i].text);
	}
}

static void
formats_changes_and_widens_small_ones(void **state)
{
	static const struct {
		double ratio;
		const char *text;
	} rows[] = {
		{1, "0.0 %"},
		{1.034, "+3.4 %"},
		{0.9, "-10.0 %"},
		{1.0034, "+0.34 %"},
		{0.9966, "-0.34 %"},
		{1.00034, "+0.034 %"},
		{1.000001, "0.0 %"},
		{1.00996, "+1.0 %"},
		{1.00997, "+1.0 %"},
		{2, "+100.0 %"},
		{12.3456, "+1135 %"},
		{0, "-100.0 %"},
		{NAN, "n/a"},
		{INFINITY, "n/a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[TARE_UNITS_TEXT_MAX];

		tare_change_format(text, sizeof(text), rows[i].ratio);
		assert_string_equal(text, rows[i].text);
	}
}

static void
scales_columns(void **state)
{
	const char *short_unit;

	(void)state;
	assert_true(tare_unit_scale(&short_unit, 5e6, "ns") == 1e6);
	assert_string_equal(short_unit, "ms");
	assert_true(tare_unit_scale(&short_unit, 0, "bytes") == 1);
	assert_string_equal(short_unit, "B");
	assert_true(tare_unit_scale(&short_unit, -3e9, "bytes/s") == 1e9);
	assert_string_equal(short_unit, "GB/s");
	assert_true(tare_unit_scale(&short_unit, 0.5, "ratio") == 0.01);
	assert_string_equal(short_unit, "%");
	assert_true(tare_unit_scale(&short_unit, NAN, "ns") == 1);
	assert_string_equal(short_unit, "ns");
	assert_true(tare_unit_scale(&short_unit, 1e12, "fps") == 1);
	assert_string_equal(short_unit, "fps");
}

static void
converts_units_of_suites_to_base_units(void **state)
{
	static const struct {
		double value;
		const char *unit;
		double base;
		const char *base_unit;
	} rows[] = {
		{1.5, "ms", 1.5e6, "ns"},
		{2, "min", 120e9, "ns"},
		{3, "MiB", 3 * 0x1p20, "bytes"},
		{3, "B", 3, "bytes"},
		{83, "MB/s", 83e6, "bytes/s"},
		{1, "GiB/s", 0x1p30, "bytes/s"},
		{7, "B/s", 7, "bytes/s"},
		{50, "%", 0.5, "ratio"},
		{4, "fps", 4, "fps"},
		{4, "/s", 4, "/s"},
		{4, "ms/s", 4, "ms/s"},
		{4, "MBx", 4, "MBx"},
		{4, "bytes", 4, "bytes"},
		{4, "", 4, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *base_unit = NULL;
		double base = tare_unit_to_base(&base_unit, rows[i].value, rows[i].unit);

		if (base != rows[i].base)
			fail_msg("\"%s\" gave %.17g", rows[i].unit, base);
		assert_string_equal(base_unit, rows[i].base_unit);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(refuses_what_is_no_duration),
		cmocka_unit_test(refuses_durations_without_a_plain_number),
		cmocka_unit_test(reads_sizes),
		cmocka_unit_test(refuses_what_is_no_size),
		cmocka_unit_test(reads_percentages_as_ratios),
		cmocka_unit_test(refuses_what_is_no_percentage),
		cmocka_unit_test(refuses_percentages_that_no_double_holds),
		cmocka_unit_test(shortens_what_it_quotes_between_characters),
		cmocka_unit_test(reads_counts_up_to_their_limit),
		cmocka_unit_test(refuses_what_is_no_count),
		cmocka_unit_test(formats_values_with_four_digits_and_a_fitting_unit),
		cmocka_unit_test(cuts_a_unit_that_is_too_long_for_the_text),
		cmocka_unit_test(formats_durations_with_minutes_and_hours),
		cmocka_unit_test(formats_changes_and_widens_small_ones),
		cmocka_unit_test(scales_columns),
		cmocka_unit_test(converts_units_of_suites_to_base_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
