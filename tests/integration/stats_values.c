/*
 * What harness/stats computes, for scipy_oracle.py to compare. Each line of standard input is a
 * word, two counts, a parameter, and so many values of x and of y; each line of output its results.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/arena.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/hodges_lehmann.h"
#include "harness/stats/multiple.h"
#include "harness/stats/theil_sen.h"

enum { VALUES_MAX = 4096, RESAMPLES = 10000 };
#define ALPHA 0.05

struct request {
	char word[32];
	double parameter;
	double x[VALUES_MAX];
	size_t m;
	double y[VALUES_MAX];
	size_t n;
};

static bool
read_values(double *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (scanf("%lf", &values[i]) != 1)
			return false;
	}
	return true;
}

static bool
read_request(struct request *request)
{
	return scanf("%31s %zu %zu %lf", request->word, &request->m, &request->n,
		       &request->parameter) == 4 &&
	       request->m <= VALUES_MAX && request->n <= VALUES_MAX &&
	       read_values(request->x, request->m) && read_values(request->y, request->n);
}

static void
paired(struct request *request, struct tare_arena *arena)
{
	static double work[VALUES_MAX];
	struct tare_ranks *ranks = tare_ranks_new(arena);
	double z = tare_signed_rank_z(work, request->x, request->m);
	struct tare_interval shift;

	tare_sort(request->x, request->m);
	tare_hl_paired(&shift, ranks, request->x, request->m, ALPHA);
	printf("%.17g %.17g %.17g %.17g %.17g %.17g\n", shift.estimate, shift.low, shift.high, z,
		tare_hl_paired_p_above(ranks, request->x, request->m, request->parameter),
		tare_hl_paired_p_below(ranks, request->x, request->m, request->parameter));
}

static void
unpaired(struct request *request, struct tare_arena *arena)
{
	struct tare_ranks *ranks = tare_ranks_new(arena);
	const struct tare_sides sides = {request->x, request->m, request->y, request->n};
	struct tare_interval shift;

	tare_sort(request->x, request->m);
	tare_sort(request->y, request->n);
	tare_hl_unpaired(&shift, ranks, &sides, ALPHA);
	printf("%.17g %.17g %.17g %.17g %.17g %.17g %.17g\n", shift.estimate, shift.low, shift.high,
		tare_mann_whitney_z(request->x, request->m, request->y, request->n),
		tare_hl_unpaired_p_above(ranks, &sides, request->parameter),
		tare_hl_unpaired_p_below(ranks, &sides, request->parameter),
		tare_superiority(request->x, request->m, request->y, request->n));
}

static void
slope(const struct request *request, struct tare_arena *arena)
{
	double *work = tare_arena_alloc(arena, tare_slope_room(request->m), sizeof(double));
	struct tare_slope found;

	tare_slope_find(&found, work, request->x, request->m, 1.0);
	printf("%.17g %.17g %.17g %.17g %.17g\n", found.slope, found.low, found.high, found.p,
		tare_kendall_z(work, request->x, request->m, 1.0));
}

static void
adjusted(const struct request *request)
{
	static double holm[VALUES_MAX], discovery[VALUES_MAX];
	static size_t order[VALUES_MAX];

	tare_holm(holm, order, request->x, request->m);
	tare_benjamini_hochberg(discovery, order, request->x, request->m);
	for (size_t i = 0; i < request->m; i++)
		printf("%.17g ", holm[i]);
	for (size_t i = 0; i < request->m; i++)
		printf("%.17g%c", discovery[i], i + 1 < request->m ? ' ' : '\n');
}

/* The mean of x with every value an invocation of one iteration. */
static void
bootstrap(const struct request *request)
{
	static size_t counts[VALUES_MAX];
	const struct tare_levels side = {request->x, counts, request->m};
	const struct tare_bootstrap plan = {.sides = &side,
		.side_count = 1,
		.statistic = tare_statistic_mean,
		.resamples = RESAMPLES,
		.alpha = ALPHA,
		.seed = 1};
	struct tare_interval mean;

	for (size_t i = 0; i < request->m; i++)
		counts[i] = 1;
	tare_bootstrap_bca(&mean, &plan);
	printf("%.17g %.17g %.17g\n", mean.estimate, mean.low, mean.high);
}

int
main(void)
{
	static struct request request;
	struct tare_arena *arena = tare_arena_new();

	while (read_request(&request)) {
		tare_arena_reset(arena);
		if (strcmp(request.word, "paired") == 0)
			paired(&request, arena);
		else if (strcmp(request.word, "unpaired") == 0)
			unpaired(&request, arena);
		else if (strcmp(request.word, "slope") == 0)
			slope(&request, arena);
		else if (strcmp(request.word, "adjusted") == 0)
			adjusted(&request);
		else if (strcmp(request.word, "bootstrap") == 0)
			bootstrap(&request);
	}
	tare_arena_free(arena);
	return 0;
}
