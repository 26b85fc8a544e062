#include "harness/model/journal_decode.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/comparison.h"
#include "harness/model/journal.h"
#include "harness/model/journal_kept.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct string_field {
	const char *key;
	const char **target;
	bool required; /* present and not empty; else "" where it is missing */
};

static enum tare_status
copy_strings(struct tare_arena *arena, const json_t *object, const struct string_field *fields,
	size_t count, struct tare_err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct string_field *field = &fields[i];
		const char *text = "";
		enum tare_status status =
			field->required
				? tare_json_get_string(&text, object, field->key, err)
				: tare_json_get_string_or(&text, object, field->key, "", err);

		if (status != TARE_OK)
			return status;
		if (field->required && text[0] == '\0')
			return tare_err_set(err, TARE_INVALID,
				"key \"%s\": expected some text, found \"\"", field->key);
		*field->target = tare_arena_strdup(arena, text);
	}
	return TARE_OK;
}

/* An array that may be missing: *array_out is NULL then. */
static enum tare_status
find_array(json_t **array_out, const json_t *object, const char *key, size_t max_count,
	struct tare_err *err)
{
	json_t *array = NULL;
	enum tare_status status;

	*array_out = NULL;
	if (!json_object_get(object, key))
		return TARE_OK;
	status = tare_json_get_array(&array, object, key, err);
	if (status != TARE_OK)
		return status;
	if (json_array_size(array) > max_count)
		return tare_err_set(err, TARE_INVALID,
			"key \"%s\": expected at most %zu items, found %zu", key, max_count,
			json_array_size(array));
	*array_out = array;
	return TARE_OK;
}

/* Ids become parts of paths and of command lines. */
static enum tare_status
decode_id(struct tare_run *run, const json_t *header, struct tare_err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	const char *id = "";
	enum tare_status status = tare_json_get_string(&id, header, "run", err);
	size_t len = strlen(id);

	if (status != TARE_OK)
		return status;
	if (len == 0 || len >= TARE_RUN_ID_MAX || strspn(id, allowed) != len || id[0] == '.' ||
		id[0] == '-')
		return tare_err_set(err, TARE_INVALID,
			"key \"run\": expected an id of 1 to %d letters, digits, \"-\", \"_\" "
			"and \".\"",
			TARE_RUN_ID_MAX - 1);
	memcpy(run->id, id, len + 1);
	return TARE_OK;
}

static enum tare_status
decode_format(const json_t *header, struct tare_err *err)
{
	const char *format = "";
	uint64_t version = 0;
	enum tare_status status = tare_json_get_string(&format, header, "format", err);

	if (status == TARE_OK && strcmp(format, "tare-journal") != 0)
		status = tare_err_set(
			err, TARE_INVALID, "key \"format\": expected \"tare-journal\"");
	if (status == TARE_OK)
		status = tare_json_get_u64(&version, header, "version", err);
	if (status != TARE_OK)
		return status;
	if (version > TARE_JOURNAL_VERSION)
		return tare_err_set(err, TARE_INVALID,
			"journal version %" PRIu64 " is newer than %d, the newest this tare reads; "
			"use a newer tare",
			version, TARE_JOURNAL_VERSION);
	if (version == 0)
		return tare_err_set(err, TARE_INVALID, "key \"version\": expected at least 1");
	return TARE_OK;
}

static enum tare_status
decode_suite(struct tare_run *run, const json_t *header, struct tare_err *err)
{
	const struct string_field fields[] = {
		{"name", &run->suite, false},
		{"file", &run->suite_file, false},
		{"digest", &run->suite_digest, false},
		{"description", &run->description, false},
	};
	json_t *suite = NULL;
	enum tare_status status = tare_json_get_object(&suite, header, "suite", err);

	if (status != TARE_OK)
		return status;
	return copy_strings(run->arena, suite, fields, COUNT_OF(fields), err);
}

static enum tare_status
decode_environment(struct tare_run *run, const json_t *header, struct tare_err *err)
{
	json_t *environment = NULL;
	enum tare_status status = tare_json_get_object(&environment, header, "environment", err);

	if (status != TARE_OK)
		return status;
	return tare_environment_read(&run->environment, run->arena, environment, err);
}

