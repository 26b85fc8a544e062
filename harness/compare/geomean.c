/*
 * The suite's geometric mean: exp of the mean of the cases' log ratios, over the cases both sides
 * have, with an interval by the bootstrap (BCa).
 *
 * The interval carries each case's own measuring error and nothing else, because the suite's cases
 * are all there are and no sample of others. Every case is drawn by itself, its pairs (unpaired:
 * the invocations of each side) with replacement, variants of one group with the same pairs because
 * they share their base; the resampled shifts are summed over the cases. How far they spread is
 * taken from the case's exact interval, which knows of blocks, looks and few pairs; the bootstrap
 * gives the shape. Where that would cost too much a case is normal: a sum of so many, or an
 * estimate of so many pairs, is. With one case the interval is that case's.
 *
 * Source: Efron 1987; Davison & Hinkley 1997, section 3.2 (several samples).
 */
#include <math.h>
#include <string.h>

#include "harness/base/rng.h"
#include "harness/compare/internal.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/normal.h"

/* Values drawn in all, some 50 ms; resamples of a case; sums of them. */
enum { WORK = 300000, POOL_MIN = 100, POOL_MAX = 2000, SUMS = 4000 };
/* The jackknife leaves out so many groups at most, one after the other. */
enum { GROUPS_MAX = 40 };

/* The logs of one case: differences by pair, or both sides. */
struct logs {
	double *values[2];
	size_t counts[2];
	size_t side_count;
};

struct part {
	const struct tare_comparison *item;
	const struct tare_run_case *base;
	const struct tare_run_case *head;
	const struct tare_correction_line *lines[2]; /* of base and head; NULL: raw */
	double low, high; /* of the log ratio, without what calibrations leave uncertain */
	double sd;        /* of the shift, as the exact interval implies */
	double *pool;     /* resampled shifts less the shift, spread as sd says; NULL: normal */
	size_t pool_count;
};

struct geomean {
	struct tare_arena *scratch;
	struct tare_ranks *ranks;
	struct part *parts;
	size_t count;
	double squares, cubes;  /* of what single invocations add, for the acceleration */
	double normal_variance; /* of all parts without a pool */
	/* The sum of what calibrations leave uncertain of each part. One calibration errs in all of
	 * them alike, so these do not average out. */
	double foreign_se;
};

static size_t
logs_of(double *logs, const struct tare_correction_line *line, size_t count)
{
	for (size_t i = 0; i < count; i++)
		logs[i] = log(tare_correction_value(line, logs[i]));
	return tare_finite(logs, count);
}

static struct logs
gather(struct tare_arena *scratch, const struct part *part)
{
	const struct tare_samples *base = &part->base->samples, *head = &part->head->samples;
	size_t base_metric = part->item->base_metric, head_metric = part->item->head_metric;
	double *x = tare_arena_alloc(scratch, base->count + head->count, sizeof(*x));
	double *y = tare_arena_alloc(scratch, base->count + head->count, sizeof(*y));
	struct logs logs = {.values = {x, y}, .side_count = 2};

	if (part->item->method == TARE_METHOD_PAIRED) {
		size_t pairs = tare_samples_pair(x, y, base, base_metric, head, head_metric);

		for (size_t i = 0; i < pairs; i++)
			x[i] = log(tare_correction_value(part->lines[1], y[i])) -
			       log(tare_correction_value(part->lines[0], x[i]));
		logs.counts[0] = tare_finite(x, pairs);
		logs.side_count = 1;
		return logs;
	}
	logs.counts[0] = logs_of(x, part->lines[0], tare_samples_values(x, base, base_metric));
	logs.counts[1] = logs_of(y, part->lines[1], tare_samples_values(y, head, head_metric));
	return logs;
}

