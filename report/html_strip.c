#include <math.h>
#include <string.h>

#include "harness/base/units.h"
#include "report/html.h"

/* Marks are drawn in percent of the width, so that text and marks keep their size on any screen. */

bool
html_strip_possible(const struct tare_comparison *item)
{
	double ratio = tare_comparison_change(item).ratio;

	return isfinite(ratio) && ratio > 0;
}

void
html_strip_symbols(FILE *out)
{
	fputs("<svg width=0 height=0 aria-hidden=true class=away><defs>"
	      "<path id=m-v-r d=\"M0-7 7 0 0 7-7 0z\"/>"
	      "<circle id=m-v-i r=5.5 />"
	      "<rect id=m-v-n x=-4 y=-4 width=8 height=8 />"
	      "<circle id=m-v-q r=5 />"
	      "<path id=m-left d=\"M0-5-7 0 0 5z\"/><path id=m-right d=\"M0-5 7 0 0 5z\"/>"
	      "</defs></svg>\n",
		out);
}

void
html_strip_key(FILE *out)
{
	fputs("<ul class=key aria-label=\"How to read the drawing\">", out);
	for (int v = 0; v < TARE_VERDICT_COUNT; v++)
		fprintf(out,
			"<li class=\"%s\"><svg aria-hidden=true><use class=mark href=\"#m-%s\" "
			"x=\"50%%\" y=\"50%%\"/></svg> %s",
			html_verdict_class((enum tare_verdict)v),
			html_verdict_class((enum tare_verdict)v),
			tare_verdict_name((enum tare_verdict)v));
	fputs("<li><svg aria-hidden=true><rect class=band width=\"100%\" height=\"100%\"/></svg> "
	      "margin: changes in here do not matter</ul>\n",
		out);
}

void
html_axis_begin(struct html_axis *axis)
{
	*axis = (struct html_axis){0};
}

void
html_axis_include(struct html_axis *axis, double log_ratio)
{
	if (!isfinite(log_ratio))
		return;
	axis->low = fmin(axis->low, log_ratio);
	axis->high = fmax(axis->high, log_ratio);
}

static double
margin_of(const struct tare_comparison *item)
{
	return isfinite(item->metric.margin) && item->metric.margin > 0 ? log1p(item->metric.margin)
									: 0;
}

void
html_axis_cover(struct html_axis *axis, const struct tare_comparison *item)
{
	struct tare_change change = tare_comparison_change(item);
	double ratio = log(change.ratio);
	double margin = margin_of(item);
	/* An interval far wider than its distance from nothing is cut, with an arrow: one noisy row
	 * must not flatten all the others. */
	double reach = fmax(2.5 * fabs(ratio), 4 * margin) + 0.01;

	html_axis_include(axis, -1.4 * margin);
	html_axis_include(axis, 1.4 * margin);
	html_axis_include(axis, ratio);
	html_axis_include(axis, fmax(log(change.low), -reach));
	html_axis_include(axis, fmin(log(change.high), reach));
}

static double
nice_step(double width)
{
	double power = pow(10, floor(log10(width)));
	double share = width / power;

	if (share <= 1)
		return power;
	if (share <= 2)
		return 2 * power;
	return share <= 5 ? 5 * power : 10 * power;
}

/* Round percentages, or doublings where the axis is wide. */
static void
find_ticks(struct html_axis *axis)
{
	double width = axis->high - axis->low;
	double low;

	axis->tick_count = 0;
	axis->doublings = width > 1.2;
	axis->step = axis->doublings ? fmax(1, ceil(width / M_LN2 / 6)) : nice_step(width / 6);
	low = axis->doublings ? axis->low / M_LN2 : expm1(axis->low);
	for (double k = ceil(low / axis->step); axis->tick_count < HTML_TICKS_MAX; k++) {
		double at = axis->doublings ? k * axis->step * M_LN2 : log1p(k * axis->step);

		if (!(at <= axis->high))
			break;
		axis->ticks[axis->tick_count++] = at;
	}
}

void
html_axis_end(struct html_axis *axis)
{
	double room = fmax(axis->high - axis->low, 0.002) * 0.06;

	axis->low -= room;
	axis->high += room;
	find_ticks(axis);
}

