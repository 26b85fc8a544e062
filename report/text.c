/*
 * The report on a terminal: what was measured, what changed, what went wrong, and what follows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/text.h"
#include "report/cost.h"
#include "report/counting.h"
#include "report/failures.h"
#include "report/noise.h"
#include "report/reporters.h"
#include "report/summary.h"
#include "report/table.h"
#include "report/warnings.h"

#define BOLD   "\x1b[1m"
#define DIM    "\x1b[2m"
#define RED    "\x1b[31m"
#define GREEN  "\x1b[32m"
#define YELLOW "\x1b[33m"
#define RESET  "\x1b[0m"

enum {
	CASES_FEW = 4,   /* of so few more is told */
	CASES_ALL = 100, /* with comparisons, longer lists show only the cases that stand out */
	COMPARISONS_ALL = 60,  /* longer lists leave out what did not change */
	INCONCLUSIVE_MAX = 20, /* and all but these of what could not be decided */
	MISSING_MAX = 5,
	COSTLIEST_FROM = 6, /* cases: of fewer, the table tells which takes longest */
	WARNINGS_ALL = 20,  /* kinds */
	WARNINGS_ALIKE = 4,
	FAILED_NAMES_MAX = 12,
	DISTURBED_MAX = 10,
};

struct page {
	FILE *out;
	const struct tare_report_input *input;
	struct tare_arena *arena;
	double *values;
	size_t width;
	bool color;
};

static const char *
style(const struct page *page, const char *sequence)
{
	return page->color ? sequence : "";
}

static const char *
verdict_style(enum tare_verdict verdict)
{
	switch (verdict) {
	case TARE_VERDICT_REGRESSION:
		return RED;
	case TARE_VERDICT_IMPROVEMENT:
		return GREEN;
	case TARE_VERDICT_INCONCLUSIVE:
		return YELLOW;
	default:
		return NULL;
	}
}

static const char *
safe(const struct page *page, const char *text)
{
	return tare_text_safe(page->arena, text ? text : "");
}

/* Lines of a text as one, with no blanks at its end. */
static const char *
one_line(const struct page *page, const char *text)
{
	char *line = tare_arena_strdup(page->arena, text);
	size_t len = strlen(line);

	while (len > 0 && strchr(" \t\r\n", line[len - 1]))
		len--;
	line[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\n' || line[i] == '\t')
			line[i] = ' ';
	}
	return line;
}

static void
write_header(const struct page *page)
{
	const struct tare_run *run = page->input->run;
	char started[TARE_TIME_TEXT_MAX];
	char took[TARE_UNITS_TEXT_MAX];
	char *line;

	fprintf(page->out, "%s%s%s", style(page, BOLD), safe(page, run->suite), style(page, RESET));
	if (run->description && *run->description)
		fprintf(page->out, "  %s", safe(page, one_line(page, run->description)));
	tare_time_format(started, sizeof(started), run->started_unix_ns);
	line = tare_arena_printf(page->arena, "run %s%s%s, %s, %s", safe(page, run->id),
		run->release && *run->release ? ", release " : "", safe(page, run->release),
		safe(page, run->environment_name), started);
	fprintf(page->out, "\n%s", style(page, DIM));
	tare_display_wrapped(page->out, line, 0, page->width);
	fprintf(page->out, "%zu case%s, %llu invocation%s", run->case_count,
		run->case_count == 1 ? "" : "s", (unsigned long long)run->invocation_count,
		run->invocation_count == 1 ? "" : "s");
	if (run->duration_ns > 0) {
		tare_duration_format(took, sizeof(took), run->duration_ns);
		fprintf(page->out, " in %s", took);
	}
	fprintf(page->out, "%s\n", style(page, RESET));
}

/* "9.80 … 10.60 ms": the unit once where both have the same. */
static const char *
range_text(const struct page *page, const struct tare_figures *figures, const char *unit)
{
	char low[TARE_UNITS_TEXT_MAX];
	char high[TARE_UNITS_TEXT_MAX];
	char *low_unit;
	const char *high_unit;

	tare_summary_column(low, figures->min, figures->median, unit);
	tare_summary_column(high, figures->max, figures->median, unit);
	low_unit = strchr(low, ' ');
	high_unit = strchr(high, ' ');
	if (low_unit && high_unit && strcmp(low_unit, high_unit) == 0)
		*low_unit = '\0';
	return safe(page, tare_arena_printf(page->arena, "%s … %s", low, high));
}

