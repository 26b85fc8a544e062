#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/counters/counters.h"
#include "tests/support/files.h"
#include "tests/support/perf_shim.h"
#include "tests/unit/runners/subject.h"

enum { METRICS = TARE_BUILTIN_METRIC_COUNT + 4 };

/* A case that counts these, on the host runner. */
struct fixture {
	struct tare_runner *runner;
	struct tare_arena *arena;
	struct tare_case subject;
	struct tare_metric metrics[METRICS];
	struct tare_metric_rule rules[METRICS];
	struct tare_counter_group groups[4];
	size_t positions[4];
	struct tare_plan plan;
};

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	perf_shim = (struct perf_shim){.has_pmu = true};
	fixture->arena = tare_arena_new();
	fixture->runner = subject_open(NULL, NULL);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	subject_close(fixture->runner);
	tare_arena_free(fixture->arena);
	free(fixture);
	return 0;
}

/* names is NULL-terminated; each is a group of its own. */
static struct tare_case *
counting(struct fixture *fixture, struct tare_program program, const char *const *names)
{
	const struct tare_counter_place here = {.root = "", .path = ""};
	struct tare_case *subject = &fixture->subject;
	struct tare_err err = {0};
	const char *missing = NULL;

	*subject = subject_case(program);
	memset(fixture->rules, 0, sizeof(fixture->rules));
	memcpy(fixture->metrics, tare_builtin_metrics, sizeof(tare_builtin_metrics));
	subject->metrics = fixture->metrics;
	subject->rules = fixture->rules;
	subject->metric_count = TARE_BUILTIN_METRIC_COUNT;
	subject->counter_groups = fixture->groups;
	for (size_t i = 0; names[i]; i++) {
		size_t at = subject->metric_count++;

		fixture->metrics[at] = (struct tare_metric){.name = names[i], .unit = "count"};
		fixture->rules[at].source = TARE_SOURCE_COUNTER;
		fixture->positions[i] = at;
		fixture->groups[i] = (struct tare_counter_group){
			.name = names[i], .metrics = &fixture->positions[i], .metric_count = 1};
		subject->counter_group_count++;
	}
	fixture->plan = (struct tare_plan){.cases = subject, .case_count = 1};
	if (tare_counters_resolve(&missing, tare_counters_new(fixture->arena, &here),
		    &fixture->plan, &err) != TARE_OK ||
		missing)
		fail_msg("%s", missing ? missing : err.text);
	return subject;
}

/* As if the kernel's two clocks agreed: on a busy virtual machine they do not always, and the
 * guard, which has tests of its own, then leaves a value out. */
static double
counted(const struct tare_case *subject, const struct tare_outcome *outcome, const char *name)
{
	struct tare_agent_record record = outcome->record;
	struct tare_counted values[METRICS];
	bool invalid;

	record.user_ns = outcome->counts.readings[0].value;
	record.sys_ns = 0;
	tare_counters_values(values, &invalid, subject, &record, &outcome->counts, outcome->around);
	return values[tare_metric_find(subject->metrics, subject->metric_count, name)].value;
}

static struct tare_program
tiny(void)
{
	return subject_program((const char *const[]){TEST_TINY, NULL});
}

static void
counts_the_program_and_not_the_agent(void **state)
{
	struct tare_case *subject = counting(*state, tiny(),
		(const char *const[]){"perf_sw/page-faults", "perf_sw/task-clock", NULL});
	struct tare_outcome outcome =
		subject_measure_one(((struct fixture *)*state)->runner, subject);

	assert_int_equal(outcome.counts.count, 3);
	assert_int_equal(outcome.counts.seq, outcome.record.seq);
	assert_int_equal(outcome.counts.check, tare_counts_check(&outcome.counts));
	/* A program of three instructions: what exec takes, and no more. */
	assert_in_range(counted(subject, &outcome, "perf_sw/page-faults"), 1, 40);
	assert_true(counted(subject, &outcome, "perf_sw/task-clock") > 0.0);
}

