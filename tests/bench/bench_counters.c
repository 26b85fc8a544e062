/*
 * What counting adds to an invocation: the same program without counters twice, which shows how
 * well this machine can tell; with six of the kernel's as a suite gets them; with six events that
 * are inherited, which is what hardware events are too; and with six that count on the CPU of the
 * case (counter_scope: cpus). In alternating blocks of one run, through the host runner, on the
 * last CPU that may be used. Inside is what the counters add to the timed interval, by the
 * difference of the medians; outside is what an invocation takes longer beside that: the median
 *over blocks that stand side by side.
 *
 *	bench_counters [COUNT [PROGRAM...]]
 *
 * Fails where six counters add more than 30 us outside or more than 1 us inside (than what the two
 * without differ by, where that is more); of events that are inherited, which the kernel starts and
 * ends with the program, only the outside is judged.
 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/base/clock.h"
#include "harness/counters/counters.h"
#include "harness/stats/order.h"
#include "runners/runner.h"

enum { BLOCK = 100, COUNTERS = 6, ARMS = 5 };
static const double outside_max_ns = 30e3;
static const double inside_max_ns = 1e3;

static const char *const arms[ARMS] = {
	"none", "none again", "six counters", "six events", "on the CPU"};
static const char *const names[ARMS][COUNTERS] = {{0}, {0},
	{"task-clock", "page-faults", "minor-faults", "major-faults", "context-switches",
		"involuntary-switches"},
	{"perf_sw/task-clock", "perf_sw/page-faults", "perf_sw/minor-faults",
		"perf_sw/major-faults", "perf_sw/context-switches", "perf_sw/cpu-migrations"},
	{"perf_sw/alignment-faults", "perf_sw/page-faults", "perf_sw/minor-faults",
		"perf_sw/major-faults", "perf_sw/context-switches", "perf_sw/cpu-migrations"}};

struct series {
	double *wall_ns;
	size_t count;
	double *outside_ns; /* of a block, by invocation */
	size_t block_count;
};

static void
fail(const char *text)
{
	fprintf(stderr, "bench_counters: %s\n", text);
	exit(1);
}

static void
take_block(struct series *series, struct tare_runner *runner, const struct tare_case *subject)
{
	static struct tare_outcome outcomes[TARE_PENDING_SLOTS];
	const struct tare_invocation invocation = {.subject = subject,
		.program = &subject->program,
		.role = TARE_ROLE_MEASURED,
		.count = BLOCK,
		.budget_ns = UINT64_MAX};
	uint64_t begin_ns = tare_monotonic_ns();
	struct tare_err err = {0};
	double inside_ns = 0.0;
	uint32_t done = 0;

	if (tare_runner_host.invoke(runner, outcomes, &done, &invocation, &err) != TARE_OK)
		fail(err.text);
	if (done != BLOCK)
		fail("the program failed");
	for (uint32_t i = 0; i < done; i++) {
		series->wall_ns[series->count++] = (double)outcomes[i].record.wall_ns;
		inside_ns += (double)outcomes[i].record.wall_ns;
	}
	series->outside_ns[series->block_count++] =
		((double)(tare_monotonic_ns() - begin_ns) - inside_ns) / BLOCK;
}

/* Into the case, whose counters these are. */
static void
count(struct tare_case *counted, struct tare_arena *arena, const char *const *counters)
{
	size_t metric_count = TARE_BUILTIN_METRIC_COUNT + COUNTERS;
	struct tare_counter_group *group = tare_arena_alloc(arena, 1, sizeof(*group));
	const struct tare_counter_place here = {.root = ""};
	struct tare_plan plan = {.cases = counted, .case_count = 1};
	const char *missing = NULL;
	struct tare_err err = {0};

	counted->metrics = tare_arena_alloc(arena, metric_count, sizeof(*counted->metrics));
	counted->rules = tare_arena_alloc(arena, metric_count, sizeof(*counted->rules));
	memcpy(counted->metrics, tare_builtin_metrics, sizeof(tare_builtin_metrics));
	group->name = "bench";
	group->metrics = tare_arena_alloc(arena, COUNTERS, sizeof(*group->metrics));
	for (size_t i = 0; i < COUNTERS; i++) {
		size_t at = TARE_BUILTIN_METRIC_COUNT + i;

		counted->metrics[at] = (struct tare_metric){.name = counters[i], .unit = "count"};
		counted->rules[at].source = TARE_SOURCE_COUNTER;
		group->metrics[group->metric_count++] = at;
	}
	counted->metric_count = metric_count;
	counted->counter_groups = group;
	counted->counter_group_count = 1;
	counted->counters_required = true;
	if (tare_counters_resolve(&missing, tare_counters_new(arena, &here), &plan, &err) !=
		TARE_OK)
		fail(err.text);
}