static const char *
spread_text(const struct page *page, const struct tare_figures *figures)
{
	double percent = 100 * figures->half_width;

	if (!isfinite(percent))
		return "";
	return tare_arena_printf(page->arena, "± %.*f %%",
		percent >= 9.95                    ? 0
		: percent >= 0.095 || percent == 0 ? 1
						   : 2,
		percent);
}

static void
add_figures(const struct page *page, struct tare_table *table, const char *name,
	const struct tare_run_case *subject, size_t metric)
{
	const struct tare_metric *shown = &subject->metrics[metric];
	struct tare_figures figures;
	char median[TARE_UNITS_TEXT_MAX];

	tare_figures_read(&figures, page->values, subject, metric);
	if (figures.n == 0)
		return;
	tare_summary_column(median, figures.median, figures.median, shown->unit);
	tare_table_row(table,
		(struct tare_table_cell[]){{name, NULL}, {safe(page, shown->name), NULL},
			{safe(page, median), BOLD}, {spread_text(page, &figures), NULL},
			{figures.n > 1 ? range_text(page, &figures, shown->unit) : "", DIM},
			{tare_arena_printf(page->arena, "%llu", (unsigned long long)figures.total),
				DIM}});
}

static const char *
state_text(const struct tare_run_case *subject)
{
	switch (subject->status) {
	case TARE_CASE_FAILED:
		return "failed";
	case TARE_CASE_PENDING:
		return "not measured";
	default:
		return "";
	}
}

/* What people who time one program want to see besides: where its time went, and its size. NULL
 * where that is not known, or has rows of its own. */
static const char *
usage_text(const struct page *page, const struct tare_run_case *subject)
{
	static const size_t metrics[] = {TARE_METRIC_USER, TARE_METRIC_SYS, TARE_METRIC_MAX_RSS};
	const char *line = NULL;

	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		const struct tare_metric *metric = &subject->metrics[metrics[i]];
		struct tare_figures figures;
		char text[TARE_UNITS_TEXT_MAX];

		tare_figures_read(&figures, page->values, subject, metrics[i]);
		if (figures.n == 0 || tare_metric_is_shown(subject->metrics, metrics[i]))
			return NULL;
		tare_value_format(text, sizeof(text), figures.median, metric->unit);
		if (figures.median == 0.0)
			snprintf(text, sizeof(text), "0");
		line = tare_arena_printf(page->arena, "%s%s%s %s", line ? line : "",
			line ? ", " : "", metric->name, text);
	}
	return line;
}

static void
add_case(const struct page *page, struct tare_table *table, const struct tare_run_case *subject)
{
	const char *name = safe(page, subject->name);
	size_t rows = table->row_count;

	for (size_t i = 0; i < subject->metric_count; i++)
		if (tare_metric_is_shown(subject->metrics, i))
			add_figures(page, table, table->row_count == rows ? name : "", subject, i);
	if (table->row_count == rows || subject->status == TARE_CASE_FAILED)
		tare_table_row(table,
			(struct tare_table_cell[]){{table->row_count == rows ? name : "", NULL},
				{0},
				{state_text(subject),
					subject->status == TARE_CASE_FAILED ? RED : DIM},
				{0}, {0}, {0}});
	else if (page->input->run->case_count <= CASES_FEW && usage_text(page, subject))
		tare_table_note(table, usage_text(page, subject));
}

static bool
has_comparisons(const struct tare_report_input *input)
{
	for (size_t i = 0; i < input->set_count; i++)
		if (input->sets[i].item_count > 0)
			return true;
	return false;
}

