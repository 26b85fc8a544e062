#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "runners/agent/wire.h"
#include "tests/support/files.h"
#include "tests/unit/runners/subject.h"

static volatile sig_atomic_t interrupted;

struct fixture {
	struct tare_runner *runner;
	char *folder;
	char *pending_path;
};

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	interrupted = 0;
	fixture->folder = test_folder_make();
	fixture->pending_path = test_path(fixture->folder, "pending");
	fixture->runner = subject_open(fixture->pending_path, &interrupted);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	subject_close(fixture->runner);
	test_folder_remove(fixture->folder);
	free(fixture->pending_path);
	free(fixture);
	return 0;
}

static struct tare_outcome
measure(void **state, const char *script)
{
	struct tare_case subject = subject_case(subject_shell(script));

	return subject_measure_one(((struct fixture *)*state)->runner, &subject);
}

static void
reports_exit_codes_and_signals(void **state)
{
	struct tare_outcome outcome = measure(state, "exit 7");

	assert_true(WIFEXITED(outcome.record.exit_status));
	assert_int_equal(WEXITSTATUS(outcome.record.exit_status), 7);
	assert_int_equal(outcome.record.flags, 0);
	assert_null(outcome.start_failure);
	assert_null(outcome.values);

	outcome = measure(state, "kill -SEGV $$");
	assert_true(WIFSIGNALED(outcome.record.exit_status));
	assert_int_equal(WTERMSIG(outcome.record.exit_status), SIGSEGV);
}

static void
fills_the_whole_record(void **state)
{
	struct tare_runner *runner = ((struct fixture *)*state)->runner;
	struct tare_case subject = subject_case(subject_shell("sleep 0.02; exit 0"));
	uint64_t before_ns = tare_monotonic_ns();
	struct tare_agent_record record = subject_measure_one(runner, &subject).record;

	assert_int_equal(record.seq, 100);
	assert_int_equal(record.pair, 10);
	assert_int_equal(record.case_index, 3);
	assert_in_range(record.start_ns, before_ns, tare_monotonic_ns());
	assert_in_range(record.wall_ns, 20000000, tare_monotonic_ns() - before_ns);
	assert_true(record.minor_faults > 10);
	assert_true(record.voluntary_switches >= 1);
	assert_true(record.max_rss_bytes > 500 << 10);
	assert_int_equal(record.check, tare_record_check(&record));
}

/* From the slowest that may simulate this to the fastest that anybody builds. */
static void
says_how_fast_the_cpu_was_before_and_after(void **state)
{
	struct tare_outcome outcome = measure(state, "sleep 0.02");

	assert_in_range(outcome.khz_before, 1000, 20000000);
	assert_in_range(outcome.khz_after, 1000, 20000000);
}

static void
names_the_cgroup_that_programs_run_in(void **state)
{
	struct tare_runner *runner = ((struct fixture *)*state)->runner;
	const char *cgroup = tare_runner_host.cgroup(runner, NULL);

	if (!cgroup) {
		print_message("no cgroup can be made here\n");
		skip();
	}
	assert_int_equal(access(cgroup, F_OK), 0);
}

static void
weighs_a_tiny_program_as_its_own_size(void **state)
{
	/* Larger than what the program may show. */
	size_t len = 64 << 20;
	char *ballast = malloc(len);
	struct tare_case subject =
		subject_case(subject_program((const char *const[]){TEST_TINY, NULL}));
	struct tare_outcome outcome;

	memset(ballast, 1, len);
	outcome = subject_measure_one(((struct fixture *)*state)->runner, &subject);
	assert_int_equal(outcome.record.exit_status, 0);
	assert_in_range(outcome.record.max_rss_bytes, 1, (2 << 20) - 1);
	free(ballast);
}

