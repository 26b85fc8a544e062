/*
 * The store that forgets: runs in memory until it is closed. Double in tests and template for
 * stores.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/store/run_copy.h"
#include "harness/store/store.h"
#include "harness/store/stores.h"
#include "harness/store/summary.h"

struct comparison_node {
	struct tare_comparison_set set;
	struct tare_arena *arena; /* owns the set */
};

struct stored_run {
	struct tare_run *run;
	struct comparison_node *comparisons; /* by base label */
	size_t comparison_count;
};

struct memory_store {
	struct tare_store base;
	struct stored_run *runs; /* oldest first */
	size_t count;
};

static struct memory_store *
memory_of(struct tare_store *store)
{
	return (struct memory_store *)store;
}

static enum tare_status
memory_supported(struct tare_err *err)
{
	(void)err;
	return TARE_OK;
}

static enum tare_status
memory_open(struct tare_store **store_out, const char *location, struct tare_err *err)
{
	struct memory_store *memory;

	if (location[0] != '\0')
		return tare_err_set(err, TARE_INVALID,
			"store \"memory:%s\": expected nothing after \"memory:\"", location);
	memory = tare_xcalloc(1, sizeof(*memory));
	memory->base.ops = &tare_store_memory;
	*store_out = &memory->base;
	return TARE_OK;
}

static void
drop_comparisons(struct stored_run *stored)
{
	for (size_t i = 0; i < stored->comparison_count; i++)
		tare_arena_free(stored->comparisons[i].arena);
	free(stored->comparisons);
	stored->comparisons = NULL;
	stored->comparison_count = 0;
}

static struct stored_run *
find_stored(struct memory_store *memory, const char *run_id)
{
	for (size_t i = 0; i < memory->count; i++) {
		if (strcmp(memory->runs[i].run->id, run_id) == 0)
			return &memory->runs[i];
	}
	return NULL;
}

static void
remove_stored(struct memory_store *memory, struct stored_run *stored)
{
	size_t after = memory->count - (size_t)(stored - memory->runs) - 1;

	drop_comparisons(stored);
	tare_run_free(stored->run);
	memmove(stored, stored + 1, after * sizeof(*stored));
	memory->count--;
}

static bool
is_older(const struct tare_run *a, const struct tare_run *b)
{
	if (a->started_unix_ns != b->started_unix_ns)
		return a->started_unix_ns < b->started_unix_ns;
	return strcmp(a->id, b->id) < 0;
}

static void
insert_in_order(struct memory_store *memory, struct tare_run *run)
{
	size_t at = memory->count;

	memory->runs = tare_xreallocarray(memory->runs, memory->count + 1, sizeof(*memory->runs));
	while (at > 0 && is_older(run, memory->runs[at - 1].run)) {
		memory->runs[at] = memory->runs[at - 1];
		at--;
	}
	memory->runs[at] = (struct stored_run){.run = run};
	memory->count++;
}

static enum tare_status
memory_put_run(
	struct tare_store *store, bool *added_out, const struct tare_run *run, struct tare_err *err)
{
	struct memory_store *memory = memory_of(store);
	struct stored_run *stored = find_stored(memory, run->id);

	(void)err;
	if (stored) {
		struct tare_run_extent before = tare_run_extent(stored->run);
		struct tare_run_extent offered = tare_run_extent(run);

		if (!tare_run_has_more(&offered, &before)) {
			*added_out = false;
			return TARE_OK;
		}
		remove_stored(memory, stored);
	}
	insert_in_order(memory, tare_run_copy(run));
	*added_out = true;
	return TARE_OK;
}

/* The place of base_label, which is a free one where there is none of that name. */
static struct comparison_node *
find_comparison(struct stored_run *stored, const char *base_label)
{
	size_t at = 0;
	struct comparison_node *nodes;

	while (at < stored->comparison_count &&
		strcmp(stored->comparisons[at].set.base_label, base_label) < 0)
		at++;
	if (at < stored->comparison_count &&
		strcmp(stored->comparisons[at].set.base_label, base_label) == 0)
		return &stored->comparisons[at];
	nodes = tare_xreallocarray(
		stored->comparisons, stored->comparison_count + 1, sizeof(*nodes));
	memmove(nodes + at + 1, nodes + at, (stored->comparison_count - at) * sizeof(*nodes));
	nodes[at] = (struct comparison_node){0};
	stored->comparisons = nodes;
	stored->comparison_count++;
	return &nodes[at];
}

