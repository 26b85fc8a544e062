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
	/* The loopback is measured in a network of the container's own as well. */
	assert_int_equal(made->case_count, 3 * tare_probe_count + 1);
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
	assert_string_equal(find(made, "integer short@host")->program.argv[2], "800");
	assert_string_equal(find(made, "floating@host")->program.argv[2], "100");
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
			refuses_paths_that_cannot_be_mounted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
