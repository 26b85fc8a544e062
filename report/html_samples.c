#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/stats/order.h"
#include "report/html.h"

/* The drawing is stretched to the width there is, with lines and dots that keep their thickness: no
 * text in it. Left the samples in run order, right their distribution, on one scale of values. */
enum {
	WIDTH = 640,
	HEIGHT = 150,
	ORDER_WIDTH = 480,
	SHAPE_LEFT = 505,
	STRIP_MAX = 40,        /* values up to which the distribution is drawn as dots */
	STRIP_MAX_COMPACT = 8, /* the same on long pages */
	BINS = 15,
	SCALE_STEPS_MAX = 5,
};

struct point {
	double value;
	uint64_t start_ns;
	uint32_t pair;
	unsigned series;
	bool disturbed;
	double x;
};

struct scale {
	double low; /* base units */
	double high;
	double divisor;
	const char *unit;
	int steps;
	int decimals;
};

struct chart {
	struct html *h;
	const struct html_series *series;
	size_t series_count;
	struct point *points;
	size_t count;
	size_t total; /* before decimation */
	size_t keep_every;
	struct scale scale;
};

/* The first is grey: it is what the others are compared with. */
static unsigned
color_of(const struct chart *chart, unsigned series)
{
	return chart->series_count == 1 ? 1 : series;
}

static double
y_of(const struct scale *scale, double value)
{
	return HEIGHT * (scale->high - value) / (scale->high - scale->low);
}

/* A scale whose ends and steps are round numbers in the unit that is shown. */
static void
choose_scale(struct scale *scale, double min, double max, const char *unit)
{
	double span;
	double power;
	double step;

	scale->divisor = tare_unit_scale(&scale->unit, fmax(fabs(min), fabs(max)), unit);
	min /= scale->divisor;
	max /= scale->divisor;
	span = max - min;
	if (!(span > fabs(max) * 1e-9))
		span = max != 0 ? fabs(max) * 0.02 : 1;
	power = pow(10, floor(log10(span / 3)));
	step = power;
	while (step < span / 3.5)
		step = step < 2 * power ? 2 * power : step < 5 * power ? 5 * power : 10 * power;
	scale->low = floor((min - span * 0.02) / step) * step;
	scale->high = ceil((max + span * 0.02) / step) * step;
	/* Times and sizes do not go below nothing, and neither does their axis. */
	if (min >= 0 && scale->low < 0)
		scale->low = 0;
	scale->steps = (int)lround((scale->high - scale->low) / step);
	scale->decimals = (int)fmax(0, -floor(log10(step) + 1e-9));
	scale->low *= scale->divisor;
	scale->high *= scale->divisor;
}

static int
compare_points(const void *left, const void *right)
{
	const struct point *a = left;
	const struct point *b = right;

	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	if (a->pair != b->pair)
		return a->pair < b->pair ? -1 : 1;
	return a->series < b->series ? -1 : a->series > b->series;
}

static size_t
append_points(struct chart *chart, unsigned index)
{
	const struct html_series *series = &chart->series[index];
	const struct tare_samples *samples = &series->subject->samples;
	size_t before = chart->count;

	for (size_t i = 0; i < samples->count; i++) {
		double value = samples->values[series->metric][i];

		if (!isfinite(value))
			continue;
		chart->points[chart->count++] = (struct point){
			.value = value,
			.start_ns = samples->start_ns[i],
			.pair = samples->pairs[i],
			.series = index,
			.disturbed = samples->labels[i] != 0,
		};
	}
	return chart->count - before;
}

static size_t
room_for(const struct chart *chart)
{
	size_t room = 0;

	for (size_t i = 0; i < chart->series_count; i++)
		room += chart->series[i].subject->samples.count;
	return room;
}

/* Points of the base run first, then those of this run in the order they were measured. Returns
 * where this run's begin. */
