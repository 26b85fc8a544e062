/*
 * Labelled series as production has them: what part of the changes is found, and what part of what
 * is found is one.
 *
 * Each family has its own noise, levels and blemishes; the labels are the steps that were put in
 * and last at least five points. A change counts as found within five points, one to one
 * (van den Burg & Williams 2020), and the covering is theirs too. Printed for both sensitivities.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/stats/trend.h"
#include "tests/sim/simulate.h"

#define DEFAULT_SD 0.02
enum { POINTS_MAX = 1200, LABELS_MAX = 200, NEAR = 5 };

struct labelled {
	double values[POINTS_MAX];
	size_t n;
	size_t labels[LABELS_MAX];
	size_t label_count;
};

/* Steps are in robust sigmas of the noise, log-uniform; the rest in sigmas of the logs, sd. */
struct family {
	const char *name;
	enum noise noise;
	size_t points[2]; /* at least, at most */
	size_t gap[2];    /* points between steps: at least, on average */
	double step[2];   /* at least, at most */
	double f1[2];     /* bounds for gate and triage */
	double alarms;    /* bound of changes in a series without steps, at the gate */
	double sd;        /* 0: DEFAULT_SD */
	double spikes;    /* share of points where one to four spikes begin */
	double tick;      /* 0: none */
	double weekend;   /* the sixth and seventh of every seven points */
	double drift;     /* over 100 points */
	double rough;     /* the noise of a segment is times 1 / rough to rough */
	bool back;        /* steps go up and back in turn */
	bool ramp;        /* a step takes four points */
};

static const struct family families[] = {
	{"steps, normal", NOISE_NORMAL, {80, 400}, {20, 80}, {1.5, 10.0}, .f1 = {0.94, 0.94}},
	{"steps, lognormal", NOISE_LOGNORMAL, {80, 400}, {20, 80}, {1.5, 10.0}, .f1 = {0.92, 0.92}},
	{"steps, t3", NOISE_T3, {80, 400}, {20, 80}, {1.5, 10.0}, .f1 = {0.93, 0.93}},
	{"steps, bimodal", NOISE_BIMODAL, {80, 400}, {20, 80}, {1.5, 10.0}, .f1 = {0.95, 0.95}},
	{"steps, AR(1) .6 and white", NOISE_AR1, {80, 400}, {20, 80}, {1.5, 10.0},
		.f1 = {0.90, 0.87}},
	{"steps, AR(1) .6", NOISE_DRIFT, {80, 400}, {20, 80}, {1.5, 10.0}, .f1 = {0.86, 0.85}},
	{"small steps, long segments", NOISE_NORMAL, {300, 1200}, {100, 250}, {0.8, 3.0},
		.f1 = {0.85, 0.85}},
	{"small steps, long, AR(1)+white", NOISE_AR1, {300, 1200}, {100, 250}, {0.8, 3.0},
		.f1 = {0.73, 0.65}},
	{"small steps, long, t3", NOISE_T3, {300, 1200}, {100, 250}, {0.8, 3.0},
		.f1 = {0.83, 0.82}},
	{"spikes, clusters of 2 to 4", NOISE_NORMAL, {80, 400}, {20, 80}, {2.0, 10.0},
		.f1 = {0.92, 0.93}, .spikes = 0.03},
	{"spikes only", NOISE_NORMAL, {80, 400}, {20, 80}, {0.0, 0.0}, .alarms = 0.17,
		.spikes = 0.03},
	{"up and back after 5 to 20", NOISE_NORMAL, {80, 300}, {5, 15}, {4.0, 15.0},
		.f1 = {0.95, 0.95}, .back = true},
	{"segments of 8 to 30", NOISE_NORMAL, {60, 300}, {8, 20}, {3.0, 15.0}, .f1 = {0.95, 0.95}},
	{"segments of 8 to 30, t3", NOISE_T3, {60, 300}, {8, 20}, {3.0, 15.0}, .f1 = {0.94, 0.94}},
	{"noise changes, level too", NOISE_NORMAL, {80, 400}, {20, 80}, {3.0, 15.0},
		.f1 = {0.95, 0.95}, .rough = 3.0},
	{"noise changes alone", NOISE_NORMAL, {80, 400}, {20, 80}, {0.0, 0.0}, .alarms = 0.13,
		.rough = 3.0},
	{"ticks of 1 sigma", NOISE_NORMAL, {80, 400}, {20, 80}, {2.0, 10.0}, .f1 = {0.93, 0.96},
		.tick = 1.0},
	{"ticks of 4 sigmas", NOISE_NORMAL, {80, 400}, {20, 80}, {4.0, 20.0}, .f1 = {0.95, 0.95},
		.tick = 4.0},
	{"ticks of 4 sigmas, no step", NOISE_NORMAL, {80, 400}, {20, 80}, {0.0, 0.0},
		.alarms = 0.05, .tick = 4.0},
	{"tiny steps on a quiet series", NOISE_NORMAL, {40, 300}, {10, 60}, {10.0, 20.0},
		.f1 = {0.96, 0.95}, .sd = 0.0005},
	{"weekends", NOISE_NORMAL, {80, 400}, {20, 80}, {3.0, 12.0}, .f1 = {0.96, 0.96},
		.weekend = 2.0},
	{"weekends only", NOISE_NORMAL, {80, 400}, {20, 80}, {0.0, 0.0}, .alarms = 0.05,
		.weekend = 3.0},
	{"slow drift with steps", NOISE_NORMAL, {80, 400}, {20, 80}, {3.0, 12.0},
		.f1 = {0.94, 0.90}, .drift = 1.0},
	{"ramps of 4 points", NOISE_NORMAL, {80, 400}, {20, 80}, {3.0, 12.0}, .f1 = {0.95, 0.95},
		.ramp = true},
	{"short series", NOISE_NORMAL, {15, 40}, {5, 15}, {3.0, 15.0}, .f1 = {0.94, 0.95}},
	{"short series, t3", NOISE_T3, {15, 40}, {5, 15}, {3.0, 15.0}, .f1 = {0.91, 0.91}},
	{"short series, no step, t3", NOISE_T3, {15, 40}, {5, 15}, {0.0, 0.0}, .alarms = 0.07},
	{"nothing, t3, 1000", NOISE_T3, {1000, 1000}, {5, 15}, {0.0, 0.0}, .alarms = 0.09},
	{"nothing, AR(1) .6, 1000", NOISE_DRIFT, {1000, 1000}, {5, 15}, {0.0, 0.0}, .alarms = 0.05},
	{"nothing, 3 % outliers, 300", NOISE_OUTLIERS, {300, 300}, {5, 15}, {0.0, 0.0},
		.alarms = 0.05},
};