static enum tare_status
decode_gate(struct tare_run *run, const json_t *header, struct tare_err *err)
{
	const json_t *gate = json_object_get(header, "gate");
	json_t *verdicts = NULL;
	enum tare_status status;

	if (!gate || json_is_null(gate))
		return TARE_OK;
	status = tare_json_get_array(&verdicts, gate, "fail_on", err);
	for (size_t i = 0; status == TARE_OK && i < json_array_size(verdicts); i++) {
		const char *name = json_string_value(json_array_get(verdicts, i));
		enum tare_verdict verdict;

		if (!name || !tare_verdict_parse(&verdict, name))
			return tare_err_set(
				err, TARE_INVALID, "key \"fail_on\": item %zu is no verdict", i);
		run->gate.fail_on |= 1u << verdict;
	}
	run->gate.asked_for = status == TARE_OK;
	return status;
}

static enum tare_status
decode_parameters(
	struct tare_run *run, struct tare_run_case *one, const json_t *item, struct tare_err *err)
{
	json_t *parameters = json_object_get(item, "parameters");
	enum tare_status status;
	const char *name;
	json_t *value;

	if (!parameters)
		return TARE_OK;
	status = tare_json_get_object(&parameters, item, "parameters", err);
	if (status != TARE_OK)
		return status;
	one->parameters = tare_arena_alloc(
		run->arena, json_object_size(parameters), sizeof(*one->parameters));
	json_object_foreach(parameters, name, value)
	{
		if (!json_is_string(value))
			return tare_err_set(
				err, TARE_INVALID, "parameter \"%s\": expected a string", name);
		one->parameters[one->parameter_count++] = (struct tare_parameter){
			.name = tare_arena_strdup(run->arena, name),
			.value = tare_arena_strdup(run->arena, json_string_value(value)),
		};
	}
	return TARE_OK;
}

static enum tare_status
decode_tags(
	struct tare_run *run, struct tare_run_case *one, const json_t *item, struct tare_err *err)
{
	json_t *tags = NULL;
	enum tare_status status = find_array(&tags, item, "tags", SIZE_MAX, err);

	if (status != TARE_OK)
		return status;
	one->tags = tare_arena_alloc(run->arena, json_array_size(tags), sizeof(*one->tags));
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const char *tag = json_string_value(json_array_get(tags, i));

		if (!tag)
			return tare_err_set(
				err, TARE_INVALID, "key \"tags\": item %zu is no string", i);
		one->tags[one->tag_count++] = tare_arena_strdup(run->arena, tag);
	}
	return TARE_OK;
}

static enum tare_status
decode_better(enum tare_better *better_out, const json_t *item, struct tare_err *err)
{
	const char *better = NULL;
	enum tare_status status = tare_json_get_string(&better, item, "better", err);

	if (status != TARE_OK)
		return status;
	if (strcmp(better, "lower") != 0 && strcmp(better, "higher") != 0)
		return tare_err_set(err, TARE_INVALID,
			"key \"better\": expected \"lower\" or \"higher\", found \"%s\"", better);
	*better_out = better[0] == 'h' ? TARE_HIGHER_IS_BETTER : TARE_LOWER_IS_BETTER;
	return TARE_OK;
}

static enum tare_status
decode_quality(enum tare_counter_quality *quality_out, const json_t *item, struct tare_err *err)
{
	const char *text = NULL;
	enum tare_status status = tare_json_get_string(&text, item, "quality", err);

	if (status != TARE_OK)
		return status;
	if (tare_counter_quality_parse(quality_out, text))
		return TARE_OK;
	return tare_err_set(err, TARE_INVALID,
		"key \"quality\": expected counted, accounted, simulated or derived, found \"%s\"",
		text);
}

/* Where a metric is counted; most are not. */
static enum tare_status
decode_counter(const struct tare_counter **counter_out, struct tare_arena *arena,
	const json_t *item, struct tare_err *err)
{
	struct tare_counter counter = {0};
	const struct string_field fields[] = {
		{"provider", &counter.provider, true},
		{"event", &counter.event, true},
		{"scope", &counter.scope, true},
	};
	json_t *found = json_object_get(item, "counter");
	enum tare_status status;

	if (!found || json_is_null(found))
		return TARE_OK;
	if (!json_is_object(found))
		return tare_err_set(err, TARE_INVALID, "expected an object");
	status = copy_strings(arena, found, fields, COUNT_OF(fields), err);
	if (status == TARE_OK)
		status = decode_quality(&counter.quality, found, err);
	if (status == TARE_OK)
		*counter_out = tare_arena_grow(arena, &counter, 1, 1, sizeof(counter));
	return status;
}

