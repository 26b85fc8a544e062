/*
 * A against A: how often the interval misses the truth, and how often a suite of 100 benchmarks
 * fails its gate though nothing changed: with a fixed number of pairs, with looks while measuring,
 * and where what is doubtful is measured again.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/simulate.h"

/* At nominal 5 %, whatever the noise. */
#define MISSES 0.06
/* Over all kinds of noise: intervals that miss less often are wider than they need be. */
#define MISSES_LEAST 0.03
/* Six pairs have no interval where what they share in blocks widens it; more always have one. */
#define NONE_OF_SIX 0.12

enum { SUITE = 100, PLANNED = 30, LOOK_FIRST = 6 };

static bool
miscoverage(struct tare_arena *scratch, size_t repetitions)
{
	static const size_t sizes[] = {6, 8, 10, 15, 25};
	size_t missed_in_all = 0, none_of_six = 0, none_of_more = 0;
	bool good = true;

	printf("%% of 95 %% intervals that miss\n%-14s", "pairs");
	for (size_t i = 0; i < 5; i++)
		printf("%8zu", sizes[i]);
	for (size_t noise = 0; noise < NOISE_COUNT; noise++) {
		printf("\n%-14s", noise_names[noise]);
		for (size_t i = 0; i < 5; i++) {
			struct tare_rng rng;
			struct bench bench;
			size_t missed = 0;

			tare_rng_seed(&rng, 100 + noise, sizes[i]);
			bench_open(&bench, 1, sizes[i]);
			for (size_t trial = 0; trial < repetitions; trial++) {
				struct tare_comparison item;

				bench_draw(&bench, &rng, (enum noise)noise, 0.02, 0.0);
				bench_compare(&item, scratch, &bench);
				missed += misses(item.ratio_low, item.ratio_high, 1.0);
				*(sizes[i] == 6 ? &none_of_six : &none_of_more) +=
					isnan(item.ratio_low);
			}
			bench_close(&bench);
			printf("%8.2f", 100.0 * (double)missed / (double)repetitions);
			good = within(missed, repetitions, MISSES) && good;
			missed_in_all += missed;
		}
	}
	printf("\n%% of six pairs without an interval: %.2f; of more: %zu\n\n",
		100.0 * (double)none_of_six / (double)(NOISE_COUNT * repetitions), none_of_more);
	good = within(none_of_six, NOISE_COUNT * repetitions, NONE_OF_SIX) && none_of_more == 0 &&
	       good;
	return at_least(missed_in_all, NOISE_COUNT * 5 * repetitions, MISSES_LEAST) && good;
}

/* At the end of a block of two pairs, as the stage that measures does. */
static size_t
next_look(size_t pairs)
{
	size_t next = pairs + (pairs / 4 > 2 ? pairs / 4 : 2);

	next += next % 2;
	return next < PLANNED ? next : PLANNED;
}

/* How is measured: so many pairs; with looks; and those that are doubtful then, a second time. */
enum mode { MODE_FIXED, MODE_LOOKS, MODE_CONFIRM, MODE_COUNT };
static const char *const mode_names[] = {"fixed", "looks", "confirm"};

static struct tare_look
look_at(struct tare_looking *looking, struct bench *bench, size_t pairs, bool last)
{
	struct tare_look look;

	bench_cut(bench, pairs);
	tare_compare_look(&look, looking, bench->run, &bench->plan, &bench->group,
		last ? TARE_STOP_COUNT : TARE_STOP_NOT);
	return look;
}

/* Looks until measuring ends; how many pairs there are then. */
static size_t
measure_looking(struct bench *bench, bool confirm)
{
	struct tare_looking looking = {
		.budget = PLANNED, .budget_end = TARE_STOP_COUNT, .confirmed = confirm};
	size_t pairs = LOOK_FIRST;

	for (;;) {
		struct tare_look look = look_at(&looking, bench, pairs, pairs == PLANNED);

		if (look.stop != TARE_STOP_NOT) {
			if (!confirm || !look.doubtful)
				return pairs;
			break;
		}
		pairs = next_look(pairs);
	}
	looking.phase = 1;
	looking.budget = 2 * PLANNED;
	look_at(&looking, bench, 2 * pairs, true);
	return 2 * pairs;
}

/* Measures one benchmark and compares what there is then. */
static size_t
measure(struct tare_comparison *item, struct tare_arena *scratch, struct bench *bench,
	enum mode mode)
{
	struct tare_comparison_set set;
	size_t pairs = mode == MODE_FIXED ? PLANNED : measure_looking(bench, mode == MODE_CONFIRM);

	bench_cut(bench, pairs);
	tare_arena_reset(scratch);
	tare_compare_variants(&set, scratch, bench->run, NULL, NULL);
	*item = set.items[TARE_METRIC_WALL];
	return pairs;
}

