#include "harness/cli/selftest.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/stats/order.h"
#include "harness/stats/outlook.h"
#include "harness/stats/power.h"

/* Two-sided level and power as everywhere in tare. */
#define ALPHA 0.05
#define POWER 0.80

enum { FORMAT_VERSION = 1, USUAL_PAIRS = 20, USUAL_SIZE = 2, MANY_PAIRS = 200 };

const size_t tare_selftest_sizes[TARE_SELFTEST_SIZES] = {6, 10, USUAL_PAIRS, 50, 100};

static struct tare_selftest_metric *
find_metric(struct tare_selftest *selftest, const struct tare_metric *metric)
{
	struct tare_selftest_metric *mine = selftest->metrics;

	for (size_t i = 0; i < selftest->metric_count; i++, mine++) {
		if (strcmp(mine->name, metric->name) == 0)
			return mine;
	}
	if (selftest->metric_count == TARE_SELFTEST_METRICS_MAX)
		return NULL;
	selftest->metric_count++;
	*mine = (struct tare_selftest_metric){
		.name = tare_arena_strdup(selftest->arena, metric->name),
		.gated = metric->gated,
		.margin = metric->margin,
	};
	return mine;
}

/* Where a value is zero there is no ratio; the other pairs still say how noisy it is. */
static void
add_differences(struct tare_selftest_metric *mine, const double *base, const double *head, size_t n)
{
	if (mine->count + n > mine->capacity) {
		mine->capacity = 2 * (mine->count + n);
		mine->differences = tare_xreallocarray(
			mine->differences, mine->capacity, sizeof(*mine->differences));
	}
	for (size_t i = 0; i < n; i++) {
		if (base[i] > 0.0 && head[i] > 0.0)
			mine->differences[mine->count++] = log(head[i]) - log(base[i]);
	}
}

static size_t
add_pairs(struct tare_selftest_metric *mine, const struct tare_run *run,
	const struct tare_comparison *item)
{
	const struct tare_samples *base = &run->cases[item->base_case].samples;
	const struct tare_samples *head = &run->cases[item->head_case].samples;
	double *room = tare_xcalloc(base->count + head->count + 1, 2 * sizeof(*room));
	double *other = room + base->count + head->count;
	size_t n = tare_samples_pair(room, other, base, item->base_metric, head, item->head_metric);

	add_differences(mine, room, other, n);
	free(room);
	return n;
}

void
tare_selftest_add(struct tare_selftest *selftest, const struct tare_run *run,
	const struct tare_comparison_set *set)
{
	size_t pairs = 0;

	selftest->rounds++;
	for (size_t i = 0; i < set->item_count; i++) {
		const struct tare_comparison *item = &set->items[i];
		struct tare_selftest_metric *mine;
		size_t n;

		if (!item->metric.gated && strcmp(item->metric.name, "cpu") != 0)
			continue;
		if (item->metric.gated) {
			selftest->comparisons++;
			selftest->verdicts[item->verdict]++;
		}
		mine = find_metric(selftest, &item->metric);
		n = mine ? add_pairs(mine, run, item) : 0;
		pairs = n > pairs ? n : pairs;
	}
	selftest->pairs += pairs;
}

/* What n pairs of such a spread would find. */
static double
detectable(struct tare_ranks *ranks, double margin, double spread, size_t n)
{
	const struct tare_outlook outlook = {
		.paired = true, .n = n, .sd = spread, .delta = log1p(margin), .alpha = ALPHA};

	return expm1(tare_outlook_mde(ranks, &outlook, POWER));
}

static void
finish_metric(struct tare_selftest_metric *mine, struct tare_ranks *ranks, double inject)
{
	double center = log1p(inject);
	double *distances = tare_xcalloc(mine->count + 1, sizeof(*distances));

	for (size_t i = 0; i < mine->count; i++)
		distances[i] = fabs(mine->differences[i] - center);
	tare_sort(distances, mine->count);
	mine->noise_floor = expm1(tare_median(distances, mine->count));
	mine->spread = tare_sd(mine->differences, mine->count);
	for (size_t i = 0; i < TARE_SELFTEST_SIZES; i++)
		mine->mde[i] =
			detectable(ranks, mine->margin, mine->spread, tare_selftest_sizes[i]);
	free(distances);
}

