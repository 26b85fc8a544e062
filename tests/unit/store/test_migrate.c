#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/store/sqlite.h"
#include "tests/support/files.h"

static const struct tare_migration two_steps[] = {
	{1, "0001_first", "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (41);"},
	{2, "0002_second", "UPDATE a SET x = x + 1; ALTER TABLE a ADD COLUMN y TEXT;"},
};

struct fixture {
	char *folder;
	char *path;
};

static int
set_up(void **state)
{
	struct fixture *fixture = tare_xcalloc(1, sizeof(*fixture));

	fixture->folder = test_folder_make();
	fixture->path = test_path(fixture->folder, "r.db");
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	free(fixture->path);
	test_folder_remove(fixture->folder);
	free(fixture);
	return 0;
}

static enum tare_status
connect_steps(struct tare_db **db_out, const char *path, const struct tare_migration *migrations,
	size_t count, struct tare_err *err)
{
	const struct tare_sqlite_options options = {migrations, count, 0};

	return tare_sqlite_connect(db_out, path, &options, err);
}

static int64_t
number(struct tare_db *db, const char *sql)
{
	int64_t value = -1;
	struct tare_err err = {0};

	tare_db_number(db, &value, sql, &err);
	assert_string_equal(err.text, "");
	return value;
}

static struct tare_db *
connect_well(const char *path, const struct tare_migration *migrations, size_t count)
{
	struct tare_db *db = NULL;
	struct tare_err err = {0};

	connect_steps(&db, path, migrations, count, &err);
	assert_string_equal(err.text, "");
	return db;
}

static void
an_empty_file_gets_every_step_once(void **state)
{
	const struct fixture *fixture = *state;

	for (int i = 0; i < 2; i++) {
		struct tare_db *db = connect_well(fixture->path, two_steps, 2);

		assert_int_equal(number(db, "PRAGMA user_version"), 2);
		assert_int_equal(number(db, "PRAGMA application_id"), TARE_APPLICATION_ID);
		assert_int_equal(number(db, "SELECT x FROM a"), 42);
		assert_int_equal(number(db, "PRAGMA foreign_keys"), 1);
		tare_db_close(db);
	}
}

static void
an_older_file_gets_the_steps_it_lacks(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_db *db = connect_well(fixture->path, two_steps, 1);

	assert_int_equal(number(db, "SELECT x FROM a"), 41);
	tare_db_close(db);
	db = connect_well(fixture->path, two_steps, 2);
	assert_int_equal(number(db, "PRAGMA user_version"), 2);
	assert_int_equal(number(db, "SELECT x FROM a"), 42);
	tare_db_close(db);
}

static void
assert_refused(const struct fixture *fixture, const struct tare_migration *migrations, size_t count,
	enum tare_status status, const char *format)
{
	struct tare_db *db = NULL;
	struct tare_err err = {0};
	char expected[4096 + 512];
	const char *rest = strstr(format, "PATH");

	snprintf(expected, sizeof(expected), "%.*s%s%s", (int)(rest - format), format,
		fixture->path, rest + 4);
	assert_int_equal(connect_steps(&db, fixture->path, migrations, count, &err), status);
	assert_string_equal(err.text, expected);
	assert_null(db);
}

static void
a_newer_file_is_refused_and_left_as_it_is(void **state)
{
	const struct fixture *fixture = *state;
	char *before;
	char *after;
	size_t before_len;
	size_t after_len;

	tare_db_close(connect_well(fixture->path, two_steps, 2));
	before = test_file_read(fixture->path, &before_len);
	assert_refused(fixture, two_steps, 1, TARE_OUTSIDE,
		"\"PATH\" has schema version 2, and this tare knows versions up to 1; use a newer "
		"tare, or name another store with --store");
	after = test_file_read(fixture->path, &after_len);
	assert_int_equal(before_len, after_len);
	assert_memory_equal(before, after, before_len);
	free(before);
	free(after);
}

static void
another_programs_database_is_refused_and_left_as_it_is(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_db *db = NULL;

	assert_int_equal(tare_db_open(&db, fixture->path, 0, NULL), TARE_OK);
	assert_int_equal(tare_db_script(db, "CREATE TABLE other (x)", NULL), TARE_OK);
	tare_db_close(db);
	assert_refused(fixture, two_steps, 2, TARE_INVALID,
		"\"PATH\" is a database of another program; name another store with --store");
	assert_int_equal(tare_db_open(&db, fixture->path, 0, NULL), TARE_OK);
	assert_int_equal(number(db, "SELECT count(*) FROM sqlite_schema"), 1);
	assert_int_equal(
		tare_db_script(db, "DROP TABLE other; PRAGMA application_id = 7", NULL), TARE_OK);
	tare_db_close(db);
	assert_refused(fixture, two_steps, 2, TARE_INVALID,
		"\"PATH\" is a database of another program; name another store with --store");
}