/* Which cases a long list shows: those that failed, and those with a verdict worth a look. */
static bool *
cases_that_stand_out(const struct page *page)
{
	const struct tare_run *run = page->input->run;
	bool *stands_out = tare_arena_alloc(page->arena, run->case_count + 1, sizeof(bool));
	bool all = run->case_count <= CASES_ALL || !has_comparisons(page->input);

	for (size_t i = 0; i < run->case_count; i++)
		stands_out[i] = all || run->cases[i].status == TARE_CASE_FAILED;
	for (size_t i = 0; i < page->input->set_count; i++) {
		const struct tare_comparison_set *set = &page->input->sets[i];

		for (size_t k = 0; k < set->item_count; k++) {
			const struct tare_comparison *item = &set->items[k];

			if (!item->metric.gated || item->head_case >= run->case_count)
				continue;
			if (item->verdict == TARE_VERDICT_REGRESSION ||
				item->verdict == TARE_VERDICT_IMPROVEMENT)
				stands_out[item->head_case] = true;
		}
	}
	return stands_out;
}

/* A column that says "wall" in every row says nothing. */
static bool
only_wall_is_shown(const struct tare_run *run)
{
	for (size_t i = 0; i < run->case_count; i++)
		for (size_t k = 1; k < run->cases[i].metric_count; k++)
			if (tare_metric_is_shown(run->cases[i].metrics, k))
				return false;
	return true;
}

static void
write_cases(const struct page *page)
{
	static const struct tare_table_column columns[] = {
		{.title = "case"},
		{.title = "metric"},
		{.title = "median", .right = true},
		{.title = "95 %", .right = true, .spare = 1},
		{.title = "min … max", .right = true, .spare = 3},
		{.title = "n", .right = true, .spare = 2},
	};
	const struct tare_run *run = page->input->run;
	const bool *stands_out = cases_that_stand_out(page);
	struct tare_table table;
	size_t left_out = 0;

	tare_table_begin(&table, page->arena, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < run->case_count; i++) {
		if (stands_out[i])
			add_case(page, &table, &run->cases[i]);
		else
			left_out++;
	}
	if (run->case_count == 0)
		return;
	if (only_wall_is_shown(run))
		tare_table_hide(&table, 1);
	putc('\n', page->out);
	if (table.row_count > 0)
		tare_table_write(&table, page->out, 0, page->width, page->color);
	if (left_out == 0)
		return;
	fputs(style(page, DIM), page->out);
	tare_display_wrapped(page->out,
		tare_arena_printf(page->arena,
			"%zu case%s without regression, improvement or failure not listed; every "
			"case is in the html, json and csv reports",
			left_out, left_out == 1 ? "" : "s"),
		0, page->width);
	fputs(style(page, RESET), page->out);
}

/* Where what was counted came from. */
static void
write_counters(const struct page *page)
{
	static const struct tare_table_column columns[] = {
		{.title = "counter", .whole = true},
		{.title = "provider"},
		{.title = "quality", .whole = true},
		{.title = "coverage", .right = true},
		{.title = "event", .spare = 1},
		{.title = "scope", .spare = 2},
	};
	struct tare_counting_row *rows;
	struct tare_table table;
	size_t count;

	tare_counting_read(&rows, &count, page->arena, page->input->run);
	if (count == 0)
		return;
	tare_table_begin(&table, page->arena, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < count; i++) {
		const struct tare_counter *counter = rows[i].counter;
		const char *note = tare_counting_note(page->arena, &rows[i].counting);
		char coverage[TARE_COVERAGE_TEXT_MAX];

		tare_coverage_text(coverage, &rows[i].counting);
		tare_table_row(&table, (struct tare_table_cell[]){{safe(page, rows[i].name), NULL},
					       {safe(page, counter->provider), NULL},
					       {tare_counter_quality_name(counter->quality), NULL},
					       {tare_arena_strdup(page->arena, coverage), NULL},
					       {safe(page, counter->event), DIM},
					       {safe(page, counter->scope), DIM}});
		if (note)
			tare_table_note(&table, note);
	}
	putc('\n', page->out);
	tare_table_write(&table, page->out, 0, page->width, page->color);
}

static const char *
ratio_text(const struct page *page, double ratio)
{
	return isfinite(ratio) ? tare_arena_printf(page->arena, "%.3fx", ratio) : "";
}