__attribute__((format(printf, 2, 3))) static void
advise(struct tare_selftest *selftest, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (selftest->advice_count < TARE_SELFTEST_ADVICE_MAX)
		text = tare_arena_vprintf(selftest->arena, format, args);
	va_end(args);
	if (text)
		selftest->advice[selftest->advice_count++] = text;
}

static bool
is_pinned(const struct tare_selftest *selftest)
{
	return selftest->cpus && strcmp(selftest->cpus, "none") != 0;
}

static void
advise_quieter(struct tare_selftest *selftest)
{
	if (is_pinned(selftest))
		advise(selftest,
			"it is pinned already (--cpus %.40s): stop what else runs here, or keep "
			"other programs off these CPUs",
			selftest->cpus);
	else
		advise(selftest,
			"pin it with --cpus 1 and run this again: a program that moves between "
			"CPUs is noisier than one that does not");
}

/* The margin at which the usual number of pairs finds twice of it, in whole percent, upwards. */
static double
comfortable_margin(const struct tare_selftest_metric *mine)
{
	double noise = log1p(mine->mde[USUAL_SIZE]) - log1p(mine->margin);

	return ceil(100.0 * expm1(noise)) / 100.0;
}

static void
advise_pairs(struct tare_selftest *selftest, const struct tare_selftest_metric *mine)
{
	double gap = log1p(2.0 * mine->margin) - log1p(mine->margin);
	size_t needed = tare_needed(gap, mine->spread, ALPHA / 2.0, POWER);
	double wider = comfortable_margin(mine);

	if (needed <= MANY_PAIRS)
		advise(selftest,
			"to find a change of %s of %.3g %%, measure %zu pairs: --invocations %zu, "
			"or a --max-time that allows them",
			mine->name, 200.0 * mine->margin, needed, needed);
	else
		advise(selftest,
			"to find a change of %s of %.3g %% would take %zu pairs: a quieter machine "
			"is cheaper",
			mine->name, 200.0 * mine->margin, needed);
	if (wider > mine->margin)
		advise(selftest,
			"or take a larger margin: with --margin %.0f%%, %d pairs find %.0f %%",
			100.0 * wider, USUAL_PAIRS, 200.0 * wider);
}

static void
advise_on_metric(struct tare_selftest *selftest, const struct tare_selftest_metric *mine)
{
	if (isnan(mine->mde[USUAL_SIZE])) {
		advise(selftest, "too few pairs to say how noisy %s is: give more --time",
			mine->name);
		return;
	}
	if (mine->mde[USUAL_SIZE] <= 2.0 * mine->margin) {
		advise(selftest,
			"%s is quiet enough for its margin: %d pairs find a change of %.3g %%",
			mine->name, USUAL_PAIRS, 100.0 * mine->mde[USUAL_SIZE]);
		return;
	}
	advise_quieter(selftest);
	advise_pairs(selftest, mine);
}

/* Time spent waiting for a CPU that others use is in wall, not in cpu. */
static void
advise_on_cpu_time(struct tare_selftest *selftest)
{
	const struct tare_selftest_metric *wall = NULL, *cpu = NULL;

	for (size_t i = 0; i < selftest->metric_count; i++) {
		if (strcmp(selftest->metrics[i].name, "wall") == 0)
			wall = &selftest->metrics[i];
		if (strcmp(selftest->metrics[i].name, "cpu") == 0)
			cpu = &selftest->metrics[i];
	}
	if (wall && cpu && wall->mde[USUAL_SIZE] > 2.0 * wall->margin &&
		cpu->spread < wall->spread / 2.0)
		advise(selftest,
			"CPU time varies %.1f times less than wall time: other programs take turns "
			"with this one",
			wall->spread / cpu->spread);
}

size_t
tare_selftest_false_alarms(const struct tare_selftest *selftest)
{
	size_t regressions = selftest->verdicts[TARE_VERDICT_REGRESSION];

	return selftest->verdicts[TARE_VERDICT_IMPROVEMENT] +
	       (selftest->inject > 0.0 ? 0 : regressions);
}

size_t
tare_selftest_chance(const struct tare_selftest *selftest)
{
	double n = (double)selftest->comparisons, term = pow(1.0 - ALPHA, n), below = term;
	size_t count = 0;

	/* A hair of rounding: one alarm of one comparison has exactly the chance ALPHA. */
	while (count < selftest->comparisons && 1.0 - below > ALPHA + 1e-9) {
		term *= (n - (double)count) / (double)(count + 1) * ALPHA / (1.0 - ALPHA);
		below += term;
		count++;
	}
	return count;
}

