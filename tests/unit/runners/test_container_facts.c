#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/arena.h"
#include "harness/base/file.h"
#include "runners/container_facts.h"
#include "tests/support/files.h"

static const char status[] = "Name:\ttare-agent\n"
			     "CapEff:\t00000000a80425fb\n"
			     "NoNewPrivs:\t0\n"
			     "Seccomp:\t2\n"
			     "Seccomp_filters:\t1\n"
			     "Speculation_Store_Bypass:\tthread vulnerable\n"
			     "Cpus_allowed_list:\t1\n";
static const char limits[] = "Limit                     Soft Limit           Hard Limit    Units\n"
			     "Max open files            20000                20000         files\n";

struct fixture {
	struct tare_arena *arena;
	char *root;
	char *text;
	size_t len;
	FILE *out;
};

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->arena = tare_arena_new();
	fixture->root = test_folder_make();
	fixture->out = open_memstream(&fixture->text, &fixture->len);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	fclose(fixture->out);
	free(fixture->text);
	test_folder_remove(fixture->root);
	tare_arena_free(fixture->arena);
	free(fixture);
	return 0;
}

static void
put(struct fixture *fixture, const char *name, const char *text)
{
	test_file_put(fixture->root, tare_arena_printf(fixture->arena, "proc/42/%s", name), text);
}

static void
print(void *context, const char *key, const char *value)
{
	struct fixture *fixture = context;

	fprintf(fixture->out, "%s=%s\n", key, value);
}

static const char *
printed(struct fixture *fixture)
{
	fflush(fixture->out);
	return fixture->text;
}

static void
reads_the_limits_of_the_unified_hierarchy(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "status", status);
	put(fixture, "limits", limits);
	put(fixture, "root/sys/fs/cgroup/memory.max", "67108864\n");
	put(fixture, "root/sys/fs/cgroup/cpu.max", "50000 100000\n");
	put(fixture, "root/sys/fs/cgroup/pids.max", "4096\n");
	tare_container_limits(fixture->root, 42, "c.", print, fixture);
	assert_string_equal(printed(fixture),
		"c.memory=67108864\nc.cpu_quota=50000 100000\nc.pids=4096\nc.cpus=1\n"
		"c.nofile=20000\nc.seccomp=2\nc.seccomp_filters=1\nc.no_new_privs=0\n"
		"c.capabilities=00000000a80425fb\nc.ssb=thread vulnerable\n");
}

static void
reads_the_limits_of_the_old_hierarchies(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "root/sys/fs/cgroup/memory/memory.limit_in_bytes", "1048576\n");
	put(fixture, "root/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", "2097152\n");
	put(fixture, "root/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "5000\n");
	put(fixture, "root/sys/fs/cgroup/cpu/cpu.cfs_period_us", "10000\n");
	put(fixture, "root/sys/fs/cgroup/cpu/cpu.shares", "1024\n");
	tare_container_limits(fixture->root, 42, "", print, fixture);
	assert_string_equal(printed(fixture),
		"memory=1048576\nswap=2097152\ncpu_quota=5000 10000\ncpu_weight=1024\n");
}

static void
leaves_out_what_cannot_be_read(void **state)
{
	struct fixture *fixture = *state;
	uint64_t count = 7;

	tare_container_limits(fixture->root, 42, "", print, fixture);
	assert_string_equal(printed(fixture), "");
	assert_false(tare_container_oom_kills(&count, fixture->root, 42));
	assert_int_equal(count, 7);
}

static void
counts_what_was_killed_for_want_of_memory(void **state)
{
	struct fixture *fixture = *state;
	uint64_t count = 0;

	put(fixture, "root/sys/fs/cgroup/memory/memory.oom_control",
		"oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
	assert_true(tare_container_oom_kills(&count, fixture->root, 42));
	assert_int_equal(count, 3);
	put(fixture, "root/sys/fs/cgroup/memory.events", "low 0\noom 1\noom_kill 5\n");
	assert_true(tare_container_oom_kills(&count, fixture->root, 42));
	assert_int_equal(count, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			reads_the_limits_of_the_unified_hierarchy, setup, teardown),
		cmocka_unit_test_setup_teardown(
			reads_the_limits_of_the_old_hierarchies, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_out_what_cannot_be_read, setup, teardown),
		cmocka_unit_test_setup_teardown(
			counts_what_was_killed_for_want_of_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