/* Sorts. */
static double
shift_of(struct geomean *geomean, const struct logs *logs)
{
	struct tare_interval interval;

	for (size_t side = 0; side < logs->side_count; side++)
		tare_sort(logs->values[side], logs->counts[side]);
	if (logs->side_count == 1)
		tare_hl_paired(&interval, geomean->ranks, logs->values[0], logs->counts[0], 0.0);
	else
		tare_hl_unpaired(&interval, geomean->ranks,
			&(struct tare_sides){
				logs->values[0], logs->counts[0], logs->values[1], logs->counts[1]},
			0.0);
	return interval.estimate;
}

static struct logs
room_for(struct tare_arena *scratch, const struct logs *logs)
{
	struct logs room = *logs;

	for (size_t side = 0; side < logs->side_count; side++)
		room.values[side] =
			tare_arena_alloc(scratch, logs->counts[side], sizeof(*room.values[side]));
	return room;
}

static void
copy_without(struct logs *copy, const struct logs *logs, size_t side, size_t first, size_t end)
{
	for (size_t i = 0; i < logs->side_count; i++) {
		copy->counts[i] = logs->counts[i];
		memcpy(copy->values[i], logs->values[i], logs->counts[i] * sizeof(double));
	}
	if (first == end)
		return;
	memmove(copy->values[side] + first, copy->values[side] + end,
		(logs->counts[side] - end) * sizeof(double));
	copy->counts[side] -= end - first;
}

/* Of one side, the influence of each group of invocations on the shift. */
static void
jackknife(struct geomean *geomean, const struct logs *logs, struct logs *room, size_t side,
	double stretch)
{
	size_t n = logs->counts[side], groups = n < GROUPS_MAX ? n : GROUPS_MAX;
	double values[GROUPS_MAX], mean;

	for (size_t i = 0; i < groups; i++) {
		copy_without(room, logs, side, i * n / groups, (i + 1) * n / groups);
		values[i] = shift_of(geomean, room);
	}
	mean = tare_mean(values, groups);
	for (size_t i = 0; i < groups; i++) {
		double kept = 1.0 - 1.0 / (double)groups;
		double off = (mean - values[i]) * kept * stretch;

		geomean->squares += off * off;
		geomean->cubes += off * off * off;
	}
}

static void
draw(struct logs *room, const struct logs *logs, struct tare_rng *rng)
{
	for (size_t side = 0; side < logs->side_count; side++) {
		room->counts[side] = logs->counts[side];
		for (size_t i = 0; i < logs->counts[side]; i++)
			room->values[side][i] =
				logs->values[side][tare_rng_below(rng, logs->counts[side])];
	}
}

/* How many resamples of this case are worth their time; 0: too few to show a shape. */
static size_t
pool_size(const struct geomean *geomean, const struct part *part)
{
	size_t drawn = part->base->samples.count + 1, count;

	if (part->item->method != TARE_METHOD_PAIRED)
		drawn += part->head->samples.count;
	count = WORK / geomean->count / drawn;
	if (count < POOL_MIN)
		return 0;
	return count < POOL_MAX ? count : POOL_MAX;
}

static void
fill_pool(struct geomean *geomean, struct part *part)
{
	struct logs logs = gather(geomean->scratch, part);
	struct logs room = room_for(geomean->scratch, &logs);
	double *pool = tare_arena_alloc(geomean->scratch, part->pool_count, sizeof(*pool));
	struct tare_rng rng;
	double shift, stretch;

	copy_without(&room, &logs, 0, 0, 0);
	shift = shift_of(geomean, &room);
	tare_rng_seed(&rng, 1, part->item->base_case);
	for (size_t i = 0; i < part->pool_count; i++) {
		draw(&room, &logs, &rng);
		pool[i] = shift_of(geomean, &room) - shift;
	}
	stretch = part->sd / tare_sd(pool, part->pool_count);
	/* All the same: no shape. */
	if (!isfinite(stretch))
		return;
	for (size_t i = 0; i < part->pool_count; i++)
		pool[i] *= stretch;
	for (size_t side = 0; side < logs.side_count; side++)
		jackknife(geomean, &logs, &room, side, stretch);
	part->pool = pool;
}

