#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/pin/affinity.h"
#include "tests/unit/runners/subject.h"

static int
set_up(void **state)
{
	*state = subject_open(NULL, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	subject_close(*state);
	return 0;
}

/* The first and the second CPU of this process, the same where there is one only. */
static void
own_cpus(unsigned cpus_out[2], char *list_out, size_t size)
{
	struct tare_bits own;
	struct tare_bits two = {0};
	size_t count = 0;

	assert_int_equal(tare_affinity_get(&own, NULL), TARE_OK);
	for (unsigned cpu = 0; cpu < TARE_BITS_MAX && count < 2; cpu++) {
		if (tare_bits_has(&own, cpu))
			cpus_out[count++] = cpu;
	}
	if (count == 1)
		cpus_out[1] = cpus_out[0];
	tare_bits_add(&two, cpus_out[0]);
	tare_bits_add(&two, cpus_out[1]);
	/* One CPU alone would be read as a number of cores. */
	tare_bits_print(list_out, size, &two);
	if (count == 1)
		snprintf(list_out, size, "%u-%u", cpus_out[0], cpus_out[0]);
}

static struct tare_case
capturing_case(struct tare_program program, const char *cpus)
{
	struct tare_case subject = subject_case(program);

	subject.program.stdout_mode = TARE_OUTPUT_CAPTURE;
	subject.cpus = cpus;
	return subject;
}

static void
begin(struct tare_runner *runner, const struct tare_case *subject)
{
	const char *cpus = NULL;
	struct tare_err err = {0};

	if (tare_runner_host.case_begin(runner, &cpus, subject, &err) != TARE_OK)
		fail_msg("%s", err.text);
}

static const char *
run_threaded(void **state, const char *mode, bool pinned)
{
	char list[32];
	unsigned cpus[2];
	struct tare_case subject;
	struct tare_outcome outcome;

	own_cpus(cpus, list, sizeof(list));
	subject = capturing_case(
		subject_program((const char *const[]){TEST_THREADED, mode, NULL}), list);
	subject.threads_pinned = pinned;
	begin(*state, &subject);
	outcome = subject_measure_one(*state, &subject);
	assert_string_equal(outcome.stderr_text, "");
	assert_int_equal(outcome.record.exit_status, 0);
	assert_false(outcome.threads_free);
	return outcome.stdout_text;
}

static void
print_mask(char *text_out, size_t size, const unsigned cpus[2])
{
	if (cpus[0] == cpus[1])
		snprintf(text_out, size, "%u", cpus[0]);
	else
		snprintf(text_out, size, "%u,%u", cpus[0], cpus[1]);
}

static void
gives_each_thread_a_cpu_of_its_own_in_turn(void **state)
{
	char list[32], expected[256];
	unsigned cpus[2];

	own_cpus(cpus, list, sizeof(list));
	snprintf(expected, sizeof(expected),
		"main %u\nthread %u\nthread %u\nthread %u\nthread %u\n", cpus[0], cpus[1], cpus[0],
		cpus[1], cpus[0]);
	assert_string_equal(run_threaded(state, "", true), expected);
}

static void
leaves_threads_alone_unless_told(void **state)
{
	char list[32], mask[32], expected[256];
	unsigned cpus[2];

	own_cpus(cpus, list, sizeof(list));
	print_mask(mask, sizeof(mask), cpus);
	snprintf(expected, sizeof(expected),
		"main %s\nthread %s\nthread %s\nthread %s\nthread %s\n", mask, mask, mask, mask,
		mask);
	assert_string_equal(run_threaded(state, "", false), expected);
}

static void
leaves_a_program_alone_that_chooses_cpus_itself(void **state)
{
	char list[32];
	unsigned cpus[2], main_cpu, threads[4];
	const char *text = run_threaded(state, "own", true);

	own_cpus(cpus, list, sizeof(list));
	if (cpus[0] == cpus[1])
		return; /* its choice and ours are one CPU */
	assert_int_equal(sscanf(text, "main %u\nthread %u\nthread %u\nthread %u\nthread %u",
				 &main_cpu, &threads[0], &threads[1], &threads[2], &threads[3]),
		5);
	for (int i = 0; i < 4; i++)
		assert_int_equal(threads[i], main_cpu);
}

static void
gives_processes_of_a_pinned_thread_all_cpus(void **state)
{
	char list[32], mask[32], expected[64];
	unsigned cpus[2];

	own_cpus(cpus, list, sizeof(list));
	print_mask(mask, sizeof(mask), cpus);
	snprintf(expected, sizeof(expected), "child %s\n", mask);
	assert_string_equal(run_threaded(state, "fork", true), expected);
	assert_string_equal(run_threaded(state, "exec", true), expected);
}

static void
pins_threads_of_what_a_shell_starts(void **state)
{
	char list[32], expected[32];
	unsigned cpus[2];
	struct tare_case subject =
		capturing_case(subject_shell("exec " TEST_THREADED " | head -n 2"), NULL);
	struct tare_outcome outcome;

	own_cpus(cpus, list, sizeof(list));
	subject.cpus = list;
	subject.threads_pinned = true;
	begin(*state, &subject);
	outcome = subject_measure_one(*state, &subject);
	assert_false(outcome.threads_free);
	snprintf(expected, sizeof(expected), "main %u\nthread %u\n", cpus[0], cpus[1]);
	assert_string_equal(outcome.stdout_text, expected);
}

static void
says_where_threads_cannot_be_pinned(void **state)
{
	struct tare_case subject =
		subject_case(subject_program((const char *const[]){TEST_TINY, NULL}));

	subject.threads_pinned = true;
	begin(*state, &subject);
	assert_true(subject_measure_one(*state, &subject).threads_free);
	subject.threads_pinned = false;
	begin(*state, &subject);
	assert_false(subject_measure_one(*state, &subject).threads_free);
}

/* An interpreter that loads nothing either. */
static void
follows_scripts_to_their_interpreter(void **state)
{
	char path[] = "/tmp/tare-script-XXXXXX";
	int fd = mkstemp(path);
	struct tare_case subject;

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "#! %s argument\n", TEST_TINY) > 0);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	subject = subject_case(subject_program((const char *const[]){path, NULL}));
	subject.threads_pinned = true;
	begin(*state, &subject);
	assert_true(subject_measure_one(*state, &subject).threads_free);
	unlink(path);
}

