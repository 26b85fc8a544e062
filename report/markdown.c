/*
 * The report as a comment on a pull request: what a reviewer needs first, the rest folded away.
 *
 * GitHub's limit is 65,536 characters; this stays below COMMENT_MAX bytes and says so where it had
 * to leave lines out. Outside text cannot become markup, a link, a mention or a reference: in names
 * every character that could is an entity in <code>, and elsewhere a zero-width space parts @ and #
 * from what follows them, because mentions are looked for after entities are resolved.
 */
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
#include "report/table.h"
#include "report/warnings.h"

enum {
	COMMENT_MAX = 60000,
	CLOSING_MAX = 500, /* what is kept free for </details> and the sentence about the limit */
	NAME_MAX = 120,    /* columns */
	TEXT_MAX = 400,
	TAIL_LINES_MAX = 15,
	TAIL_LEN_MAX = 2000,
	COST_ROWS_MAX = 40,
	FAILED_NAMES_MAX = 12,
	DISTURBED_MAX = 40,
	WARNINGS_ALIKE = 4,
};

#define ZERO_WIDTH_SPACE "&#8203;"

/* Lines are made in a piece and go out whole or not at all. */
struct comment {
	FILE *out;
	const struct tare_report_input *input;
	struct tare_arena *arena;
	double *values;
	size_t used;
	size_t left_out;
	FILE *piece;
	char *piece_text;
	size_t piece_len;
};

static FILE *
begin_piece(struct comment *comment)
{
	comment->piece = open_memstream(&comment->piece_text, &comment->piece_len);
	if (!comment->piece)
		abort();
	return comment->piece;
}

static bool
end_piece(struct comment *comment)
{
	bool fits;

	if (fclose(comment->piece))
		abort();
	fits = comment->used + comment->piece_len <= COMMENT_MAX - CLOSING_MAX;
	if (fits) {
		fwrite(comment->piece_text, 1, comment->piece_len, comment->out);
		comment->used += comment->piece_len;
	} else {
		comment->left_out++;
	}
	free(comment->piece_text);
	return fits;
}

/* For what must be there: closings, from the room that is kept free. */
static void
put_closing(struct comment *comment, const char *text)
{
	fputs(text, comment->out);
	comment->used += strlen(text);
}

static bool
is_full(const struct comment *comment)
{
	return comment->used > COMMENT_MAX - 2 * CLOSING_MAX;
}

static void
put_html(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		default:
			putc(*text, out);
		}
	}
}

/* All punctuation that Markdown, its tables or its autolinks give a meaning within a line. */
static void
put_entities(FILE *out, const char *text, bool part_mentions)
{
	for (const char *at = text; *at; at++) {
		bool www = *at == '.' && at - text >= 3 && strncasecmp(at - 3, "www", 3) == 0;
		bool scheme = *at == ':' && at[1] == '/';

		if (strchr("&<>|`*_[]\\~#@$", *at) || www || scheme)
			fprintf(out, "&#%d;", *at);
		else
			putc(*at, out);
		if (part_mentions && (*at == '@' || *at == '#'))
			fputs(ZERO_WIDTH_SPACE, out);
	}
}

static char *
shortened(const struct comment *comment, const char *text, size_t width)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&bytes, &len);
	char *copy;

	if (!stream)
		abort();
	tare_display_shortened(stream, tare_text_safe(comment->arena, text ? text : ""), width);
	if (fclose(stream))
		abort();
	copy = tare_arena_strndup(comment->arena, bytes, len);
	free(bytes);
	return copy;
}

static void
put_text(const struct comment *comment, const char *text)
{
	put_entities(comment->piece, shortened(comment, text, TEXT_MAX), true);
}

/* Most names need no entities and stay readable where nothing renders the comment. */
static void
put_name(const struct comment *comment, const char *text)
{
	const char *name = shortened(comment, text, NAME_MAX);

	if (*name == '\0')
		return;
	if (strcspn(name, "|`\\<>&") == strlen(name)) {
		fprintf(comment->piece, "`%s`", name);
		return;
	}
	fputs("<code>", comment->piece);
	put_entities(comment->piece, name, false);
	fputs("</code>", comment->piece);
}

