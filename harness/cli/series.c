#include "harness/cli/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/cli/series_csv.h"
#include "harness/stats/hodges_lehmann.h"

enum { SINCE_ALPHA_PERCENT = 5 };

#define AT(field) offsetof(struct tare_series_line, field)

const struct tare_option tare_series_options[] = {
	{"limit", 0, "N", TARE_OPTION_COUNT, AT(limit), "the newest N points; 0 for all (0)"},
	{"margin", 0, "PERCENT", TARE_OPTION_TEXT, AT(margin),
		"the smallest change that matters (the metric's; 0% for files)"},
	{"format", 'f', "FORMAT", TARE_OPTION_TEXT, AT(format), "text or json"},
	{"store", 0, "URL", TARE_OPTION_TEXT, AT(store),
		"the history (sqlite:.tare/results.db, or TARE_STORE)"},
	{"csv", 0, "FILE", TARE_OPTION_TEXT, AT(csv),
		"a CSV file instead of the history; - for standard input"},
	{"time", 0, "COLUMN", TARE_OPTION_TEXT, AT(time),
		"its times: dates, numbers or any text (order of the file)"},
	{"value", 0, "COLUMN", TARE_OPTION_TEXT, AT(value), "its values"},
	{"environment-column", 0, "COLUMN", TARE_OPTION_TEXT, AT(environment),
		"another text in it begins a new segment"},
	{"better", 0, "WHICH", TARE_OPTION_TEXT, AT(better),
		"whether lower or higher values of the file are better"},
	{0},
};

static enum tare_status
csv_words_check(const struct tare_series_line *line, struct tare_err *err)
{
	const char *given = line->time          ? "--time"
			    : line->value       ? "--value"
			    : line->environment ? "--environment-column"
			    : line->better      ? "--better"
						: NULL;

	if (!line->csv && given)
		return tare_err_set(
			err, TARE_INVALID, "%s is for files; expected --csv FILE too", given);
	if (line->csv && !line->value)
		return tare_err_set(
			err, TARE_INVALID, "--csv needs --value COLUMN to say what to read");
	if (line->csv && line->store)
		return tare_err_set(
			err, TARE_INVALID, "--csv and --store exclude each other; expected one");
	if (line->better && strcmp(line->better, "lower") != 0 &&
		strcmp(line->better, "higher") != 0)
		return tare_err_set(err, TARE_INVALID,
			"--better: there is no '%s'; expected lower or higher", line->better);
	return TARE_OK;
}

static void
series_open(struct tare_series *series, struct tare_arena *arena, size_t capacity)
{
	series->points = tare_arena_alloc(arena, capacity, sizeof(*series->points));
	series->values = tare_arena_alloc(arena, capacity, sizeof(*series->values));
	series->groups = tare_arena_alloc(arena, capacity, sizeof(*series->groups));
}

/* environment is that of the point before, and becomes this one's. */
static void
series_add(struct tare_series *series, const struct tare_series_point *point,
	const char **environment, const char *new_environment)
{
	size_t i = series->count++;

	series->points[i] = *point;
	series->values[i] = point->value;
	series->groups[i] = i > 0 ? series->groups[i - 1] : 0;
	if (i > 0 && strcmp(*environment, new_environment) != 0)
		series->groups[i]++;
	*environment = new_environment;
}

static enum tare_status
load_file(struct tare_series_set *set, struct tare_arena *arena,
	const struct tare_series_line *line, struct tare_err *err)
{
	const struct tare_csv_columns columns = {line->time, line->value, line->environment};
	struct tare_series *series = tare_arena_alloc(arena, 1, sizeof(*series));
	const char *environment = "";
	struct tare_csv csv;
	size_t first;
	enum tare_status status = tare_csv_read(&csv, arena, line->csv, &columns, err);

	if (status != TARE_OK)
		return status;
	series_open(series, arena, csv.count);
	series->metric = (struct tare_metric){.name = csv.value_title, .unit = ""};
	series->direction_known = line->better != NULL;
	if (line->better && strcmp(line->better, "higher") == 0)
		series->metric.better = TARE_HIGHER_IS_BETTER;
	series->skipped = csv.skipped;
	first = line->limit.value > 0 && line->limit.value < csv.count
			? csv.count - (size_t)line->limit.value
			: 0;
	for (size_t i = first; i < csv.count; i++) {
		const struct tare_csv_row *row = &csv.rows[i];
		const struct tare_series_point point = {.value = row->value,
			.time = row->time,
			.run = "",
			.release = "",
			.line = row->line,
			.interval = {row->value, NAN, NAN}};

		series_add(series, &point, &environment, row->environment);
	}
	*set = (struct tare_series_set){
		.file = line->csv, .reordered = csv.reordered, .items = series, .count = 1};
	return TARE_OK;
}

