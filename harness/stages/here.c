#include "harness/stages/here.h"

#include <string.h>
#include <strings.h>

#include "harness/counters/counters.h"
#include "harness/pin/pin.h"

struct tare_here {
	struct tare_arena *arena;
	bool is_other; /* another machine than this */
	bool was_read;
	struct tare_topology *topology; /* NULL where it cannot be read */
	struct tare_counters *counters;
};

struct tare_here *
tare_here_new(struct tare_arena *arena, struct tare_topology *other)
{
	struct tare_here *here = tare_arena_alloc(arena, 1, sizeof(*here));

	here->arena = arena;
	here->topology = other;
	here->is_other = other != NULL;
	here->was_read = here->is_other;
	return here;
}

static const struct tare_topology *
topology_of(struct tare_here *here)
{
	if (!here->was_read) {
		here->was_read = true;
		tare_topology_read_own(&here->topology, here->arena, NULL, NULL);
	}
	return here->topology;
}

static enum tare_status
check_cpus(struct tare_here *here, const char *policy, struct tare_err *err)
{
	const struct tare_topology *topology = topology_of(here);
	struct tare_err why = {0};
	struct tare_pin pin;

	if (!topology || tare_pin_choose(&pin, topology, policy, &why) == TARE_OK)
		return TARE_OK;
	return tare_err_set(err, TARE_UNSUPPORTED, "%s", why.text);
}

static enum tare_status
check_memory(struct tare_here *here, const char *policy, struct tare_err *err)
{
	const struct tare_topology *topology = topology_of(here);
	struct tare_err why = {0};
	struct tare_bits nodes;
	struct tare_memory memory;

	if (!topology || tare_pin_choose_memory(&nodes, &memory, topology, policy, &why) == TARE_OK)
		return TARE_OK;
	return tare_err_set(err, TARE_UNSUPPORTED, "%s", why.text);
}

static enum tare_status
check_counter(struct tare_here *here, const char *name, struct tare_err *err)
{
	const struct tare_counter_place place = {.root = ""};
	const struct tare_counter_source *source;
	struct tare_err why = {0};
	const char *near;
	enum tare_status status;

	if (here->is_other)
		return TARE_OK;
	if (!here->counters)
		here->counters = tare_counters_new(here->arena, &place);
	status = tare_counters_find(&source, here->counters, name, &why);
	if (status == TARE_OK)
		return TARE_OK;
	if (status != TARE_NOT_FOUND)
		return tare_err_set(err, TARE_UNSUPPORTED,
			"the counter \"%.64s\" cannot be had here: %s", name, why.text);
	near = tare_counter_nearest(name, NULL, 0);
	if (near && strcasecmp(near, name) == 0)
		near = NULL;
	return tare_err_set(err, TARE_UNSUPPORTED,
		"no provider knows the counter \"%.64s\" on this machine%s%s%s", name,
		near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

enum tare_status
tare_here_check(void *here, const char *key, const char *text, struct tare_err *err)
{
	if (strcmp(key, "cpus") == 0)
		return check_cpus(here, text, err);
	if (strcmp(key, "numa") == 0)
		return check_memory(here, text, err);
	if (strcmp(key, "counters") == 0 || strcmp(key, "counters_required") == 0)
		return check_counter(here, text, err);
	return TARE_OK;
}
