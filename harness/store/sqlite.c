#include "harness/store/sqlite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/file.h"
#include "harness/store/stores.h"
#include "harness/store/summary.h"

/* Long enough for another tare that stores a large run. */
enum { BUSY_TIMEOUT_MS = 10000 };

struct sqlite_store {
	struct tare_store base;
	struct tare_db *db;
};

static struct tare_db *
db_of(struct tare_store *store)
{
	return ((struct sqlite_store *)store)->db;
}

static enum tare_status
sqlite_supported(struct tare_err *err)
{
	(void)err;
	return TARE_OK;
}

/* Migrations that rebuild a table need foreign keys off, and that cannot be changed inside a
 * transaction. */
static enum tare_status
prepare(struct tare_db *db, const struct tare_sqlite_options *options, struct tare_err *err)
{
	enum tare_status status = tare_db_script(db, "PRAGMA foreign_keys = OFF", err);

	if (status == TARE_OK)
		status = tare_migrate(db, options->migrations, options->migration_count, err);
	if (status == TARE_OK)
		status = tare_db_use_wal(db, err);
	if (status == TARE_OK)
		status = tare_db_script(db, "PRAGMA foreign_keys = ON", err);
	return status;
}

enum tare_status
tare_sqlite_connect(struct tare_db **db_out, const char *path,
	const struct tare_sqlite_options *options, struct tare_err *err)
{
	struct tare_arena *scratch = tare_arena_new();
	struct tare_db *db = NULL;
	enum tare_status status = tare_dir_make(tare_path_dirname(scratch, path), err);

	tare_arena_free(scratch);
	if (status == TARE_OK)
		status = tare_db_open(&db, path, options->busy_timeout_ms, err);
	if (status == TARE_OK)
		status = prepare(db, options, err);
	if (status == TARE_OK)
		*db_out = db;
	else
		tare_db_close(db);
	return status;
}

static enum tare_status
sqlite_open(struct tare_store **store_out, const char *location, struct tare_err *err)
{
	const struct tare_sqlite_options options = {
		.migrations = tare_sqlite_migrations,
		.migration_count = tare_sqlite_migration_count,
		.busy_timeout_ms = BUSY_TIMEOUT_MS,
	};
	struct sqlite_store *sqlite;
	struct tare_db *db = NULL;
	enum tare_status status;

	if (location[0] == '\0')
		return tare_err_set(err, TARE_INVALID,
			"store \"sqlite:\" names no file; expected sqlite:PATH, as in %s",
			TARE_STORE_DEFAULT);
	status = tare_sqlite_connect(&db, location, &options, err);
	if (status != TARE_OK)
		return status;
	sqlite = tare_xcalloc(1, sizeof(*sqlite));
	sqlite->base.ops = &tare_store_sqlite;
	sqlite->db = db;
	*store_out = &sqlite->base;
	return TARE_OK;
}

/* *found_out is false where there is no such run. extent_out may be NULL. */
static enum tare_status
find_run(struct tare_db *db, bool *found_out, int64_t *row_out, struct tare_run_extent *extent_out,
	const char *run_id, struct tare_err *err)
{
	struct tare_arena *scratch;
	struct tare_query *query;
	bool row = false;
	enum tare_status status = tare_db_query(&query, db, TARE_QUERY_FIND_RUN, err);

	if (status != TARE_OK)
		return status;
	tare_bind_text(query, "run", run_id);
	status = tare_query_step(query, &row, err);
	if (status != TARE_OK)
		return status;
	*found_out = row;
	if (!row)
		return TARE_OK;
	*row_out = tare_column_integer(query, "id");
	if (!extent_out)
		return TARE_OK;
	scratch = tare_arena_new();
	if (!tare_run_status_parse(&extent_out->status, tare_column_text(query, "status", scratch)))
		status = tare_db_damaged(db, "a run has an unknown status", err);
	tare_arena_free(scratch);
	extent_out->failed_count = (size_t)tare_column_u64(query, "failed_count");
	extent_out->warning_count = (size_t)tare_column_u64(query, "warning_count");
	extent_out->invocation_count = tare_column_u64(query, "invocation_count");
	return status;
}