/* One resampled mean, less the mean. */
static double
sum_up(const struct geomean *geomean, struct tare_rng *rng)
{
	double sum = sqrt(geomean->normal_variance) * tare_rng_normal(rng), share = 0.0;

	for (size_t i = 0; i < geomean->count; i++) {
		const struct part *part = &geomean->parts[i];

		if (i == 0 || part->item->base_case != part[-1].item->base_case)
			share = tare_rng_uniform(rng);
		if (part->pool != NULL)
			sum += part->pool[(size_t)(share * (double)part->pool_count)];
	}
	return sum / (double)geomean->count;
}

static void
resample(struct tare_interval *interval, struct geomean *geomean, double alpha)
{
	double *sums = tare_arena_alloc(geomean->scratch, SUMS, sizeof(*sums));
	struct tare_rng rng;
	double acceleration = 0.0;

	tare_rng_seed(&rng, 2, geomean->count);
	for (size_t i = 0; i < SUMS; i++)
		sums[i] = interval->estimate + sum_up(geomean, &rng);
	geomean->squares += geomean->normal_variance;
	if (geomean->squares > 0.0)
		acceleration = geomean->cubes / (6.0 * pow(geomean->squares, 1.5));
	tare_bca_interval(interval, sums, SUMS, acceleration, alpha);
}

/* All parts normal: the distances from estimate to interval's end add in quadrature. */
static void
quadrature(struct tare_interval *interval, const struct geomean *geomean)
{
	double below = 0.0, above = 0.0, count = (double)geomean->count;

	for (size_t i = 0; i < geomean->count; i++) {
		const struct part *part = &geomean->parts[i];
		double low = log(part->item->ratio) - part->low;
		double high = part->high - log(part->item->ratio);

		below += low * low;
		above += high * high;
	}
	interval->low = interval->estimate - sqrt(below) / count;
	interval->high = interval->estimate + sqrt(above) / count;
}

/* A distance from the estimate without the part that was added to it in quadrature. */
static double
less(double distance, double foreign)
{
	double square = distance * distance - foreign * foreign;

	return foreign > 0.0 ? sqrt(square > 0.0 ? square : 0.0) : distance;
}

/* Where pairs that share something in their blocks are too few for an interval that wide, it is the
 * one of pairs that do not, stretched as much: the test cannot give it, but a sum can use it. */
static void
stretch_interval(struct geomean *geomean, struct part *part)
{
	struct logs logs = gather(geomean->scratch, part);
	struct tare_interval own;
	double stretch;

	tare_sort(logs.values[0], logs.counts[0]);
	tare_hl_paired(&own, geomean->ranks, logs.values[0], logs.counts[0], part->item->level);
	stretch = part->item->spread / tare_sd(logs.values[0], logs.counts[0]);
	part->low = own.estimate - stretch * (own.estimate - own.low);
	part->high = own.estimate + stretch * (own.high - own.estimate);
}

static void
add_part(struct geomean *geomean, const struct tare_comparison *item, const struct tare_run *base,
	const struct tare_run *head)
{
	const struct tare_comparison_correction *correction = item->correction;
	double z = -tare_normal_quantile((1.0 - item->confidence) / 2.0), at = log(item->ratio);
	bool corrected = correction != NULL && correction->decides;
	double foreign = corrected ? correction->calibration_se : 0.0;
	struct part *part = &geomean->parts[geomean->count++];

	*part = (struct part){.item = item,
		.base = &base->cases[item->base_case],
		.head = &head->cases[item->head_case],
		.low = at - less(at - log(item->ratio_low), z * foreign),
		.high = at + less(log(item->ratio_high) - at, z * foreign)};
	if (corrected) {
		part->lines[0] = correction->base_line;
		part->lines[1] = correction->head_line;
	}
	if (isnan(part->low) && item->method == TARE_METHOD_PAIRED)
		stretch_interval(geomean, part);
	part->sd = (part->high - part->low) / 2.0 / z;
	geomean->foreign_se += foreign;
}

