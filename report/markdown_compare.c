/* What changed: the comparisons of one set. What a reviewer has to look at is a table that stands
 * open; the rest is folded away. */
#include <math.h>

#include "report/correction.h"
#include "report/markdown.h"
#include "report/summary.h"

static void
put_verdict(const struct markdown *md, const struct tare_comparison *item)
{
	const char *note = tare_comparison_note(md->arena, item);
	const char *mark = item->verdict == TARE_VERDICT_REGRESSION ? "**" : "";

	fprintf(md->piece, "%s%s%s", mark, tare_verdict_name(item->verdict), mark);
	if (note) {
		fputs(": ", md->piece);
		markdown_text(md, note);
	}
}

static void
put_interval(const struct markdown *md, const struct tare_comparison *item)
{
	char text[TARE_INTERVAL_TEXT_MAX];

	tare_interval_text(text, item);
	/* Of ratios it is numbers only; of differences it ends in the suite's unit. */
	if (item->method == TARE_METHOD_DIFFERENCE)
		markdown_text(md, text);
	else
		fputs(text, md->piece);
}

static void
write_comparison(struct markdown *md, const struct tare_comparison *item)
{
	const char *beside = tare_correction_beside(md->arena, item);
	char change[TARE_UNITS_TEXT_MAX];

	tare_change_text(change, item);
	markdown_begin(md);
	fputs("| ", md->piece);
	markdown_name(md, item->case_name);
	fputs(" | ", md->piece);
	markdown_name(md, item->metric.name);
	fputs(" | ", md->piece);
	markdown_value(md, item->base_median, item->metric.unit);
	fputs(" | ", md->piece);
	markdown_value(md, item->head_median, item->metric.unit);
	fputs(" | ", md->piece);
	markdown_text(md, change);
	fputs(" | ", md->piece);
	put_interval(md, item);
	fprintf(md->piece, " | %zu | ", item->n);
	put_verdict(md, item);
	if (beside) {
		fputs("; ", md->piece);
		markdown_text(md, beside);
	}
	fputs(" |\n", md->piece);
	markdown_end_entry(md);
}

/* A table's first lines; false where there is no room for it. */
static bool
write_comparison_titles(struct markdown *md)
{
	markdown_begin(md);
	fputs("| case | metric | base | head | change | 95 % interval | n | verdict |\n"
	      "|:--|:--|--:|--:|--:|:-:|--:|:--|\n",
		md->piece);
	return markdown_end(md);
}

typedef bool (*wanted_fn)(const struct tare_comparison *item);

static bool
is_notable(const struct tare_comparison *item)
{
	return item->metric.gated && item->verdict != TARE_VERDICT_NO_CHANGE;
}

static bool
is_unchanged(const struct tare_comparison *item)
{
	return item->metric.gated && item->verdict == TARE_VERDICT_NO_CHANGE;
}

static bool
is_side_note(const struct tare_comparison *item)
{
	return !item->metric.gated && (item->verdict == TARE_VERDICT_REGRESSION ||
					      item->verdict == TARE_VERDICT_IMPROVEMENT);
}

static size_t
count_wanted(const struct tare_comparison_set *set, wanted_fn wanted)
{
	size_t count = 0;

	for (size_t i = 0; i < set->item_count; i++)
		count += wanted(&set->items[i]);
	return count;
}

static void
write_comparison_table(struct markdown *md, const struct tare_comparison_set *set, wanted_fn wanted)
{
	const struct tare_comparison **items = tare_comparisons_order(md->arena, set);
	size_t remaining = count_wanted(set, wanted);

	if (remaining == 0 || !markdown_has_room(md, remaining))
		return;
	if (!write_comparison_titles(md)) {
		md->left_out += remaining;
		return;
	}
	for (size_t i = 0; i < set->item_count && remaining > 0; i++) {
		if (!wanted(items[i]))
			continue;
		if (!markdown_has_room(md, remaining))
			break;
		write_comparison(md, items[i]);
		remaining--;
	}
	markdown_closing(md, "\n");
}

