#include "harness/store/run_copy.h"

#include <string.h>

static void
copy_samples(struct tare_samples *copy, const struct tare_samples *samples)
{
	tare_samples_init(copy, samples->metric_count);
	copy->count = copy->capacity = samples->count;
	copy->total = samples->total;
	copy->stride = samples->stride;
	if (samples->count == 0)
		return;
	copy->pairs = tare_xreallocarray(NULL, samples->count, sizeof(*copy->pairs));
	memcpy(copy->pairs, samples->pairs, samples->count * sizeof(*copy->pairs));
	copy->start_ns = tare_xreallocarray(NULL, samples->count, sizeof(*copy->start_ns));
	memcpy(copy->start_ns, samples->start_ns, samples->count * sizeof(*copy->start_ns));
	copy->labels = tare_xreallocarray(NULL, samples->count, sizeof(*copy->labels));
	memcpy(copy->labels, samples->labels, samples->count * sizeof(*copy->labels));
	for (size_t i = 0; i < samples->metric_count; i++) {
		copy->values[i] = tare_xreallocarray(NULL, samples->count, sizeof(double));
		memcpy(copy->values[i], samples->values[i], samples->count * sizeof(double));
	}
}

void
tare_metric_copy(
	struct tare_metric *copy_out, struct tare_arena *arena, const struct tare_metric *metric)
{
	*copy_out = *metric;
	copy_out->name = tare_arena_strdup(arena, metric->name);
	copy_out->unit = tare_arena_strdup(arena, metric->unit);
	copy_out->counter = tare_counter_copy(arena, metric->counter);
}

static void
copy_lists(struct tare_run_case *copy, struct tare_arena *arena, const struct tare_run_case *one)
{
	copy->parameters = tare_arena_alloc(arena, one->parameter_count, sizeof(*copy->parameters));
	for (size_t i = 0; i < one->parameter_count; i++) {
		copy->parameters[i].name = tare_arena_strdup(arena, one->parameters[i].name);
		copy->parameters[i].value = tare_arena_strdup(arena, one->parameters[i].value);
	}
	copy->tags = tare_arena_alloc(arena, one->tag_count, sizeof(*copy->tags));
	for (size_t i = 0; i < one->tag_count; i++)
		copy->tags[i] = tare_arena_strdup(arena, one->tags[i]);
	copy->metrics = tare_arena_alloc(arena, one->metric_count, sizeof(*copy->metrics));
	for (size_t i = 0; i < one->metric_count; i++)
		tare_metric_copy(&copy->metrics[i], arena, &one->metrics[i]);
}

static void
copy_case(struct tare_run_case *copy, struct tare_arena *arena, const struct tare_run_case *one)
{
	*copy = *one;
	copy->benchmark = tare_arena_strdup(arena, one->benchmark);
	copy->variant = tare_arena_strdup(arena, one->variant);
	copy->name = tare_arena_strdup(arena, one->name);
	copy->command = tare_arena_strdup(arena, one->command);
	copy->runner = tare_arena_strdup(arena, one->runner);
	copy->cpus = tare_arena_strdup(arena, one->cpus);
	copy->placement = tare_arena_strdup(arena, one->placement);
	copy->failure = tare_arena_strdup(arena, one->failure);
	copy->stderr_tail = tare_arena_strdup(arena, one->stderr_tail);
	copy->stop_reason = tare_arena_strdup(arena, one->stop_reason);
	copy_lists(copy, arena, one);
	if (one->counting) {
		tare_run_case_count(copy, arena);
		memcpy(copy->counting, one->counting, one->metric_count * sizeof(*copy->counting));
	}
	copy->look_capacity = one->look_count;
	copy->looks = tare_arena_alloc(arena, one->look_count, sizeof(*copy->looks));
	if (one->look_count > 0)
		memcpy(copy->looks, one->looks, one->look_count * sizeof(*copy->looks));
	copy_samples(&copy->samples, &one->samples);
}

