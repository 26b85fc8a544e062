/* What can happen to a file: kept, shared, locked, full, cut off, damaged, forged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/rng.h"
#include "harness/store/sqlite.h"
#include "tests/support/files.h"
#include "tests/support/sample_run.h"

#define ID_A "20260101-000000-00000a"
#define ID_B "20260102-000000-00000b"

enum { NOBODY = 65534 };

struct fixture {
	char *folder;
	char *path;
	struct tare_arena *arena;
};

static int
set_up(void **state)
{
	struct fixture *fixture = tare_xcalloc(1, sizeof(*fixture));

	fixture->folder = test_folder_make();
	fixture->path = test_path(fixture->folder, "r.db");
	fixture->arena = tare_arena_new();
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	tare_arena_free(fixture->arena);
	free(fixture->path);
	test_folder_remove(fixture->folder);
	free(fixture);
	return 0;
}

static enum tare_status
open_path(struct tare_store **store_out, const char *path, struct tare_err *err)
{
	char url[4096];

	snprintf(url, sizeof(url), "sqlite:%s", path);
	return tare_store_open(store_out, url, err);
}

static struct tare_store *
open_well(const struct fixture *fixture)
{
	struct tare_store *store = NULL;
	struct tare_err err = {0};

	open_path(&store, fixture->path, &err);
	assert_string_equal(err.text, "");
	return store;
}

static struct tare_run *
make_run(const char *id, size_t case_count)
{
	struct tare_run *run = sample_run_new(id);
	double values[16];

	for (size_t i = 0; i < case_count; i++) {
		char name[32];
		size_t one;

		snprintf(name, sizeof(name), "bench-%zu", i);
		one = sample_run_add_case(run, name, "", i);
		for (size_t k = 0; k < 16; k++)
			values[k] = 0.1 + (double)(i * k);
		sample_run_add_parameter(run, one, "level", "6");
		sample_run_add_values(run, one, TARE_METRIC_WALL, values, 16);
	}
	run->release = "v1";
	tare_run_warn(run, "noise", "noisy", "wait");
	sample_run_finish(run);
	return run;
}

static enum tare_status
put(struct tare_store *store, const char *id, size_t case_count, struct tare_err *err)
{
	struct tare_run *run = make_run(id, case_count);
	bool added = false;
	enum tare_status status = store->ops->put_run(store, &added, run, err);

	tare_run_free(run);
	return status;
}

static void
put_well(struct tare_store *store, const char *id, size_t case_count)
{
	struct tare_err err = {0};

	put(store, id, case_count, &err);
	assert_string_equal(err.text, "");
}

static size_t
count_runs(const struct fixture *fixture, struct tare_store *store)
{
	struct tare_store_run *runs;
	struct tare_err err = {0};
	size_t count = SIZE_MAX;

	store->ops->list_runs(store, &runs, &count, fixture->arena, NULL, &err);
	assert_string_equal(err.text, "");
	return count;
}

static struct tare_db *
open_raw(const struct fixture *fixture)
{
	struct tare_db *db = NULL;

	assert_int_equal(tare_db_open(&db, fixture->path, 0, NULL), TARE_OK);
	return db;
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

static void
assert_text(const char *text, const char *format, const char *path)
{
	char expected[8192];
	const char *rest = strstr(format, "PATH");

	snprintf(expected, sizeof(expected), "%.*s%s%s", (int)(rest - format), format, path,
		rest + 4);
	assert_string_equal(text, expected);
}

static void
keeps_runs_when_closed_and_opened_again(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);

	put_well(store, ID_A, 2);
	tare_store_close(store);
	store = open_well(fixture);
	assert_int_equal(count_runs(fixture, store), 1);
	tare_store_close(store);
}

static void
facts_are_stored_once_and_a_removed_run_leaves_nothing(void **state)
{
	static const char *const tables[] = {"runs", "run_cases", "cases", "case_parameters",
		"samples", "warnings", "environments", "environment_facts", "releases", "suites"};
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);
	struct tare_db *db;

	put_well(store, ID_A, 2);
	put_well(store, ID_B, 2);
	db = open_raw(fixture);
	assert_int_equal(number(db, "SELECT count(*) FROM environments"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM environment_facts"), 3);
	assert_int_equal(number(db, "SELECT count(*) FROM cases"), 2);
	assert_int_equal(number(db, "SELECT count(*) FROM metrics"), TARE_BUILTIN_METRIC_COUNT);
	assert_int_equal(store->ops->remove_run(store, ID_A, NULL), TARE_OK);
	assert_int_equal(number(db, "SELECT count(*) FROM cases"), 2);
	assert_int_equal(store->ops->remove_run(store, ID_B, NULL), TARE_OK);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		char sql[64];

		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i]);
		assert_int_equal(number(db, sql), 0);
	}
	tare_db_close(db);
	tare_store_close(store);
}

static void
every_named_query_is_sound(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);
	struct tare_db *db = open_raw(fixture);

	for (size_t i = 0; i < TARE_QUERY_COUNT; i++) {
		struct tare_query *query;
		struct tare_err err = {0};

		tare_db_query(&query, db, i, &err);
		assert_string_equal(err.text, "");
		assert_true(strlen(tare_sqlite_queries[i].name) > 0);
	}
	tare_db_close(db);
	tare_store_close(store);
}

static void
the_views_for_people_show_what_is_stored(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);
	char command[8192];
	FILE *stream;
	char line[256] = "";

	put_well(store, ID_A, 2);
	tare_store_close(store);
	if (system("command -v sqlite3 >/dev/null") != 0) {
		print_message("skipped: needs Debian's package sqlite3\n");
		assert_null(getenv("CI"));
		skip();
	}
	snprintf(command, sizeof(command),
		"sqlite3 '%s' \"SELECT run, release, case_name, n, median FROM metric_history "
		"WHERE "
		"metric = 'wall' ORDER BY case_name\" \"SELECT suite, started_utc, status, "
		"case_count FROM run_list\" \"SELECT count(*) FROM verdict_list\"",
		fixture->path);
	stream = popen(command, "r");
	assert_non_null(stream);
	assert_non_null(fgets(line, sizeof(line), stream));
	assert_string_equal(line, ID_A "|v1|bench-0[level=6]|16|0.1\n");
	assert_non_null(fgets(line, sizeof(line), stream));
	assert_string_equal(line, ID_A "|v1|bench-1[level=6]|16|7.6\n");
	assert_non_null(fgets(line, sizeof(line), stream));
	assert_string_equal(line, "sample|2026-01-02 03:04:05|complete|2\n");
	assert_non_null(fgets(line, sizeof(line), stream));
	assert_string_equal(line, "0\n");
	assert_int_equal(pclose(stream), 0);
}

static void
readers_go_on_while_another_process_writes(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);
	struct tare_db *writer;

	put_well(store, ID_A, 1);
	writer = open_raw(fixture);
	assert_int_equal(tare_db_begin_write(writer, NULL), TARE_OK);
	assert_int_equal(tare_db_script(writer, "DELETE FROM warnings", NULL), TARE_OK);
	assert_int_equal(count_runs(fixture, store), 1);
	assert_int_equal(tare_db_end(writer, TARE_OK, NULL), TARE_OK);
	tare_db_close(writer);
	tare_store_close(store);
}

static void
processes_that_store_at_once_wait_for_each_other(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store;
	pid_t children[6];

	for (size_t i = 0; i < 6; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			char id[TARE_RUN_ID_MAX];

			snprintf(id, sizeof(id), "run-%zu", i);
			if (open_path(&store, fixture->path, NULL) != TARE_OK)
				_exit(1);
			_exit(put(store, id, 20, NULL) == TARE_OK ? 0 : 2);
		}
	}
	for (size_t i = 0; i < 6; i++) {
		int status = 0;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	store = open_well(fixture);
	assert_int_equal(count_runs(fixture, store), 6);
	tare_store_close(store);
}

static void
a_locked_file_is_said_to_be_locked(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);
	struct tare_db *first = open_raw(fixture);
	struct tare_db *second = open_raw(fixture);
	struct tare_err err = {0};

	assert_int_equal(tare_db_begin_write(first, NULL), TARE_OK);
	assert_int_equal(tare_db_begin_write(second, &err), TARE_OUTSIDE);
	assert_text(err.text,
		"\"PATH\" is locked by another process and was not freed in 0 s; nothing was "
		"changed, try again when that has ended",
		fixture->path);
	assert_int_equal(tare_db_end(first, TARE_OK, NULL), TARE_OK);
	assert_int_equal(tare_db_begin_write(second, NULL), TARE_OK);
	assert_int_equal(tare_db_end(second, TARE_OK, NULL), TARE_OK);
	tare_db_close(first);
	tare_db_close(second);
	tare_store_close(store);
}

static void
a_file_that_is_no_database_is_refused_and_kept(void **state)
{
	const struct fixture *fixture = *state;
	static const char text[] = "{\"type\":\"header\"} a journal rather than a database, and "
				   "longer than the hundred bytes of a header, as journals are";
	struct tare_store *store = NULL;
	struct tare_err err = {0};
	char *after;

	test_file_write(fixture->path, text, sizeof(text));
	assert_int_equal(open_path(&store, fixture->path, &err), TARE_INVALID);
	assert_text(err.text, "\"PATH\" is not a database; name another store with --store",
		fixture->path);
	after = test_file_read(fixture->path, NULL);
	assert_string_equal(after, text);
	free(after);
}

static void
a_folder_is_no_database(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = NULL;
	struct tare_err err = {0};

	assert_int_equal(open_path(&store, fixture->folder, &err), TARE_OUTSIDE);
	assert_text(err.text,
		"cannot open \"PATH\" or make files beside it: Is a directory; allow it or name "
		"another store with --store",
		fixture->folder);
}

/* Root may write everywhere, so these are somebody else. */
static void
become(uid_t uid)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(uid), 0);
}

