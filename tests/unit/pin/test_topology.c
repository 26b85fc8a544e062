#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/pin/affinity.h"
#include "tests/support/files.h"
#include "tests/unit/pin/fixture.h"

static int
set_up(void **state)
{
	*state = tare_arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	tare_arena_free(*state);
	return 0;
}

static const struct tare_pu *
find_cpu(const struct tare_topology *topology, unsigned cpu)
{
	for (size_t i = 0; i < topology->pu_count; i++) {
		if (topology->pus[i].cpu == cpu)
			return &topology->pus[i];
	}
	return NULL;
}

static void
check_bits(const struct tare_bits *bits, const char *expected)
{
	char text[TARE_BITS_TEXT_MAX];

	tare_bits_print(text, sizeof(text), bits);
	assert_string_equal(text, expected);
}

static void
knows_where_each_cpu_is(void **state)
{
	struct tare_topology *topology = fixture_topology(*state, LARGE_MACHINE, NULL, NULL);
	const struct tare_pu *pu = find_cpu(topology, 201);

	assert_int_equal(topology->pu_count, 256);
	assert_int_equal(topology->core_count, 128);
	assert_int_equal(topology->package_count, 2);
	assert_int_equal(topology->l3_count, 16);
	assert_int_equal(topology->node_count, 2);
	assert_int_equal(topology->kind_count, 1);
	assert_non_null(pu);
	assert_int_equal(pu->core, 73);
	assert_int_equal(pu->l3, 9);
	assert_int_equal(pu->node, 1);
	assert_int_equal(pu->package, 1);
	assert_null(find_cpu(topology, 256));
	check_bits(&topology->housekeeping, "0,128");
	check_bits(&topology->nodes[1].cpus, "64-127,192-255");
}

static void
tells_kinds_of_cores_apart(void **state)
{
	struct tare_topology *topology =
		fixture_topology(*state, MACHINES "hybrid.xml", NULL, NULL);

	assert_int_equal(topology->kind_count, 2);
	assert_string_equal(topology->kinds[0], "IntelAtom");
	assert_string_equal(topology->kinds[1], "IntelCore");
	assert_int_equal(find_cpu(topology, 3)->kind, 1);
	assert_int_equal(find_cpu(topology, 19)->kind, 0);
	assert_int_equal(topology->l3_bytes[0], 26214400);
}

static void
tells_offline_from_forbidden(void **state)
{
	struct tare_topology *topology =
		fixture_topology(*state, MACHINES "offline.xml", NULL, NULL);

	check_bits(&topology->offline, "3,7");
	check_bits(&topology->allowed, "0-2,4-6");
	topology = fixture_topology(*state, MACHINES "restricted.xml", NULL, NULL);
	check_bits(&topology->offline, "");
	check_bits(&topology->cpus, "0-7");
	check_bits(&topology->allowed, "2-3,6-7");
	check_bits(&topology->housekeeping, "2,6");
	topology = fixture_topology(*state, MACHINES "restricted.xml", "3-7", NULL);
	check_bits(&topology->allowed, "3,6-7");
}

static void
leaves_out_cpus_past_what_it_can_count(void **state)
{
	struct tare_topology *topology =
		fixture_topology(*state, "core:3 pu:1(indexes=0,1023,1024)", NULL, NULL);

	assert_int_equal(topology->beyond, 1);
	assert_int_equal(topology->pu_count, 2);
	check_bits(&topology->allowed, "0,1023");
}

static void
gives_memory_that_is_near_the_same_cpus_one_owner(void **state)
{
	struct tare_topology *topology =
		fixture_topology(*state, "[numa] [numa] core:2 pu:1", NULL, NULL);

	assert_int_equal(topology->node_count, 2);
	check_bits(&topology->nodes[0].cpus, "0-1");
	check_bits(&topology->nodes[1].cpus, "");
}

static void
refuses_machines_that_hwloc_cannot_read(void **state)
{
	struct tare_topology_source source = {.synthetic = "core:none"};
	struct tare_topology *topology = NULL;
	struct tare_err err = {0};

	setenv("HWLOC_HIDE_ERRORS", "2", 1);
	assert_int_equal(tare_topology_read(&topology, *state, &source, &err), TARE_INVALID);
	assert_string_equal(err.text, "hwloc cannot read the machine 'core:none'");
	source = (struct tare_topology_source){.xml_path = "tests/machines/README.md"};
	assert_int_equal(tare_topology_read(&topology, *state, &source, &err), TARE_INVALID);
	assert_string_equal(err.text, "hwloc cannot read the machine 'tests/machines/README.md'");
	assert_null(topology);
}

static void
check_too_large(struct tare_arena *arena, const char *machine)
{
	struct tare_topology *topology = NULL;
	struct tare_err err = {0};
	char expected[256];

	snprintf(expected, sizeof(expected),
		"the machine '%s' has more than 1024 CPUs; expected at most so many", machine);
	assert_int_equal(tare_topology_read_named(&topology, arena, machine, &err), TARE_INVALID);
	assert_string_equal(err.text, expected);
	assert_null(topology);
}

/* hwloc would be at it for hours. */
static void
refuses_more_cpus_than_it_can_use_before_hwloc_builds_them(void **state)
{
	check_too_large(*state, "core:100000 pu:2");
	check_too_large(*state, "core:513 pu:2");
	check_too_large(*state, "1025");
	check_too_large(*state, "pack:32 [numa(memory=1)] l3:1(size=1MB) core:0x21 1");
	check_too_large(*state, "core:2pu:1000");
	check_too_large(*state, "core:18446744073709551615 pu:18446744073709551615");
	check_too_large(*state, "core:-1 pu:1");
}

