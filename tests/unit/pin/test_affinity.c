#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/pin/affinity.h"

static unsigned
first_of(const struct tare_bits *bits)
{
	unsigned cpu = 0;

	while (!tare_bits_has(bits, cpu))
		cpu++;
	return cpu;
}

static void
moves_to_the_housekeeping_core_and_back(void **state)
{
	struct tare_topology topology = {0};
	struct tare_housekeeping housekeeping = {0};
	struct tare_bits before, now;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(tare_affinity_get(&before, &err), TARE_OK);
	tare_bits_add(&topology.housekeeping, first_of(&before));
	/* A sibling that may not be used. */
	tare_bits_add(&topology.housekeeping, 1000);
	topology.allowed = before;
	if (tare_housekeeping_enter(&housekeeping, &topology, &err) != TARE_OK)
		fail_msg("%s", err.text);
	assert_int_equal(tare_affinity_get(&now, &err), TARE_OK);
	assert_int_equal(tare_bits_count(&now), 1);
	assert_true(tare_bits_has(&now, first_of(&before)));
	tare_housekeeping_leave(&housekeeping);
	assert_int_equal(tare_affinity_get(&now, &err), TARE_OK);
	assert_true(tare_bits_equal(&now, &before));
	tare_housekeeping_leave(&housekeeping);
}

static void
leaving_what_was_not_entered_changes_nothing(void **state)
{
	struct tare_housekeeping housekeeping = {0};
	struct tare_bits before, now;

	(void)state;
	assert_int_equal(tare_affinity_get(&before, NULL), TARE_OK);
	tare_housekeeping_leave(&housekeeping);
	assert_int_equal(tare_affinity_get(&now, NULL), TARE_OK);
	assert_true(tare_bits_equal(&now, &before));
}

/* The kernel takes the CPUs that it has out of a mask and says nothing of the others. */
static void
notices_that_the_kernel_gave_less(void **state)
{
	struct tare_bits before, wanted;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(tare_affinity_get(&before, &err), TARE_OK);
	wanted = (struct tare_bits){0};
	tare_bits_add(&wanted, first_of(&before));
	tare_bits_add(&wanted, 1023);
	assert_int_equal(tare_affinity_set(&wanted, &err), TARE_OUTSIDE);
	assert_non_null(strstr(err.text, "the kernel keeps this process from some of the CPUs "));
	assert_non_null(strstr(err.text, ",1023"));
	assert_int_equal(tare_affinity_set(&before, &err), TARE_OK);
}

static void
cannot_move_to_cpus_that_are_not_there(void **state)
{
	struct tare_topology topology = {0};
	struct tare_housekeeping housekeeping = {0};
	struct tare_bits before, now;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(tare_affinity_get(&before, &err), TARE_OK);
	tare_bits_add(&topology.housekeeping, 1023);
	tare_bits_add(&topology.allowed, 1023);
	assert_int_equal(tare_housekeeping_enter(&housekeeping, &topology, &err), TARE_OUTSIDE);
	assert_string_equal(err.text, "cannot move to the CPUs 1023: Invalid argument");
	assert_false(housekeeping.entered);
	assert_int_equal(tare_affinity_get(&now, &err), TARE_OK);
	assert_true(tare_bits_equal(&now, &before));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves_to_the_housekeeping_core_and_back),
		cmocka_unit_test(leaving_what_was_not_entered_changes_nothing),
		cmocka_unit_test(notices_that_the_kernel_gave_less),
		cmocka_unit_test(cannot_move_to_cpus_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
