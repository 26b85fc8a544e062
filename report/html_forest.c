#include <math.h>
#include <string.h>

#include "harness/base/units.h"
#include "report/html.h"

/* What a forest plot shows of a set: what counts for the gate. */
static bool
is_relevant(const struct tare_comparison *item)
{
	return html_has_values(item) && item->metric.gated;
}

struct forest {
	const struct tare_comparison **rows;
	size_t count;
	size_t relevant_count;
	size_t without_ratio;
	size_t watched; /* comparisons of metrics that are only watched */
	size_t watched_changed;
	struct html_axis axis;
};

static void
choose_rows(struct forest *forest, struct html *h, const struct tare_comparison_set *set)
{
	*forest = (struct forest){.rows = tare_comparisons_order(h->arena, set)};
	html_axis_begin(&forest->axis);
	for (size_t i = 0; i < set->item_count; i++) {
		const struct tare_comparison *item = forest->rows[i];

		if (html_has_values(item) && !item->metric.gated) {
			forest->watched++;
			forest->watched_changed += item->verdict == TARE_VERDICT_REGRESSION ||
						   item->verdict == TARE_VERDICT_IMPROVEMENT;
		}
		if (!is_relevant(item))
			continue;
		forest->relevant_count++;
		if (!html_strip_possible(item)) {
			forest->without_ratio++;
			continue;
		}
		if (forest->count == HTML_FOREST_MAX)
			continue;
		html_axis_cover(&forest->axis, item);
		forest->rows[forest->count++] = item;
	}
	html_axis_end(&forest->axis);
}

/* Raw and corrected stand side by side wherever one of them does. */
static void
write_other_side(struct html *h, const struct tare_comparison_correction *correction)
{
	char text[TARE_UNITS_TEXT_MAX];

	tare_change_format(text, sizeof(text),
		correction->decides ? correction->raw_ratio : correction->ratio);
	fputs(correction->decides ? "corrected; raw " : "raw; corrected ", h->out);
	html_text(h->out, text);
}

static void
write_row(struct html *h, const struct forest *forest, const struct tare_comparison *item)
{
	char interval[TARE_INTERVAL_TEXT_MAX];
	char text[TARE_UNITS_TEXT_MAX];
	size_t group;
	bool linked = html_group_find(&group, h, item);

	fputs("<tr role=row><th scope=row role=rowheader>", h->out);
	if (linked)
		fprintf(h->out, "<a href=\"#c%zu\" class=name>", group);
	else
		fputs("<span class=name>", h->out);
	html_text(h->out, item->case_name);
	fputs(linked ? "</a>" : "</span>", h->out);
	fputs("<span class=m>", h->out);
	html_text(h->out, item->metric.name);
	fputs(item->metric.better == TARE_HIGHER_IS_BETTER ? ", higher is better" : "", h->out);
	fputs(item->critical ? " \xc2\xb7 critical" : "", h->out);
	fputs("</span><td class=c role=cell>", h->out);
	tare_change_text(text, item);
	html_text(h->out, text);
	tare_interval_text(interval, item);
	fputs("<span class=m>", h->out);
	html_text(h->out, interval);
	fputs("</span>", h->out);
	if (item->correction) {
		fputs("<span class=m>", h->out);
		write_other_side(h, item->correction);
		fputs("</span>", h->out);
	}
	fputs("<td class=p role=cell>", h->out);
	html_strip_write(h->out, &forest->axis, item);
	fputs("<td class=w role=cell>", h->out);
	html_verdict(h->out, item->verdict, "v");
	fputs("\n", h->out);
}

static void
write_left_out(struct html *h, const struct forest *forest)
{
	size_t drawable = forest->relevant_count - forest->without_ratio;

	if (drawable > forest->count)
		fprintf(h->out,
			"<p class=note>The %zu most relevant of %zu comparisons are drawn; "
			"<a href=\"#metrics\">the table</a> has all of them.</p>\n",
			forest->count, drawable);
	if (forest->watched > 0)
		fprintf(h->out,
			"<p class=note>Drawn is what counts for the gate. Of %zu comparisons of "
			"metrics that are only watched, %zu changed; <a href=\"#metrics\">the "
			"table</a> has them.</p>\n",
			forest->watched, forest->watched_changed);
	if (forest->without_ratio > 0) {
		fputs("<p class=note>", h->out);
		html_count(h->out, forest->without_ratio, "comparison has", "comparisons have");
		fputs(" no ratio (zeros or negative values); see <a href=\"#metrics\">the "
		      "table</a>."
		      "</p>\n",
			h->out);
	}
}