static void
a_folder_that_must_not_be_written_is_named(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = NULL;
	struct tare_err err = {0};
	enum tare_status status;

	assert_int_equal(chmod(fixture->folder, 0555), 0);
	become(NOBODY);
	status = open_path(&store, fixture->path, &err);
	become(0);
	assert_int_equal(status, TARE_OUTSIDE);
	assert_text(err.text,
		"cannot open \"PATH\" or make files beside it: Permission denied; allow it or name "
		"another store with --store",
		fixture->path);
	assert_int_equal(chmod(fixture->folder, 0755), 0);
}

static void
a_file_that_must_not_be_written_can_still_be_read(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);
	struct tare_err err = {0};
	enum tare_status status;

	put_well(store, ID_A, 1);
	tare_store_close(store);
	assert_int_equal(chmod(fixture->path, 0444), 0);
	assert_int_equal(chmod(fixture->folder, 0777), 0);
	become(NOBODY);
	store = open_well(fixture);
	assert_int_equal(count_runs(fixture, store), 1);
	status = put(store, ID_B, 1, &err);
	tare_store_close(store);
	become(0);
	assert_int_equal(status, TARE_OUTSIDE);
	assert_text(err.text,
		"cannot write \"PATH\": the file or its folder is read-only; allow writing or name "
		"another store with --store",
		fixture->path);
}

