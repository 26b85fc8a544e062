/*
 * The report as a comment on a pull request: what a reviewer needs first, the rest folded away.
 */
#include "report/markdown.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "report/cost.h"
#include "report/counting.h"
#include "report/failures.h"
#include "report/noise.h"
#include "report/reporters.h"
#include "report/summary.h"
#include "report/warnings.h"

enum {
	TAIL_LINES_MAX = 15,
	TAIL_LEN_MAX = 2000,
	COST_ROWS_MAX = 40,
	DISTURBED_MAX = 40,
};

static void
write_headline(struct markdown *md)
{
	const struct tare_report_input *input = md->input;
	const struct tare_gate_outcome *gate = input->gate;
	struct tare_report_summary summary;

	tare_report_summarize(&summary, input);
	markdown_begin(md);
	fputs("### ", md->piece);
	markdown_text(md, input->run->suite);
	fprintf(md->piece, ": %s\n\n", summary.headline);
	if (gate && gate->result != TARE_GATE_NOT_ASKED && gate->sentence) {
		fputs("**", md->piece);
		markdown_text(md, gate->sentence);
		fputs("**\n\n", md->piece);
	}
	if (summary.gated_count > 0)
		fprintf(md->piece, "Risk %s, recommendation: %s.\n\n", tare_risk_name(summary.risk),
			tare_recommendation_name(summary.recommendation));
	markdown_end(md);
}

static void
write_disturbed_comparison(struct markdown *md, const struct tare_comparison *item)
{
	markdown_begin(md);
	fputs("- ", md->piece);
	markdown_name(md, item->case_name);
	putc(' ', md->piece);
	markdown_name(md, item->metric.name);
	fputs(" without disturbed samples: ", md->piece);
	markdown_text(md, tare_undisturbed_text(md->arena, item));
	if (tare_undisturbed_differs(item))
		fprintf(md->piece, " instead of %s", tare_verdict_name(item->verdict));
	putc('\n', md->piece);
	markdown_end_entry(md);
}

static void
write_disturbed_comparisons(struct markdown *md, const struct tare_comparison_set *set)
{
	for (size_t i = 0; i < set->item_count; i++) {
		const struct tare_comparison *item = &set->items[i];

		if (item->undisturbed && item->metric.gated && markdown_has_room(md, 1))
			write_disturbed_comparison(md, item);
	}
}

static void
write_disturbed(struct markdown *md)
{
	const struct tare_report_input *input = md->input;
	size_t count;
	const size_t *cases = tare_disturbed_cases(&count, md->arena, input->run);
	size_t shown = count < DISTURBED_MAX ? count : DISTURBED_MAX;

	if (count == 0)
		return;
	if (!markdown_fold(md, count,
		    tare_arena_printf(md->arena, "Disturbed samples in %zu case%s", count,
			    count == 1 ? "" : "s")))
		return;
	for (size_t i = 0; i < shown && markdown_has_room(md, shown - i); i++) {
		const struct tare_run_case *subject = &input->run->cases[cases[i]];

		markdown_begin(md);
		fputs("- ", md->piece);
		markdown_name(md, subject->name);
		fputs(": ", md->piece);
		markdown_text(md, tare_noise_text(md->arena, subject));
		putc('\n', md->piece);
		markdown_end_entry(md);
	}
	for (size_t i = 0; i < input->set_count; i++)
		write_disturbed_comparisons(md, &input->sets[i]);
	markdown_closing(md, "\n");
	if (count > shown)
		markdown_closing(md, tare_arena_printf(md->arena,
					     "The %zu most disturbed of %zu.\n\n", shown, count));
	markdown_unfold(md);
}

static void
write_failed_names(struct markdown *md, const struct tare_failure *failure)
{
	for (size_t i = 0; i < failure->case_count && i < TARE_FAILED_NAMES_MAX; i++) {
		fputs(i ? ", " : "", md->piece);
		markdown_name(md, md->input->run->cases[failure->cases[i]].name);
	}
	if (failure->case_count > TARE_FAILED_NAMES_MAX)
		fprintf(md->piece, " and %zu more", failure->case_count - TARE_FAILED_NAMES_MAX);
}