static size_t
gather_points(struct chart *chart)
{
	size_t split = 0;

	for (unsigned i = 0; i < chart->series_count; i++)
		if (chart->series[i].before)
			split += append_points(chart, i);
	qsort(chart->points, split, sizeof(*chart->points), compare_points);
	for (unsigned i = 0; i < chart->series_count; i++)
		if (!chart->series[i].before)
			append_points(chart, i);
	qsort(chart->points + split, chart->count - split, sizeof(*chart->points), compare_points);
	chart->total = chart->count;
	return split;
}

/* Keeps every k-th pair, so that the dots of one pair stay together. */
static size_t
thin_points(struct chart *chart, size_t split)
{
	size_t kept = 0;
	size_t kept_split = 0;

	chart->keep_every = (chart->count + chart->h->points_max - 1) / chart->h->points_max;
	if (chart->keep_every < 2)
		return split;
	for (size_t i = 0; i < chart->count; i++) {
		uint64_t stride = chart->series[chart->points[i].series].subject->samples.stride;
		uint64_t order = chart->points[i].pair / (stride ? stride : 1);

		if (i == split)
			kept_split = kept;
		if (order % chart->keep_every == 0)
			chart->points[kept++] = chart->points[i];
	}
	if (split == chart->count)
		kept_split = kept;
	chart->count = kept;
	return kept_split;
}

/* Whole numbers apart from long charts: fewer digits on the page. */
static void
place_points(struct chart *chart, size_t split)
{
	double gap = split > 0 && split < chart->count ? 20 : 0;
	double step =
		(ORDER_WIDTH - 16 - gap) / (chart->count > 1 ? (double)(chart->count - 1) : 1);

	if (step > 24)
		step = 24;
	if (step > 2)
		step = floor(step * 2) / 2;
	for (size_t i = 0; i < chart->count; i++)
		chart->points[i].x = 8 + step * (double)i + (i >= split ? gap : 0);
	if (gap > 0)
		fprintf(chart->h->out, "<path class=split d=\"M%.0f 0V%d\"/>",
			(chart->points[split - 1].x + chart->points[split].x) / 2, HEIGHT);
}

/* One command of a path. */
static void
write_step(FILE *out, char command, double x, double y)
{
	putc(command, out);
	html_number(out, x);
	putc(' ', out);
	html_number(out, y);
}

/* Lines between the two samples of a pair; neighbours in run order, since pairs run together. */
static void
write_pairs(const struct chart *chart)
{
	FILE *out = chart->h->out;

	if (chart->series_count != 2 || chart->series[0].before || chart->series[1].before)
		return;
	fputs("<path class=pairs d=\"", out);
	for (size_t i = 0; i + 1 < chart->count; i++) {
		const struct point *a = &chart->points[i];
		const struct point *b = &chart->points[i + 1];

		if (a->pair != b->pair || a->series == b->series)
			continue;
		write_step(out, 'M', a->x, y_of(&chart->scale, a->value));
		write_step(out, 'L', b->x, y_of(&chart->scale, b->value));
	}
	fputs("\"/>", out);
}

static void
write_dots(const struct chart *chart, unsigned series)
{
	FILE *out = chart->h->out;

	fprintf(out, "<path class=\"d s%u\" data-l=\"", color_of(chart, series));
	html_text(out, chart->series[series].label);
	fputs("\" d=\"", out);
	for (size_t i = 0; i < chart->count; i++) {
		const struct point *point = &chart->points[i];

		if (point->series != series)
			continue;
		write_step(out, 'M', point->x, y_of(&chart->scale, point->value));
		fputs("h0", out);
	}
	fputs("\"/>", out);
}

/* Their middle is taken out again. */
static void
write_rings(const struct chart *chart)
{
	FILE *out = chart->h->out;
	bool any = false;

	for (size_t i = 0; i < chart->count; i++) {
		const struct point *point = &chart->points[i];

		if (!point->disturbed)
			continue;
		if (!any)
			fputs("<path class=q d=\"", out);
		any = true;
		write_step(out, 'M', point->x, y_of(&chart->scale, point->value));
		fputs("h0", out);
	}
	if (any)
		fputs("\"/>", out);
}

