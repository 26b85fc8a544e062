#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/store/store.h"
#include "tests/support/files.h"
#include "tests/support/sample_run.h"

#define DAY UINT64_C(86400000000000)

static void
put(struct tare_store *store, const char *id, uint64_t day, const char *suite, const char *release)
{
	struct tare_run *run = sample_run_new(id);
	bool added = false;

	run->started_unix_ns = day * DAY;
	run->suite = suite;
	run->release = release;
	sample_run_finish(run);
	assert_int_equal(store->ops->put_run(store, &added, run, NULL), TARE_OK);
	assert_true(added);
	tare_run_free(run);
}

static struct tare_store *
open_memory(void)
{
	struct tare_store *store = NULL;

	assert_int_equal(tare_store_open(&store, "memory:", NULL), TARE_OK);
	return store;
}

/* Five runs of two suites; the newest is of "compression". */
static struct tare_store *
open_filled(void)
{
	struct tare_store *store = open_memory();

	put(store, "20260101-000000-aaaaaa", 1, "compression", "v1.0.0");
	put(store, "20260102-000000-bbbbbb", 2, "compression", "v1.1.0");
	put(store, "20260103-000000-cccccc", 3, "startup", "v1.1.0");
	put(store, "20260103-000000-dddddd", 4, "startup", "nightly");
	put(store, "20260105-000000-eeeeee", 5, "compression", "");
	return store;
}

static void
assert_found(struct tare_store *store, const char *text, const char *suite, const char *id)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_err err = {0};
	char *found = NULL;

	tare_store_resolve(store, &found, arena, text, suite, &err);
	assert_string_equal(err.text, "");
	assert_string_equal(found, id);
	tare_arena_free(arena);
}

static void
assert_not_found(struct tare_store *store, const char *text, const char *suite,
	enum tare_status status, const char *sentence)
{
	struct tare_arena *arena = tare_arena_new();
	struct tare_err err = {0};
	char *found = NULL;

	assert_int_equal(tare_store_resolve(store, &found, arena, text, suite, &err), status);
	assert_string_equal(err.text, sentence);
	assert_null(found);
	tare_arena_free(arena);
}

static void
finds_the_latest_run_of_any_suite_or_of_one(void **state)
{
	struct tare_store *store = open_filled();

	(void)state;
	assert_found(store, "latest", NULL, "20260105-000000-eeeeee");
	assert_found(store, "latest", "startup", "20260103-000000-dddddd");
	assert_found(store, "latest:startup", NULL, "20260103-000000-dddddd");
	assert_found(store, "latest:startup", "compression", "20260103-000000-dddddd");
	tare_store_close(store);
}

static void
finds_a_run_by_its_id_or_a_unique_beginning(void **state)
{
	struct tare_store *store = open_filled();

	(void)state;
	assert_found(store, "20260102-000000-bbbbbb", NULL, "20260102-000000-bbbbbb");
	assert_found(store, "20260102-000000-bbbbbb", "startup", "20260102-000000-bbbbbb");
	assert_found(store, "20260102", NULL, "20260102-000000-bbbbbb");
	assert_found(store, "20260103-000000-d", NULL, "20260103-000000-dddddd");
	tare_store_close(store);
}

static void
finds_the_newest_run_of_a_release(void **state)
{
	struct tare_store *store = open_filled();

	(void)state;
	assert_found(store, "v1.1.0", NULL, "20260103-000000-cccccc");
	assert_found(store, "v1.1.0", "compression", "20260102-000000-bbbbbb");
	put(store, "20260106-000000-ffffff", 6, "compression", "20260101");
	/* A release before the beginning of an id. */
	assert_found(store, "20260101", NULL, "20260106-000000-ffffff");
	tare_store_close(store);
}

static void
refuses_a_beginning_of_several_runs_and_names_some(void **state)
{
	struct tare_store *store = open_filled();

	(void)state;
	assert_not_found(store, "20260103", NULL, TARE_INVALID,
		"several runs begin with \"20260103\": 20260103-000000-dddddd, "
		"20260103-000000-cccccc; write more of the id");
	assert_not_found(store, "2026", NULL, TARE_INVALID,
		"several runs begin with \"2026\": 20260105-000000-eeeeee, "
		"20260103-000000-dddddd, 20260103-000000-cccccc and 2 more; write more of the id");
	tare_store_close(store);
}

static void
names_what_is_near_to_what_is_not_there(void **state)
{
	struct tare_store *store = open_filled();
	struct tare_store *empty = open_memory();

	(void)state;
	assert_not_found(store, "nihgtly", NULL, TARE_NOT_FOUND,
		"there is no run or release \"nihgtly\" in the store; did you mean \"nightly\"?");
	assert_not_found(store, "lastest", NULL, TARE_NOT_FOUND,
		"there is no run or release \"lastest\" in the store; did you mean \"latest\"?");
	assert_not_found(store, "something else", NULL, TARE_NOT_FOUND,
		"there is no run or release \"something else\" in the store; tare list runs shows "
		"what there is");
	assert_not_found(store, "", NULL, TARE_NOT_FOUND,
		"there is no run or release \"\" in the store; tare list runs shows what there is");
	assert_not_found(store, "nightly", "compression", TARE_NOT_FOUND,
		"release \"nightly\" has no run of suite \"compression\", only of \"startup\"");
	assert_not_found(store, "latest:start-up", NULL, TARE_NOT_FOUND,
		"there is no run of suite \"start-up\" in the store; did you mean \"startup\"?");
	assert_not_found(store, "latest:", NULL, TARE_NOT_FOUND,
		"there is no run of suite \"\" in the store");
	assert_not_found(empty, "latest", NULL, TARE_NOT_FOUND,
		"there is no latest run: the store is empty");
	assert_not_found(empty, "v1\x1b[2J", NULL, TARE_NOT_FOUND,
		"there is no run or release \"v1\\x1b[2J\": the store is empty");
	tare_store_close(store);
	tare_store_close(empty);
}