static void
widen(struct tare_interval *interval, const struct geomean *geomean, double alpha)
{
	double se = geomean->foreign_se / (double)geomean->count;
	double reach = -tare_normal_quantile(alpha / 2.0) * se;

	if (se <= 0.0)
		return;
	interval->low = interval->estimate - hypot(interval->estimate - interval->low, reach);
	interval->high = interval->estimate + hypot(interval->high - interval->estimate, reach);
}

static struct tare_interval
interval_of(struct geomean *geomean, double alpha)
{
	struct tare_interval interval = {0.0, NAN, NAN};
	bool pooled = false, known = true;

	for (size_t i = 0; i < geomean->count; i++) {
		interval.estimate += log(geomean->parts[i].item->ratio) / (double)geomean->count;
		known = known && isfinite(geomean->parts[i].sd);
	}
	if (!known)
		return interval;
	for (size_t i = 0; i < geomean->count; i++) {
		struct part *part = &geomean->parts[i];

		part->pool_count = geomean->count > 1 ? pool_size(geomean, part) : 0;
		if (part->pool_count > 0)
			fill_pool(geomean, part);
		pooled = pooled || part->pool != NULL;
		if (part->pool == NULL)
			geomean->normal_variance += part->sd * part->sd;
	}
	if (pooled)
		resample(&interval, geomean, alpha);
	else
		quadrature(&interval, geomean);
	widen(&interval, geomean, alpha);
	return interval;
}

static void
fill_geomean(struct tare_comparison_set *set, const struct tare_comparing *comparing,
	const struct tare_run *base, const struct tare_run *head)
{
	struct tare_arena *scratch = tare_arena_new();
	struct geomean geomean = {.scratch = scratch, .ranks = comparing->ranks};
	struct tare_interval interval;

	geomean.parts = tare_arena_alloc(scratch, set->item_count, sizeof(*geomean.parts));
	for (size_t i = 0; i < set->item_count; i++)
		if (strcmp(set->items[i].metric.name, "wall") == 0 &&
			isfinite(log(set->items[i].ratio)))
			add_part(&geomean, &set->items[i], base, head);
	set->geomean_count = geomean.count;
	if (geomean.count > 0) {
		interval = interval_of(&geomean, comparing->alpha);
		set->geomean = exp(interval.estimate);
		set->geomean_low = exp(interval.low);
		set->geomean_high = exp(interval.high);
	}
	tare_arena_free(scratch);
}

/* As if nothing had been corrected; false where nothing was. */
static bool
raw_set(struct tare_comparison_set *raw, struct tare_arena *scratch,
	const struct tare_comparison_set *set)
{
	bool corrected = false;

	*raw = *set;
	raw->items = tare_arena_alloc(scratch, set->item_count, sizeof(*raw->items));
	for (size_t i = 0; i < set->item_count; i++) {
		const struct tare_comparison_correction *correction = set->items[i].correction;

		raw->items[i] = set->items[i];
		raw->items[i].correction = NULL;
		if (correction == NULL || !correction->decides)
			continue;
		corrected = true;
		raw->items[i].ratio = correction->raw_ratio;
		raw->items[i].ratio_low = correction->raw_low;
		raw->items[i].ratio_high = correction->raw_high;
	}
	return corrected;
}

void
tare_compare_geomean(struct tare_comparison_set *set, const struct tare_comparing *comparing,
	const struct tare_run *base, const struct tare_run *head)
{
	struct tare_arena *scratch = tare_arena_new();
	struct tare_comparison_set raw;

	fill_geomean(set, comparing, base, head);
	if (raw_set(&raw, scratch, set)) {
		fill_geomean(&raw, comparing, base, head);
		set->raw_geomean = raw.geomean;
		set->raw_geomean_low = raw.geomean_low;
		set->raw_geomean_high = raw.geomean_high;
	}
	tare_arena_free(scratch);
}