static void
takes_as_many_cpus_as_it_can_use(void **state)
{
	static const char annotated[] =
		"(memory=1GB) pack:2 [numa(memory=2GB)] l3:2(size=4096) core:256 "
		"pu:1(indexes=2*512:1*2)";
	static const char *const machines[] = {
		"pack:8 core:64 pu:2", "core:1024 1", "1024", annotated};

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct tare_topology *topology = NULL;
		struct tare_err err = {0};

		if (tare_topology_read_named(&topology, *state, machines[i], &err) != TARE_OK)
			fail_msg("%s: %s", machines[i], err.text);
		assert_int_equal(topology->pu_count, 1024);
	}
}

/* As a file it is what lstopo wrote, and a machine may have CPUs that tare leaves out. */
static void
refuses_a_file_of_too_many_cpus_or_without_end(void **state)
{
	static const char pu[] = "<object type=\"PU\" os_index=\"0\"/>\n";
	char *folder = test_folder_make();
	char *path = test_path(folder, "machine.xml");
	char *xml = calloc(4097, sizeof(pu));
	struct tare_topology_source source = {.xml_path = path};
	struct tare_topology *topology = NULL;
	struct tare_err err = {0};

	for (size_t i = 0; i < 4097; i++)
		memcpy(xml + i * (sizeof(pu) - 1), pu, sizeof(pu));
	test_file_write(path, xml, strlen(xml));
	assert_int_equal(tare_topology_read(&topology, *state, &source, &err), TARE_INVALID);
	assert_non_null(
		strstr(err.text, "machine.xml' has more than 4096 CPUs; expected at most so many"));
	source.xml_path = "/dev/zero";
	assert_int_equal(tare_topology_read(&topology, *state, &source, &err), TARE_INVALID);
	assert_non_null(strstr(err.text, "/dev/zero"));
	assert_null(topology);
	free(xml);
	free(path);
	test_folder_remove(folder);
}

/* Binding on a topology of another machine does nothing and says nothing, so it must not be taken
 * for this one. */
static void
is_not_deceived_by_hwlocs_variables(void **state)
{
	struct tare_topology *topology = NULL;
	struct tare_err err = {0};

	setenv("HWLOC_SYNTHETIC", "core:64 pu:1", 1);
	assert_int_equal(tare_topology_read_own(&topology, *state, NULL, &err), TARE_UNSUPPORTED);
	unsetenv("HWLOC_SYNTHETIC");
	assert_string_equal(err.text,
		"hwloc describes another machine than this; unset HWLOC_XMLFILE, HWLOC_SYNTHETIC, "
		"HWLOC_FSROOT and HWLOC_COMPONENTS");
	assert_null(topology);
}

/* A cpuset hwloc sees by itself, an affinity set by taskset or a scheduler it does not. */
static void
sees_the_affinity_of_this_process(void **state)
{
	struct tare_topology *topology = NULL;
	struct tare_bits before, one = {0}, both;
	struct tare_err err = {0};
	unsigned cpu = 0;

	assert_int_equal(tare_affinity_get(&before, &err), TARE_OK);
	while (!tare_bits_has(&before, cpu))
		cpu++;
	tare_bits_add(&one, cpu);
	assert_int_equal(tare_affinity_set(&one, &err), TARE_OK);
	if (tare_topology_read_own(&topology, *state, NULL, &err) != TARE_OK)
		fail_msg("%s", err.text);
	both = tare_bits_and(&topology->allowed, &before);
	assert_true(tare_bits_equal(&both, &one));
	assert_true(tare_bits_has(&topology->housekeeping, cpu));
	/* Who has moved aside says what there was before. */
	assert_int_equal(tare_topology_read_own(&topology, *state, &before, &err), TARE_OK);
	both = tare_bits_and(&topology->allowed, &before);
	assert_true(tare_bits_equal(&both, &before));
	assert_int_equal(tare_affinity_set(&before, &err), TARE_OK);
}

/* Another machine can replay it, and learns no names from it. */
static void
writes_this_machine_so_that_it_can_be_read_elsewhere(void **state)
{
	char *folder = test_folder_make();
	char *path = test_path(folder, "machine.xml");
	struct tare_topology_source source = {.xml_path = path};
	struct tare_topology *own = NULL, *read = NULL;
	struct tare_err err = {0};
	char *xml = NULL;

	assert_int_equal(tare_topology_export(&xml, *state, &err), TARE_OK);
	assert_non_null(strstr(xml, "name=\"HostName\" value=\"\""));
	assert_non_null(strstr(xml, "name=\"OSName\" value=\"Linux\""));
	test_file_write(path, xml, strlen(xml));
	assert_int_equal(tare_topology_read(&read, *state, &source, &err), TARE_OK);
	assert_int_equal(tare_topology_read_own(&own, *state, NULL, &err), TARE_OK);
	assert_int_equal(read->pu_count, own->pu_count);
	assert_int_equal(read->core_count, own->core_count);
	assert_int_equal(read->node_count, own->node_count);
	assert_true(tare_bits_equal(&read->cpus, &own->cpus));
	free(path);
	test_folder_remove(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(knows_where_each_cpu_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_kinds_of_cores_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_offline_from_forbidden, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaves_out_cpus_past_what_it_can_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			gives_memory_that_is_near_the_same_cpus_one_owner, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			refuses_machines_that_hwloc_cannot_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			refuses_more_cpus_than_it_can_use_before_hwloc_builds_them, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			takes_as_many_cpus_as_it_can_use, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			refuses_a_file_of_too_many_cpus_or_without_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			is_not_deceived_by_hwlocs_variables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			writes_this_machine_so_that_it_can_be_read_elsewhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			sees_the_affinity_of_this_process, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
