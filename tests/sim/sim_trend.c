/*
 * Trends: how often a stationary series is said to change, how often steps are found and how near,
 * what becomes of spikes, ticks, short segments and the newest points, and how long it takes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "harness/stats/trend.h"
#include "tests/sim/simulate.h"

enum {
	POINTS = 100,
	EDGE = 10,
	CLOSE = 5,
	LONG_POINTS = 10000,
	SERIES = 1000,
	SERIES_POINTS = 500
};
#define SD 0.02

/* The drift alone is what people call an AR(1) series; sim_aa's mixture is left out. */
static const enum noise kinds[] = {
	NOISE_NORMAL, NOISE_LOGNORMAL, NOISE_T3, NOISE_BIMODAL, NOISE_DRIFT, NOISE_OUTLIERS};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* Values as people have them: around 100, noise of 2 %. */
static void
find(struct tare_trend *trend, struct tare_arena *arena, double *logs, size_t n,
	const struct tare_trend_options *options)
{
	for (size_t i = 0; i < n; i++)
		logs[i] = 100.0 * exp(SD * logs[i]);
	tare_arena_reset(arena);
	tare_trend_find(trend, arena, logs, NULL, n, options);
}

static bool
found_near(const struct tare_trend *trend, size_t at, size_t distance)
{
	for (size_t i = 0; i < trend->change_count; i++) {
		size_t index = trend->changes[i].index;

		if ((index > at ? index - at : at - index) <= distance)
			return true;
	}
	return false;
}

static size_t
alarms(struct tare_arena *arena, size_t repetitions, enum noise noise, size_t points,
	const struct tare_trend_options *options)
{
	struct tare_trend trend;
	struct tare_rng rng;
	size_t count = 0;
	double y[3 * POINTS];

	tare_rng_seed(&rng, 500 + points, noise);
	for (size_t trial = 0; trial < repetitions; trial++) {
		noise_draw(&rng, y, points, noise);
		find(&trend, arena, y, points, options);
		count += trend.change_count > 0;
	}
	return count;
}

static bool
false_alarms(struct tare_arena *arena, size_t repetitions)
{
	const struct tare_trend_options triage = tare_trend_triage(&tare_trend_gate);
	bool good = true;

	printf("%% of stationary series said to change\n%-14s%8s%8s%8s%12s\n", "points", "50",
		"100", "300", "triage 100");
	for (size_t kind = 0; kind < KINDS; kind++) {
		static const size_t sizes[] = {POINTS / 2, POINTS, 3 * POINTS};

		printf("%-14s", noise_names[kinds[kind]]);
		for (size_t i = 0; i < 3; i++) {
			size_t count =
				alarms(arena, repetitions, kinds[kind], sizes[i], &tare_trend_gate);

			printf("%8.2f", 100.0 * (double)count / (double)repetitions);
			if (sizes[i] == POINTS)
				good = within(count, repetitions, 0.03) && good;
		}
		printf("%12.2f\n",
			100.0 * (double)alarms(arena, repetitions, kinds[kind], POINTS, &triage) /
				(double)repetitions);
	}
	return good;
}

static bool
steps(struct tare_arena *arena, size_t repetitions)
{
	bool good = true;

	printf("\n%% of steps of 3 robust sigmas, at %d to %d of %d points\n%-14s%14s%14s%14s\n",
		EDGE, POINTS - EDGE, POINTS, "noise", "within 5", "within 1", "nothing else");
	for (size_t kind = 0; kind < KINDS; kind++) {
		double step = 3.0 * noise_sigma(kinds[kind]);
		size_t near = 0, nearer = 0, single = 0;
		struct tare_rng rng;

		tare_rng_seed(&rng, 600, kind);
		for (size_t trial = 0; trial < repetitions; trial++) {
			double y[POINTS], sign = trial % 2 != 0 ? 1.0 : -1.0;
			size_t at = EDGE + (size_t)tare_rng_below(&rng, POINTS - 2 * EDGE + 1);
			struct tare_trend trend;

			noise_draw(&rng, y, POINTS, kinds[kind]);
			for (size_t i = at; i < POINTS; i++)
				y[i] += sign * step;
			find(&trend, arena, y, POINTS, &tare_trend_gate);
			near += found_near(&trend, at, CLOSE);
			nearer += found_near(&trend, at, 1);
			single += trend.change_count == 1;
		}
		printf("%-14s%14.1f%14.1f%14.1f\n", noise_names[kinds[kind]],
			100.0 * (double)near / (double)repetitions,
			100.0 * (double)nearer / (double)repetitions,
			100.0 * (double)single / (double)repetitions);
		good = at_least(near, repetitions, 0.90) && good;
	}
	return good;
}

