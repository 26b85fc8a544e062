#include "harness/store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/store/stores.h"

enum { STORES_MAX = 16, MATCHES_NAMED = 3 };

enum tare_status
tare_store_no_run(const char *run_id, struct tare_err *err)
{
	return tare_err_set(err, TARE_NOT_FOUND, "there is no run \"%s\" in the store", run_id);
}

void
tare_store_points_reverse(struct tare_store_point *points, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct tare_store_point point = points[i];

		points[i] = points[count - 1 - i];
		points[count - 1 - i] = point;
	}
}

static const struct tare_store_ops *
find_ops(const char *scheme, size_t len)
{
	for (size_t i = 0; tare_stores[i]; i++) {
		if (strlen(tare_stores[i]->name) == len &&
			memcmp(tare_stores[i]->name, scheme, len) == 0)
			return tare_stores[i];
	}
	return NULL;
}

/* Of the URL only what stands before the colon is shown: the rest may hold a password. */
static void
refuse_scheme(const char *scheme, struct tare_err *err)
{
	const char *names[STORES_MAX];
	const char *near;
	size_t count = 0;

	for (; count < STORES_MAX && tare_stores[count]; count++)
		names[count] = tare_stores[count]->name;
	near = tare_text_nearest(scheme, names, count);
	tare_err_set(err, TARE_INVALID,
		"there is no store \"%s:\"; expected sqlite:PATH, memory: or "
		"postgresql://USER@HOST/NAME%s%s%s",
		scheme, near ? "; did you mean \"" : "", near ? near : "", near ? ":\"?" : "");
}

/* The store that a URL names; NULL with the sentence where it names none. */
static const struct tare_store_ops *
ops_of_url(struct tare_arena *scratch, const char *url, struct tare_err *err)
{
	const char *colon = strchr(url, ':');
	const struct tare_store_ops *ops;

	if (!colon) {
		tare_err_set(err, TARE_INVALID,
			"store \"%s\" does not say of which kind it is; did you mean "
			"\"sqlite:%s\"?",
			url, url);
		return NULL;
	}
	ops = find_ops(url, (size_t)(colon - url));
	if (!ops)
		refuse_scheme(tare_arena_strndup(scratch, url, (size_t)(colon - url)), err);
	return ops;
}

static const char *
url_or_default(const char *url)
{
	if (!url)
		url = getenv("TARE_STORE");
	return url && url[0] != '\0' ? url : TARE_STORE_DEFAULT;
}

enum tare_status
tare_store_open(struct tare_store **store_out, const char *url, struct tare_err *err)
{
	struct tare_arena *scratch = tare_arena_new();
	const struct tare_store_ops *ops;
	enum tare_status status = TARE_INVALID;

	url = url_or_default(url);
	ops = ops_of_url(scratch, url, err);
	if (ops)
		status = ops->supported(err);
	if (ops && status == TARE_OK)
		status = ops->open(store_out, url + strlen(ops->name) + 1, err);
	tare_arena_free(scratch);
	return status;
}

enum tare_status
tare_store_open_existing(struct tare_store **store_out, const char *url, struct tare_err *err)
{
	static const char scheme[] = "sqlite:";
	const char *path;

	url = url_or_default(url);
	path = strncmp(url, scheme, strlen(scheme)) == 0 ? url + strlen(scheme) : NULL;
	if (path && *path && access(path, F_OK) != 0 && errno == ENOENT)
		return tare_err_set(err, TARE_NOT_FOUND,
			"there is no history yet at '%s'; tare run FILE makes one", path);
	return tare_store_open(store_out, url, err);
}

void
tare_store_close(struct tare_store *store)
{
	if (store)
		store->ops->close(store);
}

/* What is searched: all runs, newest first, and which suite "latest" and releases are of. */
struct search {
	struct tare_arena *arena;
	const struct tare_store_run *runs;
	size_t count;
	const char *suite; /* NULL: any */
};

static bool
of_suite(const struct search *search, const struct tare_store_run *run)
{
	return !search->suite || strcmp(search->suite, run->suite) == 0;
}

static const struct tare_store_run *
find_newest(const struct search *search, const char *release)
{
	for (size_t i = 0; i < search->count; i++) {
		const struct tare_store_run *run = &search->runs[i];

		if (of_suite(search, run) && (!release || strcmp(release, run->release) == 0))
			return run;
	}
	return NULL;
}

static const struct tare_store_run *
find_id(const struct search *search, const char *id)
{
	for (size_t i = 0; i < search->count; i++) {
		if (strcmp(search->runs[i].id, id) == 0)
			return &search->runs[i];
	}
	return NULL;
}