static const char *
interval_text(const struct page *page, const struct tare_comparison *item)
{
	char text[TARE_INTERVAL_TEXT_MAX];

	tare_interval_text(text, item);
	return safe(page, text);
}

static const char *
change_text(const struct page *page, const struct tare_comparison *item)
{
	char text[TARE_UNITS_TEXT_MAX];

	tare_change_text(text, item);
	return safe(page, text);
}

static const char *
mde_text(const struct page *page, double mde)
{
	return isfinite(mde) ? tare_arena_printf(page->arena, "%.1f %%", 100 * mde) : "";
}

/* One line under a comparison where the verdict alone leaves a question; else NULL. */
static const char *
note_text(const struct page *page, const struct tare_comparison *item)
{
	if (item->reason && *item->reason)
		return safe(page, item->reason);
	if (tare_comparison_past_margin(item))
		return tare_arena_printf(page->arena,
			"by the %.4g %% interval, which lies inside the "
			"margin of %.4g %%",
			100 * tare_comparison_inner(item), 100 * item->metric.margin);
	if (item->below_margin)
		return tare_arena_printf(page->arena, "real, but below the margin of %.4g %%",
			100 * item->metric.margin);
	return NULL;
}

/* Where the verdict depends on samples that were disturbed; else NULL. */
static const char *
quiet_text(const struct page *page, const struct tare_comparison *item)
{
	if (!item->metric.gated || !tare_undisturbed_differs(item))
		return NULL;
	return tare_arena_printf(page->arena, "without disturbed samples: %s",
		tare_undisturbed_text(page->arena, item));
}

static void
add_comparison(
	const struct page *page, struct tare_table *table, const struct tare_comparison *item)
{
	const char *note = note_text(page, item);
	const char *quiet = quiet_text(page, item);

	tare_table_row(
		table, (struct tare_table_cell[]){{safe(page, item->case_name), NULL},
			       {safe(page, item->metric.name), NULL},
			       {ratio_text(page, item->ratio), NULL},
			       {change_text(page, item), verdict_style(item->verdict)},
			       {interval_text(page, item), NULL}, {mde_text(page, item->mde), DIM},
			       {tare_arena_printf(page->arena, "%zu", item->n), DIM},
			       {tare_verdict_name(item->verdict), verdict_style(item->verdict)}});
	if (note)
		tare_table_note(table, note);
	if (quiet)
		tare_table_note(table, quiet);
}

/* Cut down to what is gated and worth a line; the rest is counted. */
struct selection {
	const struct tare_comparison **items;
	size_t count;
	size_t left_out[TARE_VERDICT_COUNT];
	size_t others[TARE_VERDICT_COUNT]; /* of metrics that are not gated */
	size_t other_count;
};

static struct selection
select_comparisons(const struct page *page, const struct tare_comparison_set *set)
{
	struct selection selection = {.items = tare_comparisons_order(page->arena, set)};
	size_t most[TARE_VERDICT_COUNT] = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
	size_t shown[TARE_VERDICT_COUNT] = {0};
	size_t gated = 0;

	for (size_t i = 0; i < set->item_count; i++)
		gated += set->items[i].metric.gated;
	if (gated > COMPARISONS_ALL) {
		most[TARE_VERDICT_NO_CHANGE] = 0;
		most[TARE_VERDICT_INCONCLUSIVE] = INCONCLUSIVE_MAX;
	}
	for (size_t i = 0; i < set->item_count; i++) {
		const struct tare_comparison *item = selection.items[i];

		if (!item->metric.gated) {
			selection.others[item->verdict]++;
			selection.other_count++;
		} else if (shown[item->verdict]++ < most[item->verdict]) {
			selection.items[selection.count++] = item;
		} else {
			selection.left_out[item->verdict]++;
		}
	}
	return selection;
}

