#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/store/pack.h"
#include "harness/store/sqlite.h"
#include "harness/store/stores.h"
#include "harness/store/summary.h"

/* A run while it is read. A file from outside may say anything, so everything that other code
 * relies on is checked here as it is for a journal. */
struct load {
	struct tare_db *db;
	struct tare_run *run;
	int64_t run_row;
	int64_t environment_row;
};

static enum tare_status
damaged(const struct load *load, const char *what, struct tare_err *err)
{
	return tare_db_damaged(load->db, what, err);
}

static enum tare_status
read_run_facts(struct load *load, struct tare_query *query, struct tare_err *err)
{
	struct tare_run *run = load->run;
	struct tare_arena *arena = run->arena;
	const char *id = tare_column_text(query, "run", arena);
	const char *fingerprint;

	if (strlen(id) >= sizeof(run->id))
		return damaged(load, "a run id is too long", err);
	memcpy(run->id, id, strlen(id) + 1);
	load->run_row = tare_column_integer(query, "id");
	run->suite = tare_column_text(query, "suite", arena);
	run->release = tare_column_text(query, "release", arena);
	load->environment_row = tare_column_integer(query, "environment_id");
	fingerprint = tare_column_text(query, "fingerprint", arena);
	if (strlen(fingerprint) >= sizeof(run->environment.fingerprint))
		return damaged(load, "a fingerprint is too long", err);
	memcpy(run->environment.fingerprint, fingerprint, strlen(fingerprint) + 1);
	run->environment_name = tare_column_text(query, "environment_name", arena);
	run->suite_file = tare_column_text(query, "suite_file", arena);
	run->suite_digest = tare_column_text(query, "suite_digest", arena);
	run->description = tare_column_text(query, "description", arena);
	run->command_line = tare_column_text(query, "command_line", arena);
	run->version = tare_column_text(query, "version", arena);
	return TARE_OK;
}

static enum tare_status
read_run_numbers(struct load *load, struct tare_query *query, struct tare_err *err)
{
	struct tare_run *run = load->run;
	const char *seed = tare_column_text(query, "seed", run->arena);
	const char *status;

	if (tare_count_parse(&run->seed, seed, UINT64_MAX, NULL) != TARE_OK)
		return damaged(load, "a seed is no number", err);
	run->started_unix_ns = tare_column_u64(query, "started_unix_ns");
	run->duration_ns = tare_column_u64(query, "duration_ns");
	status = tare_column_text(query, "status", run->arena);
	if (!tare_run_status_parse(&run->status, status))
		return damaged(load, "a run has an unknown status", err);
	run->gate.asked_for = tare_column_bool(query, "gate_asked");
	run->gate.fail_on = (unsigned)tare_column_integer(query, "gate_fail_on") &
			    ((1u << TARE_VERDICT_COUNT) - 1);
	run->invocation_count = tare_column_u64(query, "invocation_count");
	run->last_seq = tare_column_u64(query, "last_seq");
	return TARE_OK;
}

static enum tare_status
load_run_row(struct load *load, const char *run_id, struct tare_err *err)
{
	struct tare_query *query;
	bool row = false;
	enum tare_status status = tare_db_query(&query, load->db, TARE_QUERY_GET_RUN, err);

	if (status != TARE_OK)
		return status;
	tare_bind_text(query, "run", run_id);
	status = tare_query_step(query, &row, err);
	if (status != TARE_OK)
		return status;
	if (!row)
		return TARE_NOT_FOUND;
	status = read_run_facts(load, query, err);
	return status == TARE_OK ? read_run_numbers(load, query, err) : status;
}

/* Starts a query whose one parameter is a row. */
static enum tare_status
begin(struct load *load, struct tare_query **query_out, enum tare_sqlite_query which, int64_t row,
	struct tare_err *err)
{
	enum tare_status status = tare_db_query(query_out, load->db, which, err);

	if (status == TARE_OK)
		tare_bind_integer(*query_out,
			which == TARE_QUERY_GET_ENVIRONMENT_FACTS ? "environment_id" : "run_id",
			row);
	return status;
}

static enum tare_status
load_facts(struct load *load, struct tare_err *err)
{
	struct tare_run *run = load->run;
	struct tare_query *query;
	bool row = true;
	enum tare_status status =
		begin(load, &query, TARE_QUERY_GET_ENVIRONMENT_FACTS, load->environment_row, err);

	while (status == TARE_OK && row) {
		status = tare_query_step(query, &row, err);
		if (status == TARE_OK && row) {
			const char *key = tare_column_text(query, "key", run->arena);
			const char *value = tare_column_text(query, "value", run->arena);

			tare_environment_add(&run->environment, run->arena, key, value,
				tare_column_bool(query, "matters"));
		}
	}
	return status;
}

