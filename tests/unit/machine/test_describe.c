#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "harness/machine/describe.h"
#include "tests/support/files.h"
#include "tests/unit/machine/tree.h"

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
	assert_null(tare_environment_get(&environment, "machine.hypervisor"));
	assert_string_equal(tare_environment_get(&environment, "cgroup.pids_limit"), "none");
	tare_arena_free(arena);
}

static char *
server_variable(const char *name)
{
	static char lang[] = "C.UTF-8";
	static char zone[] = "Zone-7f3a9c51d2e84b60af17c3d9";

	if (strcmp(name, "LANG") == 0)
		return lang;
	return strcmp(name, "TZ") == 0 ? zone : NULL;
}

static void
reads_a_recorded_server(void **state)
{
	static const char *const expected[][2] = {
		{"cpu.model", "AMD EPYC 7313 16-Core Processor"},
		{"cpu.offline", "4-7"},
		{"cpu.topology", "2 packages, 4 cores, 4 CPUs"},
		{"cpu.caches", "L1d 32K, L1i 32K, L2 512K, L3 32768K"},
		{"cpu.smt", "0"},
		{"cpu.frequency_driver", "acpi-cpufreq"},
		{"cpu.governor", "schedutil, performance"},
		{"cpu.frequency_min_hz", "1500000000"},
		{"cpu.frequency_max_hz", "3000000000"},
		{"cpu.boost", "1"},
		{"cpu.mitigation.meltdown", "Not affected"},
		{"cpu.mitigation.spectre_v2", "Vulnerable, IBPB: disabled, STIBP: disabled"},
		{"machine.virtual", "yes"},
		{"machine.product", "HVM domU"},
		{"machine.vendor", "Xen"},
		{"machine.hypervisor", "xen"},
		{"memory.bytes", "134217728000"},
		{"memory.nodes", "0: 67108864000, 1: 67108864000"},
		{"memory.swap", "on"},
		{"memory.swappiness", "60"},
		{"memory.thp", "always"},
		{"memory.thp_defrag", "madvise"},
		{"memory.huge_pages", "64"},
		{"memory.ksm", "0"},
		{"memory.numa_balancing", "1"},
		{"kernel.build", "#1 SMP PREEMPT_DYNAMIC Debian 5.14.6-3"},
		{"kernel.aslr", "0"},
		{"kernel.isolated_cpus", "2-3"},
		{"kernel.nohz_full", "2-3"},
		{"kernel.watchdog", "1"},
		{"kernel.perf_event_paranoid", "4"},
		{"kernel.command_line",
			"BOOT_IMAGE=/boot/vmlinuz-5.14.0 root=*** ro isolcpus=2-3 "
			"nohz_full=2-3 mitigations=off netconsole=*** api_token=***"},
		{"os.name", "Rocky Linux 9.3"},
		{"os.libc", "glibc 2.34"},
		{"cgroup.layout", "hybrid"},
		{"cgroup.memory_limit_bytes", "8589934592"},
		{"cgroup.cpu_limit", "1.5"},
		{"cgroup.pids_limit", "512"},
		{"process.seccomp", "2"},
		{"process.speculation_store_bypass", "thread force mitigated"},
		{"disk.filesystem", "xfs"},
		{"disk.name", "sdb"},
		{"disk.rotational", "1"},
		{"variable.LANG", "C.UTF-8"},
		{"variable.TZ", "***"},
		{"load.1min", "3.25"},
	};
	struct tare_arena *arena = tare_arena_new();
	struct tare_machine_identity identity = {.kernel = "5.14.0",
		.machine = "x86_64",
		.libc = "glibc 2.34",
		.cwd = "/srv/data/project",
		.getenv = server_variable};
	struct tare_environment environment;

	(void)state;
	tare_machine_describe(&environment, arena, "tests/machines/server", &identity);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const char *value = tare_environment_get(&environment, expected[i][0]);

		if (!value || strcmp(value, expected[i][1]) != 0)
			fail_msg("%s: '%s', expected '%s'", expected[i][0], value ? value : "none",
				expected[i][1]);
	}
	tare_arena_free(arena);
}

/* A folder whose name begins like that of a mount point is not below it. */
static void
finds_the_disk_of_the_working_directory(void **state)
{
	static const char *const cases[][3] = {
		{"/srv/database", "ext4", "nvme0n1"},
		{"/srv/data", "xfs", "sdb"},
		{"/tmp/x", "tmpfs", NULL},
		{"/", "ext4", "nvme0n1"},
	};
	struct tare_arena *arena = tare_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tare_machine_identity identity = {
			.kernel = "x", .machine = "x", .cwd = cases[i][0]};
		struct tare_environment environment;
		const char *disk;

		tare_machine_describe(&environment, arena, "tests/machines/server", &identity);
		assert_string_equal(
			tare_environment_get(&environment, "disk.filesystem"), cases[i][1]);
		disk = tare_environment_get(&environment, "disk.name");
		if (cases[i][2])
			assert_string_equal(disk, cases[i][2]);
		else
			assert_null(disk);
	}
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
	assert_string_equal(tare_environment_get(&environment, "cpu.frequency_driver"), "none");
	assert_null(tare_environment_get(&environment, "cpu.governor"));
	assert_string_equal(tare_environment_get(&environment, "cgroup.layout"), "none");
	assert_int_equal(strlen(environment.fingerprint), 64);
	tare_arena_free(arena);
}