static enum tare_status
decode_metric(struct tare_metric *metric, struct tare_arena *arena, const json_t *item,
	struct tare_err *err)
{
	const struct string_field fields[] = {
		{"name", &metric->name, true},
		{"unit", &metric->unit, false},
	};
	enum tare_status status = copy_strings(arena, item, fields, COUNT_OF(fields), err);

	if (status == TARE_OK)
		status = decode_better(&metric->better, item, err);
	if (status == TARE_OK)
		status = tare_json_get_bool_or(&metric->exact, item, "exact", false, err);
	if (status == TARE_OK)
		status = tare_json_get_bool_or(&metric->gated, item, "gated", false, err);
	if (status == TARE_OK)
		status = tare_json_get_double_or(
			&metric->margin, item, "margin", TARE_DEFAULT_MARGIN, err);
	if (status != TARE_OK)
		return status;
	if (strlen(metric->name) >= TARE_METRIC_NAME_MAX)
		return tare_err_set(err, TARE_INVALID,
			"key \"name\": expected at most %d bytes, found %zu",
			TARE_METRIC_NAME_MAX - 1, strlen(metric->name));
	status = decode_counter(&metric->counter, arena, item, err);
	if (status != TARE_OK)
		return tare_err_where(err, "key \"counter\"");
	if (metric->margin < 0)
		return tare_err_set(
			err, TARE_INVALID, "key \"margin\": expected no negative number");
	return TARE_OK;
}

static enum tare_status
decode_metrics(
	struct tare_run *run, struct tare_run_case *one, const json_t *item, struct tare_err *err)
{
	json_t *metrics = NULL;
	enum tare_status status =
		find_array(&metrics, item, "metrics", TARE_JOURNAL_METRICS_MAX, err);
	size_t count = json_array_size(metrics);

	if (status != TARE_OK)
		return status;
	one->metrics = tare_arena_alloc(run->arena, count, sizeof(*one->metrics));
	for (size_t i = 0; i < count; i++) {
		status = decode_metric(
			&one->metrics[i], run->arena, json_array_get(metrics, i), err);
		if (status != TARE_OK)
			return tare_err_where(err, "metric %zu", i);
		if (tare_metric_find(one->metrics, i, one->metrics[i].name) < i)
			return tare_err_set(err, TARE_INVALID, "metric %zu: \"%s\" is there twice",
				i, one->metrics[i].name);
	}
	one->metric_count = count;
	tare_run_case_count(one, run->arena);
	tare_samples_init(&one->samples, count);
	return TARE_OK;
}

/* Cases of a group stand together: whoever compares variants walks them in a row. */
static enum tare_status
decode_group(struct tare_run *run, struct tare_run_case *one, const json_t *item, size_t case_total,
	struct tare_err *err)
{
	uint64_t group = 0;
	enum tare_status status = tare_json_get_u64(&group, item, "group", err);

	if (status != TARE_OK)
		return status;
	if (group >= case_total)
		return tare_err_set(err, TARE_INVALID,
			"key \"group\": %" PRIu64 " is out of range, there are %zu cases", group,
			case_total);
	if (run->case_count > 0 && group < run->cases[run->case_count - 1].group)
		return tare_err_set(err, TARE_INVALID,
			"key \"group\": %" PRIu64 " comes after a higher one", group);
	one->group = (size_t)group;
	return TARE_OK;
}