static void
counts_children_too(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case *subject = counting(fixture, subject_shell("exit 0"),
		(const char *const[]){"perf_sw/page-faults", NULL});
	struct tare_outcome alone = subject_measure_one(fixture->runner, subject);
	struct tare_outcome with;

	subject->program = subject_shell("/bin/true; /bin/true; /bin/true; exit 0");
	with = subject_measure_one(fixture->runner, subject);
	assert_true(counted(subject, &with, "perf_sw/page-faults") >
		    counted(subject, &alone, "perf_sw/page-faults") + 60.0);
}

/* Every invocation of a batch has counts of its own. */
static void
counts_each_invocation_of_a_batch(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case *subject =
		counting(fixture, tiny(), (const char *const[]){"perf_sw/page-faults", NULL});
	struct tare_outcome *outcomes = calloc(50, sizeof(*outcomes));
	uint32_t done = subject_measure(fixture->runner, outcomes, subject, 50);

	assert_int_equal(done, 50);
	for (uint32_t i = 0; i < done; i++)
		assert_in_range(counted(subject, &outcomes[i], "perf_sw/page-faults"), 1, 40);
	free(outcomes);
}

static void
takes_events_over_for_a_case_that_counts_the_same(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case *subject =
		counting(fixture, tiny(), (const char *const[]){"perf_sw/page-faults", NULL});
	struct tare_case other = *subject;
	unsigned opened;

	subject_measure_one(fixture->runner, subject);
	opened = perf_shim.opened;
	subject_measure_one(fixture->runner, &other);
	assert_int_equal(perf_shim.opened, opened);
}

static void
stops_counting_for_a_case_that_counts_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case *subject =
		counting(fixture, tiny(), (const char *const[]){"perf_sw/page-faults", NULL});
	struct tare_case plain = subject_case(tiny());
	struct tare_outcome outcome;

	const struct tare_invocation next = {.subject = &plain,
		.program = &plain.program,
		.role = TARE_ROLE_MEASURED,
		.seq = 101,
		.count = 1};
	uint32_t done = 0;

	subject_measure_one(fixture->runner, subject);
	assert_int_equal(
		tare_runner_host.invoke(fixture->runner, &outcome, &done, &next, NULL), TARE_OK);
	assert_int_equal(outcome.counts.count, 0);
	outcome = subject_measure_one(fixture->runner, subject);
	assert_in_range(counted(subject, &outcome, "perf_sw/page-faults"), 1, 40);
}

/* Sets take turns by pair; both are seen, and each value is of its own set. */
static void
takes_turns_where_hardware_events_do_not_fit(void **state)
{
	struct fixture *fixture = *state;
	unsigned seen[2] = {0};
	struct tare_case *subject;

	perf_shim.group_max = 1;
	subject = counting(fixture, tiny(), (const char *const[]){"cycles", "instructions", NULL});
	assert_int_equal(subject->counter_set_count, 2);
	for (uint32_t i = 0; i < 4; i++) {
		struct tare_invocation invocation = {.subject = subject,
			.program = &subject->program,
			.role = TARE_ROLE_MEASURED,
			.seq = i + 1,
			.pair = i,
			.count = 1};
		struct tare_outcome outcome;
		uint32_t done = 0;

		assert_int_equal(tare_runner_host.invoke(
					 fixture->runner, &outcome, &done, &invocation, NULL),
			TARE_OK);
		assert_int_equal(outcome.counts.set, i / 2);
		assert_int_equal(isnan(counted(subject, &outcome, "cycles")), i >= 2);
		assert_int_equal(isnan(counted(subject, &outcome, "instructions")), i < 2);
		seen[outcome.counts.set]++;
	}
	assert_int_equal(seen[0], 2);
	assert_int_equal(seen[1], 2);
}

static void
passes_on_for_how_long_an_event_ran(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case *subject;
	struct tare_outcome outcome;

	subject = counting(fixture, tiny(), (const char *const[]){"cycles", NULL});
	perf_shim.turns = true;
	outcome = subject_measure_one(fixture->runner, subject);
	assert_int_equal(outcome.counts.readings[1].enabled_ns, 1000000);
	assert_int_equal(outcome.counts.readings[1].running_ns, 400000);
	assert_true(counted(subject, &outcome, "cycles") == 10000.0);
}