static enum tare_status
require_run(struct tare_db *db, int64_t *row_out, const char *run_id, struct tare_err *err)
{
	bool found = false;
	enum tare_status status = find_run(db, &found, row_out, NULL, run_id, err);

	if (status == TARE_OK && !found)
		status = tare_store_no_run(run_id, err);
	return status;
}

/* What only this run referred to stays until remove_unused(). */
static enum tare_status
delete_run(struct tare_db *db, int64_t row, struct tare_err *err)
{
	struct tare_query *query;
	enum tare_status status = tare_db_query(&query, db, TARE_QUERY_REMOVE_RUN, err);

	if (status != TARE_OK)
		return status;
	tare_bind_integer(query, "id", row);
	return tare_query_run(query, NULL, err);
}

static enum tare_status
remove_unused(struct tare_db *db, struct tare_err *err)
{
	static const enum tare_sqlite_query queries[] = {
		TARE_QUERY_REMOVE_UNUSED_CASES, TARE_QUERY_REMOVE_UNUSED_ENVIRONMENTS,
		TARE_QUERY_REMOVE_UNUSED_RELEASES,
		TARE_QUERY_REMOVE_UNUSED_SUITES, /* after the cases, which refer to them */
	};
	enum tare_status status = TARE_OK;

	for (size_t i = 0; status == TARE_OK && i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct tare_query *query;

		status = tare_db_query(&query, db, queries[i], err);
		if (status == TARE_OK)
			status = tare_query_run(query, NULL, err);
	}
	return status;
}

static enum tare_status
put_in_transaction(
	struct tare_db *db, bool *added_out, const struct tare_run *run, struct tare_err *err)
{
	struct tare_run_extent offered = tare_run_extent(run);
	struct tare_run_extent stored;
	bool found = false;
	int64_t row = 0;
	enum tare_status status = find_run(db, &found, &row, &stored, run->id, err);

	if (status != TARE_OK)
		return status;
	*added_out = !found || tare_run_has_more(&offered, &stored);
	if (!*added_out)
		return TARE_OK;
	if (found)
		status = delete_run(db, row, err);
	if (status == TARE_OK)
		status = tare_sqlite_insert_run(db, &row, run, err);
	if (status == TARE_OK && found)
		status = remove_unused(db, err);
	return status;
}

static enum tare_status
sqlite_put_run(
	struct tare_store *store, bool *added_out, const struct tare_run *run, struct tare_err *err)
{
	struct tare_db *db = db_of(store);
	bool added = false;
	enum tare_status status = tare_db_begin_write(db, err);

	if (status != TARE_OK)
		return status;
	status = tare_db_end(db, put_in_transaction(db, &added, run, err), err);
	if (status == TARE_OK)
		*added_out = added;
	return status;
}

static enum tare_status
sqlite_put_comparisons(struct tare_store *store, const char *run_id,
	const struct tare_comparison_set *set, struct tare_err *err)
{
	struct tare_db *db = db_of(store);
	int64_t row = 0;
	enum tare_status status = tare_db_begin_write(db, err);

	if (status != TARE_OK)
		return status;
	status = require_run(db, &row, run_id, err);
	if (status == TARE_OK)
		status = tare_sqlite_put_comparisons(db, row, set, err);
	return tare_db_end(db, status, err);
}

static enum tare_status
sqlite_get_comparisons(struct tare_store *store, struct tare_comparison_set **sets_out,
	size_t *count_out, struct tare_arena *arena, const char *run_id, struct tare_err *err)
{
	struct tare_db *db = db_of(store);
	int64_t row = 0;
	enum tare_status status = tare_db_begin_read(db, err);

	if (status != TARE_OK)
		return status;
	status = require_run(db, &row, run_id, err);
	if (status == TARE_OK)
		status = tare_sqlite_get_comparisons(db, sets_out, count_out, arena, row, err);
	return tare_db_end(db, status, err);
}

