/*
 * What reading the noise costs an invocation. First by itself: a pair of readings as it is made
 * around intervals that are short, of some milliseconds, and of a second. Then around a program,
 * one invocation a request, which is how variants are measured: without readings twice, which shows
 * how well this machine can tell, and with them, in alternating blocks of one run through the host
 * runner, on the last CPU that may be used. Inside is what they add to the timed interval, by the
 * difference of the medians; outside is what an invocation takes longer beside that: the median
 * over blocks that stand side by side. The clock frequency is measured by the agent in each arm, at
 * most every 10 ms, and is not in these figures.
 *
 *	bench_noise [COUNT [PROGRAM...]]
 *
 * Fails where the readings add more than 200 us outside, or more inside than 1 us and what the two
 * without differ by.
 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/base/clock.h"
#include "harness/machine/gauges.h"
#include "harness/stats/order.h"
#include "runners/runner.h"

enum { BLOCK = 50, ARMS = 3, PAIRS = 2000 };
static const char *const arms[ARMS] = {"without", "without again", "with"};
static const double outside_max_ns = 200e3;
static const double inside_max_ns = 1e3;

struct series {
	double *wall_ns;
	size_t count;
	double *outside_ns; /* of a block, by invocation */
	size_t block_count;
};

static void
fail(const char *text)
{
	fprintf(stderr, "bench_noise: %s\n", text);
	exit(1);
}

/* The gauges believe what they are told of the time, so no time has to pass. */
static void
time_pairs(const char *what, const char *cgroup, const struct tare_bits *cpus, uint64_t interval_ns)
{
	static double took_ns[PAIRS];
	struct tare_gauges *gauges = tare_gauges_open("");
	struct tare_noise noise = tare_noise_unread();
	uint64_t now_ns = tare_monotonic_ns();

	for (size_t i = 0; i < PAIRS; i++) {
		uint64_t begin_ns = tare_monotonic_ns();

		tare_gauges_begin(gauges, cgroup, interval_ns, now_ns);
		now_ns += interval_ns;
		tare_gauges_end(&noise, gauges, cpus, 0, now_ns);
		took_ns[i] = (double)(tare_monotonic_ns() - begin_ns);
	}
	tare_gauges_close(gauges);
	printf("%-28s %7.2f us\n", what, tare_median_of(took_ns, took_ns, PAIRS) / 1e3);
}

static void
take_block(struct series *series, struct tare_runner *runner, const struct tare_case *subject,
	struct tare_gauges *gauges, const struct tare_bits *cpus)
{
	const struct tare_invocation invocation = {.subject = subject,
		.program = &subject->program,
		.role = TARE_ROLE_MEASURED,
		.count = 1};
	const char *cgroup = tare_runner_host.cgroup(runner, subject);
	struct tare_noise noise = tare_noise_unread();
	uint64_t begin_ns = tare_monotonic_ns();
	uint64_t expected_ns = UINT64_MAX;
	struct tare_err err = {0};
	double inside_ns = 0.0;

	for (size_t i = 0; i < BLOCK; i++) {
		struct tare_outcome outcome;
		uint32_t done = 0;

		if (gauges)
			tare_gauges_begin(gauges, cgroup, expected_ns, tare_monotonic_ns());
		if (tare_runner_host.invoke(runner, &outcome, &done, &invocation, &err) != TARE_OK)
			fail(err.text);
		if (done != 1)
			fail("the program failed");
		if (gauges)
			tare_gauges_end(&noise, gauges, cpus,
				(double)(outcome.record.user_ns + outcome.record.sys_ns),
				tare_monotonic_ns());
		expected_ns = outcome.record.wall_ns;
		series->wall_ns[series->count++] = (double)outcome.record.wall_ns;
		inside_ns += (double)outcome.record.wall_ns;
	}
	series->outside_ns[series->block_count++] =
		((double)(tare_monotonic_ns() - begin_ns) - inside_ns) / BLOCK;
}

static struct tare_bits
last_cpu(void)
{
	struct tare_bits last = {0};
	cpu_set_t own;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(own), &own) != 0)
		fail("cannot read the affinity");
	for (int i = 0; i < CPU_SETSIZE; i++)
		cpu = CPU_ISSET((size_t)i, &own) ? i : cpu;
	tare_bits_add(&last, (unsigned)cpu);
	return last;
}

