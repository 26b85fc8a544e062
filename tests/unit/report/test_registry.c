#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/report/fixture.h"

static void
finds_reporters_by_name(void **state)
{
	static const char *const names[] = {
		"text", "markdown", "json", "csv", "samples", "junit", "html"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(names[i], tare_reporter_find(names[i])->name);
	assert_null(tare_reporter_find("pdf"));
	assert_null(tare_reporter_find(""));
}

static void
describes_every_reporter_once(void **state)
{
	(void)state;
	for (size_t i = 0; tare_reporters[i]; i++) {
		assert_true(strlen(tare_reporters[i]->summary) > 0);
		assert_true(strlen(tare_reporters[i]->extension) > 0);
		assert_ptr_equal(tare_reporters[i], tare_reporter_find(tare_reporters[i]->name));
	}
}

static void
reports_a_stream_that_takes_nothing(void **state)
{
	struct fixture *fixture = fixture_typical();

	(void)state;
	for (size_t i = 0; tare_reporters[i]; i++) {
		FILE *full = fopen("/dev/full", "w");
		struct tare_err err = {0};

		assert_non_null(full);
		assert_int_equal(
			TARE_OUTSIDE, tare_reporters[i]->write(full, &fixture->input, &err));
		assert_contains(err.text, "No space left on device");
		fclose(full);
	}
	fixture_free(fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_reporters_by_name),
		cmocka_unit_test(describes_every_reporter_once),
		cmocka_unit_test(reports_a_stream_that_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
