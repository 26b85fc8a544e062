#include "report/html.h"

#include <stdlib.h>
#include <string.h>

#include "report/reporters.h"

/* Which comparison speaks for a group: the gated one with the verdict people look for first. */
static int
weight_of(const struct tare_comparison *item)
{
	static const int weights[TARE_VERDICT_COUNT] = {
		[TARE_VERDICT_REGRESSION] = 4,
		[TARE_VERDICT_IMPROVEMENT] = 2,
		[TARE_VERDICT_NO_CHANGE] = 1,
		[TARE_VERDICT_INCONCLUSIVE] = 3,
	};

	return (item->metric.gated ? 8 : 0) + weights[item->verdict];
}

static void
choose_lead(struct html_group *group)
{
	for (size_t i = 0; i < group->item_count; i++) {
		const struct tare_comparison *item = group->items[i].comparison;

		if (!group->lead || weight_of(item) > weight_of(group->lead))
			group->lead = item;
	}
}

/* Variants of one group stand next to each other in a run. */
static void
gather_groups(struct html *h)
{
	const struct tare_run *run = h->run;

	h->groups = tare_arena_alloc(h->arena, run->case_count, sizeof(*h->groups));
	h->group_of_case = tare_arena_alloc(h->arena, run->case_count, sizeof(*h->group_of_case));
	for (size_t i = 0; i < run->case_count; i++) {
		const struct tare_run_case *subject = &run->cases[i];

		if (i == 0 || subject->group != run->cases[i - 1].group) {
			h->groups[h->group_count].first_case = i;
			h->groups[h->group_count].name =
				tare_case_name(h->arena, subject->benchmark, subject->parameters,
					subject->parameter_count, "");
			h->group_count++;
		}
		h->groups[h->group_count - 1].case_count++;
		h->group_of_case[i] = h->group_count - 1;
	}
}

static bool
belongs_to_group(const struct html *h, const struct tare_comparison *item)
{
	return html_has_values(item) && html_head_case(h, item);
}

/* Two passes over the comparisons: count them, then put them in their places. */
static void
gather_items(struct html *h)
{
	const struct tare_report_input *input = h->input;

	for (size_t s = 0; s < input->set_count; s++)
		for (size_t i = 0; i < input->sets[s].item_count; i++)
			if (belongs_to_group(h, &input->sets[s].items[i]))
				h->groups[h->group_of_case[input->sets[s].items[i].head_case]]
					.item_count++;
	for (size_t g = 0; g < h->group_count; g++) {
		struct html_group *group = &h->groups[g];

		group->items = tare_arena_alloc(h->arena, group->item_count, sizeof(*group->items));
		group->item_count = 0;
	}
	for (size_t s = 0; s < input->set_count; s++) {
		for (size_t i = 0; i < input->sets[s].item_count; i++) {
			const struct tare_comparison *item = &input->sets[s].items[i];
			struct html_group *group;

			if (!belongs_to_group(h, item))
				continue;
			group = &h->groups[h->group_of_case[item->head_case]];
			group->items[group->item_count++] =
				(struct html_item){item, input->sets[s].across_runs};
		}
	}
	for (size_t g = 0; g < h->group_count; g++)
		choose_lead(&h->groups[g]);
}

static void
choose_sizes(struct html *h)
{
	size_t sections = h->group_count < HTML_SECTIONS_MAX ? h->group_count : HTML_SECTIONS_MAX;
	size_t rows = tare_report_rows_max(h->run);

	h->compact = sections >= HTML_COMPACT_FROM;
	h->terse = sections >= HTML_TERSE_FROM;
	h->charts_max = sections ? HTML_ALL_CHARTS_MAX / sections : HTML_CHARTS_MAX;
	if (h->charts_max > HTML_CHARTS_MAX)
		h->charts_max = HTML_CHARTS_MAX;
	if (h->charts_max < 1)
		h->charts_max = 1;
	h->points_max = sections ? HTML_ALL_POINTS_MAX / sections : HTML_POINTS_MAX;
	if (h->points_max > HTML_POINTS_MAX)
		h->points_max = HTML_POINTS_MAX;
	if (h->points_max < HTML_POINTS_MIN)
		h->points_max = HTML_POINTS_MIN;
	if (h->input->base && tare_report_rows_max(h->input->base) > rows)
		rows = tare_report_rows_max(h->input->base);
	h->values = tare_arena_alloc(h->arena, rows, sizeof(*h->values));
}

static void
write_page(struct html *h)
{
	html_write_head(h);
	html_write_headline(h);
	html_write_navigation(h);
	fputs("<main id=main>\n", h->out);
	html_write_facts(h);
	html_write_correction(h);
	html_write_comparisons(h);
	html_write_table(h);
	html_write_cases(h);
	html_write_counting(h);
	html_write_cost(h);
	html_write_failures(h);
	html_write_warnings(h);
	html_write_environment(h);
	html_write_command(h);
	html_write_terms(h);
	fputs("</main>\n", h->out);
	html_write_foot(h);
}

static enum tare_status
write_html(FILE *out, const struct tare_report_input *input, struct tare_err *err)
{
	struct html h = {.out = out, .input = input, .run = input->run};

	h.arena = tare_arena_new();
	h.ranks = tare_ranks_new(h.arena);
	tare_report_summarize(&h.summary, input);
	gather_groups(&h);
	gather_items(&h);
	choose_sizes(&h);
	write_page(&h);
	tare_arena_free(h.arena);
	if (ferror(out))
		return tare_err_errno(err, TARE_OUTSIDE, "cannot write the HTML report");
	return TARE_OK;
}

const struct tare_reporter tare_reporter_html = {
	.name = "html",
	.extension = "html",
	.summary = "one self-contained page with charts, for people",
	.write = write_html,
};
