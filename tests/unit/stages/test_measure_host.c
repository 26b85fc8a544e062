#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/model/pending.h"
#include "runners/agent/wire.h"
#include "tests/support/files.h"
#include "tests/unit/stages/bed.h"

/* Hooks and programs write a line each into FOLDER/log; ${log} of the suite. */
struct host_bed {
	struct bed bed;
	char suite[8192];
	char *log;
};

static volatile sig_atomic_t *caught;

static void
note_signal(int number)
{
	(void)number;
	*caught = *caught + 1;
}

static void
host_make(struct host_bed *host, const char *suite)
{
	struct sigaction action = {.sa_handler = note_signal};

	bed_make(&host->bed, NULL);
	host->log = test_path(host->bed.folder, "log");
	snprintf(host->suite, sizeof(host->suite),
		"suite: s\nvars: {log: '%s', dir: '%s', tester: '%d'}\n%s", host->log,
		host->bed.folder, (int)getpid(), suite);
	host->bed.session->options.suite_text = host->suite;
	caught = &host->bed.interrupted;
	sigaction(SIGUSR1, &action, NULL);
}

static void
host_remove(struct host_bed *host)
{
	free(host->log);
	bed_remove(&host->bed);
}

static void
assert_log(const struct host_bed *host, const char *wanted)
{
	char *text = access(host->log, F_OK) == 0 ? test_file_read(host->log, NULL) : strdup("");

	assert_string_equal(text, wanted);
	free(text);
}

