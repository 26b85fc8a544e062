#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/cli/series_print.h"
#include "report/table.h"

enum { BAR_WIDTH = 30, LINE_WIDTH = 72, CELL_MAX = 96 };

/* Text for a cell: "+9.3 %", or a difference in the metric's unit. */
static void
format_shift(char *text_out, size_t size, double shift, bool ratio, const char *unit)
{
	if (ratio) {
		tare_change_format(text_out, size, shift);
	} else {
		char value[TARE_UNITS_TEXT_MAX];

		tare_value_format(value, sizeof(value), shift, unit);
		snprintf(text_out, size, "%s%s", shift > 0.0 ? "+" : "", value);
	}
}

static void
format_interval(char *text_out, size_t size, const struct tare_interval *shift, bool ratio,
	const char *unit)
{
	char low[TARE_UNITS_TEXT_MAX + 1], high[TARE_UNITS_TEXT_MAX + 1];

	if (!isfinite(shift->low) || !isfinite(shift->high)) {
		snprintf(text_out, size, "n/a");
		return;
	}
	format_shift(low, sizeof(low), shift->low, ratio, unit);
	format_shift(high, sizeof(high), shift->high, ratio, unit);
	snprintf(text_out, size, "%s … %s", low, high);
}

/* Rounded down, so that 100 % is never said. */
static void
format_confidence(char *text_out, size_t size, double p)
{
	int digits = p > 0.0 ? (int)floor(-log10(p)) - 1 : 6;

	digits = digits < 0 ? 0 : digits > 6 ? 6 : digits;
	if (p < 1e-8)
		snprintf(text_out, size, "> 99.999999 %%");
	else
		snprintf(text_out, size, "%.*f %%", digits,
			floor(100.0 * (1.0 - p) * pow(10.0, digits)) / pow(10.0, digits));
}

enum { COLUMNS = 7 };

/* A change in one of the series, for sorting and printing. */
struct row {
	const struct tare_series *series;
	const struct tare_trend *trend;
	const struct tare_change *change;
	const char *cells[COLUMNS];
};

struct rows {
	struct tare_arena *arena;
	struct row *items;
	size_t count;
};

static void
make_cells(struct row *row, struct tare_arena *arena)
{
	const struct tare_series *series = row->series;
	const struct tare_series_point *point = &series->points[row->change->index];
	const char *unit = series->metric.unit;
	char shift[CELL_MAX], interval[2 * CELL_MAX], confidence[CELL_MAX];
	const char *what =
		tare_series_direction(series, row->change->shift.estimate, row->trend->ratios);

	format_shift(shift, sizeof(shift), row->change->shift.estimate, row->trend->ratios, unit);
	format_interval(interval, sizeof(interval), &row->change->shift, row->trend->ratios, unit);
	format_confidence(confidence, sizeof(confidence), row->change->p);
	row->cells[0] = point->time[0] != '\0'
				? tare_text_safe(arena, point->time)
				: tare_arena_printf(arena, "point %zu", row->change->index);
	row->cells[1] = tare_text_safe(arena, point->release[0] ? point->release : point->run);
	row->cells[2] = tare_text_safe(arena,
		series->case_name
			? tare_arena_printf(arena, "%s: %s", series->case_name, series->metric.name)
			: series->metric.name);
	row->cells[3] = tare_arena_strdup(arena, shift);
	row->cells[4] = tare_arena_strdup(arena, interval);
	row->cells[5] = tare_arena_strdup(arena, confidence);
	row->cells[6] = tare_arena_printf(
		arena, "%s%s", what, row->change->provisional ? ", provisional" : "");
}

/* Newest first; of one time, the largest change. */
static int
compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	size_t a_age = a->series->count - a->change->index;
	size_t b_age = b->series->count - b->change->index;
	int order = strcmp(
		b->series->points[b->change->index].time, a->series->points[a->change->index].time);

	if (a->series == b->series || order == 0)
		order = (a_age > b_age) - (a_age < b_age);
	if (order == 0)
		order = strcmp(a->cells[2], b->cells[2]);
	return order;
}

/* 0 where a column is empty in all rows and is left out. */
static size_t
column_width(const struct rows *rows, size_t column, const char *head)
{
	size_t width = 0;

	for (size_t i = 0; i < rows->count; i++) {
		size_t columns = tare_display_width(rows->items[i].cells[column]);

		width = columns > width ? columns : width;
	}
	return width > 0 && width < tare_display_width(head) ? tare_display_width(head) : width;
}