static void
put_value(const struct comment *comment, double value, const char *unit)
{
	char text[TARE_UNITS_TEXT_MAX];

	tare_value_format(text, sizeof(text), value, unit);
	put_text(comment, text);
}

static void
write_headline(struct comment *comment)
{
	const struct tare_report_input *input = comment->input;
	const struct tare_gate_outcome *gate = input->gate;
	struct tare_report_summary summary;

	tare_report_summarize(&summary, input);
	begin_piece(comment);
	fputs("### ", comment->piece);
	put_text(comment, input->run->suite);
	fprintf(comment->piece, ": %s\n\n", summary.headline);
	if (gate && gate->result != TARE_GATE_NOT_ASKED && gate->sentence) {
		fputs("**", comment->piece);
		put_text(comment, gate->sentence);
		fputs("**\n\n", comment->piece);
	}
	if (summary.gated_count > 0)
		fprintf(comment->piece, "Risk %s, recommendation: %s.\n\n",
			tare_risk_name(summary.risk),
			tare_recommendation_name(summary.recommendation));
	end_piece(comment);
}

static void
put_verdict(const struct comment *comment, const struct tare_comparison *item)
{
	const char *mark = item->verdict == TARE_VERDICT_REGRESSION ? "**" : "";

	fprintf(comment->piece, "%s%s%s", mark, tare_verdict_name(item->verdict), mark);
	if (item->reason && *item->reason) {
		fputs(": ", comment->piece);
		put_text(comment, item->reason);
	} else if (tare_comparison_past_margin(item)) {
		fprintf(comment->piece,
			": by the %.4g %% interval, which lies inside the margin of %.4g %%",
			100 * tare_comparison_inner(item), 100 * item->metric.margin);
	} else if (item->below_margin) {
		fprintf(comment->piece, ": real, but below the margin of %.4g %%",
			100 * item->metric.margin);
	}
}

static void
put_interval(const struct comment *comment, const struct tare_comparison *item)
{
	char text[TARE_INTERVAL_TEXT_MAX];

	tare_interval_text(text, item);
	/* Of ratios it is numbers only; of differences it ends in the suite's unit. */
	if (item->method == TARE_METHOD_DIFFERENCE)
		put_text(comment, text);
	else
		fputs(text, comment->piece);
}

static void
write_comparison(struct comment *comment, const struct tare_comparison *item)
{
	char change[TARE_UNITS_TEXT_MAX];

	tare_change_text(change, item);
	begin_piece(comment);
	fputs("| ", comment->piece);
	put_name(comment, item->case_name);
	fputs(" | ", comment->piece);
	put_name(comment, item->metric.name);
	fputs(" | ", comment->piece);
	put_value(comment, item->base_median, item->metric.unit);
	fputs(" | ", comment->piece);
	put_value(comment, item->head_median, item->metric.unit);
	fputs(" | ", comment->piece);
	put_text(comment, change);
	fputs(" | ", comment->piece);
	put_interval(comment, item);
	fprintf(comment->piece, " | %zu | ", item->n);
	put_verdict(comment, item);
	fputs(" |\n", comment->piece);
	end_piece(comment);
}

/* A table's first lines; false where there is no room for it. */
static bool
write_comparison_titles(struct comment *comment)
{
	begin_piece(comment);
	fputs("| case | metric | base | head | change | 95 % interval | n | verdict |\n"
	      "|:--|:--|--:|--:|--:|:-:|--:|:--|\n",
		comment->piece);
	return end_piece(comment);
}

typedef bool (*wanted_fn)(const struct tare_comparison *item);

static bool
is_notable(const struct tare_comparison *item)
{
	return item->metric.gated && item->verdict != TARE_VERDICT_NO_CHANGE;
}

static bool
is_unchanged(const struct tare_comparison *item)
{
	return item->metric.gated && item->verdict == TARE_VERDICT_NO_CHANGE;
}

static bool
is_side_note(const struct tare_comparison *item)
{
	return !item->metric.gated && (item->verdict == TARE_VERDICT_REGRESSION ||
					      item->verdict == TARE_VERDICT_IMPROVEMENT);
}

