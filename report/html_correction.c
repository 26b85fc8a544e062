#include <math.h>
#include <string.h>

#include "harness/base/units.h"
#include "report/correction.h"
#include "report/html.h"

/* What containers cost: comparisons raw and corrected on one axis, times on both sides, and the
 * calibrations that say so, dimension by dimension. */

enum { PAIRS_MAX = 40, ROWS_MAX = 300 };
/* The largest overhead that is none, as calibrations have it. */
static const double weight_margin = 0.01;

static void
begin_plot(FILE *out, const struct html_axis *axis, const char *caption, const char *what)
{
	fputs("<div class=scroll><table class=forest role=table><caption>", out);
	html_text(out, caption);
	fputs("</caption>\n<thead role=rowgroup><tr role=row><th scope=col role=columnheader>",
		out);
	html_text(out, what);
	fputs("<th scope=col role=columnheader class=c>Change"
	      "<th scope=col role=columnheader class=p><span class=away>Interval</span>",
		out);
	html_axis_write(out, axis);
	fputs("<th scope=col role=columnheader>Verdict<tbody role=rowgroup>\n", out);
}

struct row {
	const char *name;
	const char *remark;
	const char *change; /* "+98.3 %" */
	const char *range;
	const char *word; /* of the verdict */
	struct tare_comparison item;
};

static void
write_row(FILE *out, const struct html_axis *axis, const struct row *row)
{
	fputs("<tr role=row><th scope=row role=rowheader><span class=name>", out);
	html_text(out, row->name);
	fputs("</span><span class=m>", out);
	html_text(out, row->remark);
	fputs("</span><td class=c role=cell>", out);
	html_text(out, row->change);
	fputs("<span class=m>", out);
	html_text(out, row->range);
	fputs("</span><td class=p role=cell>", out);
	if (html_strip_possible(&row->item))
		html_strip_write_as(out, axis, &row->item, row->word);
	fprintf(out, "<td class=w role=cell><span class=\"v %s\">",
		html_verdict_class(row->item.verdict));
	html_text(out, row->word);
	fputs("</span>\n", out);
}

/* Fills what is drawn and told of a ratio. */
static void
fill_row(struct row *row, struct tare_arena *arena, double ratio, double low, double high)
{
	char text[TARE_UNITS_TEXT_MAX], ends[2][TARE_UNITS_TEXT_MAX];

	row->item.method = TARE_METHOD_PAIRED;
	row->item.ratio = ratio;
	row->item.ratio_low = low;
	row->item.ratio_high = high;
	tare_change_format(text, sizeof(text), ratio);
	row->change = tare_arena_strdup(arena, text);
	row->range = "";
	if (!isfinite(low) || !isfinite(high))
		return;
	tare_change_format(ends[0], sizeof(ends[0]), low);
	tare_change_format(ends[1], sizeof(ends[1]), high);
	row->range = tare_arena_printf(arena, "[%s, %s]", ends[0], ends[1]);
}

/* Two rows a comparison: as measured, and with the container's weight taken off. */
static void
fill_pair(struct row pair[2], struct html *h, const struct tare_comparison *item)
{
	const struct tare_comparison_correction *correction = item->correction;

	for (int i = 0; i < 2; i++) {
		pair[i] = (struct row){.name = item->case_name, .item = *item};
		pair[i].item.verdict = i == 0 ? correction->raw_verdict : correction->verdict;
		pair[i].word = tare_verdict_name(pair[i].item.verdict);
		pair[i].remark = tare_arena_printf(
			h->arena, "%s, against %s", i == 0 ? "raw" : "corrected", item->base_label);
	}
	fill_row(&pair[0], h->arena, correction->raw_ratio, correction->raw_low,
		correction->raw_high);
	fill_row(&pair[1], h->arena, correction->ratio, correction->low, correction->high);
}

