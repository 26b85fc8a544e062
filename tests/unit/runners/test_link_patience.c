/*
 * How long the link waits, and for whom: the agent of these tests answers only what is cancelled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "runners/host.h"
#include "runners/link.h"
#include "runners/tally.h"

enum { HANGS_AFTER_S = 100 };

static volatile sig_atomic_t interruptions;

static void
interrupt(int number)
{
	(void)number;
	interruptions++;
}

static int
setup(void **state)
{
	const struct sigaction action = {.sa_handler = interrupt};

	(void)state;
	interruptions = 0;
	sigaction(SIGUSR1, &action, NULL);
	alarm(HANGS_AFTER_S);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	alarm(0);
	return 0;
}

static struct tare_link *
open_link(void)
{
	struct tare_link *link = NULL;

	assert_int_equal(tare_link_open(&link, TEST_WAITING_AGENT, NULL, NULL), TARE_OK);
	return link;
}

static void
waits_for_an_agent_that_kills_what_it_started(void **state)
{
	const struct tare_link_wait wait = {.interrupted = &interruptions};
	const struct tare_wire_request status = {.op = TARE_WIRE_STATUS};
	const struct tare_wire_request stop = {.op = TARE_WIRE_STOP};
	struct tare_link *link = open_link();
	struct tare_wire_reply reply = {0};
	pid_t pid = tare_link_pid(link);
	struct tare_err err = {0};
	char expected[80];

	(void)state;
	assert_int_equal(tare_link_call(link, &reply, &status, NULL, 0, &wait, &err), TARE_OK);
	assert_int_equal(reply.flags, TARE_WIRE_CANCELLED);
	assert_int_equal(tare_link_call(link, &reply, &stop, NULL, 0, &wait, &err), TARE_FAILED);
	snprintf(
		expected, sizeof(expected), "the agent (process %d) ended with status 7", (int)pid);
	assert_string_equal(err.text, expected);
	tare_link_close(link);
}

static void
an_interruption_ends_waiting_for_events_to_be_taken(void **state)
{
	const struct tare_link_wait wait = {.interrupted = &interruptions};
	struct tare_link *link = open_link();
	struct tare_tally tally;

	(void)state;
	tare_tally_open(&tally);
	tally.attachment.fds[0] = dup(STDIN_FILENO);
	tally.attachment.count = 1;
	assert_int_equal(tare_tally_detach(&tally, link, &wait, NULL), TARE_OK);
	assert_int_equal(interruptions, 1);
	tare_tally_close(&tally);
	tare_link_close(link);
}

static void
an_interruption_ends_waiting_for_an_agent_that_begins(void **state)
{
	const struct tare_runner_options options = {.run_id = "20260102-030405-a1b2",
		.agent_path = TEST_WAITING_AGENT,
		.interrupted = &interruptions};
	struct tare_runner *runner = NULL;

	(void)state;
	assert_int_equal(tare_host_open(&runner, &options, NULL), TARE_OK);
	assert_int_equal(interruptions, 1);
	tare_host_close(runner);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			waits_for_an_agent_that_kills_what_it_started, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_interruption_ends_waiting_for_events_to_be_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_interruption_ends_waiting_for_an_agent_that_begins, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
