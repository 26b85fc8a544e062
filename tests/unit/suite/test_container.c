#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite/fixture.h"

static void
has_none_unless_it_is_asked_for(void **state)
{
	const struct tare_case *one = suite_case(*state, "  command: p\n");

	assert_null(one->container);
	assert_int_equal(one->metric_count, TARE_BUILTIN_METRIC_COUNT);
}

static void
fills_in_what_a_benchmark_wants(void **state)
{
	const struct tare_case *one =
		suite_case(*state, "  command: p\n  runner: docker\n  image: debian:12\n");
	const struct tare_container *container = one->container;

	assert_non_null(container);
	assert_string_equal(container->image, "debian:12");
	assert_null(container->build);
	assert_int_equal(container->memory_bytes, 0);
	assert_int_equal(container->memory_swap_bytes, 0);
	assert_int_equal(container->cpu_shares, 0);
	assert_true(container->cpu_quota == 0);
	assert_int_equal(container->cpu_period_ns, 0);
	assert_int_equal(container->pids, 4096);
	assert_int_equal(container->nofile, 65536);
	assert_int_equal(container->network, TARE_NETWORK_HOST);
	assert_null(container->volumes[0]);
	assert_null(container->tmpfs[0]);
	assert_null(container->security_opts[0]);
	assert_false(container->privileged);
	assert_null(container->user);
}

static void
reads_every_key(void **state)
{
	const struct tare_case *one =
		suite_case(*state, "  command: p\n"
				   "  image: debian@sha256:0123\n"
				   "  resources:\n"
				   "    cpus: 2-3\n"
				   "    memory: 512MiB\n"
				   "    memory_swap: 1GiB\n"
				   "    cpu_shares: 512\n"
				   "    cpu_quota: 0.5\n"
				   "    cpu_period: 100ms\n"
				   "    pids: 100\n"
				   "    nofile: 1000\n"
				   "    shm_size: 64MiB\n"
				   "    network: none\n"
				   "    volumes: ['./data:/data:ro', 'cache:/cache']\n"
				   "    tmpfs: /tmp:size=64m\n"
				   "    privileged: true\n"
				   "    security_opt: [seccomp=unconfined, apparmor=unconfined]\n"
				   "    user: 1000:1000\n"
				   "    env: {LEVEL: 3}\n");
	const struct tare_container *container = one->container;

	assert_string_equal(one->cpus, "2-3");
	assert_string_equal(container->image, "debian@sha256:0123");
	assert_int_equal(container->memory_bytes, 512 << 20);
	assert_int_equal(container->memory_swap_bytes, 1 << 30);
	assert_int_equal(container->cpu_shares, 512);
	assert_true(container->cpu_quota == 0.5);
	assert_int_equal(container->cpu_period_ns, 100000000);
	assert_int_equal(container->pids, 100);
	assert_int_equal(container->nofile, 1000);
	assert_int_equal(container->shm_bytes, 64 << 20);
	assert_string_equal(tare_network_name(container->network), "none");
	assert_true(container->volumes[0][0] == '/');
	assert_string_equal(strrchr(container->volumes[0], '.'), "./data:/data:ro");
	assert_string_equal(container->volumes[1], "cache:/cache");
	assert_null(container->volumes[2]);
	assert_string_equal(container->tmpfs[0], "/tmp:size=64m");
	assert_string_equal(container->security_opts[1], "apparmor=unconfined");
	assert_true(container->privileged);
	assert_string_equal(container->user, "1000:1000");
	assert_string_equal(suite_env(&one->program, "LEVEL"), "3");
}

static void
leaves_the_choice_of_a_runner_to_others_where_there_is_an_image(void **state)
{
	assert_string_equal(suite_case(*state, "  command: p\n  image: a\n")->runner, "auto");
	assert_string_equal(
		suite_case(*state, "  command: p\n  image: a\n  runner: host\n")->runner, "host");
	assert_string_equal(
		suite_case(*state, "  replay: {wall: 1ms}\n  image: a\n")->runner, "replay");
}

