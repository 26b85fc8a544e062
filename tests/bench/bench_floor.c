/*
 * What the agent adds to starting a program: a bare loop of vfork, exec and wait4 beside the same
 * number of invocations through the host runner, in alternating blocks of one run, so that both see
 * the same machine. The program is tiny.S, which does nothing but exit. Each gets the environment
 *of this process: what the kernel copies for a few dozen variables alone takes 10 us.
 *
 *	bench_floor [loop|both] [COUNT [AGENT [PROGRAM]]]
 *
 * `loop` runs the bare loop alone, for tests/bench/floor.sh, which sets `tare bench` and hyperfine
 * beside it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/arena.h"
#include "harness/base/clock.h"
#include "runners/runner.h"

enum { BLOCK = 200 };

struct series {
	const char *name;
	uint64_t *wall_ns;
	size_t count;
	uint64_t total_ns; /* of the blocks, all that lies between included */
	uint64_t max_rss_bytes;
};

static uint64_t
time_loop_once(struct series *series, char *const argv[])
{
	uint64_t begin_ns = tare_monotonic_ns();
	struct rusage usage;
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execve(argv[0], argv, environ);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) != pid || status != 0) {
		fprintf(stderr, "bench_floor: '%s' failed\n", argv[0]);
		exit(1);
	}
	series->max_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
	return tare_monotonic_ns() - begin_ns;
}

static void
loop_block(struct series *series, char *const argv[], size_t count)
{
	uint64_t begin_ns = tare_monotonic_ns();

	for (size_t i = 0; i < count; i++)
		series->wall_ns[series->count++] = time_loop_once(series, argv);
	series->total_ns += tare_monotonic_ns() - begin_ns;
}

static void
agent_block(struct series *series, struct tare_runner *runner, const struct tare_case *subject,
	size_t count)
{
	static struct tare_outcome outcomes[TARE_PENDING_SLOTS];
	const struct tare_invocation invocation = {.subject = subject,
		.program = &subject->program,
		.role = TARE_ROLE_MEASURED,
		.count = (uint32_t)count,
		.budget_ns = UINT64_MAX};
	uint64_t begin_ns = tare_monotonic_ns();
	struct tare_err err = {0};
	uint32_t done = 0;

	if (tare_runner_host.invoke(runner, outcomes, &done, &invocation, &err) != TARE_OK ||
		done != count) {
		fprintf(stderr, "bench_floor: %s\n", err.text);
		exit(1);
	}
	series->total_ns += tare_monotonic_ns() - begin_ns;
	for (uint32_t i = 0; i < done; i++)
		series->wall_ns[series->count++] = outcomes[i].record.wall_ns;
	series->max_rss_bytes = outcomes[0].record.max_rss_bytes;
}

static int
compare_ns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double
median_us(const struct series *series)
{
	size_t middle = series->count / 2;

	return (double)series->wall_ns[middle] / 1e3;
}

static void
print(struct series *series)
{
	qsort(series->wall_ns, series->count, sizeof(*series->wall_ns), compare_ns);
	printf("%-6s n %zu  median %.2f us  min %.2f us  total %.2f ms  max RSS %" PRIu64 " KiB\n",
		series->name, series->count, median_us(series), (double)series->wall_ns[0] / 1e3,
		(double)series->total_ns / 1e6, series->max_rss_bytes / 1024);
}

static struct tare_runner *
open_runner(const char *agent_path)
{
	const struct tare_runner_options options = {
		.run_id = "bench-floor", .agent_path = agent_path};
	struct tare_runner *runner;
	struct tare_err err = {0};

	if (tare_runner_host.open(&runner, &options, &err) == TARE_OK)
		return runner;
	fprintf(stderr, "bench_floor: %s\n", err.text);
	exit(1);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "both";
	size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000;
	const char *agent_path = argc > 3 ? argv[3] : BENCH_AGENT;
	char *words[] = {argc > 4 ? argv[4] : (char[]){BENCH_TINY}, NULL};
	int exit_codes[] = {0};
	struct tare_case subject = {.name = "tiny",
		.program = {.argv = words, .argc = 1, .env = environ, .cwd = "/"},
		.expect = {.exit_codes = exit_codes, .exit_code_count = 1}};
	struct series loop = {.name = "loop", .wall_ns = tare_xcalloc(count + 1, sizeof(uint64_t))};
	struct series agent = {
		.name = "agent", .wall_ns = tare_xcalloc(count + 1, sizeof(uint64_t))};
	struct tare_runner *runner = strcmp(what, "both") == 0 ? open_runner(agent_path) : NULL;

	for (size_t done = 0; done < count; done += BLOCK) {
		size_t block = count - done < BLOCK ? count - done : BLOCK;

		loop_block(&loop, words, block);
		if (runner)
			agent_block(&agent, runner, &subject, block);
	}
	print(&loop);
	if (runner) {
		print(&agent);
		printf("the agent's median is %+.2f us from the loop's, its total %.3f times\n",
			median_us(&agent) - median_us(&loop),
			(double)agent.total_ns / (double)loop.total_ns);
		tare_runner_host.close(runner);
	}
	free(loop.wall_ns);
	free(agent.wall_ns);
	return 0;
}
