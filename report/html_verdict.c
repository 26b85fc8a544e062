#include <math.h>
#include <string.h>

#include "harness/base/units.h"
#include "report/correction.h"
#include "report/html.h"
#include "report/noise.h"
#include "report/plain.h"

/* How one verdict came about: its interval against the margin, the numbers, the looks that were
 * taken, and what would have been seen. */

static void
percent_fact(FILE *out, const char *term, double ratio)
{
	char text[TARE_UNITS_TEXT_MAX];

	if (!isfinite(ratio))
		return;
	snprintf(text, sizeof(text), "%.3g %%", ratio * 100);
	html_fact(out, term, text);
}

static void
value_fact(FILE *out, const char *term, double value, const char *unit)
{
	char text[TARE_UNITS_TEXT_MAX];

	tare_value_format(text, sizeof(text), value, unit);
	html_fact(out, term, text);
}

/* Change and interval stand beside the drawing already. */
static void
write_numbers(struct html *h, const struct tare_comparison *item)
{
	static const char *const methods[] = {
		[TARE_METHOD_PAIRED] = "pairs, signed ranks",
		[TARE_METHOD_UNPAIRED] = "two groups, ranks",
		[TARE_METHOD_DIFFERENCE] = "differences: zeros have no ratio",
		[TARE_METHOD_EXACT] = "exact: constants",
	};
	char interval[TARE_INTERVAL_TEXT_MAX];
	char text[64];

	tare_interval_text(interval, item);
	fputs("<dl class=facts>\n", h->out);
	if (!h->compact) {
		value_fact(h->out, "Base median", item->base_median, item->metric.unit);
		value_fact(h->out, "Head median", item->head_median, item->metric.unit);
	}
	snprintf(text, sizeof(text), "Interval (%.3g\xc2\xa0%%)", item->confidence * 100);
	html_fact(h->out, isfinite(item->confidence) ? text : "Interval", interval);
	if (!h->compact)
		percent_fact(h->out, "Margin", item->metric.margin);
	percent_fact(h->out, "Smallest change seen (MDE)", item->mde);
	if (item->base_n == item->head_n)
		snprintf(text, sizeof(text), "%zu", item->n);
	else
		snprintf(text, sizeof(text), "%zu and %zu", item->base_n, item->head_n);
	html_fact(h->out, item->method == TARE_METHOD_PAIRED ? "Pairs (n)" : "Samples (n)", text);
	percent_fact(h->out, "Chance that head is worse", item->superiority);
	if (isfinite(item->p_adjusted) && (!h->compact || item->p_adjusted < 1)) {
		snprintf(text, sizeof(text), item->p_adjusted < 0.0001 ? "< 0.0001" : "%.3g",
			item->p_adjusted);
		html_fact(h->out, "p for the gate (Holm)", text);
	}
	if (!h->compact)
		html_fact(h->out, "Method", methods[item->method]);
	if (item->undisturbed)
		html_fact(
			h->out, "Without disturbed samples", tare_undisturbed_text(h->arena, item));
	if (item->correction)
		html_fact(h->out, item->correction->decides ? "Not corrected" : "Corrected",
			tare_correction_beside(h->arena, item));
	fputs("</dl>\n", h->out);
}

static void
write_title(struct html *h, const struct tare_comparison *item)
{
	char change[TARE_UNITS_TEXT_MAX];

	tare_change_text(change, item);
	fputs("<p class=versus><strong>", h->out);
	html_text(h->out, item->head_label);
	fputs("</strong> against <strong>", h->out);
	html_text(h->out, item->base_label);
	fputs("</strong>: ", h->out);
	html_verdict(h->out, item->verdict, "v");
	putc(' ', h->out);
	html_text(h->out, change);
	fputs("</p>\n", h->out);
}

void
html_comparison_sentence(struct html *h, const struct tare_comparison *item)
{
	const char *text = tare_plain_sentence(h->arena, item);

	html_sentence(h->out, text);
	fputs(text[strlen(text) - 1] == '.' ? "" : ".", h->out);
}

static void
write_drawing(struct html *h, const struct tare_comparison *item)
{
	struct html_axis axis;

	if (!html_strip_possible(item))
		return;
	html_axis_begin(&axis);
	axis.plain = h->compact;
	html_axis_cover(&axis, item);
	html_axis_end(&axis);
	html_strip_write(h->out, &axis, item);
	html_axis_write(h->out, &axis);
}

void
html_verdict_write(struct html *h, const struct html_item *item, bool is_lead)
{
	const struct tare_comparison *comparison = item->comparison;
	const struct tare_run_case *head = html_head_case(h, comparison);

	fprintf(h->out, "<div class=\"verdict %s\">", html_verdict_class(comparison->verdict));
	if (!h->terse || !is_lead)
		write_title(h, comparison);
	if (!is_lead && comparison->metric.gated) {
		fputs("<p class=said>", h->out);
		html_comparison_sentence(h, comparison);
		fputs("</p>\n", h->out);
	}
	write_drawing(h, comparison);
	write_numbers(h, comparison);
	/* Looks are about what the run itself compared. */
	if (head && !item->across_runs)
		html_looks_write(h, head, comparison->head_metric, comparison->metric.margin);
	html_outlook_write(h, comparison, is_lead);
	fputs("</div>\n", h->out);
}