static void
a_quota_is_counted_over_a_period_that_is_short_unless_the_kernel_wants_more(void **state)
{
	static const struct {
		const char *quota;
		uint64_t period_ns;
	} table[] = {{"0.5", 10000000}, {"4", 10000000}, {"0.05", 20000000}, {"0.01", 100000000}};
	char text[128];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(text, sizeof(text),
			"  command: p\n  image: a\n  resources: {cpu_quota: %s}\n", table[i].quota);
		assert_int_equal(
			suite_case(*state, text)->container->cpu_period_ns, table[i].period_ns);
	}
}

static void
has_no_swap_unless_it_is_given_some(void **state)
{
	const struct tare_case *one =
		suite_case(*state, "  command: p\n  image: a\n  resources: {memory: 64MiB}\n");

	assert_int_equal(one->container->memory_swap_bytes, 64 << 20);
}

static void
adds_what_a_container_costs_as_the_last_metrics(void **state)
{
	const struct tare_case *one = suite_case(*state,
		"  command: p\n  image: a\n  metrics: {score: {regex: '([0-9]+)', unit: ms}}\n");
	size_t first = TARE_BUILTIN_METRIC_COUNT + 1;

	assert_int_equal(one->metric_count, first + TARE_RUNNER_METRIC_COUNT);
	assert_string_equal(one->metrics[first - 1].name, "score");
	assert_string_equal(one->metrics[first].name, "container_start");
	assert_string_equal(one->metrics[first + 3].name, "image_size");
	assert_int_equal(one->rules[first].source, TARE_SOURCE_RUNNER);
	assert_false(one->metrics[first].gated);
}

static void
builds_an_image_after_a_script(void **state)
{
	struct fixture *fixture = *state;
	const struct tare_case *one =
		suite_case(fixture, "  command: p\n"
				    "  build: {dockerfile: ci/Dockerfile, context: out, args: "
				    "{LEVEL: 3}, script: make}\n");
	const struct tare_image_build *build = one->container->build;

	assert_non_null(build);
	assert_null(one->container->image);
	assert_string_equal(strrchr(build->context, '/'), "/out");
	assert_non_null(strstr(build->dockerfile, "/ci/Dockerfile"));
	assert_string_equal(build->args[0], "LEVEL=3");
	assert_null(build->args[1]);
	assert_non_null(one->build);
	assert_string_equal(one->build->program.argv[3], "make");
}

static void
looks_for_the_dockerfile_in_the_context(void **state)
{
	const struct tare_case *one = suite_case(*state, "  command: p\n  build: {context: out}\n");

	assert_non_null(strstr(one->container->build->dockerfile, "/out/Dockerfile"));
	assert_null(one->build);
}

static void
tells_what_was_inherited_from_what_was_asked_for(void **state)
{
	static const char *const environment[] = {"PATH", "/here", "HOME", "/me", NULL};
	struct fixture *fixture = *state;
	const struct tare_case *one = NULL;
	size_t inherited = 0;

	suite_environment = environment;
	one = suite_case(fixture, "  command: p\n  image: a\n  env: {HOME: /me}\n");
	for (char *const *env = one->program.env; *env != NULL; env++)
		for (char *const *from = one->container->inherited; *from != NULL; from++)
			if (*env == *from) {
				assert_string_equal(*env, "PATH=/here");
				inherited++;
			}
	assert_int_equal(inherited, 1);
	assert_string_equal(suite_env(&one->program, "HOME"), "/me");
}

