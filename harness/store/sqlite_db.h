/*
 * A connection to an SQLite database: all that harness/store knows of sqlite3.h is behind this.
 *
 * Life cycle: tare_db_open() -> queries, in transactions or not -> tare_db_close(). Queries are the
 * named ones of sql/sqlite/queries, prepared when first used and kept: tare_db_query() gives one,
 * reset and without values; bind what it names; then tare_query_run(), or tare_query_step() and the
 * columns until there is no more row. A query belongs to its connection; the next call for the same
 * query starts it anew. Bound text and blobs must live until the query was run. An error of binding
 * is reported by the step that follows, so that binding needs no checks. Naming a parameter or a
 * column that a query does not have is a programming error (assert).
 *
 * Errors are TARE_OUTSIDE (TARE_INVALID where the file is no database) and name the path, what is
 * wrong with it, and what to do.
 */
#ifndef TARE_STORE_SQLITE_DB_H
#define TARE_STORE_SQLITE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/store/sqlite_sql.h"

struct tare_db;
struct tare_query;

/* Makes the file where there is none, but not its folder. A file in a folder that must not be
 * written is opened for reading only; writing says so then. */
enum tare_status tare_db_open(
	struct tare_db **db_out, const char *path, int busy_timeout_ms, struct tare_err *err);
void tare_db_close(struct tare_db *db); /* NULL is allowed */
const char *tare_db_path(const struct tare_db *db);

/* A script of any number of statements; results are thrown away. */
enum tare_status tare_db_script(struct tare_db *db, const char *script, struct tare_err *err);
/* The first column of the first row, 0 where there is none: pragmas and counts. */
enum tare_status tare_db_number(
	struct tare_db *db, int64_t *number_out, const char *sql, struct tare_err *err);
/* Write-ahead log, so that readers and a writer do not wait for each other. A file system that has
 * no shared memory keeps the rollback journal, which is as safe. */
enum tare_status tare_db_use_wal(struct tare_db *db, struct tare_err *err);

/* Readers see one state of the database throughout; writers exclude each other from the start. */
enum tare_status tare_db_begin_read(struct tare_db *db, struct tare_err *err);
enum tare_status tare_db_begin_write(struct tare_db *db, struct tare_err *err);
/* Commits where status is TARE_OK, else rolls back and passes status on. */
enum tare_status tare_db_end(struct tare_db *db, enum tare_status status, struct tare_err *err);

enum tare_status tare_db_query(struct tare_query **query_out, struct tare_db *db,
	enum tare_sqlite_query which, struct tare_err *err);
void tare_bind_text(struct tare_query *query, const char *name, const char *text); /* NULL: null */
void tare_bind_integer(struct tare_query *query, const char *name, int64_t value);
void tare_bind_u64(struct tare_query *query, const char *name, uint64_t value);  /* bit for bit */
void tare_bind_double(struct tare_query *query, const char *name, double value); /* NaN: null */
void tare_bind_blob(struct tare_query *query, const char *name, const void *bytes, size_t len);

/* *row_out says whether there is a row. */
enum tare_status tare_query_step(struct tare_query *query, bool *row_out, struct tare_err *err);
/* To the end, for queries without rows. *id_out, unless NULL, is that of the row inserted last. */
enum tare_status tare_query_run(struct tare_query *query, int64_t *id_out, struct tare_err *err);

/* Columns of the current row. Text is copied into the arena. */
const char *tare_column_text(struct tare_query *query, const char *name, struct tare_arena *arena);
const char *tare_column_text_or_null(
	struct tare_query *query, const char *name, struct tare_arena *arena);
int64_t tare_column_integer(struct tare_query *query, const char *name);
uint64_t tare_column_u64(struct tare_query *query, const char *name);
bool tare_column_bool(struct tare_query *query, const char *name);
double tare_column_double(struct tare_query *query, const char *name); /* null: NaN */
/* Borrowed until the next step. */
const void *tare_column_blob(struct tare_query *query, const char *name, size_t *len_out);

/* The file holds something that tare never wrote. */
enum tare_status tare_db_damaged(const struct tare_db *db, const char *what, struct tare_err *err);

#endif
