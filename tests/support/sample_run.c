#include "tests/support/sample_run.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
add_facts(struct tare_run *run)
{
	struct tare_environment *env = &run->environment;

	tare_environment_add(env, run->arena, "cpu.model", "Example CPU 3000", true);
	tare_environment_add(env, run->arena, "kernel.release", "6.1.0", true);
	tare_environment_add(env, run->arena, "host.name", "laptop", false);
	tare_environment_fingerprint(env);
}

struct tare_run *
sample_run_new(const char *id)
{
	struct tare_run *run = tare_run_new();

	assert(strlen(id) < sizeof(run->id));
	snprintf(run->id, sizeof(run->id), "%s", id);
	run->suite = "sample";
	run->suite_file = "sample.yaml";
	run->suite_digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	run->description = "a run for tests";
	run->environment_name = "development";
	run->command_line = "tare run --seed 42 sample.yaml";
	run->version = "0.1.0";
	run->seed = SAMPLE_RUN_SEED;
	run->started_unix_ns = SAMPLE_RUN_STARTED_UNIX_NS;
	add_facts(run);
	return run;
}

static void
copy_builtin_metrics(struct tare_run *run, struct tare_run_case *one)
{
	one->metrics =
		tare_arena_alloc(run->arena, TARE_BUILTIN_METRIC_COUNT, sizeof(*one->metrics));
	memcpy(one->metrics, tare_builtin_metrics, sizeof(tare_builtin_metrics));
	one->metric_count = TARE_BUILTIN_METRIC_COUNT;
	tare_samples_init(&one->samples, one->metric_count);
}

size_t
sample_run_add_case(struct tare_run *run, const char *benchmark, const char *variant, size_t group)
{
	struct tare_run_case *one;

	assert(run->case_count == 0 || group >= run->cases[run->case_count - 1].group);
	run->cases = tare_arena_grow(
		run->arena, run->cases, run->case_count, run->case_count + 1, sizeof(*run->cases));
	one = &run->cases[run->case_count];
	one->benchmark = tare_arena_strdup(run->arena, benchmark);
	one->variant = tare_arena_strdup(run->arena, variant);
	one->name = tare_case_name(run->arena, benchmark, NULL, 0, variant);
	one->group = group;
	one->command = tare_arena_strdup(run->arena, benchmark);
	one->runner = "host";
	one->cpus = "";
	copy_builtin_metrics(run, one);
	return run->case_count++;
}

static struct tare_run_case *
get_case(struct tare_run *run, size_t case_index)
{
	assert(case_index < run->case_count);
	return &run->cases[case_index];
}

void
sample_run_add_parameter(
	struct tare_run *run, size_t case_index, const char *name, const char *value)
{
	struct tare_run_case *one = get_case(run, case_index);

	one->parameters = tare_arena_grow(run->arena, one->parameters, one->parameter_count,
		one->parameter_count + 1, sizeof(*one->parameters));
	one->parameters[one->parameter_count++] = (struct tare_parameter){
		.name = tare_arena_strdup(run->arena, name),
		.value = tare_arena_strdup(run->arena, value),
	};
	one->name = tare_case_name(
		run->arena, one->benchmark, one->parameters, one->parameter_count, one->variant);
}

size_t
sample_run_add_metric(struct tare_run *run, size_t case_index, const char *name, const char *unit,
	enum tare_better better, double margin)
{
	struct tare_run_case *one = get_case(run, case_index);

	assert(one->samples.count == 0);
	one->metrics = tare_arena_grow(run->arena, one->metrics, one->metric_count,
		one->metric_count + 1, sizeof(*one->metrics));
	one->metrics[one->metric_count++] = (struct tare_metric){
		.name = tare_arena_strdup(run->arena, name),
		.unit = tare_arena_strdup(run->arena, unit),
		.better = better,
		.gated = true,
		.margin = margin,
	};
	tare_samples_free(&one->samples);
	tare_samples_init(&one->samples, one->metric_count);
	return one->metric_count - 1;
}

static void
add_rows(struct tare_run *run, size_t case_index, size_t count)
{
	size_t metric_count = run->cases[case_index].metric_count;
	double *values = tare_xcalloc(metric_count, sizeof(*values));

	for (size_t i = 0; i < metric_count; i++)
		values[i] = NAN;
	for (size_t pair = 0; pair < count; pair++) {
		struct tare_sample sample = {
			.seq = run->last_seq + 1,
			.case_index = (uint32_t)case_index,
			.pair = (uint32_t)pair,
			.ok = true,
			.start_ns = pair * SAMPLE_RUN_PAIR_NS + case_index * SAMPLE_RUN_CASE_NS,
			.values = values,
		};

		tare_run_add_sample(run, &sample);
	}
	free(values);
}

void
sample_run_add_values(
	struct tare_run *run, size_t case_index, size_t metric, const double *values, size_t count)
{
	struct tare_run_case *one = get_case(run, case_index);

	assert(metric < one->metric_count);
	assert(count <= TARE_SAMPLES_MAX);
	if (one->samples.count == 0)
		add_rows(run, case_index, count);
	assert(count <= one->samples.count);
	if (count > 0)
		memcpy(one->samples.values[metric], values, count * sizeof(*values));
}

void
sample_run_fail(
	struct tare_run *run, size_t case_index, const char *failure, const char *stderr_tail)
{
	struct tare_sample sample = {
		.seq = run->last_seq + 1,
		.case_index = (uint32_t)case_index,
		.failure = failure,
		.stderr_tail = stderr_tail,
	};

	tare_run_add_sample(run, &sample);
}

void
sample_run_finish(struct tare_run *run)
{
	run->status = TARE_RUN_COMPLETE;
	run->duration_ns = run->invocation_count * 1000000000;
}
