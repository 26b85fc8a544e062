#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/digest.h"
#include "harness/store/pack.h"
#include "harness/store/sqlite.h"
#include "harness/store/summary.h"

/* What the cases of one run share while they are written. */
struct put {
	struct tare_db *db;
	const struct tare_run *run;
	int64_t run_row;
	int64_t suite_row;
	struct tare_packed packed[3];
	double *scratch; /* room for the samples of any case */
	/* Cases mostly have the metrics of the case before, which spares looking them up. */
	const struct tare_run_case *previous;
	int64_t *metric_rows; /* of the previous case, then of this one */
	size_t metric_capacity;
};

/* The first column of the first row; *found_out false where there is none. */
static enum tare_status
look_up(struct tare_query *query, bool *found_out, int64_t *row_out, struct tare_err *err)
{
	bool row = false;
	enum tare_status status = tare_query_step(query, &row, err);

	if (status != TARE_OK)
		return status;
	if (row)
		*row_out = tare_column_integer(query, "id");
	*found_out = row;
	return TARE_OK;
}

/* For a table whose rows are a name: adds it where it is not there. */
static enum tare_status
name_row(struct tare_db *db, int64_t *row_out, enum tare_sqlite_query add,
	enum tare_sqlite_query find, const char *name, struct tare_err *err)
{
	struct tare_query *query;
	bool found = false;
	enum tare_status status = tare_db_query(&query, db, add, err);

	if (status != TARE_OK)
		return status;
	tare_bind_text(query, "name", name);
	status = tare_query_run(query, NULL, err);
	if (status == TARE_OK)
		status = tare_db_query(&query, db, find, err);
	if (status != TARE_OK)
		return status;
	tare_bind_text(query, "name", name);
	return look_up(query, &found, row_out, err);
}

/* Texts with their lengths, so that no two lists of texts read the same. */
static void
digest_text(FILE *stream, const char *text)
{
	fprintf(stream, "%zu:%s,", strlen(text), text);
}

/* Closes the stream and frees its text. */
static void
digest_end(char digest_out[TARE_DIGEST_TEXT_MAX], FILE *stream, char **text, const size_t *len)
{
	fclose(stream);
	tare_digest_bytes(digest_out, *text, *len);
	free(*text);
}

static FILE *
digest_begin(char **text, size_t *len)
{
	FILE *stream = open_memstream(text, len);

	if (!stream)
		abort();
	return stream;
}

static void
digest_environment(char digest_out[TARE_DIGEST_TEXT_MAX], const struct tare_environment *env)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = digest_begin(&text, &len);

	digest_text(stream, env->fingerprint);
	for (size_t i = 0; i < env->fact_count; i++) {
		digest_text(stream, env->facts[i].key);
		digest_text(stream, env->facts[i].value);
		digest_text(stream, env->facts[i].matters ? "1" : "0");
	}
	digest_end(digest_out, stream, &text, &len);
}

static enum tare_status
add_facts(struct tare_db *db, int64_t row, const struct tare_environment *env, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; status == TARE_OK && i < env->fact_count; i++) {
		struct tare_query *query;

		status = tare_db_query(&query, db, TARE_QUERY_ADD_ENVIRONMENT_FACT, err);
		if (status != TARE_OK)
			return status;
		tare_bind_integer(query, "environment_id", row);
		tare_bind_u64(query, "position", i);
		tare_bind_text(query, "key", env->facts[i].key);
		tare_bind_text(query, "value", env->facts[i].value);
		tare_bind_integer(query, "matters", env->facts[i].matters);
		status = tare_query_run(query, NULL, err);
	}
	return status;
}

static enum tare_status
environment_row(struct tare_db *db, int64_t *row_out, const struct tare_environment *env,
	struct tare_err *err)
{
	char digest[TARE_DIGEST_TEXT_MAX];
	struct tare_query *query;
	bool found = false;
	enum tare_status status = tare_db_query(&query, db, TARE_QUERY_FIND_ENVIRONMENT, err);

