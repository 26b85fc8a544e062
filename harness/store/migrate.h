/*
 * Migrations: a schema brought up to date, one step at a time.
 *
 * A migration is a script with the schema version it leads to; a list has them in ascending order,
 * first 1. Each runs in a transaction of its own together with the note that it ran, so that a
 * power cut leaves the version before it or the version after it. Nothing is done to a newer
 * schema, to another program's database, or to one that is up to date. For SQLite the version is
 * user_version, and application_id says that the file is tare's.
 */
#ifndef TARE_STORE_MIGRATE_H
#define TARE_STORE_MIGRATE_H

#include <stddef.h>

#include "harness/base/err.h"

enum { TARE_APPLICATION_ID = 0x74617265 /* "tare" */ };

struct tare_migration {
	int version;
	const char *name; /* of the file: "0001_results" */
	const char *script;
};

struct tare_db;

/* Errors: TARE_INVALID where the database is another program's, TARE_OUTSIDE for the rest. */
enum tare_status tare_migrate(struct tare_db *db, const struct tare_migration *migrations,
	size_t count, struct tare_err *err);

#endif