struct cost {
	double inside_ns;
	double outside_ns;
};

static struct cost
judge(const char *name, double wall_ns, const struct series *plain, struct series *counted)
{
	struct cost cost = {
		.inside_ns = tare_median_of(counted->wall_ns, counted->wall_ns, counted->count) -
			     wall_ns};

	/* Blocks side by side see the same machine. */
	for (size_t i = 0; i < plain->block_count; i++)
		counted->outside_ns[i] -= plain->outside_ns[i];
	cost.outside_ns =
		tare_median_of(counted->outside_ns, counted->outside_ns, plain->block_count);
	printf("%-12s inside %+7.2f us (ratio %.4f), outside %+7.2f us\n", name,
		cost.inside_ns / 1e3, (wall_ns + cost.inside_ns) / wall_ns, cost.outside_ns / 1e3);
	return cost;
}

/* As a list for `cpus:`. */
static const char *
last_cpu(struct tare_arena *arena)
{
	int last = 0;
	cpu_set_t own;

	if (sched_getaffinity(0, sizeof(own), &own) != 0)
		fail("cannot read the affinity");
	for (int i = 0; i < CPU_SETSIZE; i++)
		last = CPU_ISSET((size_t)i, &own) ? i : last;
	return tare_arena_printf(arena, "%d-%d", last, last);
}

static void
begin_case(struct tare_runner *runner, const struct tare_case *subject)
{
	struct tare_err err = {0};
	const char *cpus;

	if (tare_runner_host.case_begin(runner, &cpus, subject, &err) != TARE_OK)
		fail(err.text);
}

int
main(int argc, char **argv)
{
	size_t blocks = (argc > 1 ? strtoul(argv[1], NULL, 10) : 4000) / BLOCK + 1;
	char *tiny[] = {(char[]){BENCH_TINY}, NULL};
	int exit_codes[] = {0};
	const struct tare_runner_options options = {
		.run_id = "bench-counters", .agent_path = BENCH_AGENT};
	struct tare_case plain = {.name = "tiny",
		.program = {.argv = argc > 2 ? argv + 2 : tiny,
			.argc = argc > 2 ? (size_t)argc - 2 : 1,
			.env = environ,
			.cwd = "/"},
		.expect = {.exit_codes = exit_codes, .exit_code_count = 1}};
	struct tare_arena *arena = tare_arena_new();
	struct tare_case cases[ARMS];
	struct series series[ARMS];
	struct tare_runner *runner;
	struct tare_err err = {0};
	struct cost costs[ARMS];
	double wall_ns;

	plain.cpus = last_cpu(arena);
	for (size_t i = 0; i < ARMS; i++) {
		cases[i] = plain;
		cases[i].counts_cpus = i == 4;
		series[i] = (struct series){
			.wall_ns = tare_arena_alloc(arena, blocks * BLOCK, sizeof(double)),
			.outside_ns = tare_arena_alloc(arena, blocks, sizeof(double))};
	}
	for (size_t i = 2; i < ARMS; i++)
		count(&cases[i], arena, names[i]);
	if (tare_runner_host.open(&runner, &options, &err) != TARE_OK)
		fail(err.text);
	for (size_t i = 0; i < ARMS; i++)
		begin_case(runner, &cases[i]);
	for (size_t i = 0; i < blocks * ARMS; i++) {
		/* Each arm is first, second and last in turn. */
		size_t arm = (i / ARMS + i) % ARMS;

		take_block(&series[arm], runner, &cases[arm]);
	}
	tare_runner_host.close(runner);
	wall_ns = tare_median_of(series[0].wall_ns, series[0].wall_ns, series[0].count);
	printf("%-12s %.2f us, n %zu\n", arms[0], wall_ns / 1e3, series[0].count);
	for (size_t i = 1; i < ARMS; i++)
		costs[i] = judge(arms[i], wall_ns, &series[0], &series[i]);
	tare_arena_free(arena);
	for (size_t i = 2; i < ARMS; i++) {
		if (costs[i].outside_ns > outside_max_ns)
			return 1;
	}
	return fmax(costs[2].inside_ns, costs[4].inside_ns) >
	       fmax(inside_max_ns, fabs(costs[1].inside_ns));
}
