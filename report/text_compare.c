/* What changed: the comparisons of one set, as a table, or a sentence where there is only one. */
#include <math.h>

#include "report/correction.h"
#include "report/noise.h"
#include "report/summary.h"
#include "report/table.h"
#include "report/text.h"

enum {
	COMPARISONS_ALL = 60,  /* longer lists leave out what did not change */
	INCONCLUSIVE_MAX = 20, /* and all but these of what could not be decided */
	MISSING_MAX = 5,
};

static const char *
verdict_style(enum tare_verdict verdict)
{
	switch (verdict) {
	case TARE_VERDICT_REGRESSION:
		return TEXT_RED;
	case TARE_VERDICT_IMPROVEMENT:
		return TEXT_GREEN;
	case TARE_VERDICT_INCONCLUSIVE:
		return TEXT_YELLOW;
	default:
		return NULL;
	}
}

static const char *
ratio_text(const struct text_page *page, double ratio)
{
	return isfinite(ratio) ? tare_arena_printf(page->arena, "%.3fx", ratio) : "";
}

static const char *
interval_text(const struct text_page *page, const struct tare_comparison *item)
{
	char text[TARE_INTERVAL_TEXT_MAX];

	tare_interval_text(text, item);
	return text_safe(page, text);
}

static const char *
change_text(const struct text_page *page, const struct tare_comparison *item)
{
	char text[TARE_UNITS_TEXT_MAX];

	tare_change_text(text, item);
	return text_safe(page, text);
}

static const char *
mde_text(const struct text_page *page, double mde)
{
	return isfinite(mde) ? tare_arena_printf(page->arena, "%.1f %%", 100 * mde) : "";
}

/* Where the verdict depends on samples that were disturbed; else NULL. */
static const char *
quiet_text(const struct text_page *page, const struct tare_comparison *item)
{
	if (!item->metric.gated || !tare_undisturbed_differs(item))
		return NULL;
	return tare_arena_printf(page->arena, "without disturbed samples: %s",
		tare_undisturbed_text(page->arena, item));
}

static void
add_comparison(
	const struct text_page *page, struct tare_table *table, const struct tare_comparison *item)
{
	const char *note = tare_comparison_note(page->arena, item);
	const char *quiet = quiet_text(page, item);
	const char *beside = tare_correction_beside(page->arena, item);

	tare_table_row(table,
		(struct tare_table_cell[]){{text_safe(page, item->case_name), NULL},
			{text_safe(page, item->metric.name), NULL},
			{ratio_text(page, item->ratio), NULL},
			{change_text(page, item), verdict_style(item->verdict)},
			{interval_text(page, item), NULL}, {mde_text(page, item->mde), TEXT_DIM},
			{tare_arena_printf(page->arena, "%zu", item->n), TEXT_DIM},
			{tare_verdict_name(item->verdict), verdict_style(item->verdict)}});
	if (note)
		tare_table_note(table, text_safe(page, note));
	if (beside)
		tare_table_note(table, text_safe(page, beside));
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
select_comparisons(const struct text_page *page, const struct tare_comparison_set *set)
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
write_title(const struct text_page *page, const struct tare_comparison_set *set)
{
	const char *base = text_safe(page, set->base_label);
	const char *head = text_safe(page, tare_set_head_label(set));

	fprintf(page->out, "\n%s", text_style(page, TEXT_BOLD));
	if (*base && *head)
		fprintf(page->out, "%s against %s", head, base);
	else if (*base)
		fprintf(page->out, "against %s", base);
	else
		fputs("comparison", page->out);
	fprintf(page->out, "%s\n", text_style(page, TEXT_RESET));
}

static void
write_environment_differences(const struct text_page *page, const struct tare_comparison_set *set)
{
	static const struct tare_table_column columns[] = {
		{.title = "fact"}, {.title = "base"}, {.title = "head"}};
	struct tare_table table;

	if (set->environment_difference_count == 0)
		return;
	fprintf(page->out, "%s", text_style(page, TEXT_RED));
	tare_display_wrapped(page->out,
		"WARNING: the two runs come from different environments; a verdict may be about "
		"the machine, not the program",
		0, page->width);
	fprintf(page->out, "%s", text_style(page, TEXT_RESET));
	tare_table_begin(&table, page->arena, columns, 3);
	for (size_t i = 0; i < set->environment_difference_count; i++) {
		const struct tare_fact_difference *fact = &set->environment_differences[i];

		tare_table_row(&table,
			(struct tare_table_cell[]){{text_safe(page, fact->key), NULL},
				{fact->base ? text_safe(page, fact->base) : "not recorded", NULL},
				{fact->head ? text_safe(page, fact->head) : "not recorded", NULL}});
	}
	tare_table_write(&table, page->out, 2, page->width, page->color);
	putc('\n', page->out);
}

static void
write_missing(const struct text_page *page, const struct tare_comparison_set *set, bool in_base)
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
				text_safe(page, set->missing[i].name));
	if (count > MISSING_MAX)
		fprintf(page->out, " and %zu more", count - MISSING_MAX);
	putc('\n', page->out);
}

