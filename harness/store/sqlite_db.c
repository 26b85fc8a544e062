#include "harness/store/sqlite_db.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"

/* A hostile file must not make one value take all memory: the largest honest one is a stderr tail
 * or 16,384 packed doubles. */
enum { VALUE_LEN_MAX = 64 << 20 };

struct tare_query {
	struct tare_db *db;
	sqlite3_stmt *stmt; /* NULL until used */
	int bind_result;    /* the first failure of binding */
	int next_column;    /* where the column asked for next probably is */
};

struct tare_db {
	sqlite3 *handle;
	char *path;
	int busy_timeout_ms;
	struct tare_query queries[TARE_QUERY_COUNT];
};

enum tare_status
tare_db_damaged(const struct tare_db *db, const char *what, struct tare_err *err)
{
	return tare_err_set(err, TARE_OUTSIDE,
		"\"%s\" is damaged (%s); move it away and read the journals again with tare store "
		"import",
		db->path, what);
}

/* What the system said, where it said something; sqlite does not keep it for every failure. */
static const char *
system_text(const struct tare_db *db, int last_errno)
{
	int number = sqlite3_system_errno(db->handle);

	if (number == 0)
		number = last_errno;
	return number ? strerror(number) : sqlite3_errmsg(db->handle);
}

/* Why a file cannot be opened: sqlite tells of its last try only, which was to open it for reading.
 */
static const char *
open_failure_text(const struct tare_db *db, int last_errno)
{
	struct tare_arena *scratch = tare_arena_new();
	bool is_there = access(db->path, F_OK) == 0;
	bool allowed = !is_there || eaccess(db->path, R_OK) == 0;

	if (allowed)
		allowed = eaccess(tare_path_dirname(scratch, db->path), W_OK | X_OK) == 0;
	if (!allowed)
		last_errno = errno;
	tare_arena_free(scratch);
	return allowed ? system_text(db, last_errno) : strerror(last_errno);
}

/* The sentence for what sqlite answered. */
static enum tare_status
explain(const struct tare_db *db, int result, struct tare_err *err)
{
	int last_errno = errno;

	switch (result & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return tare_err_set(err, TARE_OUTSIDE,
			"\"%s\" is locked by another process and was not freed in %g s; nothing "
			"was "
			"changed, try again when that has ended",
			db->path, db->busy_timeout_ms / 1e3);
	case SQLITE_FULL:
		return tare_err_set(err, TARE_OUTSIDE,
			"there is no space left for \"%s\"; nothing was changed, free some and try "
			"again",
			db->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return tare_err_set(err, TARE_OUTSIDE,
			"cannot write \"%s\": the file or its folder is read-only; allow writing "
			"or "
			"name another store with --store",
			db->path);
	case SQLITE_CANTOPEN:
		return tare_err_set(err, TARE_OUTSIDE,
			"cannot open \"%s\" or make files beside it: %s; allow it or name another "
			"store with --store",
			db->path, open_failure_text(db, last_errno));
	case SQLITE_NOTADB:
		return tare_err_set(err, TARE_INVALID,
			"\"%s\" is not a database; name another store with --store", db->path);
	case SQLITE_CORRUPT:
		return tare_db_damaged(db, sqlite3_errmsg(db->handle), err);
	case SQLITE_IOERR:
		return tare_err_set(err, TARE_OUTSIDE,
			"cannot read or write \"%s\": %s; nothing was changed, try again when it "
			"is mended",
			db->path, system_text(db, last_errno));
	default:
		return tare_err_set(err, TARE_OUTSIDE, "\"%s\": %s; nothing was changed", db->path,
			sqlite3_errmsg(db->handle));
	}
}

/* The file may come from anywhere: what its schema says is not to run code of its own. */
static void
distrust(sqlite3 *handle)
{
	sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, VALUE_LEN_MAX);
	sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
}

/* A file in a folder where nothing can be made beside it, as a history on a medium or in an archive
 * that is only read, or somebody else's. */
static bool
is_in_closed_folder(const char *path)
{
	struct tare_arena *scratch = tare_arena_new();
	bool closed = access(path, F_OK) == 0 &&
		      eaccess(tare_path_dirname(scratch, path), W_OK | X_OK) != 0;

	tare_arena_free(scratch);
	return closed;
}

/* Whether somebody's write-ahead log holds changes that are not in the file yet. */
static bool
has_changes_beside(const char *path)
{
	struct tare_arena *scratch = tare_arena_new();
	struct stat about;
	bool found =
		stat(tare_arena_printf(scratch, "%s-wal", path), &about) == 0 && about.st_size > 0;

	tare_arena_free(scratch);
	return found;
}

/* "file:PATH?immutable=1": sqlite makes no files beside it then, and reads none, so that is for a
 * file whose changes are all inside. */
