/*
 * The parts of the SQLite store: opening with other migrations or patience than usual (tests), and
 * the two directions a run travels. For the files of this folder and its tests only.
 */
#ifndef TARE_STORE_SQLITE_H
#define TARE_STORE_SQLITE_H

#include "harness/store/migrate.h"
#include "harness/store/sqlite_db.h"
#include "harness/store/store.h"

struct tare_sqlite_options {
	const struct tare_migration *migrations;
	size_t migration_count;
	int busy_timeout_ms;
};

/* A connection with the schema up to date and foreign keys on; the file's folder is made. */
enum tare_status tare_sqlite_connect(struct tare_db **db_out, const char *path,
	const struct tare_sqlite_options *options, struct tare_err *err);

/* Inside a transaction of the caller's, for a run that is not there. *row_out is its row in runs.
 */
enum tare_status tare_sqlite_insert_run(
	struct tare_db *db, int64_t *row_out, const struct tare_run *run, struct tare_err *err);
/* The row of a metric, made where there is none. */
enum tare_status tare_sqlite_metric_row(struct tare_db *db, int64_t *row_out,
	const struct tare_metric *metric, struct tare_err *err);

/* Inside a transaction of the caller's; TARE_NOT_FOUND where there is no such run. */
enum tare_status tare_sqlite_load_run(
	struct tare_db *db, struct tare_run **run_out, const char *run_id, struct tare_err *err);
/* Columns name, unit, better, exact, gated and margin of the current row. */
void tare_sqlite_read_metric(
	struct tare_metric *metric_out, struct tare_query *query, struct tare_arena *arena);

/* The looks of a case, by its row in run_cases; and one of them out of the current row, of a case
 * that has its metrics. */
enum tare_status tare_sqlite_add_looks(struct tare_db *db, int64_t run_case_row,
	const struct tare_run_case *one, struct tare_err *err);
enum tare_status tare_sqlite_read_look(struct tare_db *db, struct tare_case_look *look_out,
	struct tare_query *query, const struct tare_run_case *one, struct tare_arena *arena,
	struct tare_err *err);

/* What disturbed a case: columns disturbed, khz_low and khz_high of run_cases, and rows of
 * disturbances; and back out of the current rows, of a case that has its samples. */
void tare_sqlite_bind_noise(struct tare_query *query, const struct tare_noise_sum *noise);
enum tare_status tare_sqlite_add_noise(struct tare_db *db, int64_t run_case_row,
	const struct tare_run_case *one, struct tare_err *err);
enum tare_status tare_sqlite_read_noise(struct tare_db *db, struct tare_run_case *one,
	struct tare_query *query, struct tare_err *err);
enum tare_status tare_sqlite_read_disturbance(struct tare_db *db, struct tare_run_case *one,
	struct tare_query *query, struct tare_arena *arena, struct tare_err *err);

/* As the functions of the same name in struct tare_store_ops, inside a transaction of the caller's;
 * run_row is the run's row in runs. */
enum tare_status tare_sqlite_put_comparisons(struct tare_db *db, int64_t run_row,
	const struct tare_comparison_set *set, struct tare_err *err);
enum tare_status tare_sqlite_get_comparisons(struct tare_db *db,
	struct tare_comparison_set **sets_out, size_t *count_out, struct tare_arena *arena,
	int64_t run_row, struct tare_err *err);

#endif
