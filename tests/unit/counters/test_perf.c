#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/counters/counters.h"
#include "harness/counters/perf.h"
#include "tests/support/perf_shim.h"

static const struct tare_counter_place here = {.root = ""};
static struct tare_arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = tare_arena_new();
	perf_shim = (struct perf_shim){.has_pmu = true};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tare_arena_free(arena);
	return 0;
}

static struct tare_counter_source
found(const struct tare_counter_ops *ops, const char *name)
{
	struct tare_counter_source source = {0};
	struct tare_err err = {0};

	if (ops->find(&source, arena, &here, name, &err) != TARE_OK)
		fail_msg("%s: %s", name, err.text);
	source.ops = ops;
	return source;
}

static void
check_refused(const char *name, const char *sentence)
{
	struct tare_counter_source source = {0};
	struct tare_err err = {0};

	assert_int_equal(
		tare_counters_perf.find(&source, arena, &here, name, &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, sentence);
}

static void
counts_software_events_on_any_machine(void **state)
{
	static const char *const names[] = {"task-clock", "page-faults", "context-switches",
		"cpu-migrations", "major-faults", "minor-faults", "cpu-clock"};

	(void)state;
	perf_shim = (struct perf_shim){0};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct tare_counter_source source = found(&tare_counters_perf_sw, names[i]);

		assert_false(source.hardware);
		assert_int_equal(source.origin.quality, TARE_QUALITY_COUNTED);
	}
	assert_int_equal(tare_counters_perf_sw.supported(&here, NULL), TARE_OK);
}

static void
counts_hardware_events_where_there_is_a_pmu(void **state)
{
	struct tare_counter_source source = found(&tare_counters_perf, "instructions");

	(void)state;
	assert_true(source.hardware);
	assert_string_equal(source.origin.event, "PERF_COUNT_HW_INSTRUCTIONS");
	assert_string_equal(source.origin.scope, "program and its descendants");
	assert_int_equal(source.type, PERF_TYPE_HARDWARE);
	source = found(&tare_counters_perf, "dTLB-load-misses");
	assert_int_equal(source.type, PERF_TYPE_HW_CACHE);
	assert_int_equal(source.config, PERF_COUNT_HW_CACHE_DTLB |
						PERF_COUNT_HW_CACHE_OP_READ << 8 |
						PERF_COUNT_HW_CACHE_RESULT_MISS << 16);
	assert_int_equal(tare_counters_perf.supported(&here, NULL), TARE_OK);
}

static void
takes_raw_events_by_their_number(void **state)
{
	struct tare_counter_source source = found(&tare_counters_perf, "r01c2");

	(void)state;
	assert_int_equal(source.type, PERF_TYPE_RAW);
	assert_int_equal(source.config, 0x1c2);
	assert_int_equal(tare_counters_perf.find(&source, arena, &here, "r", NULL), TARE_NOT_FOUND);
	assert_int_equal(
		tare_counters_perf.find(&source, arena, &here, "r12g", NULL), TARE_NOT_FOUND);
	assert_int_equal(tare_counters_perf.find(&source, arena, &here, "r00000000000000001", NULL),
		TARE_NOT_FOUND);
}

static void
takes_native_names_too(void **state)
{
	struct tare_counter_source source = {0};

	(void)state;
	assert_int_equal(tare_counters_perf.find(&source, arena, &here, "perf::CACHE-MISSES", NULL),
		TARE_OK);
	assert_string_equal(source.origin.event, "PERF_COUNT_HW_CACHE_MISSES");
	assert_int_equal(
		tare_counters_perf_sw.find(&source, arena, &here, "perf::PAGE-FAULTS", NULL),
		TARE_OK);
	assert_string_equal(source.origin.event, "PERF_COUNT_SW_PAGE_FAULTS");
	assert_int_equal(tare_counters_perf_sw.find(&source, arena, &here, "PAGE-FAULTS", NULL),
		TARE_NOT_FOUND);
}

static void
leaves_names_it_does_not_know_to_others(void **state)
{
	struct tare_counter_source source = {0};

	(void)state;
	assert_int_equal(tare_counters_perf.find(&source, arena, &here, "page-faults", NULL),
		TARE_NOT_FOUND);
	assert_int_equal(
		tare_counters_perf_sw.find(&source, arena, &here, "cycles", NULL), TARE_NOT_FOUND);
}