static size_t
count_wanted(const struct tare_comparison_set *set, wanted_fn wanted)
{
	size_t count = 0;

	for (size_t i = 0; i < set->item_count; i++)
		count += wanted(&set->items[i]);
	return count;
}

static void
write_comparison_table(
	struct comment *comment, const struct tare_comparison_set *set, wanted_fn wanted)
{
	const struct tare_comparison **items = tare_comparisons_order(comment->arena, set);
	size_t remaining = count_wanted(set, wanted);

	if (remaining == 0 || !write_comparison_titles(comment))
		return;
	for (size_t i = 0; i < set->item_count && remaining > 0; i++) {
		if (!wanted(items[i]))
			continue;
		if (is_full(comment))
			break;
		write_comparison(comment, items[i]);
		remaining--;
	}
	comment->left_out += remaining;
	put_closing(comment, "\n");
}

/* Opens a folded section; false where there is no room for one. */
static bool
begin_details(struct comment *comment, const char *summary)
{
	begin_piece(comment);
	fprintf(comment->piece, "<details>\n<summary>%s</summary>\n\n", summary);
	return end_piece(comment);
}

static void
end_details(struct comment *comment)
{
	put_closing(comment, "</details>\n\n");
}

static void
write_folded(struct comment *comment, const struct tare_comparison_set *set, wanted_fn wanted,
	const char *what)
{
	size_t count = count_wanted(set, wanted);

	if (count == 0)
		return;
	if (!begin_details(comment, tare_arena_printf(comment->arena, "%zu comparison%s %s", count,
					    count == 1 ? "" : "s", what)))
		return;
	write_comparison_table(comment, set, wanted);
	end_details(comment);
}

static void
write_geomean(struct comment *comment, const struct tare_comparison_set *set)
{
	char change[TARE_UNITS_TEXT_MAX];
	char low[TARE_UNITS_TEXT_MAX];
	char high[TARE_UNITS_TEXT_MAX];

	if (set->geomean_count < 2 || !isfinite(set->geomean))
		return;
	tare_change_format(change, sizeof(change), set->geomean);
	tare_change_format(low, sizeof(low), set->geomean_low);
	tare_change_format(high, sizeof(high), set->geomean_high);
	begin_piece(comment);
	fprintf(comment->piece, "Geometric mean of wall over %zu cases: %s", set->geomean_count,
		change);
	if (isfinite(set->geomean_low) && isfinite(set->geomean_high))
		fprintf(comment->piece, " (%s to %s)", low, high);
	fputs(".\n\n", comment->piece);
	end_piece(comment);
}

static void
write_differences(struct comment *comment, const struct tare_comparison_set *set)
{
	if (set->environment_difference_count == 0)
		return;
	begin_piece(comment);
	fputs("> **The two runs come from different environments**; a verdict may be about the "
	      "machine, not the program.\n>\n> | fact | base | head |\n> |:--|:--|:--|\n",
		comment->piece);
	end_piece(comment);
	for (size_t i = 0; i < set->environment_difference_count && !is_full(comment); i++) {
		const struct tare_fact_difference *fact = &set->environment_differences[i];

		begin_piece(comment);
		fputs("> | ", comment->piece);
		put_text(comment, fact->key);
		fputs(" | ", comment->piece);
		put_text(comment, fact->base ? fact->base : "not recorded");
		fputs(" | ", comment->piece);
		put_text(comment, fact->head ? fact->head : "not recorded");
		fputs(" |\n", comment->piece);
		end_piece(comment);
	}
	put_closing(comment, "\n");
}

static void
write_missing(struct comment *comment, const struct tare_comparison_set *set)
{
	if (set->missing_count == 0)
		return;
	if (!begin_details(
		    comment, tare_arena_printf(comment->arena, "%zu case%s on one side only",
				     set->missing_count, set->missing_count == 1 ? "" : "s")))
		return;
	for (size_t i = 0; i < set->missing_count; i++) {
		if (is_full(comment)) {
			comment->left_out += set->missing_count - i;
			break;
		}
		begin_piece(comment);
		fputs("- ", comment->piece);
		put_name(comment, set->missing[i].name);
		fprintf(comment->piece, " only in the %s\n",
			set->missing[i].in_base ? "base" : "head");
		end_piece(comment);
	}
	put_closing(comment, "\n");
	end_details(comment);
}

