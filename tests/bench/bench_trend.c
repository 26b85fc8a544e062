/*
 * What finding change points costs: one series of 10,000 points, and 1,000 series of 500, of kinds
 * that differ in how many boundaries have to be looked at. Prints a table of CPU time and exits
 * with 1 where the slowest kind is past 1 s or 5 s.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness/base/rng.h"
#include "harness/stats/trend.h"

enum { LONG = 10000, SERIES = 1000, POINTS = 500 };
#define LONG_SECONDS   1.0
#define SERIES_SECONDS 5.0

enum kind { NOISE, STEPS, SHORT_STEPS, DRIFT, WALK, TICKS, CONSTANT, SAW, KIND_COUNT };

static const char *const names[KIND_COUNT] = {"noise", "steps of 100 points", "steps of 6 points",
	"AR(1) .9", "random walk", "ticks", "constant", "sawtooth"};

static double
draw(struct tare_rng *rng, enum kind kind, size_t i, double before)
{
	double z = tare_rng_normal(rng);

	switch (kind) {
	case STEPS:
		return z + 4.0 * (double)(i / 100 % 3);
	case SHORT_STEPS:
		return z + 6.0 * (double)(i / 6 % 2);
	case DRIFT:
		return 0.9 * before + z;
	case WALK:
		return before + z;
	case TICKS:
		return round(z / 2.0);
	case CONSTANT:
		return 0.0;
	case SAW:
		return (double)(i % 40) / 4.0 + z / 10.0;
	default:
		return z;
	}
}

static double
cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
measure(struct tare_arena *arena, enum kind kind, size_t series, size_t points)
{
	static double values[LONG];
	struct tare_rng rng;
	double spent = 0.0;

	tare_rng_seed(&rng, 1, kind);
	for (size_t k = 0; k < series; k++) {
		struct tare_trend trend;
		double value = 0.0, start;

		for (size_t i = 0; i < points; i++) {
			value = draw(&rng, kind, i, value);
			values[i] = 100.0 * exp(0.002 * value);
		}
		tare_arena_reset(arena);
		start = cpu_seconds();
		tare_trend_find(&trend, arena, values, NULL, points, &tare_trend_gate);
		spent += cpu_seconds() - start;
	}
	return spent;
}

int
main(void)
{
	struct tare_arena *arena = tare_arena_new();
	bool good = true;

	printf("%-22s%12d%8d x %d\n", "seconds of CPU", LONG, SERIES, POINTS);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		double one = measure(arena, kind, 1, LONG);
		double many = measure(arena, kind, SERIES, POINTS);

		printf("%-22s%12.3f%14.2f\n", names[kind], one, many);
		good = one < LONG_SECONDS && many < SERIES_SECONDS && good;
	}
	tare_arena_free(arena);
	printf("%s\n", good ? "all within bounds" : "PAST A BOUND");
	return good ? 0 : 1;
}