static void
says_why_an_event_cannot_be_had(void **state)
{
	char sentence[256], level[8] = "";
	FILE *stream = fopen("/proc/sys/kernel/perf_event_paranoid", "re");

	(void)state;
	if (stream) {
		assert_non_null(fgets(level, sizeof(level), stream));
		fclose(stream);
	}
	perf_shim.refuse_errno = ENOENT;
	check_refused("cycles",
		"this machine has no such hardware counter (few virtual machines have any)");
	perf_shim.refuse_errno = EACCES;
	snprintf(sentence, sizeof(sentence),
		"the kernel does not permit it; kernel.perf_event_paranoid is %.*s, 2 or less is "
		"needed (a container's seccomp filter may be in the way too)",
		(int)strcspn(level, "\n"), level);
	check_refused("cycles", sentence);
	perf_shim.refuse_errno = EMFILE;
	check_refused("cycles", "perf_event_open: Too many open files");
}

static void
does_not_believe_an_event_that_stays_zero(void **state)
{
	(void)state;
	perf_shim.stuck_at_zero = true;
	check_refused("cycles", "it can be opened, but stayed 0 when it must have counted");
}

static void
does_not_believe_a_group_in_error(void **state)
{
	(void)state;
	perf_shim.in_error = true;
	check_refused("cycles",
		"it can be opened, but was never counted; something else may hold the counter, "
		"such as the NMI watchdog");
}

static void
leaves_the_kernel_out_where_it_must(void **state)
{
	struct tare_counter_source source;

	(void)state;
	perf_shim.refuse_kernel_errno = EACCES;
	source = found(&tare_counters_perf, "instructions");
	assert_true(source.user_only);
	assert_string_equal(source.origin.scope, "program and its descendants, without the kernel");
}

static void
finds_out_how_many_fit(void **state)
{
	struct tare_counter_source a = found(&tare_counters_perf, "cycles");
	struct tare_counter_source b = found(&tare_counters_perf, "instructions");
	struct tare_counter_source c = found(&tare_counters_perf, "branches");
	const struct tare_counter_source *const sources[] = {&a, &b, &c};

	(void)state;
	perf_shim.group_max = 2;
	assert_true(tare_counters_perf.fits(sources, 2));
	assert_false(tare_counters_perf.fits(sources, 3));
	perf_shim.group_max = 0;
	assert_true(tare_counters_perf.fits(sources, 3));
}