static void
write_set(struct comment *comment, const struct tare_comparison_set *set)
{
	begin_piece(comment);
	put_name(comment, tare_set_head_label(set));
	fputs(*tare_set_head_label(set) ? " against " : "Against ", comment->piece);
	put_name(comment, set->base_label && *set->base_label ? set->base_label : "base");
	fputs("\n\n", comment->piece);
	end_piece(comment);
	write_differences(comment, set);
	write_comparison_table(comment, set, is_notable);
	write_geomean(comment, set);
	write_folded(comment, set, is_unchanged, "without change");
	write_folded(comment, set, is_side_note, "that changed in metrics that are not gated");
	write_missing(comment, set);
}

static void
write_disturbed_comparison(struct comment *comment, const struct tare_comparison *item)
{
	if (!item->undisturbed || !item->metric.gated)
		return;
	begin_piece(comment);
	fputs("- ", comment->piece);
	put_name(comment, item->case_name);
	putc(' ', comment->piece);
	put_name(comment, item->metric.name);
	fputs(" without disturbed samples: ", comment->piece);
	put_text(comment, tare_undisturbed_text(comment->arena, item));
	if (tare_undisturbed_differs(item))
		fprintf(comment->piece, " instead of %s", tare_verdict_name(item->verdict));
	putc('\n', comment->piece);
	end_piece(comment);
}

static void
write_disturbed(struct comment *comment)
{
	const struct tare_report_input *input = comment->input;
	size_t count;
	const size_t *cases = tare_disturbed_cases(&count, comment->arena, input->run);

	if (count == 0 || !begin_details(comment, tare_arena_printf(comment->arena,
							  "Disturbed samples in %zu case%s", count,
							  count == 1 ? "" : "s")))
		return;
	for (size_t i = 0; i < count && i < DISTURBED_MAX; i++) {
		const struct tare_run_case *subject = &input->run->cases[cases[i]];

		begin_piece(comment);
		fputs("- ", comment->piece);
		put_name(comment, subject->name);
		fputs(": ", comment->piece);
		put_text(comment, tare_noise_text(comment->arena, subject));
		putc('\n', comment->piece);
		end_piece(comment);
	}
	for (size_t i = 0; i < input->set_count; i++)
		for (size_t k = 0; k < input->sets[i].item_count && !is_full(comment); k++)
			write_disturbed_comparison(comment, &input->sets[i].items[k]);
	put_closing(comment, "\n");
	end_details(comment);
}

static void
write_failed_names(struct comment *comment, const struct tare_failure *failure)
{
	for (size_t i = 0; i < failure->case_count && i < FAILED_NAMES_MAX; i++) {
		fputs(i ? ", " : "", comment->piece);
		put_name(comment, comment->input->run->cases[failure->cases[i]].name);
	}
	if (failure->case_count > FAILED_NAMES_MAX)
		fprintf(comment->piece, " and %zu more", failure->case_count - FAILED_NAMES_MAX);
}

static void
write_failure(struct comment *comment, const struct tare_failure *failure)
{
	const char *tail = failure->stderr_tail;

	begin_piece(comment);
	write_failed_names(comment, failure);
	fputs(" failed: ", comment->piece);
	put_text(comment, failure->text);
	fputs("\n\n", comment->piece);
	if (*tail) {
		char *lines = NULL;
		size_t len = 0;
		FILE *stream = open_memstream(&lines, &len);

		if (!stream)
			abort();
		tare_text_print_safe(stream,
			tare_text_tail(tail, strlen(tail), TAIL_LINES_MAX, TAIL_LEN_MAX), true);
		if (fclose(stream))
			abort();
		fputs("<pre>", comment->piece);
		put_html(comment->piece, lines);
		fputs("</pre>\n\n", comment->piece);
		free(lines);
	}
	end_piece(comment);
}

static void
write_failures(struct comment *comment)
{
	struct tare_failure *failures;
	size_t count = tare_failures_read(&failures, comment->arena, comment->input->run);

	for (size_t i = 0; i < count; i++) {
		if (is_full(comment))
			comment->left_out++;
		else
			write_failure(comment, &failures[i]);
	}
}

