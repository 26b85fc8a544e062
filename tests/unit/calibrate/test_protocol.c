#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "calibrate/protocol.h"
#include "harness/suite/suite.h"

static struct tare_arena *arena;
static struct tare_protocol protocol;

static int
setup(void **state)
{
	(void)state;
	arena = tare_arena_new();
	protocol = (struct tare_protocol){.runner = "docker",
		.image = "box:1",
		.dockerfile = "/w/Dockerfile",
		.weight_path = "/opt/ta re/tare-weight",
		.folder = "/w",
		.cpus = "1"};
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static const struct tare_plan *
plan(void)
{
	const struct tare_expand_options options = {.environment = "development"};
	struct tare_problems problems = {0};
	struct tare_suite *suite = NULL;
	struct tare_plan *made = NULL;
	struct tare_err err = {0};
	char *text = NULL;
	struct tare_suite_from from = {.name = "calibrate"};

	assert_int_equal(tare_protocol_suite(&text, arena, &protocol, &err), TARE_OK);
	from.text = text;
	from.len = strlen(text);
	if (tare_suite_load(&suite, &problems, arena, &from, &options, &err) != TARE_OK)
		fail_msg("%s", err.text);
	assert_int_equal(
		tare_suite_expand(&made, &problems, arena, suite, &options, &err), TARE_OK);
	return made;
}

static const struct tare_case *
find(const struct tare_plan *made, const char *name)
{
	for (size_t i = 0; i < made->case_count; i++) {
		if (strcmp(made->cases[i].name, name) == 0)
			return &made->cases[i];
	}
	fail_msg("there is no case %s", name);
	return NULL;
}

static void
is_a_suite_with_every_probe_on_host_again_and_in_the_container(void **state)
{
	const struct tare_plan *made = plan();
	const struct tare_case *host, *again, *inside;

	(void)state;
	assert_string_equal(made->suite, TARE_CALIBRATION_SUITE);
	/* Networks are measured in one of the container's own as well. */
	assert_int_equal(made->case_count, 3 * tare_probe_count + 2);
	assert_string_equal(find(made, "to the host@bridge")->program.argv[3], "gateway");
	assert_string_equal(find(made, "to the host@container")->program.argv[3], "127.0.0.1");
	host = find(made, "integer long@host");
	again = find(made, "integer long@again");
	inside = find(made, "integer long@container");
	assert_string_equal(host->runner, "host");
	assert_string_equal(again->runner, "host");
	assert_string_equal(inside->runner, "docker");
	assert_string_equal(host->program.argv[0], "/opt/ta re/tare-weight");
	assert_string_equal(again->program.argv[2], host->program.argv[2]);
	assert_string_equal(inside->program.argv[0], "/.tare-weight");
	assert_string_equal(inside->program.argv[1], "integer");
	assert_string_equal(inside->program.argv[2], host->program.argv[2]);
	assert_string_equal(inside->container->image, "box:1");
	assert_string_equal(inside->cpus, host->cpus);
	assert_int_equal(host->invocations_min, 20);
	assert_int_equal(find(made, "loopback@bridge")->container->network, TARE_NETWORK_BRIDGE);
}

static void
files_are_made_where_each_side_has_them(void **state)
{
	const struct tare_plan *made = plan();

	(void)state;
	assert_string_equal(find(made, "own files@host")->program.argv[3], "/w");
	assert_string_equal(find(made, "own files@container")->program.argv[3], "/");
	assert_string_equal(find(made, "tmpfs@container")->program.argv[3], "/dev/shm");
	assert_string_equal(find(made, "volume@container")->program.argv[3],
		find(made, "volume@container")->scratch_dir);
}

static void
limits_are_the_container_s_and_lengths_grow_with_the_effort(void **state)
{
	const struct tare_plan *made;

	(void)state;
	protocol.effort = TARE_EFFORT_THOROUGH;
	protocol.memory = "64MiB";
	protocol.cpu_quota = "0.5";
	protocol.image = NULL;
	made = plan();
	assert_int_equal(find(made, "floating@container")->container->memory_bytes, 64 << 20);
	assert_true(find(made, "floating@container")->container->cpu_quota == 0.5);
	assert_string_equal(
		find(made, "floating@container")->container->build->dockerfile, "/w/Dockerfile");
	assert_int_equal(find(made, "floating@host")->invocations_min, 60);
	assert_string_equal(find(made, "floating@host")->program.argv[2], "100");
	protocol.cpu_quota = NULL;
	assert_string_equal(find(plan(), "integer short@host")->program.argv[2], "800");
}

static void
lengths_are_many_periods_of_a_quota(void **state)
{
	static const char *const of_a_tenth[] = {"cpu_quota=0.5", "cpu_period=100ms"};
	const struct tare_plan *made;

	(void)state;
	protocol.cpu_quota = "0.5";
	made = plan();
	assert_int_equal(find(made, "floating@container")->container->cpu_period_ns, 10000000);
	assert_string_equal(find(made, "integer short@host")->program.argv[2], "480");
	assert_string_equal(find(made, "integer middle@container")->program.argv[2], "960");
	assert_string_equal(find(made, "integer long@host")->program.argv[2], "1920");
	protocol.cpu_quota = NULL;
	protocol.resources = of_a_tenth;
	protocol.resource_count = 2;
	made = plan();
	assert_int_equal(find(made, "floating@container")->container->cpu_period_ns, 100000000);
	assert_string_equal(find(made, "integer short@host")->program.argv[2], "4800");
}

static void
the_container_is_given_whatever_a_suite_can(void **state)
{
	static const char *const given[] = {"security_opt=seccomp=/p.json", "cpu_shares=512",
		"security_opt=no-new-privileges", "tmpfs=/fast", "volumes=/a:/b", "network=none",
		"user=7"};
	const struct tare_container *inside;
	const struct tare_plan *made;

	(void)state;
	protocol.resources = given;
	protocol.resource_count = sizeof(given) / sizeof(given[0]);
	made = plan();
	inside = find(made, "floating@container")->container;
	assert_string_equal(inside->security_opts[0], "seccomp=/p.json");
	assert_string_equal(inside->security_opts[1], "no-new-privileges");
	assert_null(inside->security_opts[2]);
	assert_string_equal(inside->tmpfs[0], "/fast");
	assert_string_equal(inside->volumes[0], "/opt/ta re/tare-weight:/.tare-weight:ro");
	assert_string_equal(inside->volumes[1], "/a:/b");
	assert_string_equal(inside->user, "7");
	assert_int_equal(inside->cpu_shares, 512);
	assert_int_equal(inside->network, TARE_NETWORK_NONE);
	assert_int_equal(find(made, "loopback@bridge")->container->network, TARE_NETWORK_BRIDGE);
}

static void
the_host_is_behind_the_gateway_of_a_bridge(void **state)
{
	static const char *const given[] = {"network=bridge"};
	const struct tare_plan *made;

	(void)state;
	protocol.resources = given;
	protocol.resource_count = 1;
	made = plan();
	assert_string_equal(find(made, "to the host@container")->program.argv[3], "gateway");
	assert_string_equal(find(made, "to the host@again")->program.argv[3], "127.0.0.1");
}

static void
measures_only_the_dimensions_that_are_asked_for(void **state)
{
	const struct tare_plan *made;

	(void)state;
	protocol.only[TARE_DIMENSION_LATENCY] = true;
	made = plan();
	assert_int_equal(made->case_count, 3 * 3);
	assert_string_equal(made->cases[0].benchmark, "system call");
}

static void
knows_dimensions_by_name(void **state)
{
	enum tare_dimension dimension = TARE_DIMENSION_COUNT;

	(void)state;
	assert_false(tare_dimension_find(&dimension, "weight"));
	assert_int_equal(dimension, TARE_DIMENSION_COUNT);
	for (int i = 0; i < TARE_DIMENSION_COUNT; i++) {
		assert_true(tare_dimension_find(
			&dimension, tare_dimension_name((enum tare_dimension)i)));
		assert_int_equal(dimension, i);
	}
}

static void
refuses_resources_without_a_value(void **state)
{
	static const char *const given[] = {"memory"};
	struct tare_err err = {0};
	char *text = NULL;

	(void)state;
	protocol.resources = given;
	protocol.resource_count = 1;
	assert_int_equal(tare_protocol_suite(&text, arena, &protocol, &err), TARE_INVALID);
	assert_string_equal(err.text, "'memory' is no part of `resources`; expected KEY=VALUE such "
				      "as memory=512MiB");
}

static void
refuses_paths_that_cannot_be_mounted(void **state)
{
	struct tare_err err = {0};
	char *text = NULL;

	(void)state;
	protocol.weight_path = "/a:b/tare-weight";
	assert_int_equal(tare_protocol_suite(&text, arena, &protocol, &err), TARE_INVALID);
	assert_string_equal(err.text,
		"'/a:b/tare-weight' has a colon or '${', which cannot be mounted; expected a path "
		"without");
	protocol.weight_path = "/tare-weight";
	protocol.folder = "/${env:HOME}";
	assert_int_equal(tare_protocol_suite(&text, arena, &protocol, &err), TARE_INVALID);
	assert_null(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			is_a_suite_with_every_probe_on_host_again_and_in_the_container, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			files_are_made_where_each_side_has_them, setup, teardown),
		cmocka_unit_test_setup_teardown(
			limits_are_the_container_s_and_lengths_grow_with_the_effort, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			lengths_are_many_periods_of_a_quota, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_container_is_given_whatever_a_suite_can, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_host_is_behind_the_gateway_of_a_bridge, setup, teardown),
		cmocka_unit_test_setup_teardown(
			measures_only_the_dimensions_that_are_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(knows_dimensions_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_resources_without_a_value, setup, teardown),
		cmocka_unit_test_setup_teardown(
			refuses_paths_that_cannot_be_mounted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