static void
tells_cgroup_layouts_apart(void **state)
{
	static const char *const cases[][2] = {{"tests/machines/laptop", "v2"},
		{"tests/machines/older", "v1"}, {"tests/machines/server", "hybrid"},
		{"tests/machines/powercap", "none"}};
	struct tare_arena *arena = tare_arena_new();
	struct tare_environment environment;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		describe(&environment, arena, cases[i][0]);
		assert_string_equal(
			tare_environment_get(&environment, "cgroup.layout"), cases[i][1]);
	}
	describe(&environment, arena, "tests/machines/older");
	assert_string_equal(
		tare_environment_get(&environment, "cgroup.memory_limit_bytes"), "none");
	assert_string_equal(tare_environment_get(&environment, "cgroup.cpu_limit"), "none");
	tare_arena_free(arena);
}

/* Half a CPU is less than two, whatever the periods; a v1 group is bound by those above it too. */
static void
finds_the_tightest_quota_of_all_levels(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_environment environment;
	char *root = tree_copy("laptop");

	(void)state;
	tree_write(root, "/proc/self/cgroup", "0::/a/b\n");
	tree_write(root, "/sys/fs/cgroup/a/cpu.max", "100000 200000\n");
	tree_write(root, "/sys/fs/cgroup/a/b/cpu.max", "20000 10000\n");
	describe(&environment, arena, root);
	assert_string_equal(tare_environment_get(&environment, "cgroup.cpu_limit"), "0.5");
	tree_write(root, "/proc/self/cgroup", "0::/\n");
	tree_write(root, "/sys/fs/cgroup/cpu.max", "max 100000\n");
	describe(&environment, arena, root);
	assert_string_equal(tare_environment_get(&environment, "cgroup.cpu_limit"), "none");
	tree_write(root, "/proc/self/cgroup", "4:cpu,cpuacct:/a/b\n");
	tree_write(root, "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "150000\n");
	tree_write(root, "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
	tree_write(root, "/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "-1\n");
	tree_write(root, "/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "100000\n");
	describe(&environment, arena, root);
	assert_string_equal(tare_environment_get(&environment, "cgroup.cpu_limit"), "1.5");
	test_folder_remove(root);
	tare_arena_free(arena);
}

/* One frequency may be written inside of another: 300 MHz in 3 GHz. */
static void
names_every_value_that_a_cpu_has(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_environment environment;
	char *root = tree_copy("laptop");

	(void)state;
	for (unsigned cpu = 0; cpu < 8; cpu++) {
		char path[96];

		snprintf(path, sizeof(path),
			"/sys/devices/system/cpu/cpu%u/cpufreq/scaling_min_freq", cpu);
		tree_write(root, path, cpu == 3 ? "300000\n" : "3000000\n");
	}
	describe(&environment, arena, root);
	assert_string_equal(
		tare_environment_get(&environment, "cpu.frequency_min_hz"), "3000000, 300000 kHz");
	test_folder_remove(root);
	tare_arena_free(arena);
}

/* What the kernel says of it comes before what the processor says. */
static void
names_the_hypervisor(void **state)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_machine_identity identity = identity_of_laptop();
	struct tare_environment environment;

	(void)state;
	identity.hypervisor = "KVMKVMKVM";
	tare_machine_describe(&environment, arena, laptop, &identity);
	assert_string_equal(tare_environment_get(&environment, "machine.hypervisor"), "KVMKVMKVM");
	tare_machine_describe(&environment, arena, "tests/machines/server", &identity);
	assert_string_equal(tare_environment_get(&environment, "machine.hypervisor"), "xen");
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
		cmocka_unit_test(reads_a_recorded_server),
		cmocka_unit_test(finds_the_disk_of_the_working_directory),
		cmocka_unit_test(a_machine_without_files_is_unknown_and_not_an_error),
		cmocka_unit_test(tells_cgroup_layouts_apart),
		cmocka_unit_test(finds_the_tightest_quota_of_all_levels),
		cmocka_unit_test(names_every_value_that_a_cpu_has),
		cmocka_unit_test(names_the_hypervisor),
		cmocka_unit_test(the_fingerprint_covers_what_matters_only),
		cmocka_unit_test(this_machine_has_a_kernel_and_a_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