static enum tare_status
decode_case(struct tare_run *run, const json_t *item, size_t case_total, struct tare_err *err)
{
	struct tare_run_case *one = &run->cases[run->case_count];
	const struct string_field fields[] = {
		{"benchmark", &one->benchmark, true},
		{"variant", &one->variant, false},
		{"command", &one->command, false},
		{"runner", &one->runner, false},
		{"cpus", &one->cpus, false},
		{"placement", &one->placement, false},
	};
	enum tare_status status = copy_strings(run->arena, item, fields, COUNT_OF(fields), err);

	if (status == TARE_OK)
		status = decode_parameters(run, one, item, err);
	if (status == TARE_OK)
		status = decode_tags(run, one, item, err);
	if (status == TARE_OK)
		status = decode_group(run, one, item, case_total, err);
	if (status == TARE_OK)
		status = tare_json_get_bool_or(&one->critical, item, "critical", false, err);
	if (status == TARE_OK)
		status = decode_metrics(run, one, item, err);
	if (status != TARE_OK)
		return status;
	one->name = tare_case_name(
		run->arena, one->benchmark, one->parameters, one->parameter_count, one->variant);
	run->case_count++;
	return TARE_OK;
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static enum tare_status
check_unique_names(const struct tare_run *run, struct tare_err *err)
{
	const char **names = tare_xcalloc(run->case_count, sizeof(*names));
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < run->case_count; i++)
		names[i] = run->cases[i].name;
	qsort(names, run->case_count, sizeof(*names), compare_names);
	for (size_t i = 1; i < run->case_count && status == TARE_OK; i++) {
		if (strcmp(names[i], names[i - 1]) == 0)
			status = tare_err_set(
				err, TARE_INVALID, "two cases have the name \"%s\"", names[i]);
	}
	free(names);
	return status;
}

static enum tare_status
decode_cases(struct tare_run *run, const json_t *header, struct tare_err *err)
{
	json_t *cases = NULL;
	enum tare_status status = find_array(&cases, header, "cases", TARE_JOURNAL_CASES_MAX, err);
	size_t total = json_array_size(cases);

	if (status != TARE_OK)
		return status;
	run->cases = tare_arena_alloc(run->arena, total, sizeof(*run->cases));
	for (size_t i = 0; i < total; i++) {
		status = decode_case(run, json_array_get(cases, i), total, err);
		if (status != TARE_OK)
			return tare_err_where(err, "case %zu", i);
	}
	return check_unique_names(run, err);
}

enum tare_status
tare_journal_decode_header(struct tare_run *run, const json_t *line, struct tare_err *err)
{
	const struct string_field fields[] = {
		{"release", &run->release, false},
		{"environment_name", &run->environment_name, false},
		{"command_line", &run->command_line, false},
		{"tare", &run->version, false},
	};
	enum tare_status status = decode_format(line, err);

	if (status == TARE_OK)
		status = decode_id(run, line, err);
	if (status == TARE_OK)
		status = copy_strings(run->arena, line, fields, COUNT_OF(fields), err);
	if (status == TARE_OK)
		status = tare_json_get_u64_or(&run->seed, line, "seed", 0, err);
	if (status == TARE_OK)
		status = tare_json_get_u64_or(
			&run->started_unix_ns, line, "started_unix_ns", 0, err);
	if (status == TARE_OK)
		status = decode_suite(run, line, err);
	if (status == TARE_OK)
		status = decode_environment(run, line, err);
	if (status == TARE_OK)
		status = decode_gate(run, line, err);
	if (status == TARE_OK)
		status = decode_cases(run, line, err);
	return status;
}

static enum tare_status
decode_case_index(
	uint32_t *index_out, const struct tare_run *run, const json_t *line, struct tare_err *err)
{
	uint64_t index = 0;
	enum tare_status status = tare_json_get_u64(&index, line, "case", err);

	if (status != TARE_OK)
		return status;
	if (index >= run->case_count)
		return tare_err_set(err, TARE_INVALID,
			"key \"case\": %" PRIu64 " is out of range, there are %zu cases", index,
			run->case_count);
	*index_out = (uint32_t)index;
	return TARE_OK;
}

/* Numbers only go up, so that no invocation counts twice; a hook that failed has none. */
static enum tare_status
check_seq(const struct tare_run *run, uint64_t seq, bool may_be_zero, struct tare_err *err)
{
	if (seq > run->last_seq || (seq == 0 && may_be_zero))
		return TARE_OK;
	return tare_err_set(err, TARE_INVALID,
		"key \"seq\": expected more than %" PRIu64 ", found %" PRIu64, run->last_seq, seq);
}

/* What sample and failure lines share. */
static enum tare_status
decode_invocation(struct tare_sample *sample, const struct tare_run *run, const json_t *line,
	struct tare_err *err)
{
	uint64_t pair = 0;
	enum tare_status status = tare_json_get_u64(&sample->seq, line, "seq", err);

