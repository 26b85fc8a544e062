/*
 * Whoever dies, and however: nothing of a run stays behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runners/cgroup.h"
#include "tests/support/files.h"
#include "tests/unit/runners/subject.h"

/* A child in another session and another one in the same, both of which write their numbers. */
#define FAMILY                                                                                 \
	"setsid sh -c 'echo $$ >far; exec sleep 60' & sh -c 'echo $$ >near; exec sleep 60' & " \
	"while ! grep -qs . far || ! grep -qs . near; do sleep 0.01; done; "

struct family {
	char *folder;
	char *far;
	char *near;
};

static int
setup(void **state)
{
	struct family *family = calloc(1, sizeof(*family));

	family->folder = test_folder_make();
	family->far = test_path(family->folder, "far");
	family->near = test_path(family->folder, "near");
	*state = family;
	return 0;
}

static int
teardown(void **state)
{
	struct family *family = *state;

	test_folder_remove(family->folder);
	free(family->far);
	free(family->near);
	free(family);
	return 0;
}

static bool
family_ends(const struct family *family)
{
	return subject_ends(subject_read_pid(family->far)) &&
	       subject_ends(subject_read_pid(family->near));
}

/* What a program may do to the process that started it, and what is said of that. */
static void
survives_what_a_program_does_to_its_agent(void **state)
{
	static const struct {
		const char *script;
		const char *text; /* behind "the agent (process N) " */
	} table[] = {
		{FAMILY "kill -KILL $PPID; sleep 60", "was killed by signal 9 (Killed)"},
		{FAMILY "kill -STOP $PPID; sleep 60",
			"was stopped by signal 19 (Stopped (signal))"},
		{FAMILY "kill -TERM $PPID; sleep 60", "was told to end by a signal"},
	};
	struct family *family = *state;
	struct tare_runner *runner = subject_open(NULL, NULL);

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct tare_case subject = subject_case(subject_shell(table[i].script));
		const struct tare_invocation invocation = {.subject = &subject,
			.program = &subject.program,
			.role = TARE_ROLE_MEASURED,
			.count = 1};
		struct tare_outcome outcome;
		struct tare_err err;
		uint32_t done = 5;
		int agent, len = 0;

		unlink(family->far);
		unlink(family->near);
		subject.program.cwd = family->folder;
		assert_int_equal(
			tare_runner_host.invoke(runner, &outcome, &done, &invocation, &err),
			TARE_FAILED);
		assert_int_equal(sscanf(err.text, "the agent (process %d) %n", &agent, &len), 1);
		assert_string_equal(err.text + len, table[i].text);
		assert_int_equal(done, 0);
		assert_true(family_ends(family));
		assert_true(subject_ends(agent));
		/* The next one finds another agent. */
		subject.program = subject_shell("exit 3");
		assert_int_equal(
			WEXITSTATUS(subject_measure_one(runner, &subject).record.exit_status), 3);
	}
	subject_close(runner);
}

static void
loses_services_with_their_agent_and_starts_them_again(void **state)
{
	const struct tare_service service = {.name = "db", .program = subject_shell("sleep 60")};
	struct tare_case subject = subject_case(subject_shell("kill -9 $PPID; sleep 60"));
	const struct tare_invocation invocation = {.subject = &subject,
		.program = &subject.program,
		.role = TARE_ROLE_MEASURED,
		.count = 1};
	struct tare_runner *runner = subject_open(NULL, NULL);
	const struct tare_runner_ops *ops = &tare_runner_host;
	struct tare_outcome outcome;
	uint32_t done, before, after;

	(void)state;
	assert_int_equal(ops->service_start(runner, &before, &service, "/dev/null", NULL), TARE_OK);
	assert_false(ops->service_is_lost(runner, before));
	assert_int_equal(ops->invoke(runner, &outcome, &done, &invocation, NULL), TARE_FAILED);
	assert_true(ops->service_is_lost(runner, before));
	assert_int_equal(ops->service_start(runner, &after, &service, "/dev/null", NULL), TARE_OK);
	/* A number is not used twice, so that nobody stops the service of another. */
	assert_int_not_equal(after, before);
	assert_true(ops->service_is_lost(runner, before));
	assert_int_equal(ops->service_stop(runner, before, NULL), TARE_OUTSIDE);
	assert_int_equal(ops->service_stop(runner, after, NULL), TARE_OK);
	subject_close(runner);
}

