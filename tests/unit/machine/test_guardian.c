#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/machine/guardian.h"
#include "tests/support/files.h"
#include "tests/unit/machine/tree.h"

static const char turbo_path[] = "sys/devices/system/cpu/intel_pstate/no_turbo";

enum { AT_ONCE, KEPT, ENDED };

static void
expect_turbo(const char *root, const char *expected)
{
	char *text = tree_read(root, turbo_path);

	assert_string_equal(text, expected);
	free(text);
}

/* Waits until nobody has the lock any more: a guardian has it until it has done its work. */
static void
wait_for_guardian(const char *root)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char *path = test_path(root, "run/tare/tune.lock");
	int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_OFD_SETLKW, &lock), 0);
	close(fd);
	free(path);
}

/* A process that turns turbo off and dies: leaving it, having said that it stays, or in order. */
static void
tune_and_die(const char *root, int how, int number)
{
	struct tare_tune_wish wish = {.knob = tare_knob_find("turbo")};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct tare_tune_place place = {.root = root, .housekeeping = "0", .guarded = true};
		struct tare_arena *arena = tare_arena_new();
		struct tare_tune_plan plan;
		struct tare_tune *tune;
		size_t count;

		if (tare_tune_begin(&tune, &count, &place, NULL) != TARE_OK ||
			tare_tune_plan_make(&plan, arena, &place, &wish, 1, false, NULL) !=
				TARE_OK ||
			tare_tune_apply(tune, &plan, NULL) != TARE_OK)
			_exit(1);
		if (how == KEPT && tare_tune_keep(tune, NULL) != TARE_OK)
			_exit(1);
		if (how == ENDED && tare_tune_end(tune, NULL) != TARE_OK)
			_exit(1);
		raise(number);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	wait_for_guardian(root);
}

static void
puts_back_what_a_killed_process_left(void **state)
{
	static const int numbers[] = {SIGKILL, SIGTERM, SIGINT, SIGABRT};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char *root = tree_copy("workstation");

		tune_and_die(root, AT_ONCE, numbers[i]);
		expect_turbo(root, "0");
		assert_false(tree_has_journal(root));
		test_folder_remove(root);
	}
}

static void
leaves_what_is_to_stay(void **state)
{
	char *root = tree_copy("workstation");

	(void)state;
	tune_and_die(root, KEPT, SIGKILL);
	expect_turbo(root, "1");
	assert_true(tree_has_journal(root));
	test_folder_remove(root);
}

static void
has_nothing_to_do_after_an_end_in_order(void **state)
{
	char *root = tree_copy("workstation");

	(void)state;
	tune_and_die(root, ENDED, SIGKILL);
	expect_turbo(root, "0");
	assert_false(tree_has_journal(root));
	test_folder_remove(root);
}

/* What a terminal and a service manager send reaches all of a group, and may come at once. */
static void
is_deaf_to_signals_and_in_a_group_of_its_own(void **state)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE};
	struct tare_tune_place place = {.root = "tests/machines/workstation"};
	struct tare_guardian guardian = {0};
	char path[64], *text, *blocked;
	unsigned long long mask;
	int lock_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(tare_guardian_start(&guardian, &place, lock_fd, NULL), TARE_OK);
	assert_int_equal(getpgid(guardian.pid), guardian.pid);
	assert_int_equal(getsid(guardian.pid), getsid(0));
	snprintf(path, sizeof(path), "/proc/%ld/status", (long)guardian.pid);
	text = test_file_read(path, NULL);
	blocked = strstr(text, "SigBlk:");
	assert_non_null(blocked);
	mask = strtoull(blocked + strlen("SigBlk:"), NULL, 16);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_true(mask >> (numbers[i] - 1) & 1);
	free(text);
	tare_guardian_dismiss(&guardian);
	assert_int_equal(guardian.pid, 0);
	tare_guardian_dismiss(&guardian);
	close(lock_fd);
}

static void
one_that_was_killed_does_no_harm(void **state)
{
	struct tare_tune_place place = {.root = "tests/machines/workstation"};
	struct tare_guardian guardian = {0};
	siginfo_t info;
	int lock_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(tare_guardian_start(&guardian, &place, lock_fd, NULL), TARE_OK);
	assert_int_equal(kill(guardian.pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)guardian.pid, &info, WEXITED | WNOWAIT), 0);
	tare_guardian_dismiss(&guardian);
	assert_int_equal(guardian.pid, 0);
	close(lock_fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_back_what_a_killed_process_left),
		cmocka_unit_test(leaves_what_is_to_stay),
		cmocka_unit_test(has_nothing_to_do_after_an_end_in_order),
		cmocka_unit_test(is_deaf_to_signals_and_in_a_group_of_its_own),
		cmocka_unit_test(one_that_was_killed_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