static void
write_failure(struct markdown *md, const struct tare_failure *failure)
{
	const char *tail = failure->stderr_tail;

	markdown_begin(md);
	write_failed_names(md, failure);
	fputs(" failed: ", md->piece);
	markdown_text(md, failure->text);
	fputs("\n\n", md->piece);
	if (*tail)
		markdown_lines(
			md, tare_text_tail(tail, strlen(tail), TAIL_LINES_MAX, TAIL_LEN_MAX));
	markdown_end_entry(md);
}

static void
write_failures(struct markdown *md)
{
	struct tare_failure *failures;
	size_t count = tare_failures_read(&failures, md->arena, md->input->run);

	for (size_t i = 0; i < count && markdown_has_room(md, count - i); i++)
		write_failure(md, &failures[i]);
}

static void
write_warning(struct markdown *md, const struct tare_warning_group *group)
{
	markdown_begin(md);
	fputs("- warning: ", md->piece);
	for (size_t i = 0; i < group->count && i < TARE_WARNINGS_ALIKE; i++) {
		fputs(i ? "; " : "", md->piece);
		markdown_text(md, group->texts[i]);
	}
	if (group->count > TARE_WARNINGS_ALIKE)
		fprintf(md->piece, "; and %zu more", group->count - TARE_WARNINGS_ALIKE);
	if (*group->why) {
		fputs(". Why it matters: ", md->piece);
		markdown_text(md, group->why);
	}
	if (*group->advice) {
		fputs(". What to do: ", md->piece);
		markdown_text(md, group->advice);
	}
	fputs(".\n", md->piece);
	markdown_end_entry(md);
}

static void
write_warnings(struct markdown *md)
{
	struct tare_warning_group *groups;
	size_t count = tare_warning_groups(&groups, md->arena, md->input->run);

	for (size_t i = 0; i < count && markdown_has_room(md, count - i); i++)
		write_warning(md, &groups[i]);
	if (count > 0)
		markdown_closing(md, "\n");
}

static void
write_figures(struct markdown *md, const struct tare_run_case *subject, size_t metric)
{
	const struct tare_metric *about = &subject->metrics[metric];
	struct tare_figures figures;

	tare_figures_read(&figures, md->values, subject, metric);
	if (figures.n == 0)
		return;
	markdown_begin(md);
	fputs("| ", md->piece);
	markdown_name(md, subject->name);
	fputs(" | ", md->piece);
	markdown_name(md, about->name);
	fputs(" | ", md->piece);
	markdown_value(md, figures.median, about->unit);
	if (isfinite(figures.half_width))
		fprintf(md->piece, " ± %.1f %%", 100 * figures.half_width);
	fputs(" | ", md->piece);
	markdown_value(md, figures.min, about->unit);
	fputs(" | ", md->piece);
	markdown_value(md, figures.max, about->unit);
	fprintf(md->piece, " | %llu |\n", (unsigned long long)figures.total);
	markdown_end_entry(md);
}

static void
write_cases(struct markdown *md)
{
	const struct tare_run *run = md->input->run;
	size_t count = run->case_count;

	if (count == 0)
		return;
	if (!markdown_fold(md, count,
		    tare_arena_printf(md->arena, "%zu case%s", count, count == 1 ? "" : "s")))
		return;
	markdown_closing(md, "| case | metric | median | min | max | n |\n"
			     "|:--|:--|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < count && markdown_has_room(md, count - i); i++)
		for (size_t k = 0; k < run->cases[i].metric_count; k++)
			if (tare_metric_is_shown(run->cases[i].metrics, k))
				write_figures(md, &run->cases[i], k);
	markdown_closing(md, "\n");
	markdown_unfold(md);
}

static void
write_case_cost(
	struct markdown *md, const struct tare_run_case *subject, const struct tare_case_cost *one)
{
	markdown_begin(md);
	fputs("| ", md->piece);
	markdown_name(md, subject->name);
	fprintf(md->piece, " | %llu | ", (unsigned long long)one->invocations);
	markdown_value(md, one->time_ns, "ns");
	fprintf(md->piece, " | %.0f %% | ", 100 * one->share);
	markdown_text(md, one->stopped);
	fputs(" |\n", md->piece);
	markdown_end_entry(md);
}

static void
write_cost(struct markdown *md)
{
	const struct tare_run *run = md->input->run;
	struct tare_run_cost cost;
	const size_t *order;
	size_t shown;

	tare_run_cost_read(&cost, md->arena, run);
	shown = cost.case_count < COST_ROWS_MAX ? cost.case_count : COST_ROWS_MAX;
	if (cost.costliest == cost.case_count ||
		!markdown_fold(md, shown, "what each case cost, and why it stopped"))
		return;
	order = tare_run_cost_order(md->arena, &cost);
	markdown_closing(md, "| case | invocations | time | share | stopped because |\n"
			     "|:--|--:|--:|--:|:--|\n");
	for (size_t i = 0; i < shown && markdown_has_room(md, shown - i); i++)
		write_case_cost(md, &run->cases[order[i]], &cost.cases[order[i]]);
	markdown_closing(md, "\n");
	if (cost.case_count > shown)
		markdown_closing(md, tare_arena_printf(md->arena, "The %zu costliest of %zu.\n\n",
					     shown, cost.case_count));
	markdown_unfold(md);
}

static void
write_counter(struct markdown *md, const struct tare_counting_row *row)
{
	const char *note = tare_counting_note(md->arena, row);
	char coverage[TARE_COVERAGE_TEXT_MAX];
	const char *const cells[] = {row->name, row->counter->provider,
		tare_counter_quality_name(row->counter->quality), coverage, row->counter->event,
		row->counter->scope, note ? note : ""};

	tare_coverage_text(coverage, &row->counting);
	markdown_begin(md);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		fputs(i > 0 ? " | " : "| ", md->piece);
		markdown_text(md, cells[i]);
	}
	fputs(" |\n", md->piece);
	markdown_end_entry(md);
}