static bool
alarms_too_often(const struct tare_selftest *selftest)
{
	return tare_selftest_false_alarms(selftest) > tare_selftest_chance(selftest);
}

static void
advise_on_result(struct tare_selftest *selftest)
{
	if (selftest->comparisons == 0)
		return;
	if (alarms_too_often(selftest))
		advise(selftest,
			"do not gate on this machine as it is: it shows changes where there are "
			"none");
	else if (selftest->inject > 0.0 && !tare_selftest_found(selftest))
		advise(selftest, "give more --time: each round then has more pairs to find it in");
}

void
tare_selftest_finish(struct tare_selftest *selftest)
{
	struct tare_arena *scratch = tare_arena_new();
	struct tare_ranks *ranks = tare_ranks_new(scratch);

	for (size_t i = 0; i < selftest->metric_count; i++)
		finish_metric(&selftest->metrics[i], ranks, selftest->inject);
	tare_arena_free(scratch);
	advise_on_result(selftest);
	for (size_t i = 0; i < selftest->metric_count; i++) {
		if (selftest->metrics[i].gated)
			advise_on_metric(selftest, &selftest->metrics[i]);
	}
	advise_on_cpu_time(selftest);
}

void
tare_selftest_free(struct tare_selftest *selftest)
{
	for (size_t i = 0; i < selftest->metric_count; i++)
		free(selftest->metrics[i].differences);
	selftest->metric_count = 0;
}

bool
tare_selftest_found(const struct tare_selftest *selftest)
{
	return selftest->inject > 0.0 && selftest->comparisons > 0 &&
	       2 * selftest->verdicts[TARE_VERDICT_REGRESSION] >= selftest->comparisons;
}

enum tare_exit
tare_selftest_exit_code(const struct tare_selftest *selftest)
{
	if (selftest->interrupted)
		return TARE_EXIT_INTERRUPTED;
	if (alarms_too_often(selftest))
		return TARE_EXIT_REGRESSION;
	if (selftest->inject > 0.0 && !tare_selftest_found(selftest))
		return TARE_EXIT_INCONCLUSIVE;
	return TARE_EXIT_OK;
}

void
tare_selftest_print_result(FILE *out, const struct tare_selftest *selftest)
{
	fprintf(out, "false alarms: %zu of %zu comparisons", tare_selftest_false_alarms(selftest),
		selftest->comparisons);
	if (tare_selftest_false_alarms(selftest) > 0)
		fprintf(out, "; chance explains %zu", tare_selftest_chance(selftest));
	if (selftest->inject > 0.0)
		fprintf(out, "; the slowdown of %.4g %% was found in %zu of %zu%s",
			100.0 * selftest->inject, selftest->verdicts[TARE_VERDICT_REGRESSION],
			selftest->comparisons,
			tare_selftest_found(selftest) ? "" : ", fewer than half");
}

static void
print_percent(FILE *out, int width, double ratio)
{
	if (isnan(ratio))
		fprintf(out, "  %*s", width, "n/a");
	else
		fprintf(out, "  %*.2f %%", width - 2, 100.0 * ratio);
}

static void
print_metrics(FILE *out, const struct tare_selftest *selftest)
{
	fprintf(out, "\n%-12s  %8s  %11s  %9s  change found by so many pairs, 4 times in 5\n", "",
		"", "", "spread");
	fprintf(out, "%-12s  %8s  %11s  %9s", "metric", "margin", "noise floor", "of pairs");
	for (size_t i = 0; i < TARE_SELFTEST_SIZES; i++)
		fprintf(out, "  %8zu", tare_selftest_sizes[i]);
	fputc('\n', out);
	for (size_t i = 0; i < selftest->metric_count; i++) {
		const struct tare_selftest_metric *mine = &selftest->metrics[i];

		fprintf(out, "%-12s", mine->name);
		print_percent(out, 8, mine->margin);
		print_percent(out, 11, mine->noise_floor);
		print_percent(out, 9, mine->spread);
		for (size_t k = 0; k < TARE_SELFTEST_SIZES; k++)
			print_percent(out, 8, mine->mde[k]);
		fprintf(out, "%s\n", mine->gated ? "" : "  not gated");
	}
}