struct column {
	double left;
	double width;
	unsigned color;
};

/* Median, quartiles, and whiskers to the smallest and the largest value: nothing is left out. */
static void
write_box(FILE *out, const struct scale *scale, const struct column *column, const double *sorted,
	size_t n)
{
	double low = y_of(scale, tare_quantile(sorted, n, 0.25));
	double high = y_of(scale, tare_quantile(sorted, n, 0.75));
	double right = column->left + column->width * 0.4;
	double middle = (column->left + right) / 2;

	fprintf(out, "<path class=\"b s%u\" d=\"", column->color);
	write_step(out, 'M', column->left, low);
	write_step(out, 'L', right, low);
	write_step(out, 'L', right, high);
	write_step(out, 'L', column->left, high);
	putc('z', out);
	write_step(out, 'M', column->left, y_of(scale, tare_median(sorted, n)));
	write_step(out, 'L', right, y_of(scale, tare_median(sorted, n)));
	write_step(out, 'M', middle, low);
	write_step(out, 'L', middle, y_of(scale, sorted[0]));
	write_step(out, 'M', middle, high);
	write_step(out, 'L', middle, y_of(scale, sorted[n - 1]));
	fputs("\"/>", out);
}

/* Dots in three lanes by their order, so that equal values do not hide each other. */
static void
write_strip(FILE *out, const struct scale *scale, const struct column *column, const double *sorted,
	size_t n)
{
	double left = column->left + column->width * 0.58;

	fprintf(out, "<path class=\"d s%u\" d=\"", column->color);
	for (size_t i = 0; i < n; i++) {
		write_step(out, 'M', left + column->width * 0.15 * (double)(i % 3),
			y_of(scale, sorted[i]));
		fputs("h0", out);
	}
	fputs("\"/>", out);
}

static void
write_histogram(FILE *out, const struct scale *scale, const struct column *column,
	const double *sorted, size_t n)
{
	double left = column->left + column->width * 0.5;
	double width = column->width * 0.46;
	double bin_height = (double)HEIGHT / BINS;
	size_t bins[BINS] = {0};
	size_t most = 1;

	for (size_t i = 0; i < n; i++) {
		double at = y_of(scale, sorted[i]) / bin_height;
		size_t bin = at < 0 ? 0 : at >= BINS ? BINS - 1 : (size_t)at;

		if (++bins[bin] > most)
			most = bins[bin];
	}
	fprintf(out, "<path class=\"h s%u\" d=\"M%.1f 0", column->color, left);
	for (size_t i = 0; i < BINS; i++) {
		if (bins[i] != (i == 0 ? 0 : bins[i - 1])) {
			putc('H', out);
			html_number(out, left + width * (double)bins[i] / (double)most);
		}
		if (i == BINS - 1 || bins[i] != bins[i + 1]) {
			putc('V', out);
			html_number(out, bin_height * (double)(i + 1));
		}
	}
	fprintf(out, "H%.1fz\"/>", left);
}

static void
write_shape(const struct chart *chart, unsigned series)
{
	const struct html_series *one = &chart->series[series];
	FILE *out = chart->h->out;
	double *values = chart->h->values;
	size_t n = tare_finite(
		values, tare_samples_values(values, &one->subject->samples, one->metric));
	double width = (double)(WIDTH - SHAPE_LEFT) / (double)chart->series_count;
	struct column column = {SHAPE_LEFT + width * series, width, color_of(chart, series)};

	if (n == 0)
		return;
	tare_sort(values, n);
	write_box(out, &chart->scale, &column, values, n);
	if (chart->h->terse)
		return;
	if (n > (size_t)(chart->h->compact ? STRIP_MAX_COMPACT : STRIP_MAX))
		write_histogram(out, &chart->scale, &column, values, n);
	else
		write_strip(out, &chart->scale, &column, values, n);
}

