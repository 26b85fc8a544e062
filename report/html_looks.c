#include <math.h>

#include "harness/base/units.h"
#include "report/html.h"

/* Look by look: what adaptive measuring saw each time it asked whether it may stop. A drawing of
 * the intervals over the pairs, and the same as a table. Positions are percentages, so that marks
 * keep their shape on any screen. */

enum {
	TELL_MAX = 8,  /* looks that are named one by one where they are told */
	TABLE_MAX = 60 /* rows; the drawing has all */
};

/* The looks at one metric of one case. */
struct looks {
	const struct tare_case_look **items;
	size_t count;
	double margin; /* log ratio; 0: nothing is compared */
	double unit;   /* what values are drawn relative to; 1 for ratios */
	struct html_axis axis;
	uint32_t pairs_max;
};

static void
gather(struct looks *looks, struct html *h, const struct tare_run_case *subject, size_t metric)
{
	looks->items = tare_arena_alloc(
		h->arena, subject->look_count, sizeof(const struct tare_case_look *));
	for (size_t i = 0; i < subject->look_count; i++) {
		const struct tare_case_look *look = &subject->looks[i];

		if (look->metric != metric)
			continue;
		looks->items[looks->count++] = look;
		if (look->pairs > looks->pairs_max)
			looks->pairs_max = look->pairs;
	}
}

static const struct tare_case_look *
last_of(const struct looks *looks)
{
	return looks->items[looks->count - 1];
}

static double
log_of(const struct looks *looks, double value)
{
	return log(value / looks->unit);
}

/* What is compared by differences has no place on an axis of ratios. */
static bool
can_be_drawn(const struct looks *looks)
{
	bool ratios = last_of(looks)->logs || !last_of(looks)->compared;

	return looks->count > 1 && ratios && isfinite(log_of(looks, last_of(looks)->estimate));
}

/* The first intervals may be so wide that they would flatten the rest: they are cut off. */
static void
choose_axis(struct looks *looks)
{
	const struct tare_case_look *last = last_of(looks);
	double middle = log_of(looks, last->estimate);
	double half = fmax(log_of(looks, last->high) - middle, middle - log_of(looks, last->low));
	double reach = fmax(isfinite(half) ? 3 * half : 0, 2 * looks->margin) + 0.005;

	html_axis_begin(&looks->axis);
	html_axis_include(&looks->axis, -1.4 * looks->margin);
	html_axis_include(&looks->axis, 1.4 * looks->margin);
	for (size_t i = 0; i < looks->count; i++) {
		const struct tare_case_look *look = looks->items[i];

		html_axis_include(&looks->axis,
			fmax(fmin(log_of(looks, look->estimate), middle + reach), middle - reach));
		html_axis_include(&looks->axis, fmax(log_of(looks, look->low), middle - reach));
		html_axis_include(&looks->axis, fmin(log_of(looks, look->high), middle + reach));
	}
	html_axis_end(&looks->axis);
}

static double
x_of(const struct looks *looks, const struct tare_case_look *look)
{
	return 3 + 93.0 * look->pairs / looks->pairs_max;
}

static double
y_of(const struct looks *looks, double log_ratio)
{
	const struct html_axis *axis = &looks->axis;

	return fmax(0, fmin(100, 100 * (axis->high - log_ratio) / (axis->high - axis->low)));
}

static void
write_frame(FILE *out, const struct looks *looks)
{
	const struct html_axis *axis = &looks->axis;

	if (looks->margin > 0)
		fprintf(out, "<rect class=band y=\"%.1f%%\" width=\"100%%\" height=\"%.1f%%\"/>",
			y_of(looks, looks->margin),
			y_of(looks, -looks->margin) - y_of(looks, looks->margin));
	for (size_t i = 0; i < axis->tick_count; i++)
		fprintf(out, "<line class=%s x2=\"100%%\" y1=\"%.1f%%\" y2=\"%.1f%%\"/>",
			fabs(axis->ticks[i]) < 1e-9 ? "zero" : "tick", y_of(looks, axis->ticks[i]),
			y_of(looks, axis->ticks[i]));
}

static void
write_look(FILE *out, const struct looks *looks, const struct tare_case_look *look)
{
	const char *class = html_verdict_class(look->verdict);
	double x = x_of(looks, look);
	double low = log_of(looks, look->low);
	double high = log_of(looks, look->high);

	if (!isfinite(look->estimate))
		return;
	fprintf(out, "<g class=%s>", class);
	if (isfinite(low) && isfinite(high))
		fprintf(out,
			"<line class=ci x1=\"%.1f%%\" x2=\"%.1f%%\" y1=\"%.1f%%\" y2=\"%.1f%%\"/>",
			x, x, y_of(looks, high), y_of(looks, low));
	fprintf(out, "<use class=mark href=\"#m-%s\" x=\"%.1f%%\" y=\"%.1f%%\"/></g>", class, x,
		y_of(looks, log_of(looks, look->estimate)));
}

/* Numbers of pairs below, as many as have room. */
static void
write_pairs(FILE *out, const struct looks *looks)
{
	double free_from = 0;

	fputs("<svg class=\"strip axis\" aria-hidden=true>", out);
	for (size_t i = 0; i < looks->count; i++) {
		double x = x_of(looks, looks->items[i]);

		if (x < free_from && i + 1 < looks->count)
			continue;
		if (x < free_from)
			break;
		fprintf(out, "<text x=\"%.1f%%\" y=\"80%%\">%u</text>", x, looks->items[i]->pairs);
		free_from = x + 7;
	}
	fputs("</svg>", out);
}