/* The parent of the tenth of a batch is killed: the nine before it were measured. */
static void
keeps_what_a_batch_had_finished_when_its_agent_was_killed(void **state)
{
	struct family *family = *state;
	struct tare_case subject = subject_case(
		subject_shell("echo x >>count; test $(wc -l <count) -lt 10 || kill -9 $PPID"));
	const struct tare_invocation invocation = {.subject = &subject,
		.program = &subject.program,
		.role = TARE_ROLE_MEASURED,
		.seq = 7,
		.count = 50,
		.budget_ns = 60000000000u};
	struct tare_outcome outcomes[50];
	struct tare_runner *runner = subject_open(NULL, NULL);
	uint32_t done;

	subject.program.cwd = family->folder;
	assert_int_equal(
		tare_runner_host.invoke(runner, outcomes, &done, &invocation, NULL), TARE_FAILED);
	assert_int_equal(done, 9);
	assert_int_equal(outcomes[0].record.seq, 7);
	assert_int_equal(outcomes[8].record.seq, 15);
	subject_close(runner);
}

/* Another process that uses the runner as tare does: a service, and a program that does not end. */
static pid_t
start_harness(const struct family *family)
{
	const char *service_log = "/dev/null";
	pid_t pid = fork();

	if (pid == 0) {
		struct tare_runner *runner = subject_open(NULL, NULL);
		struct tare_service service = {.name = "server",
			.program = subject_shell("echo $$ >server; sleep 60 & sleep 60")};
		struct tare_case subject = subject_case(
			subject_shell("echo $$ >main; echo $PPID >agent; " FAMILY "exec sleep 60"));
		uint32_t id;

		service.program.cwd = subject.program.cwd = family->folder;
		tare_runner_host.service_start(runner, &id, &service, service_log, NULL);
		subject_measure_one(runner, &subject);
		_exit(0);
	}
	return pid;
}

static void
leaves_nothing_when_the_harness_is_killed(void **state)
{
	static const char *const names[] = {"server", "main", "far", "near", "agent"};
	struct family *family = *state;
	pid_t harness = start_harness(family);
	pid_t pids[5];

	for (size_t i = 0; i < 5; i++) {
		char *path = test_path(family->folder, names[i]);

		pids[i] = subject_read_pid(path);
		free(path);
	}
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(kill(pids[i], 0), 0);
	kill(harness, SIGKILL);
	waitpid(harness, NULL, 0);
	for (size_t i = 0; i < 5; i++)
		assert_true(subject_ends(pids[i]));
}

static void
leaves_nothing_when_the_harness_just_exits(void **state)
{
	struct family *family = *state;
	pid_t harness = fork();
	char *path = test_path(family->folder, "server");

	if (harness == 0) {
		struct tare_runner *runner = subject_open(NULL, NULL);
		struct tare_service service = {.name = "server",
			.program = subject_shell(
				"trap '' TERM; echo $$ >new; mv new server; sleep 60"),
			.ready_kind = TARE_READY_FILE,
			.ready_path = "server",
			.ready_timeout_ns = 5000000000u};
		uint32_t id;

		service.program.cwd = family->folder;
		tare_runner_host.service_start(runner, &id, &service, "/dev/null", NULL);
		_exit(0);
	}
	waitpid(harness, NULL, 0);
	assert_true(subject_ends(subject_read_pid(path)));
	free(path);
}

static int
run_unprivileged(const struct family *family)
{
	struct tare_case subject = subject_case(subject_shell(FAMILY "exec sleep 60"));
	const struct tare_invocation invocation = {.subject = &subject,
		.program = &subject.program,
		.role = TARE_ROLE_MEASURED,
		.count = 1};
	struct tare_runner *runner;
	struct tare_outcome outcome;
	uint32_t done;

	if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
		return 1;
	/* What setuid() switched off: a child must be able to read its own /proc. */
	prctl(PR_SET_DUMPABLE, 1);
	subject.program.cwd = family->folder;
	subject.program.timeout_ns = 600000000;
	runner = subject_open(NULL, NULL);
	outcome = subject_measure_one(runner, &subject);
	if (outcome.record.flags != TARE_RECORD_TIMED_OUT || !family_ends(family))
		return 2;
	unlink(family->far);
	unlink(family->near);
	subject.program.argv = subject_shell(FAMILY "kill -9 $PPID; sleep 60").argv;
	if (tare_runner_host.invoke(runner, &outcome, &done, &invocation, NULL) != TARE_FAILED)
		return 3;
	subject_close(runner);
	return 0;
}

