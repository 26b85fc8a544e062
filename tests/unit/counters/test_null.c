#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/counters/counters.h"

static void
knows_one_name_whose_value_is_nothing(void **state)
{
	const struct tare_counter_place here = {.root = ""};
	const struct tare_agent_record record = {.minor_faults = 7};
	struct tare_counter_source source;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(tare_counters_null.find(&source, NULL, &here, "nothing", &err), TARE_OK);
	assert_true(tare_counters_null.from_record(&source, &record) == 0.0);
	assert_int_equal(
		tare_counters_null.find(&source, NULL, &here, "cycles", &err), TARE_NOT_FOUND);
	assert_string_equal(err.text, "the only name is 'nothing'");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_one_name_whose_value_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