static void
refuses_what_no_container_can_be(void **state)
{
	static const struct {
		const char *text;
		const char *problem;
	} table[] = {
		{"  image: '-x'\n",
			"s.yaml:5:10: image is \"-x\"; expected the name of an image, such as "
			"debian:12\n"},
		{"  image: a\n  build: {context: .}\n",
			"s.yaml:5:10: image beside a build with a dockerfile; expected one of "
			"them\n"},
		{"  image: a\n  memory: 1GiB\n",
			"s.yaml:6:3: key \"memory\" does not belong in benchmark; expected it in "
			"`resources`\n"},
		{"  image: a\n  resources: {memory: 1GiB, memory_swap: 512MiB}\n",
			"s.yaml:6:42: memory_swap is less than memory; expected at least as much, "
			"since it is both together\n"},
		{"  image: a\n  resources: {memory: 1MiB}\n",
			"s.yaml:6:23: memory is \"1MiB\"; expected 4 MiB to 1024 TiB\n"},
		{"  image: a\n  resources: {cpu_quota: lots}\n",
			"s.yaml:6:26: cpu_quota is \"lots\"; expected a number of cores from 0.01 "
			"to 1024\n"},
		{"  image: a\n  resources: {cpu_period: 10ms}\n",
			"s.yaml:6:27: cpu_period without cpu_quota, which is counted over it; "
			"expected both\n"},
		{"  image: a\n  resources: {cpu_quota: 0.5, cpu_period: 2s}\n",
			"s.yaml:6:43: cpu_period is 2s; expected 1ms to 1s\n"},
		{"  image: a\n  resources: {cpu_quota: 0.05, cpu_period: 10ms}\n",
			"s.yaml:6:44: cpu_period is so short that cpu_quota is less than 1 ms of "
			"it, "
			"which no kernel allows; expected at least 20ms\n"},
		{"  image: a\n  resources: {network: lan}\n",
			"s.yaml:6:24: network is \"lan\"; expected host, bridge or none\n"},
		{"  image: a\n  resources: {volumes: /data}\n",
			"s.yaml:6:24: volumes is \"/data\"; expected FROM:/TO, and :ro behind it "
			"where it may not be written\n"},
		{"  image: a\n  resources: {tmpfs: tmp}\n",
			"s.yaml:6:22: tmpfs is \"tmp\"; expected an absolute path in the "
			"container\n"},
		{"  image: a\n  resources: {user: '--privileged'}\n",
			"s.yaml:6:21: user is \"--privileged\"; expected a user or user:group, by "
			"name or number\n"},
	};
	char text[512];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(text, sizeof(text), "  command: p\n%s", table[i].text);
		assert_string_equal(suite_case_problems(*state, text), table[i].problem);
	}
}

/* Two metrics of one name would leave a journal that nothing can read. */
static void
refuses_metrics_called_like_those_that_a_container_always_has(void **state)
{
	static const struct {
		const char *text;
		const char *problem;
	} table[] = {
		{"  image: a\n  metrics: {container_start: {regex: '([0-9]+)'}}\n",
			"s.yaml:6:13: \"container_start\" is a metric that a container always has; "
			"expected another name\n"},
		{"  runner: podman\n  counters: [cycles, image_time]\n",
			"s.yaml:6:22: \"image_time\" is a metric that a container always has; "
			"expected another name\n"},
		{"  image: a\n  counters: own\ncounter_groups:\n  own: {counters: cycles, "
		 "derived: {image_size: {formula: cycles * 2}}}\n",
			"s.yaml:6:13: \"image_size\" is a metric that a container always has; "
			"expected another name\n"},
	};
	char text[512];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(text, sizeof(text), "  command: p\n%s", table[i].text);
		assert_string_equal(suite_case_problems(*state, text), table[i].problem);
	}
	assert_string_equal(suite_case_problems(*state,
				    "  replay: {wall: 1ms, container_stop: 3}\n  image: a\n"),
		"s.yaml:4:23: \"container_stop\" is a metric that a container always has; expected "
		"another name\n");
}

static void
leaves_the_names_of_a_containers_metrics_to_programs_without_one(void **state)
{
	const struct tare_case *one = suite_case(*state,
		"  command: p\n  metrics: {container_start: {regex: '([0-9]+)', unit: ms}}\n");

	assert_string_equal(one->metrics[TARE_BUILTIN_METRIC_COUNT].name, "container_start");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			has_none_unless_it_is_asked_for, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			fills_in_what_a_benchmark_wants, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(reads_every_key, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			leaves_the_choice_of_a_runner_to_others_where_there_is_an_image,
			suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			a_quota_is_counted_over_a_period_that_is_short_unless_the_kernel_wants_more,
			suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			has_no_swap_unless_it_is_given_some, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(adds_what_a_container_costs_as_the_last_metrics,
			suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			builds_an_image_after_a_script, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			looks_for_the_dockerfile_in_the_context, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(tells_what_was_inherited_from_what_was_asked_for,
			suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_what_no_container_can_be, suite_setup, suite_teardown),
		cmocka_unit_test_setup_teardown(
			refuses_metrics_called_like_those_that_a_container_always_has, suite_setup,
			suite_teardown),
		cmocka_unit_test_setup_teardown(
			leaves_the_names_of_a_containers_metrics_to_programs_without_one,
			suite_setup, suite_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