static void
gives_nothing_but_the_environment_asked_for(void **state)
{
	struct fixture *fixture = *state;
	char *env[] = {(char[]){"B=2 = 3"}, (char[]){"A="}, NULL};
	struct tare_case subject =
		subject_case(subject_program((const char *const[]){"/usr/bin/env", NULL}));
	struct tare_outcome outcome;

	subject.program.env = env;
	subject.program.stdout_mode = TARE_OUTPUT_CAPTURE;
	outcome = subject_measure_one(fixture->runner, &subject);
	assert_string_equal(outcome.stdout_text, "B=2 = 3\nA=\n");
}

/* What ${#TARE_PADDING} was in each of eight pairs, in batches or one by one. */
static void
read_paddings(char text_out[128], uint64_t seed, bool padded)
{
	const struct tare_runner_options options = {
		.run_id = "test", .agent_path = TEST_AGENT, .seed = seed};
	char *folder = test_folder_make();
	char *path = test_path(folder, "lengths");
	struct tare_runner *runner = NULL;
	struct tare_outcome outcomes[8];
	struct tare_case subject;
	struct tare_err err = {0};
	char script[512];
	char *text;

	snprintf(script, sizeof(script), "echo ${TARE_PADDING+${#TARE_PADDING}} >>%s", path);
	subject = subject_case(subject_shell(script));
	subject.pads_environment = padded;
	if (tare_runner_host.open(&runner, &options, &err) != TARE_OK)
		fail_msg("%s", err.text);
	for (uint32_t done = 0; done < 4;)
		done += subject_measure(runner, outcomes, &subject, 4 - done);
	text = test_file_read(path, NULL);
	assert_true(strlen(text) < 128);
	memcpy(text_out, text, strlen(text) + 1);
	free(text);
	tare_runner_host.close(runner);
	free(path);
	test_folder_remove(folder);
}

static void
pads_the_environment_of_each_pair_by_another_length(void **state)
{
	char first[128], again[128], other[128], expected[128];

	(void)state;
	snprintf(expected, sizeof(expected), "%u\n%u\n%u\n%u\n", tare_wire_padding(42, 10),
		tare_wire_padding(42, 11), tare_wire_padding(42, 12), tare_wire_padding(42, 13));
	read_paddings(first, 42, true);
	assert_string_equal(first, expected);
	read_paddings(again, 42, true);
	assert_string_equal(again, first);
	read_paddings(other, 43, true);
	assert_string_not_equal(other, first);
	read_paddings(other, 42, false);
	assert_string_equal(other, "\n\n\n\n");
}

static void
gives_no_descriptors_but_three(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case subject =
		subject_case(subject_program((const char *const[]){"ls", "/proc/self/fd", NULL}));
	struct tare_outcome outcome;
	int inherited = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
	struct tare_runner *runner = subject_open(NULL, NULL);

	subject.program.stdout_mode = TARE_OUTPUT_CAPTURE;
	outcome = subject_measure_one(runner, &subject);
	/* 3 is ls's own, of the folder it lists. */
	assert_string_equal(outcome.stdout_text, "0\n1\n2\n3\n");
	subject_close(runner);
	close(inherited);
	assert_non_null(fixture);
}