/* "head against base", "against gzip" where several are compared with it. */
static void
write_versus(struct html *h, const struct tare_comparison_set *set)
{
	const char *head = tare_set_head_label(set);

	html_text(h->out, head);
	fputs(*head ? " against " : "Against ", h->out);
	html_text(h->out, set->base_label);
}

static void
write_plot(struct html *h, const struct forest *forest, const struct tare_comparison_set *set)
{
	FILE *out = h->out;

	html_strip_key(out);
	fputs("<div class=scroll><table class=forest role=table><caption>", out);
	write_versus(h, set);
	fputs(": change of each metric with its interval; regressions first, a line that is clear "
	      "of "
	      "the shaded margin is a real change</caption>\n"
	      "<thead role=rowgroup><tr role=row><th scope=col role=columnheader>Case and metric"
	      "<th scope=col role=columnheader class=c>Change"
	      "<th scope=col role=columnheader class=p><span class=away>Interval</span>",
		out);
	html_axis_write(out, &forest->axis);
	fputs("<th scope=col role=columnheader>Verdict<tbody role=rowgroup>\n", out);
	for (size_t i = 0; i < forest->count; i++)
		write_row(h, forest, forest->rows[i]);
	fputs("</table></div>\n", out);
}

/* "3.4 % longer", "2.6 times as long" */
static void
write_length(FILE *out, double ratio)
{
	if (ratio >= 2)
		fprintf(out, "%.3g times as long", ratio);
	else
		fprintf(out, "%.1f\xc2\xa0%% %s", 100 * fabs(ratio - 1),
			ratio < 1 ? "shorter" : "longer");
}

static void
write_geomean(struct html *h, const struct tare_comparison_set *set)
{
	FILE *out = h->out;

	if (!isfinite(set->geomean) || set->geomean_count < 2)
		return;
	fprintf(out, "<p>Over all %zu comparisons of wall time together, it is <strong>",
		set->geomean_count);
	write_length(out, set->geomean);
	fputs("</strong>", out);
	if (isfinite(set->geomean_low) && isfinite(set->geomean_high)) {
		fputs(" (between ", out);
		write_length(out, set->geomean_low);
		fputs(" and ", out);
		write_length(out, set->geomean_high);
		putc(')', out);
	}
	fputs(", as a geometric mean", out);
	if (set->raw_geomean > 0) {
		fputs(", corrected for the container; raw it is ", out);
		write_length(out, set->raw_geomean);
	}
	fputs(".</p>\n", out);
}

static void
write_missing(struct html *h, const struct tare_comparison_set *set)
{
	if (set->missing_count == 0)
		return;
	fputs("<details><summary>", h->out);
	html_count(h->out, set->missing_count, "case is", "cases are");
	fputs(" on one side only and not compared</summary><ul class=plain-list>\n", h->out);
	for (size_t i = 0; i < set->missing_count; i++) {
		fputs("<li><span class=name>", h->out);
		html_text(h->out, set->missing[i].name);
		fputs("</span>: only in ", h->out);
		html_text(h->out, set->missing[i].in_base ? set->base_label : set->head_label);
		fputs("\n", h->out);
	}
	fputs("</ul></details>\n", h->out);
}

static void
write_set(struct html *h, const struct tare_comparison_set *set)
{
	struct forest forest;

	choose_rows(&forest, h, set);
	fputs("<h3>", h->out);
	write_versus(h, set);
	fputs("</h3>\n", h->out);
	write_geomean(h, set);
	write_left_out(h, &forest);
	if (forest.count > 0)
		write_plot(h, &forest, set);
	write_missing(h, set);
}

void
html_write_comparisons(struct html *h)
{
	fputs("<section aria-labelledby=comparisons><h2 id=comparisons>Comparisons</h2>\n", h->out);
	html_strip_symbols(h->out);
	for (size_t i = 0; i < h->input->set_count; i++)
		if (h->input->sets[i].item_count > 0 || h->input->sets[i].missing_count > 0)
			write_set(h, &h->input->sets[i]);
	if (h->summary.gated_count + h->summary.other_count == 0)
		fputs("<p class=note>Nothing was compared: the suite has no variants and no "
		      "baseline was given.</p>\n",
			h->out);
	fputs("</section>\n", h->out);
}