static size_t
gather_pairs(struct row pairs[][2], struct html *h, struct html_axis *axis)
{
	size_t count = 0;

	for (size_t i = 0; i < h->input->set_count; i++) {
		const struct tare_comparison_set *set = &h->input->sets[i];

		for (size_t k = 0; k < set->item_count && count < PAIRS_MAX; k++) {
			if (!set->items[k].correction || !isfinite(set->items[k].ratio))
				continue;
			fill_pair(pairs[count], h, &set->items[k]);
			html_axis_cover(axis, &pairs[count][0].item);
			html_axis_cover(axis, &pairs[count][1].item);
			count++;
		}
	}
	return count;
}

static void
write_pairs(struct html *h)
{
	struct row(*pairs)[2] = tare_arena_alloc(h->arena, PAIRS_MAX, sizeof(*pairs));
	struct html_axis axis;
	size_t count;

	html_axis_begin(&axis);
	count = gather_pairs(pairs, h, &axis);
	html_axis_end(&axis);
	if (count == 0)
		return;
	begin_plot(h->out, &axis,
		"Wall time as it was measured, which has the container in it, and corrected, which "
		"is what the host would take; the corrected interval carries what the calibration "
		"leaves uncertain",
		"Case");
	for (size_t i = 0; i < count; i++) {
		write_row(h->out, &axis, &pairs[i][0]);
		write_row(h->out, &axis, &pairs[i][1]);
	}
	fputs("</table></div>\n", h->out);
}

/* Its interval on a line of its own, so that a phone shows both sides. */
static void
write_span(struct html *h, const struct tare_span *span)
{
	const char *text = isnan(span->estimate) ? "" : tare_span_text(h->arena, span);
	const char *interval = strchr(text, '[');

	fputs("<td>", h->out);
	if (!interval) {
		html_text(h->out, text);
		return;
	}
	html_text(h->out, tare_arena_strndup(h->arena, text, (size_t)(interval - text)));
	fputs("<br>", h->out);
	html_text(h->out, interval);
}

static void
write_times(struct html *h, const struct tare_run *run, const struct tare_correction *correction)
{
	size_t rows = 0;

	fputs("<div class=scroll><table class=cost><caption>Medians of wall time in containers, "
	      "raw and corrected</caption><thead><tr><th scope=col>In a container<th "
	      "scope=col>Raw<th scope=col>Corrected<th scope=col><tbody>\n",
		h->out);
	for (size_t i = 0; i < correction->case_count && rows < ROWS_MAX; i++) {
		const struct tare_corrected *one = &correction->cases[i];

		if (!one->inside || isnan(one->raw.estimate))
			continue;
		rows++;
		fputs("<tr><th scope=row>", h->out);
		html_text(h->out, run->cases[i].name);
		write_span(h, &one->raw);
		write_span(h, &one->host);
		fputs("<td>", h->out);
		html_text(h->out, tare_correction_remark(one));
		putc('\n', h->out);
	}
	fputs("</table></div>\n", h->out);
}

/* How times were corrected, or why none was. */
static void
write_rules(struct html *h, const struct tare_correction *correction)
{
	const char *rules[TARE_CORRECTION_RULES_MAX];
	const char *refusal = tare_correction_refusal(h->arena, correction);
	size_t count = tare_correction_rules(rules, h->arena, correction);

	if (refusal) {
		fputs("<p>", h->out);
		html_sentence(h->out, refusal);
		fputs(".</p>\n", h->out);
	}
	for (size_t i = 0; i < count; i++) {
		fputs("<p>Wall time corrected ", h->out);
		html_text(h->out, rules[i]);
		fputs(".</p>\n", h->out);
	}
}

static void
write_correction(
	struct html *h, const struct tare_run *run, const struct tare_correction *correction)
{
	if (!correction || correction->corrected_count == 0)
		return;
	write_times(h, run, correction);
	fputs("<p class=note>", h->out);
	html_sentence(h->out, tare_correction_scope(h->arena, run, correction));
	fputs(".</p>\n", h->out);
}