/* As on a medium that is only read; a name with what means something in a URI. */
static void
a_history_in_a_folder_that_must_not_be_written_can_still_be_read(void **state)
{
	struct fixture *fixture = *state;
	struct tare_store *store;
	struct tare_err err = {0};
	enum tare_status status;

	free(fixture->path);
	fixture->path = test_path(fixture->folder, "r?%41#1.db");
	store = open_well(fixture);
	put_well(store, ID_A, 1);
	tare_store_close(store);
	assert_int_equal(chmod(fixture->path, 0644), 0);
	assert_int_equal(chmod(fixture->folder, 0555), 0);
	become(NOBODY);
	store = open_well(fixture);
	assert_int_equal(count_runs(fixture, store), 1);
	status = put(store, ID_B, 1, &err);
	tare_store_close(store);
	become(0);
	assert_int_equal(chmod(fixture->folder, 0755), 0);
	assert_int_equal(status, TARE_OUTSIDE);
	assert_text(err.text,
		"cannot write \"PATH\": the file or its folder is read-only; allow writing or name "
		"another store with --store",
		fixture->path);
}

static void
what_somebody_else_just_wrote_is_read_too(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *writer = open_well(fixture);
	struct tare_store *store;

	put_well(writer, ID_A, 1);
	assert_int_equal(chmod(fixture->folder, 0555), 0);
	become(NOBODY);
	store = open_well(fixture);
	assert_int_equal(count_runs(fixture, store), 1);
	tare_store_close(store);
	become(0);
	assert_int_equal(chmod(fixture->folder, 0755), 0);
	tare_store_close(writer);
}

