#include <math.h>
#include <string.h>

#include "harness/cli/series_print.h"

enum { FORMAT_VERSION = 1 };

static void
put_interval(struct tare_json *json, const char *key, const struct tare_interval *interval)
{
	if (!isfinite(interval->low) || !isfinite(interval->high)) {
		tare_json_null(json, key);
		return;
	}
	tare_json_array_begin(json, key);
	tare_json_double(json, NULL, interval->low);
	tare_json_double(json, NULL, interval->high);
	tare_json_array_end(json);
}

/* A ratio with its interval, or a difference with its own; the other one is null. */
static void
put_shift(struct tare_json *json, const struct tare_interval *shift, bool ratio)
{
	static const struct tare_interval none = {NAN, NAN, NAN};

	tare_json_double(json, "ratio", ratio ? shift->estimate : NAN);
	put_interval(json, "interval", ratio ? shift : &none);
	tare_json_double(json, "difference", ratio ? NAN : shift->estimate);
	put_interval(json, "difference_interval", ratio ? &none : shift);
}

/* "" becomes null: there is no such thing. */
static void
put_text(struct tare_json *json, const char *key, const char *text)
{
	tare_json_string(json, key, text && text[0] != '\0' ? text : NULL);
}

static void
put_place(struct tare_json *json, const struct tare_series *series, size_t index)
{
	const struct tare_series_point *point = &series->points[index];

	tare_json_u64(json, "index", index);
	put_text(json, "time", point->time);
	put_text(json, "run", point->run);
	put_text(json, "release", point->release);
	if (point->line > 0)
		tare_json_u64(json, "line", point->line);
	else
		tare_json_null(json, "line");
}

static void
put_names(struct tare_json *json, const struct tare_series *series)
{
	tare_json_string(json, "case", series->case_name);
	tare_json_string(json, "metric", series->metric.name);
}

static void
put_change(struct tare_json *json, const struct tare_series *series, const struct tare_trend *trend,
	size_t number)
{
	const struct tare_change *change = &trend->changes[number];

	tare_json_object_begin(json, NULL);
	put_names(json, series);
	put_place(json, series, change->index);
	put_shift(json, &change->shift, trend->ratios);
	tare_json_double(json, "before", trend->segments[number].median);
	tare_json_double(json, "after", trend->segments[number + 1].median);
	tare_json_double(json, "confidence", 1.0 - change->p);
	tare_json_double(json, "p_value", change->p);
	tare_json_bool(json, "provisional", change->provisional);
	tare_json_bool(json, "significant", change->significant);
	tare_json_string(json, "direction",
		tare_series_direction(series, change->shift.estimate, trend->ratios));
	tare_json_object_end(json);
}

enum list {
	CHANGES,      /* of the gate, and not because the environment changed */
	POSSIBLE,     /* of triage alone */
	ENVIRONMENTS, /* forced */
};

static void
put_changes(
	struct tare_json *json, const char *key, const struct tare_series_set *set, enum list list)
{
	tare_json_array_begin(json, key);
	for (size_t i = 0; i < set->count; i++) {
		const struct tare_series *series = &set->items[i];
		const struct tare_trend *trend = list == POSSIBLE ? &series->triage : &series->gate;

		for (size_t k = 0; k < trend->change_count; k++) {
			const struct tare_change *change = &trend->changes[k];

			if (change->forced == (list == ENVIRONMENTS) &&
				(list != POSSIBLE || tare_series_is_possible(series, change)))
				put_change(json, series, trend, k);
		}
	}
	tare_json_array_end(json);
}

static void
put_segments(struct tare_json *json, const struct tare_series_set *set)
{
	tare_json_array_begin(json, "segments");
	for (size_t i = 0; i < set->count; i++) {
		const struct tare_series *series = &set->items[i];

		for (size_t k = 0; k < series->gate.segment_count; k++) {
			const struct tare_segment *segment = &series->gate.segments[k];

			tare_json_object_begin(json, NULL);
			put_names(json, series);
			tare_json_u64(json, "begin", segment->begin);
			tare_json_u64(json, "end", segment->end);
			tare_json_u64(json, "n", segment->end - segment->begin);
			put_text(json, "begin_time", series->points[segment->begin].time);
			put_text(json, "end_time", series->points[segment->end - 1].time);
			tare_json_double(json, "median", segment->median);
			tare_json_double(json, "spread", segment->spread);
			tare_json_object_end(json);
		}
	}
	tare_json_array_end(json);
}

