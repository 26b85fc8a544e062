#include "report/cost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double
time_ns(const struct tare_samples *samples)
{
	double sum_ns = 0;
	double total = (double)samples->total;

	if (samples->metric_count <= TARE_METRIC_WALL || samples->count == 0)
		return 0;
	for (size_t i = 0; i < samples->count; i++) {
		double wall_ns = samples->values[TARE_METRIC_WALL][i];

		if (isfinite(wall_ns) && wall_ns > 0)
			sum_ns += wall_ns;
	}
	return total > (double)samples->count ? sum_ns * (total / (double)samples->count) : sum_ns;
}

static const char *
why_stopped(const struct tare_run_case *subject)
{
	if (subject->status == TARE_CASE_FAILED)
		return "failed";
	if (subject->stop_reason && *subject->stop_reason)
		return subject->stop_reason;
	return subject->status == TARE_CASE_PENDING ? "not measured" : "cut off";
}

static void
count_stop(struct tare_run_cost *cost, const struct tare_case_cost *one)
{
	size_t i = 0;

	while (i < cost->stop_count && strcmp(cost->stops[i].stopped, one->stopped) != 0)
		i++;
	/* A handful of reasons are known; of a journal from outside the rest is one. */
	if (i == TARE_STOP_COSTS_MAX)
		i--;
	if (i == cost->stop_count) {
		cost->stops[i].stopped =
			i + 1 == TARE_STOP_COSTS_MAX ? "other reasons" : one->stopped;
		cost->stop_count++;
	}
	cost->stops[i].case_count++;
	cost->stops[i].time_ns += one->time_ns;
}

static int
compare_stops(const void *left, const void *right)
{
	const struct tare_stop_cost *a = left;
	const struct tare_stop_cost *b = right;

	if (a->case_count != b->case_count)
		return a->case_count > b->case_count ? -1 : 1;
	return strcmp(a->stopped, b->stopped);
}

void
tare_run_cost_read(
	struct tare_run_cost *cost_out, struct tare_arena *arena, const struct tare_run *run)
{
	struct tare_run_cost cost = {.case_count = run->case_count, .costliest = run->case_count};

	cost.cases = tare_arena_alloc(arena, run->case_count, sizeof(*cost.cases));
	cost.stops = tare_arena_alloc(arena, TARE_STOP_COSTS_MAX, sizeof(*cost.stops));
	for (size_t i = 0; i < run->case_count; i++) {
		const struct tare_run_case *subject = &run->cases[i];
		struct tare_case_cost *one = &cost.cases[i];

		*one = (struct tare_case_cost){.invocations = subject->samples.total,
			.time_ns = time_ns(&subject->samples),
			.stopped = why_stopped(subject)};
		cost.time_ns += one->time_ns;
		count_stop(&cost, one);
		if (one->time_ns > 0 && (cost.costliest == run->case_count ||
						one->time_ns > cost.cases[cost.costliest].time_ns))
			cost.costliest = i;
	}
	for (size_t i = 0; i < run->case_count; i++)
		cost.cases[i].share = cost.time_ns > 0 ? cost.cases[i].time_ns / cost.time_ns : 0;
	qsort(cost.stops, cost.stop_count, sizeof(*cost.stops), compare_stops);
	*cost_out = cost;
}

struct place {
	double time_ns;
	size_t index;
};

static int
compare_places(const void *left, const void *right)
{
	const struct place *a = left;
	const struct place *b = right;

	if (a->time_ns != b->time_ns)
		return a->time_ns > b->time_ns ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

const size_t *
tare_run_cost_order(struct tare_arena *arena, const struct tare_run_cost *cost)
{
	struct place *places = tare_arena_alloc(arena, cost->case_count, sizeof(*places));
	size_t *order = tare_arena_alloc(arena, cost->case_count, sizeof(*order));

	for (size_t i = 0; i < cost->case_count; i++)
		places[i] = (struct place){cost->cases[i].time_ns, i};
	qsort(places, cost->case_count, sizeof(*places), compare_places);
	for (size_t i = 0; i < cost->case_count; i++)
		order[i] = places[i].index;
	return order;
}
