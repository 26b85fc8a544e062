#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runners/link.h"
#include "tests/support/files.h"
#include "tests/unit/runners/subject.h"

static struct tare_link *
open_link(void)
{
	struct tare_link *link = NULL;

	assert_int_equal(tare_link_open(&link, TEST_AGENT, NULL, NULL), TARE_OK);
	return link;
}

static void
finds_the_agent_where_it_is_told_to(void **state)
{
	char path[PATH_MAX], own[PATH_MAX] = "", expected[3 * PATH_MAX];
	struct tare_err err;

	(void)state;
	assert_true(readlink("/proc/self/exe", own, sizeof(own) - 1) > 0);
	*strrchr(own, '/') = '\0';
	unsetenv("TARE_AGENT");
	assert_int_equal(tare_agent_find(path, sizeof(path), TEST_AGENT, NULL), TARE_OK);
	assert_string_equal(path, TEST_AGENT);
	setenv("TARE_AGENT", TEST_AGENT, 1);
	assert_int_equal(tare_agent_find(path, sizeof(path), NULL, NULL), TARE_OK);
	assert_string_equal(path, TEST_AGENT);
	setenv("TARE_AGENT", "/no/such", 1);
	assert_int_equal(tare_agent_find(path, sizeof(path), NULL, &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, "cannot execute the agent '/no/such', which TARE_AGENT "
				      "names: No such file or directory");
	assert_int_equal(tare_agent_find(path, 4, TEST_AGENT, &err), TARE_UNSUPPORTED);
	unsetenv("TARE_AGENT");
	/* This test is not installed with one. */
	assert_int_equal(tare_agent_find(path, sizeof(path), NULL, &err), TARE_UNSUPPORTED);
	snprintf(expected, sizeof(expected),
		"there is no program 'tare-agent' in '%s' or '%s/../libexec/tare'; install all of "
		"tare, or set TARE_AGENT to its path",
		own, own);
	assert_string_equal(err.text, expected);
}

static void
finds_the_agent_beside_the_executable_and_in_libexec(void **state)
{
	static const char *const places[] = {"bin/tare-agent", "libexec/tare/tare-agent"};
	char *folder = test_folder_make();
	char command[4 * PATH_MAX];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		/* This program, moved there, says what it finds. */
		snprintf(command, sizeof(command),
			"cd %s && rm -rf bin libexec && mkdir -p bin libexec/tare && "
			"cp /proc/%d/exe bin/test && cp %s %s && "
			"test \"$(readlink -f \"$(bin/test find)\")\" = \"$(pwd -P)/%s\"",
			folder, (int)getpid(), TEST_AGENT, places[i], places[i]);
		assert_int_equal(system(command), 0);
	}
	test_folder_remove(folder);
}

static void
says_what_is_wrong_with_another_program_as_agent(void **state)
{
	struct tare_link *link;
	struct tare_err err;
	int pid = 0, status = 0;

	(void)state;
	assert_int_equal(tare_link_open(&link, "/no/such", NULL, &err), TARE_OUTSIDE);
	assert_string_equal(
		err.text, "cannot start the agent '/no/such': No such file or directory");
	assert_int_equal(tare_link_open(&link, "/bin/false", NULL, &err), TARE_OUTSIDE);
	assert_int_equal(sscanf(err.text,
				 "the agent did not start: the agent (process %d) ended with "
				 "status %d",
				 &pid, &status),
		2);
	assert_int_equal(status, 1);
}

