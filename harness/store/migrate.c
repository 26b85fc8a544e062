#include "harness/store/migrate.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "harness/store/sqlite_db.h"

static enum tare_status
check_owner(struct tare_db *db, int64_t version, struct tare_err *err)
{
	int64_t id = 0;
	int64_t table_count = 0;
	enum tare_status status =
		tare_db_number(db, &table_count, "SELECT count(*) FROM sqlite_schema", err);

	/* After the tables: another process may be making both in one transaction. */
	if (status == TARE_OK)
		status = tare_db_number(db, &id, "PRAGMA application_id", err);
	if (status != TARE_OK)
		return status;
	if (id == TARE_APPLICATION_ID || (id == 0 && version == 0 && table_count == 0))
		return TARE_OK;
	return tare_err_set(err, TARE_INVALID,
		"\"%s\" is a database of another program; name another store with --store",
		tare_db_path(db));
}

/* The version of a database that is tare's, or empty; 0 where it is empty. */
static enum tare_status
read_version(struct tare_db *db, int64_t *version_out, int newest, struct tare_err *err)
{
	int64_t version = 0;
	enum tare_status status = tare_db_number(db, &version, "PRAGMA user_version", err);

	if (status == TARE_OK)
		status = check_owner(db, version, err);
	if (status != TARE_OK)
		return status;
	if (version > newest)
		return tare_err_set(err, TARE_OUTSIDE,
			"\"%s\" has schema version %" PRId64 ", and this tare knows versions up to "
			"%d; use a newer tare, or name another store with --store",
			tare_db_path(db), version, newest);
	if (version < 0)
		return tare_db_damaged(db, "its schema version is negative", err);
	*version_out = version;
	return TARE_OK;
}

/* In a transaction. What the script broke between tables shows here, not at the next run. */
static enum tare_status
run_script(struct tare_db *db, const struct tare_migration *migration, struct tare_err *err)
{
	char note[128];
	int64_t broken = 0;
	enum tare_status status = tare_db_script(db, migration->script, err);

	snprintf(note, sizeof(note), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		TARE_APPLICATION_ID, migration->version);
	if (status == TARE_OK)
		status = tare_db_script(db, note, err);
	if (status == TARE_OK)
		status = tare_db_number(
			db, &broken, "SELECT count(*) FROM pragma_foreign_key_check", err);
	if (status == TARE_OK && broken > 0)
		status = tare_err_set(err, TARE_OUTSIDE,
			"\"%s\": %" PRId64
			" rows refer to rows that are not there; nothing was changed",
			tare_db_path(db), broken);
	return status;
}

/* Another process may have been faster, so the version is read again under the lock. */
static enum tare_status
apply(struct tare_db *db, const struct tare_migration *migration, int newest, struct tare_err *err)
{
	int64_t version = 0;
	enum tare_status status = tare_db_begin_write(db, err);

	if (status != TARE_OK)
		return status;
	status = read_version(db, &version, newest, err);
	if (status == TARE_OK && version < migration->version) {
		status = run_script(db, migration, err);
		if (status != TARE_OK)
			status = tare_err_where(err, "migration \"%s\"", migration->name);
	}
	return tare_db_end(db, status, err);
}

enum tare_status
tare_migrate(struct tare_db *db, const struct tare_migration *migrations, size_t count,
	struct tare_err *err)
{
	int newest = migrations[count - 1].version;
	int64_t version = 0;
	enum tare_status status = read_version(db, &version, newest, err);

	for (size_t i = 0; status == TARE_OK && i < count; i++) {
		assert(migrations[i].version == (int)i + 1);
		if (migrations[i].version > version)
			status = apply(db, &migrations[i], newest, err);
	}
	return status;
}