/* Blanks only where something follows. */
static void
print_line(FILE *out, const char *const *cells, const size_t *widths)
{
	size_t blanks = 4;

	for (size_t column = 0; column < COLUMNS; column++) {
		if (widths[column] == 0)
			continue;
		if (cells[column][0] != '\0') {
			fprintf(out, "%*s%s", (int)blanks, "", cells[column]);
			blanks = 0;
		}
		blanks += widths[column] - tare_display_width(cells[column]) + 2;
	}
	fputc('\n', out);
}

static void
print_rows(FILE *out, const char *title, struct rows *rows)
{
	static const char *const heads[COLUMNS] = {
		"from", "release", "case: metric", "change", "95 %", "confidence", ""};
	size_t widths[COLUMNS];

	if (rows->count == 0)
		return;
	fprintf(out, "\n%s\n", title);
	qsort(rows->items, rows->count, sizeof(*rows->items), compare_rows);
	for (size_t column = 0; column < COLUMNS; column++)
		widths[column] = column_width(rows, column, heads[column]);
	print_line(out, heads, widths);
	for (size_t i = 0; i < rows->count; i++)
		print_line(out, rows->items[i].cells, widths);
}

/* The gate's changes, forced ones only where the level changed too; or what triage adds. */
static struct rows
collect_rows(struct tare_arena *arena, const struct tare_series_set *set, bool triage, bool forced)
{
	struct rows rows = {.arena = arena};
	size_t capacity = 0;

	for (size_t i = 0; i < set->count; i++)
		capacity += set->items[i].gate.change_count + set->items[i].triage.change_count;
	rows.items = tare_arena_alloc(arena, capacity, sizeof(*rows.items));
	for (size_t i = 0; i < set->count; i++) {
		const struct tare_series *series = &set->items[i];
		const struct tare_trend *trend = triage ? &series->triage : &series->gate;

		for (size_t k = 0; k < trend->change_count; k++) {
			const struct tare_change *change = &trend->changes[k];
			struct row *row = &rows.items[rows.count];

			if (change->forced != forced || !change->significant ||
				(triage && !tare_series_is_possible(series, change)))
				continue;
			*row = (struct row){.series = series, .trend = trend, .change = change};
			make_cells(row, arena);
			rows.count++;
		}
	}
	return rows;
}

static void
print_name(FILE *out, const struct tare_series *series)
{
	if (series->case_name) {
		tare_text_print_safe(out, series->case_name, false);
		fputs(": ", out);
	}
	tare_text_print_safe(out, series->metric.name, false);
}

static void
print_creep(FILE *out, const struct tare_series *series)
{
	const struct tare_slope *creep = &series->gate.creep;
	double points = (double)(creep->n - 1);
	char each[CELL_MAX], all[CELL_MAX];
	bool ratio = series->gate.ratios;

	format_shift(each, sizeof(each), ratio ? 1.0 + creep->slope : creep->slope, ratio,
		series->metric.unit);
	format_shift(all, sizeof(all),
		ratio ? pow(1.0 + creep->slope, points) : creep->slope * points, ratio,
		series->metric.unit);
	fprintf(out, "%s a point, %s over the newest %zu", each, all, creep->n);
}

static void
print_creeps(FILE *out, const struct tare_series_set *set)
{
	bool any = false;

	for (size_t i = 0; i < set->count; i++) {
		if (!set->items[i].gate.creeps)
			continue;
		if (!any)
			fputs("\nCreeping since the last change:\n", out);
		any = true;
		fputs("    ", out);
		print_name(out, &set->items[i]);
		fputs("  ", out);
		print_creep(out, &set->items[i]);
		fputc('\n', out);
	}
}

/* Whether the newest points differ from the release before by more than the margin for sure. */
static bool
left_release(const struct tare_series *series)
{
	const struct tare_interval *change = &series->since.change;
	double margin = series->metric.margin;

	if (!series->since.name || !isfinite(change->low))
		return false;
	if (series->since.ratio)
		return change->low > 1.0 + margin || change->high < 1.0 / (1.0 + margin);
	return change->low > 0.0 || change->high < 0.0;
}