static void
leaves_signals_as_a_program_expects_them(void **state)
{
	struct tare_runner *runner;
	struct tare_case subject = subject_case(subject_program(
		(const char *const[]){"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status", NULL}));

	signal(SIGPIPE, SIG_IGN);
	runner = subject_open(NULL, NULL);
	signal(SIGPIPE, SIG_DFL);
	subject.program.stdout_mode = TARE_OUTPUT_CAPTURE;
	assert_string_equal(subject_measure_one(runner, &subject).stdout_text,
		"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	subject_close(runner);
	assert_non_null(*state);
}

static void
runs_in_the_directory_asked_for(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case subject = subject_case(subject_shell("pwd"));
	char *tool = test_path(fixture->folder, "tool");
	struct tare_outcome outcome;

	subject.program.cwd = fixture->folder;
	subject.program.stdout_mode = TARE_OUTPUT_CAPTURE;
	outcome = subject_measure_one(fixture->runner, &subject);
	assert_int_equal(outcome.stdout_len, strlen(fixture->folder) + 1);
	assert_memory_equal(outcome.stdout_text, fixture->folder, strlen(fixture->folder));

	/* A name with a slash is relative to it. */
	test_file_write(tool, "#!/bin/sh\nexit 5\n", 17);
	assert_int_equal(chmod(tool, 0755), 0);
	subject.program = subject_program((const char *const[]){"./tool", NULL});
	subject.program.cwd = fixture->folder;
	assert_int_equal(
		WEXITSTATUS(subject_measure_one(fixture->runner, &subject).record.exit_status), 5);
	free(tool);
}

static void
says_why_a_program_did_not_start(void **state)
{
	static const struct {
		const char *word;
		const char *cwd;
		const char *failure;
		int error;
	} table[] = {
		{"no-such-program", "/", "cannot find 'no-such-program' on PATH", ENOENT},
		{"/no/such", "/", "cannot execute '/no/such': No such file or directory", ENOENT},
		{"/etc/passwd", "/", "cannot execute '/etc/passwd': Permission denied", EACCES},
		{"true", "/no/such",
			"cannot change to the directory '/no/such': No such file or directory",
			ENOENT},
		{"", "/", "cannot find '' on PATH", ENOENT},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct tare_case subject =
			subject_case(subject_program((const char *const[]){table[i].word, NULL}));
		struct tare_outcome outcome;

		subject.program.cwd = table[i].cwd;
		outcome = subject_measure_one(fixture->runner, &subject);
		assert_int_equal(outcome.record.flags, TARE_RECORD_NOT_STARTED);
		assert_int_equal(outcome.record.exit_status, table[i].error);
		assert_int_equal(outcome.record.check, tare_record_check(&outcome.record));
		assert_string_equal(outcome.start_failure, table[i].failure);
	}
}

static void
finds_a_program_again_that_moved(void **state)
{
	struct fixture *fixture = *state;
	char *tool = test_path(fixture->folder, "tool");
	char *path = NULL;
	char *env[] = {NULL, NULL};
	struct tare_case subject =
		subject_case(subject_program((const char *const[]){"tool", NULL}));

	assert_true(asprintf(&path, "PATH=/no/such:%s:", fixture->folder) > 0);
	env[0] = path;
	subject.program.env = env;
	assert_int_equal(subject_measure_one(fixture->runner, &subject).record.flags,
		TARE_RECORD_NOT_STARTED);
	test_file_write(tool, "#!/bin/sh\nexit 6\n", 17);
	/* Found, and not executable: that is what is said then. */
	assert_string_equal(subject_measure_one(fixture->runner, &subject).start_failure,
		"cannot execute 'tool': Permission denied");
	assert_int_equal(chmod(tool, 0755), 0);
	assert_int_equal(
		WEXITSTATUS(subject_measure_one(fixture->runner, &subject).record.exit_status), 6);
	unlink(tool);
	assert_int_equal(subject_measure_one(fixture->runner, &subject).record.flags,
		TARE_RECORD_NOT_STARTED);
	free(tool);
	free(path);
}

static void
captures_output_of_each_invocation_alone(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case longer = subject_case(subject_shell("echo a longer line; echo bad >&2"));
	struct tare_case shorter = subject_case(subject_shell("echo short"));
	struct tare_outcome outcome;

	longer.program.stdout_mode = shorter.program.stdout_mode = TARE_OUTPUT_CAPTURE;
	for (int i = 0; i < 3; i++) {
		outcome = subject_measure_one(fixture->runner, &longer);
		assert_string_equal(outcome.stdout_text, "a longer line\n");
		assert_int_equal(outcome.stdout_len, 14);
		assert_string_equal(outcome.stderr_text, "bad\n");
		assert_int_equal(outcome.stderr_len, 4);
		outcome = subject_measure_one(fixture->runner, &shorter);
		assert_string_equal(outcome.stdout_text, "short\n");
		assert_string_equal(outcome.stderr_text, "");
		assert_false(outcome.output_cut);
	}
}

static void
cuts_captured_output_that_is_too_long(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case subject = subject_case(subject_shell("head -c 17000000 /dev/zero"));
	struct tare_outcome outcome;

	subject.program.stdout_mode = TARE_OUTPUT_CAPTURE;
	outcome = subject_measure_one(fixture->runner, &subject);
	assert_int_equal(outcome.stdout_len, TARE_CAPTURE_MAX);
	assert_true(outcome.output_cut);
}

static void
keeps_the_end_of_standard_error(void **state)
{
	struct tare_outcome outcome =
		measure(state, "head -c 100000 /dev/zero | tr '\\0' x >&2; echo end >&2; exit 1");

	assert_int_equal(outcome.stderr_len, 64 << 10);
	assert_string_equal(outcome.stderr_text + outcome.stderr_len - 5, "xend\n");
}

static void
writes_output_to_a_file_anew_each_time(void **state)
{
	struct fixture *fixture = *state;
	char *path = test_path(fixture->folder, "out");
	struct tare_case subject = subject_case(subject_shell("echo $$"));
	char *text;
	size_t len;

	subject.program.cwd = fixture->folder;
	subject.program.stdout_mode = TARE_OUTPUT_FILE;
	subject.program.stdout_path = "out";
	for (int i = 0; i < 3; i++) {
		assert_null(subject_measure_one(fixture->runner, &subject).stdout_text);
		text = test_file_read(path, &len);
		assert_ptr_equal(strchr(text, '\n'), text + len - 1);
		free(text);
	}
	/* A hook may take it away. */
	unlink(path);
	subject_measure_one(fixture->runner, &subject);
	text = test_file_read(path, &len);
	assert_true(len > 1);
	free(text);
	free(path);
}

static void
feeds_text_and_files_to_standard_input(void **state)
{
	struct fixture *fixture = *state;
	char *path = test_path(fixture->folder, "in");
	struct tare_case subject =
		subject_case(subject_program((const char *const[]){"cat", NULL}));

	subject.program.stdout_mode = TARE_OUTPUT_CAPTURE;
	assert_string_equal(subject_measure_one(fixture->runner, &subject).stdout_text, "");
	subject.program.stdin_text = "some text";
	for (int i = 0; i < 2; i++)
		assert_string_equal(
			subject_measure_one(fixture->runner, &subject).stdout_text, "some text");
	subject.program.stdin_text = NULL;
	subject.program.stdin_path = "in";
	subject.program.cwd = fixture->folder;
	test_file_write(path, "first", 5);
	for (int i = 0; i < 2; i++)
		assert_string_equal(
			subject_measure_one(fixture->runner, &subject).stdout_text, "first");
	unlink(path);
	test_file_write(path, "second", 6);
	assert_string_equal(subject_measure_one(fixture->runner, &subject).stdout_text, "second");
	unlink(path);
	assert_string_equal(subject_measure_one(fixture->runner, &subject).start_failure,
		"cannot open 'in': No such file or directory");
	assert_int_equal(subject_measure_one(fixture->runner, &subject).record.exit_status, ENOENT);
	free(path);
}

static void
appends_the_output_of_hooks_to_their_log(void **state)
{
	struct fixture *fixture = *state;
	char *log_path = test_path(fixture->folder, "hooks.log");
	struct tare_program program = subject_shell("echo out; echo err >&2; exit 3");
	struct tare_outcome outcome;
	char *text;

	for (int i = 0; i < 2; i++) {
		outcome = subject_hook(fixture->runner, &program, log_path);
		assert_int_equal(WEXITSTATUS(outcome.record.exit_status), 3);
		assert_null(outcome.stderr_text);
	}
	text = test_file_read(log_path, NULL);
	assert_string_equal(text, "out\nerr\nout\nerr\n");
	free(text);
	/* Without a log it is kept in memory. */
	outcome = subject_hook(fixture->runner, &program, NULL);
	assert_string_equal(outcome.stderr_text, "out\nerr\n");
	free(log_path);
}

static void
kills_the_whole_tree_after_the_timeout(void **state)
{
	struct fixture *fixture = *state;
	char *path = test_path(fixture->folder, "pid");
	struct tare_case subject = subject_case(subject_shell(
		"setsid sh -c 'echo $$ >pid; exec sleep 60' & setsid sleep 60 & sleep 60"));
	uint64_t before_ns = tare_monotonic_ns();
	struct tare_outcome outcome;

	subject.program.cwd = fixture->folder;
	subject.program.timeout_ns = 500000000;
	outcome = subject_measure_one(fixture->runner, &subject);
	assert_int_equal(outcome.record.flags, TARE_RECORD_TIMED_OUT);
	assert_int_equal(WTERMSIG(outcome.record.exit_status), SIGKILL);
	assert_in_range(outcome.record.wall_ns, 500000000, 5000000000);
	assert_true(subject_ends(subject_read_pid(path)));
	assert_true(tare_monotonic_ns() - before_ns < 10000000000);
	/* The next one is not touched by it. */
	assert_int_equal(measure(state, "exit 0").record.flags, 0);
	free(path);
}

static void
kills_what_a_finished_program_left(void **state)
{
	struct fixture *fixture = *state;
	char *path = test_path(fixture->folder, "pid");
	struct tare_case subject =
		subject_case(subject_shell("setsid sh -c 'echo $$ >pid; exec sleep 60' & "
					   "while ! grep -q . pid 2>/dev/null; do :; done"));
	struct tare_outcome outcome;

	subject.program.cwd = fixture->folder;
	outcome = subject_measure_one(fixture->runner, &subject);
	assert_int_equal(outcome.record.exit_status, 0);
	assert_int_equal(outcome.record.flags, TARE_RECORD_LEFTOVERS);
	assert_true(subject_ends(subject_read_pid(path)));
	free(path);
}

static void
allows_batches_only_where_nothing_happens_in_between(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case subject = subject_case(subject_shell(":"));
	const char *pattern = "x";

	assert_true(tare_runner_host.supports_batch(fixture->runner, &subject));

	subject.prepare = &subject.program;
	assert_false(tare_runner_host.supports_batch(fixture->runner, &subject));
	subject.prepare = NULL;
	subject.program.stdout_mode = TARE_OUTPUT_CAPTURE;
	assert_false(tare_runner_host.supports_batch(fixture->runner, &subject));
	subject.program.stdout_mode = TARE_OUTPUT_FILE;
	assert_true(tare_runner_host.supports_batch(fixture->runner, &subject));
	subject.expect.stderr_patterns = &pattern;
	subject.expect.stderr_pattern_count = 1;
	assert_false(tare_runner_host.supports_batch(fixture->runner, &subject));
	subject.expect.stderr_pattern_count = 0;
	subject.rules[0].source = TARE_SOURCE_LINES;
	assert_false(tare_runner_host.supports_batch(fixture->runner, &subject));
	subject.rules[0].source = TARE_SOURCE_BUILTIN;
}

static void
runs_batches_into_the_pending_file(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case subject =
		subject_case(subject_program((const char *const[]){TEST_TINY, NULL}));
	struct tare_outcome outcomes[TARE_PENDING_SLOTS];
	const struct tare_pending *pending;
	size_t len;

	assert_int_equal(subject_measure(fixture->runner, outcomes, &subject, TARE_PENDING_SLOTS),
		TARE_PENDING_SLOTS);
	pending = (const void *)test_file_read(fixture->pending_path, &len);
	assert_int_equal(len, sizeof(*pending));
	assert_int_equal(pending->magic, TARE_PENDING_MAGIC);
	assert_int_equal(pending->slot_count, TARE_PENDING_SLOTS);
	assert_int_equal(pending->run_hash, tare_pending_run_hash("20260102-030405-00000a"));
	assert_int_equal(pending->began_ns, 7);
	for (uint32_t i = 0; i < TARE_PENDING_SLOTS; i++) {
		const struct tare_agent_record *record = &outcomes[i].record;

		assert_int_equal(record->seq, 100 + i);
		assert_int_equal(record->pair, 10 + i);
		assert_int_equal(record->check, tare_record_check(record));
		assert_memory_equal(record, &pending->slots[i], sizeof(*record));
		assert_string_equal(outcomes[i].stderr_text, "");
		if (i > 0)
			assert_true(record->start_ns >= outcomes[i - 1].record.start_ns +
								outcomes[i - 1].record.wall_ns);
	}
	free((void *)(uintptr_t)pending);
}

static void
runs_batches_without_a_pending_file(void **state)
{
	struct tare_runner *runner = subject_open(NULL, NULL);
	struct tare_case subject =
		subject_case(subject_program((const char *const[]){TEST_TINY, NULL}));
	struct tare_outcome outcomes[5];

	assert_int_equal(subject_measure(runner, outcomes, &subject, 5), 5);
	assert_int_equal(outcomes[4].record.seq, 104);
	assert_int_equal(outcomes[4].record.check, tare_record_check(&outcomes[4].record));
	subject_close(runner);
	assert_non_null(*state);
}

static void
ends_a_batch_with_its_first_failure(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case subject = subject_case(subject_shell(
		"echo x >>count; n=$(wc -l <count); echo run $n >&2; [ $n -ne 4 ] || exit 9"));
	char *path = test_path(fixture->folder, "count");
	struct tare_outcome outcomes[8];
	int accepted[] = {0, 9};

	subject.program.cwd = fixture->folder;
	assert_int_equal(subject_measure(fixture->runner, outcomes, &subject, 8), 4);
	assert_int_equal(WEXITSTATUS(outcomes[2].record.exit_status), 0);
	assert_string_equal(outcomes[2].stderr_text, "");
	assert_int_equal(WEXITSTATUS(outcomes[3].record.exit_status), 9);
	assert_string_equal(outcomes[3].stderr_text, "run 1\nrun 2\nrun 3\nrun 4\n");
	/* An exit code that the suite accepts is none. */
	unlink(path);
	subject.expect.exit_codes = accepted;
	subject.expect.exit_code_count = 2;
	assert_int_equal(subject_measure(fixture->runner, outcomes, &subject, 8), 8);
	free(path);
}

static void
ends_a_batch_when_its_time_is_over(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case subject =
		subject_case(subject_program((const char *const[]){"sleep", "0.03", NULL}));
	struct tare_outcome outcomes[20];
	struct tare_invocation invocation = {.subject = &subject,
		.program = &subject.program,
		.role = TARE_ROLE_MEASURED,
		.seq = 1,
		.count = 20,
		.warmup = true,
		.budget_ns = 50000000};
	struct tare_err err = {0};
	uint32_t done = 0;

	assert_int_equal(
		tare_runner_host.invoke(fixture->runner, outcomes, &done, &invocation, &err),
		TARE_OK);
	assert_in_range(done, 1, 2);
	assert_int_equal(outcomes[0].record.flags, TARE_RECORD_WARMUP);
}

static void
times_each_invocation_of_a_batch_by_itself(void **state)
{
	struct fixture *fixture = *state;
	/* 12 times 60 ms with 500 ms for each: the timer rings in the middle, for nobody. */
	struct tare_case subject =
		subject_case(subject_program((const char *const[]){"sleep", "0.06", NULL}));
	struct tare_outcome outcomes[12];

	subject.program.timeout_ns = 500000000;
	assert_int_equal(subject_measure(fixture->runner, outcomes, &subject, 12), 12);
	for (int i = 0; i < 12; i++)
		assert_int_equal(outcomes[i].record.flags, 0);
	/* And then it rings for one that began after it was set. */
	subject.program = subject_shell("echo x >>slow; [ $(wc -l <slow) -lt 3 ] || sleep 20");
	subject.program.cwd = fixture->folder;
	subject.program.timeout_ns = 400000000;
	assert_int_equal(subject_measure(fixture->runner, outcomes, &subject, 12), 3);
	assert_int_equal(outcomes[2].record.flags, TARE_RECORD_TIMED_OUT);
	assert_in_range(outcomes[2].record.wall_ns, 400000000, 5000000000);
}

static void
raise_flag(int number)
{
	(void)number;
	interrupted++;
}

/* A program that interrupts this process, and then goes on. */
static struct tare_program
interrupting(const char *format)
{
	struct sigaction action = {.sa_handler = raise_flag};
	char *script = NULL;
	struct tare_program program;

	sigaction(SIGUSR1, &action, NULL);
	assert_true(asprintf(&script, "%s; kill -USR1 %d; sleep 60", format, (int)getpid()) > 0);
	program = subject_shell(script);
	free(script);
	return program;
}

static void
kills_what_runs_when_interrupted(void **state)
{
	struct fixture *fixture = *state;
	char *path = test_path(fixture->folder, "pid");
	struct tare_case subject =
		subject_case(interrupting("setsid sh -c 'echo $$ >pid; exec sleep 60' & "
					  "while ! grep -qs . pid; do sleep 0.01; done"));
	struct tare_program cleanup = subject_shell("exit 4");
	struct tare_invocation invocation = {.subject = &subject,
		.program = &subject.program,
		.role = TARE_ROLE_MEASURED,
		.count = 1};
	struct tare_outcome outcome;
	struct tare_err err = {0};
	uint32_t done = 9;

	subject.program.cwd = fixture->folder;
	assert_int_equal(
		tare_runner_host.invoke(fixture->runner, &outcome, &done, &invocation, &err),
		TARE_INTERRUPTED);
	assert_string_equal(err.text, "interrupted");
	assert_int_equal(done, 0);
	assert_true(subject_ends(subject_read_pid(path)));
	/* From now on nothing is measured, but one can clean up. */
	assert_int_equal(
		tare_runner_host.invoke(fixture->runner, &outcome, &done, &invocation, &err),
		TARE_INTERRUPTED);
	outcome = subject_hook(fixture->runner, &cleanup, NULL);
	assert_int_equal(WEXITSTATUS(outcome.record.exit_status), 4);
	free(path);
}

static void
keeps_what_a_batch_finished_before_it_was_interrupted(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case subject =
		subject_case(interrupting("echo x >>count; [ $(wc -l <count) -eq 4 ] || exit 0"));
	struct tare_invocation invocation = {.subject = &subject,
		.program = &subject.program,
		.role = TARE_ROLE_MEASURED,
		.seq = 1,
		.count = 8,
		.budget_ns = UINT64_MAX};
	struct tare_outcome outcomes[8];
	struct tare_err err = {0};
	uint32_t done = 0;

	subject.program.cwd = fixture->folder;
	assert_int_equal(
		tare_runner_host.invoke(fixture->runner, outcomes, &done, &invocation, &err),
		TARE_INTERRUPTED);
	assert_int_equal(done, 3);
	assert_int_equal(outcomes[2].record.seq, 3);
	assert_int_equal(outcomes[2].record.flags, 0);
}

static void
pins_measured_programs_and_nothing_else(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case subject =
		subject_case(subject_program((const char *const[]){"taskset", "-cp", "0", NULL}));
	struct tare_program hook = subject_shell("grep Cpus_allowed_list /proc/self/status");
	char cpu[16], expected[64];
	const char *cpus = NULL;
	char *before, *after;
	struct tare_err err = {0};
	int number = sched_getcpu();

	before = strdup(subject_hook(fixture->runner, &hook, NULL).stderr_text);
	snprintf(cpu, sizeof(cpu), "%d-%d", number, number);
	snprintf(expected, sizeof(expected), "Cpus_allowed_list:\t%d\n", number);
	subject.cpus = cpu;
	assert_int_equal(
		tare_runner_host.case_begin(fixture->runner, &cpus, &subject, &err), TARE_OK);
	assert_int_equal(strtol(cpus, NULL, 10), number);
	subject.program = hook;
	subject.program.stdout_mode = TARE_OUTPUT_CAPTURE;
	assert_string_equal(subject_measure_one(fixture->runner, &subject).stdout_text, expected);
	after = strdup(subject_hook(fixture->runner, &hook, NULL).stderr_text);
	assert_string_equal(before, after);
	subject.cpus = "none";
	assert_int_equal(
		tare_runner_host.case_begin(fixture->runner, &cpus, &subject, &err), TARE_OK);
	assert_string_equal(cpus, "");
	subject.cpus = "9999-9999";
	assert_int_not_equal(
		tare_runner_host.case_begin(fixture->runner, &cpus, &subject, &err), TARE_OK);
	free(before);
	free(after);
}

static void
runs_more_programs_than_the_agent_has_slots(void **state)
{
	char script[32];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 40; i++) {
			snprintf(script, sizeof(script), "exit %d", i);
			assert_int_equal(WEXITSTATUS(measure(state, script).record.exit_status), i);
		}
	}
}

