/*
 * The report on a terminal: what was measured, what changed, what went wrong, and what follows.
 */
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/text.h"
#include "report/cost.h"
#include "report/failures.h"
#include "report/reporters.h"
#include "report/summary.h"
#include "report/table.h"
#include "report/warnings.h"

enum {
	COSTLIEST_FROM = 6, /* cases: of fewer, the table tells which takes longest */
	WARNINGS_ALL = 20,  /* kinds */
};

const char *
text_style(const struct text_page *page, const char *sequence)
{
	return page->color ? sequence : "";
}

const char *
text_safe(const struct text_page *page, const char *text)
{
	return tare_text_safe(page->arena, text ? text : "");
}

bool
text_only_wall(const struct tare_run *run)
{
	for (size_t i = 0; i < run->case_count; i++)
		for (size_t k = 1; k < run->cases[i].metric_count; k++)
			if (tare_metric_is_shown(run->cases[i].metrics, k))
				return false;
	return true;
}

/* Lines of a text as one, with no blanks at its end. */
static const char *
one_line(const struct text_page *page, const char *text)
{
	char *line = tare_arena_strdup(page->arena, text);
	size_t len = strlen(line);

	while (len > 0 && strchr(" \t\r\n", line[len - 1]))
		len--;
	line[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\n' || line[i] == '\t')
			line[i] = ' ';
	}
	return line;
}

static void
write_header(const struct text_page *page)
{
	const struct tare_run *run = page->input->run;
	char started[TARE_TIME_TEXT_MAX];
	char took[TARE_UNITS_TEXT_MAX];
	char *line;

	fprintf(page->out, "%s%s%s", text_style(page, TEXT_BOLD), text_safe(page, run->suite),
		text_style(page, TEXT_RESET));
	if (run->description && *run->description)
		fprintf(page->out, "  %s", text_safe(page, one_line(page, run->description)));
	tare_time_format(started, sizeof(started), run->started_unix_ns);
	line = tare_arena_printf(page->arena, "run %s%s%s, %s, %s", text_safe(page, run->id),
		run->release && *run->release ? ", release " : "", text_safe(page, run->release),
		text_safe(page, run->environment_name), started);
	fprintf(page->out, "\n%s", text_style(page, TEXT_DIM));
	tare_display_wrapped(page->out, line, 0, page->width);
	fprintf(page->out, "%zu case%s, %llu invocation%s", run->case_count,
		run->case_count == 1 ? "" : "s", (unsigned long long)run->invocation_count,
		run->invocation_count == 1 ? "" : "s");
	if (run->duration_ns > 0) {
		tare_duration_format(took, sizeof(took), run->duration_ns);
		fprintf(page->out, " in %s", took);
	}
	fprintf(page->out, "%s\n", text_style(page, TEXT_RESET));
}

/* Whether there is something to tell: a fixed count and a failure speak for themselves. */
static bool
stopped_by_itself(const struct tare_run_cost *cost)
{
	for (size_t i = 0; i < cost->stop_count; i++) {
		enum tare_stop stop = tare_stop_parse(cost->stops[i].stopped);

		if (stop != TARE_STOP_NOT && stop != TARE_STOP_DONE && stop != TARE_STOP_FAILED)
			return true;
	}
	return false;
}

/* Why measuring ended, in a line. */
static void
write_stops(const struct text_page *page)
{
	const struct tare_run *run = page->input->run;
	struct tare_run_cost cost;
	char *line = tare_arena_strdup(page->arena, "stopped: ");
	char took[TARE_UNITS_TEXT_MAX];
	char all[TARE_UNITS_TEXT_MAX];

	tare_run_cost_read(&cost, page->arena, run);
	if (cost.costliest == cost.case_count || !stopped_by_itself(&cost))
		return;
	for (size_t i = 0; i < cost.stop_count; i++)
		line = tare_arena_printf(page->arena, "%s%s%s (%zu case%s)", line, i ? ", " : "",
			text_safe(page, cost.stops[i].stopped), cost.stops[i].case_count,
			cost.stops[i].case_count == 1 ? "" : "s");
	if (run->case_count >= COSTLIEST_FROM) {
		tare_value_format(took, sizeof(took), cost.cases[cost.costliest].time_ns, "ns");
		tare_value_format(all, sizeof(all), cost.time_ns, "ns");
		line = tare_arena_printf(page->arena, "%s; the most time took %s, %s of %s", line,
			text_safe(page, run->cases[cost.costliest].name), took, all);
	}
	fprintf(page->out, "\n%s", text_style(page, TEXT_DIM));
	tare_display_wrapped(page->out, line, 0, page->width);
	fputs(text_style(page, TEXT_RESET), page->out);
}

/* Which cases failed alike, behind the sentence of how. */
static void
write_failed_names(const struct text_page *page, const struct tare_failure *failure)
{
	const char *names = "";

	for (size_t i = 0; i < failure->case_count && i < TARE_FAILED_NAMES_MAX; i++)
		names = tare_arena_printf(page->arena, "%s%s%s", names, i ? ", " : "",
			text_safe(page, page->input->run->cases[failure->cases[i]].name));
	if (failure->case_count > TARE_FAILED_NAMES_MAX)
		names = tare_arena_printf(page->arena, "%s and %zu more", names,
			failure->case_count - TARE_FAILED_NAMES_MAX);
	fputs("  ", page->out);
	tare_display_wrapped(page->out, names, 2, page->width);
}

