/*
 * The geometric mean of a suite: how often its interval misses the truth.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/simulate.h"

/* At nominal 5 %, whatever the noise. */
#define MISSES 0.06
/* Over all kinds of noise: intervals that miss less often are wider than they need be. */
#define MISSES_LEAST 0.02
#define SHIFT        0.03

/* *none_out is added to where there is no interval. */
static size_t
missed(size_t *none_out, struct tare_arena *scratch, size_t repetitions, enum noise noise,
	size_t cases, size_t pairs)
{
	struct tare_rng rng;
	struct bench bench;
	size_t count = 0;

	tare_rng_seed(&rng, 400 + noise, 100 * cases + pairs);
	bench_open(&bench, cases, pairs);
	for (size_t trial = 0; trial < repetitions; trial++) {
		struct tare_comparison_set set;

		bench_draw(&bench, &rng, noise, 0.02, SHIFT);
		tare_arena_reset(scratch);
		tare_compare_variants(&set, scratch, bench.run, NULL, NULL);
		count += misses(set.geomean_low, set.geomean_high, exp(SHIFT));
		*none_out += isnan(set.geomean_low);
	}
	bench_close(&bench);
	return count;
}

int
main(int argc, char **argv)
{
	static const struct {
		size_t cases, pairs;
	} columns[] = {{2, 6}, {2, 10}, {2, 30}, {10, 6}, {10, 10}, {10, 30}};
	struct tare_arena *scratch = tare_arena_new();
	size_t repetitions = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	size_t in_all = 0, none = 0;
	bool good = true;

	printf("%% of 95 %% intervals of a suite's geometric mean that miss\n%-14s", "cases/pairs");
	for (size_t i = 0; i < 6; i++)
		printf("%5zu/%-2zu", columns[i].cases, columns[i].pairs);
	for (size_t noise = 0; noise < NOISE_COUNT; noise++) {
		printf("\n%-14s", noise_names[noise]);
		for (size_t i = 0; i < 6; i++) {
			size_t count = missed(&none, scratch, repetitions, (enum noise)noise,
				columns[i].cases, columns[i].pairs);

			printf("%8.2f", 100.0 * (double)count / (double)repetitions);
			good = within(count, repetitions, MISSES) && good;
			in_all += count;
		}
	}
	good = within(in_all, NOISE_COUNT * 6 * repetitions, MISSES) && good;
	good = at_least(in_all, NOISE_COUNT * 6 * repetitions, MISSES_LEAST) && good;
	good = none == 0 && good;
	tare_arena_free(scratch);
	printf("\nwithout an interval: %zu\n%s\n", none,
		good ? "all within bounds" : "PAST A BOUND");
	return good ? 0 : 1;
}
