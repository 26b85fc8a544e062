#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/compare/internal.h"

static void
set_begin(struct tare_comparison_set *set, struct tare_arena *arena, size_t item_max)
{
	*set = (struct tare_comparison_set){.geomean = NAN,
		.geomean_low = NAN,
		.geomean_high = NAN,
		.raw_geomean = NAN,
		.raw_geomean_low = NAN,
		.raw_geomean_high = NAN};
	set->items = tare_arena_alloc(arena, item_max, sizeof(*set->items));
}

struct labels {
	const char *base;
	const char *head;
};

/* The same comparison of what was not disturbed. */
static const struct tare_undisturbed *
without_disturbed(const struct tare_comparing *comparing, const struct tare_run_case *base,
	const struct tare_run_case *head, size_t metric)
{
	struct tare_undisturbed *rest = tare_arena_alloc(comparing->arena, 1, sizeof(*rest));
	struct tare_run_case quiet_base = *base, quiet_head = *head;
	struct tare_comparison item;

	*rest = (struct tare_undisturbed){
		.base_disturbed = tare_samples_disturbed(&base->samples),
		.head_disturbed = tare_samples_disturbed(&head->samples),
		.ratio = NAN,
		.ratio_low = NAN,
		.ratio_high = NAN,
		.difference = NAN,
		.difference_low = NAN,
		.difference_high = NAN,
		.verdict = TARE_VERDICT_INCONCLUSIVE,
	};
	tare_samples_undisturbed(&quiet_base.samples, &base->samples);
	tare_samples_undisturbed(&quiet_head.samples, &head->samples);
	if (tare_compare_metric(&item, comparing, &quiet_base, &quiet_head, metric)) {
		rest->n = item.n;
		rest->ratio = item.ratio;
		rest->ratio_low = item.ratio_low;
		rest->ratio_high = item.ratio_high;
		rest->difference = item.difference;
		rest->difference_low = item.difference_low;
		rest->difference_high = item.difference_high;
		rest->verdict = item.verdict;
	}
	tare_samples_free(&quiet_base.samples);
	tare_samples_free(&quiet_head.samples);
	return rest;
}

/* Every metric of head that base has too. Positions are indices into the runs' cases. */
static void
set_add_cases(struct tare_comparison_set *set, const struct tare_comparing *comparing,
	const struct tare_run_case *base, const struct tare_run_case *head,
	const size_t positions[2], const struct labels *labels)
{
	struct tare_comparing mine = *comparing;
	const struct tare_run_case *const raw[2] = {base, head};
	const struct tare_run_case *sides[2];
	bool disturbed = tare_samples_disturbed(&base->samples) > 0 ||
			 tare_samples_disturbed(&head->samples) > 0;

	if (comparing->paired)
		mine.level = tare_compare_level(head, comparing->alpha);
	for (size_t metric = 0; metric < head->metric_count; metric++) {
		struct tare_comparison *item = &set->items[set->item_count];

		if (!tare_compare_metric(item, &mine, base, head, metric))
			continue;
		item->base_case = positions[0];
		item->head_case = positions[1];
		item->base_label = labels->base;
		item->head_label = labels->head;
		mine.foreign_se = 0.0;
		if (tare_compare_correct(item, sides, &mine, raw, positions))
			mine.foreign_se = item->correction->calibration_se;
		tare_compare_sentence(item, comparing->arena, comparing->text);
		if (disturbed)
			item->undisturbed = without_disturbed(&mine, sides[0], sides[1], metric);
		mine.foreign_se = 0.0;
		set->item_count++;
	}
}

static const char *
variant_label(const struct tare_run_case *subject, const char *otherwise)
{
	return subject->variant[0] != '\0' ? subject->variant : otherwise;
}

/* A label all of them share, else the general one. */
static const char *
shared_label(const char *label, const char *next, const char *otherwise)
{
	return label == NULL || strcmp(label, next) == 0 ? next : otherwise;
}

static size_t
metric_total(const struct tare_run *run)
{
	size_t total = 0;

	for (size_t i = 0; i < run->case_count; i++)
		total += run->cases[i].metric_count;
	return total;
}

enum tare_status
tare_compare_variants(struct tare_comparison_set *set_out, struct tare_arena *arena,
	const struct tare_run *run, const struct tare_compare_options *options,
	struct tare_err *err)
{
	struct tare_arena *scratch = tare_arena_new();
	struct tare_comparing comparing =
		tare_comparing_begin(arena, tare_ranks_new(scratch), true, options);
	const char *base_label = NULL, *head_label = NULL;
	size_t first = 0;

