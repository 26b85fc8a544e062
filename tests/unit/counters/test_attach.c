#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/perf_shim.h"
#include "tests/unit/counters/fixture.h"

static struct fixture fixture;

static int
set_up(void **state)
{
	const char *missing;

	(void)state;
	perf_shim = (struct perf_shim){.has_pmu = true};
	fixture_begin(&fixture);
	fixture_group(&fixture, "ipc");
	fixture_counter(&fixture, "cycles");
	fixture_counter(&fixture, "instructions");
	fixture_counter(&fixture, "perf_sw/page-faults");
	fixture_counter(&fixture, "user-time");
	fixture_formula(&fixture, "ipc", "instructions / cycles");
	return tare_counters_resolve(&missing, fixture.counters, &fixture.plan, NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_end(&fixture);
	return 0;
}

static const struct tare_counter_target self = {.pid = 0, .cpu = -1};

static size_t
at(const char *name)
{
	return fixture_find(&fixture, name);
}

static const struct tare_agent_record record = {.seq = 5, .user_ns = 8000000, .sys_ns = 2000000};

static struct tare_agent_counts
whole_counts(void)
{
	return (struct tare_agent_counts){.seq = 5,
		.count = 4,
		.readings = {{10000000, 10000000, 10000000}, {2000, 10000000, 10000000},
			{3000, 10000000, 10000000}, {40, 10000000, 10000000}}};
}

static void
attaches_a_guard_and_every_event_of_the_set(void **state)
{
	struct tare_attachment attachment = {0};

	(void)state;
	assert_int_equal(tare_counters_attach(&attachment, &fixture.subject,
				 &fixture.subject.counter_sets[0], &self, 1, NULL),
		TARE_OK);
	assert_int_equal(attachment.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(attachment.fds[i] >= 0);
	tare_counters_detach(&attachment);
	assert_int_equal(attachment.count, 0);
}

static void
says_why_events_cannot_be_attached(void **state)
{
	struct tare_attachment attachment = {0};
	struct tare_err err = {0};

	(void)state;
	perf_shim.refuse_errno = EMFILE;
	assert_int_equal(tare_counters_attach(&attachment, &fixture.subject,
				 &fixture.subject.counter_sets[0], &self, 1, &err),
		TARE_UNSUPPORTED);
	assert_string_equal(err.text, "perf_event_open: Too many open files");
}

/* kernel.perf_event_paranoid is 2 where nobody changed it: what is counted for an ordinary user is
 * the program alone, and the guard must not ask for more. */
static void
attaches_where_only_the_program_may_be_counted(void **state)
{
	struct tare_attachment attachment = {0};
	struct tare_err err = {0};

	(void)state;
	tear_down(state);
	perf_shim = (struct perf_shim){.has_pmu = true, .refuse_kernel_errno = EACCES};
	fixture_begin(&fixture);
	fixture_group(&fixture, "faults");
	fixture_counter(&fixture, "instructions");
	fixture_counter(&fixture, "perf_sw/page-faults");
	assert_int_equal(
		tare_counters_resolve(&(const char *){NULL}, fixture.counters, &fixture.plan, NULL),
		TARE_OK);
	tare_counters_attach(
		&attachment, &fixture.subject, &fixture.subject.counter_sets[0], &self, 1, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(attachment.count, 3);
	tare_counters_detach(&attachment);
}

static void
takes_what_the_agent_read_by_metric(void **state)
{
	struct tare_agent_counts counts = whole_counts();
	struct tare_counted counted[FIXTURE_METRICS_MAX];
	bool invalid = true;

	(void)state;
	tare_counters_values(counted, &invalid, &fixture.subject, &record, &counts, NULL);
	assert_false(invalid);
	assert_true(counted[at("cycles")].value == 2000.0);
	assert_true(counted[at("instructions")].value == 3000.0);
	assert_true(counted[at("perf_sw/page-faults")].value == 40.0);
	assert_true(counted[at("perf_sw/page-faults")].coverage == 1.0);
	assert_true(counted[at("user-time")].value == 8e6);
	assert_true(isnan(counted[TARE_METRIC_WALL].value));
}

static void
marks_counts_that_the_guard_refuses(void **state)
{
	struct tare_agent_counts counts = whole_counts();
	struct tare_counted counted[FIXTURE_METRICS_MAX];
	bool invalid = false;

	(void)state;
	/* A set-user-ID program drops the events it inherited. */
	counts.readings[0].value = 1000000;
	tare_counters_values(counted, &invalid, &fixture.subject, &record, &counts, NULL);
	assert_true(invalid);
	assert_true(isnan(counted[at("cycles")].value));
	/* What the kernel booked is right all the same. */
	assert_true(counted[at("user-time")].value == 8e6);
}

static void
keeps_the_coverage_of_what_took_turns(void **state)
{
	struct tare_agent_counts counts = whole_counts();
	struct tare_counted counted[FIXTURE_METRICS_MAX];
	bool invalid = false;

	(void)state;
	counts.readings[1].running_ns = 4000000;
	counts.readings[2].running_ns = 2000000;
	counts.readings[3] = (struct tare_agent_reading){0};
	tare_counters_values(counted, &invalid, &fixture.subject, &record, &counts, NULL);
	assert_true(counted[at("cycles")].value == 5000.0);
	assert_true(counted[at("cycles")].coverage == 0.4);
	assert_true(isnan(counted[at("instructions")].value));
	assert_true(counted[at("instructions")].coverage == 0.2);
	assert_true(counted[at("perf_sw/page-faults")].coverage == 0.0);
}

static void
takes_nothing_from_counts_of_another_invocation(void **state)
{
	struct tare_agent_counts counts = whole_counts();
	struct tare_counted counted[FIXTURE_METRICS_MAX];
	bool invalid = true;

	(void)state;
	counts.seq = 4;
	tare_counters_values(counted, &invalid, &fixture.subject, &record, &counts, NULL);
	assert_false(invalid);
	assert_true(isnan(counted[at("cycles")].value));
	counts = whole_counts();
	counts.set = 1;
	tare_counters_values(counted, &invalid, &fixture.subject, &record, &counts, NULL);
	assert_true(isnan(counted[at("cycles")].value));
	counts = whole_counts();
	counts.count = 3;
	tare_counters_values(counted, &invalid, &fixture.subject, &record, &counts, NULL);
	assert_true(isnan(counted[at("cycles")].value));
	tare_counters_values(counted, &invalid, &fixture.subject, &record, NULL, NULL);
	assert_true(isnan(counted[at("cycles")].value));
}

static void
works_formulas_out_of_one_sample(void **state)
{
	double values[FIXTURE_METRICS_MAX] = {0};

	(void)state;
	values[at("cycles")] = 2000.0;
	values[at("instructions")] = 3000.0;
	tare_counters_derive(values, &fixture.subject);
	assert_true(values[at("ipc")] == 1.5);
	values[at("cycles")] = NAN;
	tare_counters_derive(values, &fixture.subject);
	assert_true(isnan(values[at("ipc")]));
}

static void
attaches_the_set_to_every_cpu(void **state)
{
	const struct tare_counter_target cpus[] = {{-1, 0}, {-1, 3}, {-1, 70}};
	struct tare_attachment attachment = {0};
	struct tare_agent_reading reading;

	(void)state;
	perf_shim.has_cpus = true;
	perf_shim.opened = 0;
	assert_int_equal(tare_counters_attach(&attachment, &fixture.subject,
				 &fixture.subject.counter_sets[0], cpus, 3, NULL),
		TARE_OK);
	assert_int_equal(attachment.count, 4);
	assert_int_equal(attachment.targets, 3);
	/* No anchors: nothing is inherited. */
	assert_int_equal(perf_shim.opened, 12);
	for (size_t i = 0; i < 12; i++) {
		assert_int_equal(
			read(attachment.fds[i], &reading, sizeof(reading)), sizeof(reading));
		assert_int_equal(reading.value, 1000 + cpus[i / 4].cpu);
	}
	tare_counters_detach(&attachment);
}

/* The clock of a CPU runs whatever the program does. */
static void
takes_what_was_counted_on_cpus_where_these_were_watched_long_enough(void **state)
{
	struct tare_agent_counts counts = whole_counts();
	struct tare_counted counted[FIXTURE_METRICS_MAX];
	bool invalid = true;

	(void)state;
	fixture.subject.counts_cpus = true;
	counts.readings[0].value = 90000000;
	tare_counters_values(counted, &invalid, &fixture.subject, &record, &counts, NULL);
	assert_false(invalid);
	assert_true(counted[at("cycles")].value == 2000.0);
	counts.readings[0].value = 8000000;
	tare_counters_values(counted, &invalid, &fixture.subject, &record, &counts, NULL);
	assert_true(invalid);
	assert_true(isnan(counted[at("cycles")].value));
}

/* Two sets of anchors would be four events; one dummy and one of the hardware are enough. */
static void
anchors_a_set_once(void **state)
{
	struct tare_attachment attachment = {0};

	(void)state;
	assert_int_equal(tare_counters_attach(&attachment, &fixture.subject,
				 &fixture.subject.counter_sets[0], &self, 1, NULL),
		TARE_OK);
	assert_int_equal(attachment.anchor_count, 2);
	tare_counters_detach(&attachment);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			attaches_a_guard_and_every_event_of_the_set, set_up, tear_down),
		cmocka_unit_test_setup_teardown(attaches_the_set_to_every_cpu, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			takes_what_was_counted_on_cpus_where_these_were_watched_long_enough, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(anchors_a_set_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			says_why_events_cannot_be_attached, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			attaches_where_only_the_program_may_be_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			takes_what_the_agent_read_by_metric, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			marks_counts_that_the_guard_refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			keeps_the_coverage_of_what_took_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			takes_nothing_from_counts_of_another_invocation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			works_formulas_out_of_one_sample, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