static int
compare_points(const void *left, const void *right)
{
	const struct tare_store_point *const *a = left, *const *b = right;
	int order = strcmp((*a)->case_name, (*b)->case_name);

	if (order == 0)
		order = strcmp((*a)->metric.name, (*b)->metric.name);
	if (order == 0)
		order = (*a > *b) - (*a < *b); /* as the store gave them: oldest first */
	return order;
}

static bool
same_series(const struct tare_store_point *a, const struct tare_store_point *b)
{
	return strcmp(a->case_name, b->case_name) == 0 &&
	       strcmp(a->metric.name, b->metric.name) == 0;
}

static void
fill_series(struct tare_series *series, struct tare_arena *arena,
	const struct tare_store_point *const *points, size_t count)
{
	const char *environment = "";

	series->case_name = points[0]->case_name;
	series->metric = points[count - 1]->metric; /* as it is now */
	series->direction_known = true;
	series_open(series, arena, count);
	for (size_t i = 0; i < count; i++) {
		const struct tare_store_point *from = points[i];
		char date[TARE_TIME_TEXT_MAX];
		struct tare_series_point point = {.value = from->median,
			.run = from->run_id,
			.release = from->release ? from->release : "",
			.n = from->n,
			.interval = {from->median, from->low, from->high}};

		if (!isfinite(from->median)) {
			series->skipped++;
			continue;
		}
		tare_time_format(date, sizeof(date), from->started_unix_ns);
		point.time = tare_arena_strdup(arena, date);
		series_add(series, &point, &environment, from->fingerprint);
	}
}

/* The store's limit is one of points of all series; here it is one of points of each. */
static size_t
first_within(size_t begin, size_t end, unsigned long long limit)
{
	return limit > 0 && limit < end - begin ? end - (size_t)limit : begin;
}