static enum tare_status
load_warnings(struct load *load, struct tare_err *err)
{
	struct tare_run *run = load->run;
	struct tare_query *query;
	bool row = true;
	enum tare_status status = begin(load, &query, TARE_QUERY_GET_WARNINGS, load->run_row, err);

	while (status == TARE_OK && row) {
		status = tare_query_step(query, &row, err);
		if (status == TARE_OK && row) {
			const char *id = tare_column_text(query, "warning", run->arena);
			const char *text = tare_column_text(query, "text", run->arena);

			tare_run_warn(run, id, text, tare_column_text(query, "advice", run->arena));
		}
	}
	return status;
}

/* Cases of a group stand together and come in the order of their groups. */
static enum tare_status
read_group(struct load *load, struct tare_run_case *one, struct tare_query *query,
	struct tare_err *err)
{
	const struct tare_run *run = load->run;
	int64_t group = tare_column_integer(query, "case_group");
	size_t lowest = run->case_count > 0 ? run->cases[run->case_count - 1].group : 0;

	if (group < 0 || (uint64_t)group < lowest)
		return damaged(load, "the groups of a run's cases are out of order", err);
	one->group = (size_t)group;
	return TARE_OK;
}

static enum tare_status
read_rows(struct load *load, struct tare_samples *samples, struct tare_query *query,
	struct tare_err *err)
{
	size_t count = 0;
	size_t pairs_len;
	size_t times_len;
	size_t labels_len;
	const void *pairs = tare_column_blob(query, "pairs", &pairs_len);
	const void *times = tare_column_blob(query, "start_ns", &times_len);
	const void *labels = tare_column_blob(query, "labels", &labels_len);
	struct tare_err reason = {0};
	enum tare_status status = tare_packed_count(&count, pairs, pairs_len, &reason);

	if (status != TARE_OK)
		return damaged(load, reason.text, err);
	if (count > TARE_SAMPLES_MAX)
		return damaged(load, "a case has too many samples", err);
	samples->pairs = tare_xcalloc(count, sizeof(*samples->pairs));
	samples->start_ns = tare_xcalloc(count, sizeof(*samples->start_ns));
	samples->labels = tare_xcalloc(count, sizeof(*samples->labels));
	samples->count = samples->capacity = count;
	status = tare_unpack_pairs(samples->pairs, count, pairs, pairs_len, &reason);
	if (status == TARE_OK)
		status = tare_unpack_times(samples->start_ns, count, times, times_len, &reason);
	if (status == TARE_OK && labels_len > 0)
		status = tare_unpack_pairs(samples->labels, count, labels, labels_len, &reason);
	return status == TARE_OK ? TARE_OK : damaged(load, reason.text, err);
}

static void
read_case_texts(struct tare_run_case *one, struct tare_query *query, struct tare_arena *arena)
{
	one->name = tare_column_text(query, "name", arena);
	one->benchmark = tare_column_text(query, "benchmark", arena);
	one->variant = tare_column_text(query, "variant", arena);
	one->command = tare_column_text(query, "command", arena);
	one->runner = tare_column_text(query, "runner", arena);
	one->cpus = tare_column_text(query, "cpus", arena);
	one->placement = tare_column_text(query, "placement", arena);
	one->critical = tare_column_bool(query, "critical");
	one->failure = tare_column_text_or_null(query, "failure", arena);
	one->stderr_tail = tare_column_text_or_null(query, "stderr_tail", arena);
	one->stop_reason = tare_column_text_or_null(query, "stop_reason", arena);
}

static enum tare_status
read_case(struct load *load, struct tare_query *query, struct tare_err *err)
{
	struct tare_run *run = load->run;
	struct tare_run_case *one = &run->cases[run->case_count];
	enum tare_status status = read_group(load, one, query, err);

	if (status != TARE_OK)
		return status;
	/* From here on tare_run_free() knows of the case. */
	tare_samples_init(&one->samples, 0);
	run->case_count++;
	read_case_texts(one, query, run->arena);
	if (!tare_case_status_parse(&one->status, tare_column_text(query, "status", run->arena)))
		return damaged(load, "a case has an unknown status", err);
	one->warmup_count = tare_column_u64(query, "warmup_count");
	one->samples.total = tare_column_u64(query, "sample_total");
	one->samples.stride = tare_column_u64(query, "stride");
	if (one->samples.stride == 0)
		return damaged(load, "a case has a stride of 0", err);
	status = read_rows(load, &one->samples, query, err);
	return status == TARE_OK ? tare_sqlite_read_noise(load->db, one, query, err) : status;
}