static void
print_since(FILE *out, const struct tare_series *series)
{
	const struct tare_series_release *since = &series->since;
	char shift[CELL_MAX], interval[2 * CELL_MAX];

	format_shift(
		shift, sizeof(shift), since->change.estimate, since->ratio, series->metric.unit);
	format_interval(
		interval, sizeof(interval), &since->change, since->ratio, series->metric.unit);
	fprintf(out, "%s since release ", shift);
	tare_text_print_safe(out, since->name, false);
	fprintf(out, " (95 %% %s)", interval);
}

static void
print_releases(FILE *out, const struct tare_series_set *set)
{
	bool any = false;

	for (size_t i = 0; i < set->count; i++) {
		if (!left_release(&set->items[i]))
			continue;
		if (!any)
			fputs("\nAgainst the release before:\n", out);
		any = true;
		fputs("    ", out);
		print_name(out, &set->items[i]);
		fputs("  ", out);
		print_since(out, &set->items[i]);
		fputc('\n', out);
	}
}

static void
print_heading(FILE *out, const struct tare_series_set *set)
{
	size_t points = 0, skipped = 0;

	for (size_t i = 0; i < set->count; i++) {
		points += set->items[i].count;
		skipped += set->items[i].skipped;
	}
	tare_text_print_safe(out, set->file ? set->file : set->suite, false);
	if (set->file)
		fprintf(out, ": %zu points of ", points);
	if (set->file)
		tare_text_print_safe(out, set->items[0].metric.name, false);
	else
		fprintf(out, ": %zu points in %zu series", points, set->count);
	if (skipped > 0)
		fprintf(out, ", %zu without a number skipped", skipped);
	if (set->reordered)
		fputs(", put in the order of time", out);
	fputc('\n', out);
}

void
tare_trend_print(FILE *out, const struct tare_series_set *set)
{
	struct tare_arena *arena = tare_arena_new();
	struct rows changes = collect_rows(arena, set, false, false);
	struct rows possible = collect_rows(arena, set, true, false);
	struct rows forced = collect_rows(arena, set, false, true);

	print_heading(out, set);
	if (changes.count == 0)
		fputs("\nNothing changed.\n", out);
	print_rows(out, "Changed:", &changes);
	print_rows(out, "Changed together with the environment:", &forced);
	print_rows(out, "May have changed (triage):", &possible);
	print_creeps(out, set);
	print_releases(out, set);
	tare_arena_free(arena);
}

static double
largest_value(const struct tare_series *series)
{
	double largest = 0.0;

	for (size_t i = 0; i < series->count; i++)
		largest = fmax(largest, series->values[i]);
	return largest;
}

/* A bar from zero, so that lengths compare as the values do. */
static void
print_bar(FILE *out, double value, double largest)
{
	int len = largest > 0.0 && value > 0.0 ? (int)lround(value / largest * BAR_WIDTH) : 0;

	fputc('|', out);
	for (int i = 0; i < len; i++)
		fputc('#', out);
	fputc('\n', out);
}

static void
print_padded(FILE *out, const char *text, size_t width)
{
	size_t columns = tare_display_width(text);

	tare_text_print_safe(out, text, false);
	fprintf(out, "%*s", (int)(columns < width ? width - columns : 0), "");
}

static void
print_point(FILE *out, const struct tare_series *series, size_t index, double largest)
{
	const struct tare_series_point *point = &series->points[index];
	char value[TARE_UNITS_TEXT_MAX], place[CELL_MAX];

	tare_value_format(value, sizeof(value), point->value, series->metric.unit);
	if (point->line > 0) {
		snprintf(place, sizeof(place), "%zu", index);
		fprintf(out, "%6s  ", place);
		print_padded(out, point->time, 24);
		fprintf(out, " %12s  ", value);
	} else {
		fprintf(out, "%.10s  %-23s ", point->time, point->run);
		print_padded(out, point->release, 12);
		fprintf(out, " %12s  n=%-5zu ", value, point->n);
	}
	print_bar(out, point->value, largest);
}