static void
takes_arguments_of_any_size_the_kernel_takes(void **state)
{
	struct fixture *fixture = *state;
	char *big = malloc(100001);
	const char *words[] = {"sh", "-c", "echo ${#1}", "sh", big, NULL};
	struct tare_case subject;

	memset(big, 'x', 100000);
	big[100000] = '\0';
	subject = subject_case(subject_program(words));
	subject.program.stdout_mode = TARE_OUTPUT_CAPTURE;
	assert_string_equal(subject_measure_one(fixture->runner, &subject).stdout_text, "100000\n");
	free(big);
	/* More than a program may have is the kernel's to refuse. */
	big = malloc(200001);
	memset(big, 'x', 200000);
	big[200000] = '\0';
	words[4] = big;
	subject = subject_case(subject_program(words));
	assert_string_equal(subject_measure_one(fixture->runner, &subject).start_failure,
		"cannot execute 'sh': Argument list too long");
	free(big);
}

static void
refuses_a_pending_file_that_cannot_be_made(void **state)
{
	const struct tare_runner_options options = {
		.run_id = "x", .agent_path = TEST_AGENT, .pending_path = "/no/such/pending"};
	struct tare_runner *runner;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(tare_runner_host.open(&runner, &options, &err), TARE_OUTSIDE);
	assert_string_equal(err.text, "cannot make '/no/such/pending': No such file or directory");
}