static double
log_uniform(struct tare_rng *rng, double low, double high)
{
	return low * exp(tare_rng_uniform(rng) * log(high / low));
}

static void
draw_levels(struct labelled *series, struct tare_rng *rng, const struct family *family,
	double *levels, double *noise)
{
	double level = 0.0, step = 0.0, rough = 1.0, sigma = noise_sigma(family->noise);
	size_t next = 0, since = 0;

	series->label_count = 0;
	for (size_t i = 0; i < series->n; i++, since++) {
		if (i == next) {
			bool back = family->back && series->label_count % 2 != 0;

			next = i + family->gap[0] +
			       (size_t)(-log(1.0 - tare_rng_uniform(rng)) *
					(double)(family->gap[1] - family->gap[0]));
			if (i > 0 && family->step[1] > 0.0) {
				step = back ? -step
					    : log_uniform(rng, family->step[0], family->step[1]) *
						       sigma *
						       (tare_rng_uniform(rng) < 0.5 ? -1.0 : 1.0);
				level += step;
				series->labels[series->label_count++] = i;
			}
			if (family->rough > 1.0)
				rough = log_uniform(rng, 1.0 / family->rough, family->rough);
			/* No step so near to the end that nobody could see it. */
			if (next + family->gap[0] > series->n)
				next = series->n;
			since = 0;
		}
		levels[i] = level +
			    (family->ramp && since < 4 ? step * ((double)since - 3.0) / 4.0 : 0.0);
		noise[i] *= rough;
	}
}

static void
draw_spikes(struct labelled *series, struct tare_rng *rng, const struct family *family)
{
	for (size_t i = 0; i < series->n; i++) {
		size_t count =
			1 + (size_t)(tare_rng_uniform(rng) < 0.25 ? tare_rng_below(rng, 4) : 0);
		double size =
			(tare_rng_uniform(rng) < 0.8 ? 1.0 : -1.0) * log_uniform(rng, 5.0, 40.0);

		if (tare_rng_uniform(rng) >= family->spikes)
			continue;
		for (size_t j = i; j < i + count && j < series->n; j++)
			series->values[j] += size * (0.7 + 0.6 * tare_rng_uniform(rng));
	}
}

static void
draw_series(struct labelled *series, struct tare_rng *rng, const struct family *family)
{
	static double levels[POINTS_MAX], noise[POINTS_MAX];
	double sd = family->sd > 0.0 ? family->sd : DEFAULT_SD;

	series->n = family->points[0] +
		    (size_t)tare_rng_below(rng, family->points[1] - family->points[0] + 1);
	noise_draw(rng, noise, series->n, family->noise);
	draw_levels(series, rng, family, levels, noise);
	for (size_t i = 0; i < series->n; i++) {
		series->values[i] = levels[i] + noise[i] + family->drift * (double)i / 100.0;
		if (i % 7 >= 5)
			series->values[i] += family->weekend;
	}
	draw_spikes(series, rng, family);
	for (size_t i = 0; i < series->n; i++) {
		if (family->tick > 0.0)
			series->values[i] = family->tick * round(series->values[i] / family->tick);
		series->values[i] = 100.0 * exp(sd * series->values[i]);
	}
}

struct score {
	size_t found;
	size_t reported;
	size_t labels;
	double covering;
	size_t series;
};

