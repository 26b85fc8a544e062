/* What was measured: the cases, their counters, and which samples were disturbed. */
#include <math.h>
#include <string.h>

#include "report/counting.h"
#include "report/noise.h"
#include "report/table.h"
#include "report/text.h"

enum {
	CASES_FEW = 4,   /* of so few more is told */
	CASES_ALL = 100, /* with comparisons, longer lists show only the cases that stand out */
	DISTURBED_MAX = 10,
};

/* "9.80 … 10.60 ms": the unit once where both have the same. */
static const char *
range_text(const struct text_page *page, const struct tare_figures *figures, const char *unit)
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
	return text_safe(page, tare_arena_printf(page->arena, "%s … %s", low, high));
}

static const char *
spread_text(const struct text_page *page, const struct tare_figures *figures)
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
add_figures(const struct text_page *page, struct tare_table *table, const char *name,
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
		(struct tare_table_cell[]){{name, NULL}, {text_safe(page, shown->name), NULL},
			{text_safe(page, median), TEXT_BOLD}, {spread_text(page, &figures), NULL},
			{figures.n > 1 ? range_text(page, &figures, shown->unit) : "", TEXT_DIM},
			{tare_arena_printf(page->arena, "%llu", (unsigned long long)figures.total),
				TEXT_DIM}});
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
usage_text(const struct text_page *page, const struct tare_run_case *subject)
{
	static const size_t metrics[] = {TARE_METRIC_USER, TARE_METRIC_SYS, TARE_METRIC_MAX_RSS};
	const char *line = NULL;

	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		const struct tare_metric *metric = &subject->metrics[metrics[i]];
		struct tare_figures figures;
		char text[TARE_UNITS_TEXT_MAX];

		if (metrics[i] >= subject->metric_count) /* a journal from outside */
			return NULL;
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
add_case(
	const struct text_page *page, struct tare_table *table, const struct tare_run_case *subject)
{
	const char *name = text_safe(page, subject->name);
	size_t rows = table->row_count;
	const char *usage = NULL;

	for (size_t i = 0; i < subject->metric_count; i++)
		if (tare_metric_is_shown(subject->metrics, i))
			add_figures(page, table, table->row_count == rows ? name : "", subject, i);
	if (table->row_count == rows || subject->status == TARE_CASE_FAILED)
		tare_table_row(table,
			(struct tare_table_cell[]){{table->row_count == rows ? name : "", NULL},
				{0},
				{state_text(subject),
					subject->status == TARE_CASE_FAILED ? TEXT_RED : TEXT_DIM},
				{0}, {0}, {0}});
	else if (page->input->run->case_count <= CASES_FEW)
		usage = usage_text(page, subject);
	if (usage)
		tare_table_note(table, usage);
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
cases_that_stand_out(const struct text_page *page)
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

void
text_write_cases(const struct text_page *page)
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
	if (text_only_wall(run))
		tare_table_hide(&table, 1);
	putc('\n', page->out);
	if (table.row_count > 0)
		tare_table_write(&table, page->out, 0, page->width, page->color);
	if (left_out == 0)
		return;
	fputs(text_style(page, TEXT_DIM), page->out);
	tare_display_wrapped(page->out,
		tare_arena_printf(page->arena,
			"%zu case%s without regression, improvement or failure not listed; every "
			"case is in the html, json and csv reports",
			left_out, left_out == 1 ? "" : "s"),
		0, page->width);
	fputs(text_style(page, TEXT_RESET), page->out);
}

/* Where what was counted came from. */
void
text_write_counters(const struct text_page *page)
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
		const char *note = tare_counting_note(page->arena, &rows[i]);
		char coverage[TARE_COVERAGE_TEXT_MAX];

		tare_coverage_text(coverage, &rows[i].counting);
		tare_table_row(
			&table, (struct tare_table_cell[]){{text_safe(page, rows[i].name), NULL},
					{text_safe(page, counter->provider), NULL},
					{tare_counter_quality_name(counter->quality), NULL},
					{tare_arena_strdup(page->arena, coverage), NULL},
					{text_safe(page, counter->event), TEXT_DIM},
					{text_safe(page, counter->scope), TEXT_DIM}});
		if (note)
			tare_table_note(&table, note);
	}
	putc('\n', page->out);
	tare_table_write(&table, page->out, 0, page->width, page->color);
}

static const char *
median_text(const struct text_page *page, const struct tare_run_case *subject, bool undisturbed)
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
	return text_safe(page, text);
}

/* Which samples something outside disturbed, and the medians with and without them. */
void
text_write_disturbed(const struct text_page *page)
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
			&table, (struct tare_table_cell[]){{text_safe(page, subject->name), NULL},
					{tare_arena_printf(page->arena, "%llu of %llu",
						 (unsigned long long)subject->noise.disturbed,
						 (unsigned long long)subject->samples.total),
						NULL},
					{median_text(page, subject, false), NULL},
					{median_text(page, subject, true), NULL}});
		if (i == 0 || count <= DISTURBED_MAX / 2)
			tare_table_note(&table, tare_noise_kinds(page->arena, subject));
	}
	putc('\n', page->out);
	tare_table_write(&table, page->out, 0, page->width, page->color);
	if (count > DISTURBED_MAX)
		fprintf(page->out, "and %zu more cases with disturbed samples\n",
			count - DISTURBED_MAX);
}