static enum tare_status
load_cases(struct load *load, struct tare_err *err)
{
	struct tare_run *run = load->run;
	struct tare_query *query;
	bool row = true;
	enum tare_status status = begin(load, &query, TARE_QUERY_GET_RUN_CASES, load->run_row, err);

	while (status == TARE_OK && row) {
		status = tare_query_step(query, &row, err);
		if (status == TARE_OK && row) {
			run->cases = tare_arena_room(
				run->arena, run->cases, run->case_count, sizeof(*run->cases));
			status = read_case(load, query, err);
		}
	}
	if (status == TARE_OK && run->case_count > 0 &&
		run->cases[run->case_count - 1].group >= run->case_count)
		status = damaged(load, "a run has more groups than cases", err);
	return status;
}

/* The case a row belongs to, NULL where there is none: positions count from 0 without gaps. */
static struct tare_run_case *
owner_of_row(const struct load *load, struct tare_query *query)
{
	int64_t position = tare_column_integer(query, "case_position");

	if (position < 0 || (uint64_t)position >= load->run->case_count)
		return NULL;
	return &load->run->cases[position];
}

static enum tare_status
read_parameter(struct load *load, struct tare_run_case *one, struct tare_query *query,
	struct tare_err *err)
{
	struct tare_arena *arena = load->run->arena;

	(void)err;
	one->parameters = tare_arena_room(
		arena, one->parameters, one->parameter_count, sizeof(*one->parameters));
	one->parameters[one->parameter_count++] = (struct tare_parameter){
		.name = tare_column_text(query, "name", arena),
		.value = tare_column_text(query, "value", arena),
	};
	return TARE_OK;
}

static enum tare_status
read_tag(struct load *load, struct tare_run_case *one, struct tare_query *query,
	struct tare_err *err)
{
	struct tare_arena *arena = load->run->arena;

	(void)err;
	one->tags = tare_arena_room(arena, one->tags, one->tag_count, sizeof(*one->tags));
	one->tags[one->tag_count++] = tare_column_text(query, "tag", arena);
	return TARE_OK;
}

void
tare_sqlite_read_metric(
	struct tare_metric *metric_out, struct tare_query *query, struct tare_arena *arena)
{
	metric_out->name = tare_column_text(query, "name", arena);
	metric_out->unit = tare_column_text(query, "unit", arena);
	metric_out->better = strcmp(tare_column_text(query, "better", arena), "higher") == 0
				     ? TARE_HIGHER_IS_BETTER
				     : TARE_LOWER_IS_BETTER;
	metric_out->exact = tare_column_bool(query, "exact");
	metric_out->gated = tare_column_bool(query, "gated");
	metric_out->margin = tare_column_double(query, "margin");
}

static struct tare_counting
read_counting(struct tare_query *query)
{
	return (struct tare_counting){
		.used = tare_column_u64(query, "used"),
		.thin = tare_column_u64(query, "thin"),
		.invalid = tare_column_u64(query, "invalid"),
		.coverage_sum = tare_column_double(query, "coverage_sum"),
		.coverage_min = tare_column_double(query, "coverage_min"),
	};
}

/* To one more metric, of which nothing was counted yet. */
static void
grow_counting(struct tare_run_case *one, struct tare_arena *arena)
{
	size_t count = one->counting ? one->metric_count - 1 : 0;

	for (; count < one->metric_count; count++) {
		one->counting =
			tare_arena_room(arena, one->counting, count, sizeof(*one->counting));
		one->counting[count] = (struct tare_counting){.coverage_min = 1.0};
	}
}

/* Where the values of the last metric come from; nothing where it is not counted. */
static enum tare_status
read_counter(struct load *load, struct tare_run_case *one, struct tare_query *query,
	struct tare_err *err)
{
	struct tare_arena *arena = load->run->arena;
	const char *quality = tare_column_text_or_null(query, "quality", arena);
	size_t metric = one->metric_count - 1;
	struct tare_counter *counter;