int
main(void)
{
#define with_runner(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		with_runner(reports_exit_codes_and_signals),
		with_runner(fills_the_whole_record),
		with_runner(says_how_fast_the_cpu_was_before_and_after),
		with_runner(names_the_cgroup_that_programs_run_in),
		with_runner(weighs_a_tiny_program_as_its_own_size),
		with_runner(gives_nothing_but_the_environment_asked_for),
		cmocka_unit_test(pads_the_environment_of_each_pair_by_another_length),
		with_runner(gives_no_descriptors_but_three),
		with_runner(leaves_signals_as_a_program_expects_them),
		with_runner(runs_in_the_directory_asked_for),
		with_runner(says_why_a_program_did_not_start),
		with_runner(finds_a_program_again_that_moved),
		with_runner(captures_output_of_each_invocation_alone),
		with_runner(cuts_captured_output_that_is_too_long),
		with_runner(keeps_the_end_of_standard_error),
		with_runner(writes_output_to_a_file_anew_each_time),
		with_runner(feeds_text_and_files_to_standard_input),
		with_runner(appends_the_output_of_hooks_to_their_log),
		with_runner(kills_the_whole_tree_after_the_timeout),
		with_runner(kills_what_a_finished_program_left),
		with_runner(allows_batches_only_where_nothing_happens_in_between),
		with_runner(runs_batches_into_the_pending_file),
		with_runner(runs_batches_without_a_pending_file),
		with_runner(ends_a_batch_with_its_first_failure),
		with_runner(ends_a_batch_when_its_time_is_over),
		with_runner(times_each_invocation_of_a_batch_by_itself),
		with_runner(kills_what_runs_when_interrupted),
		with_runner(keeps_what_a_batch_finished_before_it_was_interrupted),
		with_runner(pins_measured_programs_and_nothing_else),
		with_runner(runs_more_programs_than_the_agent_has_slots),
		with_runner(takes_arguments_of_any_size_the_kernel_takes),
		cmocka_unit_test(refuses_a_pending_file_that_cannot_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
