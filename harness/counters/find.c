#include <string.h>

#include "harness/base/text.h"
#include "harness/counters/counters.h"

/* One name that was looked for. */
struct found {
	struct found *next;
	const char *name;
	enum tare_status status;
	struct tare_counter_source source; /* where status is TARE_OK */
	const char *reason;                /* elsewhere */
};

struct tare_counters {
	struct tare_arena *arena;
	struct tare_counter_place place;
	struct found *found;
	struct tare_counters *others; /* of another place, made when they are first asked for */
	const struct tare_counter_ops *simulator; /* that was asked whether it works */
	struct tare_err simulator_err;
};

struct tare_counters *
tare_counters_new(struct tare_arena *arena, const struct tare_counter_place *place)
{
	struct tare_counters *counters = tare_arena_alloc(arena, 1, sizeof(*counters));

	counters->arena = arena;
	counters->place = *place;
	counters->place.root = tare_arena_strdup(arena, place->root);
	counters->place.cgroup = tare_arena_strdup(arena, place->cgroup);
	counters->place.path = tare_arena_strdup(arena, place->path);
	return counters;
}

struct tare_counters *
tare_counters_for(struct tare_counters *counters, bool inside, bool on_cpus)
{
	struct tare_counters *at = counters, *last = counters;
	struct tare_counter_place place = counters->place;

	for (; at; last = at, at = at->others) {
		if (at->place.inside == inside && at->place.on_cpus == on_cpus)
			return at;
	}
	place.inside = inside;
	place.on_cpus = on_cpus;
	last->others = tare_counters_new(counters->arena, &place);
	return last->others;
}

struct tare_arena *
tare_counters_arena(const struct tare_counters *counters)
{
	return counters->arena;
}

/* "papi/PAPI_TOT_INS" asks one provider only. *name becomes what is behind the slash. */
static const struct tare_counter_ops *
asked_provider(const char **name)
{
	const char *slash = strchr(*name, '/');

	for (size_t i = 0; slash && tare_counter_providers[i]; i++) {
		size_t len = strlen(tare_counter_providers[i]->name);

		if (len == (size_t)(slash - *name) &&
			strncmp(tare_counter_providers[i]->name, *name, len) == 0) {
			*name = slash + 1;
			return tare_counter_providers[i];
		}
	}
	return NULL;
}

/* What the provider left out. */
static void
complete(struct tare_counter_source *source, const struct tare_counter_ops *ops, const char *name)
{
	const struct tare_counter_name *known = tare_counter_name_find(name);

	source->ops = ops;
	source->origin.provider = ops->name;
	if (!source->unit)
		source->unit = known ? known->unit : "count";
	source->better = known ? known->better : TARE_LOWER_IS_BETTER;
}

static void
refuse_unknown(struct tare_counters *counters, struct found *found)
{
	const char *candidates[64];
	const char *near;
	size_t count = 0;

	for (size_t i = 0; i < tare_counter_name_count && count < 64; i++)
		candidates[count++] = tare_counter_names[i].name;
	near = tare_text_nearest(found->name, candidates, count);
	found->status = TARE_NOT_FOUND;
	found->reason = tare_arena_printf(counters->arena, "no provider knows it%s%s%s",
		near ? ", was '" : "; tare list counters has the names", near ? near : "",
		near ? "' meant?" : "");
}

static enum tare_status
find_in(struct found *found, struct tare_counters *counters, const struct tare_counter_ops *ops,
	const char *name, struct tare_err *err)
{
	enum tare_status status =
		ops->find(&found->source, counters->arena, &counters->place, name, err);

	if (status != TARE_OK || ops->way != TARE_WAY_SIMULATED)
		return status;
	if (counters->simulator != ops) {
		counters->simulator = ops;
		counters->simulator_err = (struct tare_err){0};
		ops->supported(&counters->place, &counters->simulator_err);
	}
	if (counters->simulator_err.status != TARE_OK)
		*err = counters->simulator_err;
	return counters->simulator_err.status;
}

/* Down the ladder; reasons of those that know the name are collected. */
static void
look(struct tare_counters *counters, struct found *found)
{
	const char *name = found->name;
	const struct tare_counter_ops *only = asked_provider(&name);

	found->reason = NULL;
	for (size_t i = 0; tare_counter_providers[i]; i++) {
		const struct tare_counter_ops *ops = tare_counter_providers[i];
		struct tare_err why = {0};
		enum tare_status status;

		if (only && ops != only)
			continue;
		status = find_in(found, counters, ops, name, &why);
		if (status == TARE_OK) {
			complete(&found->source, ops, name);
			found->status = TARE_OK;
			return;
		}
		if (status != TARE_NOT_FOUND)
			found->reason = tare_arena_printf(counters->arena, "%s%s%s: %s",
				found->reason ? found->reason : "", found->reason ? "; " : "",
				ops->name, why.text);
	}
	found->status = TARE_UNSUPPORTED;
	if (!found->reason)
		refuse_unknown(counters, found);
}

enum tare_status
tare_counters_find(const struct tare_counter_source **source_out, struct tare_counters *counters,
	const char *name, struct tare_err *err)
{
	struct found *found = counters->found;

	while (found && strcmp(found->name, name) != 0)
		found = found->next;
	if (!found) {
		found = tare_arena_alloc(counters->arena, 1, sizeof(*found));
		found->name = tare_arena_strdup(counters->arena, name);
		look(counters, found);
		found->next = counters->found;
		counters->found = found;
	}
	if (found->status != TARE_OK)
		return tare_err_set(err, found->status, "%s", found->reason);
	*source_out = &found->source;
	return TARE_OK;
}