	if (status != TARE_OK)
		return status;
	digest_environment(digest, env);
	tare_bind_text(query, "digest", digest);
	status = look_up(query, &found, row_out, err);
	if (status != TARE_OK || found)
		return status;
	status = tare_db_query(&query, db, TARE_QUERY_ADD_ENVIRONMENT, err);
	if (status != TARE_OK)
		return status;
	tare_bind_text(query, "digest", digest);
	tare_bind_text(query, "fingerprint", env->fingerprint);
	status = tare_query_run(query, row_out, err);
	return status == TARE_OK ? add_facts(db, *row_out, env, err) : status;
}

static void
bind_description(struct tare_query *query, const struct tare_run *run)
{
	tare_bind_text(query, "run", run->id);
	tare_bind_text(query, "environment_name", run->environment_name);
	tare_bind_text(query, "suite_file", run->suite_file);
	tare_bind_text(query, "suite_digest", run->suite_digest);
	tare_bind_text(query, "description", run->description);
	tare_bind_text(query, "command_line", run->command_line);
	tare_bind_text(query, "version", run->version);
	tare_bind_integer(query, "gate_asked", run->gate.asked_for);
	tare_bind_integer(query, "gate_fail_on", run->gate.fail_on);
}

static void
bind_extent(struct tare_query *query, const struct tare_run *run)
{
	struct tare_run_extent extent = tare_run_extent(run);

	tare_bind_u64(query, "started_unix_ns", run->started_unix_ns);
	tare_bind_u64(query, "duration_ns", run->duration_ns);
	tare_bind_text(query, "status", tare_run_status_name(run->status));
	tare_bind_u64(query, "case_count", run->case_count);
	tare_bind_u64(query, "failed_count", extent.failed_count);
	tare_bind_u64(query, "warning_count", extent.warning_count);
	tare_bind_u64(query, "invocation_count", extent.invocation_count);
	tare_bind_u64(query, "last_seq", run->last_seq);
}

static enum tare_status
add_run_row(struct put *put, int64_t environment, const int64_t *release, struct tare_err *err)
{
	char seed[24];
	struct tare_query *query;
	enum tare_status status = tare_db_query(&query, put->db, TARE_QUERY_ADD_RUN, err);

	if (status != TARE_OK)
		return status;
	snprintf(seed, sizeof(seed), "%" PRIu64, put->run->seed);
	tare_bind_text(query, "seed", seed);
	tare_bind_integer(query, "suite_id", put->suite_row);
	tare_bind_integer(query, "environment_id", environment);
	if (release)
		tare_bind_integer(query, "release_id", *release);
	bind_description(query, put->run);
	bind_extent(query, put->run);
	return tare_query_run(query, &put->run_row, err);
}

static enum tare_status
add_run(struct put *put, struct tare_err *err)
{
	bool has_release = put->run->release[0] != '\0';
	int64_t environment = 0;
	int64_t release = 0;
	enum tare_status status = name_row(put->db, &put->suite_row, TARE_QUERY_ADD_SUITE,
		TARE_QUERY_FIND_SUITE, put->run->suite, err);

	if (status == TARE_OK && has_release)
		status = name_row(put->db, &release, TARE_QUERY_ADD_RELEASE,
			TARE_QUERY_FIND_RELEASE, put->run->release, err);
	if (status == TARE_OK)
		status = environment_row(put->db, &environment, &put->run->environment, err);
	if (status == TARE_OK)
		status = add_run_row(put, environment, has_release ? &release : NULL, err);
	return status;
}

static enum tare_status
add_warnings(struct put *put, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; status == TARE_OK && i < put->run->warning_count; i++) {
		const struct tare_warning *warning = &put->run->warnings[i];
		struct tare_query *query;

		status = tare_db_query(&query, put->db, TARE_QUERY_ADD_WARNING, err);
		if (status != TARE_OK)
			return status;
		tare_bind_integer(query, "run_id", put->run_row);
		tare_bind_u64(query, "position", i);
		tare_bind_text(query, "warning", warning->id);
		tare_bind_text(query, "text", warning->text);
		tare_bind_text(query, "advice", warning->advice);
		status = tare_query_run(query, NULL, err);
	}
	return status;
}