	if (status == TARE_OK)
		status = check_seq(run, sample->seq, !sample->ok, err);
	if (status == TARE_OK)
		status = decode_case_index(&sample->case_index, run, line, err);
	if (status == TARE_OK)
		status = tare_json_get_u64(&pair, line, "pair", err);
	if (status == TARE_OK && pair > UINT32_MAX)
		status = tare_err_set(err, TARE_INVALID,
			"key \"pair\": expected at most %" PRIu32 ", found %" PRIu64, UINT32_MAX,
			pair);
	if (status == TARE_OK)
		status = tare_json_get_u64(&sample->start_ns, line, "start_ns", err);
	if (status == TARE_OK)
		status = tare_json_get_bool_or(&sample->warmup, line, "warmup", false, err);
	sample->pair = (uint32_t)pair;
	return status;
}

/* A number, [number, [iterations]], or nothing. */
static enum tare_status
decode_value(double *value_out, const json_t *value, const char *name, struct tare_err *err)
{
	if (json_is_array(value) && json_array_size(value) == 2 &&
		json_is_array(json_array_get(value, 1)))
		value = json_array_get(value, 0);
	if (value && !json_is_number(value) && !json_is_null(value))
		return tare_err_set(err, TARE_INVALID,
			"value \"%s\": expected a number, or a number and its iterations", name);
	*value_out = json_is_number(value) ? json_number_value(value) : NAN;
	return TARE_OK;
}

/* What was counted all the time has no coverage of its own in the line. */
static void
decode_coverage(struct tare_counted *counted_out, struct tare_sample *sample,
	const struct tare_run_case *owner, const json_t *line)
{
	const json_t *coverage = json_object_get(line, "coverage");
	const json_t *state = json_object_get(line, "counters");

	for (size_t i = 0; i < owner->metric_count; i++) {
		const json_t *found = json_object_get(coverage, owner->metrics[i].name);
		double share = isnan(sample->values[i]) ? NAN : 1.0;

		if (!owner->metrics[i].counter)
			share = NAN;
		else if (json_is_number(found))
			share = fmin(1.0, fmax(0.0, json_number_value(found)));
		counted_out[i] =
			(struct tare_counted){.value = sample->values[i], .coverage = share};
	}
	sample->counted = counted_out;
	sample->counts_invalid =
		json_is_string(state) && strcmp(json_string_value(state), "invalid") == 0;
}

/* Journals of before have none, and a label of after is not known here. */
static void
decode_noise(struct tare_noise *noise_out, struct tare_sample *sample, const json_t *line)
{
	const json_t *noise = json_object_get(line, "noise");
	const json_t *labels = json_object_get(line, "disturbed");
	const json_t *label;
	size_t i;

	*noise_out = tare_noise_unread();
	for (int k = 0; k < TARE_READING_COUNT; k++) {
		const json_t *found =
			json_object_get(noise, tare_reading_name((enum tare_reading)k));

		if (json_is_number(found))
			noise_out->readings[k] = json_number_value(found);
	}
	json_array_foreach(labels, i, label)
	{
		enum tare_disturbance kind;

		if (json_is_string(label) &&
			tare_disturbance_parse(&kind, json_string_value(label)))
			sample->labels |= UINT32_C(1) << kind;
	}
	sample->noise = noise_out;
}

static enum tare_status
decode_sample(struct tare_run *run, const json_t *line, double *values, struct tare_err *err)
{
	struct tare_counted counted[TARE_JOURNAL_METRICS_MAX];
	struct tare_sample sample = {.ok = true, .values = values};
	const struct tare_run_case *owner;
	struct tare_noise noise;
	json_t *found = NULL;
	enum tare_status status = decode_invocation(&sample, run, line, err);

	if (status == TARE_OK)
		status = tare_json_get_object(&found, line, "values", err);
	if (status != TARE_OK)
		return status;
	owner = &run->cases[sample.case_index];
	for (size_t i = 0; i < owner->metric_count && status == TARE_OK; i++) {
		const char *name = owner->metrics[i].name;

		status = decode_value(&values[i], json_object_get(found, name), name, err);
	}
	if (status != TARE_OK)
		return status;
	if (owner->counting)
		decode_coverage(counted, &sample, owner, line);
	decode_noise(&noise, &sample, line);
	tare_run_add_sample(run, &sample);
	run->status = TARE_RUN_OPEN;
	return TARE_OK;
}