static void
write_warning(struct comment *comment, const struct tare_warning_group *group)
{
	begin_piece(comment);
	fputs("- warning: ", comment->piece);
	for (size_t i = 0; i < group->count && i < WARNINGS_ALIKE; i++) {
		fputs(i ? "; " : "", comment->piece);
		put_text(comment, group->texts[i]);
	}
	if (group->count > WARNINGS_ALIKE)
		fprintf(comment->piece, "; and %zu more", group->count - WARNINGS_ALIKE);
	if (*group->why) {
		fputs(". Why it matters: ", comment->piece);
		put_text(comment, group->why);
	}
	if (*group->advice) {
		fputs(". What to do: ", comment->piece);
		put_text(comment, group->advice);
	}
	fputs(".\n", comment->piece);
	end_piece(comment);
}

static void
write_warnings(struct comment *comment)
{
	struct tare_warning_group *groups;
	size_t count = tare_warning_groups(&groups, comment->arena, comment->input->run);

	for (size_t i = 0; i < count && !is_full(comment); i++)
		write_warning(comment, &groups[i]);
	if (count > 0)
		put_closing(comment, "\n");
}

static void
write_figures(struct comment *comment, const struct tare_run_case *subject, size_t metric)
{
	const struct tare_metric *about = &subject->metrics[metric];
	struct tare_figures figures;

	tare_figures_read(&figures, comment->values, subject, metric);
	if (figures.n == 0)
		return;
	begin_piece(comment);
	fputs("| ", comment->piece);
	put_name(comment, subject->name);
	fputs(" | ", comment->piece);
	put_name(comment, about->name);
	fputs(" | ", comment->piece);
	put_value(comment, figures.median, about->unit);
	if (isfinite(figures.half_width))
		fprintf(comment->piece, " ± %.1f %%", 100 * figures.half_width);
	fputs(" | ", comment->piece);
	put_value(comment, figures.min, about->unit);
	fputs(" | ", comment->piece);
	put_value(comment, figures.max, about->unit);
	fprintf(comment->piece, " | %llu |\n", (unsigned long long)figures.total);
	end_piece(comment);
}

static void
write_cases(struct comment *comment)
{
	const struct tare_run *run = comment->input->run;

	if (run->case_count == 0 || is_full(comment))
		return;
	if (!begin_details(comment, tare_arena_printf(comment->arena, "%zu case%s", run->case_count,
					    run->case_count == 1 ? "" : "s")))
		return;
	put_closing(comment, "| case | metric | median | min | max | n |\n"
			     "|:--|:--|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < run->case_count; i++) {
		if (is_full(comment)) {
			comment->left_out += run->case_count - i;
			break;
		}
		for (size_t k = 0; k < run->cases[i].metric_count; k++)
			if (tare_metric_is_shown(run->cases[i].metrics, k))
				write_figures(comment, &run->cases[i], k);
	}
	put_closing(comment, "\n");
	end_details(comment);
}

static void
write_case_cost(struct comment *comment, const struct tare_run_case *subject,
	const struct tare_case_cost *one)
{
	begin_piece(comment);
	fputs("| ", comment->piece);
	put_name(comment, subject->name);
	fprintf(comment->piece, " | %llu | ", (unsigned long long)one->invocations);
	put_value(comment, one->time_ns, "ns");
	fprintf(comment->piece, " | %.0f %% | ", 100 * one->share);
	put_text(comment, one->stopped);
	fputs(" |\n", comment->piece);
	end_piece(comment);
}

static void
write_cost(struct comment *comment)
{
	const struct tare_run *run = comment->input->run;
	struct tare_run_cost cost;
	const size_t *order;

	tare_run_cost_read(&cost, comment->arena, run);
	if (cost.costliest == cost.case_count || is_full(comment) ||
		!begin_details(comment, "what each case cost, and why it stopped"))
		return;
	order = tare_run_cost_order(comment->arena, &cost);
	put_closing(comment, "| case | invocations | time | share | stopped because |\n"
			     "|:--|--:|--:|--:|:--|\n");
	for (size_t i = 0; i < cost.case_count && i < COST_ROWS_MAX && !is_full(comment); i++)
		write_case_cost(comment, &run->cases[order[i]], &cost.cases[order[i]]);
	put_closing(comment, "\n");
	if (cost.case_count > COST_ROWS_MAX)
		put_closing(
			comment, tare_arena_printf(comment->arena, "The %d costliest of %zu.\n\n",
					 COST_ROWS_MAX, cost.case_count));
	end_details(comment);
}