static void
digest_case(
	char digest_out[TARE_DIGEST_TEXT_MAX], const char *suite, const struct tare_run_case *one)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = digest_begin(&text, &len);

	digest_text(stream, suite);
	digest_text(stream, one->name);
	digest_text(stream, one->benchmark);
	digest_text(stream, one->variant);
	for (size_t i = 0; i < one->parameter_count; i++) {
		digest_text(stream, one->parameters[i].name);
		digest_text(stream, one->parameters[i].value);
	}
	digest_end(digest_out, stream, &text, &len);
}

static enum tare_status
add_parameters(
	struct put *put, int64_t case_row, const struct tare_run_case *one, struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; status == TARE_OK && i < one->parameter_count; i++) {
		struct tare_query *query;

		status = tare_db_query(&query, put->db, TARE_QUERY_ADD_CASE_PARAMETER, err);
		if (status != TARE_OK)
			return status;
		tare_bind_integer(query, "case_id", case_row);
		tare_bind_u64(query, "position", i);
		tare_bind_text(query, "name", one->parameters[i].name);
		tare_bind_text(query, "value", one->parameters[i].value);
		status = tare_query_run(query, NULL, err);
	}
	return status;
}

/* The row of what is measured, made where no run measured it before. */
static enum tare_status
case_row(struct put *put, int64_t *row_out, const struct tare_run_case *one, struct tare_err *err)
{
	char digest[TARE_DIGEST_TEXT_MAX];
	struct tare_query *query;
	bool found = false;
	enum tare_status status = tare_db_query(&query, put->db, TARE_QUERY_FIND_CASE, err);

	if (status != TARE_OK)
		return status;
	digest_case(digest, put->run->suite, one);
	tare_bind_text(query, "digest", digest);
	status = look_up(query, &found, row_out, err);
	if (status != TARE_OK || found)
		return status;
	status = tare_db_query(&query, put->db, TARE_QUERY_ADD_CASE, err);
	if (status != TARE_OK)
		return status;
	tare_bind_text(query, "digest", digest);
	tare_bind_integer(query, "suite_id", put->suite_row);
	tare_bind_text(query, "name", one->name);
	tare_bind_text(query, "benchmark", one->benchmark);
	tare_bind_text(query, "variant", one->variant);
	status = tare_query_run(query, row_out, err);
	return status == TARE_OK ? add_parameters(put, *row_out, one, err) : status;
}

static void
bind_metric(struct tare_query *query, const struct tare_metric *metric)
{
	tare_bind_text(query, "name", metric->name);
	tare_bind_text(query, "unit", metric->unit);
	tare_bind_text(query, "better", tare_better_name(metric->better));
	tare_bind_integer(query, "exact", metric->exact);
	tare_bind_integer(query, "gated", metric->gated);
	tare_bind_double(query, "margin", metric->margin);
}

enum tare_status
tare_sqlite_metric_row(struct tare_db *db, int64_t *row_out, const struct tare_metric *metric,
	struct tare_err *err)
{
	struct tare_query *query;
	bool found = false;
	enum tare_status status = tare_db_query(&query, db, TARE_QUERY_FIND_METRIC, err);

	if (status != TARE_OK)
		return status;
	bind_metric(query, metric);
	status = look_up(query, &found, row_out, err);
	if (status != TARE_OK || found)
		return status;
	status = tare_db_query(&query, db, TARE_QUERY_ADD_METRIC, err);
	if (status != TARE_OK)
		return status;
	bind_metric(query, metric);
	return tare_query_run(query, row_out, err);
}

static bool
same_metric(const struct tare_metric *a, const struct tare_metric *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->unit, b->unit) == 0 &&
	       a->better == b->better && a->exact == b->exact && a->gated == b->gated &&
	       a->margin == b->margin;
}

