#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/pin/pin.h"
#include "tests/unit/pin/fixture.h"

/* A machine with its limits. */
struct machine {
	const char *name;
	const char *affinity;
	const char *isolated;
};

static const struct machine smt = {SMT_MACHINE, NULL, NULL};
static const struct machine two_sockets = {TWO_SOCKETS, NULL, NULL};
static const struct machine two_cores = {TWO_CORES, NULL, NULL};
static const struct machine one_core = {ONE_CORE, NULL, NULL};
static const struct machine large = {LARGE_MACHINE, NULL, NULL};
static const struct machine hybrid = {MACHINES "hybrid.xml", NULL, NULL};
static const struct machine restricted = {MACHINES "restricted.xml", NULL, NULL};
static const struct machine offline = {MACHINES "offline.xml", NULL, NULL};

static enum tare_status
choose(struct tare_pin *pin_out, const struct machine *machine, const char *policy,
	struct tare_err *err)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_topology *topology =
		fixture_topology(arena, machine->name, machine->affinity, machine->isolated);
	enum tare_status status = tare_pin_choose(pin_out, topology, policy, err);

	tare_arena_free(arena);
	return status;
}

static void
check_choice(const struct machine *machine, const char *policy, const char *expected, bool shares)
{
	struct tare_err err = {0};
	struct tare_pin pin;

	if (choose(&pin, machine, policy, &err) != TARE_OK)
		fail_msg("'%s' on '%s': %s", policy, machine->name, err.text);
	assert_string_equal(pin.text, expected);
	assert_int_equal(pin.shares_housekeeping, shares);
	assert_true(pin.pinned);
}

static void
check_refusal(const struct machine *machine, const char *policy, enum tare_status status,
	const char *text)
{
	struct tare_err err = {0};
	struct tare_pin pin = {.core_count = 77};

	assert_int_equal(choose(&pin, machine, policy, &err), status);
	assert_string_equal(err.text, text);
	assert_int_equal(pin.core_count, 77);
}

static void
none_pins_nothing(void **state)
{
	struct tare_pin pin;

	(void)state;
	assert_int_equal(choose(&pin, &smt, "none", NULL), TARE_OK);
	assert_false(pin.pinned);
	assert_string_equal(pin.text, "");
	assert_true(tare_bits_empty(&pin.cpus));
	assert_int_equal(choose(&pin, &smt, NULL, NULL), TARE_OK);
	assert_false(pin.pinned);
}

static void
takes_one_cpu_of_each_core_and_skips_housekeeping(void **state)
{
	(void)state;
	check_choice(&smt, "1", "1", false);
	check_choice(&smt, "3", "1-3", false);
	check_choice(&smt, "cores:3", "1-3", false);
}

static void
shares_housekeeping_only_when_nothing_is_left(void **state)
{
	(void)state;
	check_choice(&smt, "4", "0-3", true);
	check_choice(&two_cores, "1", "1", false);
	check_choice(&two_cores, "2", "0-1", true);
	check_choice(&one_core, "1", "0", true);
	check_choice(&one_core, "spread:1", "0", true);
}

static void
never_takes_the_sibling_of_the_housekeeping_cpu_unasked(void **state)
{
	(void)state;
	check_choice(&smt, "smt:6", "1-3,5-7", false);
	check_choice(&smt, "smt:7", "0-3,5-7", true);
	check_choice(&smt, "4-4", "4", true);
}

static void
stays_on_one_numa_node_where_it_fits(void **state)
{
	(void)state;
	check_choice(&two_sockets, "3", "1-3", false);
	check_choice(&two_sockets, "4", "4-7", false);
	check_choice(&two_sockets, "5", "1-5", false);
	check_choice(&two_sockets, "8", "0-7", true);
}

static void
fills_core_after_core_with_smt(void **state)
{
	(void)state;
	check_choice(&smt, "smt:2", "1,5", false);
	check_choice(&smt, "smt:3", "1-2,5", false);
	check_choice(&smt, "smt:4", "1-2,5-6", false);
	check_choice(&large, "numa:1.smt:4", "64-65,192-193", false);
	check_refusal(&two_cores, "smt:2", TARE_UNSUPPORTED,
		"cpus 'smt:2' asks for CPUs that share a core, and here no two do; the nearest is "
		"'cores:2'");
}

