#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "runners/runner.h"

enum { METRICS = TARE_BUILTIN_METRIC_COUNT + 1, CUSTOM = TARE_BUILTIN_METRIC_COUNT };

static double walls[] = {10e6, 11e6, 12e6, 13e6};

static struct tare_runner *
open_runner(uint64_t seed)
{
	const struct tare_runner_options options = {
		.run_id = "run", .seed = seed, .began_ns = 1000};
	struct tare_runner *runner;

	assert_int_equal(tare_runner_replay.open(&runner, &options, NULL), TARE_OK);
	return runner;
}

static struct tare_case
make_case(struct tare_replay_metric *replay)
{
	return (struct tare_case){
		.index = 2, .name = "case@base", .replay = replay, .metric_count = METRICS};
}

static uint64_t budget_ns = UINT64_MAX;

static uint32_t
measure(struct tare_runner *runner, struct tare_outcome *outcomes, const struct tare_case *subject,
	uint32_t pair, uint32_t count)
{
	const struct tare_invocation invocation = {.subject = subject,
		.seq = pair + 1,
		.pair = pair,
		.count = count,
		.budget_ns = budget_ns};
	uint32_t done = UINT32_MAX;

	assert_int_equal(
		tare_runner_replay.invoke(runner, outcomes, &done, &invocation, NULL), TARE_OK);
	return done;
}

static double
value(struct tare_runner *runner, const struct tare_case *subject, uint32_t pair, size_t metric)
{
	struct tare_outcome outcome;

	assert_int_equal(measure(runner, &outcome, subject, pair, 1), 1);
	return outcome.values[metric];
}

static void
plays_a_list_by_pair(void **state)
{
	struct tare_replay_metric replay[METRICS] = {
		[TARE_METRIC_WALL] = {.given = true, .values = walls, .value_count = 4}};
	struct tare_case subject = make_case(replay);
	struct tare_runner *runner = open_runner(1);
	struct tare_outcome outcomes[8];

	(void)state;
	assert_int_equal(measure(runner, outcomes, &subject, 1, 2), 2);
	assert_true(outcomes[0].values[TARE_METRIC_WALL] == 11e6);
	assert_true(outcomes[1].values[TARE_METRIC_WALL] == 12e6);
	assert_int_equal(outcomes[1].record.seq, 3);
	assert_int_equal(outcomes[1].record.pair, 2);
	assert_int_equal(outcomes[1].record.case_index, 2);
	assert_int_equal(outcomes[1].record.wall_ns, 12000000);
	assert_int_equal(outcomes[1].record.exit_status, 0);
	assert_int_equal(outcomes[1].record.check, tare_record_check(&outcomes[1].record));
	assert_true(isnan(outcomes[0].values[TARE_METRIC_USER]));
	assert_true(isnan(outcomes[0].values[TARE_METRIC_CPU]));
	/* Shorter than asked, then at its end: as after a resume. */
	assert_int_equal(measure(runner, outcomes, &subject, 2, 8), 2);
	assert_int_equal(measure(runner, outcomes, &subject, 4, 8), 0);
	assert_int_equal(measure(runner, outcomes, &subject, UINT32_MAX, 8), 0);
	tare_runner_replay.close(runner);
}

static void
ends_with_the_shortest_list(void **state)
{
	double rss[] = {1, 2};
	struct tare_replay_metric replay[METRICS] = {
		[TARE_METRIC_WALL] = {.given = true, .values = walls, .value_count = 4},
		[TARE_METRIC_MAX_RSS] = {.given = true, .values = rss, .value_count = 2}};
	struct tare_case subject = make_case(replay);
	struct tare_runner *runner = open_runner(1);
	struct tare_outcome outcomes[8];

	(void)state;
	assert_int_equal(measure(runner, outcomes, &subject, 0, 8), 2);
	assert_int_equal(outcomes[1].record.max_rss_bytes, 2);
	replay[TARE_METRIC_MAX_RSS].value_count = 0;
	assert_int_equal(measure(runner, outcomes, &subject, 0, 8), 0);
	tare_runner_replay.close(runner);
}

static void
uses_no_values_up_for_warming_up(void **state)
{
	struct tare_replay_metric replay[METRICS] = {
		[TARE_METRIC_WALL] = {.given = true, .values = walls, .value_count = 4}};
	struct tare_case subject = make_case(replay);
	struct tare_runner *runner = open_runner(1);
	struct tare_outcome outcomes[6];
	const struct tare_invocation invocation = {
		.subject = &subject, .count = 6, .warmup = true, .budget_ns = UINT64_MAX};
	uint32_t done = 0;

	(void)state;
	tare_runner_replay.invoke(runner, outcomes, &done, &invocation, NULL);
	assert_int_equal(done, 6);
	assert_int_equal(outcomes[5].record.flags, TARE_RECORD_WARMUP);
	assert_true(outcomes[5].values[TARE_METRIC_WALL] == 11e6);
	assert_int_equal(measure(runner, outcomes, &subject, 0, 6), 4);
	tare_runner_replay.close(runner);
}