/* put->metric_rows becomes those of this case. */
static enum tare_status
metric_rows(struct put *put, const struct tare_run_case *one, struct tare_err *err)
{
	const struct tare_run_case *previous = put->previous;
	enum tare_status status = TARE_OK;

	if (put->metric_capacity < one->metric_count) {
		put->metric_rows = tare_xreallocarray(
			put->metric_rows, one->metric_count, sizeof(*put->metric_rows));
		put->metric_capacity = one->metric_count;
	}
	for (size_t i = 0; status == TARE_OK && i < one->metric_count; i++) {
		if (previous && i < previous->metric_count &&
			same_metric(&previous->metrics[i], &one->metrics[i]))
			continue;
		status = tare_sqlite_metric_row(
			put->db, &put->metric_rows[i], &one->metrics[i], err);
	}
	put->previous = one;
	return status;
}

/* Texts are null for a metric that is not counted. */
static void
bind_counter(struct tare_query *query, const struct tare_run_case *one, size_t metric)
{
	const struct tare_counter *counter = one->metrics[metric].counter;
	struct tare_counting counting = {.coverage_min = 1.0};

	if (counter && one->counting)
		counting = one->counting[metric];
	tare_bind_text(query, "provider", counter ? counter->provider : NULL);
	tare_bind_text(query, "event", counter ? counter->event : NULL);
	tare_bind_text(query, "scope", counter ? counter->scope : NULL);
	tare_bind_text(
		query, "quality", counter ? tare_counter_quality_name(counter->quality) : NULL);
	tare_bind_u64(query, "used", counting.used);
	tare_bind_u64(query, "thin", counting.thin);
	tare_bind_u64(query, "invalid", counting.invalid);
	tare_bind_double(query, "coverage_sum", counting.coverage_sum);
	tare_bind_double(query, "coverage_min", counting.coverage_min);
}

static enum tare_status
add_column(struct put *put, int64_t run_case_row, const struct tare_run_case *one, size_t metric,
	struct tare_err *err)
{
	struct tare_packed *packed = &put->packed[0];
	struct tare_column_summary summary;
	struct tare_query *query;
	enum tare_status status = tare_db_query(&query, put->db, TARE_QUERY_ADD_SAMPLES, err);

	if (status != TARE_OK)
		return status;
	tare_column_summarise(&summary, put->scratch, &one->samples, metric);
	tare_pack_values(packed, one->samples.values[metric], one->samples.count);
	tare_bind_integer(query, "run_case_id", run_case_row);
	tare_bind_u64(query, "position", metric);
	tare_bind_integer(query, "metric_id", put->metric_rows[metric]);
	tare_bind_u64(query, "n", summary.n);
	tare_bind_double(query, "median", summary.median.estimate);
	tare_bind_double(query, "low", summary.median.low);
	tare_bind_double(query, "high", summary.median.high);
	tare_bind_blob(query, "values", packed->bytes, packed->len);
	bind_counter(query, one, metric);
	return tare_query_run(query, NULL, err);
}

static enum tare_status
add_tags(struct put *put, int64_t run_case_row, const struct tare_run_case *one,
	struct tare_err *err)
{
	enum tare_status status = TARE_OK;

	for (size_t i = 0; status == TARE_OK && i < one->tag_count; i++) {
		struct tare_query *query;

		status = tare_db_query(&query, put->db, TARE_QUERY_ADD_RUN_CASE_TAG, err);
		if (status != TARE_OK)
			return status;
		tare_bind_integer(query, "run_case_id", run_case_row);
		tare_bind_u64(query, "position", i);
		tare_bind_text(query, "tag", one->tags[i]);
		status = tare_query_run(query, NULL, err);
	}
	return status;
}