static void
write_title(const struct page *page, const struct tare_comparison_set *set)
{
	const char *base = safe(page, set->base_label);
	const char *head = safe(page, tare_set_head_label(set));

	fprintf(page->out, "\n%s", style(page, BOLD));
	if (*base && *head)
		fprintf(page->out, "%s against %s", head, base);
	else if (*base)
		fprintf(page->out, "against %s", base);
	else
		fputs("comparison", page->out);
	fprintf(page->out, "%s\n", style(page, RESET));
}

static void
write_environment_differences(const struct page *page, const struct tare_comparison_set *set)
{
	static const struct tare_table_column columns[] = {
		{.title = "fact"}, {.title = "base"}, {.title = "head"}};
	struct tare_table table;

	if (set->environment_difference_count == 0)
		return;
	fprintf(page->out, "%s", style(page, RED));
	tare_display_wrapped(page->out,
		"WARNING: the two runs come from different environments; a verdict may be about "
		"the "
		"machine, not the program",
		0, page->width);
	fprintf(page->out, "%s", style(page, RESET));
	tare_table_begin(&table, page->arena, columns, 3);
	for (size_t i = 0; i < set->environment_difference_count; i++) {
		const struct tare_fact_difference *fact = &set->environment_differences[i];

		tare_table_row(&table,
			(struct tare_table_cell[]){{safe(page, fact->key), NULL},
				{fact->base ? safe(page, fact->base) : "not recorded", NULL},
				{fact->head ? safe(page, fact->head) : "not recorded", NULL}});
	}
	tare_table_write(&table, page->out, 2, page->width, page->color);
	putc('\n', page->out);
}

static void
write_missing(const struct page *page, const struct tare_comparison_set *set, bool in_base)
{
	size_t count = 0;

	for (size_t i = 0; i < set->missing_count; i++)
		count += set->missing[i].in_base == in_base;
	if (count == 0)
		return;
	fprintf(page->out, "  only in %s: ", in_base ? "the base" : "the head");
	for (size_t i = 0, listed = 0; i < set->missing_count && listed < MISSING_MAX; i++)
		if (set->missing[i].in_base == in_base)
			fprintf(page->out, "%s%s", listed++ ? ", " : "",
				safe(page, set->missing[i].name));
	if (count > MISSING_MAX)
		fprintf(page->out, " and %zu more", count - MISSING_MAX);
	putc('\n', page->out);
}

static void
write_left_out(const struct page *page, const struct selection *selection)
{
	const size_t *others = selection->others;

	if (selection->left_out[TARE_VERDICT_INCONCLUSIVE] > 0)
		fprintf(page->out, "  %zu more inconclusive\n",
			selection->left_out[TARE_VERDICT_INCONCLUSIVE]);
	if (selection->left_out[TARE_VERDICT_NO_CHANGE] > 0)
		fprintf(page->out, "  %zu without change\n",
			selection->left_out[TARE_VERDICT_NO_CHANGE]);
	if (others[TARE_VERDICT_REGRESSION] + others[TARE_VERDICT_IMPROVEMENT] == 0)
		return;
	fprintf(page->out, "  %s", style(page, DIM));
	tare_display_wrapped(page->out,
		tare_arena_printf(page->arena,
			"metrics that are not gated: %zu of %zu %s worse, %zu better",
			others[TARE_VERDICT_REGRESSION], selection->other_count,
			selection->other_count == 1 ? "comparison" : "comparisons",
			others[TARE_VERDICT_IMPROVEMENT]),
		2, page->width);
	fputs(style(page, RESET), page->out);
}

static void
write_remark(const struct page *page, const char *text)
{
	if (!text)
		return;
	fprintf(page->out, "    %s", style(page, DIM));
	tare_display_wrapped(page->out, text, 4, page->width);
	fputs(style(page, RESET), page->out);
}

/* A single comparison needs no table: "head is 1.034x of base, +3.4 % [+2.5 %, +9.6 %]". */
static void
write_sentence(const struct page *page, const struct tare_comparison *item)
{
	const char *note = note_text(page, item);
	const char *verdict = verdict_style(item->verdict);

	fprintf(page->out, "  %s of %s: ", safe(page, item->metric.name),
		safe(page, item->head_label));
	if (isfinite(item->ratio))
		fprintf(page->out, "%.3fx of %s, ", item->ratio, safe(page, item->base_label));
	else
		fprintf(page->out, "against %s ", safe(page, item->base_label));
	fprintf(page->out, "%s %s  %s%s%s\n", change_text(page, item), interval_text(page, item),
		style(page, verdict ? verdict : ""), tare_verdict_name(item->verdict),
		style(page, RESET));
	write_remark(page, note);
	write_remark(page, quiet_text(page, item));
}