static void
write_counter(struct comment *comment, const struct tare_counting_row *row)
{
	const char *note = tare_counting_note(comment->arena, &row->counting);
	char coverage[TARE_COVERAGE_TEXT_MAX];
	const char *const cells[] = {row->name, row->counter->provider,
		tare_counter_quality_name(row->counter->quality), coverage, row->counter->event,
		row->counter->scope, note ? note : ""};

	tare_coverage_text(coverage, &row->counting);
	begin_piece(comment);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		fputs(i > 0 ? " | " : "| ", comment->piece);
		put_text(comment, cells[i]);
	}
	fputs(" |\n", comment->piece);
	end_piece(comment);
}

static void
write_counters(struct comment *comment)
{
	struct tare_counting_row *rows;
	size_t count;

	tare_counting_read(&rows, &count, comment->arena, comment->input->run);
	if (count == 0 || is_full(comment) ||
		!begin_details(comment, "counters, and where they came from"))
		return;
	put_closing(comment, "| counter | provider | quality | coverage | event | scope | |\n"
			     "|:--|:--|:--|--:|:--|:--|:--|\n");
	for (size_t i = 0; i < count && !is_full(comment); i++)
		write_counter(comment, &rows[i]);
	put_closing(comment, "\n");
	end_details(comment);
}

static void
write_fact(struct comment *comment, const char *key, const char *value)
{
	begin_piece(comment);
	fputs("| ", comment->piece);
	put_text(comment, key);
	fputs(" | ", comment->piece);
	put_text(comment, value);
	fputs(" |\n", comment->piece);
	end_piece(comment);
}

static void
write_environment(struct comment *comment)
{
	const struct tare_run *run = comment->input->run;

	if (is_full(comment) || !begin_details(comment, "environment, and how to repeat the run"))
		return;
	if (run->command_line && *run->command_line) {
		begin_piece(comment);
		fputs("<pre>", comment->piece);
		put_html(comment->piece, tare_text_safe(comment->arena, run->command_line));
		fputs("</pre>\n\n", comment->piece);
		end_piece(comment);
	}
	put_closing(comment, "| fact | value |\n|:--|:--|\n");
	write_fact(comment, "run", run->id);
	write_fact(comment, "tare", run->version);
	for (size_t i = 0; i < run->environment.fact_count && !is_full(comment); i++)
		write_fact(comment, run->environment.facts[i].key, run->environment.facts[i].value);
	put_closing(comment, "\n");
	end_details(comment);
}

static enum tare_status
write_markdown(FILE *out, const struct tare_report_input *input, struct tare_err *err)
{
	struct comment comment = {
		.out = out,
		.input = input,
		.arena = tare_arena_new(),
		.values = tare_xcalloc(tare_report_rows_max(input->run), sizeof(double)),
	};

	write_headline(&comment);
	for (size_t i = 0; i < input->set_count && !is_full(&comment); i++)
		if (!tare_set_is_empty(&input->sets[i]))
			write_set(&comment, &input->sets[i]);
	write_failures(&comment);
	write_disturbed(&comment);
	write_warnings(&comment);
	write_cases(&comment);
	write_counters(&comment);
	write_cost(&comment);
	write_environment(&comment);
	if (comment.left_out > 0)
		fprintf(out,
			"Left out to stay below %d characters: %zu entries. The html, json and csv "
			"reports have all of them.\n",
			COMMENT_MAX, comment.left_out);
	free(comment.values);
	tare_arena_free(comment.arena);
	return tare_report_end(out, err);
}

const struct tare_reporter tare_reporter_markdown = {
	.name = "markdown",
	.extension = "md",
	.summary = "a comment for a pull request, bounded in size",
	.write = write_markdown,
};
