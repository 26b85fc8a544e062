#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "harness/machine/describe.h"

static const char laptop[] = "tests/machines/laptop";

static struct tare_machine_identity
identity_of_laptop(void)
{
	struct tare_machine_identity identity = {.kernel = "6.1.0-13-amd64", .machine = "x86_64"};

	CPU_ZERO(&identity.allowed);
	for (int cpu = 0; cpu < 8; cpu++)
		CPU_SET(cpu, &identity.allowed);
	return identity;
}

static void
describe(struct tare_environment *environment_out, struct tare_arena *arena, const char *root)
{
	struct tare_machine_identity identity = identity_of_laptop();

	tare_machine_describe(environment_out, arena, root, &identity);
}

static void
reads_a_recorded_laptop(void **state)
{
	static const char *const expected[][2] = {
		{"cpu.model", "Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz"},
		{"cpu.microcode", "0xf0"},
		{"cpu.online", "0-7"},
		{"cpu.allowed", "8"},
		{"cpu.smt", "1"},
		{"cpu.governor", "powersave"},
		{"cpu.no_turbo", "0"},
		{"machine.virtual", "no"},
		{"machine.product", "Latitude 7490"},
		{"memory.bytes", "16642998272"},
		{"memory.swap", "off"},
		{"memory.thp", "madvise"},
		{"kernel.release", "6.1.0-13-amd64"},
		{"machine.arch", "x86_64"},
		{"os.name", "Debian GNU/Linux 12 (bookworm)"},
		{"kernel.aslr", "2"},
		{"kernel.clocksource", "tsc"},
		{"cgroup.layout", "v2"},
		{"container", "none"},
		{"load.1min", "0.42"},
	};
	struct tare_arena *arena = tare_arena_new();
	struct tare_environment environment;

	(void)state;
	describe(&environment, arena, laptop);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const char *value = tare_environment_get(&environment, expected[i][0]);

		assert_non_null(value);
		assert_string_equal(value, expected[i][1]);
	}
	assert_null(tare_environment_get(&environment, "cpu.boost"));
	tare_arena_free(arena);
}

static void
a_machine_without_files_is_unknown_and_not_an_error(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_environment environment;

	(void)state;
	describe(&environment, arena, "tests/machines/none-of-that-name");
	assert_string_equal(tare_environment_get(&environment, "cpu.model"), "unknown");
	assert_string_equal(tare_environment_get(&environment, "cgroup.layout"), "none");
	assert_int_equal(strlen(environment.fingerprint), 64);
	tare_arena_free(arena);
}

static void
the_fingerprint_covers_what_matters_only(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_machine_identity identity = identity_of_laptop();
	struct tare_environment first, other_kernel, fewer_cpus, again;

	(void)state;
	describe(&first, arena, laptop);
	describe(&again, arena, laptop);
	tare_environment_add(&again, arena, "load.5min", "9.00", false);
	tare_environment_fingerprint(&again);
	identity.kernel = "6.1.0-14-amd64";
	tare_machine_describe(&other_kernel, arena, laptop, &identity);
	identity = identity_of_laptop();
	CPU_CLR(7, &identity.allowed);
	tare_machine_describe(&fewer_cpus, arena, laptop, &identity);
	assert_string_equal(first.fingerprint, again.fingerprint);
	assert_string_not_equal(first.fingerprint, other_kernel.fingerprint);
	assert_string_not_equal(first.fingerprint, fewer_cpus.fingerprint);
	tare_arena_free(arena);
}

static void
this_machine_has_a_kernel_and_a_cpu(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_machine_identity identity;
	struct tare_environment environment;

	(void)state;
	tare_machine_identify(&identity, arena);
	tare_machine_describe(&environment, arena, "", &identity);
	assert_string_not_equal(tare_environment_get(&environment, "kernel.release"), "unknown");
	assert_true(CPU_COUNT(&identity.allowed) >= 1);
	tare_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_recorded_laptop),
		cmocka_unit_test(a_machine_without_files_is_unknown_and_not_an_error),
		cmocka_unit_test(the_fingerprint_covers_what_matters_only),
		cmocka_unit_test(this_machine_has_a_kernel_and_a_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
