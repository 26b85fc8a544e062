#include "harness/stages/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/stats/order.h"
#include "report/table.h"

enum { LINE_MAX = 1024, SHORT_MAX = 160 };
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

/* False where there is nothing to estimate from. A sample of the kept size sorts in well under a
 * millisecond. */
static bool
estimate(struct tare_interval *interval_out, const struct tare_run_case *record, size_t metric)
{
	const struct tare_samples *samples = &record->samples;
	double *values;
	size_t count;

	if (samples->count == 0)
		return false;
	values = tare_xcalloc(samples->count, sizeof(*values));
	count = tare_samples_values(values, samples, metric);
	tare_sort(values, count);
	tare_median_interval(interval_out, values, count, 0.05);
	free(values);
	return count > 0;
}

/* "12.35 ms [12.3 ms, 12.41 ms]" */
static void
estimate_print(FILE *out, const struct tare_run_case *record)
{
	size_t metric = shown_metric(record);
	const char *unit = record->metrics[metric].unit;
	char median[TARE_UNITS_TEXT_MAX], low[TARE_UNITS_TEXT_MAX], high[TARE_UNITS_TEXT_MAX];
	struct tare_interval interval;

	if (!estimate(&interval, record, metric)) {
		fputs("no samples", out);
		return;
	}
	tare_value_format(median, sizeof(median), interval.estimate, unit);
	fputs(median, out);
	if (isnan(interval.low))
		return;
	tare_value_format(low, sizeof(low), interval.low, unit);
	tare_value_format(high, sizeof(high), interval.high, unit);
	fprintf(out, " [%s, %s]", low, high);
}

/* "12.35 ms ± 0.5 %, n=20", as the summary has it. */
static void
estimate_short(char text_out[SHORT_MAX], const struct tare_run_case *record)
{
	size_t metric = shown_metric(record);
	char median[TARE_UNITS_TEXT_MAX], spread[TARE_UNITS_TEXT_MAX] = "";
	struct tare_interval interval;

	if (!estimate(&interval, record, metric)) {
		snprintf(text_out, SHORT_MAX, "warming up");
		return;
	}
	tare_value_format(median, sizeof(median), interval.estimate, record->metrics[metric].unit);
	if (!isnan(interval.low) && interval.estimate != 0.0)
		snprintf(spread, sizeof(spread), " \u00b1 %.2g %%",
			(interval.high - interval.low) / 2.0 / fabs(interval.estimate) * 100.0);
	snprintf(text_out, SHORT_MAX, "%s%s, n=%llu", median, spread,
		(unsigned long long)record->samples.total);
}

/* "[1/4] at most 5 s left  NAME: what"; a name that does not fit is shortened, so that the figures
 * stay.
 */
static void
line_draw(struct tare_progress *progress, const char *left, const char *name, const char *what)
{
	char before[SHORT_MAX];
	char *safe = NULL;
	size_t size = 0, room, taken;
	FILE *stream = open_memstream(&safe, &size);

	if (!stream)
		return;
	tare_text_print_safe(stream, name, false);
	fclose(stream);
	snprintf(before, sizeof(before), "[%zu/%zu]%s  ", progress->groups_over,
		progress->group_count, left);
	taken = tare_display_width(before) + tare_display_width(what) + strlen(": ") + 1;
	room = (size_t)progress->width > taken + 8 ? (size_t)progress->width - taken : 8;
	fprintf(progress->out, "\r%s", before);
	tare_display_shortened(progress->out, safe, room);
	fprintf(progress->out, ": %s\033[K", what);
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
tare_progress_step(struct tare_progress *progress, const char *name, const char *step)
{
	if (progress->out && progress->terminal)
		line_draw(progress, "", name, step);
}

/* Whole seconds: what is behind the point changes with every invocation and says nothing. */
static void
left_format(char text_out[SHORT_MAX], uint64_t left_ns)
{
	char duration[TARE_UNITS_TEXT_MAX];
	uint64_t left_s = (left_ns + 999999999) / 1000000000;

	*text_out = '\0';
	if (left_ns == 0)
		return;
	tare_duration_format(duration, sizeof(duration), left_s * 1000000000);
	snprintf(text_out, SHORT_MAX, " at most %s left", duration);
}

void
tare_progress_draw(
	struct tare_progress *progress, const struct tare_run_case *record, uint64_t left_ns)
{
	char left[SHORT_MAX], what[SHORT_MAX];

	if (!tare_progress_due(progress))
		return;
	progress->next_draw_ns = progress->clock.now_ns(progress->clock.context) + draw_period_ns;
	left_format(left, left_ns);
	estimate_short(what, record);
	line_draw(progress, left, record->name, what);
}

static void
case_print(FILE *out, const struct tare_run_case *record)
{
	tare_text_print_safe(out, record->name, false);
	if (record->status == TARE_CASE_FAILED) {
		fputs(": failed: ", out);
		tare_text_print_safe(out, record->failure, false);
	} else {
		fputs(": ", out);
		estimate_print(out, record);
		fprintf(out, ", n=%llu", (unsigned long long)record->samples.total);
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
	for (size_t i = 0; i < case_count; i++) {
		const struct tare_run_case *record = &run->cases[first_case + i];

		/* The summary has the rest; a failure should not wait for it. */
		if (!progress->terminal || record->status == TARE_CASE_FAILED)
			case_print(progress->out, record);
	}
	fflush(progress->out);
}
