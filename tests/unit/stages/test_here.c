#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/stages/here.h"

struct machine {
	struct tare_arena *arena;
	struct tare_here *here;
};

static int
set_up(void **state)
{
	static struct machine machine;
	const struct tare_topology_source source = {.synthetic = "core:2 pu:2"};
	struct tare_arena *arena = tare_arena_new();
	struct tare_topology *topology = NULL;

	if (tare_topology_read(&topology, arena, &source, NULL) != TARE_OK)
		return -1;
	machine = (struct machine){arena, tare_here_new(arena, topology)};
	*state = &machine;
	return 0;
}

static int
tear_down(void **state)
{
	struct machine *machine = *state;

	tare_arena_free(machine->arena);
	return 0;
}

static struct tare_here *
here_of(void **state)
{
	struct machine *machine = *state;

	return machine->here;
}

static void
check(void *here, const char *key, const char *text, const char *expected)
{
	struct tare_err err = {0};
	enum tare_status status = tare_here_check(here, key, text, &err);

	assert_int_equal(status, *expected ? TARE_UNSUPPORTED : TARE_OK);
	assert_string_equal(err.text, expected);
}

static void
says_which_cpus_cannot_be_had(void **state)
{
	check(here_of(state), "cpus", "2", "");
	check(here_of(state), "cpus", "none", "");
	check(here_of(state), "cpus", "smt:2", "");
	check(here_of(state), "cpus", "3",
		"cpus '3' asks for 3 cores, and this process may use 2; the nearest is '2', or '1' "
		"without the core that tare itself runs on");
	check(here_of(state), "cpus", "0,9",
		"cpus '0,9' names CPU 9, which this machine does not have; there are 0-3");
}

static void
says_which_memory_cannot_be_had(void **state)
{
	check(here_of(state), "numa", "bind:0", "");
	check(here_of(state), "numa", "local", "");
	check(here_of(state), "numa", "bind:1",
		"numa 'bind:1' names a NUMA node without memory for this process; those with are "
		"0");
}

static void
knows_nothing_of_another_machines_counters_and_of_other_keys(void **state)
{
	check(here_of(state), "counters", "NO_SUCH_EVENT", "");
	check(here_of(state), "runner", "none-such", "");
}

static void
says_which_counters_cannot_be_had(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_here *here = tare_here_new(arena, NULL);

	(void)state;
	check(here, "counters", "rusage/page-faults", "");
	check(here, "counters", "NO_SUCH_EVENT",
		"no provider knows the counter \"NO_SUCH_EVENT\" on this machine");
	check(here, "counters_required", "nO_SUCH_EVENT",
		"no provider knows the counter \"nO_SUCH_EVENT\" on this machine");
	tare_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(says_which_cpus_cannot_be_had, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_which_memory_cannot_be_had, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			knows_nothing_of_another_machines_counters_and_of_other_keys, set_up,
			tear_down),
		cmocka_unit_test(says_which_counters_cannot_be_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