static bool
spikes(struct tare_arena *arena, size_t repetitions)
{
	struct tare_rng rng;
	size_t count = 0;

	tare_rng_seed(&rng, 700, 0);
	for (size_t trial = 0; trial < repetitions; trial++) {
		struct tare_trend trend;
		double y[POINTS];

		noise_draw(&rng, y, POINTS, NOISE_NORMAL);
		for (size_t i = 0; i < 5; i++)
			y[tare_rng_below(&rng, POINTS)] += 20.0;
		y[POINTS - 1] += 20.0;
		find(&trend, arena, y, POINTS, &tare_trend_gate);
		count += trend.change_count > 0;
	}
	printf("\nsix spikes of 20 sigmas, one of them last: %.2f %% said to change\n",
		100.0 * (double)count / (double)repetitions);
	return within(count, repetitions, 0.03);
}

/* Up by `height` sigmas at `begin`, back at `end` (POINTS: never), values rounded to `tick`. */
struct shape {
	const char *name;
	size_t begin;
	size_t end;
	double height;
	double tick; /* 0: none */
	double bound;
};

static const struct shape shapes[] = {
	{"5 sigmas, the last 8 points", POINTS - 8, POINTS, 5.0, 0.0, 0.90},
	{"5 sigmas, the last 5 points", POINTS - 5, POINTS, 5.0, 0.0, 0.90},
	{"5 sigmas, the last 3 points", POINTS - 3, POINTS, 5.0, 0.0, 0.50},
	{"5 sigmas for 10 points", 50, 60, 5.0, 0.0, 0.90},
	{"5 sigmas for 5 points", 50, 55, 5.0, 0.0, 0.90},
	{"3 sigmas, ticks of 1 sigma", 40, POINTS, 3.0, 1.0, 0.90},
	{"2 sigmas, ticks of 2 sigmas", 40, POINTS, 2.0, 2.0, 0.80},
	{"2 sigmas", 30, POINTS, 2.0, 0.0, 0.85},
};

static bool
odd_shapes(struct tare_arena *arena, size_t repetitions)
{
	bool good = true;

	printf("\n%% of steps found within 2 points, normal noise\n");
	for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++) {
		const struct shape *shape = &shapes[k];
		struct tare_rng rng;
		size_t count = 0;

		tare_rng_seed(&rng, 750, k);
		for (size_t trial = 0; trial < repetitions; trial++) {
			struct tare_trend trend;
			double y[POINTS];

			noise_draw(&rng, y, POINTS, NOISE_NORMAL);
			for (size_t i = 0; i < POINTS; i++) {
				if (i >= shape->begin && i < shape->end)
					y[i] += shape->height;
				if (shape->tick > 0.0)
					y[i] = shape->tick * round(y[i] / shape->tick);
			}
			find(&trend, arena, y, POINTS, &tare_trend_gate);
			count += found_near(&trend, shape->begin, 2) &&
				 (shape->end == POINTS || found_near(&trend, shape->end, 2));
		}
		printf("%-30s%8.1f\n", shape->name, 100.0 * (double)count / (double)repetitions);
		good = at_least(count, repetitions, shape->bound) && good;
	}
	return good;
}

static double
seconds(struct tare_arena *arena, size_t series, size_t points)
{
	double *y = tare_xcalloc(points, sizeof(*y));
	struct tare_rng rng;
	uint64_t spent = 0;

	tare_rng_seed(&rng, 800, points);
	for (size_t i = 0; i < series; i++) {
		struct tare_trend trend;
		uint64_t start;

		noise_draw(&rng, y, points, i % 2 != 0 ? NOISE_NORMAL : NOISE_DRIFT);
		for (size_t j = 0; j < points; j++)
			y[j] += 3.0 * (double)(j / 97 % 3);
		start = tare_monotonic_ns();
		find(&trend, arena, y, points, &tare_trend_gate);
		spent += tare_monotonic_ns() - start;
	}
	free(y);
	return (double)spent / 1e9;
}

int
main(int argc, char **argv)
{
	struct tare_arena *arena = tare_arena_new();
	size_t repetitions = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
	bool good = false_alarms(arena, repetitions);

	good = steps(arena, repetitions) && good;
	good = spikes(arena, repetitions) && good;
	good = odd_shapes(arena, repetitions) && good;
	if (repetitions >= 1000)
		printf("\n%d points: %.2f s; %d series of %d: %.2f s\n", LONG_POINTS,
			seconds(arena, 1, LONG_POINTS), SERIES, SERIES_POINTS,
			seconds(arena, SERIES, SERIES_POINTS));
	tare_arena_free(arena);
	printf("%s\n", good ? "all within bounds" : "PAST A BOUND");
	return good ? 0 : 1;
}