	if (one->counting || quality)
		grow_counting(one, arena);
	if (!quality)
		return TARE_OK;
	one->counting[metric] = read_counting(query);
	counter = tare_arena_alloc(arena, 1, sizeof(*counter));
	counter->provider = tare_column_text(query, "provider", arena);
	counter->event = tare_column_text(query, "event", arena);
	counter->scope = tare_column_text(query, "scope", arena);
	if (!tare_counter_quality_parse(&counter->quality, quality))
		return damaged(load, "a counter has an unknown quality", err);
	one->metrics[metric].counter = counter;
	return TARE_OK;
}

static enum tare_status
read_column(struct load *load, struct tare_run_case *one, struct tare_query *query,
	struct tare_err *err)
{
	struct tare_samples *samples = &one->samples;
	size_t metric = one->metric_count;
	struct tare_err reason = {0};
	const void *bytes;
	size_t len;

	one->metrics =
		tare_arena_room(load->run->arena, one->metrics, metric, sizeof(*one->metrics));
	tare_sqlite_read_metric(&one->metrics[metric], query, load->run->arena);
	samples->values = tare_xreallocarray(samples->values, metric + 1, sizeof(double *));
	samples->values[metric] = tare_xcalloc(samples->count, sizeof(double));
	samples->metric_count = metric + 1;
	one->metric_count = metric + 1;
	bytes = tare_column_blob(query, "values", &len);
	if (tare_unpack_values(samples->values[metric], samples->count, bytes, len, &reason) !=
		TARE_OK)
		return damaged(load, reason.text, err);
	return read_counter(load, one, query, err);
}

static enum tare_status
read_look(struct load *load, struct tare_run_case *one, struct tare_query *query,
	struct tare_err *err)
{
	struct tare_run *run = load->run;
	struct tare_case_look look = {0};
	enum tare_status status =
		tare_sqlite_read_look(load->db, &look, query, one, run->arena, err);

	if (status == TARE_OK)
		tare_run_add_look(run, (size_t)(one - run->cases), &look);
	return status;
}

static enum tare_status
read_disturbance(struct load *load, struct tare_run_case *one, struct tare_query *query,
	struct tare_err *err)
{
	return tare_sqlite_read_disturbance(load->db, one, query, load->run->arena, err);
}

typedef enum tare_status row_reader(struct load *load, struct tare_run_case *one,
	struct tare_query *query, struct tare_err *err);

/* Rows of what cases have: parameters, tags, columns of samples, looks. */
static enum tare_status
load_of_cases(
	struct load *load, enum tare_sqlite_query which, row_reader *read_row, struct tare_err *err)
{
	struct tare_query *query;
	bool row = true;
	enum tare_status status = begin(load, &query, which, load->run_row, err);

	while (status == TARE_OK && row) {
		struct tare_run_case *one;

		status = tare_query_step(query, &row, err);
		if (status != TARE_OK || !row)
			break;
		one = owner_of_row(load, query);
		if (!one)
			return damaged(load, "the cases of a run are not counted from 0", err);
		status = read_row(load, one, query, err);
	}
	return status;
}

static enum tare_status
load_all(struct load *load, struct tare_err *err)
{
	enum tare_status status = load_facts(load, err);

	if (status == TARE_OK)
		status = load_warnings(load, err);
	if (status == TARE_OK)
		status = load_cases(load, err);
	if (status == TARE_OK)
		status = load_of_cases(load, TARE_QUERY_GET_CASE_PARAMETERS, read_parameter, err);
	if (status == TARE_OK)
		status = load_of_cases(load, TARE_QUERY_GET_RUN_CASE_TAGS, read_tag, err);
	if (status == TARE_OK)
		status = load_of_cases(load, TARE_QUERY_GET_SAMPLES, read_column, err);
	if (status == TARE_OK)
		status = load_of_cases(load, TARE_QUERY_GET_LOOKS, read_look, err);
	if (status == TARE_OK)
		status = load_of_cases(load, TARE_QUERY_GET_DISTURBANCES, read_disturbance, err);
	return status;
}

enum tare_status
tare_sqlite_load_run(
	struct tare_db *db, struct tare_run **run_out, const char *run_id, struct tare_err *err)
{
	struct load load = {.db = db, .run = tare_run_new()};
	enum tare_status status = load_run_row(&load, run_id, err);

	if (status == TARE_NOT_FOUND)
		status = tare_store_no_run(run_id, err);
	else if (status == TARE_OK)
		status = load_all(&load, err);
	if (status == TARE_OK)
		*run_out = load.run;
	else
		tare_run_free(load.run);
	return status;
}