static void
spreads_over_nodes_then_caches(void **state)
{
	(void)state;
	check_choice(&two_sockets, "spread:1", "1", false);
	check_choice(&two_sockets, "spread:2", "1,4", false);
	check_choice(&two_sockets, "spread:4", "1-2,4-5", false);
	check_choice(&large, "spread:4", "1,8,64,72", false);
	check_choice(&large, "numa:1.spread:8", "64,72,80,88,96,104,112,120", false);
}

static void
keeps_together_behind_one_cache(void **state)
{
	(void)state;
	check_choice(&large, "l3:7", "1-7", false);
	check_choice(&large, "l3:8", "8-15", false);
	check_choice(&large, "numa:1.l3:2", "64-65", false);
	check_refusal(&large, "l3:9", TARE_UNSUPPORTED,
		"cpus 'l3:9' asks for 9 cores behind one L3 cache, and this process may use 8; the "
		"nearest is 'l3:8'");
	check_refusal(&two_cores, "l3:2", TARE_UNSUPPORTED,
		"cpus 'l3:2' asks for cores behind one L3 cache, and this machine shows none; the "
		"nearest is 'cores:2'");
}

static void
takes_from_the_node_that_was_named(void **state)
{
	(void)state;
	check_choice(&two_sockets, "numa:1.cores:2", "4-5", false);
	check_choice(&two_sockets, "numa:0.cores:2", "1-2", false);
	check_choice(&two_sockets, "numa:0.cores:4", "0-3", true);
	check_refusal(&two_sockets, "numa:0.cores:5", TARE_UNSUPPORTED,
		"cpus 'numa:0.cores:5' asks for 5 cores on NUMA node 0, and this process may use "
		"4; the nearest is 'numa:0.cores:4', or 'numa:0.cores:3' without the core that "
		"tare itself runs on");
	check_refusal(&two_sockets, "numa:1.cores:5", TARE_UNSUPPORTED,
		"cpus 'numa:1.cores:5' asks for 5 cores on NUMA node 1, and this process may use "
		"4; the nearest is 'numa:1.cores:4'");
	check_refusal(&two_sockets, "numa:7.cores:1", TARE_INVALID,
		"cpus 'numa:7.cores:1' names NUMA node 7; those with CPUs here are 0-1");
}

static void
takes_a_list_as_written(void **state)
{
	(void)state;
	check_choice(&smt, "2-3,6", "2-3,6", false);
	check_choice(&smt, "4,1", "1,4", true);
}

static void
refuses_more_cores_than_there_are(void **state)
{
	(void)state;
	check_refusal(&two_cores, "3", TARE_UNSUPPORTED,
		"cpus '3' asks for 3 cores, and this process may use 2; the nearest is '2', or '1' "
		"without the core that tare itself runs on");
	check_refusal(&one_core, "2", TARE_UNSUPPORTED,
		"cpus '2' asks for 2 cores, and this process may use 1; the nearest is '1'");
	check_refusal(&smt, "smt:9", TARE_UNSUPPORTED,
		"cpus 'smt:9' asks for 9 CPUs that share cores, and this process may use 8; the "
		"nearest is 'smt:8', or 'smt:6' without the core that tare itself runs on");
}

static void
refuses_cpus_that_are_not_there(void **state)
{
	(void)state;
	check_refusal(&two_cores, "1-2", TARE_INVALID,
		"cpus '1-2' names CPU 2, which this machine does not have; there are 0-1");
	check_refusal(&offline, "2-3", TARE_INVALID,
		"cpus '2-3' names CPU 3, which is offline; there are 0-2,4-6");
	check_refusal(&restricted, "1-2", TARE_INVALID,
		"cpus '1-2' names CPU 1, which this process may not use (its cpuset or affinity "
		"leaves it out); there are 2-3,6-7");
}

static void
says_what_is_wrong_with_a_policy(void **state)
{
	(void)state;
	check_refusal(
		&smt, "core:2", TARE_INVALID, "cpus is \"core:2\"; did you mean \"cores:2\"?");
}