static enum tare_status
decode_failure(struct tare_run *run, const json_t *line, struct tare_err *err)
{
	struct tare_sample sample = {.ok = false};
	enum tare_status status = decode_invocation(&sample, run, line, err);

	if (status == TARE_OK)
		status = tare_json_get_string(&sample.failure, line, "text", err);
	if (status == TARE_OK)
		status = tare_json_get_string_or(&sample.stderr_tail, line, "stderr", NULL, err);
	if (status != TARE_OK)
		return status;
	tare_run_add_sample(run, &sample);
	run->status = TARE_RUN_OPEN;
	return TARE_OK;
}

static enum tare_status
decode_stop(struct tare_run *run, const json_t *line, struct tare_err *err)
{
	uint32_t index = 0;
	const char *reason = NULL;
	enum tare_status status = decode_case_index(&index, run, line, err);

	if (status == TARE_OK)
		status = tare_json_get_string(&reason, line, "reason", err);
	if (status != TARE_OK)
		return status;
	/* The same few reasons come again and again: only a new one takes memory. */
	if (!run->cases[index].stop_reason || strcmp(run->cases[index].stop_reason, reason) != 0)
		run->cases[index].stop_reason = tare_arena_strdup(run->arena, reason);
	return TARE_OK;
}

static enum tare_status
decode_count(uint32_t *count_out, const json_t *line, const char *key, struct tare_err *err)
{
	uint64_t count = 0;
	enum tare_status status = tare_json_get_u64_or(&count, line, key, 0, err);

	if (status == TARE_OK && count > UINT32_MAX)
		status = tare_err_set(err, TARE_INVALID,
			"key \"%s\": expected at most %" PRIu32 ", found %" PRIu64, key, UINT32_MAX,
			count);
	if (status == TARE_OK)
		*count_out = (uint32_t)count;
	return status;
}

static enum tare_status
decode_look_metric(struct tare_case_look *look, const struct tare_run_case *owner,
	const json_t *line, struct tare_err *err)
{
	const char *name = NULL;
	enum tare_status status = tare_json_get_string(&name, line, "metric", err);
	size_t metric;

	if (status != TARE_OK)
		return status;
	metric = tare_metric_find(owner->metrics, owner->metric_count, name);
	if (metric == owner->metric_count)
		return tare_err_set(
			err, TARE_INVALID, "key \"metric\": the case has no metric \"%s\"", name);
	look->metric = (uint32_t)metric;
	return TARE_OK;
}

static enum tare_status
decode_look_numbers(struct tare_case_look *look, const json_t *line, struct tare_err *err)
{
	const struct {
		const char *key;
		double *value;
		double otherwise;
	} numbers[] = {
		{"estimate", &look->estimate, NAN},
		{"low", &look->low, NAN},
		{"high", &look->high, NAN},
		{"p_value", &look->p_value, NAN},
		{"alpha_spent", &look->alpha_spent, 0.0},
		{"boundary", &look->boundary, 0.0},
	};
	enum tare_status status = TARE_OK;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && status == TARE_OK; i++)
		status = tare_json_get_double_or(
			numbers[i].value, line, numbers[i].key, numbers[i].otherwise, err);
	if (status == TARE_OK)
		status = decode_count(&look->pairs, line, "pairs", err);
	if (status == TARE_OK)
		status = decode_count(&look->pairs_planned, line, "planned", err);
	if (status == TARE_OK)
		status = decode_count(&look->phase, line, "phase", err);
	return status;
}

static enum tare_status
decode_look_words(struct tare_case_look *look, const json_t *line, struct tare_err *err)
{
	const char *verdict = NULL;
	const char *decision = NULL;
	enum tare_status status =
		tare_json_get_bool_or(&look->compared, line, "compared", false, err);

	if (status == TARE_OK)
		status = tare_json_get_bool_or(&look->logs, line, "ratio", false, err);
	if (status == TARE_OK)
		status = tare_json_get_string_or(&verdict, line, "verdict", "inconclusive", err);
	if (status == TARE_OK)
		status = tare_json_get_string_or(&decision, line, "decision", "", err);
	if (status == TARE_OK && !tare_verdict_parse(&look->verdict, verdict))
		return tare_err_set(
			err, TARE_INVALID, "key \"verdict\": \"%s\" is no verdict", verdict);
	if (status == TARE_OK)
		look->decision = tare_stop_parse(decision);
	return status;
}

