#include <math.h>
#include <string.h>

#include "harness/base/units.h"
#include "report/html.h"

/* One row for each comparison and for each metric of a case that nothing is compared with. There
 * can be tens of thousands: closing tags that HTML lets out are let out, and the script sorts by
 * the text of the cells, whose units it knows. */

struct table {
	struct html *h;
	bool compared; /* columns of a comparison */
	bool labelled; /* several things are compared with: a column says which */
};

static void
write_name(struct html *h, size_t group, const char *name)
{
	if (group < HTML_SECTIONS_MAX) {
		fprintf(h->out, "<th scope=row><a href=#c%zu>", group);
		html_text(h->out, name);
		fputs("</a>", h->out);
	} else {
		fputs("<th scope=row>", h->out);
		html_text(h->out, name);
	}
}

static void
write_value_cell(FILE *out, double value, const char *unit)
{
	fputs("<td>", out);
	if (isfinite(value))
		html_value(out, value, unit);
	else
		fputs("\xe2\x80\x93", out);
}

static void
write_comparison_row(const struct table *table, const struct html_group *group,
	const struct tare_comparison *item)
{
	FILE *out = table->h->out;
	char interval[TARE_INTERVAL_TEXT_MAX];
	char change[TARE_UNITS_TEXT_MAX];

	tare_change_text(change, item);
	tare_interval_text(interval, item);
	fputs("<tr>", out);
	write_name(table->h, (size_t)(group - table->h->groups), item->case_name);
	html_cell(out, NULL, item->metric.name);
	if (table->labelled)
		html_cell(out, NULL, item->base_label);
	write_value_cell(out, item->base_median, item->metric.unit);
	write_value_cell(out, item->head_median, item->metric.unit);
	html_cell(out, NULL, change);
	html_cell(out, NULL, interval);
	fprintf(out, "<td class=\"v %s\">%s<td>%zu\n", html_verdict_class(item->verdict),
		tare_verdict_name(item->verdict), item->n);
}

static void
write_plain_interval(FILE *out, const struct tare_figures *figures, const char *unit)
{
	fputs("<td>", out);
	if (isfinite(figures->low) && isfinite(figures->high)) {
		html_value(out, figures->low, unit);
		fputs(" to ", out);
		html_value(out, figures->high, unit);
	} else {
		fputs("\xe2\x80\x93", out);
	}
}

/* Where another run is the base, all of this one is head. */
static bool
is_base_of_group(
	const struct html *h, const struct html_group *group, const struct tare_run_case *subject)
{
	return !h->input->base && group->case_count > 1 &&
	       subject == &h->run->cases[group->first_case];
}

static void
write_plain_row(const struct table *table, const struct html_group *group,
	const struct tare_run_case *subject, size_t metric)
{
	FILE *out = table->h->out;
	bool is_base = is_base_of_group(table->h, group, subject);
	struct tare_figures figures;

	tare_figures_read(&figures, table->h->values, subject, metric);
	if (figures.n == 0)
		return;
	fputs("<tr>", out);
	write_name(table->h, (size_t)(group - table->h->groups), subject->name);
	html_cell(out, NULL, subject->metrics[metric].name);
	if (table->compared) {
		fputs(table->labelled ? "<td>\xe2\x80\x93" : "", out);
		write_value_cell(
			out, is_base ? figures.median : NAN, subject->metrics[metric].unit);
		write_value_cell(
			out, is_base ? NAN : figures.median, subject->metrics[metric].unit);
		fputs("<td>\xe2\x80\x93<td>\xe2\x80\x93<td class=\"v v-n\">not "
		      "compared",
			out);
	} else {
		write_value_cell(out, figures.median, subject->metrics[metric].unit);
		write_plain_interval(out, &figures, subject->metrics[metric].unit);
		write_value_cell(out, figures.min, subject->metrics[metric].unit);
		write_value_cell(out, figures.max, subject->metrics[metric].unit);
	}
	fprintf(out, "<td>%zu\n", figures.n);
}

/* Whether a comparison shows the metric of the case, as its head or as the base of its group. */
static bool
is_compared(const struct html_group *group, size_t case_index, size_t metric)
{
	for (size_t i = 0; i < group->item_count; i++) {
		const struct html_item *item = &group->items[i];
		const struct tare_comparison *comparison = item->comparison;

		if (comparison->head_case == case_index && comparison->head_metric == metric)
			return true;
		if (!item->across_runs && comparison->base_case == case_index &&
			comparison->base_metric == metric)
			return true;
	}
	return false;
}

