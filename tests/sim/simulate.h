/*
 * What the simulation programs share: noise of several shapes, and a run of two variants to put it
 * in.
 *
 * Every program takes the number of repetitions, prints a table, and exits with 1 where a rate is
 * past its bound by more than three standard errors of the simulation. Seeds are fixed.
 */
#ifndef TARE_TESTS_SIM_SIMULATE_H
#define TARE_TESTS_SIM_SIMULATE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/rng.h"
#include "harness/compare/compare.h"

enum noise {
	NOISE_NORMAL,
	NOISE_LOGNORMAL, /* of a normal with sd 1 */
	NOISE_T3,
	NOISE_BIMODAL, /* two normals 4 sd apart */
	NOISE_AR1,     /* a drift with rho 0.6 from one slot to the next, and as much white noise */
	NOISE_OUTLIERS, /* 3 % are 10 sd up */
	NOISE_DRIFT,  /* the drift alone: neighbours in one block then share something ABBA keeps */
	NOISE_BURSTS, /* in a tenth of quiet slots something begins that disturbs 1 to 5 of them */
	NOISE_STEPS,  /* the load changes at every tenth slot, and stays */
	NOISE_COUNT,
};
extern const char *const noise_names[NOISE_COUNT];

/* n values in the order of time, centre 0, scale about 1. */
void noise_draw(struct tare_rng *rng, double *values, size_t n, enum noise noise);

/* The robust standard deviation of the noise, from a long piece of it. */
double noise_sigma(enum noise noise);

/* Groups of two variants with room for pairs_max pairs of wall. Plan and looks are about the first.
 */
struct bench {
	size_t group_count;
	struct tare_run *run;
	struct tare_plan plan;
	struct tare_group group;
	struct tare_case cases[2];
	size_t pairs_max;
};
void bench_open(struct bench *bench, size_t group_count, size_t pairs_max);
void bench_close(struct bench *bench);
/* Draws pairs_max pairs of each group in seeded ABBA or BAAB blocks: log value = shift (head only)
 * + sd * noise.
 */
void bench_draw(
	struct bench *bench, struct tare_rng *rng, enum noise noise, double sd, double shift);
/* Shows only the first pairs. */
void bench_cut(struct bench *bench, size_t pairs);
void bench_compare(
	struct tare_comparison *item_out, struct tare_arena *scratch, const struct bench *bench);

/* Whether there is an interval that does not hold the truth. */
bool misses(double low, double high, double truth);

/* count of trials against bound: prints a mark and returns whether it is kept. */
bool within(size_t count, size_t trials, double bound);
bool at_least(size_t count, size_t trials, double bound);

#endif
