/*
 * A against B: how often a true slowdown is found, whether the printed MDE is the change that is
 * found in 80 % of cases, and whether more pairs find more.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/simulate.h"

static size_t
found(struct tare_arena *scratch, size_t repetitions, size_t pairs, double sd, double change,
	double *mde_out)
{
	struct tare_rng rng;
	struct bench bench;
	size_t count = 0;
	double sum = 0.0;

	tare_rng_seed(&rng, 300, pairs);
	bench_open(&bench, 1, pairs);
	for (size_t trial = 0; trial < repetitions; trial++) {
		struct tare_comparison item;

		bench_draw(&bench, &rng, NOISE_NORMAL, sd, log1p(change));
		bench_compare(&item, scratch, &bench);
		count += item.verdict == TARE_VERDICT_REGRESSION;
		sum += item.mde;
	}
	bench_close(&bench);
	*mde_out = sum / (double)repetitions;
	return count;
}

static bool
power(struct tare_arena *scratch, size_t repetitions)
{
	static const struct {
		double sd, change, bound;
	} rows[] = {{0.015, 0.05, 0.95}, {0.007, 0.03, 0.75}};
	bool good = true;
	double mde;

	printf("%% found, 10 pairs, margin 2 %%\n");
	for (size_t i = 0; i < 2; i++) {
		size_t count = found(scratch, repetitions, 10, rows[i].sd, rows[i].change, &mde);

		printf("sd %.1f %%, true change %.0f %%: %.1f %% (wanted %.0f %%)\n",
			100.0 * rows[i].sd, 100.0 * rows[i].change,
			100.0 * (double)count / (double)repetitions, 100.0 * rows[i].bound);
		good = at_least(count, repetitions, rows[i].bound) && good;
	}
	return good;
}

/* The change found in 80 % of trials, by bisection: every step sees the same noise. */
static double
eighty_percent_point(struct tare_arena *scratch, size_t repetitions, size_t pairs, double sd)
{
	double low = 0.02, high = 0.5, mde;

	for (size_t step = 0; step < 10; step++) {
		double middle = (low + high) / 2.0;

		if (5 * found(scratch, repetitions, pairs, sd, middle, &mde) < 4 * repetitions)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2.0;
}

static bool
mde(struct tare_arena *scratch, size_t repetitions)
{
	static const size_t sizes[] = {6, 8, 10, 15, 25, 50};
	static const double sds[] = {0.005, 0.02};
	bool good = true;

	printf("\nprinted MDE against the change found in 80 %% of trials\n");
	printf("%6s%8s%10s%10s%8s\n", "pairs", "sd", "printed", "real", "ratio");
	for (size_t row = 0; row < 12; row++) {
		size_t pairs = sizes[row / 2];
		double sd = sds[row % 2], printed, real;

		real = eighty_percent_point(scratch, repetitions, pairs, sd);
		found(scratch, repetitions, pairs, sd, real, &printed);
		printf("%6zu%6.1f %%%8.2f %%%8.2f %%%8.3f\n", pairs, 100.0 * sd, 100.0 * printed,
			100.0 * real, printed / real);
		if (fabs(printed / real - 1.0) > 0.1)
			good = false;
	}
	return good;
}

static bool
monotone(struct tare_arena *scratch, size_t repetitions)
{
	size_t before = 0;
	bool good = true;
	double ignored;

	printf("\n%% of true 4 %% found at sd 2 %%, by pairs\n");
	for (size_t pairs = 6; pairs <= 96; pairs *= 2) {
		size_t count = found(scratch, repetitions, pairs, 0.02, 0.04, &ignored);

		printf("%6zu%8.1f %%\n", pairs, 100.0 * (double)count / (double)repetitions);
		good = good && count >= before;
		before = count;
	}
	return good;
}

int
main(int argc, char **argv)
{
	struct tare_arena *scratch = tare_arena_new();
	size_t repetitions = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
	bool good = power(scratch, repetitions);

	good = mde(scratch, repetitions / 5) && good;
	good = monotone(scratch, repetitions / 5) && good;
	tare_arena_free(scratch);
	printf("%s\n", good ? "all within bounds" : "PAST A BOUND");
	return good ? 0 : 1;
}