static void
bind_case(struct tare_query *query, const struct tare_run_case *one)
{
	tare_bind_u64(query, "case_group", one->group);
	tare_bind_text(query, "command", one->command);
	tare_bind_text(query, "runner", one->runner);
	tare_bind_text(query, "cpus", one->cpus);
	tare_bind_text(query, "placement", one->placement ? one->placement : "");
	tare_bind_integer(query, "critical", one->critical);
	tare_bind_text(query, "status", tare_case_status_name(one->status));
	tare_bind_text(query, "failure", one->failure);
	tare_bind_text(query, "stderr_tail", one->stderr_tail);
	tare_bind_text(query, "stop_reason", one->stop_reason);
	tare_bind_u64(query, "warmup_count", one->warmup_count);
	tare_bind_u64(query, "sample_count", one->samples.count);
	tare_bind_u64(query, "sample_total", one->samples.total);
	tare_bind_u64(query, "stride", one->samples.stride);
	tare_sqlite_bind_noise(query, &one->noise);
}

static enum tare_status
add_run_case(struct put *put, int64_t *row_out, size_t position, int64_t case_row_id,
	struct tare_err *err)
{
	const struct tare_run_case *one = &put->run->cases[position];
	struct tare_query *query;
	enum tare_status status = tare_db_query(&query, put->db, TARE_QUERY_ADD_RUN_CASE, err);

	if (status != TARE_OK)
		return status;
	tare_pack_pairs(&put->packed[0], one->samples.pairs, one->samples.count);
	tare_pack_times(&put->packed[1], one->samples.start_ns, one->samples.count);
	if (tare_samples_disturbed(&one->samples) > 0) {
		tare_pack_pairs(&put->packed[2], one->samples.labels, one->samples.count);
		tare_bind_blob(query, "labels", put->packed[2].bytes, put->packed[2].len);
	} else {
		tare_bind_blob(query, "labels", NULL, 0);
	}
	tare_bind_integer(query, "run_id", put->run_row);
	tare_bind_u64(query, "position", position);
	tare_bind_integer(query, "case_id", case_row_id);
	bind_case(query, one);
	tare_bind_blob(query, "pairs", put->packed[0].bytes, put->packed[0].len);
	tare_bind_blob(query, "start_ns", put->packed[1].bytes, put->packed[1].len);
	return tare_query_run(query, row_out, err);
}

static enum tare_status
put_case(struct put *put, size_t position, struct tare_err *err)
{
	const struct tare_run_case *one = &put->run->cases[position];
	int64_t case_row_id = 0;
	int64_t run_case_row = 0;
	enum tare_status status = case_row(put, &case_row_id, one, err);

	if (status == TARE_OK)
		status = add_run_case(put, &run_case_row, position, case_row_id, err);
	if (status == TARE_OK)
		status = tare_sqlite_add_noise(put->db, run_case_row, one, err);
	if (status == TARE_OK)
		status = add_tags(put, run_case_row, one, err);
	if (status == TARE_OK)
		status = metric_rows(put, one, err);
	for (size_t i = 0; status == TARE_OK && i < one->metric_count; i++)
		status = add_column(put, run_case_row, one, i, err);
	if (status == TARE_OK)
		status = tare_sqlite_add_looks(put->db, run_case_row, one, err);
	return status;
}

static double *
scratch_for(const struct tare_run *run)
{
	size_t most = 1;

	for (size_t i = 0; i < run->case_count; i++) {
		if (run->cases[i].samples.count > most)
			most = run->cases[i].samples.count;
	}
	return tare_xcalloc(most, sizeof(double));
}

enum tare_status
tare_sqlite_insert_run(
	struct tare_db *db, int64_t *row_out, const struct tare_run *run, struct tare_err *err)
{
	struct put put = {.db = db, .run = run, .scratch = scratch_for(run)};
	enum tare_status status = add_run(&put, err);

	if (status == TARE_OK)
		status = add_warnings(&put, err);
	for (size_t i = 0; status == TARE_OK && i < run->case_count; i++)
		status = put_case(&put, i, err);
	free(put.scratch);
	free(put.metric_rows);
	tare_packed_free(&put.packed[0]);
	tare_packed_free(&put.packed[1]);
	tare_packed_free(&put.packed[2]);
	if (status == TARE_OK)
		*row_out = put.run_row;
	return status;
}