static void
add_geomean(
	const struct page *page, struct tare_table *table, const struct tare_comparison_set *set)
{
	char change[TARE_UNITS_TEXT_MAX];
	char low[TARE_UNITS_TEXT_MAX];
	char high[TARE_UNITS_TEXT_MAX];
	const char *interval = "";

	if (set->geomean_count < 2 || !isfinite(set->geomean))
		return;
	tare_change_format(change, sizeof(change), set->geomean);
	if (isfinite(set->geomean_low) && isfinite(set->geomean_high)) {
		tare_change_format(low, sizeof(low), set->geomean_low);
		tare_change_format(high, sizeof(high), set->geomean_high);
		interval = tare_arena_printf(page->arena, "[%s, %s]", low, high);
	}
	tare_table_row(table,
		(struct tare_table_cell[]){
			{tare_arena_printf(page->arena, "geomean of %zu", set->geomean_count),
				BOLD},
			{"wall", NULL}, {ratio_text(page, set->geomean), NULL},
			{tare_arena_strdup(page->arena, change), NULL}, {interval, NULL}, {0}, {0},
			{0}});
}

static void
write_comparisons(const struct page *page, const struct tare_comparison_set *set)
{
	static const struct tare_table_column columns[] = {
		{.title = "case"},
		{.title = "metric"},
		{.title = "ratio", .right = true, .spare = 1},
		{.title = "change", .right = true},
		{.title = "95 % interval", .right = true},
		{.title = "MDE", .right = true, .spare = 3},
		{.title = "n", .right = true, .spare = 2},
		{.title = "verdict", .whole = true},
	};
	struct selection selection = select_comparisons(page, set);
	struct tare_table table;

	write_title(page, set);
	write_environment_differences(page, set);
	if (selection.count == 1 && set->geomean_count < 2) {
		write_sentence(page, selection.items[0]);
	} else if (selection.count > 0) {
		tare_table_begin(
			&table, page->arena, columns, sizeof(columns) / sizeof(columns[0]));
		for (size_t i = 0; i < selection.count; i++)
			add_comparison(page, &table, selection.items[i]);
		add_geomean(page, &table, set);
		if (only_wall_is_shown(page->input->run))
			tare_table_hide(&table, 1);
		tare_table_write(&table, page->out, 2, page->width, page->color);
	}
	write_left_out(page, &selection);
	write_missing(page, set, true);
	write_missing(page, set, false);
}

/* Whether there is something to tell: a fixed count and a failure speak for themselves. */
static bool
stopped_by_itself(const struct tare_run_cost *cost)
{
	for (size_t i = 0; i < cost->stop_count; i++) {
		enum tare_stop stop = tare_stop_parse(cost->stops[i].stopped);

		if (stop != TARE_STOP_NOT && stop != TARE_STOP_DONE && stop != TARE_STOP_FAILED)
			return true;
	}
	return false;
}

/* Why measuring ended, in a line. */
static void
write_stops(const struct page *page)
{
	const struct tare_run *run = page->input->run;
	struct tare_run_cost cost;
	char *line = tare_arena_strdup(page->arena, "stopped: ");
	char took[TARE_UNITS_TEXT_MAX];
	char all[TARE_UNITS_TEXT_MAX];

	tare_run_cost_read(&cost, page->arena, run);
	if (cost.costliest == cost.case_count || !stopped_by_itself(&cost))
		return;
	for (size_t i = 0; i < cost.stop_count; i++)
		line = tare_arena_printf(page->arena, "%s%s%s (%zu case%s)", line, i ? ", " : "",
			safe(page, cost.stops[i].stopped), cost.stops[i].case_count,
			cost.stops[i].case_count == 1 ? "" : "s");
	if (run->case_count >= COSTLIEST_FROM) {
		tare_value_format(took, sizeof(took), cost.cases[cost.costliest].time_ns, "ns");
		tare_value_format(all, sizeof(all), cost.time_ns, "ns");
		line = tare_arena_printf(page->arena, "%s; the most time took %s, %s of %s", line,
			safe(page, run->cases[cost.costliest].name), took, all);
	}
	fprintf(page->out, "\n%s", style(page, DIM));
	tare_display_wrapped(page->out, line, 0, page->width);
	fputs(style(page, RESET), page->out);
}