static void
split_points(struct tare_series_set *set, struct tare_arena *arena,
	const struct tare_store_point *points, size_t count, unsigned long long limit,
	bool gated_only)
{
	const struct tare_store_point **sorted = tare_arena_alloc(arena, count, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &points[i];
	qsort(sorted, count, sizeof(*sorted), compare_points);
	set->items = tare_arena_alloc(arena, count, sizeof(*set->items));
	for (size_t begin = 0, end; begin < count; begin = end) {
		struct tare_series *series = &set->items[set->count];
		size_t first;

		for (end = begin + 1; end < count && same_series(sorted[begin], sorted[end]);)
			end++;
		if (gated_only && !sorted[end - 1]->metric.gated)
			continue;
		first = first_within(begin, end, limit);
		fill_series(series, arena, sorted + first, end - first);
		if (series->count > 0)
			set->count++;
		else
			*series = (struct tare_series){0};
	}
}

static enum tare_status
load_store(struct tare_series_set *set, struct tare_arena *arena,
	const struct tare_series_line *line, const struct tare_series_choice *choice,
	struct tare_err *err)
{
	const struct tare_store_filter filter = {.suite = choice->suite};
	struct tare_store_point *points;
	struct tare_store *store;
	size_t count = 0;
	enum tare_status status = tare_store_open_existing(&store, line->store, err);

	if (status != TARE_OK)
		return status;
	status = store->ops->history(
		store, &points, &count, arena, choice->case_name, choice->metric, &filter, err);
	tare_store_close(store);
	if (status != TARE_OK)
		return status;
	*set = (struct tare_series_set){.suite = choice->suite};
	if (count > 0)
		split_points(set, arena, points, count, line->limit.value,
			!choice->metric && !choice->all_metrics);
	return TARE_OK;
}

enum tare_status
tare_series_load(struct tare_series_set *set_out, struct tare_arena *arena,
	const struct tare_series_line *line, const struct tare_series_choice *choice,
	struct tare_err *err)
{
	double margin = 0.0;
	enum tare_status status = csv_words_check(line, err);

	if (status == TARE_OK && line->margin) {
		status = tare_percent_parse(&margin, line->margin, err);
		if (status != TARE_OK)
			return tare_err_where(err, "--margin");
	}
	if (status == TARE_OK)
		status = line->csv ? load_file(set_out, arena, line, err)
				   : load_store(set_out, arena, line, choice, err);
	for (size_t i = 0; status == TARE_OK && line->margin && i < set_out->count; i++)
		set_out->items[i].metric.margin = margin;
	return status;
}

static void
sort_finite(double *values, size_t n, bool logs)
{
	for (size_t i = 0; logs && i < n; i++)
		values[i] = log(values[i]);
	tare_sort(values, n);
}

/* The newest label that is not the newest point's own, within the newest environment. */
static const char *
release_before(const struct tare_series *series, size_t *end_out)
{
	const char *own = series->points[series->count - 1].release;

	for (size_t i = series->count; i-- > 0;) {
		const char *release = series->points[i].release;

		if (series->groups[i] != series->groups[series->count - 1])
			return NULL;
		if (release[0] == '\0' || strcmp(release, own) == 0)
			continue;
		*end_out = i + 1;
		return release;
	}
	return NULL;
}

/* The newest points, of the last segment only, against all of the release before. */
static void
compare_with_release(struct tare_series *series, struct tare_arena *arena)
{
	struct tare_series_release *since = &series->since;
	size_t begin = series->gate.segments[series->gate.segment_count - 1].begin, end = 0;
	double *base = tare_arena_alloc(arena, series->count, sizeof(*base));
	double *head = tare_arena_alloc(arena, TARE_SERIES_RECENT, sizeof(*head));
	struct tare_sides sides;

	since->name = release_before(series, &end);
	if (!since->name)
		return;
	for (size_t i = 0; i < end; i++) {
		if (strcmp(series->points[i].release, since->name) == 0 &&
			series->groups[i] == series->groups[series->count - 1])
			base[since->base_count++] = series->values[i];
	}
	if (begin < end)
		begin = end;
	if (begin + TARE_SERIES_RECENT < series->count)
		begin = series->count - TARE_SERIES_RECENT;
	for (size_t i = begin; i < series->count; i++)
		head[since->head_count++] = series->values[i];
	since->ratio = series->gate.ratios;
	sort_finite(base, since->base_count, since->ratio);
	sort_finite(head, since->head_count, since->ratio);
	sides = (struct tare_sides){base, since->base_count, head, since->head_count};
	tare_hl_unpaired(
		&since->change, tare_ranks_new(arena), &sides, SINCE_ALPHA_PERCENT / 100.0);
	if (since->ratio) {
		since->change.estimate = exp(since->change.estimate);
		since->change.low = exp(since->change.low);
		since->change.high = exp(since->change.high);
	}
}

void
tare_series_find_trends(struct tare_series_set *set, struct tare_arena *arena)
{
	for (size_t i = 0; i < set->count; i++) {
		struct tare_series *series = &set->items[i];
		struct tare_trend_options gate = tare_trend_gate, triage;

		gate.margin = series->metric.margin;
		triage = tare_trend_triage(&gate);
		tare_trend_find(
			&series->gate, arena, series->values, series->groups, series->count, &gate);
		tare_trend_find(&series->triage, arena, series->values, series->groups,
			series->count, &triage);
		compare_with_release(series, arena);
	}
}

bool
tare_series_is_possible(const struct tare_series *series, const struct tare_change *change)
{
	if (change->forced)
		return false;
	for (size_t i = 0; i < series->gate.change_count; i++) {
		size_t at = series->gate.changes[i].index;
		size_t distance = at > change->index ? at - change->index : change->index - at;

		if (distance <= TARE_SERIES_SAME)
			return false;
	}
	return true;
}

const char *
tare_series_direction(const struct tare_series *series, double shift, bool ratio)
{
	bool up = shift > (ratio ? 1.0 : 0.0);

	if (!series->direction_known)
		return "change";
	return up == (series->metric.better == TARE_LOWER_IS_BETTER) ? "regression" : "improvement";
}