/* Opens on this process and runs a child that does something, as the agent does. */
static uint64_t
count_in_child(int fd, bool exec)
{
	struct tare_agent_reading before = {0}, after = {0};
	pid_t pid;
	int status;

	assert_int_equal(read(fd, &before, sizeof(before)), sizeof(before));
	pid = fork();
	if (pid == 0) {
		tare_counters_exercise();
		if (exec)
			execl("/bin/true", "true", (char *)NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(read(fd, &after, sizeof(after)), sizeof(after));
	return after.value - before.value;
}

/* As tare_counters_attach() does. */
static enum tare_status
attach(struct tare_attachment *attachment, const struct tare_counter_ops *ops,
	const struct tare_counter_source *const *sources, size_t count, struct tare_err *err)
{
	const struct tare_counter_target self = {.pid = getpid(), .cpu = -1};
	enum tare_status status = tare_perf_anchor(attachment, sources, count, self.pid, err);

	attachment->targets = 1;
	return status == TARE_OK ? ops->attach(attachment, sources, count, &self, err) : status;
}

static void
counts_what_is_executed_and_nothing_before_it(void **state)
{
	struct tare_counter_source source = found(&tare_counters_perf_sw, "page-faults");
	const struct tare_counter_source *const sources[] = {&source};
	struct tare_attachment attachment = {0};

	(void)state;
	assert_int_equal(attach(&attachment, &tare_counters_perf_sw, sources, 1, NULL), TARE_OK);
	assert_int_equal(attachment.count, 1);
	assert_int_equal(fcntl(attachment.fds[0], F_GETFD), FD_CLOEXEC);
	/* Neither this process nor a child that executes nothing. */
	tare_counters_exercise();
	assert_int_equal(count_in_child(attachment.fds[0], false), 0);
	assert_in_range(count_in_child(attachment.fds[0], true), 10, 900);
	tare_counters_detach(&attachment);
	assert_int_equal(attachment.count, 0);
	tare_counters_detach(&attachment);
}

/* So that it does not matter on which side of the reap the agent reads. */
static void
counts_the_same_before_and_after_the_reap(void **state)
{
	struct tare_counter_source source = found(&tare_counters_perf_sw, "page-faults");
	const struct tare_counter_source *const sources[] = {&source};
	struct tare_agent_reading zombie = {0}, reaped = {0};
	struct tare_attachment attachment = {0};
	siginfo_t info;
	pid_t pid;

	(void)state;
	assert_int_equal(attach(&attachment, &tare_counters_perf_sw, sources, 1, NULL), TARE_OK);
	pid = fork();
	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(read(attachment.fds[0], &zombie, sizeof(zombie)), sizeof(zombie));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(read(attachment.fds[0], &reaped, sizeof(reaped)), sizeof(reaped));
	assert_true(zombie.value > 0);
	assert_int_equal(zombie.value, reaped.value);
	tare_counters_detach(&attachment);
}

static void
groups_the_hardware_events_of_a_set(void **state)
{
	struct tare_counter_source a = found(&tare_counters_perf, "cycles");
	struct tare_counter_source b = found(&tare_counters_perf, "instructions");
	const struct tare_counter_source *const sources[] = {&a, &b};
	struct tare_attachment attachment = {0};

	(void)state;
	assert_int_equal(attach(&attachment, &tare_counters_perf, sources, 2, NULL), TARE_OK);
	assert_int_equal(attachment.count, 2);
	/* A member of the group is enabled by the exec of its leader. */
	assert_true(count_in_child(attachment.fds[0], true) > 0);
	assert_true(count_in_child(attachment.fds[1], true) > 0);
	tare_counters_detach(&attachment);
}

/* The kernel swaps the contexts of a parent and a child that it takes for equal, and the first exec
 * would use up what enables the events of all others. */
static void
counts_every_child_and_not_the_first_alone(void **state)
{
	struct tare_counter_source source = found(&tare_counters_perf_sw, "page-faults");
	const struct tare_counter_source *const sources[] = {&source};
	struct tare_attachment attachment = {0};

	(void)state;
	assert_int_equal(attach(&attachment, &tare_counters_perf_sw, sources, 1, NULL), TARE_OK);
	for (int i = 0; i < 20; i++)
		assert_in_range(count_in_child(attachment.fds[0], true), 10, 900);
	tare_counters_detach(&attachment);
}

static void
multiplexes_where_a_group_has_no_room(void **state)
{
	struct tare_counter_source a = found(&tare_counters_perf, "cycles");
	struct tare_counter_source b = found(&tare_counters_perf, "instructions");
	const struct tare_counter_source *const sources[] = {&a, &b};
	struct tare_attachment attachment = {0};

	(void)state;
	perf_shim.group_max = 1;
	assert_int_equal(attach(&attachment, &tare_counters_perf, sources, 2, NULL), TARE_OK);
	assert_int_equal(attachment.count, 2);
	assert_true(count_in_child(attachment.fds[1], true) > 0);
	tare_counters_detach(&attachment);
}

static void
says_why_one_cannot_be_attached(void **state)
{
	struct tare_counter_source a = found(&tare_counters_perf_sw, "page-faults");
	const struct tare_counter_source *const sources[] = {&a};
	struct tare_attachment attachment = {0};
	struct tare_err err = {0};

	(void)state;
	perf_shim.refuse_errno = EMFILE;
	assert_int_equal(
		attach(&attachment, &tare_counters_perf_sw, sources, 1, &err), TARE_UNSUPPORTED);
	assert_string_equal(err.text, "perf_event_open: Too many open files");
	assert_int_equal(attachment.count, 0);
	tare_counters_detach(&attachment);
}

static void
counts_on_cpus_for_those_who_may(void **state)
{
	const struct tare_counter_place on_cpus = {.root = "", .on_cpus = true};
	struct tare_counter_source source = {0};
	struct tare_err err = {0};

	(void)state;
	perf_shim.has_cpus = true;
	assert_int_equal(
		tare_counters_perf.find(&source, arena, &on_cpus, "cycles", NULL), TARE_OK);
	assert_string_equal(source.origin.scope, "CPUs of the case, whatever runs there");
	assert_int_equal(
		tare_counters_perf_sw.find(&source, arena, &on_cpus, "page-faults", NULL), TARE_OK);
	assert_int_equal(tare_counters_perf_sw.find(&source, arena, &on_cpus, "task-clock", &err),
		TARE_UNSUPPORTED);
	assert_string_equal(err.text, "it is a clock of processes, and counter_scope is cpus");
	perf_shim.refuse_cpus_errno = EACCES;
	assert_int_equal(tare_counters_perf.find(&source, arena, &on_cpus, "cycles", &err),
		TARE_UNSUPPORTED);
	assert_non_null(strstr(err.text, ", 0 or less is needed"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			counts_software_events_on_any_machine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			counts_hardware_events_where_there_is_a_pmu, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			takes_raw_events_by_their_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_native_names_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaves_names_it_does_not_know_to_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_why_an_event_cannot_be_had, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			does_not_believe_an_event_that_stays_zero, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			does_not_believe_a_group_in_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaves_the_kernel_out_where_it_must, set_up, tear_down),
		cmocka_unit_test_setup_teardown(finds_out_how_many_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			counts_what_is_executed_and_nothing_before_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			counts_the_same_before_and_after_the_reap, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			groups_the_hardware_events_of_a_set, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			counts_every_child_and_not_the_first_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			multiplexes_where_a_group_has_no_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_why_one_cannot_be_attached, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			counts_on_cpus_for_those_who_may, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
