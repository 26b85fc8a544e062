#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "runners/process.h"
#include "tests/support/files.h"

static const uint64_t patient_ns = 60000000000u;

static int
setup(void **state)
{
	*state = tare_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	tare_arena_free(*state);
	return 0;
}

static void
gives_both_streams_and_the_exit_code(void **state)
{
	static const char *const argv[] = {
		"sh", "-c", "cat; echo out; echo oops >&2; exit 3", NULL};
	char *folder = test_folder_make();
	char *log = test_path(folder, "log"), *text;
	const struct tare_process process = {
		.argv = argv, .timeout_ns = patient_ns, .log_path = log};
	struct tare_process_result result;

	assert_int_equal(tare_process_run(&result, *state, &process, NULL), TARE_OK);
	assert_int_equal(result.exit_code, 3);
	assert_int_equal(result.error, 0);
	assert_string_equal(result.out, "out\n");
	assert_string_equal(result.errors, "oops\n");
	assert_true(result.took_ns > 0);
	text = test_file_read(log, NULL);
	assert_string_equal(text, "out\noops\n");
	free(text);
	free(log);
	test_folder_remove(folder);
}

static void
says_that_a_program_is_not_there(void **state)
{
	static const char *const argv[] = {"no-such-program-here", NULL};
	const struct tare_process process = {.argv = argv, .timeout_ns = patient_ns};
	struct tare_process_result result;

	assert_int_equal(tare_process_run(&result, *state, &process, NULL), TARE_OK);
	assert_int_equal(result.exit_code, 127);
	assert_int_equal(result.error, ENOENT);
	assert_string_equal(result.out, "");
}

static void
reports_a_signal_as_a_shell_does(void **state)
{
	static const char *const argv[] = {"sh", "-c", "kill -9 $$", NULL};
	const struct tare_process process = {.argv = argv, .timeout_ns = patient_ns};
	struct tare_process_result result;

	assert_int_equal(tare_process_run(&result, *state, &process, NULL), TARE_OK);
	assert_int_equal(result.exit_code, 128 + SIGKILL);
}

static void
kills_what_takes_too_long(void **state)
{
	static const char *const argv[] = {"sleep", "1000", NULL};
	const struct tare_process process = {.argv = argv, .timeout_ns = 1};
	struct tare_process_result result;
	struct tare_err err = {0};

	assert_int_equal(tare_process_run(&result, *state, &process, &err), TARE_OUTSIDE);
	assert_string_equal(err.text, "'sleep 1000' did not end within 0 s and was killed");
}

static volatile sig_atomic_t interrupted;

static void
on_child(int number)
{
	(void)number;
	interrupted++;
}

/* Again and again, since the first signal may come before the flag is looked at. */
static void
ends_with_an_interruption(void **state)
{
	static const char *const argv[] = {
		"sh", "-c", "while :; do kill -USR1 $PPID; sleep 0.1; done", NULL};
	const struct tare_process process = {
		.argv = argv, .timeout_ns = patient_ns, .interrupted = &interrupted};
	struct tare_process_result result;
	struct tare_err err = {0};

	signal(SIGUSR1, on_child);
	assert_int_equal(tare_process_run(&result, *state, &process, &err), TARE_INTERRUPTED);
	assert_string_equal(err.text, "interrupted");
	signal(SIGUSR1, SIG_DFL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			gives_both_streams_and_the_exit_code, setup, teardown),
		cmocka_unit_test_setup_teardown(says_that_a_program_is_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(reports_a_signal_as_a_shell_does, setup, teardown),
		cmocka_unit_test_setup_teardown(kills_what_takes_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_with_an_interruption, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