static const char *
median_text(const struct page *page, const struct tare_run_case *subject, bool undisturbed)
{
	char text[TARE_UNITS_TEXT_MAX];
	struct tare_figures figures;

	if (subject->samples.metric_count <= TARE_METRIC_WALL)
		return "";
	if (undisturbed)
		tare_figures_undisturbed(&figures, page->values, subject, TARE_METRIC_WALL);
	else
		tare_figures_read(&figures, page->values, subject, TARE_METRIC_WALL);
	if (figures.n == 0)
		return undisturbed ? "none left" : "";
	tare_summary_column(text, figures.median, figures.median, "ns");
	return safe(page, text);
}

/* Which samples something outside disturbed, and the medians with and without them. */
static void
write_disturbed(const struct page *page)
{
	static const struct tare_table_column columns[] = {
		{.title = "disturbed"},
		{.title = "samples", .right = true},
		{.title = "median", .right = true},
		{.title = "without", .right = true},
	};
	const struct tare_run *run = page->input->run;
	struct tare_table table;
	size_t count;
	const size_t *cases = tare_disturbed_cases(&count, page->arena, run);

	if (count == 0)
		return;
	tare_table_begin(&table, page->arena, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < count && i < DISTURBED_MAX; i++) {
		const struct tare_run_case *subject = &run->cases[cases[i]];

		tare_table_row(
			&table, (struct tare_table_cell[]){{safe(page, subject->name), NULL},
					{tare_arena_printf(page->arena, "%llu of %llu",
						 (unsigned long long)subject->noise.disturbed,
						 (unsigned long long)subject->samples.total),
						NULL},
					{median_text(page, subject, false), NULL},
					{median_text(page, subject, true), NULL}});
		if (i == 0 || count <= DISTURBED_MAX / 2)
			tare_table_note(
				&table, strchr(tare_noise_text(page->arena, subject), ':') + 2);
	}
	putc('\n', page->out);
	tare_table_write(&table, page->out, 0, page->width, page->color);
	if (count > DISTURBED_MAX)
		fprintf(page->out, "and %zu more cases with disturbed samples\n",
			count - DISTURBED_MAX);
}

/* Which cases failed alike, behind the sentence of how. */
static void
write_failed_names(const struct page *page, const struct tare_failure *failure)
{
	const char *names = "";

	for (size_t i = 0; i < failure->case_count && i < FAILED_NAMES_MAX; i++)
		names = tare_arena_printf(page->arena, "%s%s%s", names, i ? ", " : "",
			safe(page, page->input->run->cases[failure->cases[i]].name));
	if (failure->case_count > FAILED_NAMES_MAX)
		names = tare_arena_printf(page->arena, "%s and %zu more", names,
			failure->case_count - FAILED_NAMES_MAX);
	fputs("  ", page->out);
	tare_display_wrapped(page->out, names, 2, page->width);
}

static void
write_failure(const struct page *page, const struct tare_failure *failure)
{
	const char *line = failure->stderr_tail;

	fprintf(page->out, "\n%sfailed:%s ", style(page, RED), style(page, RESET));
	if (failure->case_count == 1)
		fputs(safe(page, page->input->run->cases[failure->cases[0]].name), page->out);
	else
		fprintf(page->out, "%zu cases", failure->case_count);
	fprintf(page->out, ": %s\n", safe(page, failure->text));
	if (failure->case_count > 1)
		write_failed_names(page, failure);
	while (*line) {
		size_t len = strcspn(line, "\n");

		fprintf(page->out, "  %s|%s %s\n", style(page, DIM), style(page, RESET),
			safe(page, tare_arena_strndup(page->arena, line, len)));
		line += len;
		line += *line == '\n';
	}
}