static void
print_boundary(FILE *out, const struct tare_series *series, const struct tare_trend *trend,
	const struct tare_change *change)
{
	char shift[CELL_MAX], interval[2 * CELL_MAX], confidence[CELL_MAX];
	const char *unit = series->metric.unit;

	if (change->forced)
		fputs("  -- another environment from here on --\n", out);
	if (!change->significant)
		return;
	format_shift(shift, sizeof(shift), change->shift.estimate, trend->ratios, unit);
	format_interval(interval, sizeof(interval), &change->shift, trend->ratios, unit);
	format_confidence(confidence, sizeof(confidence), change->p);
	fprintf(out, "  -- %s%s from here on: %s (95 %% %s, confidence %s) --\n",
		trend == &series->triage ? "perhaps a " : "",
		tare_series_direction(series, change->shift.estimate, trend->ratios), shift,
		interval, confidence);
}

static void
print_boundaries_at(FILE *out, const struct tare_series *series, size_t index)
{
	for (size_t i = 0; i < series->gate.change_count; i++) {
		if (series->gate.changes[i].index == index)
			print_boundary(out, series, &series->gate, &series->gate.changes[i]);
	}
	for (size_t i = 0; i < series->triage.change_count; i++) {
		const struct tare_change *change = &series->triage.changes[i];

		if (change->index == index && tare_series_is_possible(series, change))
			print_boundary(out, series, &series->triage, change);
	}
}

/* Medians of equal stretches, from the lowest to the highest; changes are marked below. */
static void
print_sparkline(FILE *out, const struct tare_series *series)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	size_t width = series->count < LINE_WIDTH ? series->count : LINE_WIDTH;
	double *copy = tare_xcalloc(series->count, sizeof(*copy)), levels[LINE_WIDTH];
	double low = INFINITY, high = -INFINITY;
	char marks[LINE_WIDTH + 1] = "";

	memset(marks, ' ', width);
	for (size_t i = 0; i < width; i++) {
		size_t begin = i * series->count / width, end = (i + 1) * series->count / width;

		memcpy(copy, series->values + begin, (end - begin) * sizeof(*copy));
		tare_sort(copy, end - begin);
		levels[i] = tare_median(copy, end - begin);
		low = fmin(low, levels[i]);
		high = fmax(high, levels[i]);
		for (size_t k = 0; k < series->gate.change_count; k++) {
			if (series->gate.changes[k].index >= begin &&
				series->gate.changes[k].index < end)
				marks[i] = '^';
		}
	}
	fputs("  ", out);
	for (size_t i = 0; i < width; i++) {
		double share =
			high > low ? (levels[i] / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) : 0.5;

		fputs(blocks[(size_t)fmin(7.0, share * 8.0)], out);
	}
	while (width > 0 && marks[width - 1] == ' ')
		width--;
	fprintf(out, "\n%s%.*s%s", width > 0 ? "  " : "", (int)width, marks, width > 0 ? "\n" : "");
	free(copy);
}

static void
print_segments(FILE *out, const struct tare_series *series)
{
	for (size_t i = 0; i < series->gate.segment_count; i++) {
		const struct tare_segment *segment = &series->gate.segments[i];
		char median[TARE_UNITS_TEXT_MAX], spread[TARE_UNITS_TEXT_MAX];

		tare_value_format(median, sizeof(median), segment->median, series->metric.unit);
		tare_value_format(spread, sizeof(spread), segment->spread, series->metric.unit);
		fprintf(out, "  segment %zu: points %zu to %zu (n=%zu), median %s, spread %s\n",
			i + 1, segment->begin, segment->end - 1, segment->end - segment->begin,
			median, spread);
	}
	if (series->gate.creeps) {
		fputs("  creeping: ", out);
		print_creep(out, series);
		fputc('\n', out);
	}
	if (series->since.name) {
		fputs("  ", out);
		print_since(out, series);
		fputc('\n', out);
	}
	if (series->skipped > 0)
		fprintf(out, "  %zu without a number skipped\n", series->skipped);
}

void
tare_history_print(FILE *out, const struct tare_series *series)
{
	double largest = largest_value(series);

	print_name(out, series);
	if (series->direction_known)
		fprintf(out, " (%s is better)", tare_better_name(series->metric.better));
	fputc('\n', out);
	for (size_t i = 0; i < series->count; i++) {
		print_boundaries_at(out, series, i);
		print_point(out, series, i, largest);
	}
	if (series->count < 2)
		return;
	print_sparkline(out, series);
	print_segments(out, series);
}