static void
write_drawing(struct html *h, struct looks *looks, const char *metric)
{
	const struct html_axis *axis = &looks->axis;
	FILE *out = h->out;

	choose_axis(looks);
	fputs("<div class=\"plot look-plot\"><svg class=y-axis aria-hidden=true>", out);
	for (size_t i = 0; i < axis->tick_count; i++) {
		fprintf(out, "<text x=\"100%%\" y=\"%.1f%%\" dy=\"0.3em\">",
			y_of(looks, axis->ticks[i]));
		html_axis_label(out, axis, axis->ticks[i]);
		fputs("</text>", out);
	}
	fputs("</svg><div><svg class=looks role=img><title>", out);
	html_text(out, metric);
	fprintf(out, ": the interval at each of %zu looks, over the number of pairs</title>",
		looks->count);
	write_frame(out, looks);
	for (size_t i = 0; i < looks->count; i++)
		write_look(out, looks, looks->items[i]);
	fputs("</svg>", out);
	write_pairs(out, looks);
	fputs("</div></div>", out);
}

static void
write_amount(FILE *out, const struct tare_case_look *look, double value, const char *unit)
{
	char text[TARE_UNITS_TEXT_MAX];

	if (!isfinite(value)) {
		fputs("\xe2\x80\x93", out);
		return;
	}
	if (look->logs) {
		tare_change_format(text, sizeof(text), value);
		html_text(out, text);
	} else {
		html_value(out, value, unit);
	}
}

static void
write_row(FILE *out, const struct tare_case_look *look, const char *unit)
{
	fprintf(out, "<tr><th scope=row>%u%s<td>", look->pairs,
		look->phase > 0 ? " (confirming)" : "");
	write_amount(out, look, look->estimate, unit);
	fputs("<td>", out);
	if (isfinite(look->low) && isfinite(look->high)) {
		write_amount(out, look, look->low, unit);
		fputs(" to ", out);
		write_amount(out, look, look->high, unit);
	} else {
		fputs("too few for one", out);
	}
	if (look->compared)
		fprintf(out, "<td>%.4g\xc2\xa0%%<td>%.2g\xc2\xa0%%<td>%s",
			100 * (1 - look->boundary), 100 * look->alpha_spent,
			tare_verdict_name(look->verdict));
	fputs("<td>", out);
	html_text(
		out, look->decision == TARE_STOP_NOT ? "go on" : tare_stop_reason(look->decision));
}

static void
write_table(struct html *h, const struct looks *looks, const char *unit)
{
	bool compared = last_of(looks)->compared;
	size_t first = looks->count > TABLE_MAX ? looks->count - TABLE_MAX : 0;

	fprintf(h->out,
		"<details class=more><summary>The looks in figures</summary>\n<div "
		"class=scroll-small><table class=small aria-label=\"Look by look\"><tr>"
		"<th scope=col>%s<th scope=col>%s<th scope=col>Interval%s<th scope=col>So",
		compared ? "Pairs" : "Invocations", compared ? "Change" : "Median",
		compared ? "<th scope=col>Certainty asked for<th scope=col>Risk of error spent"
			   "<th scope=col>It says"
			 : "");
	for (size_t i = first; i < looks->count; i++)
		write_row(h->out, looks->items[i], unit);
	fputs("</table></div>", h->out);
	if (first > 0)
		fprintf(h->out, "<p class=note>The last %d of %zu.</p>", TABLE_MAX, looks->count);
	fputs("</details>\n", h->out);
}

/* "3 looks, after 6, 9 and 12 pairs" */
static void
write_told(FILE *out, const struct looks *looks)
{
	size_t told = looks->count < TELL_MAX ? looks->count : TELL_MAX;
	bool compared = last_of(looks)->compared;

	html_count(out, looks->count, "look", "looks");
	fputs(", after ", out);
	for (size_t i = 0; i < told; i++)
		fprintf(out, "%s%u",
			i == 0                                          ? ""
			: i + 1 == looks->count && told == looks->count ? " and "
									: ", ",
			looks->items[i]->pairs);
	if (told < looks->count)
		fprintf(out, " ... %u", last_of(looks)->pairs);
	fputs(compared ? " pairs" : " invocations", out);
	if (last_of(looks)->decision != TARE_STOP_NOT)
		fprintf(out, "; then it stopped: %s", tare_stop_reason(last_of(looks)->decision));
}

void
html_looks_write(struct html *h, const struct tare_run_case *subject, size_t metric, double margin)
{
	struct looks looks = {.margin = margin > 0 ? log1p(margin) : 0, .unit = 1, .pairs_max = 1};

	gather(&looks, h, subject, metric);
	if (looks.count == 0)
		return;
	if (!last_of(&looks)->logs)
		looks.unit = last_of(&looks)->estimate;
	fputs("<p class=how>Look by look: ", h->out);
	write_told(h->out, &looks);
	if (!h->compact && last_of(&looks)->compared)
		fputs(". Who looks often is often fooled by chance, so the first looks ask for "
		      "more "
		      "certainty than the last: their intervals are wider",
			h->out);
	fputs(".</p>\n", h->out);
	if (h->terse)
		return;
	if (can_be_drawn(&looks))
		write_drawing(h, &looks, subject->metrics[metric].name);
	if (!h->compact)
		write_table(h, &looks, subject->metrics[metric].unit);
}