static enum tare_status
sqlite_get_run(struct tare_store *store, struct tare_run **run_out, const char *run_id,
	struct tare_err *err)
{
	struct tare_db *db = db_of(store);
	struct tare_run *run = NULL;
	enum tare_status status = tare_db_begin_read(db, err);

	if (status != TARE_OK)
		return status;
	status = tare_db_end(db, tare_sqlite_load_run(db, &run, run_id, err), err);
	if (status == TARE_OK)
		*run_out = run;
	else
		tare_run_free(run);
	return status;
}

static void
bind_filter(struct tare_query *query, const struct tare_store_filter *filter)
{
	bool limited = filter && filter->limit > 0 && filter->limit < INT64_MAX;

	tare_bind_text(query, "suite", filter ? filter->suite : NULL);
	tare_bind_text(query, "release", filter ? filter->release : NULL);
	tare_bind_integer(query, "limit", limited ? (int64_t)filter->limit : -1);
}

/* A growing list in the caller's arena. */
struct rows {
	struct tare_arena *arena;
	char *items;
	size_t count;
	size_t capacity;
	size_t size;
};

static void *
next_row(struct rows *rows)
{
	if (rows->count == rows->capacity) {
		rows->capacity = rows->capacity ? 2 * rows->capacity : 64;
		rows->items = tare_arena_grow(
			rows->arena, rows->items, rows->count, rows->capacity, rows->size);
	}
	return rows->items + rows->size * rows->count++;
}

static enum tare_status
read_run_row(void *item, struct tare_query *query, struct tare_db *db, struct tare_arena *arena,
	struct tare_err *err)
{
	struct tare_store_run *row = item;
	const char *status;

	row->id = tare_column_text(query, "run", arena);
	row->suite = tare_column_text(query, "suite", arena);
	row->release = tare_column_text(query, "release", arena);
	row->environment_name = tare_column_text(query, "environment_name", arena);
	row->fingerprint = tare_column_text(query, "fingerprint", arena);
	row->started_unix_ns = tare_column_u64(query, "started_unix_ns");
	row->duration_ns = tare_column_u64(query, "duration_ns");
	status = tare_column_text(query, "status", arena);
	row->case_count = (size_t)tare_column_u64(query, "case_count");
	row->failed_count = (size_t)tare_column_u64(query, "failed_count");
	row->invocation_count = tare_column_u64(query, "invocation_count");
	if (!tare_run_status_parse(&row->status, status))
		return tare_db_damaged(db, "a run has an unknown status", err);
	return TARE_OK;
}

static enum tare_status
read_point(void *item, struct tare_query *query, struct tare_db *db, struct tare_arena *arena,
	struct tare_err *err)
{
	struct tare_store_point *point = item;

	(void)db;
	(void)err;
	point->run_id = tare_column_text(query, "run", arena);
	point->release = tare_column_text(query, "release", arena);
	point->fingerprint = tare_column_text(query, "fingerprint", arena);
	point->started_unix_ns = tare_column_u64(query, "started_unix_ns");
	point->case_name = tare_column_text(query, "case_name", arena);
	tare_sqlite_read_metric(&point->metric, query, arena);
	point->n = (size_t)tare_column_u64(query, "n");
	point->median = tare_column_double(query, "median");
	point->low = tare_column_double(query, "low");
	point->high = tare_column_double(query, "high");
	return TARE_OK;
}

static enum tare_status
read_name(void *item, struct tare_query *query, struct tare_db *db, struct tare_arena *arena,
	struct tare_err *err)
{
	(void)db;
	(void)err;
	*(const char **)item = tare_column_text(query, "name", arena);
	return TARE_OK;
}

typedef enum tare_status row_reader(void *item, struct tare_query *query, struct tare_db *db,
	struct tare_arena *arena, struct tare_err *err);

static enum tare_status
read_rows(struct rows *rows, struct tare_query *query, struct tare_db *db, row_reader *read_row,
	struct tare_err *err)
{
	bool row = true;
	enum tare_status status = TARE_OK;

