#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "runners/cgroup.h"
#include "runners/container_group.h"
#include "tests/support/files.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
knows_a_container_by_the_number_in_its_path(void **state)
{
	(void)state;
	assert_true(tare_container_group_is_own("/sys/fs/cgroup/docker/" ID));
	assert_true(tare_container_group_is_own("/sys/fs/cgroup/system.slice/docker-" ID ".scope"));
	assert_true(tare_container_group_is_own(
		"/sys/fs/cgroup/machine.slice/libpod-" ID ".scope/container"));
	assert_false(tare_container_group_is_own("/sys/fs/cgroup/system.slice/docker.service"));
	assert_false(tare_container_group_is_own("/sys/fs/cgroup/0123456789abcdef"));
	assert_false(tare_container_group_is_own("/"));
	assert_false(tare_container_group_is_own(""));
}

static void
has_none_of_a_process_that_is_not_there(void **state)
{
	struct tare_container_group group;

	(void)state;
	tare_container_group_open(&group, "test", 0);
	assert_string_equal(group.path, "");
	tare_container_group_close(&group);
	tare_container_group_open(&group, "test", 0x7ffffffe);
	assert_string_equal(group.path, "");
	assert_null(group.made);
	tare_container_group_close(&group);
}

/* Where that can be done: on a hybrid layout, as root. */
static void
makes_one_for_a_process_that_has_none(void **state)
{
	struct tare_container_group group;
	pid_t child = fork();
	char path[sizeof(group.path)];

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		pause();
		_exit(0);
	}
	tare_container_group_open(&group, "test", child);
	if (!*group.path) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		print_message("skipped: no cgroup without controllers can be made here\n");
		skip();
	}
	assert_int_equal(tare_cgroup_of(path, sizeof(path), child, NULL), TARE_OK);
	assert_string_equal(path, group.path);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	tare_container_group_close(&group);
	assert_int_not_equal(access(path, F_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_a_container_by_the_number_in_its_path),
		cmocka_unit_test(has_none_of_a_process_that_is_not_there),
		cmocka_unit_test(makes_one_for_a_process_that_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
