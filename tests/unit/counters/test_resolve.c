#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/support/perf_shim.h"
#include "tests/unit/counters/fixture.h"

static struct fixture fixture;

static int
set_up(void **state)
{
	(void)state;
	perf_shim = (struct perf_shim){.has_pmu = true};
	fixture_begin(&fixture);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_end(&fixture);
	return 0;
}

static const char *
resolve(void)
{
	const char *missing = "unset";
	struct tare_err err = {0};

	if (tare_counters_resolve(&missing, fixture.counters, &fixture.plan, &err) != TARE_OK)
		fail_msg("%s", err.text);
	return missing;
}

static const struct tare_metric *
metric(const char *name)
{
	size_t at = fixture_find(&fixture, name);

	assert_true(at < fixture.subject.metric_count);
	return &fixture.subject.metrics[at];
}

static void
says_of_each_metric_where_it_comes_from(void **state)
{
	(void)state;
	fixture_group(&fixture, "ipc");
	fixture_counter(&fixture, "cycles");
	fixture_counter(&fixture, "task-clock");
	fixture_formula(&fixture, "ghz", "cycles / task-clock");
	assert_null(resolve());
	assert_string_equal(metric("cycles")->counter->provider, "perf");
	assert_string_equal(metric("task-clock")->counter->provider, "rusage");
	assert_string_equal(metric("task-clock")->unit, "ns");
	assert_string_equal(metric("ghz")->counter->provider, "perf + rusage");
	assert_string_equal(metric("ghz")->counter->scope,
		"program and its descendants + program and its children that were waited for");
	assert_string_equal(metric("ghz")->counter->event, "cycles / task-clock");
	assert_int_equal(metric("ghz")->counter->quality, TARE_QUALITY_DERIVED);
	assert_null(metric("wall")->counter);
	assert_false(metric("cycles")->exact);
}

static void
takes_out_what_cannot_be_had_and_what_needs_it(void **state)
{
	(void)state;
	perf_shim = (struct perf_shim){.refuse_errno = ENOENT};
	fixture_group(&fixture, "cache");
	fixture_counter(&fixture, "bus-cycles");
	fixture_counter(&fixture, "page-faults");
	fixture_formula(&fixture, "ratio", "page-faults / bus-cycles");
	fixture_formula(&fixture, "half", "page-faults / 2");
	assert_string_equal(resolve(),
		"bus-cycles (perf: this machine has no such hardware counter (few virtual "
		"machines have any))");
	assert_int_equal(fixture.subject.metric_count, TARE_BUILTIN_METRIC_COUNT + 2);
	assert_int_equal(fixture_find(&fixture, "ratio"), fixture.subject.metric_count);
	assert_string_equal(metric("page-faults")->counter->provider, "rusage");
	assert_int_equal(fixture.subject.rules[fixture_find(&fixture, "half")].formula_metrics[0],
		fixture_find(&fixture, "page-faults"));
	assert_int_equal(fixture.subject.counter_groups[0].metric_count, 1);
	assert_int_equal(fixture.subject.counter_groups[0].metrics[0],
		fixture_find(&fixture, "page-faults"));
}

static void
names_everything_that_a_case_requires(void **state)
{
	const char *missing = NULL;
	struct tare_err err = {0};

	(void)state;
	perf_shim = (struct perf_shim){.refuse_errno = ENOENT};
	fixture.subject.counters_required = true;
	fixture.subject.name = "subject";
	fixture.subject.counters_at = "s.yaml:3:4";
	fixture_group(&fixture, "a");
	fixture_counter(&fixture, "bus-cycles");
	fixture_counter(&fixture, "cpu-pressure");
	assert_int_equal(tare_counters_resolve(&missing, fixture.counters, &fixture.plan, &err),
		TARE_UNSUPPORTED);
	assert_string_equal(err.text,
		"s.yaml:3:4: subject: required counters cannot be had here: bus-cycles (perf: this "
		"machine has no such "
		"hardware counter (few virtual machines have any)); cpu-pressure (cgroup: the run "
		"has no cgroup of its own; it needs a unified hierarchy and permission to make a "
		"directory in it)");
}