static enum tare_status
decode_look(struct tare_run *run, const json_t *line, struct tare_err *err)
{
	struct tare_case_look look = {0};
	uint32_t index = 0;
	enum tare_status status = decode_case_index(&index, run, line, err);

	if (status == TARE_OK)
		status = decode_look_metric(&look, &run->cases[index], line, err);
	if (status == TARE_OK)
		status = decode_look_numbers(&look, line, err);
	if (status == TARE_OK)
		status = decode_look_words(&look, line, err);
	if (status == TARE_OK)
		tare_run_add_look(run, index, &look);
	return status;
}

static enum tare_status
decode_warning(struct tare_run *run, const json_t *line, struct tare_err *err)
{
	const char *id = NULL;
	const char *text = NULL;
	const char *advice = NULL;
	enum tare_status status = tare_json_get_string(&id, line, "id", err);

	if (status == TARE_OK)
		status = tare_json_get_string(&text, line, "text", err);
	if (status == TARE_OK)
		status = tare_json_get_string_or(&advice, line, "advice", "", err);
	if (status == TARE_OK)
		tare_run_warn(run, id, text, advice);
	return status;
}

/* A resumed run says the same again. */
static enum tare_status
decode_late_fact(struct tare_run *run, const json_t *line, struct tare_err *err)
{
	const char *key = NULL;
	const char *value = NULL;
	enum tare_status status = tare_json_get_string(&key, line, "key", err);

	if (status == TARE_OK)
		status = tare_json_get_string(&value, line, "value", err);
	if (status == TARE_OK && !tare_environment_get(&run->environment, key) &&
		run->environment.fact_count < TARE_FACTS_MAX)
		tare_environment_add(&run->environment, run->arena, key, value, false);
	return status;
}

static enum tare_status
decode_resume(struct tare_run *run, const json_t *line, struct tare_err *err)
{
	uint64_t unix_ns = 0;
	enum tare_status status = tare_json_get_u64(&unix_ns, line, "unix_ns", err);

	if (status == TARE_OK)
		run->status = TARE_RUN_OPEN;
	return status;
}

static enum tare_status
decode_kept(struct tare_run *run, const json_t *line, struct tare_err *err)
{
	uint32_t index = 0;
	enum tare_status status = decode_case_index(&index, run, line, err);

	return status == TARE_OK ? tare_journal_decode_kept(&run->cases[index], line, err) : status;
}

static enum tare_status
decode_end(struct tare_run *run, const json_t *line, struct tare_err *err)
{
	const char *name = NULL;
	uint64_t invocations = 0;
	uint64_t duration_ns = 0;
	enum tare_run_status ended;
	enum tare_status status = tare_json_get_string(&name, line, "status", err);

	if (status == TARE_OK)
		status = tare_json_get_u64(&invocations, line, "invocations", err);
	if (status == TARE_OK)
		status = tare_json_get_u64(&duration_ns, line, "duration_ns", err);
	if (status != TARE_OK)
		return status;
	if (!tare_run_status_parse(&ended, name) || ended == TARE_RUN_OPEN)
		return tare_err_set(err, TARE_INVALID,
			"key \"status\": expected \"complete\" or \"interrupted\", found \"%s\"",
			name);
	run->status = ended;
	run->duration_ns = duration_ns;
	/* An export holds fewer lines than there were invocations. */
	if (invocations > run->invocation_count)
		run->invocation_count = invocations;
	return TARE_OK;
}

enum tare_status
tare_journal_decode_line(
	struct tare_run *run, const json_t *line, double *values, struct tare_err *err)
{
	const char *type = NULL;
	enum tare_status status = tare_json_get_string(&type, line, "type", err);

	if (status != TARE_OK)
		return status;
	if (strcmp(type, "sample") == 0)
		return decode_sample(run, line, values, err);
	if (strcmp(type, "failure") == 0)
		return decode_failure(run, line, err);
	if (strcmp(type, "look") == 0)
		return decode_look(run, line, err);
	if (strcmp(type, "stop") == 0)
		return decode_stop(run, line, err);
	if (strcmp(type, "warning") == 0)
		return decode_warning(run, line, err);
	if (strcmp(type, "fact") == 0)
		return decode_late_fact(run, line, err);
	if (strcmp(type, "resume") == 0)
		return decode_resume(run, line, err);
	if (strcmp(type, "kept") == 0)
		return decode_kept(run, line, err);
	if (strcmp(type, "end") == 0)
		return decode_end(run, line, err);
	return TARE_OK;
}
