#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/pin/pin.h"

/* One socket of 4 cores with 2 PUs each, numbered as on common hardware. */
static const char smt_machine[] = "pack:1 core:4 pu:2(indexes=0,4,1,5,2,6,3,7)";
static const char two_sockets[] = "numa:2 core:4 pu:1";
static const char two_cores[] = "core:2 pu:1";
static const char one_core[] = "core:1 pu:1";

static enum tare_status
choose(struct tare_pin *pin_out, const char *machine, const char *policy, struct tare_err *err)
{
	struct tare_topology *topology;
	enum tare_status status;

	assert_int_equal(tare_topology_open(&topology, machine, err), TARE_OK);
	status = tare_pin_choose(pin_out, topology, policy, err);
	tare_topology_close(topology);
	return status;
}

static void
check_choice(const char *machine, const char *policy, const char *expected, bool shares)
{
	struct tare_err err = {0};
	struct tare_pin pin;

	assert_int_equal(choose(&pin, machine, policy, &err), TARE_OK);
	assert_string_equal(pin.text, expected);
	assert_int_equal(pin.shares_housekeeping, shares);
}

static void
check_refusal(const char *machine, const char *policy, enum tare_status status, const char *text)
{
	struct tare_err err = {0};
	struct tare_pin pin;

	assert_int_equal(choose(&pin, machine, policy, &err), status);
	assert_string_equal(err.text, text);
}

static void
none_pins_nothing(void **state)
{
	struct tare_err err = {0};
	struct tare_pin pin;

	(void)state;
	assert_int_equal(choose(&pin, smt_machine, "none", &err), TARE_OK);
	assert_false(pin.pinned);
	assert_string_equal(pin.text, "");
}

static void
takes_one_pu_of_each_core_and_skips_housekeeping(void **state)
{
	(void)state;
	check_choice(smt_machine, "1", "1", false);
	check_choice(smt_machine, "3", "1-3", false);
}

static void
shares_housekeeping_only_when_nothing_is_left(void **state)
{
	(void)state;
	check_choice(smt_machine, "4", "0-3", true);
	check_choice(two_cores, "1", "1", false);
	check_choice(two_cores, "2", "0-1", true);
	check_choice(one_core, "1", "0", true);
}

static void
stays_on_one_numa_node_where_it_fits(void **state)
{
	(void)state;
	check_choice(two_sockets, "3", "1-3", false);
	check_choice(two_sockets, "4", "4-7", false);
	check_choice(two_sockets, "5", "1-5", false);
}

static void
takes_a_list_as_written(void **state)
{
	(void)state;
	check_choice(smt_machine, "2-3,6", "2-3,6", false);
	check_choice(smt_machine, "4,1", "1,4", true);
}

static void
refuses_more_cores_than_there_are(void **state)
{
	(void)state;
	check_refusal(two_cores, "3", TARE_UNSUPPORTED,
		"cpus '3' asks for 3 physical cores, this machine has 2; the most it can give is "
		"2");
}

static void
refuses_cpus_that_are_not_there(void **state)
{
	(void)state;
	check_refusal(two_cores, "1-2", TARE_INVALID,
		"cpus '1-2' names CPU 2, which this process may not use; there are 0-1");
}

static void
refuses_policies_it_cannot_read(void **state)
{
	static const char *const bad[] = {
		"", "0", "-1", "1-", "1,,2", "3-1", "1,", "two", "99999999999999999999", "0-5000"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tare_err err = {0};

		assert_int_equal(tare_pin_policy_check(bad[i], &err), TARE_INVALID);
	}
	check_refusal(two_cores, "fast", TARE_INVALID,
		"cpus 'fast' is not understood; expected none, a number of cores like 2, or a list "
		"of "
		"CPUs like 2-3 or 1,3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_pins_nothing),
		cmocka_unit_test(takes_one_pu_of_each_core_and_skips_housekeeping),
		cmocka_unit_test(shares_housekeeping_only_when_nothing_is_left),
		cmocka_unit_test(stays_on_one_numa_node_where_it_fits),
		cmocka_unit_test(takes_a_list_as_written),
		cmocka_unit_test(refuses_more_cores_than_there_are),
		cmocka_unit_test(refuses_cpus_that_are_not_there),
		cmocka_unit_test(refuses_policies_it_cannot_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
