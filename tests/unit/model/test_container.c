#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/model/container.h"

static void
knows_the_runners_that_have_containers(void **state)
{
	(void)state;
	assert_true(tare_runner_is_container("docker"));
	assert_true(tare_runner_is_container("podman"));
	assert_false(tare_runner_is_container("host"));
	assert_false(tare_runner_is_container("dockerd"));
	assert_false(tare_runner_is_container(""));
}

static void
calls_networks_as_a_suite_does(void **state)
{
	(void)state;
	assert_string_equal(tare_network_name(TARE_NETWORK_HOST), "host");
	assert_string_equal(tare_network_name(TARE_NETWORK_BRIDGE), "bridge");
	assert_string_equal(tare_network_name(TARE_NETWORK_NONE), "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_runners_that_have_containers),
		cmocka_unit_test(calls_networks_as_a_suite_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