static void
a_step_that_fails_leaves_the_version_before_it(void **state)
{
	const struct tare_migration broken[] = {
		two_steps[0],
		{2, "0002_broken", "UPDATE a SET x = 7; INSERT INTO nowhere VALUES (1);"},
	};
	const struct tare_migration dangling[] = {
		two_steps[0],
		{2, "0002_dangling",
			"CREATE TABLE b (a INTEGER REFERENCES c (x)); CREATE TABLE c (x INTEGER "
			"PRIMARY KEY); INSERT INTO b VALUES (5);"},
	};
	const struct fixture *fixture = *state;
	struct tare_db *db;

	assert_refused(fixture, broken, 2, TARE_OUTSIDE,
		"migration \"0002_broken\": \"PATH\": no such table: nowhere; nothing was changed");
	assert_refused(fixture, dangling, 2, TARE_OUTSIDE,
		"migration \"0002_dangling\": \"PATH\": 1 rows refer to rows that are not there; "
		"nothing was changed");
	db = connect_well(fixture->path, two_steps, 1);
	assert_int_equal(number(db, "PRAGMA user_version"), 1);
	assert_int_equal(number(db, "SELECT x FROM a"), 41);
	tare_db_close(db);
}

/* Ends like a power cut: the first write past limit bytes of a file kills the process. */
static void
migrate_until_killed(const char *path, const struct tare_migration *migrations, rlim_t limit)
{
	const struct rlimit none = {0, 0};
	const struct rlimit size = {limit, limit};
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct tare_db *db = NULL;

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGXFSZ, SIG_DFL);
		setrlimit(RLIMIT_FSIZE, &size);
		_exit(connect_steps(&db, path, migrations, 2, NULL) == TARE_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGXFSZ : WEXITSTATUS(status) == 0);
}

static void
a_power_cut_leaves_one_version_or_the_next(void **state)
{
	const struct tare_migration large[] = {
		two_steps[0],
		{2, "0002_large",
			"CREATE TABLE b (x BLOB);"
			"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 40)"
			" INSERT INTO b SELECT randomblob(1000) FROM n;"
			"UPDATE a SET x = x + 1;"},
	};
	const struct fixture *fixture = *state;
	size_t old_count = 0;
	size_t new_count = 0;

	for (rlim_t limit = 512; limit < 96 * 1024; limit += 1536) {
		struct tare_db *db;
		int64_t version;

		tare_db_close(connect_well(fixture->path, two_steps, 1));
		migrate_until_killed(fixture->path, large, limit);
		assert_int_equal(tare_db_open(&db, fixture->path, 0, NULL), TARE_OK);
		version = number(db, "PRAGMA user_version");
		assert_int_equal(
			number(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
		assert_int_equal(number(db, "SELECT x FROM a"), version == 2 ? 42 : 41);
		if (version == 2)
			assert_int_equal(number(db, "SELECT count(*) FROM b"), 40);
		tare_db_close(db);
		/* And it goes on from there as if nothing had been. */
		db = connect_well(fixture->path, large, 2);
		assert_int_equal(number(db, "SELECT x FROM a"), 42);
		tare_db_close(db);
		*(version == 2 ? &new_count : &old_count) += 1;
		assert_int_equal(unlink(fixture->path), 0);
	}
	assert_true(old_count > 10);
	assert_true(new_count > 10);
}

static void
a_power_cut_before_the_first_step_leaves_nothing_to_mend(void **state)
{
	const struct fixture *fixture = *state;

	for (rlim_t limit = 0; limit <= 16384; limit += 512) {
		struct tare_db *db;

		migrate_until_killed(fixture->path, two_steps, limit);
		db = connect_well(fixture->path, two_steps, 2);
		assert_int_equal(number(db, "SELECT x FROM a"), 42);
		tare_db_close(db);
		assert_int_equal(unlink(fixture->path), 0);
	}
}

static void
many_processes_may_make_the_same_file(void **state)
{
	const struct fixture *fixture = *state;
	const struct tare_sqlite_options options = {two_steps, 2, 60000};
	pid_t children[8];
	struct tare_db *db;

	for (size_t i = 0; i < 8; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			struct tare_db *mine = NULL;
			struct tare_err err = {0};

			if (tare_sqlite_connect(&mine, fixture->path, &options, &err) == TARE_OK)
				_exit(0);
			fprintf(stderr, "%s\n", err.text);
			_exit(1);
		}
	}
	for (size_t i = 0; i < 8; i++) {
		int status = 0;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	db = connect_well(fixture->path, two_steps, 2);
	assert_int_equal(number(db, "SELECT x FROM a"), 42);
	tare_db_close(db);
}

static void
the_migrations_that_ship_are_in_order_and_stand(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_db *db =
		connect_well(fixture->path, tare_sqlite_migrations, tare_sqlite_migration_count);

	assert_int_equal(number(db, "PRAGMA user_version"), tare_sqlite_migration_count);
	for (size_t i = 0; i < tare_sqlite_migration_count; i++) {
		char number_text[24];

		assert_int_equal(tare_sqlite_migrations[i].version, i + 1);
		snprintf(number_text, sizeof(number_text), "%04zu_", i + 1);
		assert_memory_equal(tare_sqlite_migrations[i].name, number_text, 5);
	}
	tare_db_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_file_gets_every_step_once),
		TEST(an_older_file_gets_the_steps_it_lacks),
		TEST(a_newer_file_is_refused_and_left_as_it_is),
		TEST(another_programs_database_is_refused_and_left_as_it_is),
		TEST(a_step_that_fails_leaves_the_version_before_it),
		TEST(a_power_cut_leaves_one_version_or_the_next),
		TEST(a_power_cut_before_the_first_step_leaves_nothing_to_mend),
		TEST(many_processes_may_make_the_same_file),
		TEST(the_migrations_that_ship_are_in_order_and_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
