#include "harness/stages/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/stats/order.h"

enum { LINE_MAX = 1024, ESTIMATE_MAX = 4 * TARE_UNITS_TEXT_MAX };
static const uint64_t draw_period_ns = 100 * 1000000ull;

void
tare_progress_begin(
	struct tare_progress *progress_out, FILE *out, bool terminal, int width, size_t group_count)
{
	*progress_out = (struct tare_progress){
		.out = out,
		.terminal = terminal,
		.width = width > 20 ? width : 80,
		.clock = tare_clock_real(),
		.group_count = group_count,
	};
}

void
tare_progress_clear(struct tare_progress *progress)
{
	if (!progress->out || !progress->drawn)
		return;
	fputs("\r\033[K", progress->out);
	fflush(progress->out);
	progress->drawn = false;
}

void
tare_progress_note(struct tare_progress *progress, const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;

	if (!progress->out)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	tare_progress_clear(progress);
	tare_text_print_safe(progress->out, line, false);
	fputc('\n', progress->out);
	fflush(progress->out);
}

/* The first gated metric: wall, unless the case has none of it. */
static size_t
shown_metric(const struct tare_run_case *record)
{
	const struct tare_samples *samples = &record->samples;

	if (samples->count == 0 || !isnan(samples->values[TARE_METRIC_WALL][0]))
		return TARE_METRIC_WALL;
	for (size_t i = 0; i < record->metric_count; i++) {
		if (!isnan(samples->values[i][0]))
			return i;
	}
	return TARE_METRIC_WALL;
}

/* "12.35 ms [12.30 ms, 12.41 ms]"; a sample of this size sorts in well under a millisecond. */
static void
estimate_format(char *text_out, size_t size, const struct tare_run_case *record)
{
	const struct tare_samples *samples = &record->samples;
	size_t metric = shown_metric(record);
	const char *unit = record->metrics[metric].unit;
	char median[TARE_UNITS_TEXT_MAX], low[TARE_UNITS_TEXT_MAX], high[TARE_UNITS_TEXT_MAX];
	struct tare_interval interval;
	double *values;
	size_t count;

	*text_out = '\0';
	if (samples->count == 0)
		return;
	values = tare_xcalloc(samples->count, sizeof(*values));
	count = tare_samples_values(values, samples, metric);
	tare_sort(values, count);
	tare_median_interval(&interval, values, count, 0.05);
	free(values);
	tare_value_format(median, sizeof(median), interval.estimate, unit);
	if (isnan(interval.low)) {
		snprintf(text_out, size, "%s", median);
		return;
	}
	tare_value_format(low, sizeof(low), interval.low, unit);
	tare_value_format(high, sizeof(high), interval.high, unit);
	snprintf(text_out, size, "%s [%s, %s]", median, low, high);
}

/* Writes at most width columns; names from outside are made safe first. */
static void
line_draw(struct tare_progress *progress, const char *line)
{
	char *safe = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&safe, &len);
	size_t columns = 0, at = 0;

	if (!stream)
		return;
	tare_text_print_safe(stream, line, false);
	fclose(stream);
	while (at < len) {
		columns += ((unsigned char)safe[at] & 0xc0) != 0x80;
		if (columns >= (size_t)progress->width)
			break;
		at++;
	}
	fprintf(progress->out, "\r%.*s\033[K", (int)at, safe);
	fflush(progress->out);
	free(safe);
	progress->drawn = true;
}

bool
tare_progress_due(const struct tare_progress *progress)
{
	return progress->out && progress->terminal &&
	       progress->clock.now_ns(progress->clock.context) >= progress->next_draw_ns;
}

void
tare_progress_draw(
	struct tare_progress *progress, const struct tare_run_case *record, uint64_t left_ns)
{
	char line[LINE_MAX], estimate[ESTIMATE_MAX], left[TARE_UNITS_TEXT_MAX];

	if (!tare_progress_due(progress))
		return;
	progress->next_draw_ns = progress->clock.now_ns(progress->clock.context) + draw_period_ns;
	estimate_format(estimate, sizeof(estimate), record);
	tare_duration_format(left, sizeof(left), left_ns);
	snprintf(line, sizeof(line), "[%zu/%zu] %s  %s%sn=%llu%s%s%s", progress->groups_over,
		progress->group_count, record->name, estimate, *estimate ? "  " : "",
		(unsigned long long)record->samples.total, left_ns ? "  at most " : "",
		left_ns ? left : "", left_ns ? " left" : "");
	line_draw(progress, line);
}

static void
case_print(FILE *out, const struct tare_run_case *record)
{
	char estimate[ESTIMATE_MAX];

	tare_text_print_safe(out, record->name, false);
	if (record->status == TARE_CASE_FAILED) {
		fputs(": failed: ", out);
		tare_text_print_safe(out, record->failure, false);
	} else {
		estimate_format(estimate, sizeof(estimate), record);
		fprintf(out, ": %s, n=%llu", *estimate ? estimate : "no samples",
			(unsigned long long)record->samples.total);
		if (record->stop_reason)
			fprintf(out, " (%s)", record->stop_reason);
	}
	fputc('\n', out);
}

void
tare_progress_group_over(struct tare_progress *progress, const struct tare_run *run,
	size_t first_case, size_t case_count)
{
	progress->groups_over++;
	if (!progress->out)
		return;
	tare_progress_clear(progress);
	if (progress->terminal)
		return;
	for (size_t i = 0; i < case_count; i++)
		case_print(progress->out, &run->cases[first_case + i]);
	fflush(progress->out);
}
