/*
 * Stores: the history of runs.
 *
 * A store is a const table of functions and one line in registry.c; memory is the template. The
 * functions say what the program wants to know, never how to query: there is no general query.
 * Life cycle: tare_store_open(url) -> any calls -> close. Results go into the arena passed in. A
 * URL is "sqlite:PATH", "memory:" or, in builds that have it, "postgresql://...". Passwords never
 * appear in messages. Errors: TARE_OUTSIDE with what failed and the remedy; TARE_NOT_FOUND.
 */
#ifndef TARE_STORE_STORE_H
#define TARE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/arena.h"
#include "harness/base/err.h"
#include "harness/model/comparison.h"
#include "harness/model/run.h"

#define TARE_STORE_DEFAULT "sqlite:.tare/results.db"

struct tare_store; /* an open one; starts with its ops */

/* One line of `tare list runs`. */
struct tare_store_run {
	const char *id;
	const char *suite;
	const char *release;
	const char *environment_name;
	const char *fingerprint;
	uint64_t started_unix_ns;
	uint64_t duration_ns;
	enum tare_run_status status;
	size_t case_count;
	size_t failed_count;
	uint64_t invocation_count;
};

/* One point of a metric's history: a case in one run. */
struct tare_store_point {
	const char *run_id;
	const char *release;
	const char *fingerprint;
	uint64_t started_unix_ns;
	const char *case_name;
	struct tare_metric metric;
	size_t n;
	double median; /* base units */
	double low;    /* interval of the median; NaN where n is too small */
	double high;
};

struct tare_store_filter {
	const char *suite; /* NULL: all, as for the next */
	const char *release;
	size_t limit; /* newest first; 0: all */
};

struct tare_store_ops {
	const char *name;    /* the URL's scheme */
	const char *summary; /* one line for `tare list stores` */
	enum tare_status (*supported)(struct tare_err *err);
	enum tare_status (*open)(
		struct tare_store **store_out, const char *location, struct tare_err *err);
	/* All or nothing in one transaction. A run that is there already and complete changes
	 * nothing (*added_out false); one that was incomplete and has more now is replaced. */
	enum tare_status (*put_run)(struct tare_store *store, bool *added_out,
		const struct tare_run *run, struct tare_err *err);
	/* Comparisons of a run that is in the store (else TARE_NOT_FOUND); they replace earlier
	 * ones with the same base label. They go with the run when it is removed or replaced. */
	enum tare_status (*put_comparisons)(struct tare_store *store, const char *run_id,
		const struct tare_comparison_set *set, struct tare_err *err);
	/* The comparisons of a run, by base label; nothing where there are none. */
	enum tare_status (*get_comparisons)(struct tare_store *store,
		struct tare_comparison_set **sets_out, size_t *count_out, struct tare_arena *arena,
		const char *run_id, struct tare_err *err);
	/* A whole run with its samples, as tare_journal_read() would give it. The caller frees it.
	 */
	enum tare_status (*get_run)(struct tare_store *store, struct tare_run **run_out,
		const char *run_id, struct tare_err *err);
	/* Newest first. filter NULL: all, as for the next. */
	enum tare_status (*list_runs)(struct tare_store *store, struct tare_store_run **runs_out,
		size_t *count_out, struct tare_arena *arena, const struct tare_store_filter *filter,
		struct tare_err *err);
	/* Oldest first, the newest filter->limit of them; within a run in the order of its cases.
	 * case_name: exact name, or NULL for all cases; metric: its name, or NULL for all. */
	enum tare_status (*history)(struct tare_store *store, struct tare_store_point **points_out,
		size_t *count_out, struct tare_arena *arena, const char *case_name,
		const char *metric, const struct tare_store_filter *filter, struct tare_err *err);
	/* Names of all cases of the runs in the store, sorted by their bytes; for did-you-mean. */
	enum tare_status (*list_cases)(struct tare_store *store, const char ***names_out,
		size_t *count_out, struct tare_arena *arena, struct tare_err *err);
	/* TARE_NOT_FOUND where there is no such run. */
	enum tare_status (*remove_run)(
		struct tare_store *store, const char *run_id, struct tare_err *err);
	void (*close)(struct tare_store *store);
};

struct tare_store {
	const struct tare_store_ops *ops;
};

/* The registry, NULL-terminated. */
extern const struct tare_store_ops *const tare_stores[];

/* Opens by URL; NULL means TARE_STORE, else TARE_STORE_DEFAULT. */
enum tare_status tare_store_open(
	struct tare_store **store_out, const char *url, struct tare_err *err);
/* For reading: TARE_NOT_FOUND, and nothing is made, where the store's file is not there yet. */
enum tare_status tare_store_open_existing(
	struct tare_store **store_out, const char *url, struct tare_err *err);
void tare_store_close(struct tare_store *store); /* NULL is allowed */

/* Finds the one run a user means, tried in this order: "latest" or "latest:SUITE", a run id, a
 * release (its newest run), the unique beginning of a run id. Where suite is not NULL, "latest" and
 * releases mean runs of that suite; an id is an id. TARE_NOT_FOUND names what is near; TARE_INVALID
 * where several runs match. *run_id_out is in the arena. */
enum tare_status tare_store_resolve(struct tare_store *store, char **run_id_out,
	struct tare_arena *arena, const char *text, const char *suite, struct tare_err *err);

#endif