static void
put_since(struct tare_json *json, const struct tare_series_release *since)
{
	if (!since->name) {
		tare_json_null(json, "since_release");
		return;
	}
	tare_json_object_begin(json, "since_release");
	tare_json_string(json, "release", since->name);
	put_shift(json, &since->change, since->ratio);
	tare_json_u64(json, "release_points", since->base_count);
	tare_json_u64(json, "newest_points", since->head_count);
	tare_json_object_end(json);
}

static void
put_creep(struct tare_json *json, const struct tare_trend *trend)
{
	const struct tare_slope *slope = &trend->creep;
	const struct tare_interval interval = {slope->slope, slope->low, slope->high};

	tare_json_object_begin(json, "creep");
	tare_json_bool(json, "creeps", trend->creeps);
	tare_json_double(json, "slope", slope->slope);
	put_interval(json, "interval", &interval);
	tare_json_double(json, "p_value", slope->p);
	tare_json_u64(json, "n", slope->n);
	tare_json_object_end(json);
}

static void
put_series(struct tare_json *json, const struct tare_series *series)
{
	tare_json_object_begin(json, NULL);
	put_names(json, series);
	tare_json_string(json, "unit", series->metric.unit);
	tare_json_string(json, "better",
		series->direction_known ? tare_better_name(series->metric.better) : NULL);
	tare_json_double(json, "margin", series->metric.margin);
	tare_json_u64(json, "points", series->count);
	tare_json_u64(json, "skipped", series->skipped);
	tare_json_string(json, "scale", series->gate.ratios ? "ratio" : "difference");
	tare_json_double(json, "autocorrelation", series->gate.autocorrelation);
	put_creep(json, &series->gate);
	put_since(json, &series->since);
	tare_json_object_end(json);
}

static void
put_points(struct tare_json *json, const struct tare_series *series)
{
	for (size_t i = 0; i < series->count; i++) {
		const struct tare_series_point *point = &series->points[i];

		tare_json_object_begin(json, NULL);
		put_names(json, series);
		put_place(json, series, i);
		tare_json_double(json, "median", point->value);
		put_interval(json, "interval", &point->interval);
		tare_json_u64(json, "n", point->n);
		tare_json_u64(json, "environment", series->groups[i]);
		tare_json_object_end(json);
	}
}

static void
put_sensitivity(struct tare_json *json, const char *key, const struct tare_trend_options *options)
{
	tare_json_object_begin(json, key);
	tare_json_double(json, "level", options->level);
	tare_json_double(json, "sigmas", options->sigmas);
	tare_json_object_end(json);
}

void
tare_series_print_json(FILE *out, const struct tare_series_set *set, bool with_points)
{
	const struct tare_trend_options triage = tare_trend_triage(&tare_trend_gate);
	struct tare_json json;

	tare_json_begin(&json, out, 2);
	tare_json_object_begin(&json, NULL);
	tare_json_string(&json, "format", "tare-trend");
	tare_json_u64(&json, "version", FORMAT_VERSION);
	tare_json_string(&json, "suite", set->suite);
	tare_json_string(&json, "file", set->file);
	tare_json_bool(&json, "reordered", set->reordered);
	put_sensitivity(&json, "gate", &tare_trend_gate);
	put_sensitivity(&json, "triage", &triage);
	put_changes(&json, "change_points", set, CHANGES);
	put_changes(&json, "possible_change_points", set, POSSIBLE);
	put_changes(&json, "environment_changes", set, ENVIRONMENTS);
	put_segments(&json, set);
	tare_json_array_begin(&json, "series");
	for (size_t i = 0; i < set->count; i++)
		put_series(&json, &set->items[i]);
	tare_json_array_end(&json);
	if (with_points) {
		tare_json_array_begin(&json, "points");
		for (size_t i = 0; i < set->count; i++)
			put_points(&json, &set->items[i]);
		tare_json_array_end(&json);
	}
	tare_json_object_end(&json);
	fputc('\n', out);
}
