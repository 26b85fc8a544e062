#include "harness/model/run.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/secret.h"
#include "harness/base/text.h"
#include "harness/model/warning.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Warnings past this are summed up in one: a run that warns at every invocation must not grow. */
enum { WARNINGS_MAX = 1000 };

struct tare_run *
tare_run_new(void)
{
	struct tare_run *run = tare_xcalloc(1, sizeof(*run));

	run->arena = tare_arena_new();
	run->suite = "";
	run->suite_file = "";
	run->suite_digest = "";
	run->description = "";
	run->release = "";
	run->environment_name = "";
	run->command_line = "";
	run->version = "";
	return run;
}

void
tare_run_free(struct tare_run *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < run->case_count; i++)
		tare_samples_free(&run->cases[i].samples);
	tare_arena_free(run->arena);
	free(run);
}

void
tare_run_identify(struct tare_run *run, uint64_t unix_ns, uint64_t entropy)
{
	time_t seconds = (time_t)(unix_ns / 1000000000);
	struct tm utc;
	char date[TARE_RUN_ID_MAX - 8];

	gmtime_r(&seconds, &utc);
	strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &utc);
	snprintf(run->id, sizeof(run->id), "%s-%06" PRIx64, date, entropy & 0xffffff);
	run->started_unix_ns = unix_ns;
	run->version = TARE_VERSION;
	run->status = TARE_RUN_OPEN;
}

static const char *const case_status_names[] = {
	[TARE_CASE_PENDING] = "pending",
	[TARE_CASE_OK] = "ok",
	[TARE_CASE_FAILED] = "failed",
};

static const char *const run_status_names[] = {
	[TARE_RUN_OPEN] = "open",
	[TARE_RUN_COMPLETE] = "complete",
	[TARE_RUN_INTERRUPTED] = "interrupted",
};

/* count where there is no such name. */
static size_t
find_name(const char *const *names, size_t count, const char *text)
{
	size_t index = 0;

	while (index < count && strcmp(names[index], text) != 0)
		index++;
	return index;
}

const char *
tare_case_status_name(enum tare_case_status status)
{
	assert((size_t)status < COUNT_OF(case_status_names));
	return case_status_names[status];
}

bool
tare_case_status_parse(enum tare_case_status *status_out, const char *text)
{
	size_t index = find_name(case_status_names, COUNT_OF(case_status_names), text);

	if (index == COUNT_OF(case_status_names))
		return false;
	*status_out = (enum tare_case_status)index;
	return true;
}

const char *
tare_run_status_name(enum tare_run_status status)
{
	assert((size_t)status < COUNT_OF(run_status_names));
	return run_status_names[status];
}

bool
tare_run_status_parse(enum tare_run_status *status_out, const char *text)
{
	size_t index = find_name(run_status_names, COUNT_OF(run_status_names), text);

	if (index == COUNT_OF(run_status_names))
		return false;
	*status_out = (enum tare_run_status)index;
	return true;
}

char *
tare_case_name(struct tare_arena *arena, const char *benchmark,
	const struct tare_parameter *parameters, size_t parameter_count, const char *variant)
{
	bool has_variant = variant && variant[0] != '\0';
	size_t size = strlen(benchmark) + (has_variant ? strlen(variant) + 1 : 0) + 2;
	char *name;
	char *end;

	for (size_t i = 0; i < parameter_count; i++)
		size += strlen(parameters[i].name) + strlen(parameters[i].value) + 2;
	name = tare_arena_alloc(arena, size, 1);
	end = stpcpy(name, benchmark);
	for (size_t i = 0; i < parameter_count; i++) {
		*end++ = i == 0 ? '[' : ',';
		end = stpcpy(stpcpy(stpcpy(end, parameters[i].name), "="), parameters[i].value);
	}
	if (parameter_count > 0)
		end = stpcpy(end, "]");
	if (has_variant)
		stpcpy(stpcpy(end, "@"), variant);
	return name;
}

static char *
quote_command(struct tare_arena *arena, const struct tare_program *program)
{
	const char *before = "";
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	char *copy;

	assert(out);
	for (size_t i = 0; i < program->argc; i++) {
		if (i > 0)
			fputc(' ', out);
		tare_text_shell_quote(out, tare_secret_mask_word(arena, before, program->argv[i]));
		before = program->argv[i];
	}
	fclose(out);
	copy = tare_arena_strdup(arena, text);
	free(text);
	return copy;
}

static void
copy_parameters(struct tare_arena *arena, struct tare_run_case *copy, const struct tare_case *plan)
{
	copy->parameter_count = plan->parameter_count;
	copy->parameters =
		tare_arena_alloc(arena, plan->parameter_count, sizeof(*copy->parameters));
	for (size_t i = 0; i < plan->parameter_count; i++) {
		copy->parameters[i].name = tare_arena_strdup(arena, plan->parameters[i].name);
		copy->parameters[i].value = tare_arena_strdup(arena, plan->parameters[i].value);
	}
}