static void
copy_warnings(struct tare_run *copy, const struct tare_run *run)
{
	struct tare_arena *arena = copy->arena;

	copy->warning_capacity = run->warning_count;
	copy->warnings = tare_arena_alloc(arena, run->warning_count, sizeof(*copy->warnings));
	for (size_t i = 0; i < run->warning_count; i++) {
		copy->warnings[i].id = tare_arena_strdup(arena, run->warnings[i].id);
		copy->warnings[i].text = tare_arena_strdup(arena, run->warnings[i].text);
		copy->warnings[i].advice = tare_arena_strdup(arena, run->warnings[i].advice);
	}
}

struct tare_run *
tare_run_copy(const struct tare_run *run)
{
	struct tare_run *copy = tare_run_new();
	struct tare_arena *arena = copy->arena;

	*copy = *run;
	copy->arena = arena;
	copy->suite = tare_arena_strdup(arena, run->suite);
	copy->suite_file = tare_arena_strdup(arena, run->suite_file);
	copy->suite_digest = tare_arena_strdup(arena, run->suite_digest);
	copy->description = tare_arena_strdup(arena, run->description);
	copy->release = tare_arena_strdup(arena, run->release);
	copy->environment_name = tare_arena_strdup(arena, run->environment_name);
	copy->command_line = tare_arena_strdup(arena, run->command_line);
	copy->version = tare_arena_strdup(arena, run->version);
	tare_environment_copy(&copy->environment, arena, &run->environment);
	copy->cases = tare_arena_alloc(arena, run->case_count, sizeof(*copy->cases));
	for (size_t i = 0; i < run->case_count; i++)
		copy_case(&copy->cases[i], arena, &run->cases[i]);
	copy_warnings(copy, run);
	return copy;
}

static void
copy_comparison(struct tare_comparison *copy, struct tare_arena *arena,
	const struct tare_comparison *comparison)
{
	*copy = *comparison;
	copy->case_name = tare_arena_strdup(arena, comparison->case_name);
	copy->benchmark = tare_arena_strdup(arena, comparison->benchmark);
	copy->base_label = tare_arena_strdup(arena, comparison->base_label);
	copy->head_label = tare_arena_strdup(arena, comparison->head_label);
	copy->reason = tare_arena_strdup(arena, comparison->reason);
	copy->sentence = tare_arena_strdup(arena, comparison->sentence);
	tare_metric_copy(&copy->metric, arena, &comparison->metric);
}

static void
copy_differences(struct tare_comparison_set *copy, struct tare_arena *arena,
	const struct tare_comparison_set *set)
{
	size_t count = set->environment_difference_count;

	copy->environment_differences =
		tare_arena_alloc(arena, count, sizeof(*copy->environment_differences));
	for (size_t i = 0; i < count; i++) {
		const struct tare_fact_difference *from = &set->environment_differences[i];

		copy->environment_differences[i] = (struct tare_fact_difference){
			.key = tare_arena_strdup(arena, from->key),
			.base = tare_arena_strdup(arena, from->base),
			.head = tare_arena_strdup(arena, from->head),
			.matters = from->matters,
		};
	}
}

void
tare_comparison_set_copy(struct tare_comparison_set *copy_out, struct tare_arena *arena,
	const struct tare_comparison_set *set)
{
	struct tare_comparison_set copy = *set;

	copy.base_label = tare_arena_strdup(arena, set->base_label);
	copy.head_label = tare_arena_strdup(arena, set->head_label);
	copy.items = tare_arena_alloc(arena, set->item_count, sizeof(*copy.items));
	for (size_t i = 0; i < set->item_count; i++)
		copy_comparison(&copy.items[i], arena, &set->items[i]);
	copy.missing = tare_arena_alloc(arena, set->missing_count, sizeof(*copy.missing));
	for (size_t i = 0; i < set->missing_count; i++) {
		copy.missing[i].name = tare_arena_strdup(arena, set->missing[i].name);
		copy.missing[i].in_base = set->missing[i].in_base;
	}
	copy_differences(&copy, arena, set);
	*copy_out = copy;
}