/* Runs body in a child whose files cannot grow past limit bytes. */
static int
run_with_file_limit(void (*body)(const struct fixture *fixture), const struct fixture *fixture,
	rlim_t limit, void (*on_limit)(int))
{
	const struct rlimit none = {0, 0};
	const struct rlimit size = {limit, limit};
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGXFSZ, on_limit);
		setrlimit(RLIMIT_FSIZE, &size);
		body(fixture);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
store_large_run(const struct fixture *fixture)
{
	struct tare_store *store = NULL;

	if (open_path(&store, fixture->path, NULL) != TARE_OK)
		_exit(1);
	if (put(store, ID_B, 40, NULL) != TARE_OK)
		_exit(2);
	tare_store_close(store);
}

static void
a_power_cut_while_storing_loses_that_run_at_most(void **state)
{
	const struct fixture *fixture = *state;
	size_t with_count = 0;
	size_t without_count = 0;

	for (rlim_t limit = 2048; limit < 700 * 1024; limit += 24000) {
		struct tare_store *store = open_well(fixture);
		struct tare_run *run = NULL;
		size_t count;
		int status;

		put_well(store, ID_A, 3);
		tare_store_close(store);
		status = run_with_file_limit(store_large_run, fixture, limit, SIG_DFL);
		assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGXFSZ
						: WEXITSTATUS(status) == 0);
		store = open_well(fixture);
		count = count_runs(fixture, store);
		assert_in_range(count, 1, 2);
		assert_int_equal(store->ops->get_run(store, &run, ID_A, NULL), TARE_OK);
		assert_int_equal(run->case_count, 3);
		tare_run_free(run);
		if (count == 2) {
			assert_int_equal(store->ops->get_run(store, &run, ID_B, NULL), TARE_OK);
			assert_int_equal(run->case_count, 40);
			tare_run_free(run);
		}
		put_well(store, ID_B, 40);
		assert_int_equal(count_runs(fixture, store), 2);
		tare_store_close(store);
		*(count == 2 ? &with_count : &without_count) += 1;
		assert_int_equal(unlink(fixture->path), 0);
	}
	assert_true(with_count > 3);
	assert_true(without_count > 3);
}

/* In a child, where a failed assertion of cmocka would go on with the next test. */
static void
require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "in the child process: %s\n", what);
	_exit(1);
}

static void
expect_write_failure(const struct fixture *fixture)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_store *store = NULL;
	struct tare_store_run *runs;
	struct tare_err err = {0};
	size_t count = 0;

	require(open_path(&store, fixture->path, &err) == TARE_OK, err.text);
	require(put(store, ID_B, 200, &err) == TARE_OUTSIDE, "the write did not fail");
	require(strcmp(err.text,
			tare_arena_printf(arena,
				"cannot read or write \"%s\": File too large; nothing was changed, "
				"try again when it is mended",
				fixture->path)) == 0,
		err.text);
	store->ops->list_runs(store, &runs, &count, arena, NULL, NULL);
	require(count == 1, "another number of runs");
	tare_store_close(store);
	tare_arena_free(arena);
}