static void
write_failure(const struct text_page *page, const struct tare_failure *failure)
{
	const char *line = failure->stderr_tail;

	fprintf(page->out, "\n%sfailed:%s ", text_style(page, TEXT_RED),
		text_style(page, TEXT_RESET));
	if (failure->case_count == 1)
		fputs(text_safe(page, page->input->run->cases[failure->cases[0]].name), page->out);
	else
		fprintf(page->out, "%zu cases", failure->case_count);
	fprintf(page->out, ": %s\n", text_safe(page, failure->text));
	if (failure->case_count > 1)
		write_failed_names(page, failure);
	while (*line) {
		size_t len = strcspn(line, "\n");

		fprintf(page->out, "  %s|%s %s\n", text_style(page, TEXT_DIM),
			text_style(page, TEXT_RESET),
			text_safe(page, tare_arena_strndup(page->arena, line, len)));
		line += len;
		line += *line == '\n';
	}
}

static void
write_failures(const struct text_page *page)
{
	struct tare_failure *failures;
	size_t count = tare_failures_read(&failures, page->arena, page->input->run);

	for (size_t i = 0; i < count; i++)
		write_failure(page, &failures[i]);
}

static void
write_indented(const struct text_page *page, const char *before, const char *text)
{
	if (*text == '\0')
		return;
	fprintf(page->out, "%9s", "");
	tare_display_wrapped(page->out,
		text_safe(page, tare_arena_printf(page->arena, "%s%s", before, text)), 9,
		page->width);
}

static void
write_warning(const struct text_page *page, const struct tare_warning_group *group)
{
	fprintf(page->out, "%swarning:%s ", text_style(page, TEXT_YELLOW),
		text_style(page, TEXT_RESET));
	tare_display_wrapped(page->out, text_safe(page, group->texts[0]), 9, page->width);
	for (size_t i = 1; i < group->count && i < TARE_WARNINGS_ALIKE; i++)
		write_indented(page, "", group->texts[i]);
	if (group->count > TARE_WARNINGS_ALIKE)
		fprintf(page->out, "%9sand %zu more\n", "", group->count - TARE_WARNINGS_ALIKE);
	write_indented(page, "why: ", group->why);
	write_indented(page, "do: ", group->advice);
}

static void
write_warnings(const struct text_page *page)
{
	struct tare_warning_group *groups;
	size_t count = tare_warning_groups(&groups, page->arena, page->input->run);

	if (count > 0)
		putc('\n', page->out);
	for (size_t i = 0; i < count && i < WARNINGS_ALL; i++)
		write_warning(page, &groups[i]);
	if (count > WARNINGS_ALL)
		fprintf(page->out,
			"and %zu more kinds of warnings; the html and json reports have them\n",
			count - WARNINGS_ALL);
}

static const char *
recommendation_style(enum tare_recommendation recommendation)
{
	switch (recommendation) {
	case TARE_RECOMMEND_BLOCK:
		return TEXT_RED;
	case TARE_RECOMMEND_REVIEW:
		return TEXT_YELLOW;
	default:
		return TEXT_GREEN;
	}
}

static void
write_conclusion(const struct text_page *page)
{
	const struct tare_gate_outcome *gate = page->input->gate;
	struct tare_report_summary summary;

	tare_report_summarize(&summary, page->input);
	fprintf(page->out, "\n%s%s%s\n",
		text_style(page, recommendation_style(summary.recommendation)), summary.headline,
		text_style(page, TEXT_RESET));
	if (!gate || gate->result == TARE_GATE_NOT_ASKED || !gate->sentence)
		return;
	fprintf(page->out, "%s%s%s%s\n", text_style(page, TEXT_BOLD),
		text_style(page, gate->result == TARE_GATE_PASSED   ? TEXT_GREEN
				 : gate->result == TARE_GATE_FAILED ? TEXT_RED
								    : TEXT_YELLOW),
		text_safe(page, gate->sentence), text_style(page, TEXT_RESET));
}

static void
write_page(const struct text_page *page)
{
	write_header(page);
	text_write_cases(page);
	text_write_counters(page);
	text_write_correction(page);
	for (size_t i = 0; i < page->input->set_count; i++)
		if (!tare_set_is_empty(&page->input->sets[i]))
			text_write_comparisons(page, &page->input->sets[i]);
	write_stops(page);
	text_write_disturbed(page);
	write_failures(page);
	write_warnings(page);
	write_conclusion(page);
}

static enum tare_status
write_text(FILE *out, const struct tare_report_input *input, struct tare_err *err)
{
	struct text_page page = {
		.out = out,
		.input = input,
		.arena = tare_arena_new(),
		.values = tare_xcalloc(tare_report_rows_max(input->run), sizeof(double)),
		.width = input->width > 0 ? (size_t)input->width : 80,
		.color = input->color,
	};

	write_page(&page);
	free(page.values);
	tare_arena_free(page.arena);
	return tare_report_end(out, err);
}

const struct tare_reporter tare_reporter_text = {
	.name = "text",
	.extension = "txt",
	.summary = "for the terminal: medians, comparisons, failures, warnings",
	.write = write_text,
};
