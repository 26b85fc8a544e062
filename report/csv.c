/*
 * Tables for spreadsheets and data frames, RFC 4180 with LF or CRLF inside quotes kept: `csv` has
 * one row for each case and metric, `samples` one for each value that was measured.
 *
 * A spreadsheet takes a cell that begins with = + - @ (or a tab or CR before them) for a formula.
 * Such texts get an apostrophe in front; numbers are never text.
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/text.h"
#include "report/correction.h"
#include "report/noise.h"
#include "report/reporters.h"
#include "report/summary.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

struct sheet {
	FILE *out;
	const struct tare_run *run;
	const struct tare_correction *correction; /* NULL: nothing is corrected */
	bool in_row;
};

static void
begin_cell(struct sheet *sheet)
{
	if (sheet->in_row)
		putc(',', sheet->out);
	sheet->in_row = true;
}

static void
end_row(struct sheet *sheet)
{
	fputs("\r\n", sheet->out);
	sheet->in_row = false;
}

static void
put_text(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && !strchr("\t\n\r", c)) || c == 0x7F) {
			fputs(REPLACEMENT, out);
			continue;
		}
		if (c == '"')
			putc(c, out);
		putc(c, out);
	}
}

static bool
is_plain(const char *text)
{
	for (; *text; text++)
		if (!strchr("_[]=@.:+-/%()", *text) && !isalnum((unsigned char)*text))
			return false;
	return true;
}

/* Everything that is not plain is quoted; controls and what is not UTF-8 become U+FFFD. */
static void
write_text(struct sheet *sheet, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	bool formula = len > 0 && strchr("=+-@\t\r", text[0]);

	begin_cell(sheet);
	if (len == 0)
		return;
	if (!formula && is_plain(text)) {
		fputs(text, sheet->out);
		return;
	}
	putc('"', sheet->out);
	if (formula)
		putc('\'', sheet->out);
	while (len > 0) {
		size_t valid = tare_utf8_check(text, len);

		put_text(sheet->out, text, valid);
		if (valid < len) {
			fputs(REPLACEMENT, sheet->out);
			valid++;
		}
		text += valid;
		len -= valid;
	}
	putc('"', sheet->out);
}

/* Empty where there is none; read back bit for bit. */
static void
write_number(struct sheet *sheet, double value)
{
	begin_cell(sheet);
	if (!isfinite(value))
		return;
	if (fabs(value) <= 0x1p53 && value == trunc(value))
		fprintf(sheet->out, "%" PRId64, (int64_t)value);
	else
		fprintf(sheet->out, "%.17g", value);
}

static void
write_count(struct sheet *sheet, uint64_t count)
{
	begin_cell(sheet);
	fprintf(sheet->out, "%" PRIu64, count);
}

static void
write_titles(struct sheet *sheet, const char *const *titles)
{
	for (size_t i = 0; titles[i]; i++)
		write_text(sheet, titles[i]);
	end_row(sheet);
}

/* "level=6;input=text": in the order of the suite. */
static void
write_parameters(struct sheet *sheet, const struct tare_run_case *subject)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);

	if (!stream)
		abort();
	for (size_t i = 0; i < subject->parameter_count; i++)
		fprintf(stream, "%s%s=%s", i > 0 ? ";" : "", subject->parameters[i].name,
			subject->parameters[i].value);
	if (fclose(stream))
		abort();
	write_text(sheet, text);
	free(text);
}

static void
write_case_cells(struct sheet *sheet, const struct tare_run_case *subject)
{
	write_text(sheet, sheet->run->id);
	write_text(sheet, sheet->run->release);
	write_text(sheet, sheet->run->suite);
	write_text(sheet, subject->name);
	write_text(sheet, subject->benchmark);
	write_parameters(sheet, subject);
	write_text(sheet, subject->variant);
}

/* Of wall in a container; else empty. */
static void
write_corrected_cells(
	struct sheet *sheet, const struct tare_run_case *subject, const struct tare_metric *metric)
{
	static const struct tare_corrected none = {.host = {NAN, NAN, NAN}};
	bool is_wall = sheet->correction && metric == &subject->metrics[TARE_METRIC_WALL];
	const struct tare_corrected *one =
		is_wall ? &sheet->correction->cases[subject - sheet->run->cases] : &none;

	write_number(sheet, one->host.estimate);
	write_number(sheet, one->host.low);
	write_number(sheet, one->host.high);
	write_text(sheet, one->line ? one->line->by->id : "");
	write_text(sheet, tare_correction_remark(one));
}

