#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "runners/runner.h"

static void
finds_runners_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(tare_runner_find("host"), &tare_runner_host);
	assert_ptr_equal(tare_runner_find("replay"), &tare_runner_replay);
	assert_null(tare_runner_find("hosts"));
	assert_null(tare_runner_find(""));
}

static void
lists_whole_runners_with_names_of_their_own(void **state)
{
	(void)state;
	for (size_t i = 0; tare_runners[i]; i++) {
		const struct tare_runner_ops *ops = tare_runners[i];

		assert_ptr_equal(tare_runner_find(ops->name), ops);
		assert_true(strlen(ops->summary) > 0);
		assert_true(ops->supported && ops->open && ops->case_begin && ops->invoke &&
			    ops->supports_batch && ops->service_start && ops->service_stop &&
			    ops->case_end && ops->close);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_runners_by_name),
		cmocka_unit_test(lists_whole_runners_with_names_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