static void
a_write_that_fails_is_reported_and_changes_nothing(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);
	int status;

	put_well(store, ID_A, 3);
	tare_store_close(store);
	status = run_with_file_limit(expect_write_failure, fixture, 300 * 1024, SIG_IGN);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	store = open_well(fixture);
	assert_int_equal(count_runs(fixture, store), 1);
	tare_store_close(store);
}

enum { NO_MOUNT = 77 };

/* In a mount namespace of its own: nobody else sees the small disk. */
static void
mount_small_disk(const char *folder)
{
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("small", folder, "tmpfs", 0, "size=512k") != 0)
		_exit(NO_MOUNT);
}

static void
fill_small_disk(const struct fixture *fixture)
{
	struct tare_store *store = NULL;
	struct tare_store_run *runs;
	struct tare_err err = {0};
	size_t count = 0;

	mount_small_disk(fixture->folder);
	require(open_path(&store, fixture->path, &err) == TARE_OK, err.text);
	require(put(store, ID_A, 3, &err) == TARE_OK, err.text);
	require(put(store, ID_B, 400, &err) == TARE_OUTSIDE, "the disk was not full");
	require(strcmp(err.text,
			tare_arena_printf(fixture->arena,
				"there is no space left for \"%s\"; nothing was changed, free some "
				"and try again",
				fixture->path)) == 0,
		err.text);
	require(put(store, ID_B, 4, &err) == TARE_OK, err.text);
	tare_store_close(store);
	require(open_path(&store, fixture->path, &err) == TARE_OK, err.text);
	store->ops->list_runs(store, &runs, &count, fixture->arena, NULL, NULL);
	require(count == 2, "another number of runs");
	tare_store_close(store);
}

static void
a_full_disk_is_reported_and_nothing_is_lost(void **state)
{
	const struct fixture *fixture = *state;
	int status = run_with_file_limit(fill_small_disk, fixture, RLIM_INFINITY, SIG_DFL);

	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_MOUNT) {
		print_message("skipped: needs the right to mount a small tmpfs\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
exercise(const struct fixture *fixture, struct tare_store *store)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_comparison_set *sets;
	struct tare_store_point *points;
	struct tare_store_run *runs;
	struct tare_run *run = NULL;
	const char **names;
	size_t count;

	(void)fixture;
	store->ops->list_runs(store, &runs, &count, arena, NULL, NULL);
	store->ops->history(store, &points, &count, arena, NULL, NULL, NULL, NULL);
	store->ops->history(store, &points, &count, arena, "bench-1[level=6]", "wall", NULL, NULL);
	store->ops->list_cases(store, &names, &count, arena, NULL);
	store->ops->get_comparisons(store, &sets, &count, arena, ID_A, NULL);
	if (store->ops->get_run(store, &run, ID_A, NULL) == TARE_OK)
		tare_run_free(run);
	put(store, ID_B, 2, NULL);
	store->ops->remove_run(store, ID_A, NULL);
	tare_arena_free(arena);
}

static void
a_damaged_file_never_does_more_than_fail(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);
	struct tare_rng rng;
	size_t failed_count = 0;
	size_t len;
	char *sound;

	put_well(store, ID_A, 6);
	tare_store_close(store);
	sound = test_file_read(fixture->path, &len);
	tare_rng_seed(&rng, 1, 0);
	for (size_t round = 0; round < 80; round++) {
		char *broken = tare_xmalloc(len);

		memcpy(broken, sound, len);
		for (size_t i = 0; i < 1 + round % 40; i++)
			broken[tare_rng_below(&rng, len)] = (char)tare_rng_next(&rng);
		test_file_write(
			fixture->path, broken, round % 10 ? len : tare_rng_below(&rng, len));
		free(broken);
		if (open_path(&store, fixture->path, NULL) == TARE_OK) {
			exercise(fixture, store);
			tare_store_close(store);
		} else {
			failed_count++;
		}
	}
	assert_in_range(failed_count, 1, 79);
	free(sound);
}