static enum tare_status
memory_put_comparisons(struct tare_store *store, const char *run_id,
	const struct tare_comparison_set *set, struct tare_err *err)
{
	struct stored_run *stored = find_stored(memory_of(store), run_id);
	struct comparison_node *node;
	struct tare_arena *arena;

	if (!stored)
		return tare_store_no_run(run_id, err);
	arena = tare_arena_new();
	node = find_comparison(stored, set->base_label);
	tare_comparison_set_copy(&node->set, arena, set);
	tare_arena_free(node->arena);
	node->arena = arena;
	return TARE_OK;
}

static enum tare_status
memory_get_comparisons(struct tare_store *store, struct tare_comparison_set **sets_out,
	size_t *count_out, struct tare_arena *arena, const char *run_id, struct tare_err *err)
{
	struct stored_run *stored = find_stored(memory_of(store), run_id);
	struct tare_comparison_set *sets;

	if (!stored)
		return tare_store_no_run(run_id, err);
	sets = tare_arena_alloc(arena, stored->comparison_count, sizeof(*sets));
	for (size_t i = 0; i < stored->comparison_count; i++)
		tare_comparison_set_copy(&sets[i], arena, &stored->comparisons[i].set);
	*sets_out = sets;
	*count_out = stored->comparison_count;
	return TARE_OK;
}

static enum tare_status
memory_get_run(struct tare_store *store, struct tare_run **run_out, const char *run_id,
	struct tare_err *err)
{
	struct stored_run *stored = find_stored(memory_of(store), run_id);

	if (!stored)
		return tare_store_no_run(run_id, err);
	*run_out = tare_run_copy(stored->run);
	return TARE_OK;
}

static bool
passes(const struct tare_run *run, const struct tare_store_filter *filter)
{
	if (filter && filter->suite && strcmp(filter->suite, run->suite) != 0)
		return false;
	return !filter || !filter->release || strcmp(filter->release, run->release) == 0;
}

static size_t
limit_of(const struct tare_store_filter *filter)
{
	return filter && filter->limit > 0 ? filter->limit : SIZE_MAX;
}

static void
describe(struct tare_store_run *row, struct tare_arena *arena, const struct tare_run *run)
{
	*row = (struct tare_store_run){
		.id = tare_arena_strdup(arena, run->id),
		.suite = tare_arena_strdup(arena, run->suite),
		.release = tare_arena_strdup(arena, run->release),
		.environment_name = tare_arena_strdup(arena, run->environment_name),
		.fingerprint = tare_arena_strdup(arena, run->environment.fingerprint),
		.started_unix_ns = run->started_unix_ns,
		.duration_ns = run->duration_ns,
		.status = run->status,
		.case_count = run->case_count,
		.failed_count = tare_run_failed_count(run),
		.invocation_count = run->invocation_count,
	};
}

static enum tare_status
memory_list_runs(struct tare_store *store, struct tare_store_run **runs_out, size_t *count_out,
	struct tare_arena *arena, const struct tare_store_filter *filter, struct tare_err *err)
{
	struct memory_store *memory = memory_of(store);
	struct tare_store_run *rows = tare_arena_alloc(arena, memory->count, sizeof(*rows));
	size_t limit = limit_of(filter);
	size_t count = 0;

	(void)err;
	for (size_t i = memory->count; i > 0 && count < limit; i--) {
		if (passes(memory->runs[i - 1].run, filter))
			describe(&rows[count++], arena, memory->runs[i - 1].run);
	}
	*runs_out = rows;
	*count_out = count;
	return TARE_OK;
}

/* Points are gathered newest first, so that a limit keeps the newest, and turned round at the end.
 */
struct points {
	struct tare_arena *arena;
	struct tare_store_point *items;
	size_t count;
	size_t capacity;
	size_t limit;
	const char *metric; /* NULL: all */
};