	while (status == TARE_OK && row) {
		status = tare_query_step(query, &row, err);
		if (status == TARE_OK && row)
			status = read_row(next_row(rows), query, db, rows->arena, err);
	}
	return status;
}

static enum tare_status
sqlite_list_runs(struct tare_store *store, struct tare_store_run **runs_out, size_t *count_out,
	struct tare_arena *arena, const struct tare_store_filter *filter, struct tare_err *err)
{
	struct tare_db *db = db_of(store);
	struct rows rows = {.arena = arena, .size = sizeof(struct tare_store_run)};
	struct tare_query *query;
	enum tare_status status = tare_db_query(&query, db, TARE_QUERY_LIST_RUNS, err);

	if (status != TARE_OK)
		return status;
	bind_filter(query, filter);
	status = read_rows(&rows, query, db, read_run_row, err);
	if (status != TARE_OK)
		return status;
	*runs_out = (struct tare_store_run *)(void *)rows.items;
	*count_out = rows.count;
	return TARE_OK;
}

static enum tare_status
/* NOLINTNEXTLINE(readability-function-size): the parameters are the contract's. */
sqlite_history(struct tare_store *store, struct tare_store_point **points_out, size_t *count_out,
	struct tare_arena *arena, const char *case_name, const char *metric,
	const struct tare_store_filter *filter, struct tare_err *err)
{
	struct tare_db *db = db_of(store);
	struct rows rows = {.arena = arena, .size = sizeof(struct tare_store_point)};
	struct tare_query *query;
	enum tare_status status = tare_db_query(&query, db,
		case_name ? TARE_QUERY_HISTORY_OF_CASE : TARE_QUERY_HISTORY_OF_SUITE, err);

	if (status != TARE_OK)
		return status;
	bind_filter(query, filter);
	tare_bind_text(query, "metric", metric);
	if (case_name)
		tare_bind_text(query, "case_name", case_name);
	status = read_rows(&rows, query, db, read_point, err);
	if (status != TARE_OK)
		return status;
	*points_out = (struct tare_store_point *)(void *)rows.items;
	*count_out = rows.count;
	tare_store_points_reverse(*points_out, *count_out);
	return TARE_OK;
}

static enum tare_status
sqlite_list_cases(struct tare_store *store, const char ***names_out, size_t *count_out,
	struct tare_arena *arena, struct tare_err *err)
{
	struct tare_db *db = db_of(store);
	struct rows rows = {.arena = arena, .size = sizeof(const char *)};
	struct tare_query *query;
	enum tare_status status = tare_db_query(&query, db, TARE_QUERY_LIST_CASES, err);

	if (status == TARE_OK)
		status = read_rows(&rows, query, db, read_name, err);
	if (status != TARE_OK)
		return status;
	*names_out = (const char **)(void *)rows.items;
	*count_out = rows.count;
	return TARE_OK;
}

static enum tare_status
sqlite_remove_run(struct tare_store *store, const char *run_id, struct tare_err *err)
{
	struct tare_db *db = db_of(store);
	int64_t row = 0;
	enum tare_status status = tare_db_begin_write(db, err);

	if (status != TARE_OK)
		return status;
	status = require_run(db, &row, run_id, err);
	if (status == TARE_OK)
		status = delete_run(db, row, err);
	if (status == TARE_OK)
		status = remove_unused(db, err);
	return tare_db_end(db, status, err);
}

static void
sqlite_close(struct tare_store *store)
{
	tare_db_close(db_of(store));
	free(store);
}

const struct tare_store_ops tare_store_sqlite = {
	.name = "sqlite",
	.summary = "sqlite:PATH: one file, made where there is none",
	.supported = sqlite_supported,
	.open = sqlite_open,
	.put_run = sqlite_put_run,
	.put_comparisons = sqlite_put_comparisons,
	.get_comparisons = sqlite_get_comparisons,
	.get_run = sqlite_get_run,
	.list_runs = sqlite_list_runs,
	.history = sqlite_history,
	.list_cases = sqlite_list_cases,
	.remove_run = sqlite_remove_run,
	.close = sqlite_close,
};