static char *
immutable_uri(const char *path)
{
	char *uri = tare_xcalloc(3 * strlen(path) + 32, 1);
	/* After "//" stands a host, which is to be none. */
	char *end = stpcpy(uri, *path == '/' ? "file://" : "file:");

	for (; *path; path++)
		end += sprintf(end, strchr("%?#", *path) ? "%%%02X" : "%c", (unsigned char)*path);
	stpcpy(end, "?immutable=1");
	return uri;
}

static int
open_handle(sqlite3 **handle_out, const char *path)
{
	char *uri;
	int result;

	if (!is_in_closed_folder(path))
		return sqlite3_open_v2(
			path, handle_out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (has_changes_beside(path))
		return sqlite3_open_v2(path, handle_out, SQLITE_OPEN_READONLY, NULL);
	uri = immutable_uri(path);
	result = sqlite3_open_v2(uri, handle_out, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	free(uri);
	return result;
}

enum tare_status
tare_db_open(struct tare_db **db_out, const char *path, int busy_timeout_ms, struct tare_err *err)
{
	struct tare_db *db = tare_xcalloc(1, sizeof(*db));
	int result;
	enum tare_status status = TARE_OK;

	db->path = tare_xstrdup(path);
	db->busy_timeout_ms = busy_timeout_ms;
	for (size_t i = 0; i < TARE_QUERY_COUNT; i++)
		db->queries[i].db = db;
	result = open_handle(&db->handle, path);
	if (result == SQLITE_OK) {
		sqlite3_extended_result_codes(db->handle, 1);
		sqlite3_busy_timeout(db->handle, busy_timeout_ms);
		distrust(db->handle);
	} else {
		status = explain(db, result, err);
	}
	if (status == TARE_OK)
		*db_out = db;
	else
		tare_db_close(db);
	return status;
}

void
tare_db_close(struct tare_db *db)
{
	int result;

	if (!db)
		return;
	for (size_t i = 0; i < TARE_QUERY_COUNT; i++)
		sqlite3_finalize(db->queries[i].stmt);
	result = sqlite3_close(db->handle);
	assert(result == SQLITE_OK);
	(void)result;
	free(db->path);
	free(db);
}

const char *
tare_db_path(const struct tare_db *db)
{
	return db->path;
}

enum tare_status
tare_db_script(struct tare_db *db, const char *script, struct tare_err *err)
{
	int result;

	errno = 0;
	result = sqlite3_exec(db->handle, script, NULL, NULL, NULL);
	return result == SQLITE_OK ? TARE_OK : explain(db, result, err);
}

enum tare_status
tare_db_number(struct tare_db *db, int64_t *number_out, const char *sql, struct tare_err *err)
{
	sqlite3_stmt *stmt = NULL;
	int64_t number = 0;
	int result;
	enum tare_status status = TARE_OK;

	errno = 0;
	result = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(stmt);
	if (result == SQLITE_ROW)
		number = sqlite3_column_int64(stmt, 0);
	else if (result != SQLITE_DONE)
		status = explain(db, result, err);
	sqlite3_finalize(stmt);
	if (status == TARE_OK)
		*number_out = number;
	return status;
}

enum tare_status
tare_db_use_wal(struct tare_db *db, struct tare_err *err)
{
	int result = sqlite3_exec(db->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);

	/* Locked or not writable: whoever opens it next tries again, and nothing depends on it. */
	if (result == SQLITE_OK || (result & 0xff) == SQLITE_BUSY ||
		(result & 0xff) == SQLITE_READONLY)
		return TARE_OK;
	return explain(db, result, err);
}

enum tare_status
tare_db_begin_read(struct tare_db *db, struct tare_err *err)
{
	return tare_db_script(db, "BEGIN", err);
}

enum tare_status
tare_db_begin_write(struct tare_db *db, struct tare_err *err)
{
	return tare_db_script(db, "BEGIN IMMEDIATE", err);
}

/* A select that was left in the middle would keep the transaction open. */
static void
reset_queries(struct tare_db *db)
{
	for (size_t i = 0; i < TARE_QUERY_COUNT; i++)
		sqlite3_reset(db->queries[i].stmt);
}

enum tare_status
tare_db_end(struct tare_db *db, enum tare_status status, struct tare_err *err)
{
	reset_queries(db);
	if (status == TARE_OK)
		status = tare_db_script(db, "COMMIT", err);
	/* Some failures, a full disk for one, have rolled back already. */
	if (status != TARE_OK && !sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

enum tare_status
tare_db_query(struct tare_query **query_out, struct tare_db *db, enum tare_sqlite_query which,
	struct tare_err *err)
{
	struct tare_query *query = &db->queries[which];
	int result = SQLITE_OK;

	if (!query->stmt)
		result = sqlite3_prepare_v3(db->handle, tare_sqlite_queries[which].text, -1,
			SQLITE_PREPARE_PERSISTENT, &query->stmt, NULL);
	if (result != SQLITE_OK)
		return explain(db, result, err);
	sqlite3_reset(query->stmt);
	sqlite3_clear_bindings(query->stmt);
	query->bind_result = SQLITE_OK;
	query->next_column = 0;
	*query_out = query;
	return TARE_OK;
}

/* name is without the "$" that SQL puts before it. sqlite numbers parameters by first appearance,
 * so they are found by name. */
static int
parameter_index(const struct tare_query *query, const char *name)
{
	char full[64];
	int index;

	snprintf(full, sizeof(full), "$%s", name);
	index = sqlite3_bind_parameter_index(query->stmt, full);
	assert(index > 0);
	return index;
}

static void
note_bind(struct tare_query *query, int result)
{
	if (query->bind_result == SQLITE_OK)
		query->bind_result = result;
}

void
tare_bind_text(struct tare_query *query, const char *name, const char *text)
{
	note_bind(query, sqlite3_bind_text(query->stmt, parameter_index(query, name), text, -1,
				 SQLITE_STATIC));
}

void
tare_bind_integer(struct tare_query *query, const char *name, int64_t value)
{
	note_bind(query, sqlite3_bind_int64(query->stmt, parameter_index(query, name), value));
}

void
tare_bind_u64(struct tare_query *query, const char *name, uint64_t value)
{
	tare_bind_integer(query, name, (int64_t)value);
}

void
tare_bind_double(struct tare_query *query, const char *name, double value)
{
	note_bind(query, sqlite3_bind_double(query->stmt, parameter_index(query, name), value));
}

void
tare_bind_blob(struct tare_query *query, const char *name, const void *bytes, size_t len)
{
	note_bind(query, sqlite3_bind_blob64(query->stmt, parameter_index(query, name), bytes, len,
				 SQLITE_STATIC));
}

enum tare_status
tare_query_step(struct tare_query *query, bool *row_out, struct tare_err *err)
{
	int result = query->bind_result;

	errno = 0;
	if (result == SQLITE_OK)
		result = sqlite3_step(query->stmt);
	query->next_column = 0;
	if (result == SQLITE_ROW || result == SQLITE_DONE) {
		*row_out = result == SQLITE_ROW;
		if (result == SQLITE_DONE)
			sqlite3_reset(query->stmt);
		return TARE_OK;
	}
	/* The sentence before the reset, which may change the message. */
	explain(query->db, result, err);
	sqlite3_reset(query->stmt);
	return err ? err->status : TARE_OUTSIDE;
}

enum tare_status
tare_query_run(struct tare_query *query, int64_t *id_out, struct tare_err *err)
{
	bool row = true;
	enum tare_status status = TARE_OK;

	while (status == TARE_OK && row)
		status = tare_query_step(query, &row, err);
	if (status == TARE_OK && id_out)
		*id_out = sqlite3_last_insert_rowid(query->db->handle);
	return status;
}

/* Callers read columns in the order of the query, so the search rarely goes far. */
static int
column_index(struct tare_query *query, const char *name)
{
	int count = sqlite3_column_count(query->stmt);

	for (int i = 0; i < count; i++) {
		int index = (query->next_column + i) % count;

		if (strcmp(sqlite3_column_name(query->stmt, index), name) == 0) {
			query->next_column = index + 1;
			return index;
		}
	}
	assert(!"a column the query does not have");
	abort();
}

const char *
tare_column_text_or_null(struct tare_query *query, const char *name, struct tare_arena *arena)
{
	int index = column_index(query, name);
	const unsigned char *text = sqlite3_column_text(query->stmt, index);

	return tare_arena_strdup(arena, (const char *)text);
}

const char *
tare_column_text(struct tare_query *query, const char *name, struct tare_arena *arena)
{
	const char *text = tare_column_text_or_null(query, name, arena);

	return text ? text : "";
}

int64_t
tare_column_integer(struct tare_query *query, const char *name)
{
	return sqlite3_column_int64(query->stmt, column_index(query, name));
}

uint64_t
tare_column_u64(struct tare_query *query, const char *name)
{
	return (uint64_t)tare_column_integer(query, name);
}

bool
tare_column_bool(struct tare_query *query, const char *name)
{
	return tare_column_integer(query, name) != 0;
}

double
tare_column_double(struct tare_query *query, const char *name)
{
	int index = column_index(query, name);

	if (sqlite3_column_type(query->stmt, index) == SQLITE_NULL)
		return NAN;
	return sqlite3_column_double(query->stmt, index);
}

const void *
tare_column_blob(struct tare_query *query, const char *name, size_t *len_out)
{
	int index = column_index(query, name);
	const void *bytes = sqlite3_column_blob(query->stmt, index);

	*len_out = (size_t)sqlite3_column_bytes(query->stmt, index);
	return bytes;
}