static void
a_damaged_page_is_called_that(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);
	struct tare_run *run = NULL;
	struct tare_err err = {0};
	size_t len;
	char *bytes;

	put_well(store, ID_A, 40);
	tare_store_close(store);
	bytes = test_file_read(fixture->path, &len);
	memset(bytes + len / 4 * 3, 0xa5, len / 4);
	test_file_write(fixture->path, bytes, len);
	free(bytes);
	store = open_well(fixture);
	assert_int_equal(store->ops->get_run(store, &run, ID_A, &err), TARE_OUTSIDE);
	assert_text(err.text,
		"\"PATH\" is damaged (database disk image is malformed); move it away and read the "
		"journals again with tare store import",
		fixture->path);
	tare_store_close(store);
}

/* Forges the stored run and says what reading it answers. */
static void
assert_forgery_found(const struct fixture *fixture, const char *sql, const char *sentence)
{
	struct tare_store *store = open_well(fixture);
	struct tare_run *run = NULL;
	struct tare_err err = {0};
	struct tare_db *db;

	put_well(store, ID_A, 3);
	db = open_raw(fixture);
	tare_db_script(db, "PRAGMA ignore_check_constraints = 1", NULL);
	tare_db_script(db, sql, &err);
	assert_string_equal(err.text, "");
	tare_db_close(db);
	assert_int_equal(store->ops->get_run(store, &run, ID_A, &err), TARE_OUTSIDE);
	assert_text(err.text, sentence, fixture->path);
	assert_int_equal(store->ops->remove_run(store, ID_A, NULL), TARE_OK);
	tare_store_close(store);
}

#define DAMAGED(what)                \
	"\"PATH\" is damaged (" what \
	"); move it away and read the journals again with tare store import"

static void
a_forged_run_is_refused_with_the_reason(void **state)
{
	const struct fixture *fixture = *state;

	assert_forgery_found(fixture, "UPDATE runs SET seed = 'x'", DAMAGED("a seed is no number"));
	assert_forgery_found(
		fixture, "UPDATE runs SET status = 'x'", DAMAGED("a run has an unknown status"));
	assert_forgery_found(fixture, "UPDATE run_cases SET status = 'x'",
		DAMAGED("a case has an unknown status"));
	assert_forgery_found(
		fixture, "UPDATE run_cases SET stride = 0", DAMAGED("a case has a stride of 0"));
	assert_forgery_found(fixture, "UPDATE run_cases SET case_group = 7 - position",
		DAMAGED("the groups of a run's cases are out of order"));
	assert_forgery_found(fixture, "UPDATE run_cases SET case_group = 7",
		DAMAGED("a run has more groups than cases"));
	assert_forgery_found(fixture, "UPDATE run_cases SET position = 9 WHERE position = 2",
		DAMAGED("the cases of a run are not counted from 0"));
	assert_forgery_found(
		fixture, "UPDATE run_cases SET pairs = x''", DAMAGED("packed samples are empty"));
	assert_forgery_found(fixture, "UPDATE samples SET \"values\" = x'0107'",
		DAMAGED("packed samples are cut short: 0 bytes cannot hold 7 values"));
	assert_forgery_found(fixture,
		"UPDATE run_cases SET pairs = CAST(x'01819002' || zeroblob(34817) AS BLOB)",
		DAMAGED("a case has too many samples"));
	assert_forgery_found(fixture,
		"UPDATE run_cases SET labels = CAST(x'0110' || x'8004' || zeroblob(15) AS BLOB)",
		DAMAGED("a sample has an unknown disturbance"));
	assert_forgery_found(fixture, "UPDATE run_cases SET disturbed = 17",
		DAMAGED("a case has more disturbances than samples"));
	assert_forgery_found(fixture, "UPDATE run_cases SET khz_low = 9e999, khz_high = 9e999",
		DAMAGED("a case has more disturbances than samples"));
	assert_forgery_found(fixture,
		"INSERT INTO disturbances SELECT id, 'ghosts', 1 FROM run_cases",
		DAMAGED("a sample has an unknown disturbance"));
	assert_forgery_found(fixture,
		"INSERT INTO disturbances SELECT id, 'steal', 1 FROM run_cases",
		DAMAGED("a case has more disturbances than samples"));
	assert_forgery_found(fixture, "UPDATE environments SET fingerprint = hex(zeroblob(100))",
		DAMAGED("a fingerprint is too long"));
}