/* "several runs begin with "2026": A, B, C and 7 more". */
static enum tare_status
refuse_several(const struct search *search, const char *text, struct tare_err *err)
{
	size_t len = strlen(text);
	const char *named = "";
	size_t count = 0;

	for (size_t i = 0; i < search->count; i++) {
		if (strncmp(search->runs[i].id, text, len) != 0)
			continue;
		if (count < MATCHES_NAMED)
			named = tare_arena_printf(search->arena, "%s%s%s", named, count ? ", " : "",
				search->runs[i].id);
		count++;
	}
	if (count > MATCHES_NAMED)
		named = tare_arena_printf(
			search->arena, "%s and %zu more", named, count - MATCHES_NAMED);
	return tare_err_set(err, TARE_INVALID,
		"several runs begin with \"%s\": %s; write more of the id", text, named);
}

/* The run whose id begins with text; NULL where there is none, or several. */
static const struct tare_store_run *
find_beginning(size_t *count_out, const struct search *search, const char *text)
{
	size_t len = strlen(text);
	const struct tare_store_run *found = NULL;
	size_t count = 0;

	for (size_t i = 0; len > 0 && i < search->count; i++) {
		if (strncmp(search->runs[i].id, text, len) == 0) {
			found = &search->runs[i];
			count++;
		}
	}
	*count_out = count;
	return count == 1 ? found : NULL;
}

static const char *
find_near(const struct search *search, const char *text)
{
	const char **names = tare_arena_alloc(search->arena, 2 * search->count + 1, sizeof(*names));
	size_t count = 0;

	names[count++] = "latest";
	for (size_t i = 0; i < search->count; i++) {
		if (of_suite(search, &search->runs[i]) && search->runs[i].release[0] != '\0')
			names[count++] = search->runs[i].release;
		names[count++] = search->runs[i].id;
	}
	return tare_text_nearest(text, names, count);
}

static enum tare_status
refuse_unknown(const struct search *search, const char *text, struct tare_err *err)
{
	const struct search anywhere = {
		.arena = search->arena, .runs = search->runs, .count = search->count};
	const struct tare_store_run *elsewhere = find_newest(&anywhere, text);
	const char *near = find_near(search, text);
	const char *safe = tare_text_safe(search->arena, text);

	if (search->count == 0)
		return tare_err_set(err, TARE_NOT_FOUND,
			"there is no run or release \"%s\": the store is empty", safe);
	if (elsewhere && search->suite && text[0] != '\0')
		return tare_err_set(err, TARE_NOT_FOUND,
			"release \"%s\" has no run of suite \"%s\", only of \"%s\"", safe,
			search->suite, elsewhere->suite);
	if (near)
		return tare_err_set(err, TARE_NOT_FOUND,
			"there is no run or release \"%s\" in the store; did you mean \"%s\"?",
			safe, near);
	return tare_err_set(err, TARE_NOT_FOUND,
		"there is no run or release \"%s\" in the store; tare list runs shows what there "
		"is",
		safe);
}

static enum tare_status
refuse_latest(const struct search *search, struct tare_err *err)
{
	const char **suites = tare_arena_alloc(search->arena, search->count, sizeof(*suites));
	const char *near;

	if (search->count == 0 || !search->suite)
		return tare_err_set(
			err, TARE_NOT_FOUND, "there is no latest run: the store is empty");
	for (size_t i = 0; i < search->count; i++)
		suites[i] = search->runs[i].suite;
	near = tare_text_nearest(search->suite, suites, search->count);
	return tare_err_set(err, TARE_NOT_FOUND,
		"there is no run of suite \"%s\" in the store%s%s%s",
		tare_text_safe(search->arena, search->suite), near ? "; did you mean \"" : "",
		near ? near : "", near ? "\"?" : "");
}

/* NULL with *status_out and the sentence where there is no such run. */
static const struct tare_store_run *
find_run(
	enum tare_status *status_out, struct search *search, const char *text, struct tare_err *err)
{
	const struct tare_store_run *run;
	size_t count = 0;

	if (strncmp(text, "latest:", 7) == 0)
		search->suite = text + 7;
	if (strcmp(text, "latest") == 0 || strncmp(text, "latest:", 7) == 0) {
		run = find_newest(search, NULL);
		if (!run)
			*status_out = refuse_latest(search, err);
		return run;
	}
	run = find_id(search, text);
	if (!run && text[0] != '\0')
		run = find_newest(search, text);
	if (!run)
		run = find_beginning(&count, search, text);
	if (!run)
		*status_out = count > 1 ? refuse_several(search, text, err)
					: refuse_unknown(search, text, err);
	return run;
}

enum tare_status
tare_store_resolve(struct tare_store *store, char **run_id_out, struct tare_arena *arena,
	const char *text, const char *suite, struct tare_err *err)
{
	struct search search = {.arena = tare_arena_new(), .suite = suite};
	struct tare_store_run *runs = NULL;
	const struct tare_store_run *run = NULL;
	enum tare_status status =
		store->ops->list_runs(store, &runs, &search.count, search.arena, NULL, err);

	search.runs = runs;
	if (status == TARE_OK)
		run = find_run(&status, &search, text, err);
	if (run)
		*run_id_out = tare_arena_strdup(arena, run->id);
	tare_arena_free(search.arena);
	return status;
}
