/* What containers weigh: raw and corrected times side by side, and a calibration by dimension. */
#include <math.h>

#include "report/correction.h"
#include "report/markdown.h"

static void
write_paragraph(struct markdown *md, const char *text)
{
	markdown_begin(md);
	markdown_text(md, text);
	fputs("\n\n", md->piece);
	markdown_end(md);
}

static void
write_case(
	struct markdown *md, const struct tare_run_case *subject, const struct tare_corrected *one)
{
	markdown_begin(md);
	fputs("| ", md->piece);
	markdown_name(md, subject->name);
	fputs(" | ", md->piece);
	markdown_text(md, tare_span_text(md->arena, &one->raw));
	fputs(" | ", md->piece);
	if (one->line)
		markdown_text(md, tare_span_text(md->arena, &one->host));
	fputs(" | ", md->piece);
	markdown_text(md, tare_correction_remark(one));
	fputs(" |\n", md->piece);
	markdown_end_entry(md);
}

static bool
is_told(const struct tare_corrected *one)
{
	return one->inside && !isnan(one->raw.estimate);
}

static void
write_cases(
	struct markdown *md, const struct tare_run *run, const struct tare_correction *correction)
{
	size_t remaining = 0;

	for (size_t i = 0; i < correction->case_count; i++)
		remaining += is_told(&correction->cases[i]);
	markdown_begin(md);
	fputs("| in a container | raw | corrected | |\n|:--|--:|--:|:--|\n", md->piece);
	if (!markdown_end(md)) {
		md->left_out += remaining;
		return;
	}
	for (size_t i = 0; i < correction->case_count; i++) {
		if (!is_told(&correction->cases[i]))
			continue;
		if (!markdown_has_room(md, remaining))
			break;
		write_case(md, &run->cases[i], &correction->cases[i]);
		remaining--;
	}
	markdown_closing(md, "\n");
}

static void
write_correction(struct markdown *md, const struct tare_run *run,
	const struct tare_correction *correction, const char *title)
{
	const char *rules[TARE_CORRECTION_RULES_MAX];
	const char *refusal = tare_correction_refusal(md->arena, correction);
	size_t count = tare_correction_rules(rules, md->arena, correction);

	if (!correction || (correction->corrected_count == 0 && !refusal))
		return;
	markdown_begin(md);
	fprintf(md->piece, "#### %s\n\n", title);
	markdown_end(md);
	if (refusal) {
		write_paragraph(md, refusal);
		return;
	}
	for (size_t i = 0; i < count; i++)
		write_paragraph(md, rules[i]);
	write_cases(md, run, correction);
	write_paragraph(md, tare_correction_scope(md->arena, run, correction));
}

static void
write_weights(struct markdown *md, const struct tare_weights *weights)
{
	if (!weights)
		return;
	markdown_begin(md);
	fputs("| dimension | by | overhead | A/A | verdict |\n|:--|:--|--:|--:|:--|\n", md->piece);
	for (size_t i = 0; i < weights->dimension_count; i++) {
		const struct tare_weight *one = &weights->dimensions[i];

		fprintf(md->piece, "| %s | %s | %s | ", one->name, one->probe,
			tare_overhead_text(md->arena, one));
		if (isfinite(one->resolution))
			fprintf(md->piece, "%.2f %%", 100 * one->resolution);
		fprintf(md->piece, " | %s |\n", one->verdict);
	}
	putc('\n', md->piece);
	markdown_end(md);
	write_paragraph(md, tare_weights_rule);
	if (weights->why_not)
		write_paragraph(
			md, tare_arena_printf(md->arena, "no correction with this calibration: %s",
				    weights->why_not));
}

void
markdown_write_correction(struct markdown *md)
{
	const struct tare_report_input *input = md->input;

	write_weights(md, input->weights);
	write_correction(md, input->run, input->correction, "Wall time on the host");
	if (input->base)
		write_correction(md, input->base, input->base_correction,
			"Wall time of the base on the host");
}
