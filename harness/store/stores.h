/*
 * The stores that registry.c lists, and what they share. For the files of this folder only.
 */
#ifndef TARE_STORE_STORES_H
#define TARE_STORE_STORES_H

#include "harness/store/store.h"

extern const struct tare_store_ops tare_store_memory;
extern const struct tare_store_ops tare_store_postgresql;
extern const struct tare_store_ops tare_store_sqlite;

/* TARE_NOT_FOUND for an id that is not in the store. */
enum tare_status tare_store_no_run(const char *run_id, struct tare_err *err);
/* History is gathered newest first, so that a limit keeps the newest, and given oldest first. */
void tare_store_points_reverse(struct tare_store_point *points, size_t count);

#endif