static void
write_counters(struct markdown *md)
{
	struct tare_counting_row *rows;
	size_t count;

	tare_counting_read(&rows, &count, md->arena, md->input->run);
	if (count == 0 || !markdown_fold(md, count, "counters, and where they came from"))
		return;
	markdown_closing(md, "| counter | provider | quality | coverage | event | scope | |\n"
			     "|:--|:--|:--|--:|:--|:--|:--|\n");
	for (size_t i = 0; i < count && markdown_has_room(md, count - i); i++)
		write_counter(md, &rows[i]);
	markdown_closing(md, "\n");
	markdown_unfold(md);
}

static void
write_fact(struct markdown *md, const char *key, const char *value)
{
	markdown_begin(md);
	fputs("| ", md->piece);
	markdown_text(md, key);
	fputs(" | ", md->piece);
	markdown_text(md, value);
	fputs(" |\n", md->piece);
	markdown_end_entry(md);
}

static void
write_environment(struct markdown *md)
{
	const struct tare_run *run = md->input->run;
	const struct tare_fact *facts = run->environment.facts;
	size_t count = run->environment.fact_count;

	/* Besides the facts: the command line, the run's id, tare's version. */
	if (!markdown_fold(md, count + 3, "environment, and how to repeat the run"))
		return;
	if (run->command_line && *run->command_line) {
		markdown_begin(md);
		markdown_lines(md, tare_text_safe(md->arena, run->command_line));
		markdown_end_entry(md);
	}
	markdown_closing(md, "| fact | value |\n|:--|:--|\n");
	write_fact(md, "run", run->id);
	write_fact(md, "tare", run->version);
	for (size_t i = 0; i < count && markdown_has_room(md, count - i); i++)
		write_fact(md, facts[i].key, facts[i].value);
	markdown_closing(md, "\n");
	markdown_unfold(md);
}

static enum tare_status
write_markdown(FILE *out, const struct tare_report_input *input, struct tare_err *err)
{
	struct markdown md = {
		.out = out,
		.input = input,
		.arena = tare_arena_new(),
		.values = tare_xcalloc(tare_report_rows_max(input->run), sizeof(double)),
	};

	write_headline(&md);
	for (size_t i = 0; i < input->set_count; i++)
		if (!tare_set_is_empty(&input->sets[i]))
			markdown_write_set(&md, &input->sets[i]);
	markdown_write_correction(&md);
	write_failures(&md);
	write_disturbed(&md);
	write_warnings(&md);
	write_cases(&md);
	write_counters(&md);
	write_cost(&md);
	write_environment(&md);
	if (md.left_out > 0)
		fprintf(out,
			"Left out to stay below %d characters: %zu entries. The html, json and csv "
			"reports have all of them.\n",
			MARKDOWN_MAX, md.left_out);
	free(md.values);
	tare_arena_free(md.arena);
	return tare_report_end(out, err);
}

const struct tare_reporter tare_reporter_markdown = {
	.name = "markdown",
	.extension = "md",
	.summary = "a comment for a pull request, bounded in size",
	.write = write_markdown,
};