static void
refuses_requests_that_make_no_sense(void **state)
{
	static const struct {
		struct tare_wire_request request;
		int fd_count;
		int error;
	} table[] = {
		{{.op = TARE_WIRE_OP_COUNT}, 0, EPROTO},
		{{.op = TARE_WIRE_HELLO}, 0, EPROTO},
		{{.op = TARE_WIRE_DEFINE, .slot = TARE_WIRE_SLOTS}, 4, EPROTO},
		{{.op = TARE_WIRE_DEFINE}, 0, EPROTO},
		{{.op = TARE_WIRE_DEFINE}, 3, EINVAL},
		{{.op = TARE_WIRE_DEFINE}, 4, EINVAL}, /* no description in it */
		{{.op = TARE_WIRE_PENDING}, 1, EINVAL},
		{{.op = TARE_WIRE_STATUS}, 1, EPROTO},
		{{.op = TARE_WIRE_STATUS, .service = 5}, 0, ESRCH},
		{{.op = TARE_WIRE_STOP, .service = 5}, 0, ESRCH},
		{{.op = TARE_WIRE_RUN, .slot = 2, .count = 1}, 0, EINVAL},
		{{.op = TARE_WIRE_RUN, .slot = 2}, 0, EPROTO},
		{{.op = TARE_WIRE_START, .slot = 2}, 0, EINVAL},
	};
	struct tare_link *link = open_link();
	const int fds[] = {0, 0, 0, 0};
	struct tare_wire_reply reply;

	(void)state;
	/* More often than descriptors would last. */
	for (int round = 0; round < 300; round++) {
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
			assert_int_equal(tare_link_call(link, &reply, &table[i].request, fds,
						 (size_t)table[i].fd_count, NULL, NULL),
				TARE_OK);
			assert_int_equal(reply.op, table[i].request.op);
			assert_int_equal(reply.step, TARE_STEP_REQUEST);
			assert_int_equal(reply.error, table[i].error);
		}
	}
	tare_link_close(link);
}

static void
tells_a_dead_agent_from_a_slow_one(void **state)
{
	const struct tare_wire_request request = {.op = TARE_WIRE_STATUS};
	struct tare_link *link = open_link();
	struct tare_wire_reply reply;
	pid_t pid = tare_link_pid(link);
	struct tare_err err;
	char expected[80];

	(void)state;
	assert_int_equal(tare_link_call(link, &reply, &request, NULL, 0, NULL, &err), TARE_OK);
	kill(pid, SIGKILL);
	assert_int_equal(tare_link_call(link, &reply, &request, NULL, 0, NULL, &err), TARE_FAILED);
	snprintf(expected, sizeof(expected),
		"the agent (process %d) was killed by signal 9 (Killed)", (int)pid);
	assert_string_equal(err.text, expected);
	assert_int_equal(tare_link_call(link, &reply, &request, NULL, 0, NULL, &err), TARE_FAILED);
	assert_string_equal(err.text, "the agent is gone");
	tare_link_close(link);
}

static void
does_not_wait_for_an_agent_that_was_stopped(void **state)
{
	const struct tare_wire_request request = {.op = TARE_WIRE_STATUS};
	struct tare_link *link = open_link();
	struct tare_wire_reply reply;
	pid_t pid = tare_link_pid(link);
	struct tare_err err;
	char expected[96];

	(void)state;
	kill(pid, SIGSTOP);
	assert_int_equal(tare_link_call(link, &reply, &request, NULL, 0, NULL, &err), TARE_FAILED);
	snprintf(expected, sizeof(expected),
		"the agent (process %d) was stopped by signal %d (Stopped (signal))", (int)pid,
		SIGSTOP);
	assert_string_equal(err.text, expected);
	assert_int_equal(kill(pid, 0), -1);
	tare_link_close(link);
}

static void
ends_the_agent_when_it_closes(void **state)
{
	struct tare_link *link = open_link();
	pid_t pid = tare_link_pid(link);

	(void)state;
	tare_link_close(link);
	assert_int_equal(kill(pid, 0), -1);
	tare_link_close(NULL);
}

static void
lets_the_agent_end_when_told_by_a_signal(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct tare_link *link = open_link();

		kill(tare_link_pid(link), signals[i]);
		assert_true(subject_ends(tare_link_pid(link)));
		tare_link_close(link);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_agent_where_it_is_told_to),
		cmocka_unit_test(finds_the_agent_beside_the_executable_and_in_libexec),
		cmocka_unit_test(says_what_is_wrong_with_another_program_as_agent),
		cmocka_unit_test(refuses_requests_that_make_no_sense),
		cmocka_unit_test(tells_a_dead_agent_from_a_slow_one),
		cmocka_unit_test(does_not_wait_for_an_agent_that_was_stopped),
		cmocka_unit_test(ends_the_agent_when_it_closes),
		cmocka_unit_test(lets_the_agent_end_when_told_by_a_signal),
	};
	char path[PATH_MAX];

	if (argc == 2 && strcmp(argv[1], "find") == 0) {
		unsetenv("TARE_AGENT");
		return tare_agent_find(path, sizeof(path), NULL, NULL) != TARE_OK || puts(path) < 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