static void
needs_neither_privilege_nor_cgroup(void **state)
{
	struct family *family = *state;
	int status;
	pid_t pid;

	if (getuid() != 0) {
		print_message("skipped: all the other tests run without privilege already\n");
		skip();
	}
	if (system("su -s /bin/sh nobody -c 'test -x " TEST_AGENT "'") != 0) {
		print_message("skipped: the user nobody cannot reach " TEST_AGENT "\n");
		skip();
	}
	assert_int_equal(chmod(family->folder, 0777), 0);
	pid = fork();
	if (pid == 0)
		_exit(run_unprivileged(family));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(family_ends(family));
}

/* Each one forks the next and exits: whoever looks at the list of children is late. */
static void
catches_a_chain_of_processes_that_runs_away(void **state)
{
	struct family *family = *state;
	struct tare_case subject = subject_case(
		subject_shell("printf 'echo $$ >last\\n(sh ./hop &)\\n' >hop; sh ./hop"));
	struct tare_runner *runner = subject_open(NULL, NULL);
	char *path = test_path(family->folder, "last");
	struct tare_outcome outcome;

	subject.program.cwd = family->folder;
	outcome = subject_measure_one(runner, &subject);
	assert_int_equal(outcome.record.flags, TARE_RECORD_LEFTOVERS);
	/* Nobody writes any more. */
	unlink(path);
	usleep(50000);
	assert_int_equal(access(path, F_OK), -1);
	subject.program = subject_shell("exit 3");
	assert_int_equal(WEXITSTATUS(subject_measure_one(runner, &subject).record.exit_status), 3);
	subject_close(runner);
	free(path);
}

/* In another process: leaves a child behind, which must be killed, and measures once more after. */
static int
run_and_leave(const struct family *family, struct tare_runner *runner)
{
	struct tare_case subject = subject_case(subject_shell(FAMILY "exit 0"));
	struct tare_outcome outcome;

	subject.program.cwd = family->folder;
	outcome = subject_measure_one(runner, &subject);
	if (outcome.record.exit_status != 0 || outcome.record.flags != TARE_RECORD_LEFTOVERS)
		return 2;
	subject.program = subject_shell("exit 3");
	outcome = subject_measure_one(runner, &subject);
	if (WEXITSTATUS(outcome.record.exit_status) != 3 || outcome.record.flags != 0)
		return 3;
	subject_close(runner);
	return 0;
}

/* Nothing of /proc can be seen, so the agent finds no children: the cgroup ends it with them, and
 * another agent goes on. */
static int
run_without_proc(const struct family *family)
{
	struct tare_runner *runner;

	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return 99;
	runner = subject_open(NULL, NULL);
	if (mount("none", "/proc", "tmpfs", 0, NULL) != 0)
		return 99;
	return run_and_leave(family, runner);
}

/* The agent is PID 1 then, as in a container, and its /proc is that of another namespace. */
static int
run_as_first_process(const struct family *family)
{
	if (unshare(CLONE_NEWPID) != 0)
		return 99;
	return run_and_leave(family, subject_open(NULL, NULL));
}

static void
run_isolated(const struct family *family, int (*run)(const struct family *family))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run(family));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 99) {
		print_message("skipped: no namespaces of its own for this process\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
replaces_an_agent_that_cannot_kill(void **state)
{
	struct family *family = *state;
	struct tare_cgroup *cgroup;

	if (tare_cgroup_open(&cgroup, "probe", NULL) != TARE_OK) {
		print_message("skipped: no cgroup of its own for a run\n");
		skip();
	}
	tare_cgroup_close(cgroup);
	run_isolated(family, run_without_proc);
	assert_true(family_ends(family));
}

static void
serves_as_the_first_process_of_a_namespace(void **state)
{
	struct family *family = *state;

	run_isolated(family, run_as_first_process);
	/* The numbers in the files are those of the namespace. */
	assert_int_equal(access(family->far, F_OK), 0);
}

int
main(void)
{
#define with_family(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		with_family(survives_what_a_program_does_to_its_agent),
		with_family(loses_services_with_their_agent_and_starts_them_again),
		with_family(keeps_what_a_batch_had_finished_when_its_agent_was_killed),
		with_family(leaves_nothing_when_the_harness_is_killed),
		with_family(leaves_nothing_when_the_harness_just_exits),
		with_family(needs_neither_privilege_nor_cgroup),
		with_family(replaces_an_agent_that_cannot_kill),
		with_family(serves_as_the_first_process_of_a_namespace),
		with_family(catches_a_chain_of_processes_that_runs_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
