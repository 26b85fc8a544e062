/* What containers weigh: raw and corrected times side by side, and a calibration by dimension. */
#include <math.h>

#include "report/correction.h"
#include "report/table.h"
#include "report/text.h"

enum { ROWS_MAX = 100 };

static void
write_line(const struct text_page *page, const char *text)
{
	fputs(text_style(page, TEXT_DIM), page->out);
	tare_display_wrapped(page->out, text_safe(page, text), 0, page->width);
	fputs(text_style(page, TEXT_RESET), page->out);
}

static void
add_case(const struct text_page *page, struct tare_table *table,
	const struct tare_run_case *subject, const struct tare_corrected *one)
{
	const char *remark = tare_correction_remark(one);

	tare_table_row(table,
		(struct tare_table_cell[]){{text_safe(page, subject->name), NULL},
			{text_safe(page, tare_span_text(page->arena, &one->raw)), NULL},
			{one->line ? text_safe(page, tare_span_text(page->arena, &one->host)) : "",
				one->line ? TEXT_BOLD : NULL}});
	if (*remark)
		tare_table_note(table, text_safe(page, remark));
}

static void
write_cases(const struct text_page *page, const struct tare_run *run,
	const struct tare_correction *correction)
{
	static const struct tare_table_column columns[] = {
		{.title = "in a container"},
		{.title = "raw", .right = true},
		{.title = "corrected", .right = true},
	};
	struct tare_table table;
	size_t left_out = 0;

	tare_table_begin(&table, page->arena, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < correction->case_count; i++) {
		const struct tare_corrected *one = &correction->cases[i];

		if (!one->inside || isnan(one->raw.estimate))
			continue;
		if (table.row_count < ROWS_MAX)
			add_case(page, &table, &run->cases[i], one);
		else
			left_out++;
	}
	tare_table_write(&table, page->out, 0, page->width, page->color);
	if (left_out > 0)
		fprintf(page->out, "and %zu more; the html, json and csv reports have them\n",
			left_out);
}

static void
write_correction(const struct text_page *page, const struct tare_run *run,
	const struct tare_correction *correction, const char *whose)
{
	const char *rules[TARE_CORRECTION_RULES_MAX];
	const char *refusal = tare_correction_refusal(page->arena, correction);
	size_t count = tare_correction_rules(rules, page->arena, correction);

	if (!correction || (correction->corrected_count == 0 && !refusal))
		return;
	fprintf(page->out, "\n%swall time on the host%s, asked for by %s%s\n",
		text_style(page, TEXT_BOLD), whose, text_safe(page, correction->asked),
		text_style(page, TEXT_RESET));
	if (refusal) {
		write_line(page, refusal);
		return;
	}
	for (size_t i = 0; i < count; i++)
		write_line(page, rules[i]);
	write_cases(page, run, correction);
	write_line(page, tare_correction_scope(page->arena, run, correction));
}

static void
write_weights(const struct text_page *page, const struct tare_weights *weights)
{
	static const struct tare_table_column columns[] = {
		{.title = "dimension"},
		{.title = "by", .spare = 1},
		{.title = "overhead", .right = true},
		{.title = "A/A", .right = true},
		{.title = "verdict", .whole = true},
	};
	struct tare_table table;

	if (!weights)
		return;
	putc('\n', page->out);
	tare_table_begin(&table, page->arena, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < weights->dimension_count; i++) {
		const struct tare_weight *one = &weights->dimensions[i];

		tare_table_row(&table,
			(struct tare_table_cell[]){{one->name, NULL}, {one->probe, TEXT_DIM},
				{tare_overhead_text(page->arena, one), NULL},
				{isfinite(one->resolution)
						? tare_arena_printf(page->arena, "%.2f %%",
							  100 * one->resolution)
						: "",
					TEXT_DIM},
				{one->verdict, NULL}});
	}
	tare_table_write(&table, page->out, 0, page->width, page->color);
	write_line(page, tare_weights_rule);
	if (weights->why_not)
		write_line(
			page, tare_arena_printf(page->arena,
				      "no correction with this calibration: %s", weights->why_not));
}

void
text_write_correction(const struct text_page *page)
{
	const struct tare_report_input *input = page->input;

	write_weights(page, input->weights);
	write_correction(page, input->run, input->correction, "");
	if (input->base)
		write_correction(page, input->base, input->base_correction, " in the base");
}
