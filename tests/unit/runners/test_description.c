#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runners/description.h"
#include "tests/support/files.h"

static char *words[] = {(char[]){"gzip"}, (char[]){"-9"}, (char[]){""}, NULL};
static char *env[] = {(char[]){"PATH=/bin"}, (char[]){"EMPTY="}, NULL};

static struct tare_program
make_program(void)
{
	return (struct tare_program){.argv = words, .argc = 3, .env = env, .cwd = "/tmp"};
}

static const struct tare_sinks memory = {.errors_fd = 2, .capture_fd = 1};

static void
decodes_to_what_was_encoded(void **state)
{
	struct tare_program program = make_program();
	struct tare_description description = {0};
	struct tare_wire_view view;
	void *wire;

	(void)state;
	program.stdin_text = "x";
	assert_int_equal(tare_description_build(&description, &program, &memory, NULL), TARE_OK);
	wire = malloc(description.wire_len);
	memcpy(wire, description.bytes, description.wire_len);
	assert_true(tare_wire_program_decode(&view, wire, description.wire_len));
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(view.argv[i], words[i]);
	assert_null(view.argv[3]);
	assert_string_equal(view.envp[0], "PATH=/bin");
	assert_string_equal(view.envp[1], "EMPTY=");
	assert_null(view.envp[2]);
	assert_string_equal(view.cwd, "/tmp");
	assert_int_equal(view.flags, TARE_WIRE_REWIND_STDIN);
	free(wire);
	tare_description_free(&description);
}

static void
encodes_programs_without_environment_and_directory(void **state)
{
	struct tare_program program = {.argv = words, .argc = 3};
	struct tare_description description = {0};
	struct tare_wire_view view;

	(void)state;
	assert_int_equal(tare_description_build(&description, &program, &memory, NULL), TARE_OK);
	assert_true(tare_wire_program_decode(&view, description.bytes, description.wire_len));
	assert_null(view.envp[0]);
	assert_string_equal(view.cwd, ".");
	assert_int_equal(view.flags, 0);
	tare_description_free(&description);
}

/* Whether the two programs and sinks come to the same description. */
static bool
same(const struct tare_program *a, const struct tare_sinks *a_sinks, const struct tare_program *b,
	const struct tare_sinks *b_sinks)
{
	struct tare_description one = {0}, two = {0};
	bool equal;

	assert_int_equal(tare_description_build(&one, a, a_sinks, NULL), TARE_OK);
	assert_int_equal(tare_description_build(&two, b, b_sinks, NULL), TARE_OK);
	equal = tare_description_equal(&one, &two);
	tare_description_free(&one);
	tare_description_free(&two);
	return equal;
}

static void
differs_in_whatever_makes_a_difference(void **state)
{
	struct tare_program base = make_program(), other;
	struct tare_sinks logged = memory;
	char *fewer[] = {words[0], words[1], NULL};

	(void)state;
	other = base;
	other.timeout_ns = 5; /* is sent with each request */
	assert_true(same(&base, &memory, &other, &memory));
	other.argv = fewer;
	assert_false(same(&base, &memory, &other, &memory));
	other = base;
	other.env = fewer;
	assert_false(same(&base, &memory, &other, &memory));
	other = base;
	other.cwd = "/";
	assert_false(same(&base, &memory, &other, &memory));
	other = base;
	other.stdin_text = "";
	assert_false(same(&base, &memory, &other, &memory));
	other = base;
	other.stdin_path = "/dev/null";
	assert_false(same(&base, &memory, &other, &memory));
	assert_true(same(&other, &memory, &other, &memory));
	other = base;
	other.stdout_mode = TARE_OUTPUT_CAPTURE;
	assert_false(same(&base, &memory, &other, &memory));
	logged.log_path = "/dev/null";
	assert_false(same(&base, &memory, &base, &logged));
	logged.log_path = NULL;
	logged.with_output = true;
	assert_false(same(&base, &memory, &base, &logged));
}