static void
write_failures(const struct page *page)
{
	struct tare_failure *failures;
	size_t count = tare_failures_read(&failures, page->arena, page->input->run);

	for (size_t i = 0; i < count; i++)
		write_failure(page, &failures[i]);
}

static void
write_indented(const struct page *page, const char *before, const char *text)
{
	if (*text == '\0')
		return;
	fprintf(page->out, "%9s", "");
	tare_display_wrapped(page->out,
		safe(page, tare_arena_printf(page->arena, "%s%s", before, text)), 9, page->width);
}

static void
write_warning(const struct page *page, const struct tare_warning_group *group)
{
	fprintf(page->out, "%swarning:%s ", style(page, YELLOW), style(page, RESET));
	tare_display_wrapped(page->out, safe(page, group->texts[0]), 9, page->width);
	for (size_t i = 1; i < group->count && i < WARNINGS_ALIKE; i++)
		write_indented(page, "", group->texts[i]);
	if (group->count > WARNINGS_ALIKE)
		fprintf(page->out, "%9sand %zu more\n", "", group->count - WARNINGS_ALIKE);
	write_indented(page, "why: ", group->why);
	write_indented(page, "do: ", group->advice);
}

static void
write_warnings(const struct page *page)
{
	struct tare_warning_group *groups;
	size_t count = tare_warning_groups(&groups, page->arena, page->input->run);

	if (count > 0)
		putc('\n', page->out);
	for (size_t i = 0; i < count && i < WARNINGS_ALL; i++)
		write_warning(page, &groups[i]);
	if (count > WARNINGS_ALL)
		fprintf(page->out,
			"and %zu more kinds of warnings; the html and json reports have them\n",
			count - WARNINGS_ALL);
}

static const char *
recommendation_style(enum tare_recommendation recommendation)
{
	switch (recommendation) {
	case TARE_RECOMMEND_BLOCK:
		return RED;
	case TARE_RECOMMEND_REVIEW:
		return YELLOW;
	default:
		return GREEN;
	}
}

static void
write_conclusion(const struct page *page)
{
	const struct tare_gate_outcome *gate = page->input->gate;
	struct tare_report_summary summary;

	tare_report_summarize(&summary, page->input);
	fprintf(page->out, "\n%s%s%s\n", style(page, recommendation_style(summary.recommendation)),
		summary.headline, style(page, RESET));
	if (!gate || gate->result == TARE_GATE_NOT_ASKED || !gate->sentence)
		return;
	fprintf(page->out, "%s%s%s%s\n", style(page, BOLD),
		style(page, gate->result == TARE_GATE_PASSED   ? GREEN
			    : gate->result == TARE_GATE_FAILED ? RED
							       : YELLOW),
		safe(page, gate->sentence), style(page, RESET));
}

static void
write_page(const struct page *page)
{
	write_header(page);
	write_cases(page);
	write_counters(page);
	for (size_t i = 0; i < page->input->set_count; i++)
		if (!tare_set_is_empty(&page->input->sets[i]))
			write_comparisons(page, &page->input->sets[i]);
	write_stops(page);
	write_disturbed(page);
	write_failures(page);
	write_warnings(page);
	write_conclusion(page);
}

static enum tare_status
write_text(FILE *out, const struct tare_report_input *input, struct tare_err *err)
{
	struct page page = {
		.out = out,
		.input = input,
		.arena = tare_arena_new(),
		.values = tare_xcalloc(tare_report_rows_max(input->run), sizeof(double)),
		.width = input->width > 0 ? (size_t)input->width : 80,
		.color = input->color,
	};

	write_page(&page);
	free(page.values);
	tare_arena_free(page.arena);
	return tare_report_end(out, err);
}

const struct tare_reporter tare_reporter_text = {
	.name = "text",
	.extension = "txt",
	.summary = "for the terminal: medians, comparisons, failures, warnings",
	.write = write_text,
};
