#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/machine/require.h"

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

/* facts are key, value, ..., NULL. */
static const char *
unmet(struct tare_arena *arena, const char *key, const char *value, const char *const *facts,
	double busy_cpus)
{
	const struct tare_requirement requirement = {.key = key, .value = value, .place = "here"};
	struct tare_environment environment = {0};

	for (; *facts; facts += 2)
		tare_environment_add(&environment, arena, facts[0], facts[1], true);
	return tare_requirement_unmet(arena, &requirement, &environment, busy_cpus);
}

#define FACTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
tells_what_a_knob_is_and_how_to_set_it(void **state)
{
	assert_null(
		unmet(*state, "governor", "performance", FACTS("cpu.governor", "performance"), 0));
	assert_string_equal(
		unmet(*state, "governor", "performance", FACTS("cpu.governor", "powersave"), 0),
		"governor is powersave, and performance is required; tare run "
		"--tune=governor=performance sets it for the run, as root; to stay: tare tune "
		"governor=performance, which tare tune --restore takes back");
	assert_string_equal(unmet(*state, "governor", "performance",
				    FACTS("cpu.governor", "powersave, performance"), 0),
		"governor is powersave, performance, and performance is required; "
		"tare run --tune=governor=performance sets it for the run, as root; to stay: tare "
		"tune governor=performance, which tare tune --restore takes back");
	assert_string_equal(unmet(*state, "governor", "performance", FACTS("cpu.model", "x"), 0),
		"governor is required to be performance, and this machine does not tell what it "
		"is; measure on one whose kernel does, or leave the requirement out");
}

static void
knows_turbo_by_either_name(void **state)
{
	assert_null(unmet(*state, "turbo", "off", FACTS("cpu.no_turbo", "1"), 0));
	assert_null(unmet(*state, "turbo", "on", FACTS("cpu.no_turbo", "0"), 0));
	assert_null(unmet(*state, "turbo", "off", FACTS("cpu.boost", "0"), 0));
	assert_string_equal(unmet(*state, "turbo", "off", FACTS("cpu.boost", "1"), 0),
		"turbo is on, and off is required; tare run --tune=boost=off sets it for the run, "
		"as root; to stay: tare tune boost=off, or the firmware");
	assert_string_equal(unmet(*state, "turbo", "on", FACTS("cpu.no_turbo", "1"), 0),
		"turbo is off, and on is required; tare run --tune=turbo=on sets it for the run, "
		"as "
		"root; to stay: tare tune turbo=on, or the firmware");
}

static void
knows_the_other_switches(void **state)
{
	assert_null(unmet(*state, "smt", "off", FACTS("cpu.smt", "0"), 0));
	assert_string_equal(unmet(*state, "smt", "off", FACTS("cpu.smt", "1"), 0),
		"smt is on, and off is required; as root: echo off "
		">/sys/devices/system/cpu/smt/control");
	assert_null(unmet(*state, "swap", "off", FACTS("memory.swap", "off"), 0));
	assert_string_equal(unmet(*state, "swap", "off", FACTS("memory.swap", "on"), 0),
		"swap is on, and off is required; as root: swapoff -a");
	assert_non_null(unmet(*state, "swap", "off", FACTS("memory.swap", "unknown"), 0));
	assert_null(unmet(*state, "aslr", "off", FACTS("kernel.aslr", "0"), 0));
	assert_null(unmet(*state, "aslr", "on", FACTS("kernel.aslr", "2"), 0));
	assert_string_equal(unmet(*state, "aslr", "off", FACTS("kernel.aslr", "2"), 0),
		"aslr is on, and off is required; switch it off by the sysctl "
		"kernel.randomize_va_space (2 is on, 0 off)");
	assert_non_null(unmet(*state, "aslr", "on", FACTS("kernel.aslr", "unknown"), 0));
}