/* On pages of very many cases what is only watched is worth its row where it changed. */
static bool
deserves_row(const struct html *h, const struct tare_comparison *item)
{
	return !h->terse || item->metric.gated || item->verdict == TARE_VERDICT_REGRESSION ||
	       item->verdict == TARE_VERDICT_IMPROVEMENT;
}

static void
write_group(const struct table *table, const struct html_group *group)
{
	for (size_t i = 0; i < group->item_count; i++)
		if (deserves_row(table->h, group->items[i].comparison))
			write_comparison_row(table, group, group->items[i].comparison);
	for (size_t c = 0; c < group->case_count; c++) {
		size_t index = group->first_case + c;
		const struct tare_run_case *subject = &table->h->run->cases[index];

		for (size_t m = 0; m < subject->samples.metric_count && m < subject->metric_count;
			m++)
			if (!is_compared(group, index, m) &&
				(!table->h->terse || tare_metric_is_shown(subject->metrics, m)))
				write_plain_row(table, group, subject, m);
	}
}

static bool
has_several_bases(const struct html *h)
{
	const char *first = NULL;

	for (size_t g = 0; g < h->group_count; g++) {
		for (size_t i = 0; i < h->groups[g].item_count; i++) {
			const char *label = h->groups[g].items[i].comparison->base_label;

			if (!first)
				first = label;
			if (first && label && strcmp(first, label) != 0)
				return true;
		}
	}
	return false;
}

static void
write_controls(const struct table *table)
{
	FILE *out = table->h->out;

	fputs("<div class=controls id=grid-controls role=group aria-label=\"Filter the table\" "
	      "hidden>"
	      "<label>Containing<input type=search data-filter=text "
	      "placeholder=\"words of a case or a value\"></label>"
	      "<label>Metric<select data-filter=metric><option value=\"\">all</select></label>",
		out);
	if (table->compared) {
		fputs("<label>Verdict<select data-filter=verdict><option value=\"\">all", out);
		for (int v = 0; v < TARE_VERDICT_COUNT; v++)
			fprintf(out, "<option value=%s>%s",
				html_verdict_class((enum tare_verdict)v),
				tare_verdict_name((enum tare_verdict)v));
		fputs("</select></label>", out);
	}
	fputs("<output aria-live=polite></output>"
	      "<button type=button class=plain hidden>Show all</button></div>\n",
		out);
}

static void
write_header(const struct table *table)
{
	FILE *out = table->h->out;

	fputs("<div class=\"scroll far\" tabindex=0 role=region aria-label=\"All metrics of all "
	      "cases\"><table id=grid class=\"",
		out);
	fputs(table->labelled ? "grid wide\"><caption>" : "grid\"><caption>", out);
	fputs(table->compared
			? "Medians of every metric and case, the change from base to head, and "
			  "its interval"
			: "Medians of every metric and case with their 95 % intervals",
		out);
	fputs("</caption><thead><tr><th scope=col>Case<th scope=col>Metric", out);
	if (table->compared)
		fprintf(out,
			"%s<th scope=col data-n>Base<th scope=col data-n>Head"
			"<th scope=col data-n>Change<th scope=col>Interval"
			"<th scope=col class=w>Verdict<th scope=col data-n>n",
			table->labelled ? "<th scope=col>Compared with" : "");
	else
		fputs("<th scope=col data-n>Median<th scope=col data-n>Interval"
		      "<th scope=col data-n>Smallest<th scope=col data-n>Largest"
		      "<th scope=col data-n>n",
			out);
	fputs("<tbody>\n", out);
}

void
html_write_table(struct html *h)
{
	struct table table = {
		.h = h,
		.compared = h->summary.gated_count + h->summary.other_count > 0,
		.labelled = has_several_bases(h),
	};

	fputs("<section aria-labelledby=metrics><h2 id=metrics>Metrics</h2>\n"
	      "<p class=note>One line for each metric of each case; n counts what the verdict "
	      "rests on.",
		h->out);
	if (h->terse)
		fputs(" With so many cases, metrics that are only watched and did not change are "
		      "left out; the json and csv reports have them.",
			h->out);
	fputs("</p>\n", h->out);
	write_controls(&table);
	write_header(&table);
	for (size_t g = 0; g < h->group_count; g++)
		write_group(&table, &h->groups[g]);
	fputs("</table></div></section>\n", h->out);
}