static double
percent_at(const struct html_axis *axis, double log_ratio)
{
	return 100 * (log_ratio - axis->low) / (axis->high - axis->low);
}

void
html_axis_label(FILE *out, const struct html_axis *axis, double at)
{
	int digits = axis->step < 0.00095 ? 2 : axis->step < 0.0095 ? 1 : 0;

	if (fabs(at) < 1e-9)
		fputs("0", out);
	else if (!axis->doublings)
		fprintf(out, "%+.*f\xc2\xa0%%", digits, expm1(at) * 100);
	else if (at > 0)
		fprintf(out, "\xc3\x97%.3g", exp(at));
	else
		fprintf(out, "\xc3\xb7%.3g", exp(-at));
}

void
html_axis_write(FILE *out, const struct html_axis *axis)
{
	fputs("<svg class=\"strip axis\" aria-hidden=true>", out);
	for (size_t i = 0; i < axis->tick_count; i++) {
		double at = percent_at(axis, axis->ticks[i]);

		if (at < 3 || at > 97)
			continue;
		fprintf(out, "<text x=\"%.1f%%\" y=\"80%%\">", at);
		html_axis_label(out, axis, axis->ticks[i]);
		fputs("</text>", out);
	}
	fputs("</svg>", out);
}

static void
write_line(FILE *out, const char *class, double at)
{
	if (at >= 0 && at <= 100)
		fprintf(out, "<line class=%s x1=\"%.1f%%\" x2=\"%.1f%%\" y2=\"100%%\"/>", class, at,
			at);
}

static void
write_frame(FILE *out, const struct html_axis *axis, const struct tare_comparison *item)
{
	double margin = margin_of(item);
	double left = fmax(percent_at(axis, -margin), 0);
	double right = fmin(percent_at(axis, margin), 100);

	if (right > left)
		fprintf(out, "<rect class=band x=\"%.1f%%\" width=\"%.1f%%\" height=\"100%%\"/>",
			left, right - left);
	for (size_t i = 0; i < axis->tick_count && !axis->plain; i++)
		if (fabs(axis->ticks[i]) > 1e-9)
			write_line(out, "tick", percent_at(axis, axis->ticks[i]));
	write_line(out, "zero", percent_at(axis, 0));
}

/* The interval's line, ending in an arrow where it goes on beyond the axis. */
static void
write_interval(FILE *out, const struct html_axis *axis, struct tare_change change)
{
	double low = percent_at(axis, log(change.low));
	double high = percent_at(axis, log(change.high));

	if (isnan(low) || isnan(high))
		return;
	fprintf(out, "<line class=ci x1=\"%.1f%%\" x2=\"%.1f%%\" y1=\"50%%\" y2=\"50%%\"/>",
		fmax(low, 0), fmin(high, 100));
	if (low < 0)
		fputs("<use class=mark href=\"#m-left\" x=\"0\" y=\"50%\"/>", out);
	if (high > 100)
		fputs("<use class=mark href=\"#m-right\" x=\"100%\" y=\"50%\"/>", out);
}

void
html_strip_write(FILE *out, const struct html_axis *axis, const struct tare_comparison *item)
{
	html_strip_write_as(out, axis, item, tare_verdict_name(item->verdict));
}

void
html_strip_write_as(FILE *out, const struct html_axis *axis, const struct tare_comparison *item,
	const char *word)
{
	const char *class = html_verdict_class(item->verdict);
	struct tare_change change = tare_comparison_change(item);
	char interval[TARE_INTERVAL_TEXT_MAX];
	char text[TARE_UNITS_TEXT_MAX];

	tare_interval_text(interval, item);
	tare_change_text(text, item);
	fprintf(out, "<svg class=\"strip %s\" role=img><title>%s: %s, interval ", class, word,
		text);
	html_text(out, interval);
	fprintf(out, ", margin %.4g %%</title>", item->metric.margin * 100);
	write_frame(out, axis, item);
	write_interval(out, axis, change);
	fprintf(out, "<use class=mark href=\"#m-%s\" x=\"%.1f%%\" y=\"50%%\"/></svg>", class,
		percent_at(axis, log(change.ratio)));
}