const struct tare_counter *
tare_counter_copy(struct tare_arena *arena, const struct tare_counter *counter)
{
	struct tare_counter *copy;

	if (!counter)
		return NULL;
	copy = tare_arena_alloc(arena, 1, sizeof(*copy));
	copy->provider = tare_arena_strdup(arena, counter->provider);
	copy->event = tare_arena_strdup(arena, counter->event);
	copy->scope = tare_arena_strdup(arena, counter->scope);
	copy->quality = counter->quality;
	return copy;
}

void
tare_run_case_count(struct tare_run_case *one, struct tare_arena *arena)
{
	bool any = false;

	for (size_t i = 0; i < one->metric_count; i++)
		any = any || one->metrics[i].counter;
	if (!any)
		return;
	one->counting = tare_arena_alloc(arena, one->metric_count, sizeof(*one->counting));
	for (size_t i = 0; i < one->metric_count; i++)
		one->counting[i].coverage_min = 1.0;
}

static void
copy_metrics(struct tare_arena *arena, struct tare_run_case *copy, const struct tare_case *plan)
{
	copy->metric_count = plan->metric_count;
	copy->metrics = tare_arena_alloc(arena, plan->metric_count, sizeof(*copy->metrics));
	for (size_t i = 0; i < plan->metric_count; i++) {
		copy->metrics[i] = plan->metrics[i];
		copy->metrics[i].name = tare_arena_strdup(arena, plan->metrics[i].name);
		copy->metrics[i].unit = tare_arena_strdup(arena, plan->metrics[i].unit);
		copy->metrics[i].counter = tare_counter_copy(arena, plan->metrics[i].counter);
	}
	tare_run_case_count(copy, arena);
	tare_samples_init(&copy->samples, plan->metric_count);
}

static const char *
text_or_empty(struct tare_arena *arena, const char *text)
{
	return text ? tare_arena_strdup(arena, text) : "";
}

static void
copy_case(struct tare_arena *arena, struct tare_run_case *copy, const struct tare_case *plan)
{
	copy->benchmark = tare_arena_strdup(arena, plan->benchmark);
	copy->variant = text_or_empty(arena, plan->variant);
	copy->name = tare_arena_strdup(arena, plan->name);
	copy->tag_count = plan->tag_count;
	copy->tags = tare_arena_alloc(arena, plan->tag_count, sizeof(*copy->tags));
	for (size_t i = 0; i < plan->tag_count; i++)
		copy->tags[i] = tare_arena_strdup(arena, plan->tags[i]);
	copy->group = plan->group;
	copy->command = quote_command(arena, &plan->program);
	copy->runner = text_or_empty(arena, plan->runner);
	copy->placement = "";
	copy->cpus = ""; /* whoever pins says what came of the policy */
	copy->critical = plan->critical;
	copy_parameters(arena, copy, plan);
	copy_metrics(arena, copy, plan);
}

void
tare_run_from_plan(struct tare_run *run, const struct tare_plan *plan)
{
	assert(run->case_count == 0);
	run->suite = text_or_empty(run->arena, plan->suite);
	run->suite_file = text_or_empty(run->arena, plan->file);
	run->suite_digest = text_or_empty(run->arena, plan->digest);
	run->description = text_or_empty(run->arena, plan->description);
	run->environment_name = text_or_empty(run->arena, plan->environment);
	run->gate = plan->gate;
	run->cases = tare_arena_alloc(run->arena, plan->case_count, sizeof(*run->cases));
	for (size_t i = 0; i < plan->case_count; i++)
		copy_case(run->arena, &run->cases[i], &plan->cases[i]);
	run->case_count = plan->case_count;
}

static bool
has_warned(const struct tare_run *run, const char *id, const char *text)
{
	for (size_t i = 0; i < run->warning_count; i++) {
		if (strcmp(run->warnings[i].id, id) == 0 &&
			strcmp(run->warnings[i].text, text) == 0)
			return true;
	}
	return false;
}

void
tare_run_warn(struct tare_run *run, const char *id, const char *text, const char *advice)
{
	if (run->warning_count == WARNINGS_MAX || has_warned(run, id, text))
		return;
	if (run->warning_count == WARNINGS_MAX - 1) {
		const struct tare_warning_about *more = tare_warning_about(TARE_WARN_MORE_WARNINGS);

		id = more->id;
		text = more->meaning;
		advice = tare_warning_advice(more, 0);
	}
	if (run->warning_count == run->warning_capacity) {
		size_t capacity = run->warning_capacity ? 2 * run->warning_capacity : 8;

		run->warnings = tare_arena_grow(run->arena, run->warnings, run->warning_count,
			capacity, sizeof(*run->warnings));
		run->warning_capacity = capacity;
	}
	run->warnings[run->warning_count++] = (struct tare_warning){
		.id = tare_arena_strdup(run->arena, id),
		.text = tare_arena_strdup(run->arena, text),
		.advice = text_or_empty(run->arena, advice),
	};
}

