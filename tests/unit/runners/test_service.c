#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runners/service.h"
#include "tests/support/files.h"
#include "tests/unit/runners/subject.h"

static volatile sig_atomic_t interrupted;

struct fixture {
	struct tare_runner *runner;
	char *folder;
	char *log_path;
	struct tare_service service;
};

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	interrupted = 0;
	fixture->folder = test_folder_make();
	fixture->log_path = test_path(fixture->folder, "db.log");
	fixture->runner = subject_open(NULL, &interrupted);
	fixture->service = (struct tare_service){
		.name = "db", .ready_timeout_ns = 5000000000u, .stop_timeout_ns = 5000000000u};
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	subject_close(fixture->runner);
	test_folder_remove(fixture->folder);
	free(fixture->log_path);
	free(fixture);
	return 0;
}

static void
script(struct fixture *fixture, const char *text)
{
	fixture->service.program = subject_shell(text);
	fixture->service.program.cwd = fixture->folder;
	fixture->service.program.timeout_ns = 0;
}

static pid_t
pid_in(const struct fixture *fixture, const char *name)
{
	char *path = test_path(fixture->folder, name);
	pid_t pid = subject_read_pid(path);

	free(path);
	return pid;
}

static bool
exists(const struct fixture *fixture, const char *name)
{
	char *path = test_path(fixture->folder, name);
	bool found = access(path, F_OK) == 0;

	free(path);
	return found;
}

static uint32_t
start(struct fixture *fixture)
{
	struct tare_err err = {0};
	uint32_t id = 99;

	if (tare_runner_host.service_start(
		    fixture->runner, &id, &fixture->service, fixture->log_path, &err) != TARE_OK)
		print_message("%s\n", err.text);
	assert_int_equal(err.status, TARE_OK);
	return id;
}

static void
stop(struct fixture *fixture, uint32_t id)
{
	struct tare_err err = {0};

	if (tare_runner_host.service_stop(fixture->runner, id, &err) != TARE_OK)
		print_message("%s\n", err.text);
	assert_int_equal(err.status, TARE_OK);
}

static void
refuses(struct fixture *fixture, enum tare_status status, const char *format)
{
	char expected[2 * PATH_MAX];
	struct tare_err err = {0};
	uint32_t id;

	assert_int_equal(tare_runner_host.service_start(
				 fixture->runner, &id, &fixture->service, fixture->log_path, &err),
		status);
	snprintf(expected, sizeof(expected), "%s", format);
	if (strstr(format, "LOG"))
		snprintf(expected, sizeof(expected), "%.*s%s%s",
			(int)(strstr(format, "LOG") - format), format, fixture->log_path,
			strstr(format, "LOG") + 3);
	assert_string_equal(err.text, expected);
}

static void
keeps_the_log_and_stops_politely(void **state)
{
	struct fixture *fixture = *state;
	uint32_t id;
	char *text;

	script(fixture, "trap 'echo bye >&2; exit 0' TERM; echo hello; : >up; "
			"while :; do :; done");
	fixture->service.ready_kind = TARE_READY_FILE;
	fixture->service.ready_path = "up";
	id = start(fixture);
	assert_true(exists(fixture, "up"));
	stop(fixture, id);
	text = test_file_read(fixture->log_path, NULL);
	assert_string_equal(text, "hello\nbye\n");
	free(text);
}

static void
needs_no_check_of_readiness(void **state)
{
	struct fixture *fixture = *state;
	uint32_t id;

	script(fixture, "echo $$ >pid; exec sleep 60");
	id = start(fixture);
	stop(fixture, id);
}

static void
kills_what_does_not_stop(void **state)
{
	struct fixture *fixture = *state;
	uint32_t id;

	script(fixture, "trap '' TERM; setsid sh -c 'echo $$ >far; exec sleep 60' & "
			"echo $$ >main; sh -c 'echo $$ >near; exec sleep 60'");
	fixture->service.ready_kind = TARE_READY_FILE;
	fixture->service.ready_path = "near";
	fixture->service.stop_timeout_ns = 50000000;
	id = start(fixture);
	pid_in(fixture, "far");
	stop(fixture, id);
	assert_true(subject_ends(pid_in(fixture, "main")));
	assert_true(subject_ends(pid_in(fixture, "near")));
	assert_true(subject_ends(pid_in(fixture, "far")));
}

static void
waits_for_a_command(void **state)
{
	struct fixture *fixture = *state;
	struct tare_program command = subject_shell("echo asked; test -e up");

	script(fixture, "sleep 0.1; touch up; sleep 60");
	command.cwd = fixture->folder;
	fixture->service.ready_kind = TARE_READY_COMMAND;
	fixture->service.ready_command = &command;
	stop(fixture, start(fixture));
	char *text = test_file_read(fixture->log_path, NULL);

	assert_memory_equal(text, "asked\nasked\n", 12);
	free(text);
}