static void
write_left_out(const struct text_page *page, const struct selection *selection)
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
	fprintf(page->out, "  %s", text_style(page, TEXT_DIM));
	tare_display_wrapped(page->out,
		tare_arena_printf(page->arena,
			"metrics that are not gated: %zu of %zu %s worse, %zu better",
			others[TARE_VERDICT_REGRESSION], selection->other_count,
			selection->other_count == 1 ? "comparison" : "comparisons",
			others[TARE_VERDICT_IMPROVEMENT]),
		2, page->width);
	fputs(text_style(page, TEXT_RESET), page->out);
}

static void
write_remark(const struct text_page *page, const char *text)
{
	if (!text)
		return;
	fprintf(page->out, "    %s", text_style(page, TEXT_DIM));
	tare_display_wrapped(page->out, text, 4, page->width);
	fputs(text_style(page, TEXT_RESET), page->out);
}

/* A single comparison needs no table: "head is 1.034x of base, +3.4 % [+2.5 %, +9.6 %]". */
static void
write_sentence(const struct text_page *page, const struct tare_comparison *item)
{
	const char *note = tare_comparison_note(page->arena, item);
	const char *verdict = verdict_style(item->verdict);

	fprintf(page->out, "  %s of %s: ", text_safe(page, item->metric.name),
		text_safe(page, item->head_label));
	if (isfinite(item->ratio))
		fprintf(page->out, "%.3fx of %s, ", item->ratio, text_safe(page, item->base_label));
	else
		fprintf(page->out, "against %s ", text_safe(page, item->base_label));
	fprintf(page->out, "%s %s  %s%s%s\n", change_text(page, item), interval_text(page, item),
		text_style(page, verdict ? verdict : ""), tare_verdict_name(item->verdict),
		text_style(page, TEXT_RESET));
	if (note)
		write_remark(page, text_safe(page, note));
	write_remark(page, tare_correction_beside(page->arena, item));
	write_remark(page, quiet_text(page, item));
}

static void
add_geomean(const struct text_page *page, struct tare_table *table,
	const struct tare_comparison_set *set)
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
				TEXT_BOLD},
			{"wall", NULL}, {ratio_text(page, set->geomean), NULL},
			{tare_arena_strdup(page->arena, change), NULL}, {interval, NULL}, {0}, {0},
			{0}});
	if (set->raw_geomean > 0)
		tare_table_note(
			table, tare_arena_printf(page->arena, "raw %s",
				       tare_ratio_text(page->arena, set->raw_geomean,
					       set->raw_geomean_low, set->raw_geomean_high)));
}

void
text_write_comparisons(const struct text_page *page, const struct tare_comparison_set *set)
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
		if (text_only_wall(page->input->run))
			tare_table_hide(&table, 1);
		tare_table_write(&table, page->out, 2, page->width, page->color);
	}
	write_left_out(page, &selection);
	write_missing(page, set, true);
	write_missing(page, set, false);
}