/* Prints an arm beside the first one; returns whether it is within bounds. */
static bool
judge(const char *name, double wall_ns, double tell_ns, const struct series *plain,
	struct series *other)
{
	double inside_ns = tare_median_of(other->wall_ns, other->wall_ns, other->count) - wall_ns;
	double outside_ns;

	for (size_t i = 0; i < plain->block_count;
		i++) /* blocks side by side see the same machine */
		other->outside_ns[i] -= plain->outside_ns[i];
	outside_ns = tare_median_of(other->outside_ns, other->outside_ns, plain->block_count);
	printf("%-14s inside %+7.2f us (ratio %.4f), outside %+7.2f us\n", name, inside_ns / 1e3,
		(wall_ns + inside_ns) / wall_ns, outside_ns / 1e3);
	return inside_ns <= inside_max_ns + tell_ns && outside_ns <= outside_max_ns;
}

static bool
measure(struct tare_runner *runner, const struct tare_case *subject, const struct tare_bits *cpus,
	size_t blocks)
{
	struct tare_gauges *gauges = tare_gauges_open("");
	struct series series[ARMS];
	double wall_ns;
	double again_ns;
	bool good;

	for (size_t i = 0; i < ARMS; i++)
		series[i] = (struct series){.wall_ns = tare_xcalloc(blocks * BLOCK, sizeof(double)),
			.outside_ns = tare_xcalloc(blocks, sizeof(double))};
	for (size_t block = 0; block < blocks; block++) {
		for (size_t i = 0; i < ARMS; i++) {
			size_t arm = block % 2 ? ARMS - 1 - i : i;

			take_block(&series[arm], runner, subject, arm == 2 ? gauges : NULL, cpus);
		}
	}
	wall_ns = tare_median_of(series[0].wall_ns, series[0].wall_ns, series[0].count);
	again_ns = tare_median_of(series[1].wall_ns, series[1].wall_ns, series[1].count);
	printf("%-14s wall %.2f us\n", arms[0], wall_ns / 1e3);
	judge(arms[1], wall_ns, 0, &series[0], &series[1]);
	good = judge(arms[2], wall_ns, fabs(again_ns - wall_ns), &series[0], &series[2]);
	for (size_t i = 0; i < ARMS; i++) {
		free(series[i].wall_ns);
		free(series[i].outside_ns);
	}
	tare_gauges_close(gauges);
	return good;
}

int
main(int argc, char **argv)
{
	size_t blocks = (argc > 1 ? strtoul(argv[1], NULL, 10) : 4000) / BLOCK + 1;
	char *tiny[] = {(char[]){BENCH_TINY}, NULL};
	int exit_codes[] = {0};
	const struct tare_runner_options options = {
		.run_id = "bench-noise", .agent_path = BENCH_AGENT};
	struct tare_case subject = {.name = "tiny",
		.program = {.argv = argc > 2 ? argv + 2 : tiny,
			.argc = argc > 2 ? (size_t)argc - 2 : 1,
			.env = environ,
			.cwd = "/"},
		.expect = {.exit_codes = exit_codes, .exit_code_count = 1}};
	const struct tare_bits cpus = last_cpu();
	struct tare_runner *runner;
	struct tare_err err = {0};
	char cpu[32], list[80];
	const char *applied;
	const char *cgroup;
	bool good;

	tare_bits_print(cpu, sizeof(cpu), &cpus);
	snprintf(list, sizeof(list), "%s-%s", cpu, cpu); /* alone it would be a number of cores */
	subject.cpus = list;
	if (tare_runner_host.open(&runner, &options, &err) != TARE_OK ||
		tare_runner_host.case_begin(runner, &applied, &subject, &err) != TARE_OK)
		fail(err.text);
	cgroup = tare_runner_host.cgroup(runner, &subject);
	time_pairs("readings, short interval", cgroup, &cpus, 1000000);
	time_pairs("readings, 10 ms", cgroup, &cpus, 10000000);
	time_pairs("readings, 1 s", cgroup, &cpus, 1000000000);
	good = measure(runner, &subject, &cpus, blocks);
	tare_runner_host.case_end(runner, &subject);
	tare_runner_host.close(runner);
	return good ? 0 : 1;
}