static void
does_not_wait_forever_for_a_command(void **state)
{
	struct fixture *fixture = *state;
	struct tare_program command = subject_shell("sleep 60");

	script(fixture, "echo $$ >pid; exec sleep 60");
	command.timeout_ns = 0;
	fixture->service.ready_kind = TARE_READY_COMMAND;
	fixture->service.ready_command = &command;
	fixture->service.ready_timeout_ns = 500000000;
	refuses(fixture, TARE_FAILED,
		"service 'db' was not ready within 0.5 s; its log 'LOG' is empty");
	assert_true(subject_ends(pid_in(fixture, "pid")));
	command = subject_program((const char *const[]){"no-such-command", NULL});
	refuses(fixture, TARE_FAILED, "cannot find 'no-such-command' on PATH");
}

/* This program serves as a server: "tcp PORT" or "unix PATH". */
static int
serve(const char *kind, const char *where)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(where, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	bool tcp = strcmp(kind, "tcp") == 0;
	int fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM, 0), on = 1;

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", where);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	usleep(50000);
	if (bind(fd, tcp ? (const struct sockaddr *)&in : (const struct sockaddr *)&un,
		    tcp ? sizeof(in) : sizeof(un)) != 0 ||
		listen(fd, 5) != 0)
		return 1;
	for (;;)
		close(accept(fd, NULL, NULL));
}

static uint16_t
free_port(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	close(fd);
	return ntohs(in.sin_port);
}