/* Variants of a group must keep the same pairs, so the stride is the group's. */
static void
thin_group(struct tare_run *run, size_t group, uint64_t stride)
{
	for (size_t i = 0; i < run->case_count; i++) {
		if (run->cases[i].group == group)
			tare_samples_thin(&run->cases[i].samples, stride);
	}
}

static void
keep_row(struct tare_run *run, struct tare_run_case *owner, const struct tare_sample *sample)
{
	struct tare_samples *samples = &owner->samples;

	/* Past this stride only pair 0 is left: pairs that repeat without end are not kept. */
	while (samples->count == TARE_SAMPLES_MAX && samples->stride <= UINT32_MAX)
		thin_group(run, owner->group, samples->stride * 2);
	if (samples->count < TARE_SAMPLES_MAX && sample->pair % samples->stride == 0)
		tare_samples_add(samples, sample->pair, sample->start_ns, sample->values);
	else
		return;
	if (sample->labels != 0)
		tare_samples_label(samples, sample->labels);
}

/* The first failure is the one to look at; what fails after it often fails because of it. */
static void
keep_failure(struct tare_run *run, struct tare_run_case *owner, const struct tare_sample *sample)
{
	if (owner->status == TARE_CASE_FAILED)
		return;
	owner->status = TARE_CASE_FAILED;
	owner->failure = text_or_empty(run->arena, sample->failure);
	owner->stderr_tail = tare_arena_strdup(run->arena, sample->stderr_tail);
}

/* Warm-ups are left out, as everywhere. Where nothing else is said, what has a value was counted
 * all the time. */
static void
note_counting(struct tare_run_case *owner, const struct tare_sample *sample)
{
	for (size_t i = 0; i < owner->metric_count; i++) {
		struct tare_counting *counting = &owner->counting[i];
		double value = sample->values[i];
		double coverage = sample->counted ? sample->counted[i].coverage
				  : isnan(value)  ? NAN
						  : 1.0;

		if (!owner->metrics[i].counter || isnan(coverage))
			continue;
		if (!isnan(value)) {
			counting->used++;
			counting->coverage_sum += coverage;
			counting->coverage_min = fmin(counting->coverage_min, coverage);
		} else if (sample->counts_invalid) {
			counting->invalid++;
		} else {
			counting->thin++;
		}
	}
}

void
tare_run_add_sample(struct tare_run *run, const struct tare_sample *sample)
{
	struct tare_run_case *owner;

	assert(sample->case_index < run->case_count);
	owner = &run->cases[sample->case_index];
	if (sample->seq > 0)
		run->invocation_count++;
	if (sample->seq > run->last_seq)
		run->last_seq = sample->seq;
	if (!sample->ok) {
		keep_failure(run, owner, sample);
	} else if (sample->warmup) {
		owner->warmup_count++;
	} else {
		owner->samples.total++;
		tare_noise_add(&owner->noise, sample->noise, sample->labels);
		if (owner->counting)
			note_counting(owner, sample);
		if (owner->status == TARE_CASE_PENDING)
			owner->status = TARE_CASE_OK;
		keep_row(run, owner, sample);
	}
}

/* A run that was cut off between a look and what follows it looks again when it goes on. */
static bool
has_looked(const struct tare_run_case *owner, const struct tare_case_look *look)
{
	for (size_t i = owner->look_count; i > 0; i--) {
		const struct tare_case_look *last = &owner->looks[i - 1];

		if (last->metric == look->metric)
			return last->phase == look->phase && last->pairs >= look->pairs;
	}
	return false;
}

void
tare_run_add_look(struct tare_run *run, size_t case_index, const struct tare_case_look *look)
{
	struct tare_run_case *owner;

	assert(case_index < run->case_count);
	owner = &run->cases[case_index];
	if (owner->look_count == TARE_LOOKS_MAX || has_looked(owner, look))
		return;
	if (owner->look_count == owner->look_capacity) {
		size_t capacity = owner->look_capacity ? 2 * owner->look_capacity : 8;

		owner->looks = tare_arena_grow(run->arena, owner->looks, owner->look_count,
			capacity, sizeof(*owner->looks));
		owner->look_capacity = capacity;
	}
	owner->looks[owner->look_count++] = *look;
}