static void
assert_refused(const char *url, enum tare_status status, const char *sentence)
{
	struct tare_store *store = NULL;
	struct tare_err err = {0};

	assert_int_equal(tare_store_open(&store, url, &err), status);
	assert_string_equal(err.text, sentence);
	assert_null(store);
}

static void
refuses_urls_that_name_no_store(void **state)
{
	(void)state;
	assert_refused("results.db", TARE_INVALID,
		"store \"results.db\" does not say of which kind it is; did you mean "
		"\"sqlite:results.db\"?");
	assert_refused("sqlit:results.db", TARE_INVALID,
		"there is no store \"sqlit:\"; expected sqlite:PATH, memory: or "
		"postgresql://USER@HOST/NAME; did you mean \"sqlite:\"?");
	assert_refused("mysql://me:secret@host/db", TARE_INVALID,
		"there is no store \"mysql:\"; expected sqlite:PATH, memory: or "
		"postgresql://USER@HOST/NAME");
	assert_refused("sqlite:", TARE_INVALID,
		"store \"sqlite:\" names no file; expected sqlite:PATH, as in "
		"sqlite:.tare/results.db");
	assert_refused(
		"memory:x", TARE_INVALID, "store \"memory:x\": expected nothing after \"memory:\"");
}

static void
says_why_a_listed_store_is_not_there_without_showing_passwords(void **state)
{
	(void)state;
	assert_refused("postgresql://me:secret@host/db", TARE_UNSUPPORTED,
		"this build has no PostgreSQL store yet; use sqlite:PATH, and tare store export to "
		"move runs");
}

static void
every_listed_store_has_a_name_and_a_summary_and_all_functions_or_a_reason(void **state)
{
	size_t count = 0;

	(void)state;
	for (; tare_stores[count]; count++) {
		const struct tare_store_ops *ops = tare_stores[count];
		struct tare_err err = {0};

		assert_true(strlen(ops->name) > 0 && strlen(ops->summary) > 0);
		if (ops->supported(&err) != TARE_OK) {
			assert_true(strlen(err.text) > 0);
			continue;
		}
		assert_true(ops->open && ops->put_run && ops->put_comparisons &&
			    ops->get_comparisons && ops->get_run && ops->list_runs &&
			    ops->history && ops->list_cases && ops->remove_run && ops->close);
	}
	assert_int_equal(count, 3);
}

static void
without_a_url_the_environment_names_the_store_and_else_there_is_a_default(void **state)
{
	char *folder = test_folder_make();
	char *before = getcwd(NULL, 0);
	struct tare_store *store = NULL;
	struct stat found;

	(void)state;
	assert_int_equal(chdir(folder), 0);
	setenv("TARE_STORE", "memory:", 1);
	assert_int_equal(tare_store_open(&store, NULL, NULL), TARE_OK);
	assert_string_equal(store->ops->name, "memory");
	tare_store_close(store);
	setenv("TARE_STORE", "", 1);
	assert_int_equal(tare_store_open(&store, NULL, NULL), TARE_OK);
	assert_string_equal(store->ops->name, "sqlite");
	tare_store_close(store);
	unsetenv("TARE_STORE");
	assert_int_equal(stat(".tare/results.db", &found), 0);
	assert_int_equal(chdir(before), 0);
	tare_store_close(NULL);
	free(before);
	test_folder_remove(folder);
}

static void
reading_does_not_make_a_history(void **state)
{
	struct tare_store *store = NULL;
	struct tare_err err = {0};

	(void)state;
	assert_int_equal(tare_store_open_existing(&store, "sqlite:no-such-folder/r.db", &err),
		TARE_NOT_FOUND);
	assert_string_equal(err.text,
		"there is no history yet at 'no-such-folder/r.db'; tare run FILE makes one");
	assert_null(store);
	assert_int_equal(tare_store_open_existing(&store, "sqlite:", &err), TARE_INVALID);
	assert_int_equal(tare_store_open_existing(&store, "memory:", &err), TARE_OK);
	tare_store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_does_not_make_a_history),
		cmocka_unit_test(finds_the_latest_run_of_any_suite_or_of_one),
		cmocka_unit_test(finds_a_run_by_its_id_or_a_unique_beginning),
		cmocka_unit_test(finds_the_newest_run_of_a_release),
		cmocka_unit_test(refuses_a_beginning_of_several_runs_and_names_some),
		cmocka_unit_test(names_what_is_near_to_what_is_not_there),
		cmocka_unit_test(refuses_urls_that_name_no_store),
		cmocka_unit_test(says_why_a_listed_store_is_not_there_without_showing_passwords),
		cmocka_unit_test(
			every_listed_store_has_a_name_and_a_summary_and_all_functions_or_a_reason),
		cmocka_unit_test(
			without_a_url_the_environment_names_the_store_and_else_there_is_a_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