	(void)err;
	comparing.base_correction = comparing.head_correction;
	comparing.text = tare_arena_new();
	set_begin(set_out, arena, metric_total(run));
	for (size_t i = 1; i < run->case_count; i++) {
		const struct tare_run_case *base = &run->cases[first], *head = &run->cases[i];
		struct labels labels = {variant_label(base, "base"), variant_label(head, "head")};

		if (head->group != base->group) {
			first = i;
			continue;
		}
		/* What it was until it failed says nothing of what it is. */
		if (base->status == TARE_CASE_FAILED || head->status == TARE_CASE_FAILED)
			continue;
		base_label = shared_label(base_label, labels.base, "base");
		head_label = shared_label(head_label, labels.head, "head");
		set_add_cases(
			set_out, &comparing, base, head, (const size_t[2]){first, i}, &labels);
	}
	set_out->base_label = base_label != NULL ? base_label : "base";
	set_out->head_label = head_label != NULL ? head_label : "head";
	tare_compare_geomean(set_out, &comparing, run, run);
	tare_arena_free(comparing.text);
	tare_arena_free(scratch);
	return TARE_OK;
}

/* A case by the name under which runs are joined. */
struct entry {
	const char *name;
	size_t index;
	bool found;
};

static int
compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(((const struct entry *)left)->name, ((const struct entry *)right)->name);
}

static struct entry *
entries_sorted(struct tare_arena *arena, const struct tare_run *run, bool with_variant)
{
	struct entry *entries = tare_arena_alloc(arena, run->case_count, sizeof(*entries));

	for (size_t i = 0; i < run->case_count; i++) {
		const struct tare_run_case *subject = &run->cases[i];

		entries[i].index = i;
		entries[i].name = tare_case_name(arena, subject->benchmark, subject->parameters,
			subject->parameter_count, with_variant ? subject->variant : "");
	}
	qsort(entries, run->case_count, sizeof(*entries), compare_entries);
	return entries;
}

static bool
has_variants(struct tare_arena *arena, const struct tare_run *run)
{
	const struct entry *entries = entries_sorted(arena, run, false);

	for (size_t i = 1; i < run->case_count; i++)
		if (strcmp(entries[i - 1].name, entries[i].name) == 0)
			return true;
	return false;
}

static void
add_missing(struct tare_comparison_set *set, const struct tare_run *run,
	const struct entry *entries, bool in_base)
{
	for (size_t i = 0; i < run->case_count; i++)
		if (!entries[i].found)
			set->missing[set->missing_count++] = (struct tare_missing_case){
				run->cases[entries[i].index].name, in_base};
}

/* Joins head's cases, in their order, to base's. */
static void
join_runs(struct tare_comparison_set *set, const struct tare_comparing *comparing,
	struct tare_arena *scratch, const struct tare_run *base, const struct tare_run *head)
{
	bool variants = has_variants(scratch, base) || has_variants(scratch, head);
	struct entry *base_entries = entries_sorted(scratch, base, variants);
	struct entry *head_entries = entries_sorted(scratch, head, variants);
	struct entry **partners = tare_arena_alloc(scratch, head->case_count, sizeof(*partners));
	const struct labels labels = {set->base_label, set->head_label};

	for (size_t i = 0; i < head->case_count; i++) {
		struct entry *partner =
			base->case_count == 0
				? NULL
				: bsearch(&head_entries[i], base_entries, base->case_count,
					  sizeof(*base_entries), compare_names);

		partners[head_entries[i].index] = partner;
		head_entries[i].found = partner != NULL;
		if (partner != NULL)
			partner->found = true;
	}
	for (size_t i = 0; i < head->case_count; i++)
		if (partners[i] != NULL)
			set_add_cases(set, comparing, &base->cases[partners[i]->index],
				&head->cases[i], (const size_t[2]){partners[i]->index, i}, &labels);
	set->missing = tare_arena_alloc(
		comparing->arena, base->case_count + head->case_count, sizeof(*set->missing));
	add_missing(set, base, base_entries, true);
	add_missing(set, head, head_entries, false);
}

static const char *
run_label(const struct tare_run *run)
{
	return run->release != NULL && run->release[0] != '\0' ? run->release : run->id;
}

enum tare_status
tare_compare_runs(struct tare_comparison_set *set_out, struct tare_arena *arena,
	const struct tare_run *base, const struct tare_run *head,
	const struct tare_compare_options *options, struct tare_err *err)
{
	struct tare_arena *scratch = tare_arena_new();
	struct tare_comparing comparing =
		tare_comparing_begin(arena, tare_ranks_new(scratch), false, options);
	size_t differences;

	(void)err;
	comparing.text = tare_arena_new();
	set_begin(set_out, arena, metric_total(head));
	set_out->across_runs = true;
	set_out->base_label = run_label(base);
	set_out->head_label = run_label(head);
	if (strcmp(set_out->base_label, set_out->head_label) == 0) {
		/* One release measured twice: its name does not tell them apart. */
		set_out->base_label = base->id;
		set_out->head_label = head->id;
	}
	differences = tare_environment_diff(
		&set_out->environment_differences, arena, &base->environment, &head->environment);
	while (set_out->environment_difference_count < differences &&
		set_out->environment_differences[set_out->environment_difference_count].matters)
		set_out->environment_difference_count++;
	join_runs(set_out, &comparing, scratch, base, head);
	tare_compare_geomean(set_out, &comparing, base, head);
	tare_arena_free(comparing.text);
	tare_arena_free(scratch);
	return TARE_OK;
}