static void
be_server(struct fixture *fixture, const char *kind, const char *where)
{
	char exe[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	assert_true(len > 0);
	exe[len] = '\0';
	fixture->service.program = subject_program((const char *const[]){exe, kind, where, NULL});
	fixture->service.program.cwd = fixture->folder;
}

static void
waits_for_a_tcp_port(void **state)
{
	struct fixture *fixture = *state;
	char port[16];
	uint32_t id;

	fixture->service.ready_kind = TARE_READY_TCP;
	fixture->service.ready_port = free_port();
	snprintf(port, sizeof(port), "%u", (unsigned)fixture->service.ready_port);
	be_server(fixture, "tcp", port);
	assert_false(tare_service_answers(&fixture->service));
	id = start(fixture);
	assert_true(tare_service_answers(&fixture->service));
	fixture->service.ready_host = "localhost";
	assert_true(tare_service_answers(&fixture->service));
	stop(fixture, id);
	assert_false(tare_service_answers(&fixture->service));
}

static void
waits_for_a_unix_socket_however_long_its_path(void **state)
{
	struct fixture *fixture = *state;
	char dir[PATH_MAX], path[2 * PATH_MAX];

	snprintf(dir, sizeof(dir),
		"%s/a-folder-with-a-name-of-some-length/and-another-one-inside-"
		"of-it/so-that-a-socket-address-cannot-hold-it",
		fixture->folder);
	snprintf(path, sizeof(path), "mkdir -p %s", dir);
	assert_int_equal(system(path), 0);
	be_server(fixture, "unix", "sock");
	fixture->service.program.cwd = dir;
	fixture->service.ready_kind = TARE_READY_UNIX;
	fixture->service.ready_path = "sock";
	stop(fixture, start(fixture));
	/* The file is still there, and nobody behind it. */
	snprintf(path, sizeof(path), "%s/sock", dir);
	assert_int_equal(access(path, F_OK), 0);
	fixture->service.ready_path = path;
	assert_false(tare_service_answers(&fixture->service));
}

static void
refuses_an_address_at_which_another_answers(void **state)
{
	struct fixture *fixture = *state;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char expected[160];

	fixture->service.ready_kind = TARE_READY_TCP;
	fixture->service.ready_port = free_port();
	in.sin_port = htons(fixture->service.ready_port);
	assert_int_equal(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(fd, 5), 0);
	script(fixture, "touch started; sleep 60");
	snprintf(expected, sizeof(expected),
		"something answers at 127.0.0.1:%u before service 'db' was started; stop it, or "
		"choose another port",
		(unsigned)fixture->service.ready_port);
	refuses(fixture, TARE_FAILED, expected);
	assert_false(exists(fixture, "started"));
	close(fd);
}

static void
says_how_a_service_ended_before_it_was_ready(void **state)
{
	struct fixture *fixture = *state;

	script(fixture, "for i in 1 2 3 4 5; do echo line $i; done; printf '\\033[1mno config\\n' "
			">&2; exit 3");
	fixture->service.ready_kind = TARE_READY_FILE;
	fixture->service.ready_path = "up";
	refuses(fixture, TARE_FAILED,
		"service 'db' exited with status 3 before it was ready; its log 'LOG' ends: "
		"line 3\\nline 4\\nline 5\\n\\x1b[1mno config");
	script(fixture, "kill -SEGV $$");
	unlink(fixture->log_path);
	refuses(fixture, TARE_FAILED,
		"service 'db' was killed by signal 11 before it was ready; its log 'LOG' is empty");
}

static void
says_that_a_service_could_not_be_started(void **state)
{
	struct fixture *fixture = *state;

	fixture->service.program = subject_program((const char *const[]){"no-such-server", NULL});
	refuses(fixture, TARE_FAILED, "service 'db': cannot find 'no-such-server' on PATH");
	fixture->service.program = subject_program((const char *const[]){"/etc/passwd", NULL});
	refuses(fixture, TARE_FAILED,
		"service 'db': cannot execute '/etc/passwd': Permission denied");
}

static void
says_when_a_service_ended_before_it_was_stopped(void **state)
{
	struct fixture *fixture = *state;
	char expected[PATH_MAX + 128];
	struct tare_err err;
	uint32_t id;

	script(fixture, "echo $$ >pid; while ! test -e end; do sleep 0.01; done; "
			"echo out of luck; exit 9");
	fixture->service.ready_kind = TARE_READY_FILE;
	fixture->service.ready_path = "pid";
	id = start(fixture);
	char *path = test_path(fixture->folder, "end");

	test_file_write(path, "", 0);
	free(path);
	assert_true(subject_ends(pid_in(fixture, "pid")));
	assert_int_equal(tare_runner_host.service_stop(fixture->runner, id, &err), TARE_FAILED);
	snprintf(expected, sizeof(expected),
		"service 'db' exited with status 9 before it was stopped; its log '%s' ends: out "
		"of luck",
		fixture->log_path);
	assert_string_equal(err.text, expected);
	assert_int_equal(tare_runner_host.service_stop(fixture->runner, id, &err), TARE_OUTSIDE);
	assert_string_equal(err.text, "there is no service number 0");
	assert_int_equal(
		tare_runner_host.service_stop(fixture->runner, UINT32_MAX, &err), TARE_OUTSIDE);
}

static void
lives_on_while_leftovers_of_programs_are_killed(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case subject =
		subject_case(subject_shell("setsid sh -c 'echo $$ >left; exec sleep 60' & "
					   "while ! grep -qs . left; do sleep 0.01; done"));
	struct tare_case plain = subject_case(subject_shell(":"));
	uint32_t one, two;

	/* A worker whose parent has gone is still the service's. */
	script(fixture, "(sh -c 'echo $$ >worker; exec sleep 60' &); echo $$ >server; sleep 60");
	one = start(fixture);
	pid_in(fixture, "worker");
	script(fixture, "sleep 60; :");
	two = start(fixture);
	assert_int_not_equal(one, two);
	subject.program.cwd = fixture->folder;
	assert_int_equal(
		subject_measure_one(fixture->runner, &subject).record.flags, TARE_RECORD_LEFTOVERS);
	assert_true(subject_ends(pid_in(fixture, "left")));
	assert_int_equal(subject_measure_one(fixture->runner, &plain).record.flags, 0);
	assert_int_equal(kill(pid_in(fixture, "server"), 0), 0);
	assert_int_equal(kill(pid_in(fixture, "worker"), 0), 0);
	stop(fixture, one);
	assert_true(subject_ends(pid_in(fixture, "worker")));
	stop(fixture, two);
}

static void
raise_flag(int number)
{
	(void)number;
	interrupted = 1;
}

static void
stops_waiting_when_interrupted(void **state)
{
	struct fixture *fixture = *state;
	struct sigaction action = {.sa_handler = raise_flag};
	char text[80];

	snprintf(text, sizeof(text), "echo $$ >pid; kill -USR1 %d; exec sleep 60", (int)getpid());
	script(fixture, text);
	fixture->service.ready_kind = TARE_READY_FILE;
	fixture->service.ready_path = "never";
	sigaction(SIGUSR1, &action, NULL);
	refuses(fixture, TARE_INTERRUPTED, "interrupted");
	assert_true(subject_ends(pid_in(fixture, "pid")));
	/* And none is started any more. */
	refuses(fixture, TARE_INTERRUPTED, "interrupted");
}

int
main(int argc, char **argv)
{
#define with_runner(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		with_runner(keeps_the_log_and_stops_politely),
		with_runner(needs_no_check_of_readiness),
		with_runner(kills_what_does_not_stop),
		with_runner(waits_for_a_command),
		with_runner(does_not_wait_forever_for_a_command),
		with_runner(waits_for_a_tcp_port),
		with_runner(waits_for_a_unix_socket_however_long_its_path),
		with_runner(refuses_an_address_at_which_another_answers),
		with_runner(says_how_a_service_ended_before_it_was_ready),
		with_runner(says_that_a_service_could_not_be_started),
		with_runner(says_when_a_service_ended_before_it_was_stopped),
		with_runner(lives_on_while_leftovers_of_programs_are_killed),
		with_runner(stops_waiting_when_interrupted),
	};

	if (argc == 3)
		return serve(argv[1], argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