static void
keeps_what_a_program_preloads_itself(void **state)
{
	static char own[] = "LD_PRELOAD=libm.so.6";
	static char path[] = "PATH=/usr/bin:/bin";
	static char *env[] = {own, path, NULL};
	char list[32];
	unsigned cpus[2];
	struct tare_case subject =
		capturing_case(subject_program((const char *const[]){"env", NULL}), NULL);
	const char *text;

	own_cpus(cpus, list, sizeof(list));
	subject.cpus = list;
	subject.program.env = env;
	begin(*state, &subject);
	assert_string_equal(subject_measure_one(*state, &subject).stdout_text,
		"LD_PRELOAD=libm.so.6\nPATH=/usr/bin:/bin\n");
	subject.threads_pinned = true;
	begin(*state, &subject);
	text = subject_measure_one(*state, &subject).stdout_text;
	assert_non_null(strstr(text, "/tare-threads.so:libm.so.6\n"));
	assert_non_null(strstr(text, "\nTARE_THREAD_CPUS="));
	assert_null(strstr(strstr(text, "LD_PRELOAD=") + 1, "LD_PRELOAD="));
}

/* What the kernel says of the first mapping: "address policy ...". */
static void
check_memory(void **state, const char *numa, const char *expected)
{
	struct tare_case subject = capturing_case(
		subject_shell("while read -r address policy rest; do echo $policy; break; done "
			      "</proc/self/numa_maps"),
		NULL);

	subject.numa = numa;
	begin(*state, &subject);
	assert_memory_equal(
		subject_measure_one(*state, &subject).stdout_text, expected, strlen(expected));
}

static void
takes_memory_from_where_it_was_told(void **state)
{
	if (access("/proc/self/numa_maps", R_OK) != 0) {
		print_message("skipped: this kernel was built without NUMA\n");
		skip();
	}
	check_memory(state, "bind:0", "bind:0\n");
	check_memory(state, "interleave", "interleave:");
	check_memory(state, "local", "local\n");
	check_memory(state, NULL, "default\n");
}

static void
refuses_memory_that_is_not_there(void **state)
{
	struct tare_case subject = subject_case(subject_shell("true"));
	const char *cpus = NULL;
	struct tare_err err = {0};

	subject.numa = "bind:900";
	subject.numa_at = "s.yaml:7:11";
	assert_int_equal(tare_runner_host.case_begin(*state, &cpus, &subject, &err), TARE_INVALID);
	assert_non_null(strstr(err.text, "s.yaml:7:11: numa 'bind:900' names a NUMA node without "
					 "memory for this process; those with "
					 "are "));
}

static void
says_where_cpus_are_written_that_cannot_be_had(void **state)
{
	struct tare_case subject = subject_case(subject_shell("true"));
	const char *cpus = NULL;
	struct tare_err err = {0};

	subject.cpus = "1000";
	subject.cpus_at = "s.yaml:3:9";
	assert_int_equal(
		tare_runner_host.case_begin(*state, &cpus, &subject, &err), TARE_UNSUPPORTED);
	assert_non_null(strstr(err.text, "s.yaml:3:9: cpus '1000' asks for 1000 cores, and this "));
	subject.cpus_at = NULL;
	assert_int_equal(
		tare_runner_host.case_begin(*state, &cpus, &subject, &err), TARE_UNSUPPORTED);
	assert_memory_equal(err.text, "cpus '1000' asks", strlen("cpus '1000' asks"));
}

static void
keeps_what_is_not_pinned_on_the_cpus_it_is_given(void **state)
{
	struct tare_runner_options options = {.run_id = "test", .agent_path = TEST_AGENT};
	struct tare_program hook = subject_shell("grep Cpus_allowed_list /proc/self/status >&2");
	struct tare_case subject = capturing_case(hook, NULL);
	struct tare_runner *runner = NULL;
	struct tare_err err = {0};
	char list[32], expected[64];
	unsigned cpus[2];

	(void)state;
	own_cpus(cpus, list, sizeof(list));
	tare_bits_add(&options.cpus_elsewhere, cpus[1]);
	if (tare_runner_host.open(&runner, &options, &err) != TARE_OK)
		fail_msg("%s", err.text);
	snprintf(expected, sizeof(expected), "Cpus_allowed_list:\t%u\n", cpus[1]);
	assert_string_equal(subject_hook(runner, &hook, NULL).stderr_text, expected);
	begin(runner, &subject);
	assert_string_equal(subject_measure_one(runner, &subject).stderr_text, expected);
	tare_runner_host.close(runner);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			gives_each_thread_a_cpu_of_its_own_in_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaves_threads_alone_unless_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaves_a_program_alone_that_chooses_cpus_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			gives_processes_of_a_pinned_thread_all_cpus, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			pins_threads_of_what_a_shell_starts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			says_where_threads_cannot_be_pinned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			follows_scripts_to_their_interpreter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			keeps_what_a_program_preloads_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			takes_memory_from_where_it_was_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			refuses_memory_that_is_not_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			says_where_cpus_are_written_that_cannot_be_had, set_up, tear_down),
		cmocka_unit_test(keeps_what_is_not_pinned_on_the_cpus_it_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