/* As they are in a history whose schema was version 5. */
static void
sums_up_the_rows_of_runs_that_were_stored_before_sums_were(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);
	struct tare_run *run = NULL;
	struct tare_db *db;

	put_well(store, ID_A, 1);
	db = open_raw(fixture);
	assert_int_equal(tare_db_script(db,
				 "UPDATE run_cases SET disturbed = NULL, labels = CAST(x'0110' || "
				 "x'0200' || zeroblob(14) AS BLOB)",
				 NULL),
		TARE_OK);
	tare_db_close(db);
	assert_int_equal(store->ops->get_run(store, &run, ID_A, NULL), TARE_OK);
	assert_int_equal(run->cases[0].noise.disturbed, 16);
	assert_int_equal(run->cases[0].noise.by_kind[TARE_DISTURBED_CPU_PRESSURE], 16);
	tare_run_free(run);
	tare_store_close(store);
}

static void
a_forged_schema_runs_nothing_of_its_own(void **state)
{
	const struct fixture *fixture = *state;
	struct tare_store *store = open_well(fixture);
	struct tare_db *db = open_raw(fixture);
	struct tare_err err = {0};

	assert_int_equal(
		tare_db_script(db,
			"CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END", NULL),
		TARE_OK);
	put_well(store, ID_A, 1);
	assert_int_equal(count_runs(fixture, store), 1);
	/* A view may be written so that reading it never ends. */
	assert_int_equal(tare_db_script(db,
				 "ALTER TABLE environments RENAME TO hidden; CREATE VIEW "
				 "environments AS SELECT id, digest, fingerprint FROM hidden",
				 NULL),
		TARE_OK);
	tare_db_close(db);
	assert_int_equal(put(store, ID_B, 1, &err), TARE_OUTSIDE);
	assert_text(err.text,
		"\"PATH\": access to view \"environments\" prohibited; nothing was changed",
		fixture->path);
	tare_store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keeps_runs_when_closed_and_opened_again),
		TEST(facts_are_stored_once_and_a_removed_run_leaves_nothing),
		TEST(every_named_query_is_sound),
		TEST(the_views_for_people_show_what_is_stored),
		TEST(readers_go_on_while_another_process_writes),
		TEST(processes_that_store_at_once_wait_for_each_other),
		TEST(a_locked_file_is_said_to_be_locked),
		TEST(a_file_that_is_no_database_is_refused_and_kept),
		TEST(a_folder_is_no_database),
		TEST(a_folder_that_must_not_be_written_is_named),
		TEST(a_file_that_must_not_be_written_can_still_be_read),
		TEST(a_history_in_a_folder_that_must_not_be_written_can_still_be_read),
		TEST(what_somebody_else_just_wrote_is_read_too),
		TEST(a_power_cut_while_storing_loses_that_run_at_most),
		TEST(a_write_that_fails_is_reported_and_changes_nothing),
		TEST(a_full_disk_is_reported_and_nothing_is_lost),
		TEST(a_damaged_file_never_does_more_than_fail),
		TEST(a_damaged_page_is_called_that),
		TEST(a_forged_run_is_refused_with_the_reason),
		TEST(sums_up_the_rows_of_runs_that_were_stored_before_sums_were),
		TEST(a_forged_schema_runs_nothing_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