static void
has_no_value_for_an_event_in_error(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case *subject;
	struct tare_outcome outcome;

	subject = counting(
		fixture, tiny(), (const char *const[]){"cycles", "perf_sw/page-faults", NULL});
	perf_shim.in_error = true;
	outcome = subject_measure_one(fixture->runner, subject);
	assert_true(isnan(counted(subject, &outcome, "cycles")));
	assert_true(counted(subject, &outcome, "perf_sw/page-faults") > 0.0);
}

/* One or two of the CPUs that this process may use. */
static struct tare_bits
some_cpus(void)
{
	struct tare_bits cpus = {0};
	cpu_set_t own;

	assert_int_equal(sched_getaffinity(0, sizeof(own), &own), 0);
	for (unsigned i = 0; i < CPU_SETSIZE && tare_bits_count(&cpus) < 2; i++) {
		if (CPU_ISSET(i, &own))
			tare_bits_add(&cpus, i);
	}
	return cpus;
}

static void
sums_over_the_cpus_of_the_case(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case *subject =
		counting(fixture, tiny(), (const char *const[]){"perf_sw/page-faults", NULL});
	struct tare_bits cpus = some_cpus();
	char list[TARE_BITS_TEXT_MAX];
	const char *pinned = NULL;
	struct tare_outcome outcome;
	unsigned sum = 0;

	for (unsigned i = 0; i < TARE_BITS_MAX; i++)
		sum += tare_bits_has(&cpus, i) ? 1000 + i : 0;
	tare_bits_print(list, sizeof(list), &cpus);
	subject->cpus = list;
	subject->counts_cpus = true;
	perf_shim.has_cpus = true;
	assert_int_equal(
		tare_runner_host.case_begin(fixture->runner, &pinned, subject, NULL), TARE_OK);
	outcome = subject_measure_one(fixture->runner, subject);
	assert_int_equal(outcome.counts.count, 2);
	assert_int_equal(outcome.counts.readings[1].value, sum);
	/* Without, the same counters are attached anew. */
	subject->counts_cpus = false;
	outcome = subject_measure_one(fixture->runner, subject);
	assert_int_not_equal(outcome.counts.readings[1].value, sum);
}

static void
refuses_one_case_where_events_are_gone(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case *subject =
		counting(fixture, tiny(), (const char *const[]){"perf_sw/page-faults", NULL});
	const struct tare_invocation invocation = {.subject = subject,
		.program = &subject->program,
		.role = TARE_ROLE_MEASURED,
		.seq = 1,
		.count = 1};
	struct tare_outcome outcome;
	struct tare_err err = {0};
	uint32_t done = 0;

	perf_shim.refuse_errno = EMFILE;
	assert_int_equal(
		tare_runner_host.invoke(fixture->runner, &outcome, &done, &invocation, &err),
		TARE_UNSUPPORTED);
	assert_string_equal(err.text, "counters: perf_event_open: Too many open files");
	perf_shim.refuse_errno = 0;
	outcome = subject_measure_one(fixture->runner, subject);
	assert_in_range(counted(subject, &outcome, "perf_sw/page-faults"), 1, 40);
}

static void
counts_nothing_in_hooks(void **state)
{
	struct fixture *fixture = *state;
	struct tare_case *subject =
		counting(fixture, tiny(), (const char *const[]){"perf_sw/page-faults", NULL});
	struct tare_program hook = subject_shell("/bin/true; exit 0");
	struct tare_outcome outcome;

	subject_measure_one(fixture->runner, subject);
	outcome = subject_hook(fixture->runner, &hook, NULL);
	assert_int_equal(outcome.counts.count, 0);
	outcome = subject_measure_one(fixture->runner, subject);
	assert_in_range(counted(subject, &outcome, "perf_sw/page-faults"), 1, 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			counts_the_program_and_not_the_agent, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_children_too, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_each_invocation_of_a_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(
			takes_events_over_for_a_case_that_counts_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(
			stops_counting_for_a_case_that_counts_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			takes_turns_where_hardware_events_do_not_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(
			passes_on_for_how_long_an_event_ran, setup, teardown),
		cmocka_unit_test_setup_teardown(
			has_no_value_for_an_event_in_error, setup, teardown),
		cmocka_unit_test_setup_teardown(sums_over_the_cpus_of_the_case, setup, teardown),
		cmocka_unit_test_setup_teardown(
			refuses_one_case_where_events_are_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_nothing_in_hooks, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