static double
f1(const struct score *score)
{
	size_t sum = score->reported + score->labels;

	return sum == 0 ? 1.0 : 2.0 * (double)score->found / (double)sum;
}

static double
overlap(size_t a_begin, size_t a_end, size_t b_begin, size_t b_end)
{
	size_t begin = a_begin > b_begin ? a_begin : b_begin, end = a_end < b_end ? a_end : b_end;
	double both = end > begin ? (double)(end - begin) : 0.0;

	return both / ((double)(a_end - a_begin) + (double)(b_end - b_begin) - both);
}

static double
covering(const struct labelled *series, const struct tare_trend *trend)
{
	double sum = 0.0;

	for (size_t k = 0, begin = 0; k <= series->label_count; k++) {
		size_t end = k < series->label_count ? series->labels[k] : series->n;
		double best = 0.0;

		for (size_t i = 0; i < trend->segment_count; i++)
			best = fmax(best, overlap(begin, end, trend->segments[i].begin,
						  trend->segments[i].end));
		sum += best * (double)(end - begin);
		begin = end;
	}
	return sum / (double)series->n;
}

static void
add_score(struct score *score, const struct labelled *series, const struct tare_trend *trend)
{
	size_t i = 0;

	for (size_t k = 0; k < series->label_count; k++) {
		while (i < trend->change_count &&
			trend->changes[i].index + NEAR < series->labels[k])
			i++;
		if (i < trend->change_count &&
			trend->changes[i].index <= series->labels[k] + NEAR) {
			score->found++;
			i++;
		}
	}
	score->reported += trend->change_count;
	score->labels += series->label_count;
	score->covering += covering(series, trend);
	score->series++;
}

static void
judge(struct score scores[2], struct tare_arena *arena, size_t repetitions, size_t index)
{
	const struct tare_trend_options options[] = {
		tare_trend_gate, tare_trend_triage(&tare_trend_gate)};
	static struct labelled series;
	struct tare_rng rng;

	tare_rng_seed(&rng, 900, index);
	for (size_t trial = 0; trial < repetitions; trial++) {
		draw_series(&series, &rng, &families[index]);
		for (size_t k = 0; k < 2; k++) {
			struct tare_trend trend;

			tare_arena_reset(arena);
			tare_trend_find(&trend, arena, series.values, NULL, series.n, &options[k]);
			add_score(&scores[k], &series, &trend);
		}
	}
}

static double
percent(size_t part, size_t whole)
{
	return whole == 0 ? 100.0 : 100.0 * (double)part / (double)whole;
}

static void
print_scores(const char *name, const struct score scores[2])
{
	printf("%-30s", name);
	for (size_t k = 0; k < 2; k++) {
		if (scores[k].labels > 0)
			printf("%7.1f%7.1f%7.1f", percent(scores[k].found, scores[k].reported),
				percent(scores[k].found, scores[k].labels), 100.0 * f1(&scores[k]));
		else
			printf("%7s%7s%7s", "", "", "");
		printf("%7.1f%7.2f", 100.0 * scores[k].covering / (double)scores[k].series,
			(double)scores[k].reported / (double)scores[k].series);
	}
	printf("\n");
}

static bool
keeps_bounds(const struct family *family, const struct score scores[2])
{
	double alarms = (double)scores[0].reported / (double)scores[0].series;
	bool good = scores[0].labels > 0
			    ? f1(&scores[0]) >= family->f1[0] && f1(&scores[1]) >= family->f1[1]
			    : alarms <= family->alarms;

	if (!good && scores[0].labels > 0)
		printf("  ^ past its bounds: F1 %.2f and %.2f\n", family->f1[0], family->f1[1]);
	else if (!good)
		printf("  ^ past its bound: %.2f changes a series\n", family->alarms);
	return good;
}

static void
add_scores(struct score all[2], const struct score scores[2])
{
	for (size_t k = 0; k < 2; k++) {
		all[k].found += scores[k].found;
		all[k].reported += scores[k].reported;
		all[k].labels += scores[k].labels;
		all[k].covering += scores[k].covering;
		all[k].series += scores[k].series;
	}
}

int
main(int argc, char **argv)
{
	size_t repetitions = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	struct tare_arena *arena = tare_arena_new();
	struct score all[2] = {0};
	bool good = true;

	printf("%-30s%18s%35s\n%-30s", "%, of labelled series", "gate", "triage", "");
	for (size_t k = 0; k < 2; k++)
		printf("%7s%7s%7s%7s%7s", "prec", "recall", "F1", "cover", "each");
	printf("\n");
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		struct score scores[2] = {0};

		judge(scores, arena, repetitions, i);
		print_scores(families[i].name, scores);
		add_scores(all, scores);
		good = keeps_bounds(&families[i], scores) && good;
	}
	print_scores("all", all);
	tare_arena_free(arena);
	printf("%s\n", good ? "all within bounds" : "PAST A BOUND");
	return good ? 0 : 1;
}