static void
gives_a_reason_once_for_all_that_it_keeps_away(void **state)
{
	(void)state;
	perf_shim = (struct perf_shim){.refuse_errno = ENOENT};
	fixture_group(&fixture, "a");
	fixture_counter(&fixture, "bus-cycles");
	fixture_counter(&fixture, "cycle");
	fixture_counter(&fixture, "stalled-cycles-frontend");
	assert_string_equal(resolve(),
		"bus-cycles, stalled-cycles-frontend (perf: this machine has no such hardware "
		"counter (few virtual machines have any)); cycle (no provider knows it, was "
		"'cycles' meant?)");
}

static void
counts_together_what_fits(void **state)
{
	(void)state;
	fixture_group(&fixture, "ipc");
	fixture_counter(&fixture, "cycles");
	fixture_counter(&fixture, "instructions");
	fixture_group(&fixture, "faults");
	fixture_counter(&fixture, "perf_sw/page-faults");
	assert_null(resolve());
	assert_int_equal(fixture.subject.counter_set_count, 1);
	assert_int_equal(fixture.subject.counter_sets[0].count, 3);
}

static void
takes_turns_where_groups_do_not_fit(void **state)
{
	const struct tare_counter_set *sets;

	(void)state;
	perf_shim.group_max = 3;
	fixture_group(&fixture, "ipc");
	fixture_counter(&fixture, "cycles");
	fixture_counter(&fixture, "instructions");
	fixture_group(&fixture, "cache");
	fixture_counter(&fixture, "cache-references");
	fixture_counter(&fixture, "cache-misses");
	fixture_counter(&fixture, "instructions");
	assert_null(resolve());
	sets = fixture.subject.counter_sets;
	assert_int_equal(fixture.subject.counter_set_count, 2);
	assert_int_equal(sets[0].count, 2);
	/* Shared counters are in both, so that each formula has its parts in one invocation. */
	assert_int_equal(sets[1].count, 3);
	assert_int_equal(sets[0].metrics[1], sets[1].metrics[2]);
}

static void
splits_a_group_that_never_fits(void **state)
{
	(void)state;
	perf_shim.group_max = 1;
	fixture_group(&fixture, "ipc");
	fixture_counter(&fixture, "cycles");
	fixture_counter(&fixture, "instructions");
	assert_null(resolve());
	assert_int_equal(fixture.subject.counter_set_count, 2);
	assert_int_equal(fixture.subject.counter_sets[0].count, 1);
	assert_int_equal(fixture.subject.counter_sets[1].count, 1);
}

static void
needs_no_set_for_what_is_in_the_record(void **state)
{
	(void)state;
	fixture_group(&fixture, "user-time");
	fixture_counter(&fixture, "user-time");
	assert_null(resolve());
	assert_int_equal(fixture.subject.counter_set_count, 0);
	assert_true(tare_counters_has(&fixture.subject, TARE_WAY_RECORD));
	assert_false(tare_counters_has(&fixture.subject, TARE_WAY_EVENT));
}

static void
leaves_replayed_cases_their_values(void **state)
{
	struct tare_replay_metric replay[FIXTURE_METRICS_MAX] = {0};

	(void)state;
	fixture.subject.replay = replay;
	fixture_group(&fixture, "a");
	fixture_counter(&fixture, "no-such-counter");
	fixture_counter(&fixture, "cycles");
	fixture_formula(&fixture, "sum", "cycles + cycles");
	assert_null(resolve());
	assert_int_equal(fixture.subject.metric_count, TARE_BUILTIN_METRIC_COUNT + 3);
	assert_int_equal(fixture.rules[TARE_BUILTIN_METRIC_COUNT + 2].formula_metrics[0],
		TARE_BUILTIN_METRIC_COUNT + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			says_of_each_metric_where_it_comes_from, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			takes_out_what_cannot_be_had_and_what_needs_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			names_everything_that_a_case_requires, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			gives_a_reason_once_for_all_that_it_keeps_away, set_up, tear_down),
		cmocka_unit_test_setup_teardown(counts_together_what_fits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			takes_turns_where_groups_do_not_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(splits_a_group_that_never_fits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			needs_no_set_for_what_is_in_the_record, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaves_replayed_cases_their_values, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
