/*
 * What comparing costs: 10,000 cases x 2 variants x 30 samples, once with the gated metric only and
 * once with all that are always measured. Prints a table of CPU time; memory is what comparing adds
 * to the data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "harness/base/rng.h"
#include "harness/compare/compare.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/hodges_lehmann.h"

enum { CASES = 10000, SAMPLES = 30, PAIRS = 100000 };

/* Time on a CPU: the machine may be shared. */
static uint64_t
cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
fill(struct tare_run *run, size_t metrics)
{
	struct tare_rng rng;

	tare_rng_seed(&rng, 1, 0);
	run->cases = tare_arena_alloc(run->arena, 2 * CASES, sizeof(*run->cases));
	run->case_count = 2 * CASES;
	for (size_t i = 0; i < run->case_count; i++) {
		struct tare_run_case *one = &run->cases[i];
		struct tare_sample sample = {.case_index = (uint32_t)i, .ok = true};
		double values[TARE_BUILTIN_METRIC_COUNT];

		one->benchmark = tare_arena_printf(run->arena, "benchmark-%zu", i / 2);
		one->variant = i % 2 == 0 ? "base" : "head";
		one->name = tare_arena_printf(run->arena, "%s@%s", one->benchmark, one->variant);
		one->group = i / 2;
		one->metrics = (struct tare_metric *)(uintptr_t)tare_builtin_metrics;
		one->metric_count = metrics;
		tare_samples_init(&one->samples, metrics);
		for (uint32_t pair = 0; pair < SAMPLES; pair++) {
			sample.pair = pair;
			sample.seq++;
			sample.values = values;
			for (size_t metric = 0; metric < metrics; metric++)
				values[metric] = 1e7 * (1.0 + 0.02 * tare_rng_normal(&rng));
			tare_run_add_sample(run, &sample);
		}
	}
}

static void
bench_set(size_t metrics)
{
	struct tare_run *run = tare_run_new();
	struct tare_arena *arena = tare_arena_new();
	struct tare_comparison_set set;
	struct tare_gate gate = {.asked_for = true, .fail_on = 1u << TARE_VERDICT_REGRESSION};
	struct tare_gate_outcome outcome;
	uint64_t start;

	fill(run, metrics);
	start = cpu_ns();
	tare_compare_variants(&set, arena, run, NULL, NULL);
	tare_compare_gate(&outcome, arena, &set, 1, &gate, NULL);
	printf("%d cases x 2 x %d, %zu metric(s): %.0f ms, %.1f MiB; %s\n", CASES, SAMPLES, metrics,
		(double)(cpu_ns() - start) / 1e6, (double)tare_arena_size_bytes(arena) / 1048576.0,
		outcome.sentence);
	tare_arena_free(arena);
	tare_run_free(run);
}

static void
bench_hodges_lehmann(void)
{
	struct tare_arena *arena = tare_arena_new();
	double *d = tare_xcalloc(PAIRS, sizeof(*d));
	struct tare_interval interval;
	struct tare_rng rng;
	uint64_t start;

	tare_rng_seed(&rng, 2, 0);
	for (size_t i = 0; i < PAIRS; i++)
		d[i] = tare_rng_normal(&rng);
	start = cpu_ns();
	tare_sort(d, PAIRS);
	tare_hl_paired(&interval, tare_ranks_new(arena), d, PAIRS, 0.05);
	printf("Hodges-Lehmann of %d pairs: %.0f ms, %.1f MiB; %.5f [%.5f, %.5f]\n", PAIRS,
		(double)(cpu_ns() - start) / 1e6, (double)tare_arena_size_bytes(arena) / 1048576.0,
		interval.estimate, interval.low, interval.high);
	free(d);
	tare_arena_free(arena);
}

static void
bench_bootstrap(void)
{
	enum { INVOCATIONS = 30, ITERATIONS = 20 };
	static double values[2][INVOCATIONS * ITERATIONS];
	size_t counts[INVOCATIONS];
	struct tare_levels sides[2];
	struct tare_bootstrap bootstrap = {.sides = sides,
		.side_count = 2,
		.statistic = tare_statistic_mean,
		.resamples = 10000,
		.alpha = 0.05};
	struct tare_interval interval;
	struct tare_rng rng;
	uint64_t start;

	tare_rng_seed(&rng, 3, 0);
	for (size_t i = 0; i < INVOCATIONS; i++)
		counts[i] = ITERATIONS;
	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0; i < INVOCATIONS * ITERATIONS; i++)
			values[side][i] = 100.0 + tare_rng_normal(&rng);
		sides[side] = (struct tare_levels){values[side], counts, INVOCATIONS};
	}
	start = cpu_ns();
	tare_bootstrap_bca(&interval, &bootstrap);
	printf("BCa of 10,000 resamples of 2 x %d x %d: %.0f ms; %.5f [%.5f, %.5f]\n", INVOCATIONS,
		ITERATIONS, (double)(cpu_ns() - start) / 1e6, interval.estimate, interval.low,
		interval.high);
}

int
main(void)
{
	struct rusage usage;

	bench_set(1);
	bench_set(TARE_BUILTIN_METRIC_COUNT);
	bench_hodges_lehmann();
	bench_bootstrap();
	getrusage(RUSAGE_SELF, &usage);
	printf("max RSS with the data: %.1f MiB\n", (double)usage.ru_maxrss / 1024.0);
	return 0;
}