static void
takes_fast_cores_of_a_hybrid_machine_and_never_mixes(void **state)
{
	struct tare_pin pin;

	(void)state;
	check_choice(&hybrid, "1", "2", false);
	check_choice(&hybrid, "7", "2,4,6,8,10,12,14", false);
	check_choice(&hybrid, "8", "0,2,4,6,8,10,12,14", true);
	check_choice(&hybrid, "smt:4", "2-5", false);
	check_refusal(&hybrid, "9", TARE_UNSUPPORTED,
		"cpus '9' asks for 9 cores of one kind, and this process may use 8; the nearest is "
		"'8', or '7' without the core that tare itself runs on");
	assert_int_equal(choose(&pin, &hybrid, "14-17", NULL), TARE_OK);
	assert_true(pin.mixes_kinds);
	assert_int_equal(choose(&pin, &hybrid, "16-17", NULL), TARE_OK);
	assert_false(pin.mixes_kinds);
}

static void
falls_back_to_slow_cores_where_the_fast_ones_are_forbidden(void **state)
{
	static const struct machine slow = {MACHINES "hybrid.xml", "0,16-19", NULL};

	(void)state;
	check_choice(&slow, "2", "16-17", false);
	check_refusal(&slow, "smt:2", TARE_UNSUPPORTED,
		"cpus 'smt:2' asks for CPUs that share a core, and here no two do; the nearest is "
		"'cores:2'");
}

static void
respects_a_restricted_cpuset(void **state)
{
	static const struct machine taskset = {SMT_MACHINE, "2,5-7", NULL};

	(void)state;
	check_choice(&restricted, "1", "3", false);
	check_choice(&restricted, "2", "2-3", true);
	check_refusal(&restricted, "3", TARE_UNSUPPORTED,
		"cpus '3' asks for 3 cores, and this process may use 2; the nearest is '2', or '1' "
		"without the core that tare itself runs on");
	/* Core 1 has only its second CPU left; cores 2 and 3 the first or both. */
	check_choice(&taskset, "1", "5", false);
	check_choice(&taskset, "2", "5,7", false);
}

static void
leaves_out_what_is_offline(void **state)
{
	(void)state;
	check_choice(&offline, "2", "1-2", false);
	check_choice(&offline, "3", "0-2", true);
}

static void
prefers_isolated_cpus(void **state)
{
	static const struct machine isolated = {SMT_MACHINE, NULL, "2-3,6-7"};
	static const struct machine all = {TWO_CORES, NULL, "0-1"};
	struct tare_pin pin;

	(void)state;
	check_choice(&isolated, "1", "2", false);
	check_choice(&isolated, "2", "2-3", false);
	check_choice(&isolated, "3", "1-3", false);
	assert_int_equal(choose(&pin, &isolated, "2", NULL), TARE_OK);
	assert_int_equal(pin.isolated_count, 2);
	assert_int_equal(choose(&pin, &isolated, "3", NULL), TARE_OK);
	assert_int_equal(pin.isolated_count, 2);
	check_choice(&all, "1", "1", false);
}

static void
housekeeping_is_the_first_cpu_that_is_not_isolated(void **state)
{
	static const struct machine isolated = {SMT_MACHINE, NULL, "0-1,4-5"};

	(void)state;
	check_choice(&isolated, "2", "0-1", false);
	check_choice(&isolated, "3", "0-1,3", false);
	check_choice(&isolated, "2-2", "2", true);
}

static void
chooses_on_256_cpus(void **state)
{
	(void)state;
	check_choice(&large, "1", "1", false);
	check_choice(&large, "63", "1-63", false);
	check_choice(&large, "64", "64-127", false);
	check_choice(&large, "127", "1-127", false);
	check_choice(&large, "smt:254", "1-127,129-255", false);
	check_choice(&large, "spread:128", "0-127", true);
	check_refusal(&large, "129", TARE_UNSUPPORTED,
		"cpus '129' asks for 129 cores, and this process may use 128; the nearest is "
		"'128', or '127' without the core that tare itself runs on");
}