static void
write_folded(struct markdown *md, const struct tare_comparison_set *set, wanted_fn wanted,
	const char *what)
{
	size_t count = count_wanted(set, wanted);

	if (count == 0)
		return;
	if (!markdown_fold(md, count,
		    tare_arena_printf(
			    md->arena, "%zu comparison%s %s", count, count == 1 ? "" : "s", what)))
		return;
	write_comparison_table(md, set, wanted);
	markdown_unfold(md);
}

static void
write_geomean(struct markdown *md, const struct tare_comparison_set *set)
{
	char change[TARE_UNITS_TEXT_MAX];
	char low[TARE_UNITS_TEXT_MAX];
	char high[TARE_UNITS_TEXT_MAX];

	if (set->geomean_count < 2 || !isfinite(set->geomean))
		return;
	tare_change_format(change, sizeof(change), set->geomean);
	tare_change_format(low, sizeof(low), set->geomean_low);
	tare_change_format(high, sizeof(high), set->geomean_high);
	markdown_begin(md);
	fprintf(md->piece, "Geometric mean of wall over %zu cases: %s", set->geomean_count, change);
	if (isfinite(set->geomean_low) && isfinite(set->geomean_high))
		fprintf(md->piece, " (%s to %s)", low, high);
	if (set->raw_geomean > 0)
		fprintf(md->piece, "; raw %s",
			tare_ratio_text(md->arena, set->raw_geomean, set->raw_geomean_low,
				set->raw_geomean_high));
	fputs(".\n\n", md->piece);
	markdown_end(md);
}

static void
write_differences(struct markdown *md, const struct tare_comparison_set *set)
{
	size_t count = set->environment_difference_count;

	if (count == 0)
		return;
	if (!markdown_has_room(md, count))
		return;
	markdown_begin(md);
	fputs("> **The two runs come from different environments**; a verdict may be about the "
	      "machine, not the program.\n>\n> | fact | base | head |\n> |:--|:--|:--|\n",
		md->piece);
	if (!markdown_end(md)) {
		md->left_out += count;
		return;
	}
	for (size_t i = 0; i < count && markdown_has_room(md, count - i); i++) {
		const struct tare_fact_difference *fact = &set->environment_differences[i];

		markdown_begin(md);
		fputs("> | ", md->piece);
		markdown_text(md, fact->key);
		fputs(" | ", md->piece);
		markdown_text(md, fact->base ? fact->base : "not recorded");
		fputs(" | ", md->piece);
		markdown_text(md, fact->head ? fact->head : "not recorded");
		fputs(" |\n", md->piece);
		markdown_end_entry(md);
	}
	markdown_closing(md, "\n");
}

static void
write_missing(struct markdown *md, const struct tare_comparison_set *set)
{
	size_t count = set->missing_count;

	if (count == 0)
		return;
	if (!markdown_fold(md, count,
		    tare_arena_printf(md->arena, "%zu case%s on one side only", count,
			    count == 1 ? "" : "s")))
		return;
	for (size_t i = 0; i < count && markdown_has_room(md, count - i); i++) {
		markdown_begin(md);
		fputs("- ", md->piece);
		markdown_name(md, set->missing[i].name);
		fprintf(md->piece, " only in the %s\n", set->missing[i].in_base ? "base" : "head");
		markdown_end_entry(md);
	}
	markdown_closing(md, "\n");
	markdown_unfold(md);
}

void
markdown_write_set(struct markdown *md, const struct tare_comparison_set *set)
{
	size_t entries = set->environment_difference_count + count_wanted(set, is_notable) +
			 count_wanted(set, is_unchanged) + count_wanted(set, is_side_note) +
			 set->missing_count;

	if (!markdown_has_room(md, entries))
		return;
	markdown_begin(md);
	markdown_name(md, tare_set_head_label(set));
	fputs(*tare_set_head_label(set) ? " against " : "Against ", md->piece);
	markdown_name(md, set->base_label && *set->base_label ? set->base_label : "base");
	fputs("\n\n", md->piece);
	markdown_end(md);
	write_differences(md, set);
	write_comparison_table(md, set, is_notable);
	write_geomean(md, set);
	write_folded(md, set, is_unchanged, "without change");
	write_folded(md, set, is_side_note, "that changed in metrics that are not gated");
	write_missing(md, set);
}