static void
draws_the_same_in_any_order(void **state)
{
	struct tare_replay_metric replay[METRICS] = {
		[TARE_METRIC_WALL] = {.given = true,
			.distribution = TARE_DISTRIBUTION_NORMAL,
			.center = 10e6,
			.spread = 0.01},
		[CUSTOM] = {.given = true,
			.distribution = TARE_DISTRIBUTION_LOGNORMAL,
			.center = 3,
			.spread = 0.1}};
	struct tare_case subject = make_case(replay), other = subject;
	struct tare_runner *one = open_runner(7), *two = open_runner(7), *three = open_runner(8);
	double forward[20];

	(void)state;
	other.name = "case@head";
	for (uint32_t pair = 0; pair < 20; pair++)
		forward[pair] = value(one, &subject, pair, TARE_METRIC_WALL);
	for (uint32_t pair = 20; pair-- > 0;) {
		value(two, &other, pair, TARE_METRIC_WALL);
		assert_true(value(two, &subject, pair, TARE_METRIC_WALL) == forward[pair]);
		assert_true(value(two, &other, pair, TARE_METRIC_WALL) != forward[pair]);
		assert_true(value(three, &subject, pair, TARE_METRIC_WALL) != forward[pair]);
	}
	assert_true(forward[0] != forward[1]);
	tare_runner_replay.close(one);
	tare_runner_replay.close(two);
	tare_runner_replay.close(three);
}

static void
draws_what_the_distribution_says(void **state)
{
	enum { N = 4000 };
	struct tare_replay_metric replay[METRICS] = {
		[TARE_METRIC_WALL] = {.given = true,
			.distribution = TARE_DISTRIBUTION_NORMAL,
			.center = 10e6,
			.spread = 0.02},
		[TARE_METRIC_SYS] = {.given = true,
			.distribution = TARE_DISTRIBUTION_CONSTANT,
			.center = 5e6},
		[CUSTOM] = {.given = true,
			.distribution = TARE_DISTRIBUTION_LOGNORMAL,
			.center = 3,
			.spread = 0.3}};
	struct tare_case subject = make_case(replay);
	struct tare_runner *runner = open_runner(11);
	struct tare_outcome *outcomes = calloc(N, sizeof(*outcomes));
	double sum = 0, squares = 0, logs = 0, log_squares = 0;
	double sd;

	(void)state;
	assert_int_equal(measure(runner, outcomes, &subject, 0, N), N);
	for (int i = 0; i < N; i++) {
		double wall = outcomes[i].values[TARE_METRIC_WALL];
		double custom = log(outcomes[i].values[CUSTOM] / 3);

		assert_true(wall == floor(wall));
		assert_true(outcomes[i].values[TARE_METRIC_SYS] == 5e6);
		sum += wall;
		squares += wall * wall;
		logs += custom;
		log_squares += custom * custom;
	}
	/* Five standard errors. */
	assert_true(fabs(sum / N - 10e6) < 5 * 0.02 * 10e6 / sqrt(N));
	sd = sqrt(squares / N - sum / N * sum / N);
	assert_true(fabs(sd / 0.2e6 - 1) < 5 / sqrt(2 * N));
	sd = sqrt(log1p(0.09));
	assert_true(fabs(logs / N) < 5 * sd / sqrt(N));
	assert_true(fabs(sqrt(log_squares / N) / sd - 1) < 5 / sqrt(2 * N));
	free(outcomes);
	tare_runner_replay.close(runner);
}

static void
never_reports_less_than_nothing(void **state)
{
	struct tare_replay_metric replay[METRICS] = {
		[TARE_METRIC_WALL] = {.given = true,
			.distribution = TARE_DISTRIBUTION_NORMAL,
			.center = 1000,
			.spread = 10}};
	struct tare_case subject = make_case(replay);
	struct tare_runner *runner = open_runner(3);
	bool clipped = false;

	(void)state;
	for (uint32_t pair = 0; pair < 100; pair++) {
		double wall = value(runner, &subject, pair, TARE_METRIC_WALL);

		assert_true(wall >= 0);
		clipped = clipped || wall == 0;
	}
	assert_true(clipped);
	tare_runner_replay.close(runner);
}