static void
counts_the_memory_that_a_limit_leaves(void **state)
{
	assert_null(unmet(*state, "memory", ">= 8GiB", FACTS("memory.bytes", "8589934592"), 0));
	assert_string_equal(
		unmet(*state, "memory", "> 8GiB", FACTS("memory.bytes", "8589934592"), 0),
		"memory is 8 GiB, and > 8GiB is required; measure on another machine, or with "
		"another limit");
	assert_string_equal(unmet(*state, "memory", ">= 8GiB",
				    FACTS("memory.bytes", "17179869184",
					    "cgroup.memory_limit_bytes", "4294967296"),
				    0),
		"memory is 4 GiB, and >= 8GiB is required; measure on another machine, or with "
		"another limit");
	assert_null(unmet(*state, "memory", ">= 8GiB",
		FACTS("memory.bytes", "17179869184", "cgroup.memory_limit_bytes", "none"), 0));
	assert_string_equal(unmet(*state, "memory", "< 8GiB", FACTS("memory.bytes", "unknown"), 0),
		"memory is unknown, and < 8GiB is required; measure on another machine, or with "
		"another limit");
}

/* Whoever has a machine of 8 GiB writes 8. */
static void
the_kernels_own_share_of_the_memory_is_not_missing(void **state)
{
	const char *const whole[] = {"memory.bytes", "8321499136", NULL}; /* 7.75 GiB */
	const char *const less[] = {"memory.bytes", "7516192768", NULL};  /* 7 GiB */
	const char *const limited[] = {
		"memory.bytes", "17179869184", "cgroup.memory_limit_bytes", "8321499136", NULL};

	assert_null(unmet(*state, "memory", ">= 8GiB", whole, 0));
	assert_null(unmet(*state, "memory", "== 8GiB", whole, 0));
	assert_null(unmet(*state, "memory", "< 7.6GiB", less, 0));
	assert_non_null(unmet(*state, "memory", ">= 8GiB", less, 0));
	assert_non_null(unmet(*state, "memory", ">= 8GiB", limited, 0));
}

static void
compares_kernels_by_number(void **state)
{
	assert_null(unmet(*state, "kernel", ">= 5.14", FACTS("kernel.release", "6.1.0-13"), 0));
	assert_string_equal(
		unmet(*state, "kernel", ">= 5.14", FACTS("kernel.release", "5.4.0-150-generic"), 0),
		"the kernel is 5.4.0-150-generic, and >= 5.14 is required; boot another, or "
		"measure "
		"on another machine");
	assert_non_null(unmet(*state, "kernel", ">= 5.14", FACTS("kernel.release", "unknown"), 0));
}

static void
wants_quiet(void **state)
{
	assert_null(unmet(*state, "quiet", "true", FACTS("a", "b"), 0.1));
	assert_null(unmet(*state, "quiet", "false", FACTS("a", "b"), 0.9));
	assert_string_equal(unmet(*state, "quiet", "true", FACTS("a", "b"), 0.52),
		"a quiet machine is required, and other programs took the time of 0.5 CPUs; stop "
		"what else runs (top shows it) and try again");
	assert_string_equal(unmet(*state, "quiet", "true", FACTS("a", "b"), -1.0),
		"a quiet machine is required, and this one does not tell how busy it is; measure "
		"where /proc/stat can be read");
}

static void
takes_the_busy_cpus_from_two_readings(void **state)
{
	static const char before[] = "cpu 1 0 0 5 0 0 0 0\ncpu0 1 0 0 5 0 0 0 0\n";

	(void)state;
	assert_true(tare_busy_cpus("cpu  10 0 10 80 0 0 0 0 0 0\n",
			    "cpu  20 0 25 155 0 0 0 0 0 0\ncpu0 1\ncpu1 1\n") == 0.5);
	assert_true(tare_busy_cpus(before, "cpu 1 0 0 10 10 0 0 0\ncpu0 1\n") == 0.0);
	assert_true(tare_busy_cpus(before, "cpu 1 0 0 5 0 0 0 10\ncpu0 1\ncpu1 1\n") == 2.0);
	assert_true(tare_busy_cpus(before, before) < 0);
	assert_true(tare_busy_cpus("cpu 9 0 0 5 0 0 0 0\n", before) < 0);
	assert_true(tare_busy_cpus(NULL, before) < 0);
	assert_true(tare_busy_cpus("nonsense", before) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			tells_what_a_knob_is_and_how_to_set_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_turbo_by_either_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_the_other_switches, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			counts_the_memory_that_a_limit_leaves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_kernels_own_share_of_the_memory_is_not_missing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(compares_kernels_by_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wants_quiet, set_up, tear_down),
		cmocka_unit_test(takes_the_busy_cpus_from_two_readings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