static void
chooses_where_memory_comes_from(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_topology *topology = fixture_topology(arena, TWO_SOCKETS, NULL, NULL);
	struct tare_memory memory;
	struct tare_bits nodes;
	struct tare_err err = {0};
	char text[32];

	(void)state;
	assert_int_equal(
		tare_pin_choose_memory(&nodes, &memory, topology, "interleave", &err), TARE_OK);
	tare_bits_print(text, sizeof(text), &nodes);
	assert_string_equal(text, "0-1");
	assert_int_equal(memory.kind, TARE_MEMORY_INTERLEAVE);
	assert_int_equal(
		tare_pin_choose_memory(&nodes, &memory, topology, "bind:1", &err), TARE_OK);
	tare_bits_print(text, sizeof(text), &nodes);
	assert_string_equal(text, "1");
	assert_int_equal(tare_pin_choose_memory(&nodes, &memory, topology, "local", &err), TARE_OK);
	assert_true(tare_bits_empty(&nodes));
	assert_int_equal(tare_pin_choose_memory(&nodes, &memory, topology, NULL, &err), TARE_OK);
	assert_int_equal(memory.kind, TARE_MEMORY_DEFAULT);
	assert_int_equal(
		tare_pin_choose_memory(&nodes, &memory, topology, "bind:0-2", &err), TARE_INVALID);
	assert_string_equal(err.text,
		"numa 'bind:0-2' names a NUMA node without memory for this process; those with are "
		"0-1");
	assert_int_equal(
		tare_pin_choose_memory(&nodes, &memory, topology, "lokal", &err), TARE_INVALID);
	assert_string_equal(err.text, "numa is \"lokal\"; did you mean \"local\"?");
	tare_arena_free(arena);
}

static void
check_description(const struct machine *machine, const char *policy, const char *expected)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_topology *topology =
		fixture_topology(arena, machine->name, machine->affinity, machine->isolated);
	struct tare_pin pin;

	assert_int_equal(tare_pin_choose(&pin, topology, policy, NULL), TARE_OK);
	assert_string_equal(tare_pin_describe(arena, &pin, topology), expected);
	tare_arena_free(arena);
}

static void
describes_choices_for_people(void **state)
{
	static const struct machine isolated = {SMT_MACHINE, NULL, "2-3,6-7"};

	(void)state;
	check_description(&smt, "none", "");
	check_description(&smt, "1", "1 core");
	check_description(&smt, "4", "4 cores, shared with tare");
	check_description(&smt, "smt:4", "4 CPUs of 2 cores");
	check_description(&two_sockets, "2", "2 cores on NUMA node 0");
	check_description(&two_sockets, "spread:2", "2 cores on NUMA nodes 0-1");
	check_description(&hybrid, "2", "2 IntelCore cores");
	check_description(&hybrid, "16-19", "4 IntelAtom cores");
	check_description(&hybrid, "14-16", "3 CPUs of 2 mixed cores");
	check_description(&isolated, "2", "2 cores, isolated");
	check_description(&isolated, "1-2", "2 cores, some isolated");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_pins_nothing),
		cmocka_unit_test(takes_one_cpu_of_each_core_and_skips_housekeeping),
		cmocka_unit_test(shares_housekeeping_only_when_nothing_is_left),
		cmocka_unit_test(never_takes_the_sibling_of_the_housekeeping_cpu_unasked),
		cmocka_unit_test(stays_on_one_numa_node_where_it_fits),
		cmocka_unit_test(fills_core_after_core_with_smt),
		cmocka_unit_test(spreads_over_nodes_then_caches),
		cmocka_unit_test(keeps_together_behind_one_cache),
		cmocka_unit_test(takes_from_the_node_that_was_named),
		cmocka_unit_test(takes_a_list_as_written),
		cmocka_unit_test(refuses_more_cores_than_there_are),
		cmocka_unit_test(refuses_cpus_that_are_not_there),
		cmocka_unit_test(says_what_is_wrong_with_a_policy),
		cmocka_unit_test(takes_fast_cores_of_a_hybrid_machine_and_never_mixes),
		cmocka_unit_test(falls_back_to_slow_cores_where_the_fast_ones_are_forbidden),
		cmocka_unit_test(respects_a_restricted_cpuset),
		cmocka_unit_test(leaves_out_what_is_offline),
		cmocka_unit_test(prefers_isolated_cpus),
		cmocka_unit_test(housekeeping_is_the_first_cpu_that_is_not_isolated),
		cmocka_unit_test(chooses_on_256_cpus),
		cmocka_unit_test(chooses_where_memory_comes_from),
		cmocka_unit_test(describes_choices_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