void
tare_selftest_print(FILE *out, const struct tare_selftest *selftest)
{
	const char *before = " (";
	char took[TARE_UNITS_TEXT_MAX];

	tare_duration_format(took, sizeof(took), selftest->duration_ns);
	tare_text_print_safe(out, selftest->command, false);
	fprintf(out, "\n%s: %zu round%s, %zu pairs, in %s, seed %" PRIu64 "\n",
		selftest->inject > 0.0 ? "against itself with more work" : "against itself",
		selftest->rounds, selftest->rounds == 1 ? "" : "s", selftest->pairs, took,
		selftest->seed);
	tare_selftest_print_result(out, selftest);
	for (size_t i = 0; i < TARE_VERDICT_COUNT; i++) {
		if (selftest->verdicts[i] == 0)
			continue;
		fprintf(out, "%s%zu %s", before, selftest->verdicts[i],
			tare_verdict_name((enum tare_verdict)i));
		before = ", ";
	}
	fputs(selftest->comparisons > 0 ? ")\n" : "\n", out);
	print_metrics(out, selftest);
	if (selftest->advice_count > 0)
		fputc('\n', out);
	for (size_t i = 0; i < selftest->advice_count; i++)
		fprintf(out, "- %s\n", selftest->advice[i]);
}

static const char *
result_name(const struct tare_selftest *selftest)
{
	switch (tare_selftest_exit_code(selftest)) {
	case TARE_EXIT_REGRESSION:
		return "false_alarm";
	case TARE_EXIT_INCONCLUSIVE:
		return "not_found";
	case TARE_EXIT_INTERRUPTED:
		return "interrupted";
	default:
		return "ok";
	}
}

static void
write_metric(struct tare_json *json, const struct tare_selftest_metric *mine)
{
	tare_json_object_begin(json, NULL);
	tare_json_string(json, "metric", mine->name);
	tare_json_bool(json, "gated", mine->gated);
	tare_json_double(json, "margin", mine->margin);
	tare_json_u64(json, "pairs", mine->count);
	tare_json_double(json, "noise_floor", mine->noise_floor);
	tare_json_double(json, "spread", mine->spread);
	tare_json_array_begin(json, "mde");
	for (size_t i = 0; i < TARE_SELFTEST_SIZES; i++) {
		tare_json_object_begin(json, NULL);
		tare_json_u64(json, "pairs", tare_selftest_sizes[i]);
		tare_json_double(json, "change", mine->mde[i]);
		tare_json_object_end(json);
	}
	tare_json_array_end(json);
	tare_json_object_end(json);
}

static void
write_counts(struct tare_json *json, const struct tare_selftest *selftest)
{
	tare_json_u64(json, "rounds", selftest->rounds);
	tare_json_u64(json, "pairs", selftest->pairs);
	tare_json_u64(json, "comparisons", selftest->comparisons);
	tare_json_u64(json, "false_alarms", tare_selftest_false_alarms(selftest));
	tare_json_u64(json, "false_alarms_by_chance", tare_selftest_chance(selftest));
	tare_json_object_begin(json, "verdicts");
	for (size_t i = 0; i < TARE_VERDICT_COUNT; i++)
		tare_json_u64(json, tare_verdict_name((enum tare_verdict)i), selftest->verdicts[i]);
	tare_json_object_end(json);
}

void
tare_selftest_print_json(FILE *out, const struct tare_selftest *selftest)
{
	struct tare_json json;

	tare_json_begin(&json, out, 2);
	tare_json_object_begin(&json, NULL);
	tare_json_string(&json, "format", "tare-selftest");
	tare_json_u64(&json, "version", FORMAT_VERSION);
	tare_json_string(&json, "command", selftest->command);
	tare_json_double(&json, "inject", selftest->inject);
	tare_json_string(&json, "cpus", selftest->cpus);
	tare_json_u64(&json, "seed", selftest->seed);
	tare_json_u64(&json, "duration_ns", selftest->duration_ns);
	tare_json_string(&json, "result", result_name(selftest));
	write_counts(&json, selftest);
	tare_json_array_begin(&json, "metrics");
	for (size_t i = 0; i < selftest->metric_count; i++)
		write_metric(&json, &selftest->metrics[i]);
	tare_json_array_end(&json);
	tare_json_array_begin(&json, "advice");
	for (size_t i = 0; i < selftest->advice_count; i++)
		tare_json_string(&json, NULL, selftest->advice[i]);
	tare_json_array_end(&json);
	tare_json_object_end(&json);
	fputc('\n', out);
}