static void
a_program_that_fails_fails_its_case_only(void **state)
{
	struct host_bed host;
	const struct tare_run_case *bad;

	(void)state;
	host_make(&host, "defaults: {invocations: 3, warmup: 0}\n"
			 "benchmarks:\n"
			 "  - {name: bad, shell: 'echo one >&2; echo two >&2; exit 3'}\n"
			 "  - {name: good, command: 'true'}\n"
			 "  - {name: killed, shell: 'kill -9 $$'}\n"
			 "  - {name: absent, command: no-such-program-here}\n"
			 "  - {name: any, shell: 'exit 7', expect: {exit: [7, 8]}}\n"
			 "  - {name: other, shell: 'exit 9', expect: {exit: [7, 8]}}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	bad = bed_case(&host.bed, "bad");
	assert_int_equal(bad->status, TARE_CASE_FAILED);
	assert_string_equal(bad->failure, "exit code 3, expected 0");
	assert_string_equal(bad->stderr_tail, "one\ntwo\n");
	assert_int_equal(bad->samples.total, 0);
	assert_string_equal(bed_case(&host.bed, "killed")->failure, "killed by signal 9 (Killed)");
	assert_string_equal(bed_case(&host.bed, "absent")->failure,
		"cannot find 'no-such-program-here' on PATH");
	assert_string_equal(bed_case(&host.bed, "other")->failure,
		"exit code 9, which is none of the 2 expected");
	assert_int_equal(bed_case(&host.bed, "good")->samples.total, 3);
	assert_int_equal(bed_case(&host.bed, "any")->samples.total, 3);
	assert_int_equal(host.bed.session->run->status, TARE_RUN_COMPLETE);
	host_remove(&host);
}

/* Warm-ups count pairs of their own, from 0 as well. */
static void
writes_down_by_how_much_it_padded_the_environment(void **state)
{
	struct host_bed host;
	char expected[64];
	char *text;

	(void)state;
	host_make(&host, "defaults: {warmup: 1, invocations: 2}\n"
			 "benchmarks:\n"
			 "  - {name: x, command: 'true'}\n"
			 "  - {name: y, command: 'true', randomize_environment: false}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	text = test_file_read(host.bed.journal, NULL);
	for (uint32_t pair = 0; pair < 2; pair++) {
		const char *at;

		snprintf(expected, sizeof(expected), "\"padding_bytes\":%u",
			14 + tare_wire_padding(BED_SEED, pair));
		at = strstr(text, expected);
		assert_non_null(at);
		if (pair == 0)
			assert_non_null(strstr(at + 1, expected));
	}
	for (const char *at = text; (at = strstr(at, "\"case\":1,")) != NULL; at++)
		assert_null(memmem(at, strcspn(at, "\n"), "padding", 7));
	free(text);
	host_remove(&host);
}

static void
measured_values_are_those_of_the_program(void **state)
{
	struct host_bed host;
	const struct tare_samples *samples;

	(void)state;
	host_make(&host, "benchmarks:\n"
			 "  - {name: x, command: 'true', invocations: 8, warmup: 1}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	samples = &bed_case(&host.bed, "x")->samples;
	assert_int_equal(samples->count, 8);
	for (size_t i = 0; i < 8; i++) {
		double user = samples->values[TARE_METRIC_USER][i];
		double sys = samples->values[TARE_METRIC_SYS][i];

		assert_true(samples->values[TARE_METRIC_WALL][i] > 0);
		assert_true(samples->values[TARE_METRIC_CPU][i] == user + sys);
		assert_true(samples->values[TARE_METRIC_MAX_RSS][i] > 4096);
		assert_true(samples->start_ns[i] < UINT64_C(60000000000));
		assert_true(i == 0 || samples->start_ns[i] > samples->start_ns[i - 1]);
	}
	host_remove(&host);
}

static void
hooks_run_around_what_is_measured(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "benchmarks:\n"
			 "  - name: x\n"
			 "    warmup: 1\n"
			 "    invocations: 2\n"
			 "    shell: echo run >> ${log}\n"
			 "    setup: echo setup >> ${log}\n"
			 "    prepare: echo prepare >> ${log}\n"
			 "    conclude: echo conclude >> ${log}\n"
			 "    cleanup: echo cleanup >> ${log}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_log(&host, "setup\n"
			  "prepare\nrun\nconclude\n"
			  "prepare\nrun\nconclude\n"
			  "prepare\nrun\nconclude\n"
			  "cleanup\n");
	host_remove(&host);
}

static void
a_setup_that_fails_is_cleaned_up_after(void **state)
{
	struct host_bed host;
	char wanted[512];

	(void)state;
	host_make(&host, "benchmarks:\n"
			 "  - name: x\n"
			 "    command: 'true'\n"
			 "    setup: echo what; exit 2\n"
			 "    cleanup: echo cleanup >> ${log}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	snprintf(wanted, sizeof(wanted),
		"setup failed: exit code 2, expected 0 (log: %s/logs/%s/case-0.log)",
		host.bed.state_dir, host.bed.session->run->id);
	assert_string_equal(bed_case(&host.bed, "x")->failure, wanted);
	assert_string_equal(bed_case(&host.bed, "x")->stderr_tail, "what\n");
	assert_log(&host, "cleanup\n");
	host_remove(&host);
}

static void
what_was_prepared_is_concluded_after_a_failure(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "benchmarks:\n"
			 "  - name: x\n"
			 "    warmup: 0\n"
			 "    command: 'false'\n"
			 "    prepare: echo prepare >> ${log}\n"
			 "    conclude: echo conclude >> ${log}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_int_equal(bed_case(&host.bed, "x")->status, TARE_CASE_FAILED);
	assert_log(&host, "prepare\nconclude\n");
	host_remove(&host);
}

static void
a_hook_that_fails_fails_the_case(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "defaults: {invocations: 2, warmup: 0, command: 'true'}\n"
			 "benchmarks:\n"
			 "  - {name: p, prepare: exit 1}\n"
			 "  - {name: c, conclude: exit 1}\n"
			 "  - {name: u, cleanup: exit 1}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_int_equal(bed_case(&host.bed, "p")->samples.total, 0);
	assert_int_equal(bed_case(&host.bed, "c")->samples.total, 1);
	assert_int_equal(bed_case(&host.bed, "u")->samples.total, 2);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(host.bed.session->run->cases[i].status, TARE_CASE_FAILED);
	assert_memory_equal(bed_case(&host.bed, "p")->failure, "prepare failed: exit code 1", 27);
	assert_memory_equal(bed_case(&host.bed, "c")->failure, "conclude failed: exit code 1", 28);
	assert_memory_equal(bed_case(&host.bed, "u")->failure, "cleanup failed: exit code 1", 27);
	assert_null(bed_case(&host.bed, "u")->stop_reason);
	host_remove(&host);
}

static void
a_build_is_run_once_and_fails_its_cases_only(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "defaults: {invocations: 2, warmup: 0, command: 'true'}\n"
			 "variants:\n"
			 "  - {name: good, build: 'echo good >> ${log}'}\n"
			 "  - {name: bad, build: 'echo bad >> ${log}; exit 4'}\n"
			 "benchmarks: [{name: x}, {name: y}]\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_log(&host, "good\nbad\n");
	assert_int_equal(bed_case(&host.bed, "x@good")->samples.total, 2);
	assert_int_equal(bed_case(&host.bed, "y@good")->samples.total, 2);
	assert_memory_equal(bed_case(&host.bed, "x@bad")->failure,
		"build failed: exit code 4, expected 0 (log: ", 44);
	assert_int_equal(bed_case(&host.bed, "y@bad")->status, TARE_CASE_FAILED);
	host_remove(&host);
}

static void
a_program_that_takes_too_long_is_killed(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "benchmarks:\n"
			 "  - {name: x, command: 'sleep 20', timeout: 50ms}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_string_equal(
		bed_case(&host.bed, "x")->failure, "timed out after 50 ms and was killed");
	host_remove(&host);
}

static void
metrics_come_out_of_the_output(void **state)
{
	struct host_bed host;
	const struct tare_run_case *one;

	(void)state;
	host_make(&host, "defaults: {invocations: 2, warmup: 0}\n"
			 "benchmarks:\n"
			 "  - name: x\n"
			 "    shell: 'echo rate: 12 MB/s; echo rate: 14 MB/s'\n"
			 "    metrics: {rate: {lines: true, unit: MB/s, better: higher}}\n"
			 "  - name: y\n"
			 "    shell: echo nothing\n"
			 "    metrics: {rate: {lines: true, unit: MB/s, better: higher}}\n"
			 "  - name: z\n"
			 "    shell: echo nothing\n"
			 "    expect: {stdout: some}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	one = bed_case(&host.bed, "x");
	assert_int_equal(one->metric_count, TARE_BUILTIN_METRIC_COUNT + 1);
	assert_true(one->samples.values[TARE_BUILTIN_METRIC_COUNT][1] == 13e6);
	assert_true(bed_journal_has(&host.bed, "\"rate\":[13000000,[12000000,14000000]]"));
	assert_string_equal(bed_case(&host.bed, "y")->failure,
		"metric 'rate': stdout has no line 'rate: NUMBER'; it begins with 'nothing'");
	assert_string_equal(bed_case(&host.bed, "z")->failure,
		"stdout does not match 'some'; it begins with 'nothing'");
	host_remove(&host);
}

static void
an_interruption_kills_the_program_and_cleans_up(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "benchmarks:\n"
			 "  - name: x\n"
			 "    warmup: 0\n"
			 "    shell: kill -USR1 ${tester}; exec sleep 20\n"
			 "    prepare: echo prepare >> ${log}\n"
			 "    conclude: echo conclude >> ${log}\n"
			 "    cleanup: echo cleanup >> ${log}; test -d ${scratch_dir}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_true(host.bed.session->interrupted);
	assert_int_equal(host.bed.session->run->status, TARE_RUN_INTERRUPTED);
	assert_int_equal(bed_case(&host.bed, "x")->status, TARE_CASE_PENDING);
	assert_log(&host, "prepare\nconclude\ncleanup\n");
	assert_int_equal(bed_warning_count(&host.bed), 0);
	host_remove(&host);
}

static void
an_interruption_of_setup_still_cleans_up(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "benchmarks:\n"
			 "  - name: x\n"
			 "    command: 'true'\n"
			 "    setup: kill -USR1 ${tester}; exec sleep 20\n"
			 "    cleanup: echo cleanup >> ${log}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_true(host.bed.session->interrupted);
	assert_log(&host, "cleanup\n");
	assert_int_equal(bed_case(&host.bed, "x")->status, TARE_CASE_PENDING);
	host_remove(&host);
}

static void
an_interruption_of_a_build_begins_no_other(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "defaults: {command: 'true'}\n"
			 "variants:\n"
			 "  - {name: a, build: 'kill -USR1 ${tester}; exec sleep 20'}\n"
			 "  - {name: b, build: 'echo b >> ${log}'}\n"
			 "benchmarks: [{name: x}]\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_true(host.bed.session->interrupted);
	assert_log(&host, "");
	assert_int_equal(bed_case(&host.bed, "x@a")->status, TARE_CASE_PENDING);
	host_remove(&host);
}

static void
a_second_interruption_ends_cleaning_up(void **state)
{
	struct host_bed host;
	const struct tare_run *run;

	(void)state;
	host_make(&host, "defaults: {warmup: 0}\n"
			 "variants: [a, b]\n"
			 "benchmarks:\n"
			 "  - name: x\n"
			 "    shell: kill -USR1 ${tester}; exec sleep 20\n"
			 "    cleanup: echo ${variant} >> ${log}; kill -USR1 ${tester}; exec sleep "
			 "20\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	run = host.bed.session->run;
	assert_int_equal(run->status, TARE_RUN_INTERRUPTED);
	assert_log(&host, "a\n");
	assert_int_equal(run->warning_count, 2);
	assert_string_equal(run->warnings[0].id, "not_cleaned_up");
	assert_string_equal(run->warnings[0].text, "x@a: cleanup did not come to its end");
	assert_string_equal(run->warnings[1].text, "x@b: cleanup did not come to its end");
	host_remove(&host);
}

/* The parent of whatever is run is the agent. */
static void
an_agent_that_is_killed_costs_the_case_that_did_it(void **state)
{
	static const char *const bad[] = {"program", "hook", "ends"};
	struct host_bed host;

	(void)state;
	host_make(&host, "defaults: {command: 'true', invocations: 3, warmup: 0}\n"
			 "benchmarks:\n"
			 "  - {name: program, shell: 'kill -9 $PPID; sleep 20', cleanup: 'echo "
			 "clean >> ${log}'}\n"
			 "  - {name: hook, prepare: 'kill -9 $PPID; sleep 20'}\n"
			 "  - {name: ends, shell: 'kill $PPID; sleep 20'}\n"
			 "  - {name: good}\n"
			 "  - {name: better}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(bed_case(&host.bed, bad[i])->status, TARE_CASE_FAILED);
	assert_memory_equal(bed_case(&host.bed, "program")->failure,
		"measuring broke off: the agent (process ", 40);
	assert_memory_equal(
		bed_case(&host.bed, "hook")->failure, "prepare failed: the agent (process ", 35);
	assert_int_equal(bed_case(&host.bed, "good")->samples.total, 3);
	assert_int_equal(bed_case(&host.bed, "better")->samples.total, 3);
	assert_int_equal(host.bed.session->run->status, TARE_RUN_COMPLETE);
	assert_false(host.bed.session->broke_down);
	assert_log(&host, "clean\n");
	host_remove(&host);
}

#define SERVICE(name)                                                                            \
	"{name: " name ", command: [sh, -c, 'echo up " name " >> ${log}; trap \"echo down " name \
	" >> ${log}; exit\" TERM; : > ${dir}/ready-" name                                        \
	"; while :; do sleep 0.01; done'], ready: {file: '${dir}/ready-" name "'}}"

static void
variants_share_a_service_that_is_the_same(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "defaults: {invocations: 3, warmup: 0, command: 'true'}\n"
			 "variants: [a, b]\n"
			 "benchmarks:\n"
			 "  - name: x\n"
			 "    services: [" SERVICE("one") "]\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_int_equal(bed_case(&host.bed, "x@b")->samples.total, 3);
	assert_false(tare_session_has_failed_case(host.bed.session));
	assert_log(&host, "up one\ndown one\n");
	host_remove(&host);
}

static void
services_that_differ_are_swapped(void **state)
{
	struct host_bed host;
	char *text;
	int running = 0;

	(void)state;
	host_make(&host,
		"defaults: {invocations: 4, warmup: 0, command: 'true'}\n"
		"variants:\n"
		"  - {name: a, services: [" SERVICE("a") "]}\n"
							 "  - {name: b, services: [" SERVICE(
								 "b") "]}\n"
								      "benchmarks: [{name: x}]\n");
	host.bed.session->options.progress = NULL;
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_false(tare_session_has_failed_case(host.bed.session));
	/* Never two at once, and none is left. */
	text = test_file_read(host.log, NULL);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		running += line[0] == 'u' ? 1 : -1;
		assert_in_range(running, 0, 1);
	}
	assert_int_equal(running, 0);
	free(text);
	host_remove(&host);
}

static void
a_service_that_dies_fails_those_who_used_it(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "defaults: {invocations: 2, warmup: 0, command: 'true'}\n"
			 "benchmarks:\n"
			 "  - name: x\n"
			 "    variants: [a, b]\n"
			 "    services: [{name: short, command: [sh, -c, ': > ${dir}/up; sleep "
			 "0.05; exit 3'],"
			 " ready: {file: '${dir}/up'}}]\n"
			 "    conclude: sleep 0.1\n"
			 "  - name: y\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_memory_equal(bed_case(&host.bed, "x@a")->failure,
		"service 'short' exited with status 3 before it was stopped", 58);
	assert_memory_equal(bed_case(&host.bed, "x@b")->failure,
		"service 'short' exited with status 3 before it was stopped", 58);
	assert_int_equal(bed_case(&host.bed, "y")->status, TARE_CASE_OK);
	host_remove(&host);
}

static void
a_service_is_there_again_after_its_agent_was_killed(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host,
		"defaults: {invocations: 4, warmup: 0}\n"
		"benchmarks:\n"
		"  - name: x\n"
		"    services: [" SERVICE("one") "]\n"
						 "    shell: test -f ${dir}/ready-one\n"
						 "    variants:\n"
						 "      - {name: good}\n"
						 "      - {name: bad, shell: 'rm ${dir}/ready-one; "
						 "kill -9 $PPID; sleep 20'}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_int_equal(bed_case(&host.bed, "x@bad")->status, TARE_CASE_FAILED);
	assert_int_equal(bed_case(&host.bed, "x@good")->status, TARE_CASE_OK);
	assert_int_equal(bed_case(&host.bed, "x@good")->samples.total, 4);
	/* The first was killed with its agent and could say nothing. */
	assert_log(&host, "up one\nup one\ndown one\n");
	host_remove(&host);
}

static void
what_cannot_begin_another_agent_reports_what_there_is(void **state)
{
	struct host_bed host;
	char *agent;

	(void)state;
	host_make(&host, "defaults: {warmup: 0}\n"
			 "benchmarks:\n"
			 "  - {name: a, replay: {wall: 1ms}, invocations: 2}\n"
			 "  - {name: x, shell: 'rm ${dir}/agent; kill -9 $PPID; sleep 20'}\n"
			 "  - {name: y, command: sleep 0.03, invocations: 2}\n");
	agent = test_path(host.bed.folder, "agent");
	assert_int_equal(symlink(TEST_AGENT, agent), 0);
	setenv("TARE_AGENT", agent, 1);
	/* Each group has its turn before another has its second. */
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_true(host.bed.session->broke_down);
	assert_int_equal(host.bed.session->deferred.status, TARE_OUTSIDE);
	assert_non_null(strstr(host.bed.session->deferred.text, "cannot start the agent"));
	assert_int_equal(bed_case(&host.bed, "x")->status, TARE_CASE_FAILED);
	assert_int_equal(host.bed.session->run->status, TARE_RUN_INTERRUPTED);
	setenv("TARE_AGENT", TEST_AGENT, 1);
	assert_int_equal(bed_resume(&host.bed, host.suite), TARE_OK);
	assert_int_equal(bed_case(&host.bed, "a")->samples.total, 2);
	assert_int_equal(bed_case(&host.bed, "y")->samples.total, 2);
	free(agent);
	host_remove(&host);
}

static void
a_scratch_folder_lives_as_long_as_its_case(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "benchmarks:\n"
			 "  - name: x\n"
			 "    invocations: 1\n"
			 "    warmup: 0\n"
			 "    setup: echo ${scratch_dir} > ${log}; test -d ${scratch_dir}\n"
			 "    shell: touch ${scratch_dir}/file\n"
			 "    cleanup: test -f ${scratch_dir}/file\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_int_equal(bed_case(&host.bed, "x")->status, TARE_CASE_OK);
	{
		char *path = test_file_read(host.log, NULL);

		path[strcspn(path, "\n")] = '\0';
		assert_int_equal(access(path, F_OK), -1);
		free(path);
	}
	host_remove(&host);
}

static void
output_that_was_cut_is_mentioned_with_what_was_not_found(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "defaults: {invocations: 2, warmup: 0}\n"
			 "benchmarks:\n"
			 "  - name: late\n"
			 "    shell: 'yes \"$(seq -s, 1000)\" | head -c 17000000; echo; echo n 5'\n"
			 "    metrics: {n: {regex: 'n ([0-9]+)', unit: ops}}\n"
			 "  - name: early\n"
			 "    shell: 'echo n 5 >&2; head -c 70000 /dev/zero | tr \"\\0\" \"\\n\" "
			 ">&2'\n"
			 "    metrics: {n: {regex: 'n ([0-9]+)', unit: ops, stream: stderr}}\n"
			 "  - name: unread\n"
			 "    shell: 'head -c 70000 /dev/zero >&2'\n"
			 "  - name: found\n"
			 "    shell: 'echo n 5; yes \"$(seq -s, 1000)\" | head -c 17000000'\n"
			 "    metrics: {n: {regex: 'n ([0-9]+)', unit: ops}}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_string_equal(bed_case(&host.bed, "late")->failure,
		"metric 'n': nothing in stdout matches 'n ([0-9]+)'; it begins with "
		"'1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,'; only the first "
		"16 MiB of its "
		"captured output were read");
	assert_string_equal(bed_case(&host.bed, "early")->failure,
		"metric 'n': nothing in stderr matches 'n ([0-9]+)'; it is empty; only the last 64 "
		"KiB of its "
		"standard error were read");
	assert_int_equal(bed_case(&host.bed, "found")->samples.total, 2);
	assert_int_equal(bed_case(&host.bed, "unread")->samples.total, 2);
	/* Once for each case. */
	assert_int_equal(bed_warning_count(&host.bed), 3);
	host_remove(&host);
}

/* Ten thousand cases would be ten thousand folders for nothing. */
static void
a_scratch_folder_that_nothing_mentions_is_not_made(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "defaults: {invocations: 1, warmup: 0}\n"
			 "benchmarks:\n"
			 "  - {name: x, shell: 'test ! -e ${dir}/scratch'}\n");
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_int_equal(bed_case(&host.bed, "x")->status, TARE_CASE_OK);
	host_remove(&host);
}