static void
adds_user_and_sys_to_cpu_unless_told(void **state)
{
	struct tare_replay_metric replay[METRICS] = {
		[TARE_METRIC_USER] = {.given = true,
			.distribution = TARE_DISTRIBUTION_CONSTANT,
			.center = 3e6},
		[TARE_METRIC_SYS] = {
			.given = true, .distribution = TARE_DISTRIBUTION_CONSTANT, .center = 1e6}};
	struct tare_case subject = make_case(replay);
	struct tare_runner *runner = open_runner(3);

	(void)state;
	assert_true(value(runner, &subject, 0, TARE_METRIC_CPU) == 4e6);
	assert_true(isnan(value(runner, &subject, 0, TARE_METRIC_WALL)));
	replay[TARE_METRIC_CPU] = (struct tare_replay_metric){
		.given = true, .distribution = TARE_DISTRIBUTION_CONSTANT, .center = 9e6};
	assert_true(value(runner, &subject, 0, TARE_METRIC_CPU) == 9e6);
	replay[TARE_METRIC_CPU].given = replay[TARE_METRIC_SYS].given = false;
	assert_true(isnan(value(runner, &subject, 0, TARE_METRIC_CPU)));
	tare_runner_replay.close(runner);
}

static void
lets_time_pass_only_by_what_it_reports(void **state)
{
	struct tare_replay_metric replay[METRICS] = {
		[TARE_METRIC_WALL] = {.given = true, .values = walls, .value_count = 4}};
	struct tare_case subject = make_case(replay);
	struct tare_runner *runner = open_runner(1);
	struct tare_outcome outcomes[4];
	uint64_t before_ns = tare_monotonic_ns();

	(void)state;
	measure(runner, outcomes, &subject, 0, 4);
	assert_true(tare_monotonic_ns() - before_ns < 46000000);
	assert_int_equal(outcomes[0].record.start_ns, 1000);
	assert_int_equal(outcomes[1].record.start_ns, 10001000);
	assert_int_equal(outcomes[3].record.start_ns, 33001000);
	tare_runner_replay.close(runner);
}

static void
starts_neither_hooks_nor_services(void **state)
{
	char *words[] = {(char[]){"/no/such"}, NULL};
	const struct tare_program program = {.argv = words, .argc = 1};
	const struct tare_service service = {.name = "db", .program = program};
	const struct tare_invocation invocation = {
		.program = &program, .role = TARE_ROLE_HOOK, .count = 1};
	struct tare_runner *runner = open_runner(1);
	struct tare_outcome outcome;
	uint32_t done = 0, id = 99;

	(void)state;
	assert_int_equal(
		tare_runner_replay.invoke(runner, &outcome, &done, &invocation, NULL), TARE_OK);
	assert_int_equal(done, 1);
	assert_int_equal(outcome.record.exit_status, 0);
	assert_int_equal(
		tare_runner_replay.service_start(runner, &id, &service, "log", NULL), TARE_OK);
	assert_int_equal(tare_runner_replay.service_stop(runner, id, NULL), TARE_OK);
	tare_runner_replay.close(runner);
}

static void
refuses_a_case_with_nothing_to_replay(void **state)
{
	struct tare_case subject = {.name = "gzip@base"};
	struct tare_runner *runner = open_runner(1);
	struct tare_err err;
	const char *cpus;

	(void)state;
	assert_int_equal(
		tare_runner_replay.case_begin(runner, &cpus, &subject, &err), TARE_INVALID);
	assert_string_equal(
		err.text, "case 'gzip@base' has nothing to replay; expected a `replay:` key");
	tare_runner_replay.close(runner);
	assert_int_equal(tare_runner_replay.supported(&err), TARE_OK);
}

static void
a_batch_ends_with_its_budget_of_replayed_time(void **state)
{
	struct tare_replay_metric replay[METRICS] = {
		[TARE_METRIC_WALL] = {
			.given = true, .distribution = TARE_DISTRIBUTION_CONSTANT, .center = 10e6}};
	struct tare_case subject = make_case(replay);
	struct tare_runner *runner = open_runner(1);
	struct tare_outcome outcomes[8];

	(void)state;
	budget_ns = 25000000;
	assert_int_equal(measure(runner, outcomes, &subject, 0, 8), 3);
	budget_ns = 0;
	assert_int_equal(measure(runner, outcomes, &subject, 3, 8), 1);
	budget_ns = UINT64_MAX;
	assert_int_equal(measure(runner, outcomes, &subject, 4, 8), 8);
	tare_runner_replay.close(runner);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plays_a_list_by_pair),
		cmocka_unit_test(ends_with_the_shortest_list),
		cmocka_unit_test(uses_no_values_up_for_warming_up),
		cmocka_unit_test(draws_the_same_in_any_order),
		cmocka_unit_test(draws_what_the_distribution_says),
		cmocka_unit_test(never_reports_less_than_nothing),
		cmocka_unit_test(adds_user_and_sys_to_cpu_unless_told),
		cmocka_unit_test(lets_time_pass_only_by_what_it_reports),
		cmocka_unit_test(starts_neither_hooks_nor_services),
		cmocka_unit_test(refuses_a_case_with_nothing_to_replay),
		cmocka_unit_test(a_batch_ends_with_its_budget_of_replayed_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