/* A suite whose benchmarks all differ by shift: how many runs fail their gate, and miss the truth.
 */
struct outcome {
	size_t failed;
	size_t missed;
	size_t regressions;
	size_t pairs;
};

static struct outcome
run_suites(struct tare_arena *scratch, size_t suites, enum noise noise, double sd, double shift,
	enum mode mode)
{
	struct tare_comparison items[SUITE];
	struct outcome outcome = {0};
	struct tare_rng rng;
	struct bench bench;

	tare_rng_seed(&rng, 200 + noise, mode);
	bench_open(&bench, 1, 2 * PLANNED);
	for (size_t suite = 0; suite < suites; suite++) {
		struct tare_comparison_set set = {.items = items, .item_count = SUITE};
		struct tare_gate gate = {
			.asked_for = true, .fail_on = 1u << TARE_VERDICT_REGRESSION};
		struct tare_gate_outcome decision;

		for (size_t i = 0; i < SUITE; i++) {
			bench_draw(&bench, &rng, noise, sd, shift);
			outcome.pairs += measure(&items[i], scratch, &bench, mode);
			outcome.missed +=
				misses(items[i].ratio_low, items[i].ratio_high, exp(shift));
			outcome.regressions += items[i].verdict == TARE_VERDICT_REGRESSION;
		}
		tare_compare_gate(&decision, scratch, &set, 1, &gate, NULL);
		outcome.failed += decision.result == TARE_GATE_FAILED;
	}
	bench_close(&bench);
	return outcome;
}

/* Of false failures: 5 %, but for noise that lasts where every benchmark changed by just the
 * margin. Intervals are widened by what neighbours share, which is right at 2.5 % and not quite at
 * the 0.05 % that a suite of 100 asks of one. */
static double
bound_of(enum noise noise, double shift)
{
	bool lasts = noise == NOISE_AR1 || noise == NOISE_DRIFT || noise == NOISE_BURSTS ||
		     noise == NOISE_STEPS;

	return lasts && shift > 0.0 ? 0.12 : 0.05;
}

/* A row of few suites can tell little; all rows of one bound together tell more. */
struct pool {
	double bound;
	size_t failed;
	size_t suites;
};

static void
pool_add(struct pool pools[2], double bound, size_t failed, size_t suites)
{
	struct pool *pool = &pools[bound > 0.05];

	pool->bound = bound;
	pool->failed += failed;
	pool->suites += suites;
}

static bool
suites(struct tare_arena *scratch, size_t count)
{
	struct pool pools[2] = {{0}};
	static const double shifts[] = {0.0, 0.0198026272961797 /* log 1.02: the margin itself */};
	static const double sds[] = {0.005, 0.03};
	bool good = true;

	printf("suites of %d benchmarks, margin 2 %%, up to %d pairs\n", SUITE, PLANNED);
	printf("%-14s%7s%8s%9s%13s%13s%10s%8s\n", "noise", "sd", "truth", "measured", "suites fail",
		"regressions", "missed", "pairs");
	for (size_t row = 0; row < NOISE_COUNT * 4 * MODE_COUNT; row++) {
		enum noise noise = (enum noise)(row / (4 * MODE_COUNT));
		enum mode mode = (enum mode)(row % MODE_COUNT);
		double sd = sds[row / MODE_COUNT / 2 % 2], shift = shifts[row / MODE_COUNT % 2];
		struct outcome seen = run_suites(scratch, count, noise, sd, shift, mode);
		double all = (double)(count * SUITE);

		printf("%-14s%5.1f %%%6.1f %%%9s%11.1f %%%11.2f %%%8.2f %%%8.1f\n",
			noise_names[noise], 100.0 * sd, 100.0 * expm1(shift), mode_names[mode],
			100.0 * (double)seen.failed / (double)count,
			100.0 * (double)seen.regressions / all, 100.0 * (double)seen.missed / all,
			(double)seen.pairs / all);
		pool_add(pools, bound_of(noise, shift), seen.failed, count);
		good = within(seen.failed, count, bound_of(noise, shift)) && good;
		good = within(seen.missed, count * SUITE, MISSES) && good;
	}
	for (size_t i = 0; i < 2; i++)
		good = within(pools[i].failed, pools[i].suites, pools[i].bound) && good;
	return good;
}

int
main(int argc, char **argv)
{
	struct tare_arena *scratch = tare_arena_new();
	size_t repetitions = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
	/* One comparison costs next to nothing, a suite does. */
	bool good = miscoverage(scratch, repetitions < 1000 ? 1000 : repetitions);

	good = suites(scratch, repetitions / 20) && good;
	tare_arena_free(scratch);
	printf("%s\n", good ? "all within bounds" : "PAST A BOUND");
	return good ? 0 : 1;
}