/* In the colours of verdicts, which mean the same for what is wanted and what is not. */
static enum tare_verdict
colour_of(const char *verdict)
{
	if (strcmp(verdict, "overhead") == 0)
		return TARE_VERDICT_REGRESSION;
	if (strcmp(verdict, "benefit") == 0)
		return TARE_VERDICT_IMPROVEMENT;
	return strcmp(verdict, "equivalent") == 0 ? TARE_VERDICT_NO_CHANGE
						  : TARE_VERDICT_INCONCLUSIVE;
}

static void
fill_dimension(struct row *row, struct html *h, const struct tare_weight *weight)
{
	const struct tare_span *overhead = &weight->overhead;

	*row = (struct row){.name = weight->name,
		.change = "",
		.range = "",
		.word = weight->verdict,
		.remark = weight->probe,
		.item = {.verdict = colour_of(weight->verdict),
			.ratio = NAN,
			.metric = {.margin = weight_margin}}};
	if (isfinite(weight->resolution))
		row->remark = tare_arena_printf(h->arena, "%s; A/A %.2f\xc2\xa0%%", weight->probe,
			100 * weight->resolution);
	if (isfinite(overhead->estimate))
		fill_row(row, h->arena, 1 + overhead->estimate, 1 + overhead->low,
			1 + overhead->high);
}

static void
write_weights(struct html *h, const struct tare_weights *weights)
{
	struct row *rows = tare_arena_alloc(h->arena, weights->dimension_count, sizeof(*rows));
	struct html_axis axis;

	html_axis_begin(&axis);
	for (size_t i = 0; i < weights->dimension_count; i++) {
		fill_dimension(&rows[i], h, &weights->dimensions[i]);
		if (html_strip_possible(&rows[i].item))
			html_axis_cover(&axis, &rows[i].item);
	}
	html_axis_end(&axis);
	fputs("<h3>Calibration <span class=name>", h->out);
	html_text(h->out, weights->id);
	fputs("</span></h3>\n", h->out);
	begin_plot(h->out, &axis,
		"What a container costs by kind of work: small programs in it against the same on "
		"the host; the shaded part is no cost",
		"Dimension and its probe");
	for (size_t i = 0; i < weights->dimension_count; i++)
		write_row(h->out, &axis, &rows[i]);
	fputs("</table></div>\n<p class=note>", h->out);
	html_text(h->out, tare_weights_rule);
	fputs("</p>\n", h->out);
	if (weights->why_not) {
		fputs("<p>No correction with this calibration: ", h->out);
		html_text(h->out, weights->why_not);
		fputs(".</p>\n", h->out);
	}
}

/* Each once, although both runs may have been corrected by it. */
static void
write_calibrations(struct html *h)
{
	const struct tare_correction *all[] = {
		h->input->correction, h->input->base ? h->input->base_correction : NULL};

	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; all[i] && k < all[i]->calibration_count; k++) {
			const struct tare_weights *one = all[i]->calibrations[k];
			bool known = false;

			for (size_t m = 0; i > 0 && all[0] && m < all[0]->calibration_count; m++)
				known |= strcmp(all[0]->calibrations[m]->id, one->id) == 0;
			if (!known)
				write_weights(h, one);
		}
	}
}

bool
html_has_correction(const struct html *h)
{
	const struct tare_correction *head = h->input->correction;
	const struct tare_correction *base = h->input->base ? h->input->base_correction : NULL;

	return h->input->weights || (head && (head->corrected_count > 0 || head->refusal)) ||
	       (base && (base->corrected_count > 0 || base->refusal));
}

void
html_write_correction(struct html *h)
{
	if (!html_has_correction(h))
		return;
	fputs("<section aria-labelledby=container><h2 id=container>What the container "
	      "costs</h2>\n",
		h->out);
	write_rules(h, h->input->correction);
	if (h->input->base)
		write_rules(h, h->input->base_correction);
	write_pairs(h);
	write_correction(h, h->run, h->input->correction);
	if (h->input->base)
		write_correction(h, h->input->base, h->input->base_correction);
	if (h->input->weights)
		write_weights(h, h->input->weights);
	write_calibrations(h);
	fputs("</section>\n", h->out);
}