static void
add_point(struct points *points, const struct tare_run *run, const struct tare_run_case *one,
	size_t metric)
{
	double *scratch = tare_xcalloc(one->samples.count, sizeof(double));
	struct tare_column_summary summary;
	struct tare_store_point *point;

	if (points->count == points->capacity) {
		points->capacity = points->capacity ? 2 * points->capacity : 64;
		points->items = tare_arena_grow(points->arena, points->items, points->count,
			points->capacity, sizeof(*points->items));
	}
	tare_column_summarise(&summary, scratch, &one->samples, metric);
	free(scratch);
	point = &points->items[points->count++];
	*point = (struct tare_store_point){
		.run_id = tare_arena_strdup(points->arena, run->id),
		.release = tare_arena_strdup(points->arena, run->release),
		.fingerprint = tare_arena_strdup(points->arena, run->environment.fingerprint),
		.started_unix_ns = run->started_unix_ns,
		.case_name = tare_arena_strdup(points->arena, one->name),
		.n = summary.n,
		.median = summary.median.estimate,
		.low = summary.median.low,
		.high = summary.median.high,
	};
	tare_metric_copy(&point->metric, points->arena, &one->metrics[metric]);
}

static void
add_points_of_case(
	struct points *points, const struct tare_run *run, const struct tare_run_case *one)
{
	for (size_t i = one->metric_count; i > 0 && points->count < points->limit; i--) {
		if (!points->metric || strcmp(points->metric, one->metrics[i - 1].name) == 0)
			add_point(points, run, one, i - 1);
	}
}

static enum tare_status
/* NOLINTNEXTLINE(readability-function-size): the parameters are the contract's. */
memory_history(struct tare_store *store, struct tare_store_point **points_out, size_t *count_out,
	struct tare_arena *arena, const char *case_name, const char *metric,
	const struct tare_store_filter *filter, struct tare_err *err)
{
	struct memory_store *memory = memory_of(store);
	struct points points = {.arena = arena, .limit = limit_of(filter), .metric = metric};

	(void)err;
	for (size_t i = memory->count; i > 0; i--) {
		const struct tare_run *run = memory->runs[i - 1].run;

		if (!passes(run, filter))
			continue;
		for (size_t c = run->case_count; c > 0; c--) {
			if (!case_name || strcmp(case_name, run->cases[c - 1].name) == 0)
				add_points_of_case(&points, run, &run->cases[c - 1]);
		}
	}
	tare_store_points_reverse(points.items, points.count);
	*points_out = points.items;
	*count_out = points.count;
	return TARE_OK;
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static enum tare_status
memory_list_cases(struct tare_store *store, const char ***names_out, size_t *count_out,
	struct tare_arena *arena, struct tare_err *err)
{
	struct memory_store *memory = memory_of(store);
	size_t total = 0;
	size_t count = 0;
	size_t kept = 0;
	const char **names;

	(void)err;
	for (size_t i = 0; i < memory->count; i++)
		total += memory->runs[i].run->case_count;
	names = tare_arena_alloc(arena, total, sizeof(*names));
	for (size_t i = 0; i < memory->count; i++) {
		for (size_t c = 0; c < memory->runs[i].run->case_count; c++)
			names[count++] = memory->runs[i].run->cases[c].name;
	}
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = tare_arena_strdup(arena, names[i]);
	}
	*names_out = names;
	*count_out = kept;
	return TARE_OK;
}

static enum tare_status
memory_remove_run(struct tare_store *store, const char *run_id, struct tare_err *err)
{
	struct stored_run *stored = find_stored(memory_of(store), run_id);

	if (!stored)
		return tare_store_no_run(run_id, err);
	remove_stored(memory_of(store), stored);
	return TARE_OK;
}

static void
memory_close(struct tare_store *store)
{
	struct memory_store *memory = memory_of(store);

	while (memory->count > 0)
		remove_stored(memory, &memory->runs[memory->count - 1]);
	free(memory->runs);
	free(memory);
}

const struct tare_store_ops tare_store_memory = {
	.name = "memory",
	.summary = "memory: kept until tare ends; for trying things out",
	.supported = memory_supported,
	.open = memory_open,
	.put_run = memory_put_run,
	.put_comparisons = memory_put_comparisons,
	.get_comparisons = memory_get_comparisons,
	.get_run = memory_get_run,
	.list_runs = memory_list_runs,
	.history = memory_history,
	.list_cases = memory_list_cases,
	.remove_run = memory_remove_run,
	.close = memory_close,
};