static void
a_run_that_is_not_kept_leaves_nothing(void **state)
{
	struct host_bed host;

	(void)state;
	host_make(&host, "benchmarks:\n"
			 "  - {name: x, invocations: 1, command: 'true', setup: echo noise}\n");
	host.bed.session->options.keep_journal = false;
	assert_int_equal(bed_run(&host.bed), TARE_OK);
	assert_int_equal(access(host.bed.state_dir, F_OK), -1);
	assert_int_equal(access(host.bed.journal, F_OK), -1);
	host_remove(&host);
}

static void
a_batch_that_cannot_be_journalled_is_recovered(void **state)
{
	struct host_bed host;
	FILE *full = fopen("/dev/full", "w");
	char *pending;

	(void)state;
	if (!full)
		skip();
	setvbuf(full, NULL, _IONBF, 0);
	host_make(&host, "benchmarks:\n"
			 "  - {name: x, invocations: 5, warmup: 0, command: 'true'}\n");
	pending = test_path(host.bed.folder, "run.ndjson.pending");
	assert_int_equal(bed_describe(&host.bed), TARE_OK);
	tare_journal_close(host.bed.session->journal, NULL);
	host.bed.session->journal = tare_journal_on_stream(full);
	assert_int_equal(bed_measure(&host.bed), TARE_OK);
	assert_true(host.bed.session->broke_down);
	assert_int_equal(access(pending, F_OK), 0);
	assert_int_equal(bed_resume(&host.bed, host.suite), TARE_OK);
	assert_int_equal(bed_case(&host.bed, "x")->samples.total, 5);
	assert_int_equal(host.bed.session->run->invocation_count, 5);
	assert_int_equal(access(pending, F_OK), -1);
	/* What the agent had finished stands before the resumed run's own. */
	assert_true(bed_journal_has(&host.bed, "\"seq\":1,\"case\":0,\"pair\":0,"));
	free(pending);
	fclose(full);
	host_remove(&host);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_that_fails_fails_its_case_only),
		cmocka_unit_test(writes_down_by_how_much_it_padded_the_environment),
		cmocka_unit_test(measured_values_are_those_of_the_program),
		cmocka_unit_test(hooks_run_around_what_is_measured),
		cmocka_unit_test(a_setup_that_fails_is_cleaned_up_after),
		cmocka_unit_test(what_was_prepared_is_concluded_after_a_failure),
		cmocka_unit_test(a_hook_that_fails_fails_the_case),
		cmocka_unit_test(a_build_is_run_once_and_fails_its_cases_only),
		cmocka_unit_test(a_program_that_takes_too_long_is_killed),
		cmocka_unit_test(metrics_come_out_of_the_output),
		cmocka_unit_test(an_interruption_kills_the_program_and_cleans_up),
		cmocka_unit_test(an_interruption_of_setup_still_cleans_up),
		cmocka_unit_test(an_interruption_of_a_build_begins_no_other),
		cmocka_unit_test(a_second_interruption_ends_cleaning_up),
		cmocka_unit_test(an_agent_that_is_killed_costs_the_case_that_did_it),
		cmocka_unit_test(a_service_is_there_again_after_its_agent_was_killed),
		cmocka_unit_test(what_cannot_begin_another_agent_reports_what_there_is),
		cmocka_unit_test(variants_share_a_service_that_is_the_same),
		cmocka_unit_test(services_that_differ_are_swapped),
		cmocka_unit_test(a_service_that_dies_fails_those_who_used_it),
		cmocka_unit_test(a_scratch_folder_lives_as_long_as_its_case),
		cmocka_unit_test(output_that_was_cut_is_mentioned_with_what_was_not_found),
		cmocka_unit_test(a_scratch_folder_that_nothing_mentions_is_not_made),
		cmocka_unit_test(a_run_that_is_not_kept_leaves_nothing),
		cmocka_unit_test(a_batch_that_cannot_be_journalled_is_recovered),
	};

	setenv("TARE_AGENT", TEST_AGENT, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