static void
write_figures_row(struct sheet *sheet, const struct tare_run_case *subject,
	const struct tare_metric *metric, const struct tare_figures *figures)
{
	char started[TARE_TIME_TEXT_MAX];

	tare_time_format(started, sizeof(started), sheet->run->started_unix_ns);
	write_case_cells(sheet, subject);
	write_text(sheet, metric ? metric->name : "");
	write_text(sheet, metric ? metric->unit : "");
	write_text(sheet, metric ? tare_better_name(metric->better) : "");
	write_count(sheet, figures->n);
	write_count(sheet, subject->samples.total);
	write_number(sheet, figures->median);
	write_number(sheet, figures->low);
	write_number(sheet, figures->high);
	write_number(sheet, figures->min);
	write_number(sheet, figures->max);
	write_number(sheet, figures->mean);
	write_number(sheet, figures->sd);
	write_text(sheet, tare_case_status_name(subject->status));
	write_text(sheet, subject->failure);
	write_text(sheet, started);
	write_text(sheet, sheet->run->environment_name);
	write_text(sheet, sheet->run->environment.fingerprint);
	write_corrected_cells(sheet, subject, metric);
	end_row(sheet);
}

/* A case without any value has one row without a metric, so that no case is lost. */
static void
write_figures_rows(struct sheet *sheet, const struct tare_run_case *subject, double *values)
{
	static const struct tare_figures none = {.median = NAN,
		.low = NAN,
		.high = NAN,
		.min = NAN,
		.max = NAN,
		.mean = NAN,
		.sd = NAN};
	struct tare_figures figures;
	size_t rows = 0;

	for (size_t i = 0; i < subject->metric_count; i++) {
		tare_figures_read(&figures, values, subject, i);
		if (figures.n == 0)
			continue;
		write_figures_row(sheet, subject, &subject->metrics[i], &figures);
		rows++;
	}
	if (rows == 0)
		write_figures_row(sheet, subject, NULL, &none);
}

static enum tare_status
write_csv(FILE *out, const struct tare_report_input *input, struct tare_err *err)
{
	static const char *const titles[] = {"run", "release", "suite", "case", "benchmark",
		"parameters", "variant", "metric", "unit", "better", "n", "total", "median", "low",
		"high", "min", "max", "mean", "sd", "status", "failure", "started", "environment",
		"fingerprint", "corrected", "corrected_low", "corrected_high", "calibration",
		"correction", NULL};
	struct sheet sheet = {.out = out, .run = input->run, .correction = input->correction};
	double *values = tare_xcalloc(tare_report_rows_max(input->run), sizeof(*values));

	write_titles(&sheet, titles);
	for (size_t i = 0; i < input->run->case_count; i++)
		write_figures_rows(&sheet, &input->run->cases[i], values);
	free(values);
	return tare_report_end(out, err);
}

/* What is the same in all rows of a case and metric is made once. */
static char *
sample_cells(const struct sheet *sheet, const struct tare_run_case *subject, size_t metric)
{
	char *text = NULL;
	size_t len = 0;
	struct sheet cells = {.run = sheet->run, .out = open_memstream(&text, &len)};

	if (!cells.out)
		abort();
	write_case_cells(&cells, subject);
	write_text(&cells, subject->metrics[metric].name);
	write_text(&cells, subject->metrics[metric].unit);
	if (fclose(cells.out))
		abort();
	return text;
}

static void
write_sample_rows(struct sheet *sheet, const struct tare_run_case *subject, size_t metric)
{
	const struct tare_samples *samples = &subject->samples;
	char *cells = sample_cells(sheet, subject, metric);
	struct tare_arena *arena = tare_arena_new();

	for (size_t i = 0; i < samples->count; i++) {
		if (isnan(samples->values[metric][i]))
			continue;
		begin_cell(sheet);
		fputs(cells, sheet->out);
		write_count(sheet, samples->pairs[i]);
		write_count(sheet, samples->start_ns[i]);
		write_number(sheet, samples->values[metric][i]);
		write_text(sheet, tare_labels_text(arena, samples->labels[i]));
		end_row(sheet);
	}
	tare_arena_free(arena);
	free(cells);
}

static enum tare_status
write_sample_csv(FILE *out, const struct tare_report_input *input, struct tare_err *err)
{
	static const char *const titles[] = {"run", "release", "suite", "case", "benchmark",
		"parameters", "variant", "metric", "unit", "pair", "start_ns", "value", "disturbed",
		NULL};
	struct sheet sheet = {.out = out, .run = input->run};

	write_titles(&sheet, titles);
	for (size_t i = 0; i < input->run->case_count; i++)
		for (size_t k = 0; k < input->run->cases[i].metric_count; k++)
			write_sample_rows(&sheet, &input->run->cases[i], k);
	return tare_report_end(out, err);
}

const struct tare_reporter tare_reporter_csv = {
	.name = "csv",
	.extension = "csv",
	.summary = "one row for each case and metric",
	.write = write_csv,
};

const struct tare_reporter tare_reporter_samples = {
	.name = "samples",
	.extension = "csv",
	.summary = "one row for each measured value, as csv",
	.write = write_sample_csv,
};