static void
tells_a_replaced_file_from_the_one_before(void **state)
{
	char *folder = test_folder_make(), *path = test_path(folder, "in");
	char *moved = test_path(folder, "moved");
	struct tare_program program = make_program();
	struct tare_description before = {0}, after = {0};

	(void)state;
	program.cwd = folder;
	program.stdin_path = "in";
	/* Not there: equal to nothing, not even to itself. */
	assert_false(same(&program, &memory, &program, &memory));
	test_file_write(path, "1", 1);
	assert_true(same(&program, &memory, &program, &memory));
	assert_int_equal(tare_description_build(&before, &program, &memory, NULL), TARE_OK);
	assert_int_equal(rename(path, moved), 0);
	test_file_write(path, "2", 1);
	assert_int_equal(tare_description_build(&after, &program, &memory, NULL), TARE_OK);
	assert_false(tare_description_equal(&before, &after));
	tare_description_free(&before);
	tare_description_free(&after);
	free(path);
	free(moved);
	test_folder_remove(folder);
}

static void
refuses_arguments_past_all_measure(void **state)
{
	size_t len = TARE_WIRE_PROGRAM_MAX;
	char *big = malloc(len + 1);
	char *argv[] = {words[0], big, NULL};
	struct tare_program program = {.argv = argv, .argc = 2, .cwd = "/"};
	struct tare_description description = {0};
	struct tare_err err;

	(void)state;
	memset(big, 'x', len);
	big[len] = '\0';
	assert_int_equal(
		tare_description_build(&description, &program, &memory, &err), TARE_INVALID);
	assert_string_equal(err.text, "the arguments and environment of 'gzip' take 8388672 bytes, "
				      "expected at most 8388608");
	tare_description_free(&description);
	free(big);
}

static void
opens_what_the_program_is_given(void **state)
{
	char *folder = test_folder_make(), *log_path = test_path(folder, "log");
	const struct tare_sinks sinks = {.log_path = log_path, .with_output = true};
	struct tare_program program = make_program();
	struct tare_description description = {0};
	int fds[TARE_WIRE_PROGRAM_FDS];
	struct stat about;
	char text[8] = "";

	(void)state;
	program.stdin_text = "hello";
	assert_int_equal(tare_description_build(&description, &program, &sinks, NULL), TARE_OK);
	assert_int_equal(tare_description_open(fds, &description, &program, &sinks, NULL), TARE_OK);
	assert_int_equal(fstat(fds[0], &about), 0);
	assert_int_equal(about.st_size, description.wire_len);
	assert_int_equal(read(fds[1], text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	/* No program may change what the next invocation reads. */
	assert_int_equal(write(fds[1], "x", 1), -1);
	assert_int_equal(write(fds[2], "out ", 4), 4);
	assert_int_equal(write(fds[3], "err", 3), 3);
	char *log = test_file_read(log_path, NULL);

	assert_string_equal(log, "out err");
	free(log);
	for (int i = 0; i < TARE_WIRE_PROGRAM_FDS; i++)
		close(fds[i]);
	tare_description_free(&description);
	free(log_path);
	test_folder_remove(folder);
}

static void
does_not_wait_for_the_other_end_of_a_pipe(void **state)
{
	char *folder = test_folder_make(), *path = test_path(folder, "fifo");
	struct tare_program program = make_program();
	struct tare_description description = {0};
	int fds[TARE_WIRE_PROGRAM_FDS];
	struct tare_err err;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	program.cwd = folder;
	program.stdin_path = "fifo";
	assert_int_equal(tare_description_build(&description, &program, &memory, NULL), TARE_OK);
	assert_int_equal(
		tare_description_open(fds, &description, &program, &memory, NULL), TARE_OK);
	for (int i = 0; i < TARE_WIRE_PROGRAM_FDS; i++)
		close(fds[i]);
	program.stdin_path = NULL;
	program.stdout_mode = TARE_OUTPUT_FILE;
	program.stdout_path = "fifo";
	errno = 0;
	assert_int_equal(
		tare_description_open(fds, &description, &program, &memory, &err), TARE_FAILED);
	assert_int_equal(errno, ENXIO);
	assert_string_equal(err.text, "cannot open 'fifo': No such device or address");
	tare_description_free(&description);
	free(path);
	test_folder_remove(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_to_what_was_encoded),
		cmocka_unit_test(encodes_programs_without_environment_and_directory),
		cmocka_unit_test(differs_in_whatever_makes_a_difference),
		cmocka_unit_test(tells_a_replaced_file_from_the_one_before),
		cmocka_unit_test(refuses_arguments_past_all_measure),
		cmocka_unit_test(opens_what_the_program_is_given),
		cmocka_unit_test(does_not_wait_for_the_other_end_of_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