static void
write_axis(const struct chart *chart)
{
	const struct scale *scale = &chart->scale;
	FILE *out = chart->h->out;

	fputs("<div class=y aria-hidden=true>", out);
	for (int i = scale->steps; i >= 0; i--) {
		double value = scale->low + (scale->high - scale->low) * i / scale->steps;

		fprintf(out, "<span>%.*f ", scale->decimals, value / scale->divisor);
		html_text(out, scale->unit);
		fputs("</span>", out);
	}
	fputs("</div>", out);
}

static void
write_drawing(struct chart *chart, size_t split, const char *metric)
{
	FILE *out = chart->h->out;
	size_t id = chart->h->chart_count++;

	fprintf(out,
		"<svg class=chart viewBox=\"0 0 %d %d\" preserveAspectRatio=none role=img "
		"aria-describedby=x%zu data-low=%.6g data-high=%.6g "
		"data-unit=\"",
		WIDTH, HEIGHT, id, chart->scale.low / chart->scale.divisor,
		chart->scale.high / chart->scale.divisor);
	html_text(out, chart->scale.unit);
	fputs("\"><title>", out);
	html_text(out, metric);
	fputs(": samples in run order and their distribution</title><path class=grid-lines d=\"",
		out);
	for (int i = 0; i <= chart->scale.steps; i++) {
		fputs("M0 ", out);
		html_number(out, HEIGHT * (double)i / chart->scale.steps);
		fprintf(out, "H%d", WIDTH);
	}
	fprintf(out, "\"/><path class=split d=\"M%d 0V%d\"/>", ORDER_WIDTH + 8, HEIGHT);
	place_points(chart, split);
	write_pairs(chart);
	for (unsigned i = 0; i < chart->series_count; i++)
		write_dots(chart, i);
	write_rings(chart);
	for (unsigned i = 0; i < chart->series_count; i++)
		write_shape(chart, i);
	fputs("</svg></div>", out);
}

/* The legend is the drawing's alternative too: it says in figures what the dots show. */
static void
write_caption(const struct chart *chart, const char *unit)
{
	FILE *out = chart->h->out;

	fprintf(out, "<figcaption id=x%zu>", chart->h->chart_count - 1);
	for (unsigned i = 0; i < chart->series_count; i++) {
		const struct html_series *series = &chart->series[i];
		struct tare_figures figures;

		tare_figures_read(&figures, chart->h->values, series->subject, series->metric);
		fprintf(out, "%s<span class=\"dot s%u\"></span>", i ? "; " : "",
			color_of(chart, i));
		html_text(out, series->label);
		fputs(": median ", out);
		html_value(out, figures.median, unit);
		fputs(", from ", out);
		html_value(out, figures.min, unit);
		fputs(" to ", out);
		html_value(out, figures.max, unit);
		fprintf(out, ", n\xc2\xa0=\xc2\xa0%zu", figures.n);
	}
	if (!chart->h->compact)
		fputs(". Left in the order they ran, right how they spread", out);
	if (chart->keep_every > 1)
		fprintf(out, "; of %zu dots every %zu%s is drawn", chart->total, chart->keep_every,
			chart->keep_every == 2   ? "nd"
			: chart->keep_every == 3 ? "rd"
						 : "th");
	fputs(".</figcaption>", out);
}

void
html_samples_write(struct html *h, const struct html_series *series, size_t count,
	const struct tare_metric *metric)
{
	struct chart chart = {.h = h, .series = series, .series_count = count};
	double min = INFINITY;
	double max = -INFINITY;
	size_t split;

	chart.points = tare_xcalloc(room_for(&chart) + 1, sizeof(*chart.points));
	split = gather_points(&chart);
	for (size_t i = 0; i < chart.count; i++) {
		min = fmin(min, chart.points[i].value);
		max = fmax(max, chart.points[i].value);
	}
	if (chart.count > 0) {
		choose_scale(&chart.scale, min, max, metric->unit);
		split = thin_points(&chart, split);
		fputs("<figure><div class=plot>", h->out);
		write_axis(&chart);
		write_drawing(&chart, split, metric->name);
		write_caption(&chart, metric->unit);
		fputs("</figure>\n", h->out);
	}
	free(chart.points);
}
